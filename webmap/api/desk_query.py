"""What the desk's queue may be asked for over HTTP, and the cursor that leads from page to page."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from geogrid.domain.clocks import Light
from geogrid.domain.events import Channel, EventKind
from geogrid.domain.people import Actor
from geogrid.errors import RequestInvalid
from geogrid.errors.family import Reason
from layers.queue import MOST_PER_PAGE, Place
from layers.queue_filters import LONGEST_SEARCH, QueueFilter, Who
from webmap.api.base import Query
from webmap.installation import installation
from webmap.login import current_actor

PER_PAGE = 50
MOST_CURSOR_CHARACTERS = 300
LONGEST_CODE = 64
MOST_ZOOM = 19
IS_OPEN = {"1": True, "0": False, "all": None}


def _code(description: str) -> Any:
    return Field("", max_length=LONGEST_CODE, description=description)


def _flag(description: str) -> Any:
    return Field(False, description=description)


class FilterQuery(Query):
    """Filters of the queue and of its map; all of them together hold."""

    is_open: Literal["1", "0", "all"] = Field("1", alias="open", description="1 open matters, 0 closed ones, all")
    light: str = Field("", max_length=40, description="red, amber, green, grey; several with commas", examples=["red,amber"])
    channel: Channel | None = None
    kind: EventKind | None = None
    category: str = _code("code of a class of the programme; those below it too")
    handling: str = _code("code of a handling type")
    level: str = _code("code of a level")
    state: str = _code("code of a state of the programme")
    township: str = _code("12 digits")
    village: str = _code("12 digits")
    grid: str = _code("15 digits")
    owner: str = _code("kind:code")
    mine: bool = _flag("owned by me or my posts, or given to them")
    unplaced: bool = _flag("in nobody's grid")
    border: bool = _flag("the accuracy leaves several grids")
    approval: bool = _flag("waits for my approval")
    supervised: bool = _flag("under supervision")
    key_listed: bool = _flag("on the key list")
    urged: bool = _flag("somebody urged it")
    danger: bool = _flag("words or class mean danger to life")
    q: str = Field("", max_length=LONGEST_SEARCH, description="words (two characters are enough), a number of ours or of others")
    reported_from: AwareDatetime | None = None
    reported_to: AwareDatetime | None = None
    sort: Literal["due", "reported", "closed"] | None = Field(None, description="without: due for open, closed for closed ones")
    view: int | None = Field(None, description="number of a saved view; what is said beside it counts first")

    def chosen(self) -> QueueFilter:
        """Return the filter; raises RequestInvalid for a light that is none, and for danger asked of what is closed."""
        if self.danger and self.is_open != "1":
            raise RequestInvalid(name="danger", reason="it is asked of open matters alone", where={"path": "danger"})
        return QueueFilter(
            is_open=IS_OPEN[self.is_open],
            lights=lights_of(self.light),
            channel=self.channel.value if self.channel else "",
            kind=self.kind.value if self.kind else "",
            categories=_with_children(self.category),
            **{name: getattr(self, name) for name in ("handling", "level", "state", "township", "village", "grid", "owner")},
            **{
                name: getattr(self, name)
                for name in ("mine", "unplaced", "border", "approval", "supervised", "key_listed", "urged")
            },
            danger=self.danger,
            words=self.q,
            reported_from=self.reported_from,
            reported_to=self.reported_to,
            who=who_asks(current_actor()),
        )


class QueueQuery(FilterQuery):
    """A page of the queue."""

    after: str | None = Field(None, max_length=MOST_CURSOR_CHARACTERS, description="from ``next`` of the page before")
    limit: int = Field(PER_PAGE, ge=1, le=MOST_PER_PAGE)


class MapQuery(FilterQuery):
    """The queue's filters for a box of the map."""

    bbox: str = Field(max_length=200, description="west,south,east,north in degrees", examples=["126.5,45.8,126.7,46.0"])
    zoom: int = Field(ge=0, le=MOST_ZOOM, description="of the web map, 0 to 19: how near two matters are told apart")


def lights_of(text: str) -> tuple[Light, ...]:
    """Return the lights named with commas; raises RequestInvalid."""
    named = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [part for part in named if part not in Light.codes()]
    if unknown:
        raise RequestInvalid(
            name="light", reason=Reason("one of {expected}", expected=", ".join(Light.codes())), where={"path": "light"}
        )
    return tuple(Light(part) for part in named)


def _with_children(category: str) -> tuple[str, ...]:
    """Return a class and the classes below it in any programme."""
    if not category:
        return ()
    programmes = installation().district.programmes.by_code.values()
    below = (one.code for of in programmes for one in of.categories if one.parent == category)
    return tuple(dict.fromkeys((category, *below)))


def who_asks(actor: Actor) -> Who:
    """Return for whom "mine" and "waits for my approval" are asked."""
    parties = [actor.id if actor.id.startswith("person:") else f"person:{actor.id}"]
    for post in actor.posts:
        named = {"department": post.department, "station": post.station, "team": post.team}
        parties += [f"{kind}:{code}" for kind, code in named.items() if code]
        if post.unit and not (post.department or post.station):
            parties.append(f"unit:{post.unit}")
    units = tuple(post.unit for post in actor.posts if post.unit)
    return Who(actor.id, tuple(sorted(role.value for role in actor.roles())), tuple(dict.fromkeys(parties)), units)


# -- the cursor -------------------------------------------------------------------------------------------------------


def write_cursor(sort: str, now: datetime, place: Place) -> str:
    """Return the cursor: the order, the instant whose lights the list shows, and the place of its last row."""
    told = [sort, now.isoformat(), *(one.isoformat() if isinstance(one, datetime) else str(one) for one in place)]
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode()


def read_cursor(cursor: str, sort: str) -> tuple[datetime, Place]:
    """Return the instant and the place of a cursor; raises RequestInvalid for one that was not written for this list."""
    try:
        order, now, *place = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        found = datetime.fromisoformat(now), _place(order, place)
    except (binascii.Error, ValueError, TypeError, OverflowError):  # the last: int() of an infinite number
        found = None
    if found is None or order != sort or found[0].tzinfo is None:
        raise RequestInvalid(name="after", reason="not one of ours", where={"path": "after"})
    return found


def _place(sort: str, told: Iterable[str]) -> Place:
    if sort == "due":
        urgency, due_at, event_id = told
        return int(urgency), datetime.fromisoformat(due_at), UUID(event_id)
    at, event_id = told
    return datetime.fromisoformat(at), UUID(event_id)
