"""``/health``: can this installation do its work, and if not, why."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from geogrid.errors import GeogridError
from geogrid.store import editions, outbox, ticking
from geogrid.store.schema import check_schema, newest_revision
from geogrid.store.session import session_scope
from webmap.errors import error_body
from webmap.installation import installation
from webmap.language import current_language, say
from webmap.roles import PUBLIC, roles
from webmap.warm import is_warm

blueprint = Blueprint("health", __name__)
STATEMENT_LIMIT_MS = 2_000
MOST_COUNTED = 100_000
LATE_AFTER = timedelta(minutes=10)  # the jobs look every few seconds
LOOKED_BACK = timedelta(days=7)


@blueprint.get("/health")
@roles(PUBLIC)
def health() -> Response:
    """Return 200 with database, schema, edition and lag, or 503 with the reason in words."""
    try:
        with session_scope(installation().engine) as session:
            body = _state(session)
    except GeogridError as error:
        return _unwell(error_body(error, current_language()))
    except (DBAPIError, PoolTimeout) as error:
        return _unwell(
            {"code": "unavailable.database", "message": say("The database does not answer."), "why": type(error).__name__}
        )
    return jsonify(body)


def _state(session: Session) -> dict[str, Any]:
    session.execute(text("SELECT set_config('statement_timeout', :limit_ms, true)"), {"limit_ms": str(STATEMENT_LIMIT_MS)})
    check_schema(session, durable=False)
    edition = editions.in_force(session)
    # Rides the primary key; bounded, so that a long queue costs no more than a short one.
    waiting = session.scalar(
        text("SELECT count(*) FROM (SELECT 1 FROM event_cell_deltas LIMIT :most) AS waiting"), {"most": MOST_COUNTED}
    )
    now = session.scalar(text("SELECT clock_timestamp()"))
    return {
        "status": "ok",
        "database": "ok",
        "database_time": now.isoformat() if now else None,
        "platform_time": installation().now().isoformat(),
        "schema": newest_revision(),
        "edition": {"id": edition.id, "name": edition.name},
        "lag": {"deltas_to_fold": waiting},
        "warm": is_warm(current_app),
        "notices": _notices(session),
    }


def _notices(session: Session) -> dict[str, int]:
    """Return what of the alarms and the outbox needs somebody: all but ``waiting`` are 0 while everything is well."""
    now = installation().now()
    found = outbox.health(session, now, late_after=LATE_AFTER, since=LOOKED_BACK)
    return {**asdict(found), "clocks_not_looked_at": ticking.late_looks(session, now - LATE_AFTER)}


def _unwell(why: dict[str, Any]) -> Response:
    response = jsonify({"status": "unavailable", **why})
    response.status_code = 503
    response.headers["Retry-After"] = "5"
    return response
