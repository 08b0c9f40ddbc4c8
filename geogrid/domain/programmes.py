"""Programmes: what a place's rules say of its matters. Read from ``data/programmes/<code>.toml``; every name in it is data.

A programme is a workflow (states and steps), clocks over it, and what surrounds both: levels, categories, handling types,
pauses, notices, forms. Each state stands for one stage of an event (:class:`~geogrid.domain.events.EventState`), so that maps,
counts and figures read every programme alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from geogrid.domain.clocks import ClockRule, Duration, PauseRule, WorkingTime
from geogrid.domain.conditions import Complexity, Title, When
from geogrid.domain.events import EventKind, EventState, StepKind
from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.people import Role
from geogrid.domain.places import Level


class CategoryClass(LabelledEnum):
    """Components are objects with an owner; events happen on a territory."""

    COMPONENT = "component", "Component"
    EVENT = "event", "Event"


class PartyKind(LabelledEnum):
    """Who can own a matter, lead it, or assist in it."""

    UNIT = "unit", "Unit"
    GRID = "grid", "Grid"
    DEPARTMENT = "department", "Department"
    STATION = "station", "Station"
    PERSON = "person", "Person"
    TEAM = "team", "Team"


class StationChoice(LabelledEnum):
    """Which station a dispute goes to first."""

    HOME = "home_station", "Home station"
    SERVING = "serving_station", "Serving station"


# What a step does besides leading from state to state; ``rules.workflow`` carries each out.
EFFECTS = (
    "own", "give", "assist", "next_level", "previous_level", "bounce", "blow", "answer", "pause", "resume", "extend", "park",
    "unpark", "urge", "supervise", "key_list", "settle", "withdraw", "rate", "confirm", "transfer_out", "triage", "merge",
    "unmerge", "follow",
)  # fmt: skip
FIELD_KINDS = ("text", "number", "date", "choice", "photo", "point", "person", "station")
# Steps of every programme: the report, what the platform does by itself, and the answers to a step that waits for approval.
BUILT_IN_STEPS = ("report", "assign", "approve", "refuse", "time_out", "note")


@dataclass(frozen=True)
class Party:
    """Who is meant: a unit, a department, a person ...; written ``"department:police"``."""

    kind: PartyKind
    code: str

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.code}"


@dataclass(frozen=True)
class LevelRule:
    """A level of the three-level filter, the lowest first; ``unit`` is the administrative level whose unit owns matters there."""

    code: str
    title: Title
    unit: Level


@dataclass(frozen=True)
class HandlingType:
    """A way of handling: immediate, timed, promised, agent; self, joint, transfer; ..."""

    code: str
    title: Title


@dataclass(frozen=True)
class ChannelRule:
    """A channel under this programme: ``code`` is one of :class:`~geogrid.domain.events.Channel`, ``title`` its name here."""

    code: str
    title: Title


@dataclass(frozen=True)
class RoleTitle:
    """What a role is called under this programme: a dispatcher of a court is its clerk who sorts cases."""

    code: Role
    title: Title


@dataclass(frozen=True)
class Category:
    """A class of matters. ``parent`` is the major class ("" for one); ``department`` the owner of a component ("" unknown)."""

    code: str
    title: Title
    category_class: CategoryClass
    kind: EventKind
    parent: str = ""
    handling: str = ""
    department: str = ""
    complexity: Complexity | None = None


@dataclass(frozen=True)
class StateRule:
    """A state of a matter. ``stage`` is what it is to maps and figures; ``final`` where nothing follows (archived)."""

    code: str
    title: Title
    stage: EventState
    final: bool = False
    clocks_may_run: bool = True


@dataclass(frozen=True)
class StepRule:
    """A step: who may take it in which states, what it needs, where it leads, what it does besides.

    ``to`` is a state's code, "" keeps the state. ``requires`` names evidence (fields of the command): ``note reason photo unit
    amount rating agreement consent until ...`` . ``not_by`` are steps whose taker may not take this one (verification is never
    the handler's own); ``approver`` must agree before it is carried out. ``within`` is counted from when the matter last came
    into the state or was handed over in it (a return within 2 working days). ``does`` are effects, see ``EFFECTS``.
    ``parties`` are the kinds of parties that the step may name; empty: any.
    """

    code: str
    title: Title
    kind: StepKind
    from_states: tuple[str, ...]
    to: str = ""
    roles: tuple[Role, ...] = ()
    requires: tuple[str, ...] = ()
    not_by: tuple[str, ...] = ()
    approver: Role | None = None
    when: When = field(default_factory=When)
    within: Duration | None = None
    does: tuple[str, ...] = ()
    form: str = ""
    parties: tuple[PartyKind, ...] = ()


@dataclass(frozen=True)
class NoticeRule:
    """Who is told what, and how: on a step (``"step:<code>"``) or when a clock enters a phase (``"clock:<code>:<phase>"``).

    ``to`` are roles of parties: ``owner lead assisting first_owner supervisor citizen department approver``, or a role's code.
    """

    code: str
    on: str
    to: tuple[str, ...]
    carrier: str
    text: Title
    even_at_night: bool = False


@dataclass(frozen=True)
class FormField:
    """A field of a form. ``kind``: text, number, date, choice, photo, point, person, station."""

    code: str
    title: Title
    kind: str
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """A form that a step or an intake shows; its fields go into the step's details."""

    code: str
    title: Title
    fields: tuple[FormField, ...]


@dataclass(frozen=True)
class TriageRule:
    """Matters for which a complexity is proposed: the first rule that fits fires, and says its reason."""

    complexity: Complexity
    when: When
    reason: Title


@dataclass(frozen=True)
class Responsibility:
    """Who owns what: the order of search by class, the tiers on both sides, which station first, the bounce alarm.

    ``component`` and ``event`` name the order: ``("owner", "territory")``; nobody found is always the territory. ``tiers`` are
    the three named people of either side (head, deputy, handler). ``whistle`` names the clock of a blown whistle.
    """

    component: tuple[str, ...]
    event: tuple[str, ...]
    tiers: tuple[Title, ...]
    station: StationChoice
    bounces_alarm: int = 2
    whistle: str = ""
    first_asked: bool = True


@dataclass(frozen=True)
class Ticks:
    """What a step does to clocks: the codes of those it stops, the rules of those it starts."""

    stops: frozenset[str]
    starts: tuple[ClockRule, ...]


@dataclass(frozen=True)
class Programme:
    """One place's rules; ``version`` grows with every change, and a matter keeps the one it was opened under."""

    code: str
    version: int
    title: Title
    timezone: str
    calendar: str
    working_time: WorkingTime
    levels: tuple[LevelRule, ...]
    handling_types: tuple[HandlingType, ...]
    channels: tuple[ChannelRule, ...]
    categories: tuple[Category, ...]
    states: tuple[StateRule, ...]
    steps: tuple[StepRule, ...]
    clocks: tuple[ClockRule, ...]
    responsibility: Responsibility
    pauses: tuple[PauseRule, ...] = ()
    notices: tuple[NoticeRule, ...] = ()
    forms: tuple[Form, ...] = ()
    triage: tuple[TriageRule, ...] = ()
    settings: dict[str, str | int | float | bool] = field(default_factory=dict)
    roles: tuple[RoleTitle, ...] = ()
    by_code: dict[str, dict[str, Any]] = field(default_factory=dict, init=False, repr=False, compare=False)
    leaving: dict[str, tuple[StepRule, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    ticks: dict[str, Ticks] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keep states, steps and clocks by code, and what leaves a state: every step of every matter asks for some."""
        for name in ("states", "steps", "clocks"):
            self.by_code[name] = {rule.code: rule for rule in getattr(self, name)}
        for state in self.states:
            self.leaving[state.code] = tuple(step for step in self.steps if state.code in step.from_states)
        for code in {code for clock in self.clocks for code in (*clock.starts_on, *clock.stops_on)}:
            stops = frozenset(clock.code for clock in self.clocks if code in clock.stops_on)
            self.ticks[code] = Ticks(stops, tuple(clock for clock in self.clocks if code in clock.starts_on))

    def state(self, code: str) -> StateRule:
        """Return the state of this code; raises KeyError."""
        found: StateRule = self.by_code["states"][code]
        return found

    def step(self, code: str) -> StepRule:
        """Return the step of this code; raises KeyError."""
        found: StepRule = self.by_code["steps"][code]
        return found

    def clock(self, code: str) -> ClockRule:
        """Return the clock of this code; raises KeyError."""
        found: ClockRule = self.by_code["clocks"][code]
        return found

    def role_title(self, role: Role) -> Title | None:
        """Return what a role is called here; None: as everywhere."""
        return next((named.title for named in self.roles if named.code is role), None)

    @property
    def first_state(self) -> StateRule:
        """The state in which every matter begins: the first of the file."""
        return self.states[0]
