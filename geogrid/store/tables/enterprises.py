"""Enterprises of the district, visits to them, and the events that are theirs. No register of residents: organisations alone."""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from geogrid.domain.enterprises import ConcernKind, Handling, VisitKind
from geogrid.space.crs import SRID_STORED
from geogrid.store.tables.geography import one_of
from geogrid.store.tables.metadata import metadata

# ``code`` is the unified social credit code. Grid, village and township are those of its point under ``edition_id``; ``bodies``
# are the parties that visited it, who see it by that.
enterprises = Table(
    "enterprises",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("code", Text, CheckConstraint("code ~ '^[0-9A-HJ-NP-RT-UW-Y]{18}$'", name="code_form"), nullable=False),
    Column("name", Text, CheckConstraint("name <> ''", name="name_there"), nullable=False),
    Column("class", Text, CheckConstraint("class <> ''", name="class_there"), nullable=False, key="class_code"),
    Column("address", Text, nullable=False, server_default=""),
    Column("point", Geometry("POINT", srid=SRID_STORED, spatial_index=False), nullable=False),
    Column("edition_id", BigInteger, ForeignKey("editions.id")),
    Column("grid_code", Text),
    Column("village_code", Text),
    Column("township_code", Text),
    Column("bodies", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("loaded_at", TIMESTAMP(timezone=True), nullable=False),
    Column("synthetic", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("code"),
    Index(None, "grid_code"),
    Index(None, "township_code"),
    Index("idx_enterprises_point", "point", postgresql_using="gist"),
)

enterprise_visits = Table(
    "enterprise_visits",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("enterprise_id", Uuid, ForeignKey("enterprises.id"), nullable=False),
    Column("kind", Text, one_of("kind", VisitKind), nullable=False),
    Column("on_date", Date, nullable=False),
    Column("body", Text, CheckConstraint("position(':' IN body) > 1", name="body_named"), nullable=False),
    Column("visitors", Text, nullable=False, server_default=""),
    Column("seen", Text, nullable=False, server_default=""),
    Column("key", Text, CheckConstraint("key <> ''", name="key_there"), nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False),
    Column("synthetic", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("key"),
    Index(None, "enterprise_id", "on_date"),
)

# Events that are an enterprise's: a problem it raised (at a visit, perhaps), or a dispute. ``handling`` is what was said when
# it was raised; under a programme with handling types of these names the matter's own counts.
enterprise_events = Table(
    "enterprise_events",
    metadata,
    Column("enterprise_id", Uuid, ForeignKey("enterprises.id"), nullable=False),
    Column("event_id", Uuid, ForeignKey("events.id"), nullable=False),
    Column("kind", Text, one_of("kind", ConcernKind), nullable=False),
    Column("handling", Text, one_of("handling", Handling)),
    Column("visit_id", BigInteger, ForeignKey("enterprise_visits.id")),
    Column("made_by", Text, nullable=False),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False),
    PrimaryKeyConstraint("enterprise_id", "event_id"),
    Index(None, "event_id"),
)
