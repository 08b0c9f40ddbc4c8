"""What a list of events may be asked for, and the cursor that leads from page to page."""

from __future__ import annotations

import base64
import binascii
import math
from datetime import datetime
from uuid import UUID

from flask import request, url_for
from pydantic import AwareDatetime, Field

from geogrid.domain.events import EventState
from geogrid.errors import CoordRange, RequestInvalid
from layers.event_pages import MOST_PER_PAGE, EventFilter, Place
from webmap.api.base import Query

PER_PAGE = 100
MOST_CURSOR_CHARACTERS = 200


class ListQuery(Query):
    """Filters of the list of events; all of them together hold."""

    bbox: str | None = Field(None, description="west,south,east,north in degrees", examples=["126.5,45.8,126.7,46.0"])
    reported_from: AwareDatetime | None = Field(None, alias="from", description="reported at or after this time, with its offset")
    reported_to: AwareDatetime | None = Field(None, alias="to", description="reported before this time, with its offset")
    grid: str | None = Field(None, max_length=20, description="code of a base grid; empty: events in nobody's grid yet")
    state: EventState | None = None
    is_open: bool | None = Field(None, alias="open")
    limit: int = Field(PER_PAGE, ge=1, le=MOST_PER_PAGE)
    cursor: str | None = Field(None, max_length=MOST_CURSOR_CHARACTERS, description="from the link to the next page")

    def chosen(self) -> EventFilter:
        """Return the filter; raises CoordRange or RequestInvalid for a box that is none."""
        return EventFilter(
            bbox=None if self.bbox is None else parse_bbox(self.bbox),
            reported_from=self.reported_from,
            reported_to=self.reported_to,
            grid_code=self.grid,
            state=self.state,
            is_open=self.is_open,
        )


def parse_bbox(text: str) -> tuple[float, float, float, float]:
    """Return west, south, east, north of ``text``; raises RequestInvalid or CoordRange."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise RequestInvalid(
            name="bbox", reason="four numbers are wanted: west,south,east,north", where={"path": "bbox"}
        ) from None
    if not all(math.isfinite(value) for value in (west, south, east, north)) or west > east or south > north:
        raise RequestInvalid(name="bbox", reason="west is at most east, south at most north", where={"path": "bbox"})
    for lon, lat in ((west, south), (east, north)):
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise CoordRange(lon=lon, lat=lat, where={"path": "bbox"})
    return west, south, east, north


def write_cursor(place: Place) -> str:
    """Return the cursor that stands for ``place``."""
    return base64.urlsafe_b64encode(f"{place[0].isoformat()}|{place[1]}".encode()).decode()


def read_cursor(cursor: str | None) -> Place | None:
    """Return the place of ``cursor``; raises RequestInvalid for one that was not written here."""
    if cursor is None:
        return None
    try:
        at, _, event_id = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii").partition("|")
        place = datetime.fromisoformat(at), UUID(event_id)
    except (binascii.Error, ValueError):
        place = None
    if place is None or place[0].tzinfo is None:
        raise RequestInvalid(name="cursor", reason="not one of ours", where={"path": "cursor"})
    return place


def next_link(place: Place) -> str:
    """Return the address of the page after ``place``, with the filters of this one."""
    asked = {name: value for name, value in request.args.items() if name != "cursor"}
    return url_for("api.list_events", **asked, cursor=write_cursor(place))
