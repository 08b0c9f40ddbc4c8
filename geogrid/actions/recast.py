"""Count any years of events: as recorded, as of an instant, recast to any edition. Every total reconciles, or there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geogrid import errors
from geogrid.actions.district import District
from geogrid.actions.recast_target import BUCKETS, NOT_RECASTABLE, Codes, Target, target_of
from geogrid.domain.readings import Asked, Bucket, Count, Counts, Moved, NotRecast, Part, Reading
from geogrid.space.tally import day_text, period_starts, tally
from geogrid.store import analysis, editions, readings

MOST_ROWS = 2_000_000
MOST_NAMED = 1_000  # events that cannot be recast, by name; the bucket counts all
NOT_YET = BUCKETS.index(Bucket.NOT_YET)
ALL = 0  # stands for the period where none was asked for

Tally = Counter[tuple[int, ...]]


@dataclass
class _Tallies:
    """What was counted so far: (period, parts ..., key, bucket) on both sides, and (key, bucket, key, bucket) of the flow."""

    recorded: Tally = field(default_factory=Counter)
    reading: Tally = field(default_factory=Counter)
    flow: Tally = field(default_factory=Counter)
    lost: list[tuple[UUID, int]] = field(default_factory=list)


def count_events(session: Session, asked: Asked, *, now: datetime, district: District, most_rows: int = MOST_ROWS) -> Counts:
    """Count events by place and time in one of the three readings, beside the same as recorded.

    ``session`` should read a snapshot (:func:`geogrid.store.session.snapshot_scope`): several statements must see the same rows.
    Nothing is written. Events are read in portions: memory follows the number of different answers, not that of events.

    Raises
    ------
    errors.CountsUnreconciled
        where a sum is not the number of events of the period: nothing is returned rather than a wrong figure.
    errors.CountsTooMany
        where the answer would have more than ``most_rows`` rows.
    errors.NotFoundError, EditionNotInForce, EditionWithdrawn, EditionIncomplete
        where there is no such edition to recast to.
    """
    as_of = (asked.as_of or now) if asked.reading is Reading.AS_OF else None
    source = readings.Source(asked.by, asked.start, asked.end, as_of, district.profile.code)
    total = readings.count(session, source)
    keys = Codes(sorted(readings.codes(session, source)))
    target = _target(session, asked, source, keys, district, total)
    tallies = _count(session, asked, source, keys, target, district.profile.timezone, most_rows)
    _reconcile(tallies, total, flow=asked.flow)
    return Counts(
        asked=asked,
        edition=None if target is None else target.edition.name,
        total=total,
        last_step=analysis.last_step(session),
        buckets=_buckets(tallies),
        counts=tuple(_counts(asked, tallies, keys)),
        moved=tuple(_moved(tallies.flow, keys)),
        not_recast=tuple(_not_recast(session, tallies.lost, target)),
    )


def _target(
    session: Session, asked: Asked, source: readings.Source, keys: Codes, district: District, total: int
) -> Target | None:
    if asked.reading is not Reading.RECAST:
        return None
    edition = editions.in_force(session) if asked.edition is None else editions.named(session, asked.edition)
    return target_of(session, edition, asked.by, readings.by_hand(session, source), keys, district, events=total)


# -- counting ---------------------------------------------------------------------------------------------------------


def _count(
    session: Session,
    asked: Asked,
    source: readings.Source,
    keys: Codes,
    target: Target | None,
    timezone: str,
    most_rows: int,
) -> _Tallies:
    tallies = _Tallies()
    hands = None if target is None else target.hands
    options: dict[str, Any] = {
        "key_codes": list(keys.texts),
        "parts": asked.parts,
        "timed": asked.period is not None,
        "hands": hands,
    }
    for rows in readings.read(session, source, **options):
        _add(tallies, asked, rows, target, timezone)
        if max(len(tallies.recorded), len(tallies.reading), len(tallies.flow)) > most_rows:
            raise errors.CountsTooMany(most=most_rows)
    return tallies


def _add(tallies: _Tallies, asked: Asked, rows: NDArray[np.void], target: Target | None, timezone: str) -> None:
    when = np.full(len(rows), ALL) if asked.period is None else period_starts(rows["reported_us"], asked.period, timezone)
    parts = [rows[part.value] for part in asked.parts]
    tally(tallies.recorded, [when, *parts, rows["key"], rows["rule"]])
    if asked.reading is Reading.RECORDED:
        key, bucket = rows["key"], rows["rule"]
    elif target is None:
        key, bucket = rows["key_then"], np.where(rows["rule_then"] == readings.NOT_YET, NOT_YET, rows["rule_then"])
        parts = [_then(rows, part) for part in asked.parts]
    else:
        bucket, key = target.places(rows)
        lost = np.flatnonzero(bucket == NOT_RECASTABLE)[: MOST_NAMED - len(tallies.lost)]
        tallies.lost += [(UUID(bytes=rows["id"][i].tobytes()), int(rows["hand"][i])) for i in lost]
    tally(tallies.reading, [when, *parts, key, bucket])
    if asked.flow:
        old, new = ((k, np.where(k < 0, b, -1)) for k, b in ((rows["key"], rows["rule"]), (key, bucket)))
        tally(tallies.flow, [*old, *new])


def _then(rows: NDArray[np.void], part: Part) -> NDArray[np.int32]:
    """Return a part as it stood then: only the state changes; an event that the register did not know has none."""
    if part is not Part.STATE:
        return rows[part.value]
    return np.where(rows["rule_then"] == readings.NOT_YET, -1, rows["state_then"])


# -- the answer -------------------------------------------------------------------------------------------------------


def _reconcile(tallies: _Tallies, total: int, *, flow: bool) -> None:
    """Raise CountsUnreconciled unless every sum is the number of events, and the flow's margins are both readings' counts."""
    sums = {"as recorded": tallies.recorded.total(), "the reading": tallies.reading.total()}
    if flow:
        sums["the flow"] = tallies.flow.total()
    for what, got in sums.items():
        if got != total:
            raise errors.CountsUnreconciled(what=what, got=got, wanted=total)
    if flow:
        for what, side, counted in (
            ("as recorded", slice(0, 2), tallies.recorded),
            ("the reading", slice(2, 4), tallies.reading),
        ):
            if _margin(tallies.flow, side) != _places(counted):
                raise errors.CountsUnreconciled(what=f"the flow against {what}", got=tallies.flow.total(), wanted=total)


def _margin(flow: Tally, side: slice) -> Tally:
    found: Tally = Counter()
    for combination, number in flow.items():
        found[combination[side]] += number
    return found


def _places(counted: Tally) -> Tally:
    found: Tally = Counter()
    for (*_, key, bucket), number in counted.items():
        found[key, bucket if key < 0 else -1] += number
    return found


def _buckets(tallies: _Tallies) -> dict[Bucket, tuple[int, int]]:
    sides: list[Counter[int]] = [Counter(), Counter()]
    for side, counted in zip(sides, (tallies.recorded, tallies.reading), strict=True):
        for (*_, bucket), number in counted.items():
            side[bucket] += number
    return {bucket: (sides[0][i], sides[1][i]) for i, bucket in enumerate(BUCKETS)}


def _counts(asked: Asked, tallies: _Tallies, keys: Codes) -> Iterator[Count]:
    both: dict[tuple[int, ...], list[int]] = {}
    for side, counted in enumerate((tallies.recorded, tallies.reading)):
        for combination, number in counted.items():
            both.setdefault(combination[:-1], [0, 0])[side] += number
    enums = [readings.PARTS[part].codes() for part in asked.parts]
    rows = [
        Count(
            code=keys.text(key),
            period=None if asked.period is None else day_text(when),
            parts=tuple("" if number < 0 else codes[number] for codes, number in zip(enums, parts, strict=True)),
            recorded=recorded,
            counted=counted,
        )
        for (when, *parts, key), (recorded, counted) in both.items()
    ]
    yield from sorted(rows, key=lambda row: (row.code is None, row.code or "", row.period or "", row.parts))


def _moved(flow: Tally, keys: Codes) -> Iterator[Moved]:
    rows = [
        Moved(keys.text(old), keys.text(new), _bucket(why_old), _bucket(why_new), number)
        for (old, why_old, new, why_new), number in flow.items()
    ]
    yield from sorted(
        rows, key=lambda row: (row.old_code or "~", row.new_code or "~", row.old_bucket or "", row.new_bucket or "")
    )


def _bucket(number: int) -> Bucket | None:
    return None if number < 0 else BUCKETS[number]


def _not_recast(session: Session, lost: Sequence[tuple[UUID, int]], target: Target | None) -> Iterator[NotRecast]:
    if target is None or not lost:
        return
    numbers = readings.numbers_of(session, [event_id for event_id, _ in lost])
    names = {edition.id: edition.name for edition in editions.every(session)}
    for event_id, hand in sorted(lost, key=lambda one: numbers[one[0]]):
        (edition_id, code), heir = target.hands[hand], target.heirs[hand]
        if heir.reason is None:
            raise RuntimeError(f"event {event_id} has an heir and was not recast")
        yield NotRecast(event_id, numbers[event_id], code, names[edition_id], heir.reason, heir.all)
