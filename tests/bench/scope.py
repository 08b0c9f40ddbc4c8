"""``./run bench scope``: the map's queries with a third of a million events, for a township's reader and for the whole district.

The twin's year is stored, its events and matters are multiplied in the database (new ids, places moved by some metres), and the
queries of tiles, lists and cells are asked under row security as the pages ask them. Budget: 50 ms each.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from sqlalchemy import text
from sqlalchemy.orm import Session

from geogrid.domain.people import Actor, Post, Role
from geogrid.rules.scope import EVERYTHING, Scope, scope_of
from geogrid.space.tiles import cell_of, tile_bounds_lonlat
from geogrid.store import cells
from geogrid.store.scope import enter
from geogrid.store.session import engine_of, session_scope
from layers.event_pages import EventFilter, count_unplaced, read_page
from layers.events import select_events
from layers.view import View
from tests.bench.harness import Gate, budget, exact, machine, on_what, prepare, report, small_option
from tests.bench.map import installed

TIMES, RUNS = 10, 15
BUDGET_MS = 50.0
ZOOMS = (9, 11, 13, 16)
DISTRICT = "999901000000"
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
    actors = {
        "whole district": Actor("person:1", "", (Post(Role.COMMANDER, DISTRICT),)),
        "township": Actor("person:2", "", (Post(Role.TOWNSHIP_LEADER, township),)),
        "village": Actor("person:3", "", (Post(Role.OFFICER, village),)),
        "department": Actor("person:4", "", (Post(Role.DEPARTMENT, department="urban"),)),
    }
    total = session.scalar(text("SELECT count(*) FROM events")) or 0
    centre = session.execute(
        text("SELECT ST_X(c), ST_Y(c) FROM (SELECT ST_Centroid(ST_Collect(point)) FROM events) AS s(c)")
    ).one()
    readers = {name: of_reader(session, scope_of(actor, DISTRICT), tuple(centre)) for name, actor in actors.items()}
    return {"events": total, "readers": readers}


def of_reader(session: Session, scope: Scope, centre: tuple[float, float]) -> dict[str, Any]:
    """Return the milliseconds of each query for one reader, in a transaction under row security that is undone."""
    plain = session.scalar(text("SELECT count(*) FROM events")) or 0 if scope == EVERYTHING else None
    with session.begin_nested() as inner:
        enter(session, scope)
        seen = session.scalar(text("SELECT count(*) FROM events")) or 0
        taken = {f"tile, zoom {zoom}": median_ms(lambda z=zoom: tile(session, scope, centre, z)) for zoom in ZOOMS}
        taken["list, first page"] = median_ms(lambda: read_page(session, EventFilter(), limit=50, scope=scope))
        taken["unplaced, count"] = median_ms(lambda: count_unplaced(session))
        session.execute(text("RESET ROLE"))
        inner.rollback()
    return {"sees": seen, "missing": 0 if plain is None else plain - seen, "ms": taken}


def tile(session: Session, scope: Scope, centre: tuple[float, float], zoom: int) -> int:
    x, y = (int(value) for value in cell_of(*centre, zoom - 2))
    view = View(tile_bounds_lonlat(zoom, x, y), zoom, scope=scope)
    return len(session.execute(select_events(view)).all())


def median_ms(work: Callable[[], object]) -> float:
    work()
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return round(statistics.median(taken) * 1e3, 1)


def gates(found: dict[str, Any]) -> list[Gate]:
    """Return the budgets: each query of each reader."""
    made = exact("events that a reader of the whole district does not see", found["readers"]["whole district"]["missing"])
    for name in ("whole district", "township"):
        for query, taken in found["readers"][name]["ms"].items():
            made += budget(f"{name}: {query}, ms", taken, BUDGET_MS)
    return made


def table(found: dict[str, Any]) -> list[str]:
    """Return the section of the page."""
    queries = list(found["readers"]["whole district"]["ms"])
    rows = [
        f"| {name} | {one['sees']:,} | " + " | ".join(f"{one['ms'][query]:,.1f}" for query in queries) + " |"
        for name, one in found["readers"].items()
    ]
    says = f"{found['events']:,} events; milliseconds, medians of {RUNS}; {on_what(found)}."
    return [says, "", f"| reader | sees | {' | '.join(queries)} |", "|---|--:|" + "--:|" * len(queries), *rows]


if __name__ == "__main__":
    main()
