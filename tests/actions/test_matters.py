"""Matters are opened with every event, keep their rules, are opened later where there were none; fsck folds them all again."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import text

from geogrid.actions.accept_batch import accept_batch
from geogrid.actions.district import open_district
from geogrid.actions.fsck import fsck
from geogrid.actions.open_missing import open_all_missing, open_missing, read_provisional
from geogrid.actions.programme_versions import Versions, keep_all
from geogrid.actions.programmes import read_programmes
from geogrid.domain.events import EventKind, StepKind
from geogrid.errors import NotFoundError, SetupError
from geogrid.settings import ROOT, read_settings
from geogrid.store import events, matters, unopened
from geogrid.store.schema import config_for, migrate
from geogrid.store.session import engine_of, session_scope
from tests.build_district import IN_A1, IN_B1, NOW, VILLAGE_A, VILLAGE_B, profile, publish, report
from tests.build_life import (
    DISPATCHER,
    HANDLER,
    LEADER,
    OFFICER,
    VERIFIER,
    assert_follows,
    clock_rows,
    event_row,
    live,
    matter_row,
    reported,
    take,
)
from tests.rules.clocks import SHANGHAI

BOTH = replace(LEADER, id="person:both", posts=(*LEADER.posts, *DISPATCHER.posts))
WHOLE = [StepKind.REPORT, StepKind.OPEN, StepKind.DISPATCH, StepKind.HANDLE, StepKind.VERIFY, StepKind.CLOSE, StepKind.ARCHIVE]


# -- opened with the event --------------------------------------------------------------------------------------------


def test_a_report_opens_a_matter_with_owner_category_and_clock(session, district):
    event_id = reported(session, district)
    found = matter_row(session, event_id)
    assert (found.programme, found.programme_version, found.state, found.category) == ("hulan", 2, "reported", "E")
    assert (found.first_owner, found.owner, found.level) == (f"unit:{VILLAGE_A}", f"unit:{VILLAGE_A}", "village")
    assert [(c.clock, c.stopped_at) for c in clock_rows(session, event_id)] == [("accept", None)]
    dispute = reported(session, district, IN_B1, kind=EventKind.DISPUTE)
    assert (matter_row(session, dispute).category, matter_row(session, dispute).owner) == ("D", f"unit:{VILLAGE_B}")


def test_who_was_asked_first_is_kept(session, district):
    event_id = reported(session, district, asked="department:police")
    live(session, district, event_id, upto="dispatch")
    found = matter_row(session, event_id)
    assert (found.first_owner, found.owner) == ("department:police", f"unit:{VILLAGE_A}")
    assert_follows(session, district, event_id)


def test_plain_histories_are_followed_under_the_programme(session, district, tmp_path):
    """What was dispatched twice was done again; the stage, the time of closing and the steps are as they came."""
    again = [StepKind.REPORT, StepKind.OPEN, StepKind.DISPATCH, StepKind.DISPATCH, StepKind.HANDLE, StepKind.DISPATCH]
    plain = [WHOLE, again, WHOLE[:1], WHOLE[:4]]
    reports = [report(IN_A1) for _ in plain]
    here = NOW.astimezone(SHANGHAI)  # files have times of any offset
    histories = [[(kind, here - timedelta(hours=9 - i)) for i, kind in enumerate(kinds)] for kinds in plain]
    assert accept_batch(session, reports, histories, now=NOW, district=district).accepted == 4
    for sent in reports:
        assert_follows(session, district, sent.id, written_at=NOW)
    steps = events.find(session, reports[1].id).steps
    assert [s.step for s in steps] == ["report", "assign", "open", "dispatch", "note", "handle", "redo"]
    assert [s.kind for s in steps if s.kind is not StepKind.ASSIGN] == again
    assert event_row(session, reports[0].id).closed_at == NOW - timedelta(hours=4)
    assert fsck(session, var_dir=tmp_path, now=NOW, profile=profile()) == []


# -- the rules of its day ---------------------------------------------------------------------------------------------


def changed(tmp_path, *edits):
    """A data folder whose programme says something else."""
    folder = tmp_path / "data"
    for name in ("programmes", "calendars"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    calendar = (ROOT / "data/calendars/cn.toml").read_text("utf-8")
    (folder / "calendars/cn.toml").write_text(calendar, "utf-8")
    text_ = (ROOT / "data/programmes/hulan.toml").read_text("utf-8")
    for old, new in edits:
        assert old in text_
        text_ = text_.replace(old, new)
    (folder / "programmes/hulan.toml").write_text(text_, "utf-8")
    return folder


SLOWER = ('limits = [{ promised = "2wh" }]', 'limits = [{ promised = "6wh" }]')
NEXT = ("version = 2\n", "version = 3\n")


PUBLISHED = ("year = 2027\nprovisional = true\nholidays = [", 'year = 2027\nholidays = ["2027-01-05..2027-01-06", ')


def under(district, folder):
    """The district after its files were changed and it was started again."""
    files = read_programmes(folder, "hulan")
    return replace(district, programmes=replace(files, versions=district.programmes.versions))


def test_a_matter_keeps_the_rules_it_was_opened_under(session, district, tmp_path):
    old = reported(session, district)
    due = clock_rows(session, old)[0].due_at
    later = under(district, changed(tmp_path, NEXT, SLOWER))
    new = reported(session, later)
    assert (matter_row(session, old).programme_version, matter_row(session, new).programme_version) == (2, 3)
    assert clock_rows(session, new)[0].due_at > due
    take(session, later, old, "note", DISPATCHER, hours=1, note="seen")
    assert clock_rows(session, old)[0].due_at == due
    for event_id in (old, new):
        take(session, later, event_id, "open", DISPATCHER, hours=1.5)
        assert_follows(session, later, event_id)
    assert clock_rows(session, old)[0].promised == "2wh"
    assert fsck(session, var_dir=tmp_path, now=NOW + timedelta(hours=2), profile=profile(), programmes=later.programmes) == []


def test_a_step_that_the_next_version_does_without_can_still_be_taken(session, district, tmp_path):
    old = reported(session, district)
    later = under(district, changed(tmp_path, NEXT, ('code = "decline"', 'code = "turn_down"'), ('"decline"]', '"turn_down"]')))
    done = take(session, later, old, "decline", DISPATCHER, hours=1, reason="not ours")
    assert done.matter.state == "closed"
    assert_follows(session, later, old)


def test_other_rules_under_the_same_version_are_refused_and_other_comments_are_not(session, district, tmp_path):
    reported(session, district)
    slower = under(district, changed(tmp_path, SLOWER))
    with pytest.raises(SetupError, match=r"Raise `version` in programmes/hulan\.toml"):
        slower.programmes.keep(now=NOW, strict=True)
    under(district, changed(tmp_path, ("# Hulan", "# Of Hulan"))).programmes.keep(now=NOW, strict=True)


def test_reports_come_in_under_the_rules_before_where_the_version_was_not_raised(session, district, tmp_path, caplog):
    """A file that somebody edited while the platform runs must not stop reports from coming in."""
    reported(session, district)
    slower = under(district, changed(tmp_path, SLOWER))
    event_id = reported(session, slower)
    assert "Raise `version`" in caplog.text
    assert clock_rows(session, event_id)[0].promised == "2wh"
    take(session, slower, event_id, "open", DISPATCHER, hours=1)
    assert_follows(session, slower, event_id)


def test_versions_are_kept_once_and_read_once(session, district):
    current, texts = district.programmes.by_code, district.programmes.texts
    for _ in range(2):
        keep_all(session, current, texts, now=NOW)
    kept = session.execute(text("SELECT code, version FROM programmes WHERE code = 'hulan'")).all()
    assert [tuple(row) for row in kept] == [("hulan", 2)]
    asked = []

    def opening():
        asked.append(1)
        return nullcontext(session)

    versions = Versions(opening)
    assert versions.older("hulan", 2) is versions.older("hulan", 2)
    assert versions.older("hulan", 2) == district.programmes.of("hulan")
    assert len(asked) == 1
    with pytest.raises(NotFoundError):
        versions.older("hulan", 7)


def test_clocks_are_read_again_when_holidays_are_published(session, district, tmp_path):
    """Until they are, the end is provisional; then it moves, and nothing else does."""
    later = NOW.replace(year=2026, month=12, day=29)
    event_id = reported(session, district, now=later)
    take(session, district, event_id, "open", DISPATCHER, now=later, category="D")
    take(session, district, event_id, "dispatch", DISPATCHER, now=later, party="unit:999901001001")
    handle = clock_rows(session, event_id)[-1]
    assert (handle.clock, handle.provisional, matters.provisional(session)) == ("handle", True, [event_id])
    folder = changed(tmp_path)
    calendar = folder / "calendars/cn.toml"
    said = calendar.read_text("utf-8").replace(*PUBLISHED)
    calendar.write_text(said, "utf-8")
    here = under(district, folder)
    assert read_provisional(session, now=later, district=here) == 1
    moved = clock_rows(session, event_id)[-1]
    assert (moved.provisional, matters.provisional(session)) == (False, [])
    assert moved.due_at > handle.due_at
    assert_follows(session, here, event_id)
    assert read_provisional(session, now=later, district=here) == 0


# -- a database of before ---------------------------------------------------------------------------------------------


@pytest.fixture
def before(live_of_before, tmp_path):
    return live_of_before, open_district(read_settings({"GEOGRID_VAR": str(tmp_path)}), live_of_before)


@pytest.fixture
def live_of_before(fresh_database, tmp_path):
    """A database as the release before left it: events with plain steps, no programme anywhere."""
    engine = engine_of(fresh_database)
    migrate(engine)
    with session_scope(engine) as session:
        publish(session)
    district = open_district(read_settings({"GEOGRID_VAR": str(tmp_path)}), engine)
    lives = [WHOLE[: 1 + i % 7] for i in range(21)]
    histories = [[(kind, NOW - timedelta(hours=9 - i)) for i, kind in enumerate(kinds)] for kinds in lives]
    with session_scope(engine) as session:
        accept_batch(session, [report(IN_A1) for _ in lives], histories, now=NOW, district=district)
        accept_batch(session, [report(None)], [histories[0]], now=NOW, district=district)
    with engine.begin() as connection:
        command.downgrade(config_for(connection), "0004")
    yield engine
    engine.dispose()


def rows(engine, statement):
    with engine.connect() as connection:
        return connection.execute(text(statement)).all()


EVENTS = "SELECT id, state, is_open, closed_at FROM events ORDER BY id"
STEPS = "SELECT id, event_id, seq, kind, at, actor, note FROM steps ORDER BY id"


def test_events_of_before_get_their_matters_in_portions(before, tmp_path):
    engine, district = before
    kept = rows(engine, EVENTS), rows(engine, STEPS)
    migrate(engine)
    with session_scope(engine) as session:
        assert unopened.count(session) == 22
        first = open_missing(session, now=NOW, district=district, most=5)
        assert (first.opened, first.left, unopened.count(session)) == (5, 0, 17)
    said = []
    assert open_all_missing(engine, now=NOW, district=district, say=lambda *told: said.append(told)) == (17, 0)
    assert said == [(17, 0)]
    assert open_all_missing(engine, now=NOW, district=district) == (0, 0)
    assert (rows(engine, EVENTS), rows(engine, STEPS)) == kept
    with session_scope(engine) as session:
        ids = [row.id for row in rows(engine, EVENTS)]
        for event_id in ids:
            assert_follows(session, district, event_id, written_at=NOW)
        assert {row.told_until for row in session.execute(text("SELECT told_until FROM clocks"))} == {NOW}
        assert fsck(session, var_dir=tmp_path, now=NOW, profile=profile()) == []
        open_ = next(row.id for row in rows(engine, EVENTS) if row.state == "dispatched")
        take(session, district, open_, "handle", HANDLER, hours=1, note="done")
        assert_follows(session, district, open_)


def test_events_without_a_matter_keep_their_plain_life(before, tmp_path):
    """Before the matters are opened, and where the programme cannot follow: fsck folds them as it always did."""
    engine, district = before
    migrate(engine)
    with session_scope(engine) as session:
        assert fsck(session, var_dir=tmp_path, now=NOW, profile=profile()) == []
        event_id = rows(engine, EVENTS)[0].id
        with pytest.raises(NotFoundError):
            take(session, district, event_id, "open", DISPATCHER)
        session.execute(text("UPDATE events SET state = 'verified' WHERE state = 'opened'"))
        found = fsck(session, var_dir=tmp_path, now=NOW, profile=profile())
        assert [b.says for b in found] == ["An event's state is not what its steps add up to."]
        portion = open_missing(session, now=NOW, district=district)
        assert (portion.opened, portion.left) == (19, 3)
        session.rollback()


ODD = [
    [("decline", DISPATCHER, {"reason": "not ours"})],
    [("open", DISPATCHER, {"category": "E01"}), ("escalate", DISPATCHER, {"reason": "too large"})],
    [("solve", OFFICER, {"note": "swept"})],
    [("solve", OFFICER, {"note": "swept"}), ("redo", VERIFIER, {"reason": "not clean"}), ("handle", HANDLER, {"note": "now"})],
    [
        ("open", DISPATCHER, {"category": "E01"}),
        ("dispatch", DISPATCHER, {"party": "unit:999901001001"}),
        ("return", BOTH, {"reason": "not ours"}),
    ],
    [
        ("open", DISPATCHER, {"category": "E01"}),
        ("dispatch", DISPATCHER, {"party": "unit:999901001001"}),
        ("park", LEADER, {"reason": "winter", "until": "2025-12-01T09:00+08:00"}),
    ],
]


def test_events_are_valid_after_the_way_down(before, tmp_path):
    """Steps that only programmes know are taken away; what was closed, or is open, stays so, by a path of the plain life."""
    engine, district = before
    migrate(engine)
    open_all_missing(engine, now=NOW, district=district)
    with session_scope(engine) as session:
        for life in ODD:
            event_id = reported(session, district)
            for number, (step, actor, details) in enumerate(life, start=1):
                take(session, district, event_id, step, actor, hours=number / 4, **details)
        whole = reported(session, district)
        live(session, district, whole)
    opened, states = "SELECT id, is_open, closed_at FROM events ORDER BY id", "SELECT id, state FROM events ORDER BY id"
    kept, stood = rows(engine, opened), dict(tuple(row) for row in rows(engine, states))
    for _ in range(2):
        with engine.begin() as connection:
            command.downgrade(config_for(connection), "0004")
        assert rows(engine, opened) == kept
        changed_ = {(stood[row.id], row.state) for row in rows(engine, states) if stood[row.id] != row.state}
        assert changed_ == {("opened", "dispatched")}  # what was given back: the plain life knows no way back
        migrate(engine)
        with session_scope(engine) as session:
            assert fsck(session, var_dir=tmp_path, now=NOW + timedelta(hours=3), profile=profile()) == []
        assert open_all_missing(engine, now=NOW, district=district) == (29, 0)
        with session_scope(engine) as session:
            assert fsck(session, var_dir=tmp_path, now=NOW + timedelta(hours=3), profile=profile()) == []
