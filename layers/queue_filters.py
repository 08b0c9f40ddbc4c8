"""What the desk's queue may be asked for, as conditions on events and on matters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Table, Text, and_, cast, func, literal, or_, select, text

from geogrid.domain.clocks import Light
from geogrid.space.place_text import simplified
from geogrid.store.tables.desk import desk_spans
from geogrid.store.tables.events import assignments, events
from geogrid.store.tables.hotline import outside_orders
from geogrid.store.tables.matters import matters

LEAST_NUMBER_CHARS = 6  # of an event's number: its day alone has eight
LONGEST_SEARCH = 60
LAST_LETTER = "\uffff"  # the highest letter of every collation
# What waits for somebody: a request whose approver he is, in his units or of his parties; nobody decides on his own.
APPROVAL = """
EXISTS (
    SELECT FROM jsonb_array_elements(matters.proposals) AS p(value)
    WHERE p.value ->> 'approver' = ANY(CAST(:approver_roles AS text[])) AND p.value ->> 'asked_by' <> :approver_id
)
"""


@dataclass(frozen=True)
class Who:
    """Who asks: his id ("person:<uuid>"), his roles, the parties he stands for ("kind:code"), the units of his posts."""

    id: str = ""
    roles: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    units: tuple[str, ...] = ()


@dataclass(frozen=True)
class QueueFilter:
    """Which matters; None or "" chooses all. Text fields are codes.

    Parameters
    ----------
    is_open : True open, False closed, None both
    categories : a class and those below it
    mine, approval : for ``who`` asks: owned by or given to him or his posts; waiting for his decision
    danger : words or class mean danger to life; asked of open matters alone
    words : what is searched for, every word of it; numbers of events too
    among, is_common : what looking for the words has shown: the events where they stand, or that those are many
    latest_only : the words are single characters, which no index knows: they were looked for in the latest matters alone
    """

    is_open: bool | None = True
    lights: tuple[Light, ...] = ()
    channel: str = ""
    kind: str = ""
    categories: tuple[str, ...] = ()
    handling: str = ""
    level: str = ""
    state: str = ""
    township: str = ""
    village: str = ""
    grid: str = ""
    owner: str = ""
    mine: bool = False
    approval: bool = False
    unplaced: bool = False
    border: bool = False
    supervised: bool = False
    key_listed: bool = False
    urged: bool = False
    danger: bool = False
    words: str = ""
    among: tuple[UUID, ...] | None = None
    is_common: bool = False
    latest_only: bool = False
    reported_from: datetime | None = None
    reported_to: datetime | None = None
    who: Who = Who()

    def but(self, **changed: Any) -> QueueFilter:
        """Return this filter with some fields changed."""
        return replace(self, **changed)

    @property
    def has_pairs(self) -> bool:
        """Whether the index of pairs of characters knows anything of what is searched for."""
        return any(len(word) > 1 for word in self.words.split())


def _of(table: Table, chosen: QueueFilter) -> list[ColumnElement[bool]]:
    equal = {"channel": chosen.channel, "kind": chosen.kind, "township_code": chosen.township, "village_code": chosen.village}
    found = [table.c[name] == value for name, value in equal.items() if value]
    if chosen.among is not None:
        key = events.c.id if table is events else desk_spans.c.event_id
        found.append(key == func.any(list(chosen.among)))
    return found


def on_spans(chosen: QueueFilter) -> list[ColumnElement[bool]]:
    """Return what is asked of an event and known by its spans. Rides ``ix_desk_spans_queue``."""
    found = _of(desk_spans, chosen)
    if chosen.categories:
        found.append(desk_spans.c.category.in_(chosen.categories))
    return [*found, desk_spans.c.danger] if chosen.danger else found


def of_place(chosen: QueueFilter) -> list[ColumnElement[bool]]:
    """Return the same, asked of the event and its matter."""
    found = _of(events, chosen)
    if chosen.categories:
        found.append(events.c.id.in_(select(matters.c.event_id).where(matters.c.category.in_(chosen.categories))))
    if chosen.danger:
        found.append(events.c.id.in_(select(desk_spans.c.event_id).where(desk_spans.c.is_open, desk_spans.c.danger)))
    return found


def on_events(chosen: QueueFilter) -> list[ColumnElement[bool]]:
    """Return what is asked of an event and known by itself alone; but for its words, see ``with_words``."""
    found: list[ColumnElement[bool]] = [events.c.grid_code == chosen.grid] if chosen.grid else []
    if chosen.reported_from is not None:
        found.append(events.c.reported_at >= chosen.reported_from)
    if chosen.reported_to is not None:
        found.append(events.c.reported_at < chosen.reported_to)
    if chosen.unplaced:
        found.append(events.c.grid_code.is_(None))
    if chosen.border:
        found.append(_on_border())
    return found


def with_words(chosen: QueueFilter, *, common: bool | None = None) -> list[ColumnElement[bool]]:
    """Return what is asked of an event's words; ``common`` ones (None: as was found) are looked for without their index."""
    words = chosen.words.split()
    if not words or chosen.among is not None:
        return []
    return [_said(words, _state(chosen.is_open), common=chosen.is_common if common is None else common)]


def on_matters(chosen: QueueFilter) -> list[ColumnElement[bool]]:
    """Return what is asked of the matter and known by it alone."""
    equal = {"handling": chosen.handling, "level": chosen.level, "state": chosen.state, "owner": chosen.owner}
    found: list[ColumnElement[bool]] = [matters.c[name] == value for name, value in equal.items() if value]
    if chosen.mine:
        parties = cast(list(chosen.who.parties), ARRAY(Text))
        found.append(or_(matters.c.owner == func.any(parties), matters.c.lead == func.any(parties)))
    if chosen.approval:
        found.append(_waits_for(chosen.who))
    found += [matters.c.supervised] if chosen.supervised else []
    found += [matters.c.key_listed] if chosen.key_listed else []
    found += [matters.c.urged > 0] if chosen.urged else []
    return found


def _on_border() -> ColumnElement[bool]:
    """Where the report's accuracy leaves several grids. Rides ``uq_assignments_current``."""
    current = (assignments.c.event_id == events.c.id) & assignments.c.is_current
    return select(assignments.c.id).where(current, assignments.c.confidence < 1).exists()


def _state(is_open: bool | None) -> str:
    """Return the mark of open or shut events among the pairs of characters, "" for both."""
    return "" if is_open is None else "open" if is_open else "shut"


def _waits_for(who: Who) -> ColumnElement[bool]:
    """Rides ``ix_matters_proposals``."""
    here = text(
        "EXISTS (SELECT FROM jsonb_array_elements(matters.units) AS u(value) "
        "WHERE u.value ->> 1 = ANY(CAST(:approver_units AS text[])))"
    ).bindparams(approver_units=list(who.units))
    parties = cast(list(who.parties), ARRAY(Text))
    mine = or_(matters.c.owner == func.any(parties), matters.c.lead == func.any(parties), here)
    asked = text(APPROVAL).bindparams(approver_roles=list(who.roles), approver_id=who.id)
    return and_(text("matters.proposals <> '[]'::jsonb"), asked, mine)


# -- search -----------------------------------------------------------------------------------------------------------


def _said(words: list[str], state: str, *, common: bool) -> ColumnElement[bool]:
    """Every word stands in what was said or in the address, or is a number under which the event is known."""
    return and_(*(or_(*_stands(word, state, common=common), *_numbered(word)) for word in words))


def _stands(word: str, state: str, *, common: bool) -> list[ColumnElement[bool]]:
    """Return that a word stands there as it is written, or in simplified characters.

    Rides ``ix_events_grams``: every pair of neighbouring characters stands there; then the word is looked for as a whole, but
    for a word that is one pair. A word of one character has no pair. Numbers of people were left out of both sides, so that
    nobody finds out a telephone number by searching for its digits.
    """
    return [_stands_so(form, state, common=common) for form in dict.fromkeys((word, simplified(word)))]


def _stands_so(word: str, state: str, *, common: bool) -> ColumnElement[bool]:
    asked = func.btrim(func.geogrid_folded(literal(word, Text)))
    whole = func.strpos(func.geogrid_folded(events.c.words + literal(" ") + events.c.address), asked) > 0
    if len(word) == 1:
        return and_(asked != "", whole)
    has_pairs = func.cardinality(func.geogrid_grams(literal(word, Text), type_=ARRAY(Text))) > 0
    there = has_pairs if common else and_(has_pairs, _pairs(word, state))
    if len(word) == 2 and not word.isascii() and not common:
        return there
    if not any(character.isdigit() for character in word):  # the same and quicker, where it stands as it was typed
        whole = or_(func.strpos(func.lower(events.c.words), word.lower()) > 0, whole)
    return and_(there, whole)


def _pairs(word: str, state: str) -> ColumnElement[bool]:
    """Return that every pair of a word stands there, in an event of this state."""
    pairs = func.geogrid_grams(literal(word, Text), type_=ARRAY(Text))
    wanted = func.array_cat(pairs, cast([state] if state else [], ARRAY(Text)), type_=ARRAY(Text))
    said = func.geogrid_grams(events.c.words, events.c.address, events.c.is_open, type_=ARRAY(Text))
    return said.op("@>")(wanted)


def _numbered(word: str) -> list[ColumnElement[bool]]:
    """Return that a word is a number of the event, or begins it, or its number in another system.

    Rides ``uq_events_number`` and ``ix_outside_orders_number``.
    """
    if len(word) < LEAST_NUMBER_CHARS or not word.isascii():
        return []
    begins = and_(events.c.number >= word, events.c.number < literal(word + LAST_LETTER))
    theirs = select(outside_orders.c.event_id).where(outside_orders.c.number == word)
    return [begins, events.c.id == func.any(func.array(theirs.scalar_subquery()))]
