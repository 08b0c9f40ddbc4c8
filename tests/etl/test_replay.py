"""A replay of the small district: every event through every step, by distinct people, clocks told in time, nothing sent."""

from __future__ import annotations

from click.testing import CliRunner
from sqlalchemy import text

from etl.replay_command import replay
from geogrid.store import replayed
from geogrid.store.session import engine_of, session_scope

EVENTS = 120
# Asked of the ledger by another road than the command's own figures.
OWN_HANDLER = """
SELECT count(*) FROM steps AS checked JOIN steps AS done USING (event_id)
WHERE checked.step IN ('verify', 'close') AND done.step IN ('handle', 'solve') AND checked.actor = done.actor
"""
UNVERIFIED = """
SELECT count(*) FROM events WHERE NOT is_open
AND NOT EXISTS (SELECT FROM steps WHERE event_id = events.id AND step = 'verify')
"""


def test_a_rehearsal_closes_what_was_closed(fresh_database, small_twin, tmp_path):
    environ = {"GEOGRID_DATABASE_URL": fresh_database, "GEOGRID_VAR": str(tmp_path), "GEOGRID_LANGUAGE": "en"}
    ran = CliRunner().invoke(replay, [str(small_twin), "--limit", str(EVENTS)], env=environ, catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    engine = engine_of(fresh_database)
    with session_scope(engine) as session:
        (lives,) = replayed.lives(session)
        assert (lives.programme, lives.reported, lives.closed) == ("hulan", EVENTS, EVENTS)
        assert session.scalar(text(OWN_HANDLER)) == 0
        assert session.scalar(text(UNVERIFIED)) == 0
        assert session.scalar(text("SELECT count(*) FROM deliveries WHERE state <> 'waiting'")) == 0
        late = sum(clock.late for clock in replayed.clock_figures(session))
        assert session.scalar(text("SELECT count(*) FROM steps WHERE step = 'time_out'")) > 0 and late > 0
    again = CliRunner().invoke(replay, [str(small_twin)], env=environ)
    assert again.exit_code == 1 and "holds events" in str(again.exception)  # never into what happened
    engine.dispose()
