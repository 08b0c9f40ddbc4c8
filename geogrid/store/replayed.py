"""What the ledger says of lives that were lived: counted from the steps, not from what is made of them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

# One row an event: which steps in which order, and who handled, verified and closed it.
LIVES = """
WITH lived AS (
    SELECT event_id, array_agg(kind ORDER BY seq) AS kinds, bool_or(kind = 'close') AS is_closed,
           array_agg(actor) FILTER (WHERE kind = 'handle') AS handlers,
           array_agg(actor) FILTER (WHERE kind = 'verify') AS verifiers,
           array_agg(actor) FILTER (WHERE kind = 'close') AS closers
    FROM steps GROUP BY event_id
)
SELECT m.programme AS programme, count(*) AS reported,
       count(*) FILTER (WHERE is_closed) AS closed,
       count(*) FILTER (WHERE NOT is_closed) AS still_open,
       count(*) FILTER (WHERE is_closed AND kinds @> ARRAY['report', 'assign', 'open', 'dispatch', 'handle', 'verify']) AS whole,
       count(*) FILTER (WHERE is_closed AND NOT verifiers && handlers) AS verified_by_another,
       count(*) FILTER (WHERE is_closed AND NOT closers && handlers) AS closed_by_another,
       count(*) FILTER (WHERE is_closed AND array_position(kinds, 'verify') > array_position(kinds, 'handle')
           AND array_position(kinds, 'close') > array_position(kinds, 'verify')) AS in_order,
       count(*) FILTER (WHERE 'escalate' = ANY (kinds)) AS escalated
FROM lived JOIN matters AS m USING (event_id) GROUP BY m.programme ORDER BY m.programme
"""
# Without a stop a run is in time as long as its end lies ahead; the tick says when it does no more.
CLOCKS = """
SELECT m.programme AS programme, c.clock AS clock, count(*) AS runs,
       count(*) FILTER (WHERE c.is_late) AS late,
       count(*) FILTER (WHERE c.stopped_at IS NULL) AS running,
       count(*) FILTER (WHERE c.stopped_at IS NOT NULL AND c.is_late <> (c.stopped_at > c.due_at)) AS wrong
FROM clocks AS c JOIN matters AS m USING (event_id) GROUP BY m.programme, c.clock ORDER BY m.programme, c.clock
"""
STATES = """
SELECT e.state AS state, count(*) AS events FROM events AS e GROUP BY e.state ORDER BY e.state
"""
HELD = "SELECT EXISTS (SELECT FROM events)"


@dataclass(frozen=True)
class Lives:
    """The lives of events under one programme; ``closed`` must equal each of the four figures behind ``still_open``."""

    programme: str
    reported: int
    closed: int
    still_open: int
    whole: int
    verified_by_another: int
    closed_by_another: int
    in_order: int
    escalated: int


@dataclass(frozen=True)
class ClockFigures:
    """The runs of a clock: how many, late, still running, and ended otherwise than their marks say (none)."""

    programme: str
    clock: str
    runs: int
    late: int
    running: int
    wrong: int


def lives(session: Session) -> list[Lives]:
    """Return the lives of all events, by programme."""
    return [Lives(**row) for row in session.execute(text(LIVES)).mappings()]


def clock_figures(session: Session) -> list[ClockFigures]:
    """Return the runs of all clocks, by programme and clock."""
    return [ClockFigures(**row) for row in session.execute(text(CLOCKS)).mappings()]


def states(session: Session) -> dict[str, int]:
    """Return how many events stand in each state."""
    return dict(row._tuple() for row in session.execute(text(STATES)))


def holds_events(session: Session) -> bool:
    """Whether the database holds any event."""
    return bool(session.scalar(text(HELD)))
