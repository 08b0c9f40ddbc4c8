"""Give a drawn shape as copies for each zoom, for the analyses that draw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.space.copies import to_mercator, tolerance_m
from geogrid.store.analysis import Drawn

COPY_ZOOMS = (10, 12, 24)  # the largest map zoom each copy is good for, as of other areas


Known = dict[bytes, tuple[shapely.Geometry, ...]]  # by WKB of a part: its copies, one a zoom


def copies_of(shape: shapely.Geometry, code: str, properties: dict[str, Any], known: Known | None = None) -> Iterator[Drawn]:
    """Give every part of a shape (lon/lat) for every zoom, so that a tile reads only the parts that it shows.

    ``known`` keeps the copies of parts, for shapes that have parts in common.
    """
    parts = _copies(shapely.get_parts(shape), {} if known is None else known)
    for place, zoom in enumerate(COPY_ZOOMS):
        for i, copies in enumerate(parts):
            yield Drawn(zoom, f"{code}-{i:05d}", properties, copies[place])


def _copies(parts: NDArray[np.object_], known: Known) -> list[tuple[shapely.Geometry, ...]]:
    keys = shapely.to_wkb(parts).tolist()
    new = np.array([key not in known for key in keys], dtype=bool)
    mercator = to_mercator(parts[new])
    simple = [shapely.simplify(mercator, tolerance_m(zoom)) for zoom in COPY_ZOOMS[:-1]]
    fresh = (key for key, is_new in zip(keys, new, strict=True) if is_new)
    known.update(zip(fresh, zip(*simple, mercator, strict=True), strict=True))
    return [known[key] for key in keys]
