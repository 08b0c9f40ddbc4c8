"""Editions: loaded without effect, activated at once, with lineage; open events follow, closed ones stay."""

from __future__ import annotations

from datetime import timedelta

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from sqlalchemy import text

from geogrid.actions.accept import accept_report
from geogrid.actions.accept_batch import accept_batch
from geogrid.actions.district import district_of
from geogrid.actions.editions import activate_edition, load_edition, withdraw_edition
from geogrid.domain.events import StepKind
from geogrid.domain.grids import AssignmentRule, EditionState, GeographyKind
from geogrid.errors import EditionBaseChanged, EditionFaulty, EditionIncomplete, EditionSuspicious, NotFoundError
from geogrid.errors import EditionState as EditionStateError
from geogrid.space.copies import COPY_ZOOMS
from geogrid.store import cells, editions, events, locks
from geogrid.store.geography import frame_of, frames_of
from tests.build_district import (
    A1,
    A2,
    B1,
    B2,
    IN_A1,
    IN_B1,
    NOW,
    TOWNSHIP_A,
    VILLAGE_A,
    VILLAGE_B,
    box,
    departments,
    frame,
    geography,
    grids,
    households,
    profile,
    publish,
    report,
    units,
)

GRIDS = GeographyKind.BASE_GRIDS
LATER = NOW + timedelta(hours=1)
CLOSED = [StepKind.REPORT, StepKind.OPEN, StepKind.DISPATCH, StepKind.HANDLE, StepKind.VERIFY, StepKind.CLOSE]
IN_STRIP = (126.605, 45.9105)  # A2 in the first edition, A1 once the border moved up by 0.001 degrees


def accept(session, place):
    district = district_of(profile(), session)
    return accept_report(session, report(place), now=NOW, district=district, actor="officer").event


def test_loading_changes_nothing_that_is_in_force(session, district):
    load_edition(session, "next", {GRIDS: grids(split_m=0.001)}, now=LATER, district=district)
    assert editions.in_force(session).name == "first"
    assert accept(session, IN_STRIP).assignment.grid_code == A2
    loaded = editions.named(session, "next")
    assert (loaded.state, loaded.valid_from, loaded.replaces) == (EditionState.LOADED, None, (GRIDS,))


def test_an_edition_is_made_of_its_rows_and_of_what_it_does_not_replace(session, district):
    loaded = load_edition(session, "next", {GRIDS: grids(split_m=0.001)}, now=LATER, district=district)
    frames = frames_of(session, loaded.id)
    assert sorted(frames.grids["code"]) == [A1, A2, B1, B2]
    assert len(frames.stations) == 3
    assert frames.district.equals(shapely.box(126.6, 45.9, 126.62, 45.92))
    assert frames.grids.set_index("code").geometry[A1].bounds[3] == pytest.approx(45.911)
    first = editions.in_force(session)
    publish(session, "next 2", {GRIDS: grids(split_m=0.002)}, now=LATER)
    old = frames_of(session, first.id).grids.set_index("code")
    assert old.geometry[A1].bounds[3] == pytest.approx(45.91)  # a retired edition can still be asked
    assert old["area_m2"][A1] == pytest.approx(862_500, rel=0.01)


def test_the_same_kind_loaded_again_replaces_its_rows(session, district):
    for split_m in (0.001, 0.002):
        loaded = load_edition(session, "next", {GRIDS: grids(split_m=split_m)}, now=LATER, district=district)
    assert session.scalar(text("SELECT count(*) FROM base_grids WHERE edition_id = :id"), {"id": loaded.id}) == 4
    with pytest.raises(EditionStateError):
        load_edition(session, "first", {GRIDS: grids()}, now=LATER, district=district)


def test_activation_flips_rows_and_editions_at_one_instant(session, district):
    done = publish(session, "next", {GRIDS: grids(split_m=0.001)}, now=LATER)
    assert (done.edition.state, done.edition.valid_from, done.retired) == (EditionState.IN_FORCE, LATER, "first")
    first = editions.named(session, "first")
    assert (first.state, first.valid_to) == (EditionState.RETIRED, LATER)
    standing = "SELECT count(*) FROM {} WHERE upper_inf(valid) AND NOT isempty(valid)"
    assert [session.scalar(text(standing.format(kind))) for kind in ("base_grids", "stations")] == [4, 3]


def test_open_events_follow_and_closed_ones_stay(session, district):
    stays, moves = accept(session, IN_B1), accept(session, IN_STRIP)
    past = [(kind, NOW - timedelta(hours=6 - i)) for i, kind in enumerate(CLOSED)]
    closed = report(IN_STRIP)
    accept_batch(session, [closed], [past], now=NOW, district=district)
    done = publish(session, "next", {GRIDS: grids(split_m=0.001)}, now=LATER)
    assert (done.reassigned, done.moved) == (2, 1)
    moved = events.find(session, moves.id)
    assert (moved.assignment.grid_code, moved.assignment.edition_id) == (A1, done.edition.id)
    assert [(s.seq, s.kind, s.note) for s in moved.steps][2:] == [(3, StepKind.ASSIGN, "next")]
    assert [a.grid_code for _, a in events.history(session, moves.id)] == [A2, A1]
    assert len(events.find(session, stays.id).steps) == 2
    assert events.find(session, stays.id).assignment.edition_id == done.edition.id
    kept = events.find(session, closed.id)
    assert (kept.assignment.grid_code, kept.assignment.edition_id != done.edition.id) == (A2, True)
    assert cells.wrong(session) == []


def test_an_event_that_changes_its_township_moves_between_counts(session, district):
    accept(session, IN_B1)
    swapped = grids().assign(village_code=["999901002001", "999901002001", "999901001001", "999901001001"])
    publish(session, "next", {GRIDS: swapped}, now=LATER)
    (township,) = session.scalars(text("SELECT township_code FROM events"))
    assert township == "999901001000"
    assert cells.wrong(session) == []
    assert cells.total(session, cells.ZOOMS[0]) == 1


def test_an_event_that_changes_its_village_within_its_township_moves_between_counts(session, district):
    accept(session, IN_A1)
    other = "999901001002"
    with_two = units()
    with_two.loc[with_two.code == VILLAGE_A, "geometry"] = box(0, 1)
    added = {"code": other, "name": "丙社区", "level": "village", "kind": "community", "parent_code": TOWNSHIP_A}
    with_two = pd.concat([with_two, frame([{**added, "geometry": box(0, 0)}])], ignore_index=True)
    moved = grids().assign(village_code=[other, VILLAGE_A, VILLAGE_B, VILLAGE_B])
    publish(session, "next", {GeographyKind.UNITS: with_two, GRIDS: moved}, now=LATER)
    assert session.execute(text("SELECT township_code, village_code FROM events")).one() == (TOWNSHIP_A, other)
    assert cells.wrong(session) == []
    assert cells.total(session, cells.ZOOMS[0]) == 1


def test_lineage_says_what_became_of_what(session, district):
    done = publish(session, "next", {GRIDS: grids(split_m=0.001)}, now=LATER)
    rows = session.execute(text("SELECT * FROM lineage WHERE edition_id = :id"), {"id": done.edition.id}).mappings()
    shares = {(r["old_code"], r["new_code"]): (r["share_of_old_area"], r["share_of_old_households"]) for r in rows}
    assert set(shares) == {(A1, A1), (A2, A1), (A2, A2), (B1, B1), (B2, B1), (B2, B2)}
    assert shares[A2, A1] == (pytest.approx(0.1, abs=1e-4), pytest.approx(0.2))  # 1 of the 5 homes of A2 lies in the strip
    assert shares[A2, A2] == (pytest.approx(0.9, abs=1e-4), pytest.approx(0.8))


def test_grids_that_share_no_area_with_their_old_selves_stop_the_activation(session, district):
    swapped = grids()
    swapped["code"] = [A2, A1, B1, B2]
    load_edition(session, "next", {GRIDS: swapped}, now=LATER, district=district)
    with pytest.raises(EditionSuspicious, match="2 of 4") as caught:
        activate_edition(session, "next", now=LATER, district=district)
    assert caught.value.where == {"feature": [A1, A2]}
    assert activate_edition(session, "next", now=LATER, district=district, accept_moved=True).retired == "first"


def stretched(north: float) -> gpd.GeoDataFrame:
    """The four grids with the northern rim of A1 at another latitude: beyond 45.91 it overlaps A2, short of it there is a gap."""
    found = grids()
    found.loc[found["code"] == A1, "geometry"] = shapely.box(126.6, 45.9, 126.61, north)
    return found


def doubled(number: int) -> gpd.GeoDataFrame:
    """Two departments' grids over each other, which is well, and ``number`` more of the first, which is not."""
    row = departments().iloc[[0]]
    frames = [row.assign(code=f"{i}" + row["code"].iloc[0][1:]) for i in range(1, number + 1)]
    return pd.concat([departments(), *frames], ignore_index=True)


@pytest.mark.parametrize(
    ("kind", "frame", "says", "concerned"),
    [
        (GRIDS, lambda: stretched(45.9102), "1 overlaps, 0 gaps", [A1, A2]),
        (GRIDS, lambda: stretched(45.9098), "0 overlaps, 1 gaps", [A1, A2, B1]),
        (GeographyKind.DEPARTMENT_GRIDS, lambda: doubled(1), "1 overlaps, 0 gaps", None),
    ],
)
def test_grids_that_are_no_tiling_stop_the_activation_before_anybody_waits(
    session, district, monkeypatch, kind, frame, says, concerned
):
    load_edition(session, "next", {kind: frame()}, now=LATER, district=district)
    with monkeypatch.context() as patched:
        patched.setattr(locks, "take_publishing", lambda _: pytest.fail("locked before the check"))
        with pytest.raises(EditionFaulty, match=says) as caught:
            activate_edition(session, "next", now=LATER, district=district)
    assert "m²" in str(caught.value)
    assert concerned is None or set(concerned) <= set(caught.value.where["feature"])
    lon, lat = caught.value.where["lonlat"]
    assert 126.6 < lon < 126.62
    assert 45.9 < lat < 45.92
    assert activate_edition(session, "next", now=LATER, district=district, accept_faults=True).retired == "first"


def test_faults_up_to_the_tolerance_and_those_that_stood_before_stop_nothing(session, district):
    publish(session, "sliver", {GRIDS: stretched(45.91 + 1e-8)}, now=LATER)  # 1 mm by 775 m, below 1 m²
    publish(session, "faulty", {GRIDS: stretched(45.9102)}, now=LATER, accept_faults=True)
    publish(session, "homes", {GeographyKind.HOUSEHOLDS: households(6)}, now=LATER)


def test_without_a_district_polygon_holes_are_no_gaps_but_overlaps_are_faults(session):
    publish(session, "holes", {GRIDS: stretched(45.9098)})
    with pytest.raises(EditionFaulty, match="1 overlaps, 0 gaps"):
        publish(session, "overlap", {GRIDS: stretched(45.9102)}, now=LATER)


def test_where_grids_overlap_nobody_is_sure(session, district):
    publish(session, "faulty", {GRIDS: stretched(45.9102)}, now=LATER, accept_faults=True)
    found = accept(session, (126.605, 45.9101)).assignment
    assert (found.grid_code, found.rule, found.confidence) == (A1, AssignmentRule.OVERLAP, 0.5)
    assert [c.grid_code for c in found.candidates] == [A1, A2]


def test_an_edition_needs_grids_and_must_be_loaded(session):
    district = district_of(profile(), session)
    load_edition(session, "empty", {GeographyKind.STATIONS: geography()[GeographyKind.STATIONS]}, now=NOW, district=district)
    with pytest.raises(EditionIncomplete):
        activate_edition(session, "empty", now=NOW, district=district)
    with pytest.raises(NotFoundError):
        activate_edition(session, "nobody", now=NOW, district=district)
    publish(session)
    with pytest.raises(EditionStateError):
        activate_edition(session, "first", now=LATER, district=district)


def test_a_withdrawn_edition_leaves_no_rows_and_cannot_come_back(session, district):
    loaded = load_edition(session, "next", {GRIDS: grids()}, now=LATER, district=district)
    assert withdraw_edition(session, "next").state is EditionState.WITHDRAWN
    assert session.scalar(text("SELECT count(*) FROM base_grids WHERE edition_id = :id"), {"id": loaded.id}) == 0
    for again in (withdraw_edition, lambda s, n: activate_edition(s, n, now=LATER, district=district)):
        with pytest.raises(EditionStateError):
            again(session, "next")
    with pytest.raises(EditionStateError):
        withdraw_edition(session, "first")


@pytest.mark.parametrize("kind", [GRIDS, GeographyKind.HOUSEHOLDS])
def test_of_two_that_compare_with_the_same_base_one_wins(session, district, monkeypatch, kind):
    """The base is looked up again under the lock: another activation may have come between."""
    for name in ("a", "b"):
        load_edition(session, name, {kind: geography()[kind]}, now=LATER, district=district)
    take = locks.take_publishing

    def late(waiting):
        monkeypatch.setattr(locks, "take_publishing", take)
        activate_edition(waiting, "b", now=LATER, district=district)
        take(waiting)

    monkeypatch.setattr(locks, "take_publishing", late)
    with pytest.raises(EditionBaseChanged):
        activate_edition(session, "a", now=LATER, district=district)


def test_nobody_who_reports_waits_for_households(session, district, monkeypatch):
    """A district has a quarter of a million of them, and no assignment rests on one: they are in force before the lock."""
    flipped = (
        "SELECT count(*) FROM households AS h JOIN editions AS e ON e.id = h.edition_id WHERE h.valid @> :at AND e.name = 'b'"
    )
    seen, take = [], locks.take_edition

    def watch(waiting):
        seen.append(waiting.scalar(text(flipped), {"at": LATER}))
        take(waiting)

    load_edition(session, "b", {GeographyKind.HOUSEHOLDS: households(6)}, now=LATER, district=district)
    monkeypatch.setattr(locks, "take_edition", watch)
    done = activate_edition(session, "b", now=LATER, district=district)
    assert seen == [12]
    kept = [len(frame_of(session, GeographyKind.HOUSEHOLDS, e)) for e in (editions.named(session, "first"), done.edition)]
    assert kept == [20, 12]


def test_copies_for_tiles_are_a_coverage_at_every_zoom(session, district):
    query = "SELECT zoom, ST_AsBinary(geom_mercator) FROM shapes WHERE kind = :kind"
    for kind, count in (("base_grids", 4), ("units", 2), ("department_grids", 1)):
        by_zoom: dict[int, list] = {}
        for zoom, wkb in session.execute(text(query), {"kind": kind}):
            by_zoom.setdefault(zoom, []).append(shapely.from_wkb(bytes(wkb)))
        assert sorted(by_zoom) == sorted(COPY_ZOOMS)
        for shapes in by_zoom.values():
            assert len(shapes) == count
            assert shapely.coverage_is_valid(shapes)


def test_a_clock_that_stands_still_still_gives_every_edition_its_time(session, district):
    accept(session, IN_B1)
    for number in range(3):
        publish(session, f"next {number}", {GRIDS: grids(split_m=0.001 * number)}, now=NOW)
    assert session.scalar(text("SELECT count(*) FROM editions WHERE isempty(valid)")) == 0
    outside = "SELECT count(*) FROM assignments a JOIN editions e ON e.id = a.edition_id WHERE NOT e.valid @> a.assigned_at"
    assert session.scalar(text(outside)) == 0
