"""Who is in charge of what, where: duties in grids, matters on a department's list in a place, the named people of a side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.people import Force, WorkerRole
from geogrid.domain.programmes import Party


class Part(LabelledEnum):
    """What a department is to a matter on its list: it leads, or it is called in."""

    LEAD = "lead", "Leads"
    ASSIST = "assist", "Assists"


class ItemState(LabelledEnum):
    """How far a matter has come onto a list."""

    PROPOSED = "proposed", "Proposed"
    ASSESSED = "assessed", "Assessed"
    ADMITTED = "admitted", "Admitted"
    SUSPENDED = "suspended", "Suspended"


class Tier(LabelledEnum):
    """The three named people of either side, a unit's and a department's."""

    HEAD = "head", "Head"
    DEPUTY = "deputy", "Deputy in charge"
    HANDLER = "handler", "Handler"


class DutyFault(LabelledEnum):
    """What breaks one worker one grid, one to many, many to one."""

    NO_LEADER = "no_leader", "Grid without a leader"
    NO_WORKER = "no_worker", "Grid without a worker"
    TWO_GRIDS = "two_grids", "Base force in several grids"
    TWO_WORKERS = "two_workers", "Several of the base force in one role"
    JOINT_ALONE = "joint_alone", "Joint force of one person"
    GRID_GONE = "grid_gone", "Duty in a grid that is not in force"
    ACCOUNT_CLOSED = "account_closed", "On duty with a closed account"


class TeamFault(LabelledEnum):
    """What is wrong with who is in a team."""

    NOBODY = "nobody", "Team without a member"
    ALONE = "alone", "Joint force of one person"
    OTHER_FORCE = "other_force", "Member on duty with another force"
    APART = "apart", "Joint force without a grid in common"


@dataclass(frozen=True)
class Duty:
    """What a person is to a grid (15 digits) or to a department's grid, from ``since`` to ``until`` (None: without end)."""

    person_id: UUID
    grid: str
    force: Force
    role: WorkerRole
    since: datetime | None = None
    until: datetime | None = None
    synthetic: bool = False


@dataclass(frozen=True)
class Item:
    """A matter (a category of a programme) on the list of a department in a place (12 digits)."""

    programme: str
    category: str
    unit: str
    department: str
    part: Part


@dataclass(frozen=True)
class Named:
    """A named person of a side: the party, the tier, who."""

    party: Party
    tier: Tier
    person_id: UUID


@dataclass(frozen=True)
class Entry:
    """A matter as a file has it for a list: how far it came, and (state, who, when) of what was decided; who is an actor's id."""

    item: Item
    note: str = ""
    state: ItemState = ItemState.PROPOSED
    trace: tuple[tuple[ItemState, str, datetime], ...] = ()
