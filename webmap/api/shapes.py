"""The forms of the API as its description shows them. Reports are checked by ``geogrid.channels``; these only describe."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from geogrid.domain.events import Channel, EventKind, EventState
from geogrid.domain.grids import AssignmentRule
from geogrid.domain.places import Datum


class PointBody(BaseModel):
    """Longitude and latitude in decimal degrees of the stated datum."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)


class ReportedPointBody(PointBody):
    """A place as it is sent; places are flat here."""

    z: float | None = Field(None, description="taken and not kept; the explanation says so")


class ReportBody(BaseModel):
    """A report. ``id`` is made by the client, once a report: sending the same again stores nothing new."""

    id: str = Field(json_schema_extra={"format": "uuid"})
    channel: Channel
    kind: EventKind
    text: str = Field(description="the original words, kept untouched")
    point: ReportedPointBody | None = None
    datum: Datum | None = Field(None, description="the coordinate system of `point`; required with it")
    accuracy_m: float | None = Field(None, gt=0, description="radius in metres of the disc said to hold the place")
    mock_location: bool = Field(False, description="the device says that its position is simulated; kept and told")
    observed_at: str = Field(description="ISO 8601 with its offset", json_schema_extra={"format": "date-time"})
    follow_code: str | None = Field(
        None,
        description="a code to follow the report by, drawn by the sender from a cryptographic source; kept as a hash",
        pattern=r"^[0-9A-HJKMNP-TV-Z]{5}-?[0-9A-HJKMNP-TV-Z]{5}$",
    )
    follow: bool = Field(False, description="true: make such a code here, and answer it this once")


class CandidateBody(BaseModel):
    """A grid that may be the right one and the share of the accuracy disc in it."""

    grid_code: str
    share: float


class AssignmentBody(BaseModel):
    """The answer to "which grid", with everything that explains it."""

    edition: str = Field(description="name of the edition of the grids")
    rule: AssignmentRule
    grid_code: str | None
    department_codes: list[str]
    confidence: float
    uncertain: bool = Field(description="the reported accuracy leaves it open which grid is the right one")
    candidates: list[CandidateBody]
    nearest_station: str | None
    distance_m: float | None
    home_station: str | None
    station_by_time: str | None
    minutes: float | None
    nearest_grid_code: str | None
    nearest_grid_m: float | None
    place: dict[str, Any] | None = Field(description="the place that a person confirmed for the words of the report")
    names: dict[str, str] = Field(description="what the codes above are called")
    explanation: list[str] = Field(description="the same in words")


class EventBody(BaseModel):
    """An accepted report."""

    id: str
    number: str
    state: EventState
    channel: Channel
    kind: EventKind
    text: str
    address: str
    observed_at: str
    reported_at: str
    synthetic: bool
    mock_location: bool
    point: PointBody | None = Field(description="on the datum of record, CGCS2000")
    reported_point: dict[str, Any] | None = Field(description="as it was sent, with its datum and accuracy")
    assignment: AssignmentBody | None
    photos: list[dict[str, Any]]
    links: dict[str, str]
    follow_holds: bool | None = Field(None, description="to a report that came with the wish to be followed: its code is valid")
    follow_code: str | None = Field(None, description="the code that was made here, shown this once")


class FeatureCollection(BaseModel):
    """GeoJSON by RFC 7946; ``links.next`` leads to the next page."""

    type: str = "FeatureCollection"
    features: list[dict[str, Any]]
    links: dict[str, str]
