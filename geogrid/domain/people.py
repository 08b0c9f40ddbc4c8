"""People: what a worker is to a grid, what a person may do, where, and who acts."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from geogrid.domain.labelled import LabelledEnum


class WorkerRole(LabelledEnum):
    """What a worker is to a grid."""

    GRID_LEADER = "grid_leader", "Grid leader"
    GRID_WORKER = "grid_worker", "Grid worker"
    MEDIATOR = "mediator", "Mediator"
    PROFESSIONAL = "professional", "Professional"


class Role(LabelledEnum):
    """What a person may do; each role is held for a territory or a department (a person may hold several)."""

    OFFICER = "officer", "Grid officer"
    GRID_LEADER = "grid_leader", "Grid leader"
    MEDIATOR = "mediator", "Mediator"
    WINDOW_CLERK = "window_clerk", "Window clerk"
    HOTLINE_OPERATOR = "hotline_operator", "Hotline operator"
    DISPATCHER = "dispatcher", "Dispatcher"
    VERIFIER = "verifier", "Verifier"
    TOWNSHIP_LEADER = "township_leader", "Township leader"
    DEPARTMENT = "department", "Department"
    PLANNER = "planner", "Planner"
    COMMANDER = "commander", "Commander"
    AUDITOR = "auditor", "Auditor"
    ADMINISTRATOR = "administrator", "Administrator"
    CITIZEN = "citizen", "Citizen"
    SYSTEM = "system", "System"


# Whoever works on the platform; citizens and the platform itself are not staff.
STAFF = frozenset(Role) - {Role.CITIZEN, Role.SYSTEM}
# Who may move borders or accounts proves more than a password.
SECOND_FACTOR_ROLES = frozenset({Role.PLANNER, Role.ADMINISTRATOR})


class Force(LabelledEnum):
    """What a team is to grids: one worker one grid; specialists many grids each; many forces joined in one grid."""

    BASE = "base", "Base force"
    PROFESSIONAL = "professional", "Professional force"
    JOINT = "joint", "Joint force"


@dataclass(frozen=True)
class Post:
    """A role held for the territory ``unit`` (12 digits: a district, township or village), for a department, or for a station.

    ``team`` is the code of the team in which it is held, if any.
    """

    role: Role
    unit: str = ""
    department: str = ""
    station: str = ""
    team: str = ""


# The post by which the platform knows somebody who is a worker of a grid.
POST_OF = {
    WorkerRole.GRID_LEADER: Role.GRID_LEADER,
    WorkerRole.GRID_WORKER: Role.OFFICER,
    WorkerRole.MEDIATOR: Role.MEDIATOR,
    WorkerRole.PROFESSIONAL: Role.OFFICER,
}


@dataclass(frozen=True)
class Team:
    """People of one force who are asked as one, in a place (12 digits: a district, township or village)."""

    code: str
    name: str
    force: Force
    unit: str
    department: str = ""
    synthetic: bool = False


@dataclass(frozen=True)
class Actor:
    """Who acts, with the posts held.

    ``id`` is what steps and the audit keep: "person:<uuid>", "system:geogrid", "key:<name>". ``session`` names the log-in.
    A system actor has the post SYSTEM of no place: it may take the steps that programmes give to ``system``.
    """

    id: str
    name: str
    posts: tuple[Post, ...]
    session: str = ""

    def roles(self) -> frozenset[Role]:
        """Return the roles held anywhere."""
        return frozenset(post.role for post in self.posts)


@dataclass(frozen=True)
class Recipient:
    """Who is to be told; ``synthetic``: a made-up person, whom no real carrier may reach."""

    person_id: UUID
    name: str
    email: str
    phone: str
    synthetic: bool


GUEST = Actor("guest", "", ())
SYSTEM = Actor("system:geogrid", "geogrid", (Post(Role.SYSTEM),))
