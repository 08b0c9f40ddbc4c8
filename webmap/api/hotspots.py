"""The hotspots of the last days, as they were last drawn for the map."""

from __future__ import annotations

from datetime import datetime

from flask import Response
from pydantic import BaseModel, Field

from geogrid.actions.hotspots import hotspot_of
from geogrid.domain.events import EventKind
from geogrid.domain.hotspots import HotspotKind
from geogrid.space.hotspot_words import sentence
from layers.hotspots import clusters
from webmap.api.base import GRIDS, Query, blueprint
from webmap.api.events import answer
from webmap.api.shapes import PointBody
from webmap.language import current_language
from webmap.reading import reading
from webmap.roles import READERS, roles

MOST = 100


class HotspotsQuery(Query):
    """How many, at most."""

    most: int = Field(20, description="hotspots at most, the first ranks first", ge=1, le=MOST)


class HotspotBody(BaseModel):
    """A group of grids with far more events than usual."""

    rank: int
    stands: HotspotKind = Field(description="against what it stands out")
    name: str
    text: str = Field(description="the hotspot in one sentence, in the reader's language")
    grids: list[str]
    point: PointBody = Field(description="where its events are densest, on the datum of record, CGCS2000")
    events: int
    usual: float
    ratio: float | None = Field(description="events to usual, cut off; null where nothing is usual")
    p: float = Field(description="probability that chance makes any place of the district stand out as much")
    prevailing: EventKind | None
    prevailing_events: int
    households: int
    per_1000: float | None = Field(description="events per 1,000 households; null without households")
    smoothed_per_1000: float | None = Field(description="the same, small numbers drawn to the mean")
    before: int | None = Field(description="events in as many days before")
    change: float | None = Field(description="events now to before, per day")
    change_p: float | None
    change_q: float | None = Field(description="`change_p` adjusted for all hotspots compared")


class HotspotsBody(BaseModel):
    """Hotspots by rank; empty where nothing stands out, or nothing was drawn yet."""

    days: int | None = Field(description="length of the period; null where nothing stands out")
    made_at: datetime | None
    hotspots: list[HotspotBody]


@blueprint.get("/hotspots", tags=[GRIDS], summary="Where far more happens than usual", responses={"200": HotspotsBody})
@roles(READERS)
def list_hotspots(query: HotspotsQuery) -> Response:
    """Return the hotspots of the last 30 days as the map shows them; they are drawn anew when something happened."""
    with reading() as session:
        said = clusters(session, most=query.most)
    language = current_language()
    bodies = []
    for one in said:
        plain = {name: one[name] for name in HotspotBody.model_fields if name in one}
        point = {"lon": one["lon"], "lat": one["lat"]}
        bodies.append({**plain, "point": point, "text": sentence(hotspot_of(one), language)})
    first = said[0] if said else {}
    return answer({"days": first.get("days"), "made_at": first.get("made_at"), "hotspots": bodies})
