"""Points to stations: the nearest in a straight line (geodesic), and the point of the covering village (home)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geogrid.domain.stations import StationLevel
from geogrid.errors import FrameInvalid
from geogrid.space import crs
from geogrid.space.columns import PUNCTUAL, codes_of, require_rows, shapes_of, texts_of
from geogrid.space.cover import TIE_M

Floats = NDArray[np.float64]
Objects = NDArray[np.object_]

NEIGHBOURS = 8
CHORD_MARGIN = 1.01  # order by chord and by geodesic differ by far less than this
SHORT_M = 1_000_000.0  # beyond it every candidate is measured
METRE_DECIMALS = 6


@dataclass(frozen=True)
class StationIndex:
    """Stations in the order of their codes: the candidates for "nearest" with a tree, and the home point of each village."""

    codes: Objects
    lon: Floats
    lat: Floats
    tree: cKDTree | None
    home_of: dict[str, str]

    @classmethod
    def from_frame(cls, stations: Any | None) -> StationIndex:
        """Read a frame with ``code``, Point ``geometry`` and optionally ``level``, ``unit_code``; None: no stations.

        Candidates are stations and points, never the centre; in a frame without levels, all. Raises FrameInvalid,
        FrameWithoutCrs, GeometryEmpty, GeometryType.
        """
        if stations is None:
            return cls(np.empty(0, object), np.empty(0), np.empty(0), None, {})
        require_rows(stations, "stations")
        codes = codes_of(stations, "stations")
        shapes = shapes_of(stations, codes, PUNCTUAL)
        order = np.argsort(codes.astype(str), kind="stable")
        codes, lonlat = codes[order], shapely.get_coordinates(shapes)[order]
        level, unit = texts_of(stations, "level"), texts_of(stations, "unit_code")
        home_of: dict[str, str] = {}
        kept = np.ones(len(codes), dtype=bool)
        if level is not None:
            kept = _candidates(level[order])
            if unit is not None:
                points = (level[order] == StationLevel.POINT.value) & (unit[order] != "")
                home_of = dict(zip(unit[order][points][::-1], codes[points][::-1], strict=True))
        codes, lonlat = codes[kept], lonlat[kept]
        tree = cKDTree(earth_centred(*lonlat.T)) if len(codes) else None
        return cls(codes, lonlat[:, 0], lonlat[:, 1], tree, home_of)

    def nearest(self, lon: Floats, lat: Floats) -> tuple[Objects, Floats]:
        """Return for each point (degrees) the code of the nearest station, ties to the lowest code, and the distance.

        Distances are geodesic metres on CGCS2000's ellipsoid, to a micrometre; None and NaN where there is no station.
        """
        best, distance = self.nearest_position(lon, lat)
        return np.append(self.codes, np.array([None], dtype=object))[best], distance

    def nearest_position(self, lon: Floats, lat: Floats) -> tuple[NDArray[np.int64], Floats]:
        """Return the same as :meth:`nearest` with the position of the station among ``codes``, -1 where there is none."""
        if self.tree is None or len(lon) == 0:
            return np.full(len(lon), -1, dtype=np.int64), np.full(len(lon), np.nan)
        several = min(NEIGHBOURS, len(self.codes))
        chord, near = self.tree.query(earth_centred(lon, lat), k=np.arange(1, several + 1))
        best, distance = self._least(lon, lat, np.sort(near, axis=1))
        unsure = (chord[:, 0] > SHORT_M) | (chord[:, -1] <= chord[:, 0] * CHORD_MARGIN + 0.01)
        if several < len(self.codes) and unsure.any():
            everyone = np.broadcast_to(np.arange(len(self.codes)), (int(unsure.sum()), len(self.codes)))
            best[unsure], distance[unsure] = self._least(lon[unsure], lat[unsure], everyone)
        return best, distance

    def _least(self, lon: Floats, lat: Floats, near: NDArray[np.int64]) -> tuple[NDArray[np.int64], Floats]:
        """Return the nearest of the candidates ``near`` (point, candidate; ascending by code) and its distance."""
        metres = crs.geodesic_m(lon[:, None], lat[:, None], self.lon[near], self.lat[near])
        first = np.argmax(metres <= metres.min(axis=1, keepdims=True) + TIE_M, axis=1)
        rows = np.arange(len(lon))
        return near[rows, first], np.round(metres[rows, first], METRE_DECIMALS)

    def home(self, village_codes: Objects) -> Objects:
        """Return for each village code (or None) the code of its point, None where it has none."""
        return np.array([self.home_of.get(code) for code in village_codes], dtype=object)


def _candidates(levels: Objects) -> NDArray[np.bool_]:
    unknown = sorted(set(levels) - set(StationLevel.codes()))
    if unknown:
        reason = f"unknown level {', '.join(map(repr, unknown))}; known: {', '.join(StationLevel.codes())}"
        raise FrameInvalid(what="stations", reason=reason)
    return np.array([StationLevel(value).is_nearest_candidate for value in levels], dtype=bool)


def earth_centred(lon: Floats, lat: Floats) -> Floats:
    """Return Earth-centred metres (n, 3) on the ellipsoid for points in degrees."""
    a, e2 = crs.GEOD.a, crs.GEOD.es
    phi, lam = np.radians(lat), np.radians(lon)
    normal = a / np.sqrt(1.0 - e2 * np.sin(phi) ** 2)
    return np.column_stack(
        [normal * np.cos(phi) * np.cos(lam), normal * np.cos(phi) * np.sin(lam), normal * (1.0 - e2) * np.sin(phi)]
    )
