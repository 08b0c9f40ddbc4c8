"""The assessment sheet: what scores, whom, and the lines of the ledger that says so.

Outcomes score; counts of reports never do: quotas breed invented reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from geogrid.domain.conditions import Title
from geogrid.domain.labelled import LabelledEnum


class Subject(LabelledEnum):
    """Who is assessed: a street, a department, somebody who works. Residents never are."""

    TOWNSHIP = "township", "Street or township"
    DEPARTMENT = "department", "Department"
    WORKER = "worker", "Worker"


class Outcome(LabelledEnum):
    """What work came to: the only things that score. That something was reported is none of them."""

    CLOSED_IN_TIME = "closed_in_time", "Closed, handled in time"
    CLOSED_LATE = "closed_late", "Closed, handled late"
    SENT_BACK = "sent_back", "Sent back to be done again"
    RATED_WELL = "rated_well", "Rated 4 or 5"
    RATED_BADLY = "rated_badly", "Rated 1 or 2"
    SETTLED = "settled", "Dispute settled"
    WHISTLE_ANSWERED = "whistle_answered", "Whistle answered"
    SUPERVISED = "supervised", "Put under supervision"


class LineKind(LabelledEnum):
    """Where a line of the ledger comes from."""

    EARNED = "earned", "By the rules"
    CORRECTION = "correction", "The record changed"
    APPEAL = "appeal", "Appeal granted"


class AppealState(LabelledEnum):
    """How an appeal stands."""

    WAITING = "waiting", "Waiting to be decided"
    GRANTED = "granted", "Granted"
    REFUSED = "refused", "Refused"


@dataclass(frozen=True)
class ScoringRule:
    """One rule of the sheet: ``points`` for each time ``outcome`` is reached, for these subjects.

    ``most`` bounds what the rule adds or takes in a month for one subject, so that nobody hunts for one kind of matter; every
    line is written all the same. ``clocks`` are those of the programme that must have been kept (the handler's, not the
    verifier's). ``kinds`` and ``handling`` narrow it (empty: all).
    """

    code: str
    title: Title
    outcome: Outcome
    points: float
    subjects: tuple[Subject, ...]
    most: float
    clocks: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    handling: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """The rules of a place: everybody begins a month with ``base`` points; with fewer than ``smallest`` outcomes nobody has
    a rank.

    ``deciders`` are the roles that decide on appeals, within ``appeal_days`` natural days after the line was written.
    """

    version: int
    title: Title
    base: float
    smallest: int
    appeal_days: int
    deciders: tuple[str, ...]
    rules: tuple[ScoringRule, ...]

    def rule(self, code: str) -> ScoringRule | None:
        """Return a rule by code; None where a later version of the sheet has it no more."""
        return next((rule for rule in self.rules if rule.code == code), None)


@dataclass(frozen=True)
class Happening:
    """An outcome reached: of which event, by which of its steps (``seq``), when, and whose it is.

    ``worker`` is the person who handled or settled ("person:..."; "" where a machine or nobody did), ``department`` the one that
    led or owned the matter ("" for none). ``late_clocks`` are the programme's clocks of which a run ended late,
    ``own_late_clocks`` those of which the last one did: a matter that was escalated because it was late is not late by who
    then handled it in time.
    """

    outcome: Outcome
    event_id: UUID
    seq: int
    at: datetime
    kind: str
    handling: str
    township: str
    department: str
    worker: str
    late_clocks: tuple[str, ...] = ()
    own_late_clocks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Key:
    """What a line is about: one outcome of one event scores once under a rule for a subject, however often it is counted."""

    subject_kind: Subject
    subject: str
    rule: str
    event_id: UUID
    seq: int


@dataclass(frozen=True)
class Entry:
    """A line to be written: what it is about, its points, and where the event lies (for who may see it)."""

    key: Key
    points: float
    unit: str
    kind: LineKind = LineKind.EARNED
