"""A rehearsal from beginning to end: the district of a folder, its people, its events, and what the ledger says afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.replay import Replay, Replayed, chosen, instants, read_reports
from etl.replay_cast import cast_of, employ
from etl.workers import read_workers
from geogrid.actions.audit import verify
from geogrid.actions.district import open_district, read_profile
from geogrid.actions.fsck import fsck
from geogrid.domain.places import Level
from geogrid.errors import SetupError
from geogrid.store import audit, editions, outbox, replayed, unit_names
from geogrid.store.session import session_scope

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from geogrid.domain.profiles import Profile
    from geogrid.settings import Settings

SEALED_AT_ONCE = 20_000
EVENTS, WORKERS = "events.parquet", "workers.parquet"


def rehearse(folder: Path, limit: int | None, settings: Settings, engine: Engine, tell: Callable[[Replayed], None]) -> bool:
    """Replay the events of ``folder`` and say what came of it; return whether all that must hold does.

    Raises
    ------
    SetupError
        where the database holds events: a rehearsal never mixes with what happened
    """
    with session_scope(engine) as session:
        if replayed.holds_events(session):
            raise SetupError(reason="the database holds events", mend="Name a folder for a database of its own: --into FOLDER.")
    profile = read_profile(settings)
    reports, histories = read_reports(folder / EVENTS, profile)
    happened = list(chosen(instants(histories), limit))
    first = happened[0].at - timedelta(days=1)
    _load_geography(folder, settings, engine, profile, first)
    district = open_district(settings, engine)
    with session_scope(engine) as session:
        units = [(code, Level.TOWNSHIP) for code in unit_names.of_level(session, Level.TOWNSHIP)]
        cast = cast_of(read_workers(folder / WORKERS), units, profile.code)
        employ(session, cast, now=first)
    replay = Replay(district, cast, reports)
    done = replay.run(engine, happened, tell)
    return report(done, settings, engine, replay.last or first)


def _load_geography(folder: Path, settings: Settings, engine: Engine, profile: Profile, first: datetime) -> None:
    """Load the geography of the folder and put it in force, where no edition is."""
    from etl.kinds import KINDS, LOAD_ORDER
    from etl.load import Order, Source, load
    from etl.recipe import Recipe

    with session_scope(engine) as session:
        if editions.find_in_force(session) is not None:
            return
    files = {name: folder / f"{name}.parquet" for name in LOAD_ORDER if name != "events"}
    sources = [Source(KINDS[name], path, Recipe()) for name, path in files.items() if path.exists()]
    order = Order(edition="replay", now=first, activate=True)
    load(sources, order, profile, engine, settings.var_dir / "imports", lambda note: None)


# -- what the ledger says ---------------------------------------------------------------------------------------------


def report(done: Replayed, settings: Settings, engine: Engine, now: datetime) -> bool:
    """Say what became of the events, by programme and clock, and what does not hold; return whether all does."""
    well = not done.failed
    with session_scope(engine) as session:
        for lives in replayed.lives(session):
            well &= _lives(lives)
        for clock in replayed.clock_figures(session):
            well &= not clock.wrong
            in_time = clock.runs - clock.late
            _say(
                "  clock {clock}: {runs} runs, {in_time} in time, {late} late, {running} running",
                clock=clock.clock, runs=clock.runs, in_time=in_time, late=clock.late, running=clock.running,
            )  # fmt: skip
    for line in done.faults:
        click.echo(line, err=True)
    return _holds(settings, engine, now) and well


def _lives(lives: replayed.Lives) -> bool:
    _say(
        "{programme}: {reported} reported, {closed} closed, {open} open, {escalated} escalated",
        programme=lives.programme, reported=lives.reported, closed=lives.closed, open=lives.still_open, escalated=lives.escalated,
    )  # fmt: skip
    _say(
        "  of the closed: {whole} through every step, {verified} verified and {closed} closed by somebody else than the handler",
        whole=lives.whole, verified=lives.verified_by_another, closed=lives.closed_by_another,
    )  # fmt: skip
    return lives.closed == lives.whole == lives.verified_by_another == lives.closed_by_another == lives.in_order


def _holds(settings: Settings, engine: Engine, now: datetime) -> bool:
    """Seal the audit, follow it, check every invariant and that nothing was sent; return whether all holds."""
    while _sealed(engine, now):
        pass
    with session_scope(engine) as session:
        found = verify(session)
        here, profile = open_district(settings, engine), read_profile(settings)
        told = {"programmes": here.programmes, "danger": here.danger}
        breaches = fsck(session, var_dir=settings.var_dir, now=now, profile=profile, **told)
        sent = _sent(session)
    _say("Audit: {records} records, {state}. Broken invariants: {breaches}. Sent to anybody: {sent}.",
         records=found.records, state="broken" if found.broken else "whole", breaches=len(breaches), sent=sent)  # fmt: skip
    for breach in breaches:
        click.echo(f"{breach.invariant}: {breach.says} {breach.count} {' '.join(breach.rows[:3])}", err=True)
    return found.broken is None and not breaches and not sent


def _sealed(engine: Engine, now: datetime) -> int:
    with session_scope(engine) as session:
        return audit.seal(session, now=now, most=SEALED_AT_ONCE)


def _sent(session: Session) -> int:
    return outbox.count_sent(session)


def _say(says: str, **values: object) -> None:
    from geogrid.cli import command_language
    from geogrid.texts import translate

    click.echo(translate(says, command_language(os.environ)).format(**values))
