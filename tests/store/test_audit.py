"""The audit in the database: append-only, sealed once by whoever seals, every tampering named."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from geogrid.actions.audit import heads_path, keep_head, read_heads, verify
from geogrid.cli import root
from geogrid.errors import AuditHeadsBroken
from geogrid.store import audit
from geogrid.store.schema import migrate
from geogrid.store.session import engine_of, session_scope

NOW = datetime(2025, 6, 18, 7, tzinfo=UTC)


def wrote(session, count: int) -> None:
    for number in range(count):
        audit.write(
            session,
            actor="person:1",
            action="step.take",
            now=NOW + timedelta(seconds=number),
            object_kind="event",
            object_id=str(number),
            details={"step": "办理", "seq": number},
        )


def test_rows_are_sealed_in_order_and_verified(session):
    wrote(session, 12)
    assert verify(session).unsealed == 12
    assert audit.seal(session, now=NOW, most=5) == 5
    assert audit.seal(session, now=NOW) == 7
    assert audit.seal(session, now=NOW) == 0
    found = verify(session)
    assert (found.records, found.unsealed, found.broken) == (12, 0, None)
    assert [row["object_id"] for row in audit.of_object(session, "event", "3")] == ["3"]


@pytest.mark.parametrize("statement", [
    "UPDATE audit SET actor = 'nobody'", "DELETE FROM audit", "TRUNCATE audit CASCADE",
    "UPDATE audit_seals SET seq = seq + 1", "DELETE FROM audit_seals",
])  # fmt: skip
def test_nobody_changes_the_audit(session, statement):
    wrote(session, 2)
    audit.seal(session, now=NOW)
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(statement))


@pytest.mark.parametrize(("tampering", "seq"), [
    ("UPDATE audit SET actor = 'person:2' WHERE object_id = '3'", 4),
    ("UPDATE audit SET details = '{}' WHERE object_id = '0'", 1),
    ("DELETE FROM audit_seals WHERE seq = 6", 6),
    ("UPDATE audit SET at = at + interval '1 microsecond' WHERE object_id = '9'", 10),
])  # fmt: skip
def test_who_gets_past_the_trigger_is_found_out(session, tampering, seq):
    wrote(session, 10)
    audit.seal(session, now=NOW)
    for table in ("audit", "audit_seals"):
        session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    session.execute(text(tampering))
    assert verify(session).broken.seq == seq


def test_fifty_writers_and_two_sealers_keep_one_chain(fresh_database):
    engine = engine_of(fresh_database, pool_size=12)
    migrate(engine)

    def write() -> None:
        for _ in range(5):
            with session_scope(engine) as session:
                wrote(session, 1)

    def seal() -> None:
        for _ in range(8):
            with session_scope(engine) as session:
                audit.seal(session, now=NOW, most=7)

    threads = [threading.Thread(target=work) for work in [write] * 10 + [seal] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with session_scope(engine) as session:
        while audit.seal(session, now=NOW):
            pass
        found = verify(session)
    engine.dispose()
    assert (found.records, found.unsealed, found.broken) == (50, 0, None)


def test_heads_are_kept_beside_the_database_and_a_line_cut_short_is_left_out(tmp_path, session):
    wrote(session, 3)
    audit.seal(session, now=NOW)
    head = audit.head(session)
    assert keep_head(tmp_path, head, NOW)
    assert not keep_head(tmp_path, head, NOW)
    path = heads_path(tmp_path)
    assert verify(session, read_heads(path)).broken is None
    path.write_text(path.read_text() + '{"seq": 4, "ha')
    assert read_heads(path) == [head]
    path.write_text("nonsense\n" + path.read_text())
    with pytest.raises(AuditHeadsBroken):
        read_heads(path)


def test_the_command_verifies_and_exports(fresh_database, monkeypatch, tmp_path):
    engine = engine_of(fresh_database)
    migrate(engine)
    with session_scope(engine) as session:
        wrote(session, 3)
    with session_scope(engine) as session:
        audit.seal(session, now=NOW)
    monkeypatch.setenv("GEOGRID_DATABASE_URL", fresh_database)
    monkeypatch.setenv("GEOGRID_VAR", str(tmp_path))
    monkeypatch.setenv("GEOGRID_LANGUAGE", "en")
    kept = tmp_path / "head.json"
    kept.write_text(CliRunner().invoke(root, ["audit", "export"]).output)
    held = CliRunner().invoke(root, ["audit", "verify", "--heads", str(kept)])
    assert (held.exit_code, held.output) == (0, "The audit holds: 3 records sealed, 0 waiting for their seal.\n")
    with session_scope(engine) as session:
        session.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        session.execute(text("UPDATE audit SET actor = 'x' WHERE object_id = '1'"))
    engine.dispose()
    broken = CliRunner().invoke(root, ["audit", "verify"])
    assert broken.exit_code == 1
    assert "seal 2 (record 2)" in broken.output
