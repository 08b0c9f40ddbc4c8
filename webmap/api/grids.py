"""Grids: which one has a place, and what one is."""

from __future__ import annotations

from flask import Response, request
from pydantic import BaseModel, Field

from geogrid.actions.answers import far_error, is_far
from geogrid.actions.place import find_grid
from geogrid.channels import checked_point
from geogrid.domain.places import Datum
from geogrid.errors import NotFoundError
from geogrid.space.crs import to_record
from geogrid.store import editions
from layers.names import names_of
from layers.one_grid import read_grid
from webmap.api.base import GEOJSON, GRIDS, Query, blueprint
from webmap.api.bodies import assignment_body
from webmap.api.decimals import decimal
from webmap.api.events import answer
from webmap.api.shapes import AssignmentBody
from webmap.installation import installation
from webmap.reading import reading
from webmap.roles import READERS, roles


class PlaceQuery(Query):
    """A place in degrees; the texts are checked by the rules of reports, so that every fault has its own code."""

    lon: str = Field(description="decimal degrees", examples=["126.6"], max_length=40)
    lat: str = Field(description="decimal degrees", examples=["45.9"], max_length=40)
    datum: Datum = Field(Datum.CGCS2000, description="the coordinate system; WGS 84 and CGCS2000 are one at this accuracy")
    accuracy_m: str | None = Field(None, description="radius in metres of the disc that holds the place", max_length=40)


class GridPath(BaseModel):
    """The code of a base grid (15 digits) or a department grid (20 digits)."""

    code: str = Field(pattern=r"^[0-9]{1,40}$")


@blueprint.get("/grids", tags=[GRIDS], summary="Which grid has a place", responses={"200": AssignmentBody})
@roles(READERS)
def find_place(query: PlaceQuery) -> Response:
    """Return the assignment that an event at this place would get, with its explanation; nothing is stored."""
    here = installation()
    accuracy_m = None if query.accuracy_m is None else decimal(query.accuracy_m, "accuracy_m")
    point = checked_point(
        decimal(query.lon, "lon"), decimal(query.lat, "lat"), query.datum, accuracy_m, profile=here.district.profile, under=""
    )
    lon, lat = to_record(point.lon, point.lat, point.datum)
    with reading() as session:
        found = find_grid(session, float(lon), float(lat), district=here.district, accuracy_m=accuracy_m)
        if is_far(here.district, found):
            raise far_error(here.district, float(lon), float(lat), found)
        edition = editions.by_id(session, found.edition_id).name
        names = names_of(session, found)
    return answer(assignment_body(found, edition=edition, names=names, accuracy_m=accuracy_m))


@blueprint.get("/grids/<code>", tags=[GRIDS], summary="Read one grid")
@roles(READERS)
def get_grid(path: GridPath) -> Response:
    """Return a grid in force as a GeoJSON feature."""
    with reading() as session:
        found = read_grid(session, path.code)
    if found is None:
        raise NotFoundError(what=path.code, where={"path": request.path})
    return answer(found, media_type=GEOJSON)
