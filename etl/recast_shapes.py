"""The shapes of counted places, for files that hold geometry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from sqlalchemy import desc, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from geogrid.domain.readings import CountLevel, Counts
from geogrid.space.crs import SRID_STORED
from geogrid.store import editions
from layers.counts import TABLES

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


def with_shapes(session: Session, counts: Counts, frame: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the rows with the shape of each code: that of the edition recast to, else the one in force, else the last it had."""
    import geopandas as gpd

    shapes = _shapes(session, counts, [code for code in frame["code"].unique() if isinstance(code, str)])
    found = np.array([shapes.get(code) for code in frame["code"]], dtype=object)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(found, crs=SRID_STORED), crs=SRID_STORED)


def _shapes(session: Session, counts: Counts, codes: list[str]) -> dict[str, shapely.Geometry]:
    table = TABLES[counts.asked.by]
    own = 0 if counts.edition is None else editions.named(session, counts.edition).id
    code = func.left(table.c.code, 6) if counts.asked.by is CountLevel.DISTRICT else table.c.code
    first = (desc(table.c.edition_id == own), desc(func.coalesce(func.upper_inf(table.c.valid), False)), desc(table.c.id))
    query = select(code.label("code"), func.ST_AsBinary(table.c.geom, type_=None).label("wkb")).ext(distinct_on(code))
    query = query.where(code == func.any(codes))
    if counts.asked.by is CountLevel.DISTRICT:
        query = query.where(table.c.level == "district")
    return {row.code: shapely.from_wkb(bytes(row.wkb)) for row in session.execute(query.order_by(code, *first))}
