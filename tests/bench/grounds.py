"""The ground benches stand on: the made-up twin and points scattered about its events.

Points are the twin's events scattered by 30 m, one in a hundred outside the district, one in two hundred exactly on a vertex
of a border.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from etl.synthesise import SMALL, build_twin
from etl.synthesise.sizes import HULAN
from geogrid.domain.profiles import Profile, parse_profile
from geogrid.settings import ROOT
from geogrid.space import crs
from geogrid.space.index import AssignmentIndex

SCATTER_M, OUTSIDE, ON_BORDERS = 30.0, 0.01, 0.005
METRES_A_DEGREE = 111_195.0


@dataclass(frozen=True)
class Ground:
    """The twin's frames, the district, and the points asked about (degrees) with their accuracies in metres."""

    grids: gpd.GeoDataFrame
    departments: gpd.GeoDataFrame
    stations: gpd.GeoDataFrame
    district: Any
    metric_srid: int
    lon: np.ndarray
    lat: np.ndarray
    accuracy_m: np.ndarray

    def index(self, *, compiled: bool, everything: bool) -> AssignmentIndex:
        others = (self.stations, self.departments) if everything else (None, None)
        return AssignmentIndex.from_frames(
            self.grids, *others, district=self.district, metric_srid=self.metric_srid, compiled=compiled
        )


def made_ground(points: int, small: bool) -> Ground:
    """Make the twin and the points."""
    return ground_of(*made_twin(small), points, np.random.default_rng(1))


def made_twin(small: bool) -> tuple[dict[str, Any], Profile]:
    """Make the twin's frames and read its profile."""
    profile = parse_profile((ROOT / "data" / "profiles" / "999901.toml").read_text("utf-8"))
    return build_twin(profile, 1, size=SMALL if small else HULAN), profile


def ground_of(twin: dict[str, Any], profile: Profile, points: int, rng: np.random.Generator) -> Ground:
    """Return the twin with ``points`` points scattered about its events."""
    units, events = twin["units"], twin["events"]
    chosen = events.iloc[rng.integers(0, len(events), points)]
    lonlat = np.column_stack([chosen["lon"], chosen["lat"]])
    for datum in chosen["datum"].unique():
        stated = (chosen["datum"] == datum).to_numpy()
        lonlat[stated] = np.column_stack(crs.to_record(*lonlat[stated].T, datum))
    lonlat += rng.normal(0.0, SCATTER_M / METRES_A_DEGREE, lonlat.shape)
    vertices = np.unique(shapely.get_coordinates(twin["base_grids"].geometry.values), axis=0)
    kind = rng.uniform(size=points)
    border, outside = kind < ON_BORDERS, kind > 1.0 - OUTSIDE
    lonlat[border] = vertices[rng.integers(0, len(vertices), int(border.sum()))]
    west, _, east, north = twin["base_grids"].total_bounds
    lonlat[outside] = rng.uniform([west, north], [east, north + 0.1], (int(outside.sum()), 2))
    lon, lat = crs.snap(*lonlat.T)
    return Ground(
        grids=twin["base_grids"],
        departments=twin["department_grids"],
        stations=twin["stations"],
        district=units.loc[units["level"] == "district", "geometry"].iloc[0],
        metric_srid=profile.metric_srid,
        lon=np.ascontiguousarray(lon),
        lat=np.ascontiguousarray(lat),
        accuracy_m=chosen["accuracy_m"].to_numpy(float),
    )


def points_frame(ground: Ground) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=shapely.points(ground.lon, ground.lat), crs=crs.SRID_STORED)
