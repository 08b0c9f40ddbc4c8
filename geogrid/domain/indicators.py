"""Indicators: what every figure of the district is, by one file, ``data/indicators.toml``, for wall, desk, figures and API.

A figure says what it counts (its population and which rows belong to a period), which of them are the denominator and which of
those the numerator, and how one number is made of both. Conditions are a closed vocabulary: a file holds no SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from geogrid.domain.conditions import Complexity, Title
from geogrid.domain.disputes import DisputeOutcome
from geogrid.domain.events import Channel, EventKind, EventState
from geogrid.domain.labelled import LabelledEnum

TOTAL = "*"  # as a group: everything the reader sees; as a split: all of it together


class Measure(LabelledEnum):
    """How one number is made of numerator and denominator."""

    SHARE = "share", "Share"
    COUNT = "count", "Count"
    SUM = "sum", "Sum"
    MEAN = "mean", "Mean"
    MEDIAN = "median", "Median"
    PER = "per", "Per worker"


class FigureUnit(LabelledEnum):
    """What a figure is told in."""

    PERCENT = "percent", "%"
    EVENTS = "events", "events"
    YUAN = "yuan", "yuan"
    HOURS = "hours", "hours"
    POINTS = "points", "points of 5"
    PER_WORKER = "per_worker", "events a worker"


class Population(LabelledEnum):
    """What is counted."""

    EVENTS = "events", "Events"
    CLOCKS = "clocks", "Runs of clocks"
    DISPUTES = "disputes", "Disputes in mediation"
    PAYMENTS = "payments", "Payments under agreements"
    HOUSEHOLDS = "households", "Households"


class Basis(LabelledEnum):
    """Which rows belong to a period."""

    REPORTED = "reported", "Reported in the period"
    CLOSED = "closed", "Closed in the period"
    DUE = "due", "Due in the period, up to now"
    ENDED = "ended", "Mediation ended in the period"
    PAID = "paid", "Paid in the period"
    NOW = "now", "As it stands now, whatever the period"
    DRAWN = "drawn", "As of the last analysis, whatever the period"


class Field(LabelledEnum):
    """What sums, means and medians are made of."""

    RATING = "rating", "Rating"
    CLOSED_AFTER = "closed_after", "Time from report to closing"
    RECOVERED_YUAN = "recovered_yuan", "Money recovered"
    FEES_REFUNDED_YUAN = "fees_refunded_yuan", "Fees refunded"


class Split(LabelledEnum):
    """By what a figure is told apart within itself."""

    HANDLING = "handling", "Handling type"
    LEVEL = "level", "Level"
    COMPLEXITY = "complexity", "Lane"
    CHANNEL = "channel", "Channel"
    KIND = "kind", "Kind"


class FigureGroup(LabelledEnum):
    """Whose figures: of the whole, of townships, of departments, of posts."""

    DISTRICT = "district", "Whole"
    TOWNSHIP = "township", "Township"
    DEPARTMENT = "department", "Department"
    POST = "post", "Post that handled it"


class FigurePart(LabelledEnum):
    """Which list of a figure: what is counted, what it is counted of, and what is missing."""

    NUMERATOR = "numerator", "Counted"
    DENOMINATOR = "denominator", "Of"
    REST = "rest", "The others"


class Better(LabelledEnum):
    """Which way is good."""

    MORE = "more", "More is better"
    LESS = "less", "Less is better"
    NEITHER = "neither", "Says nothing by itself"


@dataclass(frozen=True)
class Condition:
    """Which rows: all that is named must hold, of a list any; what is not named asks nothing.

    ``outcome`` is the word of the programme. ``overdue`` is a running clock of the event past its time. ``merged`` are
    those that follow another matter. ``clock in_time stopped`` are of runs of clocks alone, ``ended_as`` of disputes,
    ``recovered refunded`` of payments.
    """

    is_open: bool | None = None
    state: tuple[EventState, ...] = ()
    kind: tuple[EventKind, ...] = ()
    channel: tuple[Channel, ...] = ()
    programme: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    handling: tuple[str, ...] = ()
    level: tuple[str, ...] = ()
    complexity: tuple[Complexity, ...] = ()
    outcome: tuple[str, ...] = ()
    placed: bool | None = None
    supervised: bool | None = None
    key_listed: bool | None = None
    urged: bool | None = None
    bounced: bool | None = None
    rated: bool | None = None
    overdue: bool | None = None
    merged: bool | None = None
    clock: tuple[str, ...] = ()
    in_time: bool | None = None
    stopped: bool | None = None
    ended_as: tuple[DisputeOutcome, ...] = ()
    recovered: bool | None = None
    refunded: bool | None = None


@dataclass(frozen=True)
class PartRule:
    """A numerator or a denominator: what it is called and which rows it is."""

    title: Title
    where: Condition = Condition()


@dataclass(frozen=True)
class Indicator:
    """One figure.

    Parameters
    ----------
    numerator, denominator : the rows of the denominator that are in neither condition of ``excluding``; of those the numerator
    rest : what the rows of the denominator are called that are not in the numerator
    whole : the denominator of each part of a split is that of all parts together: each part's share of the whole
    decimals : digits after the point; what lies behind is cut off, never rounded
    smallest : a smaller denominator is said to be small
    opens : the list behind the value
    """

    code: str
    title: Title
    note: Title
    measure: Measure
    unit: FigureUnit
    population: Population
    basis: Basis
    numerator: PartRule
    denominator: PartRule
    rest: Title
    better: Better
    excluding: tuple[Condition, ...] = ()
    field: Field | None = None
    split: Split | None = None
    whole: bool = False
    decimals: int = 2
    smallest: int = 1
    opens: FigurePart = FigurePart.NUMERATOR


@dataclass(frozen=True)
class Book:
    """The figures of a place, in the order of its file. ``version`` is the file's own."""

    code: str
    version: int
    title: Title
    figures: tuple[Indicator, ...]

    def figure(self, code: str) -> Indicator | None:
        """Return a figure by its code."""
        return next((one for one in self.figures if one.code == code), None)


@dataclass(frozen=True)
class Span:
    """A stretch of time: ``start`` (aware) included, ``end`` not."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Figure:
    """A figure that was read.

    ``group`` is a code (None: rows without one; ``TOTAL``: all together), ``split`` likewise. ``value`` is cut off, None
    where there is nothing to divide by; ``as_of`` the instant whose state was read.
    """

    code: str
    group: str | None
    split: str | None
    numerator: int | Decimal
    denominator: int
    value: Decimal | None
    as_of: datetime
    is_small: bool
