"""Responsibility: who is on duty in which grid, which matters stand on whose list where, the named people of either side."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP, TSTZRANGE, ExcludeConstraint

from geogrid.domain.lists import ItemState, Part, Tier
from geogrid.domain.people import Force, WorkerRole
from geogrid.store.tables.geography import one_of
from geogrid.store.tables.metadata import metadata

BASE = text("force = 'base'")


def _valid() -> Column:
    return Column(
        "valid", TSTZRANGE, CheckConstraint("NOT isempty(valid)", name="valid_ever"), nullable=False, server_default="(,)"
    )


# Base force: one worker one grid, and of each role one in a grid; professionals: many grids; joint force: many in one grid.
duties = Table(
    "duties",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("grid", Text, CheckConstraint("grid <> ''", name="grid_there"), nullable=False),
    Column("force", Text, one_of("force", Force), nullable=False),
    Column("role", Text, one_of("role", WorkerRole), nullable=False),
    _valid(),
    Column("synthetic", Boolean, nullable=False, server_default=text("false")),
    Column("given_by", Text, nullable=False, server_default=""),
    ExcludeConstraint(("person_id", "="), ("valid", "&&"), where=BASE, name="ex_duties_one_grid"),
    ExcludeConstraint(("grid", "="), ("role", "="), ("valid", "&&"), where=BASE, name="ex_duties_one_worker"),
    ExcludeConstraint(("person_id", "="), ("grid", "="), ("valid", "&&"), name="ex_duties_once"),
)

# A category of a programme on the list of a department in a unit. Nobody admits what he proposed. What was suspended stays.
list_items = Table(
    "list_items",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("programme", Text, nullable=False),
    Column("category", Text, CheckConstraint("category <> ''", name="category_there"), nullable=False),
    Column("unit", Text, CheckConstraint("unit ~ '^[0-9]{12}$'", name="unit_digits"), nullable=False),
    Column("department", Text, CheckConstraint("department <> ''", name="department_there"), nullable=False),
    Column("part", Text, one_of("part", Part), nullable=False),
    Column("state", Text, one_of("state", ItemState), nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", TIMESTAMP(timezone=True), nullable=False),
    Column("assessed_by", Text),
    Column("assessed_at", TIMESTAMP(timezone=True)),
    Column("admitted_by", Text),
    Column("admitted_at", TIMESTAMP(timezone=True)),
    Column("suspended_by", Text),
    Column("suspended_at", TIMESTAMP(timezone=True)),
    Column("note", Text, nullable=False, server_default=""),
    CheckConstraint("admitted_by <> proposed_by AND assessed_by <> proposed_by", name="another_decides"),
    CheckConstraint("state <> 'admitted' OR admitted_at IS NOT NULL AND assessed_at IS NOT NULL", name="admitted_in_order"),
    CheckConstraint("(state = 'suspended') = (suspended_at IS NOT NULL)", name="suspended_has_time"),
    Index(
        "uq_list_items_one", "programme", "category", "unit", "department", unique=True,
        postgresql_where=text("state <> 'suspended'"),
    ),
)  # fmt: skip

# The three named people of a side; ``party`` is written "unit:999901001000", "department:urban".
tiers = Table(
    "tiers",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("party", Text, CheckConstraint("position(':' IN party) > 1", name="party_named"), nullable=False),
    Column("tier", Text, one_of("tier", Tier), nullable=False),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    _valid(),
    Column("given_by", Text, nullable=False, server_default=""),
    ExcludeConstraint(("party", "="), ("tier", "="), ("valid", "&&"), name="ex_tiers_one_person"),
)
