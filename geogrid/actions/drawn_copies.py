"""Give a drawn shape as copies for each zoom, for the analyses that draw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import shapely

from geogrid.space.copies import to_mercator, tolerance_m
from geogrid.store.analysis import Drawn

COPY_ZOOMS = (10, 12, 24)  # the largest map zoom each copy is good for, as of other areas


def copies_of(shape: shapely.Geometry, code: str, properties: dict[str, Any]) -> Iterator[Drawn]:
    """Give every part of a shape (lon/lat) for every zoom, so that a tile reads only the parts that it shows."""
    parts = to_mercator(shapely.get_parts(shape))
    for zoom in COPY_ZOOMS:
        simple = parts if zoom == COPY_ZOOMS[-1] else shapely.simplify(parts, tolerance_m(zoom))
        for i, part in enumerate(simple):
            yield Drawn(zoom, f"{code}-{i:05d}", properties, part)
