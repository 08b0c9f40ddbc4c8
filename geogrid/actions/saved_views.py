"""Views of the queue that somebody saved: his own, changed by him alone; shared ones are seen by everybody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geogrid.actions.words import kept
from geogrid.domain.people import Actor
from geogrid.errors import NotFoundError, ViewNameTaken
from geogrid.errors.family import Reason
from geogrid.store import audit, desk

LONGEST_NAME = 60


def save_view(session: Session, name: str, query: Mapping[str, Any], *, shared: bool, actor: Actor, now: datetime) -> int:
    """Save a view and return its number; ``query`` was checked before. Raises ViewNameTaken, WordsInvalid."""
    name = kept(name, "name", most=LONGEST_NAME)
    values = {"person": actor.id, "name": name, "query": dict(query), "shared": shared, "made_at": now}
    try:
        with session.begin_nested():
            number = desk.add_view(session, values)
    except IntegrityError as error:
        raise ViewNameTaken(name=name, where={"path": "name"}) from error
    _audit(session, "desk.view.save", number, actor, now)
    return number


def change_view(
    session: Session, number: int, name: str, query: Mapping[str, Any], *, shared: bool, actor: Actor, now: datetime
) -> None:
    """Change a view of one's own; raises NotFoundError for those of others, ViewNameTaken, WordsInvalid."""
    _own(session, number, actor)
    name = kept(name, "name", most=LONGEST_NAME)
    try:
        with session.begin_nested():
            desk.change_view(session, number, {"name": name, "query": dict(query), "shared": shared})
    except IntegrityError as error:
        raise ViewNameTaken(name=name, where={"path": "name"}) from error
    _audit(session, "desk.view.change", number, actor, now)


def delete_view(session: Session, number: int, *, actor: Actor, now: datetime) -> None:
    """Delete a view of one's own; raises NotFoundError for those of others."""
    _own(session, number, actor)
    desk.delete_view(session, number)
    _audit(session, "desk.view.delete", number, actor, now)


def view_for(session: Session, number: int, *, actor: Actor) -> Mapping[str, Any]:
    """Return a view that the actor may use: his own or a shared one; raises NotFoundError."""
    found = desk.find_view(session, number)
    if found is None or not (found["shared"] or found["person"] == actor.id):
        raise NotFoundError(what=Reason("view {number}", number=number), where={"path": "view"})
    return found


def _own(session: Session, number: int, actor: Actor) -> None:
    found = desk.find_view(session, number, lock=True)
    if found is None or found["person"] != actor.id:
        raise NotFoundError(what=Reason("view {number}", number=number), where={"path": "view"})


def _audit(session: Session, action: str, number: int, actor: Actor, now: datetime) -> None:
    audit.write(session, actor=actor.id, action=action, object_kind="view", object_id=str(number), now=now)
