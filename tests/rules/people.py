"""A small territory with a person in every role."""

from __future__ import annotations

from datetime import datetime

from geogrid.domain.matters import Matter, Territory
from geogrid.domain.people import SYSTEM, Actor, Post, Role
from geogrid.domain.places import Level
from geogrid.domain.programmes import Programme
from geogrid.rules.programme import parse_programme
from geogrid.rules.workflow import begin
from geogrid.settings import ROOT
from tests.rules.clocks import SHANGHAI

VILLAGE, TOWNSHIP, DISTRICT = "999901001001", "999901001000", "999901000000"
TERRITORY = Territory((("village", VILLAGE), ("township", TOWNSHIP), ("district", DISTRICT)), ("urban",), DISTRICT)
UNITS = {Level.VILLAGE: VILLAGE, Level.TOWNSHIP: TOWNSHIP, Level.DISTRICT: DISTRICT}
UNIT_OF = {
    Role.OFFICER: VILLAGE, Role.GRID_LEADER: VILLAGE, Role.MEDIATOR: VILLAGE, Role.WINDOW_CLERK: DISTRICT,
    Role.HOTLINE_OPERATOR: DISTRICT, Role.DISPATCHER: DISTRICT, Role.VERIFIER: TOWNSHIP, Role.TOWNSHIP_LEADER: TOWNSHIP,
    Role.COMMANDER: DISTRICT,
}  # fmt: skip


def person(role: Role, name: str = "", *, unit: str = "", department: str = "", station: str = "") -> Actor:
    place = "" if department or station else unit or UNIT_OF.get(role, DISTRICT)
    return Actor(f"person:{name or role.value}", name or role.label, (Post(role, place, department, station),))


EVERYBODY = [*(person(role) for role in UNIT_OF), person(Role.DEPARTMENT, department="urban"), SYSTEM, person(Role.CITIZEN)]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def programme(code: str = "hulan") -> Programme:
    return parse_programme((ROOT / "data" / "programmes" / f"{code}.toml").read_text("utf-8"), f"{code}.toml")


def matter(of: Programme, category: str = "", *, when: str = "2025-06-18T09:00", **values) -> Matter:
    found = next((c for c in of.categories if c.code == category), None)
    given = {"channel": "patrol", "asked": None, "actor": "person:officer", **values}
    units = tuple((level.code, UNITS[level.unit]) for level in of.levels)
    return begin(of, Territory(units, ("urban",), DISTRICT), found, at=at(when), **given)
