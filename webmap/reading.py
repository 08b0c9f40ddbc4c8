"""Transactions as the caller sees the district: row security holds whatever a query forgot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import g, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from geogrid.actions.matters import DISTRICT_ZEROS
from geogrid.errors import NotFoundError
from geogrid.rules.scope import Scope, scope_of, scope_of_unit
from geogrid.store import scope
from geogrid.store.session import session_scope
from geogrid.store.tables.events import events, steps
from webmap.installation import installation
from webmap.login import current_actor, current_caller


def current_scope() -> Scope:
    """Return what the caller of the current request may see."""
    if "scope" not in g:
        caller, district = current_caller(), installation().district.profile.code + DISTRICT_ZEROS
        g.scope = scope_of_unit(caller.unit, district) if caller.wall else scope_of(caller.actor, district)
    found: Scope = g.scope
    return found


@contextmanager
def reading() -> Iterator[Session]:
    """Yield a session that sees what the caller may see, and nothing else."""
    with session_scope(installation().engine) as session:
        scope.enter(session, current_scope(), reader=current_actor().id)
        yield session


def must_see(session: Session, event_id: UUID) -> None:
    """Raise NotFoundError where the caller may not see an event: to him it is as if there were none."""
    query = select(events.c.id).where(events.c.id == event_id, scope.visible(current_scope()))
    if session.scalar(query) is None:
        raise NotFoundError(what=str(event_id), where={"path": request.path})


def must_see_or_have_reported(session: Session, event_id: UUID) -> None:
    """Raise NotFoundError where the caller neither sees an event nor reported it: who passes a border sends his photos too."""
    mine = select(steps.c.id).where(steps.c.event_id == event_id, steps.c.seq == 1, steps.c.actor == current_actor().id)
    if session.scalar(mine) is None:
        must_see(session, event_id)
