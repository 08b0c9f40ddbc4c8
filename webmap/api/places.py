"""Places for words: which points could an address in words mean?"""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel, Field

from geogrid.actions.find import find_places
from geogrid.channels import checked_point
from geogrid.domain.places import Datum, PlaceCandidate, PlacePrecision
from geogrid.errors import RequestInvalid
from geogrid.space.crs import to_record
from geogrid.space.place_reasons import reason_words
from geogrid.store.session import session_scope
from webmap.api.base import GRIDS, Query, blueprint
from webmap.api.decimals import decimal
from webmap.api.events import answer
from webmap.api.shapes import PointBody
from webmap.installation import Installation, installation
from webmap.language import current_language
from webmap.roles import READERS, roles

MOST_PLACES = 10
LONGEST_WORDS = 500


class PlacesQuery(Query):
    """Words, and, where it is known, a place nearby that decides between candidates that fit alike."""

    text: str = Field(description="an address, or a report with one in it", min_length=1, max_length=LONGEST_WORDS)
    near_lon: str | None = Field(None, description="decimal degrees, with `near_lat`", max_length=40)
    near_lat: str | None = Field(None, description="decimal degrees, with `near_lon`", max_length=40)
    datum: Datum = Field(Datum.CGCS2000, description="the coordinate system of the place nearby")


class PlaceBody(BaseModel):
    """A place that the words could mean."""

    name: str
    point: PointBody = Field(description="on the datum of record, CGCS2000")
    precision: PlacePrecision
    radius_m: float = Field(description="the disc that is meant to hold the true place, nine times in ten")
    confidence: float = Field(description="0 to 1: that the words mean this place")
    village_code: str | None
    reason: list[str] = Field(description="which parts of the words fit, and which do not")


class PlacesBody(BaseModel):
    """Candidates, the likeliest first; empty where the words name no known place."""

    places: list[PlaceBody]


@blueprint.get("/places", tags=[GRIDS], summary="Which places could words mean", responses={"200": PlacesBody})
@roles(READERS)
def find_words(query: PlacesQuery) -> Response:
    """Return the places that an address in words could mean, each with its precision and the reason; nothing is stored."""
    here = installation()
    near_lonlat = _near(query, here)
    with session_scope(here.engine) as session:
        found = find_places(session, query.text, district=here.district, near_lonlat=near_lonlat, most=MOST_PLACES)
    return answer({"places": [_body(candidate, current_language()) for candidate in found]})


def _near(query: PlacesQuery, here: Installation) -> tuple[float, float] | None:
    if query.near_lon is None and query.near_lat is None:
        return None
    if query.near_lon is None or query.near_lat is None:
        missing = "near_lon" if query.near_lon is None else "near_lat"
        raise RequestInvalid(name=missing, reason="it is missing", where={"path": missing})
    stated = decimal(query.near_lon, "near_lon"), decimal(query.near_lat, "near_lat")
    point = checked_point(*stated, query.datum, None, profile=here.district.profile)
    lon, lat = to_record(point.lon, point.lat, point.datum)
    return float(lon), float(lat)


def _body(found: PlaceCandidate, shown_in: str) -> dict[str, object]:
    lon, lat = found.point_lonlat
    return {
        "name": found.name,
        "point": {"lon": lon, "lat": lat},
        "precision": found.precision,
        "radius_m": found.radius_m,
        "confidence": found.confidence,
        "village_code": found.village_code,
        "reason": reason_words(found, shown_in),
    }
