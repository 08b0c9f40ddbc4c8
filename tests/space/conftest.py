"""The twin as frames, with events brought to the datum of record."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from geogrid.domain.profiles import parse_profile
from geogrid.space import crs

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = ("units", "base_grids", "department_grids", "stations", "roads", "events", "truth")


def with_points_of_record(twin):
    """The frames, and ``lonlat``: the events' points (n, 2) on the datum of record."""
    events = twin["events"]
    lonlat = events[["lon", "lat"]].to_numpy(float).copy()
    for datum in events["datum"].unique():
        stated = (events["datum"] == datum).to_numpy()
        lonlat[stated] = np.column_stack(crs.to_record(*lonlat[stated].T, datum))
    return {**twin, "lonlat": lonlat}


@pytest.fixture(scope="session")
def small_twin_frames(small_twin):
    return with_points_of_record({name: gpd.read_parquet(small_twin / f"{name}.parquet") for name in NAMES})


@pytest.fixture(scope="session")
def full_twin_frames():
    from etl.synthesise import build_twin

    profile = parse_profile((ROOT / "data" / "profiles" / "999901.toml").read_text("utf-8"))
    return with_points_of_record(build_twin(profile, 1))
