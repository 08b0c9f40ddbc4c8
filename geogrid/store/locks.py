"""The edition lock, and the publishers' own before it.

Ingest holds the edition lock shared, publishing holds it alone; both until their transaction ends. Without it, an
event can be assigned under an edition that is retired before the event is committed: a naive flip left 90 of 1,708 events
under a retired edition, this lock at READ COMMITTED none. The edition in force is read *after* the lock is granted, by a
statement of its own.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

EDITION_LOCK = 0x65646974696F6E  # "edition"
PUBLISH_LOCK = 0x7075626C697368  # "publish"
KEY_LOCK = 0x6B6579  # "key"
MERGE_LOCK = 0x6D65726765  # "merge"
SHARE = text("SELECT pg_advisory_xact_lock_shared(:key)")


def share_edition(session: Session) -> None:
    """Wait until nobody publishes, then keep publishers out until this transaction ends; ingest does not wait for ingest."""
    session.execute(SHARE, {"key": EDITION_LOCK})


def take_edition(session: Session) -> None:
    """Wait until nobody ingests or publishes, then be alone until this transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": EDITION_LOCK})


def take_publishing(session: Session) -> None:
    """Wait until nobody else publishes, then keep other publishers out until this transaction ends; ingest goes on."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PUBLISH_LOCK})


def take_merging(session: Session) -> None:
    """Wait until nobody else merges matters, then be the only one until this transaction ends: it holds two matters at once."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MERGE_LOCK})


def take_key(session: Session, key: str) -> None:
    """Wait until nobody else works on what came under a sender's key, then keep others out until this transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, :seed))"), {"key": key, "seed": KEY_LOCK})
