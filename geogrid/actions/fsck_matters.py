"""Fold the steps of every matter again, and compare: what must never be lost, and what is stored beside the steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from geogrid.actions.matters import LEADS_TO, territory_of
from geogrid.actions.programmes import Programmes
from geogrid.domain.events import EventState, StepKind
from geogrid.domain.matters import Matter
from geogrid.domain.programmes import BUILT_IN_STEPS, Programme
from geogrid.errors import GeogridError
from geogrid.rules.danger import Danger
from geogrid.rules.stages import closed_at, stage_of
from geogrid.rules.workflow import Past
from geogrid.store import desk_spans, matters, refold
from geogrid.store.refold import Held

STEPS_FORBIDDEN = "The steps of an event do not follow the rules."
STATE_WRONG = "An event's state is not what its steps add up to."
CLOSED_AT = "An event's time of closing is not that of its steps."
WITHOUT_MATTER = "An event under a programme has no matter."
WITHOUT_RULES = "The rules under which a matter was opened are not kept."
FIRST_OWNER = "Who was asked first is not whom the report names."
OWNER = "The owner of a matter is not who its steps gave it to."
MATTER_WRONG = "A matter is not what its steps add up to."
CLOCK_WRONG = "A clock is not what its marks add up to."
CLOCK_FORGOTTEN = "A clock ran out, and nobody will look at it."
SPANS_WRONG = "How pressing a matter is, as the desk shows it, is not what its clocks say."

BY_MARKS = (
    "clock",
    "promised",
    "legal",
    "marks",
    "started_at",
    "due_at",
    "legal_due_at",
    "paused_at",
    "stopped_at",
    "provisional",
)
BY_DECISION = frozenset({StepKind.ASK, StepKind.APPROVE, StepKind.REFUSE})
BROKEN = (GeogridError, KeyError, ValueError, TypeError)  # what steps can raise whose details were changed

AGAIN = timedelta(hours=1)  # by then the tick has tried again what failed

Breaking = tuple[str, str, str]  # invariant, what is wrong, the row


def broken_matters(session: Session, *, now: datetime, programmes: Programmes, county: str, danger: Danger) -> Iterator[Breaking]:
    """Yield what is wrong with any matter at ``now``: its invariant, what it is, which event.

    I5 the steps of a matter follow its programme and add up to the state of the event; I6 every event of a programme has a
    matter, an owner and a first owner, and the rules it was opened under; P3 the rows of matters and clocks.
    """
    for held in refold.every(session):
        for invariant, says, about in _of(held, now, programmes, county, danger):
            yield invariant, says, f"{held.event_id} ({about})" if about else str(held.event_id)


def _of(held: Held, now: datetime, programmes: Programmes, county: str, danger: Danger) -> Iterator[Breaking]:
    if not held.past or "programme" not in held.past[0].details:
        if held.matter is not None:
            yield "P3", MATTER_WRONG, "-"
        rows = desk_spans.of_no_matter(held.event_id, danger=bool(danger.found(held.words)))
        yield from _spans(held, rows if EventState(held.state).is_open else [])
        return
    try:
        programme = programmes.of(held.past[0].details["programme"], held.past[0].details["version"])
    except GeogridError as error:
        yield "I6", WITHOUT_RULES, str(error)
        return
    try:
        matter = matters.folded(held.past, programmes.of)
    except BROKEN:
        yield "I5", STEPS_FORBIDDEN, " ".join(step.step or step.kind.value for step in held.past)
        return
    if matter is not None:
        yield from _kinds(held, programme)
        yield from _event(held, programme, matter)
        lies = replace(matter, units=territory_of(programme, county, held.units).units)
        yield from _rows(held, lies, programme, now, programmes)
        found = bool(danger.found(held.words, lies.programme, lies.category))
        if held.matter is not None:
            time = programmes.time_of(programme)
            yield from _spans(held, desk_spans.span_rows(held.event_id, lies, programme, time, danger=found))


def _kinds(held: Held, programme: Programme) -> Iterator[Breaking]:
    """What a step is called and its kind belong together."""
    for step in held.past:
        if not _belongs(step, programme):
            yield "I5", STEPS_FORBIDDEN, f"{step.seq}: {step.step} / {step.kind.value}"


def _belongs(step: Past, programme: Programme) -> bool:
    """Whether a kind may have this name; a plain step of another system goes by what leads to its stage, or is a note."""
    if step.step == "note":
        return step.kind is StepKind.NOTE or step.kind in LEADS_TO
    if step.step in BUILT_IN_STEPS:
        return step.kind.value == step.step
    rule = programme.step(step.step)
    if step.kind in BY_DECISION or step.kind is rule.kind:
        return True
    return "post" not in step.details and bool(rule.to) and LEADS_TO.get(step.kind) is programme.state(rule.to).stage


def _event(held: Held, programme: Programme, matter: Matter) -> Iterator[Breaking]:
    stage, left = stage_of(programme, matter), closed_at(programme, matter)
    if stage.value != held.state:
        yield "I5", STATE_WRONG, f"{held.state} / {stage.value}"
    if left != held.closed_at:
        yield "I5", CLOSED_AT, f"{held.closed_at or '-'} / {left or '-'}"


def _rows(held: Held, matter: Matter, programme: Programme, now: datetime, programmes: Programmes) -> Iterator[Breaking]:
    if held.matter is None:
        yield "I6", WITHOUT_MATTER, ""
        return
    values = matters.matter_values(held.event_id, matter)
    for name, says in (("first_owner", FIRST_OWNER), ("owner", OWNER)):
        if values[name] != held.matter[name]:
            yield "I6", says, f"{held.matter[name]} / {values[name]}"
    if other := [name for name in _unequal(held.matter, values, list(values)) if name not in {"first_owner", "owner"}]:
        yield "P3", MATTER_WRONG, ", ".join(f"{name}: {held.matter[name]} / {values[name]}" for name in other)
    yield from _clocks(held, matter, programme, now, programmes)


def _spans(held: Held, rows: Sequence[dict[str, Any]]) -> Iterator[Breaking]:
    if other := list(desk_spans.unequal(held.spans, rows)):
        yield "P3", SPANS_WRONG, ", ".join(other)


def _clocks(held: Held, matter: Matter, programme: Programme, now: datetime, programmes: Programmes) -> Iterator[Breaking]:
    time, last = programmes.time_of(programme), max(now, matter.taken[-1].at)
    rows = list(matters.clock_values(held.event_id, matter, programme, now=last, time=time))
    if [row["run"] for row in held.clocks] != [row["run"] for row in rows]:
        yield "P3", CLOCK_WRONG, f"{len(held.clocks)} / {len(rows)}"
        return
    for kept, row in zip(held.clocks, rows, strict=True):
        wrong = _unequal(kept, row, BY_MARKS)
        if (kept["is_late"] and not row["is_late"]) or (row["stopped_at"] and kept["is_late"] != row["is_late"]):
            wrong.append("is_late")
        if wrong:
            yield "P3", CLOCK_WRONG, f"{row['clock']}: {', '.join(f'{n} {kept[n]} / {row[n]}' for n in wrong)}"
        elif _is_forgotten(kept, row, last):
            yield "P3", CLOCK_FORGOTTEN, f"{row['clock']}: {row['due_at']}"


def _is_forgotten(kept: Mapping[str, Any], row: Mapping[str, Any], now: datetime) -> bool:
    """Whether the tick will not look at a clock by the time at which its phase changes next, or changed already."""
    if row["stopped_at"] or row["paused_at"]:
        return False
    if row["is_late"]:
        return not kept["is_late"] and (kept["next_at"] is None or kept["next_at"] > now + AGAIN)
    return kept["next_at"] is None or kept["next_at"] > max(row["next_at"], now) + AGAIN


def _unequal(kept: Mapping[str, Any], values: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    return [name for name in names if kept[name] != values[name]]
