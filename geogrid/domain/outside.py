"""Outside channels: hotlines and centres whose work orders come in, and who are told what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from geogrid.domain.conditions import Title
from geogrid.domain.events import Channel, EventKind, Report
from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.places import Datum


class OrderState(LabelledEnum):
    """Where an outside work order stands for those who sent it."""

    RECEIVED = "received", "Received"
    ACCEPTED = "accepted", "Accepted"
    REPLIED = "replied", "Replied"
    RETURNED = "returned", "Returned"
    CLOSED = "closed", "Closed"


class Arrival(LabelledEnum):
    """How an order came: the first time, the same once more, once more with other words, or again after it was returned."""

    ORDER = "order", "New order"
    DUPLICATE = "duplicate", "The same order once more"
    AMENDMENT = "amendment", "Amended"
    AGAIN = "again", "Sent again"


class Verdict(LabelledEnum):
    """What the other side said to what it was told."""

    ACCEPTED = "accepted", "Accepted by them"
    DUPLICATE = "duplicate", "Known to them already"
    REFUSED = "refused", "Refused by them"


class Way(LabelledEnum):
    """Which way a message of an order went."""

    IN = "in", "From them"
    OUT = "out", "To them"


class Amended(LabelledEnum):
    """What becomes of other words under the number of an order in hand: kept with its event, or refused."""

    KEEP = "keep", "Keep with the event"
    REFUSE = "refuse", "Refuse"


@dataclass(frozen=True)
class OutsideFields:
    """The outside names of what a report needs. ``round`` is what differs when an order is sent again (a time, a count)."""

    number: str
    words: str
    time: str
    place: str = ""
    kind: str = ""
    callback: str = ""
    round: str = ""


@dataclass(frozen=True)
class OutsideTime:
    """How times are written: strptime's ``form`` ("" for ISO 8601), the IANA ``zone`` of those without an offset."""

    form: str = ""
    zone: str = "Asia/Shanghai"


@dataclass(frozen=True)
class OutsidePoint:
    """The fields of coordinates, in degrees, and on which datum they are; in metres, how far they may be wrong."""

    lon: str
    lat: str
    datum: Datum
    accuracy_m: float | None = None


@dataclass(frozen=True)
class KindRule:
    """Which of their kinds are which of ours, and which category of the programme ("" for that of the kind)."""

    kind: EventKind
    theirs: tuple[str, ...] = ()
    category: str = ""


@dataclass(frozen=True)
class Sending:
    """Where the other side listens. ``value`` of ``header`` is filled with ``${secret}``, kept in ``var/secrets/<secret>``."""

    url: str
    header: str = "Authorization"
    value: str = "Bearer ${secret}"
    secret: str = ""
    content_type: str = "application/json; charset=utf-8"
    key_header: str = "Idempotency-Key"
    time_out_s: int = 10


@dataclass(frozen=True)
class BackRule:
    """What is told when one of ``steps`` (codes of the programme) was taken: ``state`` it brings, and the request to make."""

    state: OrderState
    steps: tuple[str, ...]
    path: str
    body: str
    method: str = "POST"


@dataclass(frozen=True)
class AnswerRule:
    """How their answers read. ``field`` of their JSON holds a code ("" : the HTTP status alone says it); ``reason`` the words."""

    field: str = ""
    accepted: tuple[str, ...] = ()
    duplicate: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class RetryRule:
    """How often is tried, and how long is waited: twice as long each time, from ``first_s`` up to ``longest_s``."""

    first_s: int = 30
    longest_s: int = 3600
    most_tries: int = 16


@dataclass(frozen=True)
class OutsideChannel:
    """An outside channel, as its one file describes it.

    Parameters
    ----------
    code : also the name of its file and its part of the API's path
    channel : by which of the platform's channels its orders come in
    programme : under which its matters are opened; "" for the district's own
    again : the step by which a closed matter goes on when its order is sent again; "" where none does
    kinds, otherwise : their kinds, and what all others are; None: others are refused
    """

    code: str
    title: Title
    channel: Channel
    fields: OutsideFields
    programme: str = ""
    amended: Amended = Amended.KEEP
    again: str = ""
    time: OutsideTime = field(default_factory=OutsideTime)
    point: OutsidePoint | None = None
    kinds: tuple[KindRule, ...] = ()
    otherwise: KindRule | None = None
    send: Sending | None = None
    back: tuple[BackRule, ...] = ()
    answer: AnswerRule = field(default_factory=AnswerRule)
    retry: RetryRule = field(default_factory=RetryRule)

    def rule_for(self, step: str) -> BackRule | None:
        """Return what is told of a step; None where nothing is."""
        return next((rule for rule in self.back if step in rule.steps), None)


@dataclass(frozen=True)
class OutsideOrder:
    """A work order, checked: the report it makes, and what stands beside the report.

    ``callback`` is the caller's number, to answer to and for nothing else; ``body_hash`` tells two sendings apart.
    """

    number: str
    report: Report
    category: str
    callback: str
    round: str
    body_hash: bytes


@dataclass(frozen=True)
class Heard:
    """What the other side answered: its verdict, in its own words; ``retry``: it may take it later. None: no verdict."""

    verdict: Verdict | None
    reason: str = ""


@dataclass(frozen=True)
class Request:
    """A request to the other side: the path below its URL, and the body, both filled."""

    path: str
    body: str
    method: str = "POST"
    values: Mapping[str, str] = field(default_factory=dict)
