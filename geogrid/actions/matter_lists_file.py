"""Many matters for lists at once: a district's own as proposals of who brings them, a made-up district's with all their steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from geogrid.actions.matter_lists import may_propose
from geogrid.domain.lists import Entry, Item, ItemState
from geogrid.domain.people import Actor
from geogrid.errors import AccessForbidden, GeogridError, ListConflict, ListSamePerson, ListState, ListUnknown
from geogrid.errors.family import Label
from geogrid.store import audit, lists

ORDER = (ItemState.PROPOSED, ItemState.ASSESSED, ItemState.ADMITTED)
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Kept:
    """What became of the entries: new ones by state, and how many stood on their lists already."""

    made: dict[ItemState, int]
    there: int


def faults(session: Session, entries: Mapping[int, Entry], *, actor: Actor, units: Mapping[str, str]) -> dict[int, GeogridError]:
    """Return what is wrong with entries by their number: for whom the actor does not propose, unknown places, contradictions.

    ``units`` are the townships and villages in force by code. An entry that stands on its list already with the same part is no
    fault; with another part, or twice in one file, it is.
    """
    held = _standing(session, entries.values())
    found: dict[int, GeogridError] = {}
    for number, entry in entries.items():
        error = _fault(entry, held, actor, units)
        if error is not None:
            found[number] = error
        held.setdefault(_key(entry.item), (entry.item.part.value, True))
    return found


def keep(session: Session, entries: Sequence[Entry], *, actor: Actor, now: datetime, source: str) -> Kept:
    """Store entries that have no faults; one row of the audit says how many came from ``source`` (a file's fingerprint).

    Entries without a trace are proposed by the actor now.
    """
    held = _standing(session, entries)
    fresh = [entry for entry in entries if _key(entry.item) not in held]
    told = [entry if entry.trace else _proposed(entry, actor, now) for entry in fresh]
    lists.add_entries(session, told)
    made = {state: sum(entry.state is state for entry in told) for state in ORDER}
    if fresh:
        details = {"source": source, **{state.value: count for state, count in made.items() if count}}
        audit.write(session, actor=actor.id, action="list.load", object_kind="list_item", details=details, now=now)
    return Kept(made, len(entries) - len(fresh))


def check_trace(entry: Entry, *, now: datetime) -> None:
    """Raise ListState or ListSamePerson for steps out of their order, later than ``now``, or twice by one person."""
    states = tuple(state for state, _, _ in entry.trace)
    times = [at for _, _, at in entry.trace]
    if entry.state not in ORDER or states != ORDER[: ORDER.index(entry.state) + 1] or times != sorted(times) or times[-1] > now:
        raise ListState(state=Label(states[0]) if states else "-", wanted=Label(entry.state))
    if len({who for _, who, _ in entry.trace}) < len(entry.trace):
        raise ListSamePerson()


def _proposed(entry: Entry, actor: Actor, now: datetime) -> Entry:
    return Entry(entry.item, entry.note, ItemState.PROPOSED, ((ItemState.PROPOSED, actor.id, now),))


def _key(item: Item) -> Key:
    return (item.programme, item.category, item.unit, item.department)


def _standing(session: Session, entries: Iterable[Entry]) -> dict[Key, tuple[str, bool]]:
    """Return part, and whether of this file (False), of what stands on the lists of the entries' programmes."""
    programmes = sorted({entry.item.programme for entry in entries})
    found = [one.item for programme in programmes for one in lists.listed(session, programme)]
    return {_key(item): (item.part.value, False) for item in found}


def _fault(entry: Entry, held: Mapping[Key, tuple[str, bool]], actor: Actor, units: Mapping[str, str]) -> GeogridError | None:
    item = entry.item
    if item.unit not in units:
        return ListUnknown(field="unit", value=item.unit, known="geogrid lists matrix", where={"path": "unit"})
    if not entry.trace and not may_propose(actor, item.department, item.unit):
        return AccessForbidden(where={"path": "department"})
    part, of_file = held.get(_key(item), (item.part.value, False))
    if of_file or part != item.part.value:
        return ListConflict(category=item.category, department=item.department, unit=item.unit)
    return None
