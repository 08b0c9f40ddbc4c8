"""Who takes the steps of a replay: workers of a file with their grids, and the people of offices, made up where nobody is named.

Everybody is a person of the database with posts, so that notices find readers; nobody of them can log in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from etl.workers import NAMESPACE, POST_OF, Worker
from geogrid.domain.events import Channel, StepKind
from geogrid.domain.grids import Department
from geogrid.domain.matters import Matter
from geogrid.domain.people import Actor, Post, Role
from geogrid.domain.places import Level
from geogrid.domain.programmes import Party, PartyKind, StepRule

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# Offices of the district and of each township, with how many people hold each.
OF_DISTRICT = {
    Role.DISPATCHER: 3, Role.COMMANDER: 1, Role.WINDOW_CLERK: 2, Role.HOTLINE_OPERATOR: 2, Role.VERIFIER: 2, Role.OFFICER: 2,
    Role.GRID_LEADER: 1, Role.MEDIATOR: 1, Role.TOWNSHIP_LEADER: 1,
}  # fmt: skip
OF_TOWNSHIP = {Role.TOWNSHIP_LEADER: 1, Role.VERIFIER: 2}
# Steps that are taken by whoever has the matter; all others by whoever holds the office they are for.
BY_OWNER = frozenset({StepKind.TAKE_ON, StepKind.HANDLE, StepKind.MEDIATE, StepKind.SETTLE, StepKind.REPLY})
REPORTERS = {Channel.WINDOW: Role.WINDOW_CLERK, Channel.HOTLINE: Role.HOTLINE_OPERATOR}


@dataclass
class Cast:
    """The people of a replay: by role and unit (or department), and by role and grid."""

    actors: list[Actor] = field(default_factory=list)
    by_place: dict[tuple[Role, str], list[Actor]] = field(default_factory=lambda: defaultdict(list))
    by_grid: dict[tuple[Role, str], list[Actor]] = field(default_factory=lambda: defaultdict(list))

    def add(self, actor: Actor, grid: str = "") -> None:
        """Take in a person with the posts held."""
        self.actors.append(actor)
        for post in actor.posts:
            self.by_place[post.role, post.department or post.unit].append(actor)
            if grid:
                self.by_grid[post.role, grid].append(actor)

    def reporter(self, channel: Channel, grid: str, district: str, turn: int) -> str:
        """Return who reports: a worker of the grid on patrol, a clerk or operator, else a citizen without an account."""
        found = self.by_grid.get((Role.OFFICER, grid)) if channel is Channel.PATROL else None
        found = found or self.by_place.get((REPORTERS.get(channel, Role.SYSTEM), district))
        return found[turn % len(found)].id if found else "citizen"

    def for_step(self, rule: StepRule, matter: Matter, grid: str, district: str, turn: int) -> Actor | None:
        """Return who takes a step: of the step's roles, for the matter, and nobody who took what this step controls."""
        barred = {taken.actor for taken in matter.taken if taken.step in rule.not_by}
        for role, place in self._places(rule, matter, district):
            here = self.by_grid.get((role, grid), []) if grid.startswith(place) else []
            free = [one for one in here or self.by_place.get((role, place), ()) if one.id not in barred]
            if free:
                return free[turn % len(free)]
        return None

    def _places(self, rule: StepRule, matter: Matter, district: str) -> Iterable[tuple[Role, str]]:
        owner = matter.owner.code
        units = [*(unit for _, unit in matter.units), owner, district]
        if rule.kind in BY_OWNER:
            yield from ((role, owner) for role in rule.roles)
        yield from ((role, unit) for role in rule.roles for unit in units)


def cast_of(workers: Sequence[Worker], units: Iterable[tuple[str, Level]], county: str) -> Cast:
    """Return the workers with their posts, and the offices of the district, its townships and its departments."""
    cast, district = Cast(), county + "000000"
    for worker in workers:
        post = Post(POST_OF[worker.role], worker.unit)
        cast.add(_person(county, worker.code, worker.name, [post]), worker.grid)
    _offices(cast, county, district, OF_DISTRICT)
    for code, level in units:
        if level is Level.TOWNSHIP:
            _offices(cast, county, code, OF_TOWNSHIP)
    for department in Department:
        posts = [Post(Role.DEPARTMENT, department=department.value)]
        cast.add(_person(county, f"{Role.DEPARTMENT.value}-{department.value}", department.label, posts))
    return cast


def _offices(cast: Cast, county: str, unit: str, wanted: dict[Role, int]) -> None:
    for role, count in wanted.items():
        for number in range(1, count + 1):
            cast.add(_person(county, f"{role.value}-{unit}-{number}", role.label, [Post(role, unit)]))


def _person(county: str, code: str, name: str, posts: Sequence[Post]) -> Actor:
    return Actor(str(Party(PartyKind.PERSON, str(uuid5(NAMESPACE, f"{county}:{code}")))), name, tuple(posts), session=code)


def employ(session: Session, cast: Cast, *, now: datetime) -> int:
    """Store the people of a cast with their posts, as made-up people without a password; return how many."""
    from geogrid.store import people

    rows: list[dict[str, Any]] = []
    posts: list[tuple[UUID, Post]] = []
    for actor in cast.actors:
        person_id = UUID(actor.id.partition(":")[2])
        login = f"replay-{actor.session.lower()}"
        rows.append({"id": person_id, "login": login, "name": actor.name, "synthetic": True, "created_at": now})
        posts += [(person_id, post) for post in actor.posts]
    people.add_all(session, rows)
    people.give_all(session, posts, given_by="replay")
    return len(rows)
