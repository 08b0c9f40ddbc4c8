"""Events of a file as points: rows without a place stay rows, every other fault names its file and row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from etl.circles import unusable
from etl.errors import GeometryMissing, LocationMissing
from etl.kinds import POINT
from etl.located import locate
from etl.recipe import Recipe, in_our_names
from etl.sources import ReadOptions, open_table
from etl.sources.table import Note, Table
from geogrid.space.crs import SRID_STORED

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Tell = Callable[[Note], None]
WITHOUT_PLACE = (LocationMissing, GeometryMissing)
EVENTS = "events"


@dataclass(frozen=True, eq=False)
class EventPoints:
    """The rows of a file of events; ``points`` (object array, shapely, the datum of record) are None without a place."""

    table: Table
    points: np.ndarray

    @property
    def without_place(self) -> np.ndarray:
        """The positions of the rows that have no place."""
        return np.flatnonzero(np.equal(self.points, None))

    @property
    def lonlat(self) -> np.ndarray:
        """Degrees (n, 2) on the datum of record, NaN without a place."""
        import shapely

        here = ~np.equal(self.points, None)
        lonlat = np.full((len(self.points), 2), np.nan)
        lonlat[here] = shapely.get_coordinates(self.points[here])
        return lonlat

    def frame(self, *columns: str) -> GeoDataFrame:
        """Return the points (EPSG:4490, None without a place) with those of the columns that the file has."""
        import geopandas as gpd

        kept = {name: self.table.frame[name].to_numpy() for name in columns if name in self.table.frame}
        return gpd.GeoDataFrame(kept, geometry=gpd.GeoSeries(self.points, crs=SRID_STORED), crs=SRID_STORED)


def read_events(path: str, datum: str | None, tell: Tell) -> EventPoints:
    """Return the events of a file; ``tell`` is given every remark on how its places were read.

    Parameters
    ----------
    datum : counts where neither the file says its coordinate system nor a row in its column ``datum``

    Raises
    ------
    the errors of files and DatumNotStated; and the error of the first row whose place cannot be used (swapped, out of range,
    of an unknown datum, no point), with file and row. A row that has no place at all is none.
    """
    table = in_our_names(open_table(path, ReadOptions(usual=EVENTS)), Recipe())
    located = locate(table, datum=datum if table.crs is None else None)
    for note in located.notes:
        tell(note)
    faults = {i: fault for i, fault in located.faults.items() if not isinstance(fault, WITHOUT_PLACE)}
    points = located.geometry.copy()
    points[[*located.faults]] = None
    for position in sorted({*faults, *_suspects(points)}):
        row = int(table.rows[position])
        error = faults.get(position) or unusable(points[position], row, POINT)
        if error is not None:
            error.where = {"path": path, "row": row, **error.where}
            raise error
    return EventPoints(table, points)


def _suspects(points: np.ndarray) -> list[int]:
    """Return the positions of points to look at one by one: none where a look at all together finds nothing."""
    import shapely

    from geogrid.errors import GeogridError
    from geogrid.space.validity import check_coordinates

    here = np.flatnonzero(~np.equal(points, None))
    try:
        check_coordinates(shapely.get_coordinates(points[here]))
    except GeogridError:
        return [int(position) for position in here]
    return [int(position) for position in here[shapely.get_type_id(points[here]) != 0]]


NOT_RECAST = "{count} rows of {name} have no place and cannot be recast; the first is row {row}"
NOT_COUNTED = "{count} rows of {name} have no place and are not counted; the first is row {row}"


def tell_of_lost(events: EventPoints, tell: Tell, message: str = NOT_RECAST) -> None:
    """Tell how many rows have no place, and the first of them."""
    lost = events.without_place
    if len(lost):
        values: dict[str, Any] = {"count": len(lost), "name": events.table.path.name, "row": int(events.table.rows[lost[0]])}
        tell(Note(message, values))


def places_to_count(path: str, datum: str | None, tell: Tell) -> np.ndarray:
    """Return the places (n, 2 degrees) of the events of a file that have one, and tell of the others; errors as read_events."""
    events = read_events(path, datum, tell)
    tell_of_lost(events, tell, NOT_COUNTED)
    return np.delete(events.lonlat, events.without_place, axis=0)
