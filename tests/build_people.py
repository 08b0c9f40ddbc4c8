"""People with posts in the small district, so that notices find somebody."""

from __future__ import annotations

from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from geogrid.domain.people import Post, Role
from geogrid.store import people
from tests.build_district import NOW, TOWNSHIP_A, VILLAGE_A

NAMESPACE = UUID("6a6f0d5e-3a43-4d38-8d4e-2f4f3f0d1a00")
DISTRICT = "999901000000"
EVERYBODY = (
    ("leader_a", Post(Role.GRID_LEADER, VILLAGE_A)),
    ("officer_a", Post(Role.OFFICER, VILLAGE_A)),
    ("township_a", Post(Role.TOWNSHIP_LEADER, TOWNSHIP_A)),
    ("dispatcher", Post(Role.DISPATCHER, DISTRICT)),
    ("commander", Post(Role.COMMANDER, DISTRICT)),
    ("urban", Post(Role.DEPARTMENT, department="urban")),
)


def id_of(login: str) -> UUID:
    return uuid5(NAMESPACE, login)


def recipient(login: str) -> str:
    return f"person:{id_of(login)}"


def employ(session: Session, staff=EVERYBODY, *, synthetic: bool = True) -> None:
    """Store people with their posts; each has a phone number and an e-mail address."""
    for number, (login, post) in enumerate(staff):
        values = {"id": id_of(login), "login": login, "name": login, "created_at": NOW, "synthetic": synthetic}
        people.add(session, {**values, "email": f"{login}@example.org", "phone": f"1380000{number:04d}"})
        people.give_posts(session, id_of(login), [post], since=None, given_by="test")
