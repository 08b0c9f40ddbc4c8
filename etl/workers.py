"""``geogrid load workers``: the people of the grids from a file, with their posts and duties; all of it or nothing.

Nobody of them can log in until an administrator gives a password. The same file again changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from etl.cells import convert
from etl.errors import ColumnMissing, RowOfNobody
from etl.kinds import CODE, TEXT, YES_NO, Column
from etl.recipe import Recipe, in_our_names
from etl.sources import open_table
from etl.sources.table import Table, is_empty
from geogrid.domain.lists import Duty
from geogrid.domain.people import POST_OF, Force, Post, WorkerRole
from geogrid.errors import GeogridError

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from geogrid.domain.profiles import Profile

NAMESPACE = UUID("0b7c5f0e-9d1c-5a57-8d0e-5b3f7f2f6a10")
COLUMNS = (
    Column("code", CODE, required=True),
    Column("name", TEXT, required=True),
    Column("phone", CODE, default=""),
    Column("role", WorkerRole, required=True),
    Column("unit_code", CODE, required=True),
    Column("grid_code", CODE, required=True),
    Column("force", Force),
    Column("synthetic", YES_NO, default=False),
)
BASE = frozenset({WorkerRole.GRID_LEADER, WorkerRole.GRID_WORKER})  # whom a file that names no force counts to the base force


@dataclass(frozen=True)
class Worker:
    """A row of a file of workers: a person, and one grid of his; a person of several grids has several rows."""

    code: str
    name: str
    phone: str
    role: WorkerRole
    unit: str
    grid: str
    force: Force
    synthetic: bool = False


@dataclass(frozen=True)
class WorkersLoaded:
    """What became of a file: rows, people made and changed, duties given and ended (None: nothing was stored)."""

    rows: int
    people: int
    made: int | None = None
    changed: int | None = None
    given: int | None = None
    ended: int | None = None


def person_id(profile: Profile, code: str) -> UUID:
    """Return the id that the worker of a code always has in a district."""
    return uuid5(NAMESPACE, f"{profile.code}:{code}")


def read_workers(path: Path, recipe: Recipe | None = None) -> list[Worker]:
    """Return the workers of a file in its order; raises the file errors of ``etl.errors`` or that of the first bad row."""
    recipe = recipe or Recipe()
    table = in_our_names(open_table(path, recipe.read_options), recipe, [column.name for column in COLUMNS])
    for column in COLUMNS:
        if column.required and column.name not in table.frame:
            found = ", ".join(map(str, table.frame.columns))
            raise ColumnMissing(name=path.name, wanted=column.name, found=found, first=column.name)
    return list(_rows(table, path))


def _rows(table: Table, path: Path) -> Iterator[Worker]:
    known = {column.name for column in COLUMNS}
    records = table.frame[[name for name in table.frame.columns if name in known]].to_dict("records")
    seen: dict[str, tuple[str, str]] = {}
    for position, record in enumerate(records):
        try:
            one = _worker({str(name): cell for name, cell in record.items()})
            if seen.setdefault(one.code, (one.name, one.phone)) != (one.name, one.phone):
                raise RowOfNobody(code=one.code, reason="rows of one code name two people")
        except GeogridError as error:
            error.where = {"path": str(path), "row": int(table.rows[position]), **error.where}
            raise
        yield one


def _worker(cells: dict[str, Any]) -> Worker:
    values: dict[str, Any] = {c.name: c.default if is_empty(cells.get(c.name)) else convert(cells[c.name], c) for c in COLUMNS}
    for column in COLUMNS:
        if column.required and not values[column.name]:
            raise RowOfNobody(code=str(values["code"] or "-"), reason=f"{column.name} is empty")
    if not re.fullmatch(r"\d{12}", str(values["unit_code"])):
        raise RowOfNobody(code=str(values["code"]), reason="a unit's code has 12 digits")
    role = WorkerRole(values["role"])
    force = Force(values["force"]) if values["force"] else Force.BASE if role in BASE else Force.PROFESSIONAL
    names = (str(values[name]) for name in ("code", "name", "phone"))
    return Worker(*names, role, str(values["unit_code"]), str(values["grid_code"]), force, bool(values["synthetic"]))


# -- stored -----------------------------------------------------------------------------------------------------------


def load_workers(
    path: Path, recipe: Recipe, profile: Profile, engine: Engine | None, *, now: datetime, dry_run: bool = False
) -> WorkersLoaded:
    """Load the workers of a file; those known by their code become what the file says, their other duties end.

    Raises
    ------
    GeogridError
        the file errors of ``etl.errors``, that of the first row that cannot be taken, with its place, or DutyTaken; nothing is
        stored
    """
    from geogrid.store.session import session_scope

    read = read_workers(path, recipe)
    if dry_run or engine is None:
        return WorkersLoaded(len(read), len({one.code for one in read}))
    with session_scope(engine) as session:
        return store_workers(session, read, profile, now=now)


def store_workers(
    session: Session, workers: Sequence[Worker], profile: Profile, *, now: datetime, by: str = "load"
) -> WorkersLoaded:
    """Store workers with posts and duties from ``now`` on; raises DutyTaken."""
    from geogrid.actions.duties import give_duties
    from geogrid.store import lists, people

    by_code = {one.code: one for one in workers}
    id_of = {code: person_id(profile, code) for code in by_code}
    ids = {id_of[code]: one for code, one in by_code.items()}
    known = people.contacts_of(session, list(ids))
    fresh = {found: one for found, one in ids.items() if found not in known}
    people.add_all(session, [_person(found, one, now) for found, one in fresh.items()])
    changed = {found: one for found, one in ids.items() if found in known and known[found] != (one.name, one.phone)}
    for found, one in changed.items():
        people.change(session, found, {"name": one.name, "phone": one.phone})
    held_posts = dict.fromkeys((id_of[one.code], Post(POST_OF[one.role], one.unit)) for one in workers)
    # New people get the posts of their roles; those of people known already are kept in Accounts.
    people.give_all(session, [pair for pair in held_posts if pair[0] in fresh], given_by="load")
    wanted = {(id_of[one.code], one.grid): one for one in workers}
    held = lists.duties_of(session, list(ids), now=now)
    same = {key for key, one in wanted.items() if held.get(key) == (one.force.value, one.role.value)}
    over = [key for key in held if key not in same]
    for person, grid in over:
        lists.end_duty(session, person, grid, now=now)
    given = [
        Duty(key[0], key[1], one.force, one.role, now, None, one.synthetic) for key, one in wanted.items() if key not in same
    ]
    give_duties(session, given, by=by)
    return WorkersLoaded(len(workers), len(ids), len(fresh), len(changed), len(given), len(over))


def _person(found: UUID, one: Worker, now: datetime) -> dict[str, Any]:
    row = {"id": found, "login": f"worker-{one.code.lower()}", "name": one.name, "phone": one.phone}
    return {**row, "synthetic": one.synthetic, "created_at": now}
