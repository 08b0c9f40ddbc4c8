"""The values of the audit's details in words: members of enums, steps, posts, times, yes and no."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from geogrid.domain.assessment import AppealState
from geogrid.domain.clocks import Light
from geogrid.domain.disputes import (
    Body,
    Consent,
    CourtResult,
    Direction,
    DisputeOutcome,
    MediatorWay,
    ReferralOutcome,
    SessionOutcome,
    SessionPlace,
    SessionState,
    Side,
    StationWay,
)
from geogrid.domain.enterprises import ConcernKind, VisitKind
from geogrid.domain.events import Channel, EventKind, StepKind
from geogrid.domain.indicators import FigureGroup, FigurePart
from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.lists import ItemState, Tier
from geogrid.domain.outside import Arrival
from geogrid.domain.people import Force, Role
from geogrid.domain.places import Level
from geogrid.domain.windows import TicketState
from webmap.installation import installation
from webmap.language import current_language, label, say

# Whose members a detail of this name may be, the first that has the code counts.
ENUMS: dict[str, tuple[type[LabelledEnum], ...]] = {
    "again_after": (DisputeOutcome,),
    "arrival": (Arrival,),
    "body": (Body,),
    "by": (FigureGroup,),
    "channel": (Channel,),
    "consent": (Consent,),
    "direction": (Direction, StepKind),
    "force": (Force,),
    "kind": (StepKind, VisitKind, ConcernKind, EventKind),
    "level": (Level,),
    "light": (Light,),
    "outcome": (DisputeOutcome, SessionOutcome, ReferralOutcome),
    "part": (FigurePart,),
    "place": (SessionPlace,),
    "result": (CourtResult,),
    "role": (Role,),
    "side": (Side,),
    "state": (SessionState, TicketState, ItemState, AppealState),
    "tier": (Tier,),
    "way": (MediatorWay, StationWay),
}
WORDS = {"added": "added", "corrected": "corrected", "ok": "done", "refused": "refused"}  # of details without an enum
OF_POSTS = frozenset({"posts", "given", "ended"})


def in_words(name: str, value: Any) -> str:
    """Return the value of the detail ``name`` in the request's language; what has no words as it was written."""
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if value in ("", None):
        return "—"
    return _text(name, value) if isinstance(value, str) else str(value)


def _text(name: str, value: str) -> str:
    member = next((enum(value) for enum in ENUMS.get(name, ()) if value in enum.codes()), None)
    if member is not None:
        return label(member)
    if name == "step":
        return _step(value)
    if name in OF_POSTS:
        return _post(value)
    return say(WORDS[value]) if name in {"what", "result"} and value in WORDS else _time(value)


def _step(code: str) -> str:
    """Return what a step is called; where programmes call it differently, or none knows it, what its kind is called."""
    programmes = installation().district.programmes.by_code.values()
    titles = {rule.title.text(current_language()) for one in programmes if (rule := one.by_code["steps"].get(code))}
    if len(titles) == 1:
        return titles.pop()
    return label(StepKind(code)) if code in StepKind.codes() else code


def _post(written: str) -> str:
    role, *where = written.split("/")
    told = label(Role(role)) if role in Role.codes() else role
    return " · ".join([told, *(part for part in where if part)])


def _time(value: str) -> str:
    """Return an instant in the district's time, to the minute; any other text as it is."""
    if "T" not in value or not value[:4].isdigit():
        return value
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    zone = ZoneInfo(installation().district.profile.timezone)
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if at.tzinfo else value
