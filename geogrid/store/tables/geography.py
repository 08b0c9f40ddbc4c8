"""Geography by edition: units, grids, stations, roads, households, places.

Every table has ``edition_id`` (the edition that brought the row) and ``valid`` (when it is in force; empty while its
edition is only loaded). No two rows of one code overlap in time: by exclusion constraint where redrawing happens, by a
partial unique index on the rows in force for the large kinds.
"""

from __future__ import annotations

from geoalchemy2 import Geometry
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
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint

from geogrid.domain.grids import Department, GridKind
from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.places import Level
from geogrid.domain.stations import StationLevel
from geogrid.space.crs import SRID_WEB_MERCATOR
from geogrid.store.tables.metadata import area_checks, geometry, metadata, point_checks


def one_of(column: str, enum: type[LabelledEnum]) -> CheckConstraint:
    codes = ", ".join(f"'{code}'" for code in enum.codes())
    return CheckConstraint(f"{column} IN ({codes})", name=f"{column}_known")


def _common() -> tuple[Column, ...]:
    return (
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("edition_id", BigInteger, ForeignKey("editions.id"), nullable=False),
        Column("code", Text, nullable=False),
        Column("valid", TSTZRANGE, nullable=False, server_default="empty"),
        Column("synthetic", Boolean, nullable=False, server_default=text("false")),
    )


def _more_names() -> tuple[Column, ...]:
    """Return the columns of former names and of other names (short, in another language), each parted by ``;``."""
    return tuple(Column(name, Text, nullable=False, server_default="") for name in ("old_names", "other_names"))


def _one_row_at_a_time(table: str) -> tuple[UniqueConstraint | ExcludeConstraint, ...]:
    return (
        UniqueConstraint("edition_id", "code"),
        ExcludeConstraint(("code", "="), ("valid", "&&"), name=f"ex_{table}_one_row_at_a_time"),
    )


def _one_row_in_force(table: str) -> tuple[UniqueConstraint | Index, ...]:
    in_force = text("NOT isempty(valid) AND upper_inf(valid)")
    return (
        UniqueConstraint("edition_id", "code"),
        Index(f"uq_{table}_one_row_in_force", "code", unique=True, postgresql_where=in_force),
    )


units = Table(
    "units",
    metadata,
    *_common(),
    Column("name", Text, nullable=False),
    Column("level", Text, one_of("level", Level), nullable=False),
    Column("kind", Text, nullable=False),
    Column("parent_code", Text),
    Column("leader", Text, nullable=False, server_default=""),
    *_more_names(),
    geometry("MULTIPOLYGON"),
    *area_checks(),
    *_one_row_at_a_time("units"),
)

base_grids = Table(
    "base_grids",
    metadata,
    *_common(),
    Column("name", Text, nullable=False),
    Column("kind", Text, one_of("kind", GridKind), nullable=False),
    Column("exclusive_kind", Text),
    Column("village_code", Text),
    Column("leader", Text, nullable=False, server_default=""),
    Column("households", Integer, nullable=False, server_default="0"),
    Column("area_m2", Double, nullable=False),
    geometry("MULTIPOLYGON"),
    *area_checks(),
    *_one_row_at_a_time("base_grids"),
)

department_grids = Table(
    "department_grids",
    metadata,
    *_common(),
    Column("name", Text, nullable=False),
    Column("department", Text, one_of("department", Department), nullable=False),
    Column("object_class", Text, nullable=False, server_default=""),
    Column("leader", Text, nullable=False, server_default=""),
    Column("area_m2", Double, nullable=False),
    geometry("MULTIPOLYGON"),
    *area_checks(),
    *_one_row_at_a_time("department_grids"),
)

stations = Table(
    "stations",
    metadata,
    *_common(),
    Column("name", Text, nullable=False),
    Column("level", Text, one_of("level", StationLevel), nullable=False),
    Column("unit_code", Text),
    Column("industries", ARRAY(Text), nullable=False, server_default="{}"),
    Column("hours", Text, nullable=False, server_default=""),
    Column("capacity", Integer, nullable=False, server_default="0"),
    geometry("POINT"),
    *point_checks(),
    *_one_row_at_a_time("stations"),
)

roads = Table(
    "roads",
    metadata,
    *_common(),
    Column("name", Text, nullable=False, server_default=""),
    Column("road_class", Text, nullable=False),
    Column("from_node", BigInteger, nullable=False),
    Column("to_node", BigInteger, nullable=False),
    Column("oneway", Boolean, nullable=False, server_default=text("false")),
    Column("oneway_walk", Boolean),
    Column("oneway_ebike", Boolean),
    Column("bridge", Boolean, nullable=False, server_default=text("false")),
    Column("walk", Boolean, nullable=False, server_default=text("true")),
    Column("ebike", Boolean, nullable=False, server_default=text("true")),
    Column("car", Boolean, nullable=False, server_default=text("true")),
    Column("speed_car_kmh", Double, nullable=False),
    Column("length_m", Double, nullable=False),
    Column("barrier_from", Text, nullable=False, server_default=""),
    Column("barrier_to", Text, nullable=False, server_default=""),
    *_more_names(),
    geometry("LINESTRING"),
    CheckConstraint("NOT ST_IsEmpty(geom) AND length_m >= 0", name="line_not_empty"),
    *_one_row_in_force("roads"),
)

households = Table(
    "households",
    metadata,
    *_common(),
    Column("address", Text, nullable=False, server_default=""),
    geometry("POINT"),
    *point_checks(),
    *_one_row_in_force("households"),
)

places = Table(
    "places",
    metadata,
    *_common(),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("address", Text, nullable=False, server_default=""),
    *_more_names(),
    geometry("GEOMETRY"),
    CheckConstraint("NOT ST_IsEmpty(geom) AND ST_IsValid(geom)", name="place_valid"),
    *_one_row_in_force("places"),
)

# Copies for tiles, simplified as a coverage (borders stay shared) for each zoom of the web map, in EPSG:3857.
# Made when an edition is activated; ``zoom`` is the largest map zoom the copy is good for, ``label`` what a tile says.
shapes = Table(
    "shapes",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("edition_id", BigInteger, ForeignKey("editions.id"), primary_key=True),
    Column("zoom", Integer, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("properties", JSONB, nullable=False, server_default="{}"),
    Column("geom_mercator", Geometry("GEOMETRY", srid=SRID_WEB_MERCATOR, spatial_index=True), nullable=False),
)
