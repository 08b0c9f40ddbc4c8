"""Naming mediators: by a command, for kinds that are known, at stations in force; what was named before is replaced."""

from __future__ import annotations

from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from geogrid.actions.accounts import person_of
from geogrid.actions.dispute_kinds import read_kinds
from geogrid.actions.mediators import name_mediator
from geogrid.cli import root
from geogrid.domain.people import Post, Role
from geogrid.errors import AccessForbidden, ListUnknown, StationUnknown
from geogrid.store import disputes_people
from geogrid.store.schema import migrate
from geogrid.store.session import engine_of, session_scope
from tests.build_district import NOW, VILLAGE_A, publish
from tests.build_people import employ
from tests.rules.people import person

COMMANDER = person(Role.COMMANDER)
KNOWN = read_kinds()


@pytest.fixture
def station(session) -> str:
    publish(session)
    return disputes_people.stations_in_force(session)[0].code


@pytest.fixture
def named(session, station):
    employ(session, [("li", Post(Role.MEDIATOR, VILLAGE_A))])
    return person_of(session, "li", now=NOW)


def name(session, who, station, kinds=(), actor=COMMANDER, **more) -> None:
    name_mediator(session, who, station, kinds, known=KNOWN, actor=actor, now=NOW, **more)


def test_named_replaced_and_no_longer(session, named, station):
    name(session, named, station, ["family"])
    name(session, named, station, ["family", "property"])
    (row,) = disputes_people.mediators_at(session, [station])
    assert (row.person_id, row.kinds) == (named.id, ("family", "property"))
    name(session, named, station, active=False)
    assert disputes_people.mediators_at(session, [station]) == []
    told = session.execute(text("SELECT count(*) FROM audit WHERE action = 'mediator.name'")).scalar_one()
    assert told == 3


def test_what_is_unknown_and_who_may_not(session, named, station):
    with pytest.raises(ListUnknown, match="moon"):
        name(session, named, station, ["moon"])
    with pytest.raises(StationUnknown, match="nowhere"):
        name(session, named, "nowhere")
    with pytest.raises(AccessForbidden):
        name(session, named, station, actor=person(Role.DISPATCHER))
    assert disputes_people.mediators_at(session, [station]) == []


def test_by_command(fresh_database, tmp_path):
    engine = engine_of(fresh_database)
    migrate(engine)
    with session_scope(engine) as session:
        publish(session, now=NOW - timedelta(days=1))
        employ(session, [("li", Post(Role.MEDIATOR, VILLAGE_A))])
        station = disputes_people.stations_in_force(session)[0].code
    engine.dispose()
    run = CliRunner(env={"GEOGRID_DATABASE_URL": fresh_database, "GEOGRID_VAR": str(tmp_path), "GEOGRID_LANGUAGE": "en"})
    done = run.invoke(root, ["mediators", "name", "li", station, "--kinds", "family, property"])
    assert (done.exit_code, done.output) == (0, f"li\t{station}\tfamily,property\n")
    listed = run.invoke(root, ["mediators", "list", station])
    assert listed.exit_code == 0 and listed.output.startswith("li\t") and "," in listed.output
    assert run.invoke(root, ["mediators", "name", "nobody", station]).exit_code != 0
