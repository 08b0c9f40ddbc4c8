"""``./run bench scope``: the map's queries with a third of a million events, for readers of every kind.

The twin's year is stored, its events and matters are multiplied in the database (new ids, places moved by some metres), some
matters are given to a department and to stations, and the queries of tiles, lists and cells are asked under row security as the
pages ask them: each reader's fullest tile of every zoom, as it is sent. Budget: 50 ms each.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from geogrid.domain.people import Actor, Post, Role
from geogrid.rules.scope import Scope, scope_of
from geogrid.space.tiles import TILE_STEPS, tile_bounds_lonlat
from geogrid.store import cells, checks
from geogrid.store.scope import enter, visible
from geogrid.store.session import engine_of, session_scope
from geogrid.store.tables.events import events
from layers.event_pages import EventFilter, count_unplaced, read_page
from layers.events import LAYER
from layers.formats import mvt
from layers.view import View
from tests.bench.harness import Gate, budget, exact, load, machine, on_what, prepare, report, small_option
from tests.bench.map import installed

TIMES, RUNS = 10, 15
BUDGET_MS = 50.0
ZOOMS = (9, 11, 13, 16)
DISTRICT, DEPARTMENT = "999901000000", "urban"
# The twin's matters stay with the villages: here a department leads one in ten and assists in one in thirty, and the stations of
# villages own one in five.
GIVE = (
    f"UPDATE matters AS m SET lead = 'department:{DEPARTMENT}' FROM events AS e"
    " WHERE e.id = m.event_id AND mod(hashtext(e.number), 10) = 0",
    f"UPDATE matters AS m SET assisting = '{{department:{DEPARTMENT},department:police}}' FROM events AS e"
    " WHERE e.id = m.event_id AND mod(hashtext(e.number), 30) = 1",
    "UPDATE matters AS m SET owner = 'station:' || s.code FROM stations AS s JOIN events AS e ON e.village_code = s.unit_code"
    " WHERE e.id = m.event_id AND upper_inf(s.valid) AND NOT isempty(s.valid) AND mod(hashtext(e.number), 5) = 2",
)
BUSIEST_STATION = "SELECT party FROM concerns WHERE party LIKE 'station:%' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
FULLEST = """
SELECT cell_x >> (24 - :zoom) AS x, cell_y >> (24 - :zoom) AS y FROM events WHERE cell_x IS NOT NULL
GROUP BY 1, 2 ORDER BY count(*) DESC, 1, 2 LIMIT 1
"""
# Events and matters again under new ids, some metres away; steps and clocks are not asked for by the map.
MORE = """
CREATE TEMP TABLE again ON COMMIT DROP AS SELECT id AS old, gen_random_uuid() AS new, row_number() OVER () AS row FROM events;
INSERT INTO events ({events}) SELECT {chosen} FROM events AS e JOIN again AS a ON a.old = e.id;
INSERT INTO matters ({matters}) SELECT {same} FROM matters AS m JOIN again AS a ON a.old = m.event_id;
"""


@click.command()
@small_option
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Where the figures go. Without: var/bench/scope.json.")
def main(small: bool, out: Path | None) -> None:
    """Measure what row security costs the map."""
    prepare()
    found: dict[str, Any] = {"machine": machine()}
    with tempfile.TemporaryDirectory(prefix="geogrid-bench-") as name, installed(Path(name), None, small) as settings:
        engine = engine_of(settings.database_url)
        with session_scope(engine) as session:
            multiply(session, 2 if small else TIMES)
            for statement in GIVE:
                session.execute(text(statement))
            found["concerns that are wrong"] = len(checks.broken(session, checks.PROJECTED_CONCERNS))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        with session_scope(engine) as session:
            found |= measure(session)
        engine.dispose()
    report("scope", found, gates(found), lines=table(found), small=small, out=out)


def multiply(session: Session, times: int) -> None:
    """Store everything ``times`` times in all."""
    events, matters = (
        [
            row[0]
            for row in session.execute(text("SELECT column_name FROM information_schema.columns WHERE table_name = :t"), {"t": t})
        ]
        for t in ("events", "matters")
    )
    changed = {
        "id": "a.new",
        "number": "e.number || '-' || :round || '-' || a.row",
        "point": "ST_SnapToGrid(ST_Translate(e.point, (random() - 0.5) * 1e-4, (random() - 0.5) * 1e-4), 1e-9)",
    }
    parts = {
        "events": ", ".join(events),
        "chosen": ", ".join(changed.get(column, f"e.{column}") for column in events),
        "matters": ", ".join(matters),
        "same": ", ".join("a.new" if column == "event_id" else f"m.{column}" for column in matters),
    }
    whole = session.scalar(text("SELECT count(*) FROM events")) or 0
    for number in range(times - 1):
        limited = MORE.replace("FROM events;", f"FROM events ORDER BY id LIMIT {whole};", 1) if number else MORE
        for statement in limited.format_map(parts).split(";\n"):
            if statement.strip():
                session.execute(text(statement), {"round": str(number)} if ":round" in statement else {})
        session.execute(text("DROP TABLE again"))
    cells.rebuild(session)


def measure(session: Session) -> dict[str, Any]:
    """Return milliseconds by reader and query, the events each reader sees, and what the clause and row security disagree on."""
    busiest = "SELECT township_code FROM events WHERE township_code IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
    township = session.scalar(text(busiest)) or ""
    village = session.scalar(text(busiest.replace("township", "village"))) or ""
    station = session.scalar(text(BUSIEST_STATION)) or ""
    actors = {
        "whole district": Actor("person:1", "", (Post(Role.COMMANDER, DISTRICT),)),
        "township": Actor("person:2", "", (Post(Role.TOWNSHIP_LEADER, township),)),
        "village": Actor("person:3", "", (Post(Role.OFFICER, village),)),
        "department": Actor("person:4", "", (Post(Role.DEPARTMENT, department=DEPARTMENT),)),
        "station": Actor("person:5", "", (Post(Role.MEDIATOR, station=station.partition(":")[2]),)),
    }
    total = session.scalar(text("SELECT count(*) FROM events")) or 0
    return {"events": total, "readers": {name: of_reader(session, scope_of(a, DISTRICT)) for name, a in actors.items()}}


def of_reader(session: Session, scope: Scope) -> dict[str, Any]:
    """Return the milliseconds of each query for one reader, in a transaction under row security that is undone."""
    plain = session.scalar(select(func.count()).select_from(events).where(visible(scope))) or 0
    with session.begin_nested() as inner:
        enter(session, scope)
        seen = session.scalar(text("SELECT count(*) FROM events")) or 0
        taken = {f"tile, zoom {zoom}": tile_ms(session, scope, zoom) for zoom in ZOOMS}
        taken["list, first page"] = best_ms(lambda: read_page(session, EventFilter(), limit=50, scope=scope))
        taken["unplaced, count"] = best_ms(lambda: count_unplaced(session))
        session.execute(text("RESET ROLE"))
        inner.rollback()
    return {"sees": seen, "missing": abs(plain - seen), "ms": taken, "load": load()}


def tile_ms(session: Session, scope: Scope, zoom: int) -> float:
    """Return what the reader's fullest tile of a zoom takes, as it is sent."""
    found = session.execute(text(FULLEST), {"zoom": zoom - TILE_STEPS}).one_or_none()
    if found is None:
        return 0.0
    view = View(tile_bounds_lonlat(zoom, *found), zoom, scope=scope)
    return best_ms(lambda: mvt(session, [LAYER], view, (zoom, *found)))


def best_ms(work: Callable[[], object]) -> float:
    work()
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return round(min(taken) * 1e3, 1)


def gates(found: dict[str, Any]) -> list[Gate]:
    """Return the budgets: each query of each reader."""
    made = exact("rows of who has a part in a matter that are wrong", found["concerns that are wrong"])
    for name, one in found["readers"].items():
        made += exact(f"{name}: events on which the clause and row security differ", one["missing"])
        for query, taken in one["ms"].items():
            made += budget(f"{name}: {query}, ms", taken, BUDGET_MS)
    return made


def table(found: dict[str, Any]) -> list[str]:
    """Return the section of the page."""
    queries = list(found["readers"]["whole district"]["ms"])
    rows = [
        f"| {name} | {one['sees']:,} | " + " | ".join(f"{one['ms'][query]:,.1f}" for query in queries) + f" | {one['load']} |"
        for name, one in found["readers"].items()
    ]
    says = f"{found['events']:,} events; milliseconds, the best of {RUNS}; {on_what(found)}."
    head = ["reader", "sees", *queries, "load"]
    return [says, "", f"| {' | '.join(head)} |", "|---|" + "--:|" * (len(head) - 1), *rows]


if __name__ == "__main__":
    main()
