"""Which department leads or assists in which matter in which place: proposed, assessed, admitted, suspended, each with its trace.

Nobody decides on what he proposed. A matter has one lead in a place; holes and double leads are shown by :func:`matrix`, as the
lists of a district come from many hands.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geogrid.domain.grids import Department
from geogrid.domain.lists import Item, ItemState, Named, Part
from geogrid.domain.people import Actor, Post, Role
from geogrid.domain.places import Level
from geogrid.domain.programmes import Party, PartyKind, Programme
from geogrid.errors import AccessForbidden, ListConflict, ListSamePerson, ListState, ListUnknown, NotFoundError
from geogrid.errors.family import Label
from geogrid.store import audit, editions, lists, people, unit_names
from geogrid.store.lists import Listed

# Who decides on what; a department proposes for its own list only.
WHO = {
    ItemState.PROPOSED: frozenset({Role.DEPARTMENT, Role.DISPATCHER, Role.COMMANDER}),
    ItemState.ASSESSED: frozenset({Role.DISPATCHER, Role.COMMANDER}),
    ItemState.ADMITTED: frozenset({Role.COMMANDER}),
    ItemState.SUSPENDED: frozenset({Role.COMMANDER}),
}
# From which states each state is reached.
FROM = {
    ItemState.ASSESSED: frozenset({ItemState.PROPOSED}),
    ItemState.ADMITTED: frozenset({ItemState.ASSESSED}),
    ItemState.SUSPENDED: frozenset({ItemState.PROPOSED, ItemState.ASSESSED, ItemState.ADMITTED}),
}

TOWNSHIP_DIGITS = 9


# -- decided ----------------------------------------------------------------------------------------------------------


def propose(session: Session, item: Item, *, actor: Actor, now: datetime, programme: Programme, note: str = "") -> Listed:
    """Propose a matter for the list of a department in a township, which holds in its villages too, or in one village.

    Raises
    ------
    AccessForbidden
        for who holds no post that proposes there, or proposes for another department.
    ListUnknown
        for a category, a unit or a department that nobody knows.
    ListConflict
        where it stands on that list already.
    """
    _may(actor, ItemState.PROPOSED, item.department, item.unit)
    _check(session, item, programme)
    try:
        with session.begin_nested():
            number = lists.propose(session, item, by=actor.id, now=now, note=note)
    except IntegrityError as error:
        raise ListConflict(category=item.category, department=item.department, unit=item.unit) from error
    return _told(session, number, ItemState.PROPOSED, actor, now)


def decide(session: Session, number: int, state: ItemState, *, actor: Actor, now: datetime, note: str = "") -> Listed:
    """Assess, admit or suspend a matter of a list.

    Raises
    ------
    NotFoundError, AccessForbidden
        without such a matter; for who holds no post that decides so.
    ListState
        where it is not in a state that leads there.
    ListSamePerson
        where the actor proposed it; suspending one's own proposal is taking it back.
    """
    found = lists.find_item(session, number, lock=True)
    if found is None:
        raise NotFoundError(what=str(number))
    _may(actor, state, found.item.department, found.item.unit)
    if state not in FROM or found.state not in FROM[state]:
        raise ListState(state=Label(found.state), wanted=Label(state))
    if actor.id == found.proposed_by and state is not ItemState.SUSPENDED:
        raise ListSamePerson()
    lists.move(session, number, state, by=actor.id, now=now, note=note)
    return _told(session, number, state, actor, now)


def name_person(session: Session, named: Named, *, actor: Actor, now: datetime) -> None:
    """Name one of the three people of a side from now on; raises AccessForbidden for whom :func:`names_for` does not let."""
    if not names_for(actor, named.party):
        raise AccessForbidden(where={"path": "party"})
    lists.name_person(session, named, now=now, given_by=actor.id)
    told = {"tier": named.tier.value, "person": str(named.person_id)}
    audit.write(
        session, actor=actor.id, action="tier.name", object_kind="party", object_id=str(named.party), details=told, now=now
    )


def names_for(actor: Actor, side: Party) -> bool:
    """Return whether ``actor`` names people of a side: an administrator, or a commander of its place.

    Departments and stations are of the whole district: its commander alone names their people.
    """
    held = [post for post in actor.posts if post.role in {Role.COMMANDER, Role.ADMINISTRATOR}]
    return any(post.role is Role.ADMINISTRATOR or not post.unit or _commands(post.unit, side) for post in held)


def _commands(unit: str, side: Party) -> bool:
    covering = people.covering_units(side.code if side.kind is PartyKind.UNIT else unit)
    return unit in covering if side.kind is PartyKind.UNIT else unit == covering[-1]


def next_states(found: Listed, actor: Actor) -> dict[ItemState, bool]:
    """Return what the posts of ``actor`` decide next on an entry; False where somebody else must, as the actor proposed it."""
    item = found.item
    may = [state for state, before in FROM.items() if found.state in before and _holds(actor, state, item.department, item.unit)]
    return {state: state is ItemState.SUSPENDED or actor.id != found.proposed_by for state in may}


def may_propose(actor: Actor, department: str, unit: str) -> bool:
    """Return whether ``actor`` may propose for the list of a department in a unit."""
    return _holds(actor, ItemState.PROPOSED, department, unit)


def proposes_for(actor: Actor, unit: str) -> tuple[Department, ...]:
    """Return the departments for whose lists in a unit ``actor`` may propose."""
    return tuple(department for department in Department if _holds(actor, ItemState.PROPOSED, department.value, unit))


def _holds(actor: Actor, state: ItemState, department: str, unit: str) -> bool:
    held = [post for post in actor.posts if post.role in WHO[state]]
    return any(_reaches(post, unit) if post.role is not Role.DEPARTMENT else post.department == department for post in held)


def _reaches(post: Post, unit: str) -> bool:
    """Whether a post of a place decides on a unit: nobody decides for another township."""
    return not post.unit or post.unit in people.covering_units(unit)


def _may(actor: Actor, state: ItemState, department: str, unit: str) -> None:
    if not _holds(actor, state, department, unit):
        raise AccessForbidden(where={"path": state.value})


def _check(session: Session, item: Item, programme: Programme) -> None:
    categories = [category.code for category in programme.categories]
    if item.category not in categories:
        raise ListUnknown(field="category", value=item.category, known=", ".join(categories), where={"path": "category"})
    if item.department not in Department.codes():
        known = ", ".join(Department.codes())
        raise ListUnknown(field="department", value=item.department, known=known, where={"path": "department"})
    townships = townships_of(session)
    if item.unit not in townships and item.unit not in villages_of(session, above(item.unit)):
        raise ListUnknown(field="unit", value=item.unit, known=", ".join(sorted(townships)), where={"path": "unit"})


def _told(session: Session, number: int, state: ItemState, actor: Actor, now: datetime) -> Listed:
    audit.write(session, actor=actor.id, action=f"list.{state.value}", object_kind="list_item", object_id=str(number), now=now)
    found = lists.find_item(session, number)
    if found is None:
        raise NotFoundError(what=str(number))
    return found


# -- the matrix -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """A matter in a place: who leads and who assists by admitted lists, who waits to be admitted.

    What a township's list says holds in its villages. ``below``: how many entries single villages of a township have.
    """

    category: str
    unit: str
    leads: tuple[str, ...] = ()
    assists: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    below: int = 0

    @property
    def is_hole(self) -> bool:
        """Whether nobody leads."""
        return not self.leads

    @property
    def is_double(self) -> bool:
        """Whether more than one leads."""
        return len(self.leads) > 1


@dataclass(frozen=True)
class Matrix:
    """Matters (rows) by townships, or by the villages of one (columns), with the names of both."""

    programme: str
    categories: tuple[str, ...]
    units: tuple[str, ...]
    names: dict[str, str]
    cells: dict[tuple[str, str], Cell] = field(repr=False)

    def holes(self) -> list[Cell]:
        """Return where nobody leads."""
        return [cell for cell in self.cells.values() if cell.is_hole]

    def doubles(self) -> list[Cell]:
        """Return where more than one leads."""
        return [cell for cell in self.cells.values() if cell.is_double]


def matrix(session: Session, programme: Programme, *, language: str, department: str = "", township: str = "") -> Matrix:
    """Return who leads what where, under the edition in force; with ``department`` only the rows in which it has a part.

    The rows are the minor classes, and major ones that have none; the columns the townships, or the villages of ``township``.
    Raises EditionNotInForce, ListUnknown.
    """
    names = townships_of(session)
    if township and township not in names:
        raise ListUnknown(field="township", value=township, known=", ".join(sorted(names)), where={"path": "township"})
    names = villages_of(session, township) if township else names
    found = lists.listed(session, programme.code)
    kept = {one.item.category for one in found if one.item.department == department}
    rows = [category for category in _rows(programme) if not department or category in kept]
    cells = _cells(rows, sorted(names), found)
    titles = {category.code: category.title.text(language) for category in programme.categories}
    return Matrix(programme.code, tuple(rows), tuple(sorted(names)), {**names, **{row: titles[row] for row in rows}}, cells)


def _rows(programme: Programme) -> list[str]:
    parents = {category.parent for category in programme.categories}
    return [category.code for category in programme.categories if category.code not in parents]


def _cells(rows: Sequence[str], units: Sequence[str], found: Iterable[Listed]) -> dict[tuple[str, str], Cell]:
    by_place: dict[tuple[str, str], list[Listed]] = defaultdict(list)
    below: Counter[tuple[str, str]] = Counter()
    for one in found:
        by_place[one.item.category, one.item.unit].append(one)
        if above(one.item.unit) != one.item.unit:
            below[one.item.category, above(one.item.unit)] += 1
    return {(row, unit): _cell(row, unit, by_place, below[row, unit]) for row in rows for unit in units}


def _cell(row: str, unit: str, by_place: Mapping[tuple[str, str], list[Listed]], below: int) -> Cell:
    admitted: dict[Part, list[str]] = {Part.LEAD: [], Part.ASSIST: []}
    waiting: list[str] = []
    for place in holding_in(unit):
        for one in by_place.get((row, place), ()):
            (admitted[one.item.part] if one.state is ItemState.ADMITTED else waiting).append(one.item.department)
    leads, assists, waits = (tuple(dict.fromkeys(part)) for part in (admitted[Part.LEAD], admitted[Part.ASSIST], waiting))
    return Cell(row, unit, leads, assists, waits, below)


def above(unit: str) -> str:
    """Return the code of the township of a unit (12 digits), itself for a township."""
    return unit[:TOWNSHIP_DIGITS].ljust(len(unit), "0")


def holding_in(unit: str) -> tuple[str, ...]:
    """Return the units whose lists hold in ``unit``: itself, and the township of a village."""
    return tuple(dict.fromkeys((unit, above(unit))))


def townships_of(session: Session) -> dict[str, str]:
    """Return the names of the townships of the edition in force by code; raises EditionNotInForce."""
    editions.in_force(session)
    return unit_names.of_level(session, Level.TOWNSHIP)


def villages_of(session: Session, township: str) -> dict[str, str]:
    """Return the names of the villages of a township in force by code."""
    return unit_names.below(session, Level.VILLAGE, township)
