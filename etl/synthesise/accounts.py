"""The accounts of the made-up district: one of every role, for whoever tries it out. Passwords are made at set-up, never here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geogrid.actions.accounts import NewAccount
from geogrid.domain.grids import Department
from geogrid.domain.people import STAFF, Post, Role
from geogrid.domain.places import Level
from geogrid.texts import translate

MAIL = "{login}@example.invalid"  # RFC 2606: no such address exists
# Roles that are held for less than the district.
TOWNSHIP = (Role.TOWNSHIP_LEADER, Role.VERIFIER)
VILLAGE = (Role.OFFICER, Role.GRID_LEADER, Role.MEDIATOR)


@dataclass(frozen=True)
class Unit:
    """A unit of the district: 12 digits, its level, and the unit above it."""

    code: str
    level: Level
    parent: str = ""


def twin_accounts(units: Sequence[Unit], station: str = "") -> list[NewAccount]:
    """Return one account a role: of the first township, of its first village, of a department, the rest of the district.

    ``station`` is the code of the village's own station, where the mediator works.
    """
    district = next(unit.code for unit in units if unit.level is Level.DISTRICT)
    township = min((unit.code for unit in units if unit.level is Level.TOWNSHIP), default=district)
    villages = (unit.code for unit in units if unit.level is Level.VILLAGE and unit.parent == township)
    village = min(villages, default=township)
    return [_account(role, _post(role, district, township, village, station)) for role in Role if role in STAFF]


def _post(role: Role, district: str, township: str, village: str, station: str) -> Post:
    if role is Role.DEPARTMENT:
        return Post(role, unit=district, department=Department.URBAN.value)
    if role in VILLAGE:
        return Post(role, unit=village, station=station if role is Role.MEDIATOR else "")
    return Post(role, unit=township if role in TOWNSHIP else district)


def _account(role: Role, post: Post) -> NewAccount:
    login = role.value.replace("_", "-")
    name = "模拟" + translate(role.label, "zh", "Role")
    return NewAccount(login, name, (post,), email=MAIL.format(login=login), synthetic=True, must_change=False)
