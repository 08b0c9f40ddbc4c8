"""The commands of the core, as a terminal sees them: what they say, and their exit codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from geogrid.actions.accept import accept_report
from geogrid.actions.district import district_of
from geogrid.actions.editions import load_edition
from geogrid.cli import main, root
from geogrid.domain.grids import GeographyKind
from geogrid.errors import EditionState, NotFoundError
from geogrid.settings import keep_compiled_code
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


def test_compiled_code_is_kept_under_the_folder_of_state_unless_told_where():
    environ = {"GEOGRID_VAR": "/somewhere/var"}
    keep_compiled_code(environ)
    assert environ["NUMBA_CACHE_DIR"] == "/somewhere/var/numba"
    told = {"NUMBA_CACHE_DIR": "/elsewhere"}
    keep_compiled_code(told)
    assert told == {"NUMBA_CACHE_DIR": "/elsewhere"}
