"""``geogrid load teams``: teams and who is in them from a file; all of it or nothing. The same file again changes nothing.

A team that is known by its code keeps its force and place; its members become those of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.cells import convert
from etl.errors import ColumnMissing, RowUnfit
from etl.kinds import CODE, TEXT, YES_NO, Column
from etl.recipe import Recipe, in_our_names
from etl.row_faults import refuse
from etl.sources import open_table
from etl.sources.table import is_empty
from geogrid.domain.grids import Department
from geogrid.domain.people import Actor, Force, Post, Role, Team
from geogrid.errors import GeogridError
from geogrid.errors.family import Reason

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

COLUMNS = (
    Column("code", CODE, required=True),
    Column("name", TEXT, required=True),
    Column("force", Force, required=True),
    Column("unit", CODE, required=True),
    Column("department", Department),
    Column("members", TEXT, default=""),
    Column("synthetic", YES_NO, default=False),
)
OPERATOR = Actor("system:command", "system:command", (Post(Role.ADMINISTRATOR),))


@dataclass(frozen=True)
class TeamRow:
    """A row of a file of teams: its number, the team, the logins of its members."""

    row: int
    team: Team
    members: tuple[str, ...]


@dataclass(frozen=True)
class TeamsLoaded:
    """What became of a file: teams, and (None: nothing was stored) those made, memberships begun and ended."""

    teams: int
    made: int | None = None
    joined: int | None = None
    left: int | None = None


def read_teams(path: Path, recipe: Recipe | None = None) -> list[TeamRow]:
    """Return the teams of a file in its order; raises the file errors of ``etl.errors``, and RowsUnfit with every bad row."""
    recipe = recipe or Recipe()
    table = in_our_names(open_table(path, recipe.read_options), recipe, [column.name for column in COLUMNS])
    for column in COLUMNS:
        if column.required and column.name not in table.frame:
            found = ", ".join(map(str, table.frame.columns))
            raise ColumnMissing(name=path.name, wanted=column.name, found=found, first=column.name)
    known = {column.name for column in COLUMNS}
    teams: list[TeamRow] = []
    faults: dict[int, GeogridError] = {}
    for position, record in enumerate(table.frame[[n for n in table.frame.columns if n in known]].to_dict("records")):
        row = int(table.rows[position])
        try:
            teams.append(_row(row, {str(name): cell for name, cell in record.items()}))
        except GeogridError as error:
            faults[row] = error
    refuse(faults, len(teams) + len(faults))
    return teams


def _row(row: int, cells: dict[str, Any]) -> TeamRow:
    values: dict[str, Any] = {c.name: c.default if is_empty(cells.get(c.name)) else convert(cells[c.name], c) for c in COLUMNS}
    for column in COLUMNS:
        if column.required and not values[column.name]:
            raise RowUnfit(reason=Reason("{column} is empty", column=column.name))
    department = str(values["department"] or "")
    team = Team(values["code"], values["name"], Force(values["force"]), values["unit"], department, bool(values["synthetic"]))
    return TeamRow(row, team, tuple(login.strip().lower() for login in values["members"].split(";") if login.strip()))


def load_teams(path: Path, recipe: Recipe, engine: Engine | None, *, now: datetime, dry_run: bool = False) -> TeamsLoaded:
    """Load the teams of a file; raises what ``read_teams`` and ``store_teams`` raise. A dry run checks the file alone."""
    from geogrid.store.session import session_scope

    rows = read_teams(path, recipe)
    if dry_run or engine is None:
        return TeamsLoaded(len(rows))
    with session_scope(engine) as session:
        return store_teams(session, rows, now=now)


def store_teams(session: Session, rows: Sequence[TeamRow], *, now: datetime, actor: Actor = OPERATOR) -> TeamsLoaded:
    """Store teams and their members from ``now`` on; raises RowsUnfit with every team that cannot be, and why."""
    made = joined = left = 0
    faults: dict[int, GeogridError] = {}
    for one in rows:
        try:
            with session.begin_nested():
                new, came, went = _store(session, one, actor, now)
        except GeogridError as error:
            faults[one.row] = error
        else:
            made, joined, left = made + new, joined + came, left + went
    refuse(faults, len(rows))
    return TeamsLoaded(len(rows), made, joined, left)


def _store(session: Session, one: TeamRow, actor: Actor, now: datetime) -> tuple[int, int, int]:
    from geogrid.actions.teams import add_member, make_team, remove_member
    from geogrid.store import teams

    new = teams.find(session, one.team.code) is None
    if new:
        make_team(session, one.team, actor=actor, now=now)
    inside = {member.login for member in teams.members(session, one.team.code, now=now)}
    gone = sorted(inside - set(one.members))
    for login in gone:
        remove_member(session, one.team.code, login, actor=actor, now=now)
    come = [login for login in dict.fromkeys(one.members) if login not in inside]
    for login in come:
        add_member(session, one.team.code, login, actor=actor, now=now)
    return int(new), len(come), len(gone)
