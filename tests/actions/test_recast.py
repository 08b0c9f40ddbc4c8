"""Three readings of one register, each compared with an oracle that looks at every event by itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import shapely

from geogrid import errors
from geogrid.actions.accept import accept_report
from geogrid.actions.district import district_of
from geogrid.actions.editions import load_edition, withdraw_edition
from geogrid.actions.place import place_event
from geogrid.actions.recast import count_events
from geogrid.actions.recast_target import BUCKETS, RULES
from geogrid.domain.events import EventState, Step, StepKind
from geogrid.domain.grids import GeographyKind
from geogrid.domain.readings import Asked, Bucket, CountLevel, NoHeir, Part, Period, Reading
from geogrid.store import cells, editions, events, readings
from tests.build_district import (
    A1,
    A2,
    B1,
    B2,
    IN_A1,
    IN_A2,
    IN_B1,
    IN_B2,
    NOW,
    SIDE,
    SOUTH,
    WEST,
    grids,
    profile,
    publish,
    report,
)

OUTSIDE = (126.5999, 45.905)
BORDER = (126.605, 45.91)
NEAR_BORDER = (126.605, 45.9101)  # in A2 until the border moves up
MERGED = "999901001001003"
LATER = NOW + timedelta(hours=2)


def accept(session, district, lonlat=IN_A1, *, at=NOW, **values):
    made = replace(report(lonlat, **values), observed_at=at - timedelta(minutes=1))
    return accept_report(session, made, now=at, district=district, actor="test").event


def close(session, event, *, at):
    kinds = (StepKind.OPEN, StepKind.DISPATCH, StepKind.HANDLE, StepKind.VERIFY, StepKind.CLOSE)
    first = len(events.find(session, event.id).steps) + 1
    events.add_steps(session, event.id, [Step(first + i, kind, at, "test") for i, kind in enumerate(kinds)])
    cells.subtract(session, [event.id])
    events.project(session, event.id, EventState.CLOSED, closed_at=at)
    cells.add(session, [event.id])


def merged_and_split():
    """A1 and A2 become one grid; B1 is cut in two, its west half keeps the code; B2 stays."""
    frame = grids()
    whole = shapely.union_all(frame.geometry[:2].array)
    west, south, east, north = frame.geometry[2].bounds
    middle = round((west + east) / 2, 9)
    rows = [
        frame.iloc[0].to_dict() | {"code": MERGED, "geometry": whole},
        frame.iloc[2].to_dict() | {"geometry": shapely.box(west, south, middle, north)},
        frame.iloc[2].to_dict() | {"code": "999901002001003", "geometry": shapely.box(middle, south, east, north)},
        frame.iloc[3].to_dict(),
    ]
    return type(frame)(rows, geometry="geometry", crs=frame.crs)


def draft(session, district, frame, name="draft"):
    return load_edition(session, name, {GeographyKind.BASE_GRIDS: frame}, now=LATER, district=district)


def ask(session, district, now=LATER, **values):
    return count_events(session, Asked(**values), now=now, district=district)


def by_code(counts, side="counted"):
    found = Counter()
    for row in counts.counts:
        found[row.code] += getattr(row, side)
    return {code: number for code, number in found.items() if number}


def in_bucket(counts, bucket):
    return counts.buckets[bucket][1]


def test_numbers_of_rules_are_numbers_of_buckets():
    assert [bucket.value for bucket in BUCKETS[: len(RULES)]] == [rule.value for rule in RULES]
    assert len(RULES) == readings.NOT_YET


def test_an_empty_register_counts_nothing_and_reconciles(session, district):
    for reading in Reading:
        found = ask(session, district, reading=reading, flow=True)
        assert (found.total, found.counts, found.moved) == (0, (), ())


def test_as_recorded_is_what_stands_in_the_rows(session, district):
    for lonlat in (IN_A1, IN_A1, IN_B2, OUTSIDE, BORDER, None):
        accept(session, district, lonlat)
    found = ask(session, district, flow=True)
    assert found.total == 6
    assert by_code(found) == {A1: 3, B2: 1, None: 2}
    assert {b: n for b, (n, _) in found.buckets.items() if n} == {
        Bucket.INSIDE: 3, Bucket.BORDER: 1, Bucket.OUTSIDE: 1, Bucket.UNLOCATED: 1,
    }  # fmt: skip
    assert all(old == new for old, new in ((m.old_code, m.new_code) for m in found.moved))


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (CountLevel.VILLAGE, {"999901001001": 2, "999901002001": 1, None: 1}),
        (CountLevel.TOWNSHIP, {"999901001000": 2, "999901002000": 1, None: 1}),
        (CountLevel.DISTRICT, {"999901": 3, None: 1}),
        (CountLevel.DEPARTMENT, {"01020399990100100100": 2, None: 2}),
        (CountLevel.STATION, {"99990100100101": 2, "99990100200101": 1, None: 1}),
    ],
)
@pytest.mark.parametrize("reading", list(Reading))
def test_every_level_in_every_reading(session, district, by, expected, reading):
    for lonlat in (IN_A1, IN_A2, IN_B2, None):
        accept(session, district, lonlat)
    found = ask(session, district, by=by, reading=reading, flow=True)
    assert by_code(found) == by_code(found, "recorded") == expected


def test_recast_to_a_draft_assigns_every_point_anew_also_of_closed_events(session, district):
    moved, _ = accept(session, district, NEAR_BORDER), accept(session, district, IN_A2)
    close(session, moved, at=NOW + timedelta(hours=1))
    draft(session, district, grids(split_m=0.001))
    found = ask(session, district, reading=Reading.RECAST, edition="draft", flow=True)
    assert by_code(found, "recorded") == {A2: 2}
    assert by_code(found) == {A1: 1, A2: 1}
    assert [(m.old_code, m.new_code, m.events) for m in found.moved] == [(A2, A1, 1), (A2, A2, 1)]
    assert editions.named(session, "draft").state == "loaded"


def test_a_draft_that_is_loaded_again_is_read_again(session, district):
    accept(session, district, NEAR_BORDER)
    for split_m, grid in ((0.001, A1), (0.0, A2)):
        draft(session, district, grids(split_m=split_m))
        assert by_code(ask(session, district, reading=Reading.RECAST, edition="draft")) == {grid: 1}


def test_recast_to_the_past_gives_back_what_was(session, district):
    accept(session, district, NEAR_BORDER)
    publish(session, "second", {GeographyKind.BASE_GRIDS: grids(split_m=0.001)}, now=LATER)
    assert by_code(ask(session, district)) == {A1: 1}
    assert by_code(ask(session, district, reading=Reading.RECAST, edition="first")) == {A2: 1}
    assert by_code(ask(session, district, reading=Reading.RECAST)) == {A1: 1}


@pytest.mark.parametrize("lonlat", [None, OUTSIDE])
def test_the_word_of_a_person_follows_a_grid_that_went_wholly_to_another(session, district, lonlat):
    event = accept(session, district, lonlat)
    place_event(session, event.id, A1, now=NOW, district=district, actor="desk")
    draft(session, district, merged_and_split())
    found = ask(session, district, reading=Reading.RECAST, edition="draft")
    assert by_code(found) == {MERGED: 1}
    assert in_bucket(found, Bucket.PLACED) == 1


def test_where_the_grid_was_divided_nothing_is_guessed_and_nothing_lost(session, district):
    event = accept(session, district, None)
    place_event(session, event.id, B1, now=NOW, district=district, actor="desk")
    draft(session, district, merged_and_split())
    found = ask(session, district, reading=Reading.RECAST, edition="draft", flow=True)
    assert by_code(found) == {None: 1}
    assert in_bucket(found, Bucket.NOT_RECASTABLE) == 1
    (lost,) = found.not_recast
    assert (lost.event_id, lost.number, lost.grid_code, lost.edition) == (event.id, event.number, B1, "first")
    assert (lost.reason, lost.heirs) == (NoHeir.DIVIDED, (B1, "999901002001003"))
    assert [(m.old_code, m.new_bucket) for m in found.moved] == [(B1, Bucket.NOT_RECASTABLE)]


def test_a_grid_that_lost_ground_or_all_of_it_has_no_heir(session, district):
    for code in (A1, B2):
        event = accept(session, district, None)
        place_event(session, event.id, code, now=NOW, district=district, actor="desk")
    less = grids()
    less.loc[0, "geometry"] = shapely.box(WEST, SOUTH, WEST + SIDE, SOUTH + SIDE / 2)
    draft(session, district, less[:3])
    found = ask(session, district, reading=Reading.RECAST, edition="draft")
    assert {lost.grid_code: lost.reason for lost in found.not_recast} == {A1: NoHeir.PARTLY, B2: NoHeir.GONE}


def test_a_point_that_the_new_grids_cover_overrules_the_person(session, district):
    event = accept(session, district, OUTSIDE)
    place_event(session, event.id, B2, now=NOW, district=district, actor="desk")
    wider = grids()
    wider.loc[0, "geometry"] = shapely.box(WEST - 0.001, SOUTH, WEST + SIDE, SOUTH + SIDE)
    draft(session, district, wider)
    assert by_code(ask(session, district, reading=Reading.RECAST, edition="draft")) == {A1: 1}


def register_through_time(session, district):
    """What happens hour by hour: reports, a placing, an activation, a closing; yields the instant after each."""
    first = accept(session, district, NEAR_BORDER, at=NOW)
    yield NOW
    lost = accept(session, district, None, at=NOW + timedelta(hours=1))
    yield NOW + timedelta(hours=1)
    place_event(session, lost.id, B1, now=NOW + timedelta(hours=2), district=district, actor="desk")
    yield NOW + timedelta(hours=2)
    publish(session, "second", {GeographyKind.BASE_GRIDS: grids(split_m=0.001)}, now=NOW + timedelta(hours=3))
    yield NOW + timedelta(hours=3)
    close(session, first, at=NOW + timedelta(hours=4))
    yield NOW + timedelta(hours=4)
    accept(session, district, IN_B2, at=NOW + timedelta(hours=5))
    yield NOW + timedelta(hours=5)


@pytest.mark.parametrize("by", list(CountLevel))
def test_as_of_equals_a_copy_of_the_register_made_then(session, district, by):
    """The copy is the reading as recorded at that moment: as-of must say the same ever after."""
    copies, split = {}, {"by": by, "parts": (Part.STATE,), "period": Period.DAY}
    for at in register_through_time(session, district):
        copy = ask(session, district, **split)
        copies[at] = {(row.code, row.period, row.parts): row.recorded for row in copy.counts}
    for at, copy in copies.items():
        found = ask(session, district, reading=Reading.AS_OF, as_of=at, flow=True, **split)
        assert found.total == 3
        seen = {(row.code, row.period, row.parts): row.counted for row in found.counts if row.counted and row.parts != ("",)}
        assert seen == copy
        assert in_bucket(found, Bucket.NOT_YET) == 3 - sum(copy.values())


@pytest.mark.parametrize("hours", [(0, 1), (1, 5), (5, 6), (None, 1), (1, None)])
def test_as_of_of_a_period_is_the_copy_of_that_period(session, district, hours):
    """The history of the period's events alone is read: what they were then must not depend on it."""
    first, last = (None if hour is None else NOW + timedelta(hours=hour) for hour in hours)
    asked, copies = {"by": CountLevel.GRID, "parts": (Part.STATE,), "start": first, "end": last}, {}
    for at in register_through_time(session, district):
        copies[at] = {(row.code, row.parts): row.recorded for row in ask(session, district, **asked).counts}
    for at, copy in copies.items():
        found = ask(session, district, reading=Reading.AS_OF, as_of=at, flow=True, **asked)
        assert {(row.code, row.parts): row.counted for row in found.counts if row.counted and row.parts != ("",)} == copy


def test_as_of_now_is_as_recorded(session, district):
    for _ in register_through_time(session, district):
        pass
    found = ask(session, district, reading=Reading.AS_OF, as_of=NOW + timedelta(hours=5), parts=tuple(Part), period=Period.WEEK)
    assert all(row.recorded == row.counted for row in found.counts)
    assert all(recorded == counted for recorded, counted in found.buckets.values())


def test_what_came_into_the_register_later_was_not_in_it_then(session, district):
    event = accept(session, district)
    session.execute(events.events.update().where(events.events.c.id == event.id).values(reported_at=NOW - timedelta(days=9)))
    found = ask(session, district, reading=Reading.AS_OF, as_of=NOW - timedelta(days=1))
    assert (found.total, in_bucket(found, Bucket.NOT_YET)) == (1, 1)


MIDNIGHT = datetime(2024, 12, 31, 16, 0, tzinfo=UTC)  # in Shanghai 2025 begins


@pytest.mark.parametrize(
    ("period", "before", "after"),
    [
        (Period.DAY, "2024-12-31", "2025-01-01"),
        (Period.WEEK, "2024-12-30", "2024-12-30"),
        (Period.MONTH, "2024-12-01", "2025-01-01"),
        (Period.QUARTER, "2024-10-01", "2025-01-01"),
        (Period.YEAR, "2024-01-01", "2025-01-01"),
    ],
)
def test_periods_turn_at_local_midnight(session, district, period, before, after):
    for at in (MIDNIGHT - timedelta(microseconds=1), MIDNIGHT):
        event = accept(session, district)
        session.execute(events.events.update().where(events.events.c.id == event.id).values(reported_at=at))
    found = ask(session, district, period=period)
    assert [row.period for row in found.counts] == sorted({before, after})
    assert found.total == 2
    assert ask(session, district, start=MIDNIGHT).total == 1
    assert ask(session, district, end=MIDNIGHT).total == 1


def test_parts_and_portions_change_no_sum(session, district, monkeypatch):
    monkeypatch.setattr(readings, "ROWS_AT_ONCE", 3)
    for lonlat in (IN_A1, IN_A2, IN_B1, IN_B2, None, OUTSIDE, BORDER):
        accept(session, district, lonlat)
    for reading in Reading:
        found = ask(session, district, reading=reading, parts=tuple(Part), period=Period.DAY, flow=True)
        assert found.total == sum(row.counted for row in found.counts) == sum(row.recorded for row in found.counts) == 7
        assert {row.parts for row in found.counts} == {("patrol", "facility", "reported")}


def test_a_sum_that_is_wrong_is_an_error_and_no_figure(session, district, monkeypatch):
    accept(session, district)
    monkeypatch.setattr(readings, "count", lambda session, source: 2)
    with pytest.raises(errors.CountsUnreconciled):
        ask(session, district)


def test_too_many_rows_are_refused(session, district):
    for lonlat in (IN_A1, IN_A2):
        accept(session, district, lonlat)
    with pytest.raises(errors.CountsTooMany):
        count_events(session, Asked(), now=LATER, district=district, most_rows=1)


def test_editions_that_cannot_answer_are_named(session, district):
    with pytest.raises(errors.NotFoundError):
        ask(session, district, reading=Reading.RECAST, edition="nowhere")
    draft(session, district, grids(), "gone")
    withdraw_edition(session, "gone")
    with pytest.raises(errors.EditionWithdrawn):
        ask(session, district, reading=Reading.RECAST, edition="gone")


def test_without_an_edition_in_force_there_is_nothing_to_recast_to(session):
    with pytest.raises(errors.EditionNotInForce):
        ask(session, district_of(profile(), session), reading=Reading.RECAST)
