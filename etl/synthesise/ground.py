"""The ground that a made-up district stands on: local metres, degrees of record, and seeded chance."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.domain.profiles import Profile
from geogrid.space.crs import SRID_STORED, snap, transformer

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Ground:
    """Local metres east and north of the profile's centre, in its metric zone.

    Everything is laid out in local metres and turned once into degrees of record (EPSG:4490, on the 1e-9 degree grid);
    equal vertices stay equal, so that what touches keeps touching.
    """

    profile: Profile
    seed: int
    origin_metric: tuple[float, float]

    @classmethod
    def of(cls, profile: Profile, seed: int) -> Ground:
        """Return the ground of ``profile``, its origin at the profile's centre."""
        east, north = transformer(SRID_STORED, profile.metric_srid).transform(*profile.centre_lonlat)
        return cls(profile, seed, (float(east), float(north)))

    def rng(self, purpose: str) -> np.random.Generator:
        """Return a generator of its own for ``purpose``: what one part draws never shifts another part."""
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode())])

    def to_lonlat(self, xy: Floats) -> Floats:
        """Turn local metres, shape (n, 2), into degrees of record, shape (n, 2), lon/lat."""
        metric = np.asarray(xy, float) + self.origin_metric
        lon, lat = transformer(self.profile.metric_srid, SRID_STORED).transform(metric[:, 0], metric[:, 1])
        return np.column_stack(snap(lon, lat))

    def to_local(self, lonlat: Floats) -> Floats:
        """Turn degrees of record, shape (n, 2), into local metres, shape (n, 2)."""
        points = np.asarray(lonlat, float)
        east, north = transformer(SRID_STORED, self.profile.metric_srid).transform(points[:, 0], points[:, 1])
        return np.column_stack([east, north]) - self.origin_metric

    def geometries(self, local: NDArray[np.object_]) -> NDArray[np.object_]:
        """Turn geometries in local metres into degrees of record."""
        return np.asarray(shapely.transform(np.asarray(local, object), self.to_lonlat))

    def area_m2(self, lonlat: NDArray[np.object_]) -> Floats:
        """Return the areas in m², in the metric zone, of polygons in degrees of record."""
        return np.round(shapely.area(shapely.transform(np.asarray(lonlat, object), self.to_local)), 1)
