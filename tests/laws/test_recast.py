"""Laws of the readings, over random editions and events: an oracle of cells, sums, an activation in the middle of a count."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geogrid.actions.accept import accept_report
from geogrid.actions.district import district_of, open_district
from geogrid.actions.editions import activate_edition, load_edition
from geogrid.actions.place import place_event
from geogrid.actions.recast import count_events
from geogrid.domain.grids import GeographyKind
from geogrid.domain.readings import Asked, Bucket, CountLevel, NoHeir, Part, Period, Reading
from geogrid.settings import read_settings
from geogrid.space.heirs import heirs_of
from geogrid.space.tally import period_starts, tally
from geogrid.store import readings
from geogrid.store.schema import migrate
from geogrid.store.session import engine_of, session_scope, snapshot_scope
from tests.build_district import A1, A2, NOW, SOUTH, VILLAGE_A, WEST, geography, grids, profile, publish, report

CELLS = 4  # to a side of the district; an edition gives each cell to one of a few grids
STEP = 0.005
LABELS = 5
LATER = NOW + timedelta(hours=1)
OUTSIDE = (126.5999, 45.905)

editions_of_cells = st.lists(st.integers(0, LABELS - 1), min_size=CELLS**2, max_size=CELLS**2)
# twice the place in cells: odd is inside a cell, even on a line between cells; None: without a position; -1: outside
spots = st.one_of(st.none(), st.just(-1), st.tuples(st.integers(0, 2 * CELLS), st.integers(0, 2 * CELLS)))


def code_of(label: int) -> str:
    return f"9999010010010{label:02d}"


def frame_of(labels: list[int]) -> gpd.GeoDataFrame:
    edges = [[round(low + STEP * i, 9) for i in range(CELLS + 1)] for low in (WEST, SOUTH)]
    cells = [
        shapely.box(edges[0][i % CELLS], edges[1][i // CELLS], edges[0][i % CELLS + 1], edges[1][i // CELLS + 1])
        for i in range(CELLS**2)
    ]
    row = {"name": "", "kind": "ordinary", "village_code": VILLAGE_A, "households": 0, "leader": ""}
    rows = [
        {**row, "code": code_of(label), "geometry": shapely.union_all([cells[i] for i in range(CELLS**2) if labels[i] == label])}
        for label in sorted(set(labels))
    ]
    return gpd.GeoDataFrame(rows, crs=4490).assign(synthetic=True)


def lonlat_of(spot):
    if spot is None or spot == -1:
        return None if spot is None else OUTSIDE
    return tuple(round(low + STEP * at / 2, 9) for low, at in zip((WEST, SOUTH), spot, strict=True))


def covering(spot, labels: list[int]) -> str | None:
    """The lowest code of the cells that touch a spot: no shapes, only whole numbers."""
    if spot is None or spot == -1:
        return None
    columns, rows = ({min(max(i, 0), CELLS - 1) for i in ((at - 1) // 2, at // 2)} for at in spot)
    return min(code_of(labels[row * CELLS + column]) for row in rows for column in columns)


def heir(label: int, old: list[int], new: list[int]) -> str | None:
    went_to = {after for before, after in zip(old, new, strict=True) if before == label}
    return code_of(went_to.pop()) if len(went_to) == 1 else None


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=editions_of_cells, new=editions_of_cells, where=st.lists(st.tuples(spots, st.integers(0, LABELS - 1)), max_size=12))
def test_every_reading_agrees_with_an_oracle_of_cells(session, old, new, where):
    nested = session.begin_nested()
    publish(session, "old", geography() | {GeographyKind.BASE_GRIDS: frame_of(old)})
    district = district_of(profile(), session)
    recorded, recast, lost = Counter(), Counter(), 0
    for spot, label in where:
        event = accept_report(session, report(lonlat_of(spot)), now=NOW, district=district, actor="test").event
        grid, after = covering(spot, old), covering(spot, new)
        if grid is None and label in old:
            place_event(session, event.id, code_of(label), now=NOW, district=district, actor="desk")
            grid, after = code_of(label), heir(label, old, new)
            lost += after is None
        recorded[grid] += 1
        recast[after] += 1
    load_edition(session, "new", {GeographyKind.BASE_GRIDS: frame_of(new)}, now=LATER, district=district)
    wanted = {Reading.RECORDED: recorded, Reading.AS_OF: recorded, Reading.RECAST: recast}
    for reading, expected in wanted.items():
        edition = "new" if reading is Reading.RECAST else None
        asked = Asked(reading=reading, edition=edition, period=Period.DAY, parts=(Part.STATE,), flow=True)
        found = count_events(session, asked, now=LATER, district=district)
        assert {row.code: row.recorded for row in found.counts if row.recorded} == recorded
        assert {row.code: row.counted for row in found.counts if row.counted} == expected
        assert sum(moved.events for moved in found.moved) == found.total == len(where)
    assert found.buckets[Bucket.NOT_RECASTABLE][1] == lost == len(found.not_recast)
    nested.rollback()


@given(st.lists(st.tuples(*[st.integers(-3, 5)] * 3), max_size=60))
def test_tallies_are_counts_whatever_the_portions(rows):
    whole, parted = Counter(), Counter()
    columns = [np.array(column, dtype=np.int32) for column in zip(*rows, strict=True)] if rows else [np.empty(0, np.int32)] * 3
    tally(whole, columns)
    for part in np.array_split(np.arange(len(rows)), 3):
        tally(parted, [column[part] for column in columns])
    assert whole == parted == Counter(rows)


@given(st.lists(st.integers(-(10**15), 4 * 10**15), min_size=1, max_size=20), st.sampled_from(list(Period)))
def test_starts_of_periods_are_those_of_the_calendar(instants, period):
    import pandas as pd

    for timezone in ("Asia/Shanghai", "America/New_York"):
        found = period_starts(np.array(instants), period, timezone)
        for instant, start in zip(instants, found, strict=True):
            day = pd.Timestamp(instant, unit="us", tz="UTC").tz_convert(timezone).date()
            first = {
                Period.DAY: day,
                Period.WEEK: day - timedelta(days=day.weekday()),
                Period.MONTH: day.replace(day=1),
                Period.QUARTER: day.replace(day=1, month=(day.month - 1) // 3 * 3 + 1),
                Period.YEAR: day.replace(day=1, month=1),
            }[period]
            assert str(np.datetime64(int(start), "D")) == first.isoformat()


@pytest.mark.parametrize(("lost_deg", "reason"), [(1e-9, None), (1e-4, NoHeir.DIVIDED)])
def test_a_sliver_is_no_division(lost_deg, reason):
    """A border drawn twice differs by a rounding; a strip of eight metres is land that went elsewhere."""
    frame, moved = grids(), grids(split_m=-lost_deg)
    sides = [values for f in (frame, moved) for values in (f["code"].to_numpy(object), np.asarray(f.geometry.array))]
    found = heirs_of(*sides, metric_srid=profile().metric_srid)
    assert found[A1].reason is reason
    assert (found[A1].code == A1) == (reason is None)
    assert found[A2].code == A2


@pytest.mark.parametrize("reading", [Reading.RECORDED, Reading.AS_OF, Reading.RECAST])
def test_an_activation_in_the_middle_of_a_count_changes_nothing_in_it(fresh_database, monkeypatch, tmp_path, reading):
    """Without one snapshot, rows read before and after the flip would lie under two editions."""
    engine = engine_of(fresh_database)
    migrate(engine)
    with session_scope(engine) as session:
        publish(session)
    district = open_district(read_settings({"GEOGRID_VAR": str(tmp_path)}), engine)
    with session_scope(engine) as session:
        for _ in range(6):
            accept_report(session, report((126.605, 45.9101)), now=NOW, district=district, actor="test")
        load_edition(session, "second", {GeographyKind.BASE_GRIDS: grids(split_m=0.001)}, now=NOW, district=district)
    monkeypatch.setattr(readings, "ROWS_AT_ONCE", 2)
    real, activated = readings.read, []

    def interrupted(*args, **options):
        for rows in real(*args, **options):
            if not activated:
                with session_scope(engine) as other:
                    activated.append(activate_edition(other, "second", now=LATER, district=district))
            yield rows

    monkeypatch.setattr(readings, "read", interrupted)
    asked = Asked(reading=reading, by=CountLevel.GRID, edition="first" if reading is Reading.RECAST else None, flow=True)
    with snapshot_scope(engine) as session:
        during = count_events(session, asked, now=LATER, district=district)
    assert activated[0].moved == 6
    assert {(row.code, row.recorded, row.counted) for row in during.counts} == {(A2, 6, 6)}
    with snapshot_scope(engine) as session:
        after = count_events(session, Asked(), now=LATER, district=district)
    assert {(row.code, row.recorded) for row in after.counts} == {(A1, 6)}
    engine.dispose()
