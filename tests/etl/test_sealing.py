"""The jobs seal what was committed and keep the head of the chain beside the database."""

from __future__ import annotations

import threading
import time

from etl.sealing import keep_sealing, seal_all
from geogrid.actions.audit import heads_path, read_heads, verify
from geogrid.store import audit
from geogrid.store.schema import migrate
from geogrid.store.session import engine_of, session_scope
from tests.build_district import NOW
from tests.build_installation import settings_for


def test_what_was_committed_is_sealed_within_a_second_and_the_head_is_kept(fresh_database, tmp_path):
    settings, engine = settings_for(tmp_path, fresh_database), engine_of(fresh_database)
    migrate(engine)
    stopped = threading.Event()
    thread = threading.Thread(target=keep_sealing, args=(settings, engine, stopped), kwargs={"every_s": 0.05})
    thread.start()
    try:
        with session_scope(engine) as session:
            audit.write(session, actor="person:1", action="step.take", now=NOW)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with session_scope(engine) as session:
                if verify(session).records == 1:
                    break
            time.sleep(0.05)
    finally:
        stopped.set()
        thread.join()
    seal_all(settings, engine)
    with session_scope(engine) as session:
        found = verify(session, read_heads(heads_path(tmp_path)))
    engine.dispose()
    assert (found.records, found.unsealed, found.broken) == (1, 0, None)
    assert [head.seq for head in read_heads(heads_path(tmp_path))] == [1]
