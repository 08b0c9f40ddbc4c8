"""``./run bench figures``: all figures of a month at 1 M events, against the same by plain SQL one by one, and by pandas.

Events, matters, clocks, steps, disputes and payments of a year are made by set in the database. First every figure of every
township is compared with plain SQL written apart from the book; then a month's figures are timed, for the whole district and,
under row security, for a township's reader; and a page and a list as the pages ask for them. Budget: 5 s for the month.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pandas as pd
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geogrid.actions.district import district_of
from geogrid.actions.editions import activate_edition, load_edition
from geogrid.domain.indicators import FigureGroup, FigurePart, Measure, Span
from geogrid.domain.readings import Period
from geogrid.rules.indicators import parse_book
from geogrid.rules.scope import EVERYTHING, Scope
from geogrid.settings import ROOT
from geogrid.store.cluster import cluster_home, cluster_url, create_database, start_cluster, stop_cluster
from geogrid.store.schema import migrate
from geogrid.store.scope import enter
from geogrid.store.session import engine_of, session_scope
from layers.indicators import Groups, open_list, read_figures
from tests import build_district as build
from tests.bench.harness import Gate, at_least, budget, exact, machine, on_what, prepare, report, small_option
from tests.build_figures import PLAIN, TIMEZONE, month, plain

NOW = datetime(2025, 12, 31, 15, 0, tzinfo=UTC)
MONTH = Span(*month(2025, 6))
EVENTS, SMALL = 1_000_000, 20_000
RUNS, BUDGET_S, LIST_MS = 5, 5.0, 200.0
TOWNSHIP = "999901003000"
# Nothing of it rides the search in words, and filling that index takes longer than all the rest.
MADE = """
DROP INDEX ix_events_grams;
SELECT setseed(0.5);
CREATE TEMP TABLE drawn AS SELECT n, gen_random_uuid() AS id,
 timestamptz '2025-01-01 00:00+08' + n * (interval '365 days' / :count) AS at, random() AS a, random() AS b,
 random() AS c, random() AS d, 1 + floor(random() * 19)::integer AS town
 FROM generate_series(1, :count) AS n;
INSERT INTO events (id, number, body_hash, channel, kind, words, observed_at, reported_at, closed_at, state, is_open, edition_id,
 grid_code, village_code, township_code, rule, synthetic)
 SELECT id, 'F' || n, sha256(n::text::bytea), (ARRAY['patrol','patrol','hotline','window','online'])[1 + floor(a * 5)::integer],
 (ARRAY['dispute','environment','facility','traffic','order'])[1 + floor(b * 5)::integer], '', at, at,
 CASE WHEN c > 0.001 THEN at + d * d * interval '20 days' END, CASE WHEN c > 0.001 THEN 'closed' ELSE 'dispatched' END,
 c <= 0.001,
 (SELECT max(id) FROM editions), '999901' || lpad(town::text, 3, '0') || '001001', '999901' || lpad(town::text, 3, '0') || '001',
 '999901' || lpad(town::text, 3, '0') || '000', 'inside', true FROM drawn;
INSERT INTO matters (event_id, programme, programme_version, state, level, handling, complexity, first_owner, owner, lead,
 bounces, supervised, rating)
 SELECT id, 'hulan', 1, 'closed', (ARRAY['village','village','township','district'])[1 + floor(b * 4)::integer],
 (ARRAY['immediate','timed','promised','agent'])[1 + floor(a * 4)::integer],
 (ARRAY['simple','general','complex'])[1 + floor(d * 3)::integer], 'unit:999901001001', 'unit:999901001001',
 CASE WHEN a > 0.8 THEN 'department:urban' END, (b > 0.95)::integer, c > 0.98,
 CASE WHEN b > 0.5 THEN 1 + floor(d * 5)::integer END FROM drawn;
INSERT INTO clocks (event_id, run, clock, promised, marks, started_at, due_at, stopped_at)
 SELECT id, run, (ARRAY['accept','handle','verify'])[run], '1wd', '[]', at, at + run * interval '3 days',
 CASE WHEN c > 0.001 THEN at + d * d * run * interval '3.3 days' END FROM drawn, generate_series(1, 3) AS run;
INSERT INTO disputes (event_id, opened_at, outcome, outcome_at)
 SELECT id, at, (ARRAY['settled','settled','settled','failed'])[1 + floor(a * 4)::integer], at + d * interval '10 days' FROM drawn
 WHERE b < 0.1;
INSERT INTO steps (event_id, seq, kind, at, actor, details)
 SELECT id, seq, (ARRAY['report','handle'])[seq], at + (seq - 1) * interval '1 day', 'person:x',
 CASE WHEN seq = 1 THEN '{}' ELSE jsonb_build_object('post', jsonb_build_object('role',
 (ARRAY['grid_leader','township_leader','department','mediator'])[1 + floor(b * 4)::integer])) END
 FROM drawn, generate_series(1, 2) AS seq WHERE seq = 1 OR c > 0.001;
INSERT INTO performances (event_id, at, recovered_yuan, fees_refunded_yuan, by, written_at)
 SELECT id, at::date, round((d * 9000)::numeric, 2), (c > 0.5)::integer * 50, 'person:x', at FROM drawn WHERE b < 0.02;
"""


@click.command()
@small_option
@click.option(
    "--out", type=click.Path(path_type=Path), default=None, help="Where the figures go. Without: var/bench/figures.json."
)
def main(small: bool, out: Path | None) -> None:
    """Measure the month's figures."""
    prepare()
    found: dict[str, Any] = {"machine": machine()}
    with tempfile.TemporaryDirectory(prefix="geogrid-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        start_cluster(folder, durable=False)
        try:
            create_database(folder, "bench")
            engine = engine_of(cluster_url(folder, "bench"))
            found["made_s"] = made(engine, SMALL if small else EVENTS)
            with session_scope(engine) as session:
                found |= measure(session)
            engine.dispose()
        finally:
            stop_cluster(folder)
            if cluster_home(folder).is_symlink():
                cluster_home(folder).unlink()
    report("figures", found, gates(found), lines=table(found), small=small, out=out)


def made(engine: Engine, count: int) -> float:
    """Make the events of a year; return the seconds it took."""
    start = time.perf_counter()
    migrate(engine)
    with session_scope(engine) as session:
        district = district_of(build.profile(), session)
        load_edition(session, "bench", build.geography(), now=build.NOW, district=district)
        activate_edition(session, "bench", now=build.NOW, district=district)
    with session_scope(engine) as session:
        for statement in MADE.split(";\n"):
            if statement.strip():
                session.execute(text(statement), {"count": count} if ":count" in statement else {})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return round(time.perf_counter() - start, 1)


def measure(session: Session) -> dict[str, Any]:
    """Return what differs, and the seconds of each way."""
    book = parse_book((ROOT / "data/indicators.toml").read_text("utf-8"))
    asked: dict[str, Any] = {"now": NOW, "timezone": TIMEZONE}
    found: dict[str, Any] = {"events": session.scalar(text("SELECT count(*) FROM events"))}
    found["of_the_month"] = session.scalar(
        text("SELECT count(*) FROM events WHERE reported_at >= :a AND reported_at < :b"), {"a": MONTH.start, "b": MONTH.end}
    )
    found["differences"] = differences(session, book, asked)
    town = FigureGroup.TOWNSHIP
    ways: dict[str, Callable[[], object]] = {
        "by township": lambda: read_figures(session, book, MONTH, by=town, **asked),
        "of the whole": lambda: read_figures(session, book, MONTH, **asked),
        "by department": lambda: read_figures(session, book, MONTH, by=FigureGroup.DEPARTMENT, **asked),
        "by post": lambda: read_figures(session, book, MONTH, by=FigureGroup.POST, **asked),
        "one figure through a year of months": lambda: read_figures(
            session, book, Span(month(2025, 1)[0], MONTH.end), by=Groups(each=Period.MONTH), codes=["closing_rate"], **asked
        ),
        "plain SQL one by one, by township": lambda: one_by_one(session),
        "pandas, by township": lambda: by_pandas(session),
    }
    found["seconds"] = {name: best(way) for name, way in ways.items()}
    found["list_ms"] = {part.value: round(1e3 * best(lambda p=part: listed(session, book, p, asked)), 1) for part in FigurePart}
    scope = Scope(units=(TOWNSHIP,))
    with session.begin_nested() as inner:
        enter(session, scope)
        found["seconds"]["by township, for a township's reader"] = best(
            lambda: read_figures(session, book, MONTH, by=town, scope=scope, **asked)
        )
        session.execute(text("RESET ROLE"))
        inner.rollback()
    return found


def differences(session: Session, book: Any, asked: dict[str, Any]) -> int:
    """Return how many figures of how many townships and parts differ from plain SQL."""
    found = read_figures(session, book, MONTH, by=FigureGroup.TOWNSHIP, **asked)
    count = 0
    for code in PLAIN:
        one = book.figure(code)
        wanted = plain(session, code, (MONTH.start, MONTH.end), by="township", now=NOW, middles=False)
        got = {(row.group, row.split): (row.numerator, row.denominator) for row in found.rows if row.code == code}
        if one.measure is Measure.MEDIAN:
            got = {key: (denominator, denominator) for key, (_, denominator) in got.items()}
        for (group, split), (number, of, _) in wanted.items():
            whole = wanted[group, "*"][1] if one.whole else of
            count += got.get((group, split)) != (number, whole)
        count += len({key for key, (_, of) in got.items() if of} - wanted.keys())
    return count


def one_by_one(session: Session) -> None:
    for code in PLAIN:
        plain(session, code, (MONTH.start, MONTH.end), by="township", now=NOW, middles=False, sets=1)


def by_pandas(session: Session) -> None:
    """Read the month's rows into frames and group them there; every column that some figure asks for."""
    bounds = {"a": MONTH.start, "b": MONTH.end}
    wanted = ("handling", "level", "complexity", "bounces", "supervised", "rating")
    columns = ", ".join(("e.township_code, e.channel, e.is_open, e.reported_at, e.closed_at", *(f"m.{name}" for name in wanted)))
    for time_of in ("reported_at", "closed_at"):
        query = f"SELECT {columns} FROM events e JOIN matters m ON m.event_id = e.id WHERE e.{time_of} >= :a AND e.{time_of} < :b"
        frame = pd.DataFrame(session.execute(text(query), bounds).all())
        frame["took"] = (frame["closed_at"] - frame["reported_at"]).dt.total_seconds()
        for keys in (
            ["township_code"],
            ["township_code", "handling"],
            ["township_code", "level"],
            ["township_code", "complexity"],
        ):
            frame.groupby(keys, observed=True).agg(
                {"is_open": "sum", "bounces": "sum", "supervised": "sum", "rating": "mean", "took": "median"}
            )
    clocks = """SELECT e.township_code, m.handling, m.level, c.stopped_at <= c.due_at AS good FROM clocks c
        JOIN events e ON e.id = c.event_id JOIN matters m ON m.event_id = e.id
        WHERE c.clock = 'handle' AND c.due_at >= :a AND c.due_at < :b"""
    frame = pd.DataFrame(session.execute(text(clocks), bounds).all())
    frame["good"] = frame["good"].fillna(value=False).astype(bool)
    for keys in (["township_code"], ["township_code", "handling"], ["township_code", "level"]):
        frame.groupby(keys, observed=True)["good"].agg(["sum", "count"])


def listed(session: Session, book: Any, part: FigurePart, asked: dict[str, Any]) -> None:
    one = book.figure("closing_rate")
    open_list(session, one, part, MONTH, by=FigureGroup.TOWNSHIP, group=TOWNSHIP, scope=EVERYTHING, **asked)


def best(work: Callable[[], object]) -> float:
    """Return the seconds of the best of several runs, after one that does not count: the machine is not ours alone."""
    work()
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return round(min(taken), 3)


def gates(found: dict[str, Any]) -> list[Gate]:
    """Return what must hold."""
    taken = found["seconds"]
    mine = taken["by township"]
    made_gates = exact("figures that differ from plain SQL", found["differences"])
    for name in ("by township", "of the whole", "by department", "by post", "by township, for a township's reader"):
        made_gates += budget(f"the month's figures {name}, s", taken[name], BUDGET_S)
    for part, milliseconds in found["list_ms"].items():
        made_gates += budget(f"first page of a list ({part}), ms", milliseconds, LIST_MS)
    made_gates += at_least(
        "times faster than plain SQL one by one", round(taken["plain SQL one by one, by township"] / mine, 2), goal=1.0
    )
    return made_gates + at_least("times faster than pandas", round(taken["pandas, by township"] / mine, 2), goal=1.0)


def table(found: dict[str, Any]) -> list[str]:
    """Return the section of the page."""
    says = (
        f"{found['events']:,} events of a year, {found['of_the_month']:,} of the month; all figures of the book, "
        f"the best of {RUNS}; {on_what(found)}."
    )
    rows = [f"| {name} | {taken:,.2f} |" for name, taken in found["seconds"].items()]
    lists = [f"| first page of a list: {part} | {taken / 1e3:,.3f} |" for part, taken in found["list_ms"].items()]
    return [says, "", "| the month's figures | s |", "|---|--:|", *rows, *lists]


if __name__ == "__main__":
    main()
