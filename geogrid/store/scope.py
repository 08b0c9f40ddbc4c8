"""Who sees which events: one clause for every SELECT, and row security behind it, which fails closed.

The clause makes queries quick (it rides the indexes on the units' codes); row security holds where somebody forgot it. A
transaction that serves a reader gives up the rights of the platform and takes those of the role ``geogrid_app``, which owns
nothing and bypasses nothing; what was not set shows nothing.
"""

from __future__ import annotations

from sqlalchemy import ARRAY, ColumnElement, Table, Text, bindparam, false, func, or_, select, true
from sqlalchemy.orm import Session

from geogrid.rules.scope import Scope
from geogrid.store.tables.concerns import concerns
from geogrid.store.tables.events import events

APP_ROLE = "geogrid_app"


def visible(scope: Scope) -> ColumnElement[bool]:
    """Return the condition on ``events`` that leaves what ``scope`` may see.

    Rides the indexes of ``events`` that begin with a unit's code, and the primary key of ``concerns``.
    """
    if scope.whole:
        return true()
    if not scope.units and not scope.parties:
        return false()
    mine = select(concerns.c.event_id).where(concerns.c.event_id == events.c.id, concerns.c.party == func.any(parties_of(scope)))
    if not scope.units:
        return mine.exists()
    return or_(lies_in(events, scope), mine.exists())


def lies_in(table: Table, scope: Scope) -> ColumnElement[bool]:
    """Return the condition that a row with ``township_code`` and ``village_code`` lies in one of the units of ``scope``."""
    units = units_of(scope)
    return or_(table.c.township_code == func.any(units), table.c.village_code == func.any(units))


def units_of(scope: Scope) -> ColumnElement:
    """Return the codes of the scope's units as one array."""
    return _texts("scope_units", scope.units)


def parties_of(scope: Scope) -> ColumnElement:
    """Return the scope's parties as one array."""
    return _texts("scope_parties", scope.parties)


def _texts(name: str, values: tuple[str, ...]) -> ColumnElement:
    return bindparam(name, list(values), type_=ARRAY(Text))


def enter(session: Session, scope: Scope, *, reader: str = "") -> None:
    """Give up the platform's rights for the rest of this transaction and see what ``scope`` may see, nothing else.

    ``reader`` ("person:<uuid>") opens what is somebody's own, such as his saved views; without one nothing of it is seen.
    """
    settings = {
        "geogrid.reader": reader,
        "geogrid.reach": "district" if scope.whole else "",
        "geogrid.units": ",".join(scope.units),
        "geogrid.parties": ",".join(scope.parties),
        "role": APP_ROLE,
    }
    session.execute(select(*(func.set_config(name, value, True) for name, value in settings.items())))
