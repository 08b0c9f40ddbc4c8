"""What a place is called: the landmark there, what reports call it, the road, the settlement, the village, the grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.domain.places import PlaceKind
from geogrid.space.crs import metric_xy, to_metric

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Floats = NDArray[np.float64]
Objects = NDArray[np.object_]

LANDMARK_M, ROAD_M, SETTLEMENT_M = 150.0, 60.0, 400.0  # from the heart: farther, a name would mislead
LEAST_SAID, LEAST_SHARE = 5, 0.2  # of a place's reports must use the same words for them to be its name


@dataclass(frozen=True, eq=False)
class Named:
    """Named things of one kind: names, shapes in metres, and how near a heart must be."""

    names: Objects
    tree: shapely.STRtree
    within_m: float

    def nearest(self, heart: shapely.Point) -> str | None:
        """Return the nearest name within reach, the first in the alphabet of those as near."""
        if not len(self.names):
            return None
        found = self.tree.query_nearest(heart, max_distance=self.within_m, all_matches=True)
        return min((str(self.names[i]) for i in found), default=None)


@dataclass(frozen=True, eq=False)
class PlaceNames:
    """Names of landmarks, roads and settlements of a district, and of its units, in metres of ``metric_srid``."""

    landmarks: Named
    roads: Named
    settlements: Named
    units: tuple[str, ...]
    metric_srid: int

    @classmethod
    def from_frames(
        cls,
        places: GeoDataFrame | None = None,
        roads: GeoDataFrame | None = None,
        units: GeoDataFrame | None = None,
        *,
        metric_srid: int,
    ) -> PlaceNames:
        """Build from frames (EPSG:4490): places with ``name kind``, roads and units with ``name``; any may be missing."""
        kinds = _texts(places, "kind")
        of = {
            kind: (places[kinds == kind.value] if places is not None else None)
            for kind in (PlaceKind.LANDMARK, PlaceKind.ROAD_NAME, PlaceKind.SETTLEMENT)
        }
        return cls(
            landmarks=_named([of[PlaceKind.LANDMARK]], LANDMARK_M, metric_srid),
            roads=_named([of[PlaceKind.ROAD_NAME], roads], ROAD_M, metric_srid),
            settlements=_named([of[PlaceKind.SETTLEMENT]], SETTLEMENT_M, metric_srid),
            units=tuple(sorted({name for name in _texts(units, "name") if name}, key=len, reverse=True)),
            metric_srid=metric_srid,
        )

    def of(self, heart_lonlat: tuple[float, float], words: Sequence[str | None], others: Iterable[str]) -> str:
        """Return the name of a place; ``words`` are the addresses that reports give, ``others`` names to fall back on."""
        x, y = metric_xy([heart_lonlat[0]], [heart_lonlat[1]], self.metric_srid)
        heart = shapely.Point(float(x[0]), float(y[0]))
        return (
            self.landmarks.nearest(heart)
            or self.said(words)
            or self.roads.nearest(heart)
            or self.settlements.nearest(heart)
            or next(name for name in others if name)
        )

    def said(self, words: Sequence[str | None]) -> str | None:
        """Return the words that many reports share for the place, without units before them; never one with a number in it.

        A house number would point at somebody's home.
        """
        counts = Counter(self._without_units(text) for text in words if text)
        for text, count in counts.most_common(3):
            often = count >= max(LEAST_SAID, LEAST_SHARE * len(words))
            if often and len(text) > 1 and not any(letter.isdigit() for letter in text):
                return text
        return None

    def _without_units(self, text: str) -> str:
        rest, before = text.strip(), ""
        while rest != before:
            before = rest
            for unit in self.units:
                rest = rest.removeprefix(unit).lstrip()
        return rest


def _named(frames: list[GeoDataFrame | None], within_m: float, metric_srid: int) -> Named:
    names: list[Any] = []
    shapes: list[Any] = []
    for frame in frames:
        if frame is not None and len(frame):
            texts = _texts(frame, "name")
            kept = np.array([bool(text) for text in texts])
            names += texts[kept].tolist()
            shapes += np.asarray(frame.geometry.array, dtype=object)[kept].tolist()
    metric = to_metric(np.array(shapes, dtype=object), metric_srid) if shapes else np.array([], dtype=object)
    return Named(np.array(names, dtype=object), shapely.STRtree(metric), within_m)


def _texts(frame: GeoDataFrame | None, column: str) -> Objects:
    """Return a column as texts, empty where there is none."""
    if frame is None or column not in frame:
        return np.array([""] * (0 if frame is None else len(frame)), dtype=object)
    return np.array([value if isinstance(value, str) else "" for value in frame[column].tolist()], dtype=object)
