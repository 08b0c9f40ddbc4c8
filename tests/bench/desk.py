"""``./run bench desk``: the desk's queue at 300,000 or a million events: list, filter, search and one event's page.

A small twin is stored as it is in use; its events are multiplied in the database with their matters, clocks, spans and
assignments (new ids and numbers, other times, places moved by some metres, some with words of danger), twenty thousand of them
open. Each question is asked
through the application as a browser asks it, by readers of several kinds, and as plain SQL. Budget: 200 ms each at p95.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geogrid.domain.people import Actor, Post, Role
from geogrid.rules.scope import scope_of
from geogrid.store.scope import enter
from geogrid.store.session import engine_of, session_scope
from layers.queue import count_queue, read_queue
from layers.queue_filters import QueueFilter
from layers.queue_rows import read_rows
from tests.bench.harness import Gate, budget, exact, machine, on_what, points_option, prepare, report, small_option
from tests.bench.map import YEAR_END, installed
from tests.build_installation import DISTRICT, Small, settings_for
from webmap.app import create_app

EVENTS, OPEN = 300_000, 20_000
RUNS = 25
BUDGET_MS = 200.0
DEPARTMENT = "department:urban"
QUEUE, MAP = "/api/v1/desk/queue", "/api/v1/desk/map"
COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_name = :t AND is_generated = 'NEVER' ORDER BY 1"
# Which event each new one is made from, and by how much its times are moved.
PICKED = """
CREATE TABLE picked AS
WITH base AS (
    SELECT id, is_open, row_number() OVER (PARTITION BY is_open ORDER BY id) AS i FROM events),
counted AS (SELECT is_open, count(*) AS n FROM events GROUP BY is_open),
wanted AS (
    SELECT g AS row, g <= :open AS is_open, random() AS dice FROM generate_series(1, :events) AS g)
SELECT gen_random_uuid() AS new, b.id AS old, w.row,
    CASE WHEN w.is_open THEN (random() - 0.5) * interval '30 days' ELSE random() * interval '-700 days' END AS shift
FROM wanted AS w JOIN counted AS c USING (is_open)
JOIN base AS b ON b.is_open = w.is_open AND b.i = 1 + floor(w.dice * c.n)::bigint
"""
CHANGED = {
    "events": {
        "id": "p.new", "number": "'2' || lpad(p.row::text, 15, '0')",
        "words": "t.words || (p.row % 5000) || '号楼' || CASE WHEN p.row % 97 = 0 THEN '着火' ELSE '' END",
        "reported_at": "t.reported_at + p.shift", "observed_at": "t.observed_at + p.shift", "closed_at": "t.closed_at + p.shift",
        "point": "ST_SnapToGrid(ST_Translate(t.point, (random() - 0.5) * 2e-3, (random() - 0.5) * 2e-3), 1e-9)",
    },
    # A small twin has no department's matters: every eighth is given to one, which has some two thousand of them open.
    "matters": {"event_id": "p.new", "lead": f"CASE WHEN p.row % 8 = 0 THEN '{DEPARTMENT}' ELSE t.lead END"},
    "assignments": {"event_id": "p.new"},
    "desk_spans": {
        "event_id": "p.new", "danger": "t.danger OR p.row % 97 = 0", "due_at": "least(t.due_at + p.shift, '9999-12-01 00:00+00')",
        "during": "tstzrange(lower(t.during) + p.shift, upper(t.during) + p.shift)",
    },
    "clocks": {"event_id": "p.new", "due_at": "t.due_at + p.shift"},
    "steps": {"event_id": "p.new", "client_key": "NULL"},
}  # fmt: skip
KEY = {"events": "id"}
ONLY = {"assignments": "WHERE t.is_current", "steps": "WHERE t.seq <= 2", "clocks": "WHERE t.stopped_at IS NULL"}
REBUILT = """
SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(:tables)
AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = quote_ident(indexname)::regclass)
"""


@click.command()
@small_option
@points_option(EVENTS)
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Where the figures go. Without: var/bench/desk.json.")
def main(small: bool, points: int, out: Path | None) -> None:
    """Measure the desk's questions; ``--points 1000000`` for a million events."""
    prepare()
    found: dict[str, Any] = {"machine": machine()}
    count = 20_000 if small else points
    with tempfile.TemporaryDirectory(prefix="geogrid-bench-") as name, installed(Path(name), None, True) as settings:
        engine = engine_of(settings.database_url)
        start = time.perf_counter()
        multiply(engine, count, OPEN if not small else count // 50)
        found["seconds_to_make"] = round(time.perf_counter() - start, 1)
        found |= measure(engine, settings_for(Path(name), settings.database_url, GEOGRID_AS_OF=YEAR_END), small)
        engine.dispose()
    report("desk", found, gates(found), lines=table(found), small=small, out=out)


# -- a million events -------------------------------------------------------------------------------------------------


def multiply(engine: Engine, events: int, open_: int) -> None:
    """Store so many events more, by set, without what follows each insert by trigger; then what triggers would have kept."""
    with session_scope(engine) as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        made = session.execute(text(REBUILT), {"tables": list(CHANGED)}).all()
        for name, _ in made:
            session.execute(text(f"DROP INDEX {name}"))
        session.execute(text(PICKED), {"events": events, "open": open_})
        session.execute(text("CREATE INDEX ON picked (old)"))
        for name in CHANGED:
            session.execute(text(again(session, name)))
        for _, definition in made:
            session.execute(text(definition))
        session.execute(text("INSERT INTO concerns SELECT * FROM geogrid_concerns_of(ARRAY(SELECT new FROM picked))"))
        session.execute(text("DROP TABLE picked"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def again(session: Session, table_name: str) -> str:
    """Return the statement that inserts what a table has of the events picked once more."""
    columns = [
        name for name in session.scalars(text(COLUMNS), {"t": table_name}) if not (name == "id" and table_name != "events")
    ]
    changed = CHANGED[table_name]
    chosen = ", ".join(changed.get(name, f"t.{name}") for name in columns)
    key, only = KEY.get(table_name, "event_id"), ONLY.get(table_name, "")
    names = ", ".join(columns)
    return f"INSERT INTO {table_name} ({names}) SELECT {chosen} FROM {table_name} AS t JOIN picked AS p ON p.old = t.{key} {only}"


# -- asked ------------------------------------------------------------------------------------------------------------


def measure(engine: Engine, settings: Any, small: bool) -> dict[str, Any]:
    """Return p50 and p95 of every question for every reader in milliseconds, and what differs between rows and counts."""
    app = Small(create_app(settings, engine=engine), settings, settings.database_url)
    with session_scope(engine) as session:
        busiest = "SELECT township_code FROM events WHERE township_code IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
        township = str(session.scalar(text(busiest)))
        open_ones = busiest.replace("township", "village").replace("WHERE", "WHERE is_open AND")
        village = str(session.scalar(text(open_ones)))
        n_events = session.scalar(text("SELECT count(*) FROM events"))
        n_open = session.scalar(text("SELECT count(*) FROM events WHERE is_open"))
        ids = [str(one) for one in session.scalars(text("SELECT id FROM events WHERE is_open ORDER BY id LIMIT 25"))]
        number = session.scalar(text("SELECT number FROM events WHERE is_open ORDER BY id DESC LIMIT 1"))
        word = session.scalar(text("SELECT left(words, 2) FROM events WHERE is_open LIMIT 1"))
        busy = "SELECT {0} FROM desk_spans WHERE is_open GROUP BY {0} ORDER BY count(*) DESC LIMIT 1"
        category = session.scalar(text(busy.format("category")))
        boxes = [_box(session, where) for where in ("TRUE", f"township_code = '{township}'")]
        kind, channel = session.execute(text(busy.format("kind, channel"))).one()
    readers = {
        "whole district": (Post(Role.COMMANDER, DISTRICT),),
        "township": (Post(Role.TOWNSHIP_LEADER, township),),
        "village": (Post(Role.OFFICER, village),),
        "department": (Post(Role.DEPARTMENT, department=DEPARTMENT.partition(":")[2]),),
    }
    runs = 3 if small else RUNS
    asked = questions(township, str(number), str(word), f"category={category}", f"kind={kind}&channel={channel}")
    maps = dict(
        zip(("map, whole district", "map, one town"), (f"bbox={boxes[0]}&zoom=10", f"bbox={boxes[1]}&zoom=13"), strict=True)
    )
    over_http = {name: of_reader(app.login_as(posts=posts), asked, maps, ids, runs) for name, posts in readers.items()}
    with session_scope(engine) as session:
        plain = as_sql(session, readers["whole district"], settings.now(), runs)
        wrong = differences(session, settings.now())
    counts = {"events": n_events, "open": n_open, "differences": wrong}
    return {**counts, "readers": over_http, "sql": plain}


def _box(session: Session, where: str) -> str:
    """Return the box of open events as the map asks for it."""
    extent = f"SELECT ST_Extent(point) AS box FROM events WHERE is_open AND {where}"
    sides = session.execute(text(f"SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM ({extent}) AS found")).one()
    return ",".join(f"{side:.5f}" for side in sides)


def questions(township: str, number: str, word: str, category: str, of_kind: str) -> dict[str, str]:
    """Return what is asked of the queue, by name: the plain list, filters, searches."""
    return {
        "list": "",
        "list, closed": "open=0",
        "list, all by time": "open=all&sort=reported",
        "filter: red": "light=red",
        "filter: township": f"township={township}",
        "filter: kind and channel": of_kind,
        "filter: category": category,
        "filter: danger": "danger=1",
        "search, two characters": f"q={word}",
        "search, two characters, all": f"q={word}&open=all",
        "search, rare": "q=4711号楼&open=all",
        "search, nothing": "q=不存在的话&open=all",
        "search, number": f"q={number}&open=all",
    }


def of_reader(
    client: Any, asked: dict[str, str], maps: dict[str, str], ids: Sequence[str], runs: int
) -> dict[str, dict[str, float]]:
    """Return p50 and p95 of each question, of the map's, and of the page of one event, through the application."""
    found = {name: spread(lambda i, q=query: client.get(f"{QUEUE}?{q}"), runs) for name, query in asked.items()}
    found |= {name: spread(lambda i, q=query: client.get(f"{MAP}?{q}"), runs) for name, query in maps.items()}
    first = client.get(QUEUE).get_json()
    found["total"] = {"p50": first["total"], "p95": first["total"]}
    if first["next"]:
        found["next page"] = spread(lambda i: client.get(f"{QUEUE}?after={first['next']}"), runs)
    seen = [row["id"] for row in first["rows"]] or list(ids)
    found["one event"] = spread(lambda i: client.get(f"/api/v1/desk/events/{seen[i % len(seen)]}"), runs)
    found["duplicates"] = spread(lambda i: client.get(f"/api/v1/desk/events/{seen[i % len(seen)]}/duplicates"), runs)
    found["candidates"] = spread(lambda i: client.get(f"/api/v1/desk/events/{seen[i % len(seen)]}/candidates?kind=worker"), runs)
    return found


def spread(ask: Callable[[int], Any], runs: int) -> dict[str, float]:
    """Return p50 and p95 in milliseconds, after one that does not count."""
    ask(0)
    taken = []
    for i in range(runs):
        start = time.perf_counter()
        ask(i)
        taken.append((time.perf_counter() - start) * 1e3)
    return {"p50": round(statistics.median(taken), 1), "p95": round(sorted(taken)[max(0, int(len(taken) * 0.95) - 1)], 1)}


def as_sql(session: Session, posts: tuple[Post, ...], now: datetime, runs: int) -> dict[str, dict[str, float]]:
    """Return what the queries alone take, under row security, for a reader of the whole district."""
    scope = scope_of(Actor("person:1", "", posts), DISTRICT)
    with session.begin_nested() as inner:
        enter(session, scope)
        first, _ = read_queue(session, QueueFilter(), now=now, scope=scope)
        ids = [one.event_id for one in first]
        found = {
            "ids of the first page": spread(lambda i: read_queue(session, QueueFilter(), now=now, scope=scope), runs),
            "counts by light": spread(lambda i: count_queue(session, QueueFilter(), now=now, scope=scope), runs),
            "rows of a page": spread(lambda i: read_rows(session, ids, now=now, scope=scope), runs),
        }
        session.execute(text("RESET ROLE"))
        inner.rollback()
    return found


def differences(session: Session, now: datetime) -> int:
    """Return how far the counts are from how many events are open: everything open has one span that holds."""
    counted = count_queue(session, QueueFilter(), now=now).total
    plain = session.scalar(text("SELECT count(*) FROM events WHERE is_open")) or 0
    return abs(counted - plain)


# -- told -------------------------------------------------------------------------------------------------------------


def gates(found: dict[str, Any]) -> list[Gate]:
    """Return the budgets: each question of each reader at p95."""
    made = exact("open events that the queue counts and the events do not", found["differences"])
    for reader, asked in found["readers"].items():
        for name, taken in asked.items():
            if name != "total":
                made += budget(f"desk, {reader}: {name}, p95 ms", taken["p95"], BUDGET_MS)
    return made


def table(found: dict[str, Any]) -> list[str]:
    """Return the section of the page."""
    readers = list(found["readers"])
    rows = []
    for name in found["readers"]["whole district"]:
        cells = [found["readers"][reader].get(name) for reader in readers]
        if name == "total":
            rows.append("| open matters seen | " + " | ".join(f"{cell['p50']:,.0f}" for cell in cells if cell) + " |")
        else:
            rows.append(f"| {name} | " + " | ".join(f"{c['p50']:,.0f} / {c['p95']:,.0f}" if c else "" for c in cells) + " |")
    sql = [
        f"| {name} (SQL alone) | {one['p50']:,.0f} / {one['p95']:,.0f} |" + " |" * (len(readers) - 1)
        for name, one in found["sql"].items()
    ]
    asked = f"p50 / p95 of {RUNS} requests in milliseconds"
    says = f"{found['events']:,} events, {found['open']:,} of them open; {asked}; {on_what(found)}."
    return [says, "", f"| | {' | '.join(readers)} |", "|---|" + "--:|" * len(readers), *rows, *sql]


if __name__ == "__main__":
    main()
