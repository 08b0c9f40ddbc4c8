"""Who sees which events: one clause for every SELECT, and row security behind it, which fails closed.

The clause makes queries quick (it rides the indexes on the units' codes); row security holds where somebody forgot it. A
transaction that serves a reader gives up the rights of the platform and takes those of the role ``geogrid_app``, which owns
nothing and bypasses nothing; what was not set shows nothing.
"""

from __future__ import annotations

from sqlalchemy import ARRAY, ColumnElement, Text, bindparam, false, func, or_, select, true
from sqlalchemy.orm import Session

from geogrid.rules.scope import Scope
from geogrid.store.tables.events import events
from geogrid.store.tables.matters import matters

APP_ROLE = "geogrid_app"


def visible(scope: Scope) -> ColumnElement[bool]:
    """Return the condition on ``events`` that leaves what ``scope`` may see.

    Rides ``ix_events_open`` and the primary key of ``matters``.
    """
    if scope.whole:
        return true()
    if not scope.units and not scope.parties:
        return false()
    units, parties = _texts("scope_units", scope.units), _texts("scope_parties", scope.parties)
    concerned = select(matters.c.event_id).where(
        matters.c.event_id == events.c.id,
        or_(matters.c.owner == func.any(parties), matters.c.lead == func.any(parties), matters.c.assisting.op("&&")(parties)),
    )
    return or_(events.c.township_code == func.any(units), events.c.village_code == func.any(units), concerned.exists())


def _texts(name: str, values: tuple[str, ...]) -> ColumnElement:
    return bindparam(name, list(values), type_=ARRAY(Text))


def enter(session: Session, scope: Scope) -> None:
    """Give up the platform's rights for the rest of this transaction and see what ``scope`` may see, nothing else."""
    settings = {
        "geogrid.reach": "district" if scope.whole else "",
        "geogrid.units": ",".join(scope.units),
        "geogrid.parties": ",".join(scope.parties),
        "role": APP_ROLE,
    }
    session.execute(select(*(func.set_config(name, value, True) for name, value in settings.items())))
