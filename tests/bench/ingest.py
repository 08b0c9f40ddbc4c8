"""``./run bench ingest``: what an assignment costs beside the insert it belongs to, and how many reports a second are stored.

One client first, event by event: processor time of the assignment (grid, departments, nearest station, station by time) within
``accept_report``, against that of all the rest: our statements, the driver, and the database's process. Then 1, 4 and 16
clients, each a process with a connection of its own, every commit on disk.
"""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import click
import numpy as np
from sqlalchemy import Engine, text

from geogrid.actions import accept
from geogrid.actions.district import District, open_district
from geogrid.domain.events import Report
from geogrid.domain.places import Datum, ReportedPoint
from geogrid.store import editions
from geogrid.store.session import engine_of, session_scope
from tests.bench.grounds import ground_of, made_twin
from tests.bench.harness import Gate, at_most, machine, on_what, prepare, report, small_option
from tests.bench.map import installed
from tests.build_district import report as made_report

EVENTS, SMALL_EVENTS, WARM = 2000, 60, 20
CLIENTS, SMALL_CLIENTS = (1, 4, 16), (2,)
SECONDS_A_ROW, SMALL_SECONDS = 8.0, 0.5
MOST_SHARE = 0.1
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@click.command()
@small_option
@click.option(
    "--out", type=click.Path(path_type=Path), default=None, help="Where the figures go. Without: var/bench/ingest.json."
)
def main(small: bool, out: Path | None) -> None:
    """Measure the assignment within the insert, and the rate of inserts."""
    prepare()
    found: dict[str, Any] = {"machine": machine()}
    with (
        tempfile.TemporaryDirectory(prefix="geogrid-bench-") as name,
        installed(Path(name), None, small, durable=True) as settings,
    ):
        engine = engine_of(settings.database_url, pool_size=1)
        district = open_district(settings, engine)
        with session_scope(engine) as session:
            district.geography_for(editions.in_force(session).id)
        lonlat = places(small)
        found |= measure_costs(engine, district, lonlat, SMALL_EVENTS if small else EVENTS)
        engine.dispose()
        found["reports_a_second"] = {}
        for clients in SMALL_CLIENTS if small else CLIENTS:
            rate = measure_rate(settings.database_url, district, lonlat, clients, SMALL_SECONDS if small else SECONDS_A_ROW)
            found["reports_a_second"][str(clients)] = round(rate)
    report("ingest", found, gates(found), lines=table(found), small=small, out=out)


def places(small: bool) -> np.ndarray:
    """Return points about the twin's events, degrees (n, 2)."""
    ground = ground_of(*made_twin(small), 10_000, np.random.default_rng(11))
    return np.column_stack([ground.lon, ground.lat])


def sent(lonlat: np.ndarray, number: int) -> Report:
    """Return a new report of a place, as a phone that knows its accuracy sends it every other time."""
    lon, lat = lonlat[number % len(lonlat)].tolist()
    point = ReportedPoint(lon=lon, lat=lat, datum=Datum.CGCS2000, accuracy_m=20.0 if number % 2 else None)
    return replace(made_report((lon, lat)), id=uuid4(), point=point)


# -- what one costs ---------------------------------------------------------------------------------------------------


def measure_costs(engine: Engine, district: District, lonlat: np.ndarray, events: int) -> dict[str, Any]:
    """Return the middle microseconds of processor time an event: assignment, our rest, the database; and the share."""
    spent: list[float] = []
    costs = []
    kept = accept.answer
    accept.answer = timed(kept, spent)
    try:
        with session_scope(engine) as session:
            backend = session.scalar(text("SELECT pg_backend_pid()"))
        for number in range(events + WARM):
            spent.clear()
            one = sent(lonlat, number)
            before, served = time.thread_time(), processor_seconds(backend)
            with session_scope(engine) as session:
                accept.accept_report(session, one, now=NOW, district=district, actor="bench")
            ours = time.thread_time() - before
            costs.append((sum(spent), ours - sum(spent), processor_seconds(backend) - served))
    finally:
        accept.answer = kept
    assignment, rest, database = (np.array(column[WARM:]) * 1e6 for column in zip(*costs, strict=True))
    return {
        "events": events,
        "assignment_us": round(statistics.median(assignment), 1),
        "our_rest_us": round(statistics.median(rest), 1),
        "database_us": round(statistics.median(database), 1),
        "share": round(float(np.median(assignment / (rest + database))), 4),
    }


def timed(work: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    """Return ``work`` that notes the processor time of each call."""

    def noted(*args: Any) -> Any:
        start = time.thread_time()
        found = work(*args)
        spent.append(time.thread_time() - start)
        return found

    return noted


def processor_seconds(process: int) -> float:
    """Return the time that a process was on a processor, by the scheduler's count of nanoseconds."""
    return int(Path(f"/proc/{process}/schedstat").read_text("ascii").split()[0]) / 1e9


# -- how many a second ------------------------------------------------------------------------------------------------


def measure_rate(url: str, district: District, lonlat: np.ndarray, clients: int, duration_s: float) -> float:
    """Return the reports stored a second by so many processes at once, each with the compiled district of this one."""
    context = multiprocessing.get_context("fork")
    ready, counts = context.Barrier(clients), context.Queue()

    def client(first: int) -> None:
        engine = engine_of(url, pool_size=1)
        store(engine, district, lonlat, first, count=WARM)
        ready.wait()
        end = time.monotonic() + duration_s
        stored = 0
        while time.monotonic() < end:
            stored += store(engine, district, lonlat, first + stored, count=1)
        counts.put(stored)
        engine.dispose()

    processes = [context.Process(target=client, args=(1000 * i,)) for i in range(clients)]
    for process in processes:
        process.start()
    stored = sum(counts.get(timeout=120 + duration_s) for _ in processes)
    for process in processes:
        process.join()
    return stored / duration_s


def store(engine: Engine, district: District, lonlat: np.ndarray, first: int, *, count: int) -> int:
    for number in range(first, first + count):
        with session_scope(engine) as session:
            accept.accept_report(session, sent(lonlat, number), now=NOW, district=district, actor="bench")
    return count


# -- what it shows ----------------------------------------------------------------------------------------------------


def gates(found: dict[str, Any]) -> list[Gate]:
    """Return the gate: at most a tenth of the insert."""
    return at_most("processor time of an assignment, share of its insert", found["share"], MOST_SHARE)


def table(found: dict[str, Any]) -> list[str]:
    """Return the section of the page."""
    parts = {
        "assignment: grid, departments, station, station by time": found["assignment_us"],
        "insert: our statements and the driver": found["our_rest_us"],
        "insert: the database": found["database_us"],
    }
    rates = ", ".join(f"{clients}: {rate:,}" for clients, rate in found["reports_a_second"].items())
    says = (
        f"{found['events']:,} reports; {on_what(found)}. The assignment takes {found['share']:.1%} of its insert. Reports stored "
        f"a second, every commit on disk, by clients: {rates}."
    )
    rows = [f"| {name} | {value:,.0f} |" for name, value in parts.items()]
    return [says, "", "| processor time of a report, median | µs |", "|---|--:|", *rows]


if __name__ == "__main__":
    main()
