"""Enterprises, and what the district does for them: visits, legal check-ups, problems raised, disputes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from geogrid.domain.conditions import Title
from geogrid.domain.labelled import LabelledEnum


class VisitKind(LabelledEnum):
    """Why somebody came: to see and ask, or to check contracts, labour and licences with a lawyer."""

    VISIT = "visit", "Visit"
    LEGAL_CHECK = "legal_check", "Legal check-up"


class ConcernKind(LabelledEnum):
    """What an event is to an enterprise: a problem that it raised, or a dispute it is in."""

    PROBLEM = "problem", "Problem raised"
    DISPUTE = "dispute", "Dispute"


class Handling(LabelledEnum):
    """Who solves a problem: the visiting body itself, jointly with others, or somebody it is transferred to."""

    SELF = "self", "Self-handled"
    JOINT = "joint", "Jointly handled"
    TRANSFER = "transfer", "Transferred"


@dataclass(frozen=True)
class EnterpriseClass:
    """A class of enterprises, and after how many days without a visit one is due."""

    code: str
    title: Title
    visit_days: int


@dataclass(frozen=True)
class EnterpriseRules:
    """What the district's file says: the classes in their order, how many visits a day's plan holds, its programme."""

    classes: tuple[EnterpriseClass, ...]
    visits_a_day: int
    programme: str

    def of(self, code: str) -> EnterpriseClass | None:
        """Return a class by its code; None where the file has none of that name."""
        return next((one for one in self.classes if one.code == code), None)


@dataclass(frozen=True)
class EnterpriseRow:
    """An enterprise as a file gives it: its unified social credit code, name, class, address, and its place (lon, lat)."""

    code: str
    name: str
    class_code: str
    address: str
    point_lonlat: tuple[float, float]
    synthetic: bool = False


@dataclass(frozen=True)
class Visit:
    """A visit or check-up: whose ``body`` came ("department:market", "unit:..."), who of it, what was seen.

    ``key`` is the sender's own: the same key again is the same visit.
    """

    enterprise_id: UUID
    kind: VisitKind
    on_date: date
    body: str
    visitors: str
    seen: str
    key: str
    synthetic: bool = False


@dataclass(frozen=True)
class DueVisit:
    """An enterprise that somebody should visit: since when it is due, and when it was seen last (None: never)."""

    enterprise_id: UUID
    name: str
    class_code: str
    grid_code: str | None
    township_code: str | None
    point_lonlat: tuple[float, float]
    last_on: date | None
    due_on: date | None
    days_over: int | None


@dataclass(frozen=True)
class Problem:
    """A problem as it is raised: the words, which category of the programme, who will solve it, at which visit."""

    id: UUID
    enterprise_id: UUID
    words: str
    category: str = ""
    handling: Handling | None = None
    visit_id: int | None = None
    raised_at: datetime | None = None
