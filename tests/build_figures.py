"""Events of the small district with every fact that figures ask for, drawn at random by a seed; and figures by plain SQL.

The facts are written straight into the tables: no programme would lead a life to each of these corners.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from geogrid.actions.accept import accept_report
from geogrid.actions.district import District
from geogrid.domain.events import Channel, EventKind
from geogrid.domain.people import WorkerRole
from tests.build_district import A1, A2, B1, IN_A1, IN_A2, IN_B1, IN_B2, NOW, report

TIMEZONE = "Asia/Shanghai"
PLACES = (IN_A1, IN_A1, IN_A2, IN_B1, IN_B2, None)
PARTIES = ("unit:999901001001", "unit:999901002000", "department:urban", "department:police", "station:99990100100101")
EVENT = "UPDATE events SET is_open = :open, state = :state, closed_at = :closed WHERE id = :id"
MATTER = """UPDATE matters SET handling = :handling, level = :level, complexity = :complexity, owner = :owner, lead = :lead,
 bounces = :bounces, urged = :urged, supervised = :supervised, key_listed = :key_listed, rating = :rating, outcome = :outcome
 WHERE event_id = :id"""
MERGE = """UPDATE matters SET parent_id = :parent WHERE event_id = :child
 AND EXISTS (SELECT FROM matters AS p WHERE p.event_id = :parent)"""
CLOCK = """INSERT INTO clocks (event_id, run, clock, promised, marks, started_at, due_at, paused_at, stopped_at, is_late)
 VALUES (:id, :run, :clock, '1d', '[]', :start, :due, :paused, :stopped, :late)"""
STEP = """INSERT INTO steps (event_id, seq, kind, at, actor, step, details) VALUES (:id, 90, 'handle', :at, 'person:x', 'handle',
 CAST(:details AS jsonb))"""
DISPUTE = (
    """INSERT INTO disputes (event_id, opened_at, outcome, outcome_at, synthetic) VALUES (:id, :at, :outcome, :ended, true)"""
)
PAYMENT = """INSERT INTO performances (event_id, at, recovered_yuan, fees_refunded_yuan, by, written_at, synthetic)
 VALUES (:id, :day, :recovered, :refunded, 'person:x', :written, true)"""


def lived(session: Session, district: District, count: int = 80, *, seed: int = 1, days: int = 90) -> list[UUID]:
    """Store so many events of the last ``days`` days, each with facts drawn at random; return their ids."""
    rng = random.Random(seed)
    ids = [_event(session, district, rng, days) for _ in range(count)]
    for child, parent in zip(ids[::9], ids[1::9], strict=False):  # merged into the next, where that has a matter
        run(session, MERGE, child=child, parent=parent)
    for grid, role in ((A1, WorkerRole.GRID_WORKER), (A2, WorkerRole.GRID_WORKER), (B1, WorkerRole.GRID_LEADER)):
        on_duty(session, grid, role)
    session.flush()
    return ids


def _event(session: Session, district: District, rng: random.Random, days: int) -> UUID:
    at = NOW - timedelta(seconds=rng.randrange(60, days * 86_400))
    said = replace(report(rng.choice(PLACES), words=f"事{rng.random()}"), kind=rng.choice(list(EventKind)))
    said = replace(said, channel=rng.choice(list(Channel)), observed_at=at - timedelta(minutes=1))
    event = accept_report(session, said, now=at, district=district, actor="officer").event.id
    closed = None if rng.random() < 0.3 else min(NOW, at + timedelta(seconds=rng.randrange(60, 20 * 86_400)))
    state = rng.choice(["closed", "archived"]) if closed else rng.choice(["reported", "dispatched", "handled"])
    run(session, EVENT, id=event, open=closed is None, state=state, closed=closed)
    if rng.random() < 0.05:  # of the time before there were programmes
        run(session, "DELETE FROM clocks WHERE event_id = :id", id=event)
        run(session, "DELETE FROM matters WHERE event_id = :id", id=event)
    else:
        _matter(session, rng, event, closed)
        _clocks(session, rng, event, at)
    if rng.random() < 0.6:
        post = rng.choice(['{"post": {"role": "officer"}}', '{"post": {"role": "department"}}', "{}"])
        run(session, STEP, id=event, at=at, details=post)
    if said.kind is EventKind.DISPUTE or rng.random() < 0.15:
        _dispute(session, rng, event, at)
    return event


def _matter(session: Session, rng: random.Random, event: UUID, closed: datetime | None) -> None:
    run(
        session,
        MATTER,
        id=event,
        handling=rng.choice(["immediate", "timed", "promised", "agent", ""]),
        level=rng.choice(["village", "village", "township", "district"]),
        complexity=rng.choice([None, "simple", "general", "complex"]),
        owner=rng.choice(PARTIES),
        lead=rng.choice([None, *PARTIES]),
        bounces=rng.choice([0, 0, 0, 1, 3]),
        urged=rng.choice([0, 0, 2]),
        supervised=rng.random() < 0.2,
        key_listed=rng.random() < 0.1,
        rating=rng.choice([None, 1, 3, 4, 5]) if closed else None,
        outcome=rng.choice(["", "settled", "withdrawn", "transferred"]),
    )


def _clocks(session: Session, rng: random.Random, event: UUID, at: datetime) -> None:
    run(session, "DELETE FROM clocks WHERE event_id = :id", id=event)
    for number, clock in enumerate(rng.sample(["accept", "handle", "handle", "mediate", "verify"], rng.randrange(4)), start=1):
        due = at + timedelta(seconds=rng.randrange(3600, 15 * 86_400))
        stopped = rng.choice([None, due, due + timedelta(microseconds=1), due - timedelta(hours=1), due + timedelta(days=1)])
        paused = at if stopped is None and rng.random() < 0.3 else None
        late = stopped is not None and stopped > due
        values = {"start": at, "due": due, "paused": paused, "stopped": stopped, "late": late}
        run(session, CLOCK, id=event, run=number, clock=clock, **values)


def _dispute(session: Session, rng: random.Random, event: UUID, at: datetime) -> None:
    outcome = rng.choice([None, "settled", "settled", "failed", "withdrawn", "court"])
    ended = at + timedelta(seconds=rng.randrange(60, 10 * 86_400)) if outcome else None
    run(session, DISPUTE, id=event, at=at, outcome=outcome, ended=ended)
    for _ in range(rng.randrange(3)):
        recovered, refunded = rng.choice([(1000.5, 0), (0, 50.25), (20_000, 99.99)])
        day = (at + timedelta(days=rng.randrange(30))).date()
        run(session, PAYMENT, id=event, day=day, recovered=recovered, refunded=refunded, written=at)


def on_duty(session: Session, grid: str, role: WorkerRole, *, force: str = "base") -> UUID:
    """Put somebody new on duty in a grid."""
    person = session.scalar(
        text("INSERT INTO people (id, login, name, created_at, synthetic) VALUES (gen_random_uuid(), :login, '员', :now, true) "
             "RETURNING id"),
        {"login": f"w{grid}{role}{force}", "now": NOW},
    )  # fmt: skip
    run(
        session,
        "INSERT INTO duties (person_id, grid, force, role, synthetic) VALUES (:person, :grid, :force, :role, true)",
        person=person,
        grid=grid,
        force=force,
        role=role.value,
    )
    return UUID(str(person))


def run(session: Session, statement: str, **values: Any) -> None:
    session.execute(text(statement), values)


# -- each figure in SQL written by hand, apart from the book --------------------------------------------------------------------

EVENTS = "FROM events AS e LEFT JOIN matters AS m ON m.event_id = e.id"
CLOCKS = "FROM clocks AS c JOIN events AS e ON e.id = c.event_id LEFT JOIN matters AS m ON m.event_id = e.id"
BY_ITSELF = "m.parent_id IS NULL"
REPORTED = "e.reported_at >= :a AND e.reported_at < :b"
CLOSED = "e.closed_at >= :a AND e.closed_at < :b"
DUE = """m.parent_id IS NULL AND c.clock IN ('handle', 'defuse', 'mediate') AND c.due_at >= :a AND c.due_at < :b
 AND c.due_at < :now AND NOT (c.stopped_at IS NULL AND c.paused_at IS NOT NULL)"""
DISPUTES = "FROM disputes AS d JOIN events AS e ON e.id = d.event_id LEFT JOIN matters AS m ON m.event_id = e.id"
PAYMENTS = "FROM performances AS p JOIN events AS e ON e.id = p.event_id LEFT JOIN matters AS m ON m.event_id = e.id"
PAID = "p.at >= (:a AT TIME ZONE 'Asia/Shanghai')::date AND p.at < (:b AT TIME ZONE 'Asia/Shanghai')::date"
HANDLING, LEVEL = "nullif(m.handling, '')", "m.level"
IN_TIME = "c.stopped_at <= c.due_at"
MEDIAN = """(SELECT floor((array_agg(s ORDER BY s))[(count(*) + 1) / 2]) FROM
 (SELECT extract(epoch FROM e.closed_at - e.reported_at) AS s {source} WHERE {where}) AS x)"""

LATE = """EXISTS (SELECT FROM clocks AS k WHERE k.event_id = e.id AND k.stopped_at IS NULL AND k.paused_at IS NULL
 AND k.due_at < :now)"""

# code: source, where, what the numerator is (a condition, or an aggregate of its own), by what it is told apart
PLAIN: dict[str, tuple[str, str, str, str]] = {
    "closing_rate": (EVENTS, f"{REPORTED} AND {BY_ITSELF}", "e.closed_at IS NOT NULL", ""),
    "closing_rate_by_handling": (EVENTS, f"{REPORTED} AND {BY_ITSELF}", "e.closed_at IS NOT NULL", HANDLING),
    "in_time": (CLOCKS, DUE, IN_TIME, ""),
    "in_time_by_handling": (CLOCKS, DUE, IN_TIME, HANDLING),
    "in_time_by_level": (CLOCKS, DUE, IN_TIME, LEVEL),
    "settled_by_level": (EVENTS, f"{CLOSED} AND {BY_ITSELF}", "true", LEVEL),
    "mediation_success": (DISPUTES, "d.outcome_at >= :a AND d.outcome_at < :b", "d.outcome = 'settled'", ""),
    "closing_time": (EVENTS, f"{CLOSED} AND {BY_ITSELF}", "true", ""),
    "closing_time_by_lane": (EVENTS, f"{CLOSED} AND {BY_ITSELF}", "true", "m.complexity"),
    "closing_time_by_handling": (EVENTS, f"{CLOSED} AND {BY_ITSELF}", "true", HANDLING),
    "bounced": (EVENTS, f"{REPORTED} AND {BY_ITSELF}", "m.bounces > 0", ""),
    "open_now": (EVENTS, f"e.is_open AND {BY_ITSELF}", "true", ""),
    "overdue_now": (EVENTS, f"e.is_open AND {BY_ITSELF}", LATE, ""),
    "money_recovered": (PAYMENTS, f"{PAID} AND p.recovered_yuan > 0", "sum(p.recovered_yuan::numeric)", ""),
    "fees_refunded": (PAYMENTS, f"{PAID} AND p.fees_refunded_yuan > 0", "sum(p.fees_refunded_yuan::numeric)", ""),
    "reports_by_channel": (EVENTS, REPORTED, "true", "e.channel"),
    "supervised": (EVENTS, f"{REPORTED} AND {BY_ITSELF}", "m.supervised", ""),
    "rating": (EVENTS, f"{CLOSED} AND m.rating IS NOT NULL", "sum(m.rating::numeric)", ""),
}  # fmt: skip
GROUPS = {
    "district": "'*'",
    "township": "e.township_code",
    "department": "CASE WHEN m.lead LIKE 'department:%' THEN substr(m.lead, 12) "
    "WHEN m.owner LIKE 'department:%' THEN substr(m.owner, 12) END",
    "post": "(SELECT s.details -> 'post' ->> 'role' FROM steps AS s WHERE s.event_id = e.id AND s.kind IN ('handle', 'settle') "
    "ORDER BY s.seq DESC LIMIT 1)",
}


def plain(
    session: Session,
    code: str,
    span: Sequence[datetime],
    *,
    by: str = "district",
    now: datetime = NOW,
    middles: bool = True,
    sets: int = 4,
) -> dict:
    """The figure by plain SQL: (group, split) to (numerator, denominator, middle seconds); ``*`` for all.

    ``middles``: medians too, one query each; ``sets``: of how many sets of groups and parts, the finest first.
    """
    source, where, counted, split = PLAIN[code]
    values = {"a": span[0], "b": span[1], "now": now}
    found: dict = {}
    keyed = ((GROUPS[by], split or "'*'"), (GROUPS[by], "'*'"), ("'*'", split or "'*'"), ("'*'", "'*'"))
    for group, part in list(dict.fromkeys(keyed))[:sets]:
        number = counted if counted.startswith("sum(") else f"count(*) FILTER (WHERE {counted})"
        keys = f"SELECT {group} AS g, {part} AS s, {number} AS n, count(*) AS d {source} WHERE {where} GROUP BY 1, 2"
        for row in session.execute(text(keys), values):
            inside = f"{where} AND {group} IS NOT DISTINCT FROM :g AND {part} IS NOT DISTINCT FROM :s"
            middle = MEDIAN.format(source=source, where=inside)
            asked = middles and code.startswith("closing_time")
            seconds = session.scalar(text(f"SELECT {middle}"), values | {"g": row.g, "s": row.s}) if asked else None
            found[row.g, row.s] = (row.n, row.d, seconds)
    return found


def month(year: int, number: int) -> tuple[datetime, datetime]:
    """A month of the district's time, in UTC."""
    starts = [datetime(year + (one - 1) // 12, (one - 1) % 12 + 1, 1, tzinfo=UTC) for one in (number, number + 1)]
    return starts[0] - timedelta(hours=8), starts[1] - timedelta(hours=8)
