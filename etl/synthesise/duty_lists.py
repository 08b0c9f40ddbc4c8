"""Made-up lists of matters and teams: who leads what in each township, with holes and double leads left for people to find.

The categories and who leads are the programme's; where it names no department, the one whose trade it is. All of it is made up.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etl.synthesise.departments import SHORT
from etl.synthesise.write import write_beside
from geogrid.domain.events import EventKind
from geogrid.domain.grids import Department
from geogrid.domain.lists import ItemState, Part
from geogrid.domain.people import Force, WorkerRole
from geogrid.domain.places import Level

if TYPE_CHECKING:
    import pandas as pd

    from geogrid.domain.programmes import Category, Programme

# Who leads, and who is called in, where a programme names nobody: an assumption.
LEADS = {
    EventKind.DISPUTE: Department.JUSTICE, EventKind.ENVIRONMENT: Department.URBAN, EventKind.FACILITY: Department.HOUSING,
    EventKind.SAFETY: Department.HOUSING, EventKind.ORDER: Department.URBAN, EventKind.TRAFFIC: Department.TRANSPORT,
    EventKind.SERVICE: Department.CIVIL, EventKind.ENTERPRISE: Department.MARKET, EventKind.AGRICULTURE: Department.AGRICULTURE,
    EventKind.OTHER: Department.CIVIL,
}  # fmt: skip
ASSISTS = {
    EventKind.DISPUTE: Department.POLICE, EventKind.SAFETY: Department.POLICE, EventKind.ORDER: Department.POLICE,
    EventKind.TRAFFIC: Department.URBAN, EventKind.ENTERPRISE: Department.HOUSING,
}  # fmt: skip
HOLES, DOUBLES, WAITING, OF_VILLAGES = 5, 4, 6, 3  # cells of the matrix that are left so
ASSESSOR, ADMITTER = "lists-assessor", "lists-admitter"
ZONE_HOURS = 8
TEAMS_OF_BASE, TEAMS_OF_PROFESSIONALS = 3, 5
MOST_IN_TEAM = 6


def write_lists(
    folder: Path, frames: dict[str, Any], programme: Programme, rng: np.random.Generator, year: int
) -> dict[str, int]:
    """Write ``lists`` and ``teams`` beside the files of a made-up district; return how many rows each has."""
    made = {"lists": lists_frame(frames["units"], programme, rng, year), "teams": teams_frame(frames["workers"], frames["units"])}
    write_beside(made, folder)
    return {name: len(table) for name, table in made.items()}


# -- lists ------------------------------------------------------------------------------------------------------------


def lists_frame(units: pd.DataFrame, programme: Programme, rng: np.random.Generator, year: int) -> pd.DataFrame:
    """Return the columns of ``geogrid load lists``: a lead for nearly each matter and township, some who assist."""
    import pandas as pd

    townships = units[units["level"] == Level.TOWNSHIP.value]["code"].tolist()
    villages = units[units["level"] == Level.VILLAGE.value].groupby("parent_code")["code"].first().to_dict()
    parents = {one.parent for one in programme.categories}
    leaves = [one for one in programme.categories if one.code not in parents]
    cells = [(one, unit) for one in leaves for unit in townships]
    marked = rng.permutation(len(cells))[: HOLES + DOUBLES + WAITING + OF_VILLAGES]
    holes, doubles, waiting, below = (set(part) for part in np.split(marked, np.cumsum([HOLES, DOUBLES, WAITING])))
    rows: list[dict[str, Any]] = []
    for number, (category, unit) in enumerate(cells):
        lead, second = _lead(category), _assist(category)
        if number in waiting:
            state = ItemState.ASSESSED if number % 2 else ItemState.PROPOSED
            rows.append(_row(programme, category, unit, lead, Part.LEAD, year, number, state))
        elif number not in holes:
            rows.append(_row(programme, category, unit, lead, Part.LEAD, year, number))
        if number in doubles:
            rows.append(_row(programme, category, unit, _other(lead), Part.LEAD, year, number))
        elif second is not None:
            rows.append(_row(programme, category, unit, second, Part.ASSIST, year, number))
        if number in below and unit in villages:
            rows.append(_row(programme, category, villages[unit], _other(lead), Part.LEAD, year, number))
    return pd.DataFrame(rows)


def _row(
    programme: Programme, category: Category, unit: str, department: Department, part: Part, year: int, number: int,
    state: ItemState = ItemState.ADMITTED,
) -> dict[str, Any]:  # fmt: skip
    """Return a row with its steps: proposed by the department in the autumn before the year, decided a week later each."""
    begun = datetime(year - 1, 10, 8, 1, tzinfo=UTC) + timedelta(days=number % 20, minutes=7 * (number % 50))
    who = {ItemState.PROPOSED: f"lists-{department.value}", ItemState.ASSESSED: ASSESSOR, ItemState.ADMITTED: ADMITTER}
    row: dict[str, Any] = {"programme": programme.code, "category": category.code, "unit": unit, "department": department.value}
    row |= {"part": part.value, "note": "", "state": state.value}
    for place, (step, actor) in enumerate(who.items()):
        done = place <= list(who).index(state)
        at = (begun + timedelta(days=7 * place)).isoformat() if done else ""
        row |= {f"{step.value}_by": actor if done else "", f"{step.value}_at": at}
    return {**row, "synthetic": True}


def _lead(category: Category) -> Department:
    return Department(category.department) if category.department in Department.codes() else LEADS[category.kind]


def _assist(category: Category) -> Department | None:
    found = ASSISTS.get(category.kind)
    return None if found is _lead(category) else found


def _other(lead: Department) -> Department:
    return Department.MARKET if lead is Department.URBAN else Department.URBAN


# -- teams ------------------------------------------------------------------------------------------------------------


def teams_frame(workers: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of ``geogrid load teams``: teams of townships by force, every joint force that stands in a grid."""
    import pandas as pd

    names = dict(zip(units["code"], units["name"], strict=True))
    placed = workers.assign(township=workers["unit_code"].str[:9] + "000")
    joint = placed[placed["force"] == Force.JOINT.value]
    rows = [_team(f"JOINT-{grid[6:]}", f"{names[unit]}联动处置组", Force.JOINT, unit, group)
            for (unit, grid), group in joint.groupby(["township", "grid_code"])]  # fmt: skip
    townships = sorted(placed["township"].unique())
    for unit in townships[:TEAMS_OF_BASE]:
        base = placed[(placed["township"] == unit) & (placed["role"] == WorkerRole.GRID_WORKER.value)]
        rows.append(_team(f"BASE-{unit[6:9]}", f"{names[unit]}网格巡查队", Force.BASE, unit, base.head(MOST_IN_TEAM)))
    skilled = placed[(placed["role"] == WorkerRole.PROFESSIONAL.value) & (placed["force"] == Force.PROFESSIONAL.value)]
    trades = (Department.POLICE, Department.URBAN, Department.HOUSING, Department.MARKET, Department.TRANSPORT)
    for unit, trade in zip(townships, trades[:TEAMS_OF_PROFESSIONALS], strict=False):
        group = skilled[skilled["township"] == unit].head(MOST_IN_TEAM)
        if len(group):
            name = f"{names[unit]}{SHORT[trade]}专业队"
            rows.append(_team(f"{trade.value.upper()}-{unit[6:9]}", name, Force.PROFESSIONAL, unit, group, trade.value))
    return pd.DataFrame([row for row in rows if row["members"]])


def _team(code: str, name: str, force: Force, unit: str, members: pd.DataFrame, department: str = "") -> dict[str, Any]:
    logins = ";".join(f"worker-{worker.lower()}" for worker in members["code"])
    told = {"code": code, "name": name, "force": force.value, "unit": unit, "department": department}
    return {**told, "members": logins, "synthetic": True}
