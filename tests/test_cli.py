"""The commands of the core, as a terminal sees them: what they say, and their exit codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy import text

from geogrid.actions.accept import accept_report
from geogrid.actions.district import district_of
from geogrid.actions.editions import load_edition
from geogrid.cli import command_language, main, root
from geogrid.domain.grids import GeographyKind
from geogrid.errors import EditionFaulty, EditionState, NotFoundError
from geogrid.settings import SettingUnreadable, clock_path, keep_clock, keep_compiled_code, read_settings
from geogrid.store.schema import newest_revision
from geogrid.store.session import engine_of, session_scope
from tests.build_district import IN_A1, grids, profile, publish, report

THEN = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
def engine_here(fresh_database):
    engine = engine_of(fresh_database)
    yield engine
    engine.dispose()


@pytest.fixture
def run(fresh_database, tmp_path):
    """Runs ``geogrid ...`` on a database of its own; returns the exit code and what was said."""
    environ = {"GEOGRID_DATABASE_URL": fresh_database, "GEOGRID_VAR": str(tmp_path), "GEOGRID_LANGUAGE": "en"}

    def call(*arguments, **more):
        done = CliRunner(env={**environ, **more}).invoke(root, list(arguments))
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    return call


def test_db_migrate_says_the_revision_and_may_be_run_again(run):
    assert run("db", "migrate") == (0, f"{newest_revision()}\n")
    assert run("db", "migrate") == (0, f"{newest_revision()}\n")


def test_editions_are_listed_activated_and_withdrawn(run, engine_here):
    with session_scope(engine_here) as session:
        publish(session, "first", now=THEN)
        district = district_of(profile(), session)
        for name in ("second", "third"):
            load_edition(session, name, {GeographyKind.BASE_GRIDS: grids(split_m=0.001)}, now=THEN, district=district)
        accept_report(session, report(IN_A1), now=THEN, district=district, actor="x")
    code, said = run("edition", "activate", "second")
    assert (code, said) == (0, "second is in force; 1 open events assigned anew, 0 of them to another grid.\n")
    assert run("edition", "withdraw", "third", GEOGRID_LANGUAGE="zh") == (0, "third\t已撤回\n")
    lines = run("edition", "list")[1].splitlines()
    assert [line.split("\t")[:2] for line in lines] == [["first", "Retired"], ["second", "In force"], ["third", "Withdrawn"]]
    with pytest.raises(EditionState):
        run("edition", "activate", "first")
    with pytest.raises(NotFoundError):
        run("edition", "withdraw", "nobody")


def test_grids_that_overlap_are_activated_only_where_that_is_accepted(run, engine_here):
    faulty = grids()
    faulty.loc[0, "geometry"] = shapely.box(126.6, 45.9, 126.61, 45.9102)
    with session_scope(engine_here) as session:
        publish(session, "first", now=THEN)
        frames = {GeographyKind.BASE_GRIDS: faulty}
        load_edition(session, "second", frames, now=THEN, district=district_of(profile(), session))
    with pytest.raises(EditionFaulty, match="--accept-faults"):
        run("edition", "activate", "second")
    assert run("edition", "activate", "second", "--accept-faults")[0] == 0
    code, said = run("fsck")
    assert (code, "I4: Grids of one kind overlap." in said) == (1, True)


def test_fsck_ends_with_0_where_all_is_well_and_with_1_and_the_rows_where_not(run, engine_here):
    with session_scope(engine_here) as session:
        publish(session, now=THEN)
        event = accept_report(
            session, report(IN_A1, photos=["a" * 64]), now=THEN, district=district_of(profile(), session), actor="x"
        )
    assert run("fsck") == (0, "All invariants hold. Photos still to come: 1.\n")
    with session_scope(engine_here) as session:
        session.execute(text("UPDATE events SET state = 'handled'"))
    code, said = run("fsck")
    assert code == 1
    assert said.splitlines()[0].startswith("I5: An event's state")
    assert str(event.event.id) in said
    code, said = run("fsck", GEOGRID_LANGUAGE="zh")
    assert "事件状态" in said


@pytest.mark.parametrize(("name", "value"), [("GEOGRID_PORT", "80a"), ("GEOGRID_AS_OF", "2025-06-18T15:00:00")])
def test_a_variable_that_cannot_be_read_is_one_message_that_names_it(monkeypatch, capsys, name, value):
    monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["geogrid", "edition", "list"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("setup: ") and name in said


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "C.UTF-8"}, "zh"),
        ({"LANG": "POSIX"}, "zh"),
        ({}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "GEOGRID_LANGUAGE": "en"}, "en"),
        ({"LANG": "C.UTF-8", "GEOGRID_PROFILE": "nyc"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "GEOGRID_PROFILE": "nyc"}, "zh"),
        ({"LANG": "fr_FR.UTF-8", "GEOGRID_PROFILE": "nyc"}, "en"),
        ({"GEOGRID_PROFILE": "none"}, "zh"),
        ({"GEOGRID_PORT": "80a"}, "zh"),
    ],
)
def test_a_locale_counts_where_it_says_a_language_else_the_profile(tmp_path, environ, language):
    assert command_language({"GEOGRID_VAR": str(tmp_path), **environ}) == language


def test_an_edition_is_activated_at_the_time_of_the_demos_clock(run, engine_here, tmp_path, fresh_database):
    """At the real time the demo's clock could never come back from it."""
    with session_scope(engine_here) as session:
        publish(session, "first", now=THEN)
        district = district_of(profile(), session)
        load_edition(session, "second", {GeographyKind.BASE_GRIDS: grids(split_m=0.001)}, now=THEN, district=district)
    settings = read_settings({"GEOGRID_VAR": str(tmp_path), "GEOGRID_DATABASE_URL": fresh_database})
    keep_clock(settings, THEN + timedelta(days=1), datetime.now(UTC))
    assert run("edition", "activate", "second")[0] == 0
    with engine_here.connect() as connection:
        activated = connection.scalar(text("SELECT max(lower(valid)) FROM editions"))
    assert timedelta(days=1) <= activated - THEN < timedelta(days=1, minutes=10)


def test_a_clock_that_cannot_be_read_is_told_with_its_file(tmp_path):
    clock_path(tmp_path).write_text("{")
    with pytest.raises(SettingUnreadable, match=r"clock\.json.*delete the file"):
        read_settings({"GEOGRID_VAR": str(tmp_path)})


def test_compiled_code_is_kept_under_the_folder_of_state_unless_told_where():
    environ = {"GEOGRID_VAR": "/somewhere/var"}
    keep_compiled_code(environ)
    assert environ["NUMBA_CACHE_DIR"] == "/somewhere/var/numba"
    told = {"NUMBA_CACHE_DIR": "/elsewhere"}
    keep_compiled_code(told)
    assert told == {"NUMBA_CACHE_DIR": "/elsewhere"}
