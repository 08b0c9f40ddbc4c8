"""People with an account: who they are, the posts they hold, their sessions and keys, and failures to log in.

What opens a door is kept as a hash alone: passwords by argon2id, sessions, keys and recovery codes by SHA-256 (they are random
and long). Posts end, they are never deleted: who held which post when can be asked for good.
"""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP, TSTZRANGE

from geogrid.domain.people import Force, Role
from geogrid.store.tables.geography import one_of
from geogrid.store.tables.metadata import metadata


def _when(name: str, *, needed: bool = False) -> Column:
    return Column(name, TIMESTAMP(timezone=True), nullable=not needed)


def _said(name: str) -> Column:
    return Column(name, Text, nullable=False, server_default="")


# ``login`` is written small. A program that asks by key (``integration``) is a person without a password.
people = Table(
    "people",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("login", Text, CheckConstraint("login = lower(login) AND login <> ''", name="login_small"), nullable=False),
    Column("name", Text, CheckConstraint("name <> ''", name="name_there"), nullable=False),
    _said("email"),
    _said("phone"),
    Column("synthetic", Boolean, nullable=False, server_default=text("false")),
    Column("integration", Boolean, nullable=False, server_default=text("false")),
    Column("password_hash", Text),
    _when("password_set_at"),
    Column("must_change", Boolean, nullable=False, server_default=text("false")),
    Column("factor_sealed", LargeBinary),
    _when("factor_confirmed_at"),
    Column("factor_last_step", BigInteger, nullable=False, server_default="0"),
    Column("recovery_hashes", ARRAY(LargeBinary), nullable=False, server_default="{}"),
    _when("created_at", needed=True),
    _when("disabled_at"),
    UniqueConstraint("login"),
)

# Base force: one grid worker, one grid; professionals: one to many; joint force: many to one. A closed team keeps its row, as
# the posts that were held in it do.
teams = Table(
    "teams",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("code", Text, CheckConstraint("code <> ''", name="code_there"), nullable=False),
    Column("name", Text, nullable=False),
    Column("force", Text, one_of("force", Force), nullable=False),
    _said("unit"),
    _said("department"),
    Column("synthetic", Boolean, nullable=False, server_default=text("false")),
    _when("closed_at"),
    UniqueConstraint("code"),
)

# A role held for a territory (12 digits), a department, a station or with a team, while ``valid``.
posts = Table(
    "posts",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    # Who acts as a citizen, or as the platform, reaches every matter: no account may, nor the key of one.
    Column(
        "role",
        Text,
        one_of("role", Role),
        CheckConstraint("role NOT IN ('citizen', 'system')", name="role_of_staff"),
        nullable=False,
    ),
    _said("unit"),
    _said("department"),
    _said("station"),
    Column("team_id", Uuid, ForeignKey("teams.id")),
    Column("valid", TSTZRANGE, CheckConstraint("NOT isempty(valid)", name="valid_ever"), nullable=False, server_default="(,)"),
    _said("given_by"),
    Index(None, "person_id"),
    Index("ix_posts_held", "role", "unit", "department", postgresql_where=text("upper_inf(valid)")),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", LargeBinary, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    _when("began_at", needed=True),
    _when("seen_at", needed=True),
    _when("ends_at", needed=True),
    _when("factor_at"),
    _when("ended_at"),
    _said("address"),
    _said("browser"),
    Index("ix_sessions_person_id", "person_id", postgresql_where=text("ended_at IS NULL")),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_hash", LargeBinary, primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("name", Text, CheckConstraint("name <> ''", name="name_there"), nullable=False),
    _when("made_at", needed=True),
    _when("revoked_at"),
    _said("made_by"),
    _when("expires_at"),
    _when("used_at"),
    UniqueConstraint("name"),
)

# ``who`` is the hash of a login as it was typed, or an address: "login:<hash>", "address:<ip>". Old rows are deleted.
login_failures = Table(
    "login_failures",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("who", Text, nullable=False),
    _when("at", needed=True),
    Index(None, "who", "at"),
)
