"""What stands at the door beside people and keys: tokens of screens on a wall, and how much of its allowance each caller used."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, LargeBinary, PrimaryKeyConstraint, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from geogrid.domain.doors import Allowance, WallView
from geogrid.store.tables.geography import one_of
from geogrid.store.tables.metadata import metadata


def _when(name: str, *, needed: bool = False) -> Column:
    return Column(name, TIMESTAMP(timezone=True), nullable=not needed)


# ``unit`` (12 digits) is what the screen shows; ``network`` ("10.1.2.0/24") from where it may ask, "" for anywhere.
wall_tokens = Table(
    "wall_tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("name", Text, CheckConstraint("name <> ''", name="name_there"), nullable=False),
    Column("view", Text, one_of("view", WallView), nullable=False),
    Column("unit", Text, CheckConstraint("unit ~ '^[0-9]{12}$'", name="unit_digits"), nullable=False),
    Column("network", Text, nullable=False, server_default=""),
    Column("made_by", Text, nullable=False),
    _when("made_at", needed=True),
    _when("expires_at", needed=True),
    _when("used_at"),
    _when("revoked_at"),
    UniqueConstraint("name"),
)

# ``taken_until`` is the instant at which the bucket of ``who`` is full again. UNLOGGED: after a crash every bucket is full,
# and a request costs no write of the log.
allowances = Table(
    "allowances",
    metadata,
    Column("who", Text, nullable=False),
    Column("allowance", Text, one_of("allowance", Allowance), nullable=False),
    Column("taken_until", TIMESTAMP(timezone=True), nullable=False, server_default=text("now()")),
    PrimaryKeyConstraint("who", "allowance"),
    prefixes=["UNLOGGED"],
)
