"""``geogrid load lists``: matters for the lists of departments from a file; all of it or nothing.

Rows of a real district become proposals of who brings the file: somebody else assesses and admits them. Made-up rows may say who
decided when; those people are made up too. The same file again changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from etl.cells import convert
from etl.errors import ColumnMissing, RowUnfit
from etl.kinds import CODE, TEXT, YES_NO, Column
from etl.recipe import Recipe, in_our_names
from etl.row_faults import refuse
from etl.sources import open_table
from etl.sources.table import is_empty
from geogrid.domain.grids import Department
from geogrid.domain.lists import Entry, Item, ItemState, Part
from geogrid.domain.people import Actor, Post, Role
from geogrid.errors import GeogridError, ListUnknown
from geogrid.errors.family import Reason

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from geogrid.actions.programmes import Programmes
    from geogrid.domain.profiles import Profile
    from geogrid.domain.programmes import Programme

NAMESPACE = UUID("7d0f6c34-41a9-5b0e-8f6a-2c9b0d5b7e21")
COLUMNS = (
    Column("programme", CODE, default=""),
    Column("category", TEXT, required=True),
    Column("unit", TEXT, required=True),
    Column("department", Department, required=True),
    Column("part", Part, default=Part.LEAD.value),
    Column("note", TEXT, default=""),
    Column("state", ItemState),
    *(Column(f"{step}_{what}", TEXT, default="") for step in ("proposed", "assessed", "admitted") for what in ("by", "at")),
    Column("synthetic", YES_NO, default=False),
)
STEPS = (ItemState.PROPOSED, ItemState.ASSESSED, ItemState.ADMITTED)
OPERATOR = Actor("system:command", "system:command", (Post(Role.COMMANDER),))
NOBODY = "模拟人员"  # the name of made-up people who decided
LONGEST_NOTE = 500


@dataclass(frozen=True)
class ListsLoaded:
    """What became of a file: rows, and (None: nothing was stored) new proposals, new admitted ones, those there already."""

    rows: int
    proposed: int | None = None
    admitted: int | None = None
    there: int | None = None


@dataclass(frozen=True)
class Rows:
    """The rows of a file by number, each an entry or what is wrong with it; actors of traces stand as logins."""

    entries: dict[int, Entry]
    faults: dict[int, GeogridError]
    fingerprint: str

    def check(self, more: Mapping[int, GeogridError] | None = None) -> None:
        """Raise RowsUnfit where any row is at fault, each with its number and reason."""
        refuse({**self.faults, **(more or {})}, len({*self.entries, *self.faults}))


# -- read -------------------------------------------------------------------------------------------------------------


def read_lists(path: Path, recipe: Recipe, programmes: Programmes, *, now: datetime, synthetic: bool) -> Rows:
    """Return the rows of a file; raises the file errors of ``etl.errors``. ``synthetic``: the district is made up."""
    table = in_our_names(open_table(path, recipe.read_options), recipe, [column.name for column in COLUMNS])
    for column in COLUMNS:
        if column.required and column.name not in table.frame:
            found = ", ".join(map(str, table.frame.columns))
            raise ColumnMissing(name=path.name, wanted=column.name, found=found, first=column.name)
    known = {column.name for column in COLUMNS}
    entries, faults = {}, {}
    for position, record in enumerate(table.frame[[n for n in table.frame.columns if n in known]].to_dict("records")):
        row = int(table.rows[position])
        try:
            entries[row] = _entry({str(name): cell for name, cell in record.items()}, programmes, now, synthetic)
        except GeogridError as error:
            faults[row] = error
    return Rows(entries, faults, hashlib.sha256(path.read_bytes()).hexdigest()[:16])


def _entry(cells: dict[str, Any], programmes: Programmes, now: datetime, synthetic: bool) -> Entry:
    from geogrid.actions.matter_lists_file import check_trace

    values: dict[str, Any] = {c.name: c.default if is_empty(cells.get(c.name)) else convert(cells[c.name], c) for c in COLUMNS}
    for column in COLUMNS:
        if column.required and not values[column.name]:
            raise RowUnfit(reason=Reason("{column} is empty", column=column.name))
    if len(values["note"]) > LONGEST_NOTE:
        raise RowUnfit(reason="note is longer than 500 characters")
    programme = _programme(values["programme"], programmes)
    category = _category(values["category"], programme)
    item = Item(programme.code, category, values["unit"], str(values["department"]), Part(values["part"]))
    if not values["synthetic"]:
        if values["state"] or any(values[f"{step.value}_{what}"] for step in STEPS for what in ("by", "at")):
            raise RowUnfit(reason="matters come as proposals: others assess and admit them; leave state, by and at away")
        return Entry(item, values["note"])
    if not synthetic:
        raise RowUnfit(reason="made-up rows belong into a made-up district alone")
    state = ItemState(values["state"] or ItemState.PROPOSED)
    steps = [step for step in STEPS if values[f"{step.value}_by"]]
    trace = tuple((step, values[f"{step.value}_by"].lower(), _at(values[f"{step.value}_at"], step)) for step in steps)
    entry = Entry(item, values["note"], state, trace)
    check_trace(entry, now=now)
    return entry


def _programme(code: str, programmes: Programmes) -> Programme:
    if code and code not in programmes.by_code:
        raise ListUnknown(field="programme", value=code, known=", ".join(programmes.by_code))
    return programmes.of(code) if code else programmes.default


def _category(text: str, programme: Programme) -> str:
    """Return the code of a category that is named by code, or by a title that only one has."""
    if any(one.code == text for one in programme.categories):
        return text
    found = [one.code for one in programme.categories if text in {one.title.text("zh"), one.title.text("en")}]
    if len(found) != 1:
        raise ListUnknown(field="category", value=text[:40], known=", ".join(one.code for one in programme.categories))
    return found[0]


def _at(text: str, step: ItemState) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        reason = "{column} is no time with its offset, such as 2025-01-06T09:00:00+08:00"
        raise RowUnfit(reason=Reason(reason, column=f"{step.value}_at"))
    return found


# -- stored -----------------------------------------------------------------------------------------------------------


def load_lists(
    path: Path,
    recipe: Recipe,
    profile: Profile,
    programmes: Programmes,
    engine: Engine | None,
    *,
    now: datetime,
    actor: Actor | None = None,
    login: str = "",
    dry_run: bool = False,
) -> ListsLoaded:
    """Load matters for lists; a district's own are proposed by ``actor``, or by the owner of ``login``.

    Raises
    ------
    GeogridError
        the file errors of ``etl.errors``; RowsUnfit with every row that cannot be taken; NotFoundError for a login of nobody
    """
    from geogrid.store.session import session_scope

    rows = read_lists(path, recipe, programmes, now=now, synthetic=profile.synthetic)
    if engine is None:
        rows.check()
        return ListsLoaded(len(rows.entries))
    with session_scope(engine) as session:
        by = _by(session, login, now) if login else actor or OPERATOR
        return store_lists(session, rows, profile, actor=by, now=now, dry_run=dry_run)


def _by(session: Session, login: str, now: datetime) -> Actor:
    from geogrid.actions.accounts import person_of

    person = person_of(session, login, now=now)
    return Actor(f"person:{person.id}", person.name, person.posts)


def store_lists(
    session: Session, rows: Rows, profile: Profile, *, actor: Actor, now: datetime, dry_run: bool = False
) -> ListsLoaded:
    """Check rows against the places in force and what stands on lists, and store them; raises RowsUnfit."""
    from geogrid.actions.matter_lists import townships_of
    from geogrid.actions.matter_lists_file import faults, keep
    from geogrid.domain.places import Level
    from geogrid.store import unit_names

    townships = townships_of(session)
    codes = {name: code for code, name in townships.items()}  # a place may be named instead
    named = {row: codes.get(entry.item.unit, entry.item.unit) for row, entry in rows.entries.items()}
    entries = {row: replace(entry, item=replace(entry.item, unit=named[row])) for row, entry in rows.entries.items()}
    units = {**townships, **unit_names.of_level(session, Level.VILLAGE)}
    rows.check(faults(session, entries, actor=actor, units=units))
    if dry_run:
        return ListsLoaded(len(entries))
    people = _made_up(session, entries.values(), profile, now)
    told = [replace(one, trace=tuple((state, people[who], at) for state, who, at in one.trace)) for one in entries.values()]
    kept = keep(session, told, actor=actor, now=now, source=rows.fingerprint)
    admitted = kept.made[ItemState.ADMITTED]
    return ListsLoaded(len(entries), sum(kept.made.values()) - admitted, admitted, kept.there)


def _made_up(session: Session, entries: Iterable[Entry], profile: Profile, now: datetime) -> dict[str, str]:
    """Return the actors of the logins that traces name; who is nobody's is made, without a password and without a post."""
    from geogrid.store import people

    logins = sorted({who for entry in entries for _, who, _ in entry.trace})
    known = people.ids_of_logins(session, logins)
    fresh = {login: uuid5(NAMESPACE, f"{profile.code}:{login}") for login in logins if login not in known}
    rows = [{"id": found, "login": login, "name": NOBODY, "synthetic": True, "created_at": now} for login, found in fresh.items()]
    people.add_all(session, rows)
    return {login: f"person:{found}" for login, found in {**known, **fresh}.items()}
