"""Events: the projection, the append-only steps that are the truth, the assignments, the photos."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Sequence,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from geogrid.domain.events import Channel, EventKind, EventState, StepKind
from geogrid.domain.grids import AssignmentRule
from geogrid.domain.places import Datum
from geogrid.store.tables.geography import one_of
from geogrid.store.tables.metadata import geometry, metadata, point_checks

event_number = Sequence("event_number", metadata=metadata)
# Counts what changed so much that views are to be loaded anew: a page that heard nothing for a while compares.
reload_number = Sequence("reload_number", metadata=metadata)

# ``id`` is the client's UUID and the idempotency key; ``body_hash`` tells another body under the same id.
# State, grid and units are a projection of steps and assignments, written in the same transaction; fsck refolds them.
events = Table(
    "events",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("body_hash", LargeBinary, CheckConstraint("length(body_hash) = 32", name="body_hash_sha256"), nullable=False),
    Column("channel", Text, one_of("channel", Channel), nullable=False),
    Column("kind", Text, one_of("kind", EventKind), nullable=False),
    Column("words", Text, nullable=False),
    Column("address", Text, nullable=False, server_default=""),
    Column("observed_at", TIMESTAMP(timezone=True), nullable=False),
    Column("reported_at", TIMESTAMP(timezone=True), nullable=False),
    Column("closed_at", TIMESTAMP(timezone=True)),
    Column("datum", Text, one_of("datum", Datum)),
    Column("original_lon", Double),
    Column("original_lat", Double),
    Column("accuracy_m", Double, CheckConstraint("accuracy_m > 0 AND accuracy_m < 'Infinity'", name="accuracy_positive")),
    Column("z_dropped", Boolean, nullable=False, server_default=text("false")),
    Column("mock_location", Boolean, nullable=False, server_default=text("false")),
    Column("photos_promised", ARRAY(Text), nullable=False, server_default="{}"),
    Column("state", Text, one_of("state", EventState), nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("edition_id", BigInteger, ForeignKey("editions.id"), nullable=False),
    Column("grid_code", Text),
    Column("village_code", Text),
    Column("township_code", Text),
    Column("rule", Text, one_of("rule", AssignmentRule), nullable=False),
    Column("synthetic", Boolean, nullable=False, server_default=text("false")),
    geometry("POINT", name="point", nullable=True),
    Column("cell_x", Integer),  # cell of ``point`` at the one zoom CELL_ZOOM; coarser cells are this shifted right
    Column("cell_y", Integer),
    *point_checks("point"),
    CheckConstraint(
        "(point IS NULL) = (original_lon IS NULL) AND (point IS NULL) = (original_lat IS NULL) "
        "AND (point IS NULL) = (datum IS NULL) AND (point IS NULL) = (cell_x IS NULL) AND (point IS NULL) = (cell_y IS NULL)",
        name="point_has_datum",
    ),
    CheckConstraint("original_lon BETWEEN -180 AND 180 AND original_lat BETWEEN -90 AND 90", name="original_in_range"),
    CheckConstraint("(closed_at IS NULL) = is_open", name="closed_when_closed"),
    CheckConstraint("is_open = (state NOT IN ('closed', 'archived'))", name="open_by_state"),
    Index(None, "grid_code"),
    Index(None, "reported_at", "id"),
    Index(None, "township_code", "reported_at", "id"),  # the lists of those who see one territory
    Index(None, "village_code", "reported_at", "id"),
    Index("ix_events_open_point", "point", postgresql_using="gist", postgresql_where=text("is_open")),
    Index("ix_events_open", "township_code", postgresql_where=text("is_open")),
    # Pairs of neighbouring characters of what was said, and whether the event is open: search in Chinese, see docs/adr/0019.
    Index("ix_events_grams", text("geogrid_grams(words, address, is_open)"), postgresql_using="gin"),
    Index("ix_events_closed_at", "closed_at", "id", postgresql_where=text("NOT is_open")),
    Index("ix_events_township_closed_at", "township_code", "closed_at", "id", postgresql_where=text("NOT is_open")),
    Index("ix_events_village_closed_at", "village_code", "closed_at", "id", postgresql_where=text("NOT is_open")),
    Index("ix_events_without_point", "kind", "reported_at", postgresql_where=text("point IS NULL")),
    Index("ix_events_unplaced", "reported_at", postgresql_where=text("grid_code IS NULL")),
)

# ``id`` orders all steps of the platform: the stream says "what came since step n". ``step`` is the code that the event's
# programme gives the step, ``details`` what is needed to follow it again, ``client_key`` the sender's: sent twice, taken once.
steps = Table(
    "steps",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("event_id", Uuid, ForeignKey("events.id"), nullable=False),
    Column("seq", Integer, CheckConstraint("seq >= 1", name="seq_from_one"), nullable=False),
    Column("kind", Text, one_of("kind", StepKind), nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("step", Text, nullable=False, server_default=""),
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    Column("client_key", Text, unique=True),
    UniqueConstraint("event_id", "seq"),
    Index(None, "at"),
)

# Every assignment an event ever had, under the edition it was made with; exactly one is current.
assignments = Table(
    "assignments",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("event_id", Uuid, ForeignKey("events.id"), nullable=False),
    Column("edition_id", BigInteger, ForeignKey("editions.id"), nullable=False),
    Column("is_current", Boolean, nullable=False, server_default=text("true")),
    Column("assigned_at", TIMESTAMP(timezone=True), nullable=False),
    Column("rule", Text, one_of("rule", AssignmentRule), nullable=False),
    Column("grid_code", Text),
    Column("department_codes", ARRAY(Text), nullable=False, server_default="{}"),
    Column("confidence", Double, CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence_share"), nullable=False),
    Column("candidates", JSONB, nullable=False, server_default="[]"),
    Column("nearest_station", Text),
    Column("distance_m", Double),
    Column("home_station", Text),
    Column("station_by_time", Text),
    Column("minutes", Double),
    Column("nearest_grid_code", Text),
    Column("nearest_grid_m", Double),
    Column("place", JSONB(none_as_null=True)),  # what a person confirmed for the words of the report
    CheckConstraint("grid_code IS NOT NULL OR rule IN ('outside', 'gap', 'unlocated')", name="unplaced_has_reason"),
    Index(None, "event_id"),
    Index(None, "assigned_at"),
    Index("uq_assignments_current", "event_id", unique=True, postgresql_where=text("is_current")),
)

# Bytes are under var/photos by sha256; a row is written only after its file is safe on disk.
photos = Table(
    "photos",
    metadata,
    Column("event_id", Uuid, ForeignKey("events.id"), primary_key=True),
    Column("sha256", Text, CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256_hex"), primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("received_at", TIMESTAMP(timezone=True), nullable=False),
)
