"""Reports and events: what comes in, what it becomes, the steps it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from geogrid.domain.grids import Assignment
from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.places import ReportedPoint


class Channel(LabelledEnum):
    """The seven channels by which matters come in."""

    PATROL = "patrol", "Patrol"
    HOTLINE = "hotline", "12345 hotline"
    WINDOW = "window", "Service window"
    WALK_IN = "walk_in", "Village walk-in"
    DEPARTMENT = "department", "Department or sub-platform"
    SUPERIOR = "superior", "Superior or other centre"
    ONLINE = "online", "QR code or online"


class EventKind(LabelledEnum):
    """Major classes of matters."""

    DISPUTE = "dispute", "Dispute"
    ENVIRONMENT = "environment", "Environment and sanitation"
    FACILITY = "facility", "Damaged public facility"
    SAFETY = "safety", "Safety hazard"
    ORDER = "order", "Street order"
    TRAFFIC = "traffic", "Traffic and parking"
    SERVICE = "service", "Help for residents"
    ENTERPRISE = "enterprise", "Enterprise matter"
    AGRICULTURE = "agriculture", "Farming matter"
    OTHER = "other", "Other"


class EventState(LabelledEnum):
    """Where an event stands; derived from its steps."""

    REPORTED = "reported", "Reported"
    OPENED = "opened", "Opened"
    DISPATCHED = "dispatched", "Dispatched"
    HANDLED = "handled", "Handled"
    VERIFIED = "verified", "Verified"
    CLOSED = "closed", "Closed"
    ARCHIVED = "archived", "Archived"

    @property
    def is_open(self) -> bool:
        """Whether the matter still waits for somebody."""
        return self not in {EventState.CLOSED, EventState.ARCHIVED}


class StepKind(LabelledEnum):
    """What happened to an event; steps are appended, never changed."""

    REPORT = "report", "Report"
    ASSIGN = "assign", "Assign to grid and station"
    OPEN = "open", "Open"
    DISPATCH = "dispatch", "Dispatch"
    HANDLE = "handle", "Handle"
    VERIFY = "verify", "Verify"
    CLOSE = "close", "Close"
    ARCHIVE = "archive", "Archive"
    # What happens besides: programmes say when, to whom, and where it leads.
    TRIAGE = "triage", "Triage"
    TAKE_ON = "take_on", "Take on"
    RETURN = "return", "Return"
    TRANSFER = "transfer", "Transfer"
    ASSIST = "assist", "Call in to assist"
    ESCALATE = "escalate", "Escalate"
    SEND_DOWN = "send_down", "Send down"
    BLOW = "blow", "Blow the whistle"
    ANSWER = "answer", "Answer the whistle"
    SUPERVISE = "supervise", "Supervise"
    URGE = "urge", "Urge"
    PAUSE = "pause", "Pause"
    RESUME = "resume", "Resume"
    EXTEND = "extend", "Extend"
    PARK = "park", "Park"
    UNPARK = "unpark", "Take up again"
    KEY_LIST = "key_list", "Put on the key list"
    CONSULT = "consult", "Consult"
    MEDIATE = "mediate", "Mediate"
    SETTLE = "settle", "Settle"
    CONFIRM = "confirm", "Confirm by court"
    WITHDRAW = "withdraw", "Withdraw"
    REPLY = "reply", "Reply"
    RATE = "rate", "Rate"
    REVISIT = "revisit", "Revisit"
    MERGE = "merge", "Merge into another matter"
    UNMERGE = "unmerge", "Take apart again"
    FOLLOW = "follow", "Close with its parent"
    NOTE = "note", "Note"
    ASK = "ask", "Ask for approval"
    APPROVE = "approve", "Approve"
    REFUSE = "refuse", "Refuse"
    TIME_OUT = "time_out", "Run out of time"


@dataclass(frozen=True)
class Report:
    """What a channel hands over, checked and free of the channel's own form.

    ``point`` is as reported (with its datum); None where only words came. ``words`` are the original words, kept
    untouched; ``address`` the place in words. ``body_hash`` is the SHA-256 of the canonical form of what was sent, so
    that the same id with another body is told apart. ``mock_location`` is the device's own word that its position is
    simulated.
    """

    id: UUID
    channel: Channel
    kind: EventKind
    words: str
    point: ReportedPoint | None
    observed_at: datetime
    body_hash: bytes
    address: str = ""
    photo_sha256s: tuple[str, ...] = ()
    synthetic: bool = False
    mock_location: bool = False


@dataclass(frozen=True)
class Step:
    """One thing that happened to an event: its place in the row of steps (from 1), what, when (aware), by whom.

    ``step`` is the code that the event's programme gives it ("" for steps of no programme), ``details`` what came with it.
    """

    seq: int
    kind: StepKind
    at: datetime
    actor: str
    note: str = ""
    step: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """An accepted report. ``point_lonlat`` is on the datum of record (CGCS2000, degrees), None where unlocated."""

    id: UUID
    number: str
    report: Report
    state: EventState
    point_lonlat: tuple[float, float] | None
    assignment: Assignment | None
    reported_at: datetime
    steps: tuple[Step, ...] = ()
