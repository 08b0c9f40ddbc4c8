"""Rows of events without a location, placed by the address they name; only where the user asks for it, and says how sure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from etl.errors import GeometryMissing, LocationMissing, LocationUncertain
from etl.located import Located
from etl.mending import Mending
from etl.sources.table import Table, is_empty
from geogrid.domain.places import Datum, PlaceCandidate

if TYPE_CHECKING:
    from geogrid.errors import GeogridError
    from geogrid.space.gazetteer import Gazetteer

WORDS = ("address", "text")  # the columns that may name a place; the first that is filled counts


@dataclass(frozen=True)
class Words:
    """How words become places: the gazetteer, the least confidence taken (0 to 1), the largest radius taken as an accuracy.

    ``keep``: a row whose words are not sure is taken without a place, for a person to confirm; else it is refused.
    """

    gazetteer: Gazetteer
    least: float
    most_radius_m: float
    keep: bool = False

    def takes(self, found: PlaceCandidate) -> bool:
        """Whether a candidate is sure and exact enough to stand for a reported point."""
        return found.confidence >= self.least and found.radius_m <= self.most_radius_m


def with_coordinates(table: Table) -> Table:
    """Return the table with empty columns of coordinates where it has neither these nor geometries: its words may place it."""
    if table.geometry is not None or {"lon", "lat"} & set(table.frame.columns):
        return table
    return replace(table, frame=table.frame.assign(lon=None, lat=None))


def place_by_words(table: Table, located: Located, words: Words) -> tuple[Table, Located, list[Mending]]:
    """Give rows without a location the place that their words name, its radius as accuracy; the words stay as they are.

    A row whose words are not sure enough stays refused, with the best candidate named (LocationUncertain); with ``words.keep``
    it is taken without a place.
    """
    geometry, stated, datum = located.geometry.copy(), located.stated.copy(), located.datum.copy()
    faults: dict[int, GeogridError] = dict(located.faults)
    accuracy = _column(table, "accuracy_m")
    mended = []
    for position, error in located.faults.items():
        said = _said(table, position) if isinstance(error, LocationMissing | GeometryMissing) else ""
        found = _best(said, words)
        if found is None or not words.takes(found):
            if said and words.keep:
                del faults[position]
                mended.append(Mending(int(table.rows[position]), "left_to_place"))
            elif found is not None:
                faults[position] = _uncertain(found)
            continue
        del faults[position]
        geometry[position] = stated[position] = _point(found)
        datum[position], accuracy[position] = Datum.CGCS2000, found.radius_m
        mended.append(Mending(int(table.rows[position]), "placed_by_words"))
    if not mended and faults == dict(located.faults):
        return table, located, []
    placed = replace(located, geometry=geometry, stated=stated, datum=datum, faults=faults)
    return replace(table, frame=table.frame.assign(accuracy_m=accuracy)), placed, mended


def _column(table: Table, name: str) -> np.ndarray:
    if name not in table.frame:
        return np.full(len(table), None, object)
    return table.frame[name].to_numpy(dtype=object, copy=True)


def _said(table: Table, position: int) -> str:
    cells = (table.frame[name].iloc[position] for name in WORDS if name in table.frame)
    return next((str(cell) for cell in cells if not is_empty(cell)), "")


def _best(said: str, words: Words) -> PlaceCandidate | None:
    found = words.gazetteer.find(said, most=1) if said else ()
    return found[0] if found else None


def _uncertain(found: PlaceCandidate) -> LocationUncertain:
    lon, lat = found.point_lonlat
    sure, radius = f"{100 * found.confidence:.0f}", f"{found.radius_m:.0f}"
    return LocationUncertain(name=found.name, percent=sure, radius=radius, where={"lonlat": [lon, lat]})


def _point(found: PlaceCandidate) -> object:
    import shapely

    return shapely.Point(*found.point_lonlat)
