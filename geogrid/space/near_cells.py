"""A raster of the stations that may be nearest, so that a point measures one or two instead of all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geogrid.space import crs, station_kernels
from geogrid.space.nearest import StationIndex, earth_centred

Floats = NDArray[np.float64]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]

MOST_CELLS = 512
LEAST_CELLS = 16
CELLS_PER_STATION = 1200
LONGEST_M = 50_000.0  # the series from chord to geodesic is right to a tenth of a micrometre up to here
TIE_M = 1e-4  # nearer to each other than this: the plain way decides
SPARE_M = 1.0  # chords and geodesics differ by less over such distances
WIDER = 1.001  # a cell bulges by less
UNDECIDED = -2


@dataclass(frozen=True)
class NearCells:
    """For each cell the stations that may be nearest to a point in it; arrays as in ``station_kernels``."""

    frame: Floats
    rows: Floats
    columns: Floats
    begins: Int64s
    near: Int32s
    places: Floats
    limits: Floats

    @classmethod
    def of(cls, stations: StationIndex, box: tuple[float, float, float, float]) -> NearCells:
        """Lay a raster over ``box`` (west, south, east, north, degrees)."""
        side = int(np.clip(np.sqrt(CELLS_PER_STATION * len(stations.codes)), LEAST_CELLS, MOST_CELLS))
        west, south, east, north = box
        width, height = (east - west) / side, (north - south) / side
        lon, lat = west + (np.arange(side) + 0.5) * width, south + (np.arange(side) + 0.5) * height
        centre_m = earth_centred(np.tile(lon, side), np.repeat(lat, side))
        radius_m = np.zeros(side * side)
        for x, y in ((-0.5, -0.5), (-0.5, 0.5), (0.5, -0.5), (0.5, 0.5)):
            corner_m = earth_centred(np.tile(lon + x * width, side), np.repeat(lat + y * height, side))
            radius_m = np.maximum(radius_m, np.linalg.norm(corner_m - centre_m, axis=1) * WIDER)
        places_m = earth_centred(stations.lon, stations.lat)
        begins, none = np.empty(side * side + 1, dtype=np.int64), np.empty(0, dtype=np.int32)
        near = np.empty(station_kernels.near_lists(centre_m, radius_m, places_m, SPARE_M, begins, none), dtype=np.int32)
        station_kernels.near_lists(centre_m, radius_m, places_m, SPARE_M, begins, near)
        phi = np.radians(stations.lat)
        return cls(
            frame=np.array([west, south, 1 / width, 1 / height]),
            rows=_turned(lat),
            columns=_turned(lon),
            begins=begins,
            near=near,
            places=np.column_stack([places_m, stations.lat, stations.lon, np.sin(phi), np.cos(phi)]),
            limits=np.array([crs.GEOD.a, crs.GEOD.es, LONGEST_M, TIE_M]),
        )

    def find(self, lon: Floats, lat: Floats, found: Int32s, distance_m: Floats) -> int:
        """Write each point's nearest station and the metres to it; return how many (-2) the plain way has to answer."""
        tables = self.frame, self.rows, self.columns, self.begins, self.near, self.places, self.limits
        return int(station_kernels.find_stations(lon, lat, *tables, found, distance_m))


def _turned(degrees: ArrayLike) -> Floats:
    angle = np.radians(np.asarray(degrees, dtype=float))
    return np.column_stack([np.asarray(degrees, dtype=float), np.sin(angle), np.cos(angle)])
