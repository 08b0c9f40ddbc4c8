"""The one MetaData, with names for constraints, and the columns and checks that tables share."""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, Column, MetaData

from geogrid.space.crs import SRID_STORED

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def geometry(kind: str, name: str = "geom", *, nullable: bool = False) -> Column:
    """Return a geometry column in the stored coordinate system (EPSG:4490, degrees, lon/lat) with a GiST index."""
    return Column(name, Geometry(kind, srid=SRID_STORED, spatial_index=True), nullable=nullable)


def point_checks(name: str = "geom") -> tuple[CheckConstraint, ...]:
    """Return the checks that refuse an empty point, NaN (above every number in PostgreSQL), out of range, and 0, 0."""
    return (
        CheckConstraint(f"NOT ST_IsEmpty({name})", name="point_not_empty"),
        CheckConstraint(f"ST_X({name}) BETWEEN -180 AND 180 AND ST_Y({name}) BETWEEN -90 AND 90", name="point_in_range"),
        CheckConstraint(f"ST_X({name}) <> 0 OR ST_Y({name}) <> 0", name="point_not_null_island"),
    )


def area_checks(name: str = "geom") -> tuple[CheckConstraint, ...]:
    """Return the checks that refuse an empty, invalid, flat or out-of-range area."""
    return (
        CheckConstraint(f"NOT ST_IsEmpty({name})", name="area_not_empty"),
        CheckConstraint(f"ST_IsValid({name}) AND ST_Area({name}) > 0", name="area_valid"),
        CheckConstraint(
            f"ST_XMin({name}) >= -180 AND ST_XMax({name}) <= 180 AND ST_YMin({name}) >= -90 AND ST_YMax({name}) <= 90",
            name="area_in_range",
        ),
    )
