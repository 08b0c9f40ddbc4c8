"""What the database itself refuses, whoever writes: impossible places, broken areas, two rows of one code at a time."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InternalError

from tests.build_district import NOW

POINT = "ST_SetSRID({}, 4490)"
HOUSEHOLD = "INSERT INTO households (edition_id, code, geom) VALUES (:edition_id, 'H1', {})"
GRID = "INSERT INTO base_grids (edition_id, code, name, kind, area_m2, geom) VALUES (:edition_id, 'G1', '', 'ordinary', 1, {})"
EVENT = """
INSERT INTO events (id, number, body_hash, channel, kind, words, observed_at, reported_at, state, is_open, closed_at,
    edition_id, rule, datum, original_lon, original_lat, accuracy_m, point, cell_x, cell_y, grid_code)
VALUES (gen_random_uuid(), '1', sha256('a'), 'patrol', 'other', '', :now, :now, :state, :is_open, :closed_at,
    :edition_id, :rule, :datum, :lon, :lat, :accuracy_m, ST_SetSRID(ST_MakePoint(:x, :y), 4490), :cell, :cell, 'G1')
"""
GOOD = {
    "state": "reported",
    "is_open": True,
    "closed_at": None,
    "rule": "inside",
    "datum": "wgs84",
    "lon": 126.6,
    "lat": 45.9,
    "accuracy_m": 5.0,
    "x": 126.6,
    "y": 45.9,
    "cell": 1,
    "now": NOW,
}


def refused(session, statement, **values):
    with pytest.raises((IntegrityError, InternalError)) as caught, session.begin_nested():
        session.execute(text(statement), values)
    return str(caught.value.orig)


@pytest.mark.parametrize(
    ("place", "check"),
    [
        ("ST_MakePoint('NaN', 45.9)", "point_in_range"),
        ("ST_MakePoint(126.6, 'NaN')", "point_in_range"),
        ("ST_MakePoint('Infinity', 45.9)", "point_in_range"),
        ("ST_MakePoint(126.6, '-Infinity')", "point_in_range"),
        ("ST_MakePoint(999, 999)", "point_in_range"),
        ("ST_MakePoint(45.9, 126.6)", "point_in_range"),
        ("ST_MakePoint(0, 0)", "point_not_null_island"),
        ("ST_GeomFromText('POINT EMPTY')", "point_not_empty"),
    ],
)
def test_impossible_points_are_refused(session, edition_id, place, check):
    assert check in refused(session, HOUSEHOLD.format(POINT.format(place)), edition_id=edition_id)


def test_a_point_at_the_edge_of_the_range_is_stored(session, edition_id):
    session.execute(text(HOUSEHOLD.format(POINT.format("ST_MakePoint(180, -90)"))), {"edition_id": edition_id})


@pytest.mark.parametrize(
    ("shape", "check"),
    [
        ("MULTIPOLYGON EMPTY", "area_not_empty"),
        ("MULTIPOLYGON(((0 0, 1 1, 1 0, 0 1, 0 0)))", "area_valid"),
        ("MULTIPOLYGON(((0 0, 1 1, 2 2, 0 0)))", "area_valid"),
        ("MULTIPOLYGON(((0 0, 200 0, 200 1, 0 0)))", "area_in_range"),
        ("MULTIPOLYGON(((0 0, 1 0, 1 95, 0 0)))", "area_in_range"),
    ],
)
def test_broken_areas_are_refused(session, edition_id, shape, check):
    assert check in refused(session, GRID.format(f"ST_GeomFromText('{shape}', 4490)"), edition_id=edition_id)


def test_an_area_with_a_vertex_that_is_no_number_is_refused(session, edition_id):
    ring = "ST_MakePolygon(ST_MakeLine(ARRAY[ST_MakePoint(0,0), ST_MakePoint(1,0), ST_MakePoint('NaN',1), ST_MakePoint(0,0)]))"
    assert "area_" in refused(session, GRID.format(f"ST_SetSRID(ST_Multi({ring}), 4490)"), edition_id=edition_id)


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"x": float("nan")}, "point_in_range"),
        ({"lon": float("nan")}, "original_in_range"),
        ({"lat": 91.0}, "original_in_range"),
        ({"datum": None}, "point_has_datum"),
        ({"lon": None}, "point_has_datum"),
        ({"cell": None}, "point_has_datum"),
        ({"datum": "mars"}, "datum_known"),
        ({"accuracy_m": 0.0}, "accuracy_positive"),
        ({"accuracy_m": float("nan")}, "accuracy_positive"),
        ({"accuracy_m": float("inf")}, "accuracy_positive"),
        ({"state": "lost"}, "ck_events_"),
        ({"state": "closed"}, "ck_events_"),
        ({"is_open": False}, "ck_events_"),
        ({"closed_at": NOW}, "closed_when_closed"),
        ({"rule": "guess"}, "rule_known"),
    ],
)
def test_events_that_contradict_themselves_are_refused(session, edition_id, changes, check):
    session.execute(text(EVENT), {**GOOD, "edition_id": edition_id})  # the good one goes in
    session.execute(text("DELETE FROM events"))
    assert check in refused(session, EVENT, edition_id=edition_id, **{**GOOD, **changes})


def test_an_assignment_without_grid_needs_a_reason_and_there_is_one_current(session, edition_id):
    session.execute(text(EVENT), {**GOOD, "edition_id": edition_id})
    assign = (
        "INSERT INTO assignments (event_id, edition_id, assigned_at, rule, confidence) SELECT id, :e, :now, {}, {} FROM events"
    )
    assert "unplaced_has_reason" in refused(session, assign.format("'inside'", 1), e=edition_id, now=NOW)
    assert "confidence_share" in refused(session, assign.format("'outside'", 1.5), e=edition_id, now=NOW)
    assert "confidence_share" in refused(session, assign.format("'outside'", "'NaN'"), e=edition_id, now=NOW)
    session.execute(text(assign.format("'outside'", 1)), {"e": edition_id, "now": NOW})
    assert "uq_assignments_current" in refused(session, assign.format("'gap'", 1), e=edition_id, now=NOW)


def test_no_two_rows_of_one_code_are_in_force_at_once(session, edition_id):
    square = "ST_GeomFromText('MULTIPOLYGON(((1 1, 2 1, 2 2, 1 2, 1 1)))', 4490)"
    session.execute(text(GRID.format(square)), {"edition_id": edition_id})
    session.execute(text("UPDATE base_grids SET valid = tstzrange('2025-01-01+00', '2025-02-01+00')"))
    session.execute(text("INSERT INTO editions (name, state, loaded_at) VALUES ('next', 'loaded', :now)"), {"now": NOW})
    (other,) = session.scalars(text("SELECT id FROM editions WHERE name = 'next'"))
    session.execute(text(GRID.format(square)), {"edition_id": other})
    overlap = "UPDATE base_grids SET valid = tstzrange('2025-01-31+00', NULL) WHERE edition_id = :other"
    assert "ex_base_grids_one_row_at_a_time" in refused(session, overlap, other=other)
    session.execute(text(overlap.replace("01-31", "02-01")), {"other": other})  # one after the other is how it should be


def test_no_two_editions_are_in_force_at_once(session, edition_id):
    insert = "INSERT INTO editions (name, state, loaded_at, valid) VALUES (:name, 'in_force', :now, tstzrange(:now, NULL))"
    session.execute(text(insert), {"name": "a", "now": NOW})
    assert "ex_editions_one_in_force" in refused(session, insert, name="b", now=NOW)


@pytest.mark.parametrize("table", ["roads", "households", "places"])
def test_large_kinds_have_one_row_in_force(session, edition_id, table):
    columns = {"roads": ", road_class, from_node, to_node, speed_car_kmh, length_m", "places": ", name, kind"}.get(table, "")
    values = {"roads": ", 'path', 1, 2, 30, 1", "places": ", '', 'water'"}.get(table, "")
    shape = "ST_GeomFromText('LINESTRING(1 1, 2 2)', 4490)" if table == "roads" else POINT.format("ST_MakePoint(1, 1)")
    insert = (
        f"INSERT INTO {table} (edition_id, code, valid, geom{columns}) VALUES (:id, 'C', tstzrange(:now, NULL), {shape}{values})"
    )
    session.execute(text(insert), {"id": edition_id, "now": NOW})
    session.execute(text("INSERT INTO editions (name, state, loaded_at) VALUES ('next', 'loaded', :now)"), {"now": NOW})
    (other,) = session.scalars(text("SELECT id FROM editions WHERE name = 'next'"))
    assert f"uq_{table}_one_row_in_force" in refused(session, insert, id=other, now=NOW)
