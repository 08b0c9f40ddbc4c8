"""Grid workers: a leader and a worker a grid first, mediators at the points, professionals for several grids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from etl.synthesise.grids import Grids
from etl.synthesise.ground import Ground
from etl.synthesise.names import person_names
from etl.synthesise.sizes import TwinSize
from etl.synthesise.tree import Tree
from geogrid.domain.people import Force, WorkerRole
from geogrid.space.crs import SRID_STORED

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

# Mobile numbers in China begin with 13 to 19: none begins with 10, which is kept for short service numbers
# (10000, 10086, 100xx). An eleven-digit number that begins with 100 can therefore never be anybody's.
PHONE_PREFIX = "100"
JOINT_GROUPS, IN_JOINT_GROUP = 6, 3
FORCE_OF = {
    WorkerRole.GRID_LEADER: Force.BASE,
    WorkerRole.GRID_WORKER: Force.BASE,
    WorkerRole.MEDIATOR: Force.PROFESSIONAL,
    WorkerRole.PROFESSIONAL: Force.PROFESSIONAL,
}


def workers_frame(ground: Ground, size: TwinSize, tree: Tree, grids: Grids) -> GeoDataFrame:
    """Return ``workers`` as the twin's files have it; it has no geometry (the column is there, empty)."""
    from geopandas import GeoDataFrame

    rng = ground.rng("workers")
    count, number = size.workers, len(grids.codes)
    roles = [WorkerRole.GRID_LEADER] * number + [WorkerRole.MEDIATOR] * len(tree.village_codes)
    roles = (roles + [WorkerRole.GRID_WORKER] * number)[:count]
    roles += [WorkerRole.PROFESSIONAL] * (count - len(roles))
    own = np.r_[np.arange(number), np.searchsorted(grids.village, np.arange(len(tree.village_codes))), np.arange(number)][:count]
    own = np.r_[own, rng.integers(number, size=count - len(own))]
    phones = rng.choice(10**8, count, replace=False)
    joint = _joined(roles, own)
    codes = np.array(grids.codes)[own]
    return GeoDataFrame(
        {
            "code": [f"W{position:06d}" for position in range(1, count + 1)],
            "name": person_names(rng, count),
            "phone": [f"{PHONE_PREFIX}{phone:08d}" for phone in phones],
            "role": [str(role) for role in roles],
            "unit_code": np.array(tree.village_codes)[grids.village[own]],
            "grid_code": pd.Series(codes, dtype="str"),
            "force": [str(Force.JOINT if one else FORCE_OF[role]) for one, role in zip(joint, roles, strict=True)],
            "synthetic": True,
        },
        geometry=[None] * count,
        crs=SRID_STORED,
    )


def _joined(roles: list[WorkerRole], own: np.ndarray) -> np.ndarray:
    """Return which workers are of a joint force: the last professionals, by threes in the grid of the first of them.

    ``own`` (the grid of each worker, an index) is changed for them: many forces stand in one grid.
    """
    skilled = np.flatnonzero([role is WorkerRole.PROFESSIONAL for role in roles])
    groups = min(JOINT_GROUPS, len(skilled) // (2 * IN_JOINT_GROUP))
    joint = np.zeros(len(roles), dtype=bool)
    for number in range(groups):
        end = len(roles) - number * IN_JOINT_GROUP
        members = np.arange(end - IN_JOINT_GROUP, end)
        own[members] = own[members[0]]
        joint[members] = True
    return joint
