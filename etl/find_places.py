"""Places for words: the gazetteer of files, without a database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etl.cells import convert
from etl.circles import read_rows
from etl.errors import OptionInvalid
from etl.kinds import KINDS
from geogrid.domain.places import PlaceCandidate
from geogrid.errors.family import Reason
from geogrid.space.place_reasons import reason_words
from geogrid.space.place_things import OLD_NAME_COLUMNS, OTHER_NAME_COLUMNS

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from geogrid.space.gazetteer import Gazetteer

MORE_NAMES = (*OLD_NAME_COLUMNS, *OTHER_NAME_COLUMNS)
MULTI = frozenset({"MultiLineString"})  # a street by name may come in pieces


def gazetteer_of(units: str | None, places: str | None, roads: str | None, datum: str | None) -> Gazetteer:
    """Compile a gazetteer of files in any of the formats that can be loaded; ``old_name`` and its like are read where they are.

    Raises the file errors of ``etl.errors``; ColumnMissing.
    """
    from geogrid.space.gazetteer import Gazetteer

    return Gazetteer.from_frames(
        None if units is None else _read(units, "units", ("code", "name", "level"), ("parent_code",), datum),
        None if places is None else _read(places, "places", ("name", "kind"), ("address",), datum),
        None if roads is None else _read(roads, "roads", ("name",), (), datum),
    )


def _read(path: str, kind: str, columns: tuple[str, ...], also: tuple[str, ...], datum: str | None) -> GeoDataFrame:
    rows = read_rows(path, columns, datum, KINDS[kind].geometry | MULTI, also=(*also, *MORE_NAMES), usual=kind)
    for column in KINDS[kind].columns:
        if column.name in {"kind", "level"} and column.name in rows:
            rows[column.name] = [convert(value, column) for value in rows[column.name].tolist()]
    return rows


def near_of(text: str | None) -> tuple[float, float] | None:
    """Return longitude and latitude (degrees of record) of ``lon,lat``; raises OptionInvalid."""
    if text is None:
        return None
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError as error:
        raise OptionInvalid(option="--near", reason=Reason("{text!r} is not lon,lat in degrees", text=text)) from error
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise OptionInvalid(option="--near", reason=Reason("{text!r} is not lon,lat in degrees", text=text))
    return lon, lat


def as_json(found: PlaceCandidate, language: str) -> dict[str, Any]:
    """Return a candidate as plain values; the point in degrees of record, longitude first."""
    lon, lat = found.point_lonlat
    return {
        "name": found.name,
        "lon": lon,
        "lat": lat,
        "precision": found.precision.value,
        "radius_m": found.radius_m,
        "confidence": found.confidence,
        "village_code": found.village_code,
        "reason": reason_words(found, language),
    }
