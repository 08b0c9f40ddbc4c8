"""The blueprint of ``/api/v1`` and the form of its refusals."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geogrid.errors import RequestInvalid
from webmap.api.query_faults import in_words
from webmap.errors import error_response

JSON = "application/json"
GEOJSON = "application/geo+json"


class Refusal(BaseModel):
    """Every refusal has this form."""

    code: str = Field(description="stable and machine-readable", examples=["coord.range"])
    message: str = Field(description="what is wrong and what to do next, in zh or en")
    where: dict[str, Any] = Field(description="the place: path, row, feature or lonlat")
    retry: bool = Field(description="whether sending the same again can help")


class Query(BaseModel):
    """Query parameters; an unknown one is refused."""

    model_config = ConfigDict(extra="forbid")

    lang: str | None = Field(None, description="zh or en")


blueprint = APIBlueprint(
    "api",
    __name__,
    url_prefix="/api/v1",
    abp_responses={str(status): Refusal for status in (400, 404, 422, 429, 503)},
)
EVENTS = Tag(name="events", description="Reports come in; events are what they become")
GRIDS = Tag(name="grids", description="Which grid has a place, and why")


def refuse_query(error: ValidationError) -> Response:
    """Return the refusal of a query or path that does not fit its model: the first fault, by name."""
    fault = error.errors()[0]
    name = ".".join(str(part) for part in fault["loc"])
    return error_response(RequestInvalid(name=name, reason=in_words(fault), where={"path": name}))
