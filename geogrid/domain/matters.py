"""Matters: an event under its programme, as its steps add up to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from geogrid.domain.clocks import Duration, Limit
from geogrid.domain.conditions import Complexity
from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.people import Role
from geogrid.domain.programmes import Party


class MarkKind(LabelledEnum):
    """What happens to a clock."""

    START = "start", "Started"
    PAUSE = "pause", "Paused"
    RESUME = "resume", "Resumed"
    EXTEND = "extend", "Extended"
    STOP = "stop", "Stopped"


@dataclass(frozen=True)
class Mark:
    """One thing that happened to a clock, when (aware), why, by how much an extension adds, until when a pause lasts at most."""

    kind: MarkKind
    at: datetime
    reason: str = ""
    amount: Duration | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class ClockRun:
    """One run of a clock: its code, the limit that held when it started, its marks in order."""

    clock: str
    limit: Limit
    marks: tuple[Mark, ...]

    @property
    def is_running(self) -> bool:
        """Whether it was not stopped yet; a paused clock runs too."""
        return self.marks[-1].kind is not MarkKind.STOP

    @property
    def is_paused(self) -> bool:
        """Whether it stands still."""
        held = [mark.kind for mark in self.marks if mark.kind in {MarkKind.PAUSE, MarkKind.RESUME, MarkKind.STOP}]
        return bool(held) and held[-1] is MarkKind.PAUSE

    def with_mark(self, mark: Mark) -> ClockRun:
        """Return this run with one more mark."""
        return ClockRun(self.clock, self.limit, (*self.marks, mark))

    @property
    def extensions(self) -> int:
        """How often it was extended."""
        return sum(mark.kind is MarkKind.EXTEND for mark in self.marks)


@dataclass(frozen=True)
class Taken:
    """A step that was taken: its code, its place in the row of steps, by whom, when, and in which state it left the matter."""

    seq: int
    step: str
    actor: str
    at: datetime
    state: str


@dataclass(frozen=True)
class Proposal:
    """A step that waits for its approver; ``seq`` is that of the step that asked."""

    seq: int
    step: str
    asked_by: str
    at: datetime
    approver: Role
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Whistle:
    """A whistle blown for somebody; None: not answered yet."""

    party: Party
    at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True)
class Matter:
    """An event under its programme.

    Parameters
    ----------
    programme, version : which rules; ``version`` is that of the day it was opened
    state, level : codes of the programme
    units : (level code, unit code) of the territory, the lowest level first; empty where the event has no grid
    first_owner : who was asked first; never changes
    owner : who answers for it now; never empty
    lead, assisting : who was given it, who was called in
    owners : those who owned it before, the latest last: where a returned matter goes back to
    parent : the event of the matter that this one was merged into and follows; "" for one that goes its own way
    """

    programme: str
    version: int
    state: str
    level: str
    first_owner: Party
    owner: Party
    units: tuple[tuple[str, str], ...] = ()
    channel: str = ""
    category: str = ""
    handling: str = ""
    complexity: Complexity | None = None
    amount_yuan: float | None = None
    lead: Party | None = None
    assisting: tuple[Party, ...] = ()
    owners: tuple[Party, ...] = ()
    bounces: int = 0
    supervised: bool = False
    urged: int = 0
    key_listed: bool = False
    parent: str = ""
    parked_until: datetime | None = None
    rating: int | None = None
    outcome: str = ""
    whistles: tuple[Whistle, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    taken: tuple[Taken, ...] = ()
    clocks: tuple[ClockRun, ...] = ()

    def but(self, **changed: Any) -> Matter:
        """Return this matter with some fields changed; ten times as fast as ``dataclasses.replace``, as bulk loads need it."""
        made = object.__new__(Matter)
        made.__dict__.update(self.__dict__)
        made.__dict__.update(changed)
        return made

    def parties(self) -> tuple[Party, ...]:
        """Return everybody who has to do with it now: owner, lead, those called in and those a whistle was blown for."""
        whistled = tuple(whistle.party for whistle in self.whistles if whistle.answered_at is None)
        return tuple(dict.fromkeys((self.owner, *((self.lead,) if self.lead else ()), *self.assisting, *whistled)))


@dataclass(frozen=True)
class Territory:
    """Where a matter is: (level code, unit code), the lowest first, and the departments whose grids lie there.

    ``district`` answers for what lies nowhere; raises ValueError where there is neither, since a matter is never unowned.
    """

    units: tuple[tuple[str, str], ...]
    departments: tuple[str, ...] = ()
    district: str = ""

    def __post_init__(self) -> None:
        """Refuse a territory of nobody."""
        if not all(unit for _, unit in self.units) or not (self.units or self.district):
            raise ValueError("a territory needs a unit or a district")
