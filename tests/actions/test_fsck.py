"""fsck is silent where all is well, and finds every breach that is planted, by name."""

from __future__ import annotations

import hashlib
import io
import os
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import text

from geogrid.actions.accept import accept_report
from geogrid.actions.accept_batch import accept_batch
from geogrid.actions.fsck import fsck
from geogrid.actions.photos import photo_path, store_photo
from geogrid.domain.events import StepKind
from geogrid.store.checks import pending_photos
from tests.build_district import IN_A1, IN_B1, NOW, TOWNSHIP_B, profile, publish, report

CLOSED = [StepKind.REPORT, StepKind.OPEN, StepKind.DISPATCH, StepKind.HANDLE, StepKind.VERIFY, StepKind.CLOSE]


def picture() -> tuple[bytes, str]:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(stream, "PNG")
    return stream.getvalue(), hashlib.sha256(stream.getvalue()).hexdigest()


@pytest.fixture
def check(session, district, tmp_path):
    """Two open events, one of them with a photo, and a closed one; returns what finds the breaches."""
    data, sha256 = picture()
    event = accept_report(session, report(IN_A1, photos=[sha256]), now=NOW, district=district, actor="x").event
    accept_report(session, report(IN_B1), now=NOW, district=district, actor="x")
    history = [(kind, NOW - timedelta(hours=9 - i)) for i, kind in enumerate(CLOSED)]
    accept_batch(session, [report(IN_B1)], [history], now=NOW, district=district)
    store_photo(session, event.id, sha256, data, now=NOW, var_dir=tmp_path)

    def found():
        return {(b.invariant, b.says): b for b in fsck(session, var_dir=tmp_path, now=NOW, profile=profile())}

    assert found() == {}
    return found


PLANTED = [
    ("I2", "An event must have exactly one current assignment.", "UPDATE assignments SET is_current = false"),
    (
        "I2",
        "An assignment was made under an edition that was not in force then.",
        "UPDATE assignments SET assigned_at = assigned_at - interval '1 second'",
    ),
    ("I3", "An open event is under an edition that is not in force.", "UPDATE editions SET state = 'retired'"),
    ("I3", "An edition's state does not agree with its time of validity.", "UPDATE editions SET state = 'loaded'"),
    ("I5", "The steps of an event have a gap.", "UPDATE steps SET seq = 9 WHERE kind = 'assign'"),
    ("I5", "The steps of an event have a gap.", "DELETE FROM steps"),
    ("I5", "The steps of an event do not follow the rules.", "UPDATE steps SET kind = 'handle' WHERE kind = 'open'"),
    ("I5", "An event's state is not what its steps add up to.", "UPDATE events SET state = 'opened' WHERE is_open"),
    ("I5", "An event's time of closing is not that of its steps.", "UPDATE events SET closed_at = now() WHERE NOT is_open"),
    ("P1", "An event's grid is not that of its current assignment.", "UPDATE events SET grid_code = '999901001001002'"),
    ("P1", "An event's village is not that of its grid.", "UPDATE events SET village_code = '999901001009'"),
    ("P1", "An event's township is not that of its village.", f"UPDATE events SET township_code = '{TOWNSHIP_B}x'"),
    (
        "P1",
        "Who has a part in a matter is not what the matter says.",
        "UPDATE matters SET lead = 'department:urban'; UPDATE concerns SET is_open = NOT is_open",
    ),
    (
        "P1",
        "Who has a part in a matter is not what the matter says.",
        "UPDATE matters SET lead = 'department:urban'; DELETE FROM concerns",
    ),
    (
        "P1",
        "Who has a part in a matter is not what the matter says.",
        "UPDATE matters SET lead = 'department:urban'; UPDATE concerns SET closed_at = reported_at",
    ),
    (
        "P1",
        "Who has a part in a matter is not what the matter says.",
        "INSERT INTO concerns (event_id, party, reported_at, is_open) SELECT id, 'person:x', reported_at, is_open FROM events",
    ),
    ("P2", "The counts of a cell are not those of the events in it.", "UPDATE event_cells SET events = events + 1"),
    ("P2", "The counts of a cell are not those of the events in it.", "UPDATE event_cells SET sum_lon_e7 = sum_lon_e7 + 1"),
    (
        "P2",
        "The counts of a cell are not those of the events in it.",
        f"UPDATE event_cells SET township_code = '{TOWNSHIP_B}x' WHERE is_open AND zoom = 17",
    ),
    (
        "P2",
        "The counts of a cell are not those of the events in it.",
        "UPDATE event_cells SET village_code = 'x' WHERE is_open AND zoom = 17",
    ),
    ("P2", "The counts of a cell are not those of the events in it.", "DELETE FROM event_cells; DELETE FROM event_cell_deltas"),
    ("I1", "A photo has a row and no file.", "UPDATE photos SET sha256 = repeat('a', 64)"),
    (
        "I4",
        "The base grids leave a gap.",
        "UPDATE base_grids SET geom = ST_Multi(ST_Buffer(geom, -0.001)) WHERE code = '999901001001001'",
    ),
    (
        "I4",
        "Grids of one kind overlap.",
        "UPDATE base_grids SET geom = ST_Multi(ST_Buffer(geom, 0.001)) WHERE code = '999901001001001'",
    ),
]


@pytest.mark.parametrize(("invariant", "says", "plant"), PLANTED)
def test_a_planted_breach_is_found(session, check, invariant, says, plant):
    for statement in plant.split(";"):
        session.execute(text(statement))
    found = check()
    assert (invariant, says) in found
    breach = found[invariant, says]
    assert breach.count >= 1
    assert breach.rows


def test_a_closed_event_assigned_anew_is_found(session, check):
    session.execute(text("UPDATE assignments SET is_current = false WHERE event_id IN (SELECT id FROM events WHERE NOT is_open)"))
    columns = "event_id, edition_id, rule, grid_code, confidence"
    session.execute(
        text(
            f"INSERT INTO assignments ({columns}, assigned_at) SELECT {columns}, now() FROM assignments "
            "WHERE event_id IN (SELECT id FROM events WHERE NOT is_open)"
        )
    )
    assert set(check()) == {("I3", "A closed event was assigned anew after it was closed.")}


def test_a_changed_photo_and_an_orphan_are_found_and_a_fresh_file_is_left_alone(check, tmp_path):
    _, sha256 = picture()
    photo_path(tmp_path, sha256).write_bytes(b"other")
    orphan, fresh = photo_path(tmp_path, "b" * 64), photo_path(tmp_path, "c" * 64)
    for path in (orphan, fresh):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    os.utime(orphan, (1, 1))
    found = check()
    assert set(found) == {("I1", "The bytes of a photo are not those of its SHA-256."), ("I9", "A photo's file has no row.")}
    assert found["I9", "A photo's file has no row."].rows == (f"photos/bb/{'b' * 64}",)


def test_a_promised_photo_is_pending_and_no_breach(session, district, check):
    accept_report(session, report(IN_A1, photos=["d" * 64]), now=NOW, district=district, actor="x")
    assert check() == {}
    assert pending_photos(session) == 1


def test_all_is_well_after_a_second_edition(session, check):
    publish(session, "second", now=NOW + timedelta(hours=1))
    assert check() == {}
