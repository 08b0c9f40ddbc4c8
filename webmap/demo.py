"""``geogrid demo``: the made-up district from nothing to a map; ``geogrid up`` without it; ``geogrid stop``.

Everything runs under this one process: the private cluster, the web server, the stream and the jobs. What ends by itself
is started again. Ctrl-C ends all.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geogrid.cli import command_language, open_matters
from geogrid.errors import EditionNotInForce, SetupError
from geogrid.settings import TABLE, Settings, drop_clock, keep_clock, kept_clock, read_settings
from geogrid.texts import translate
from webmap.first_run import make_accounts, show_accounts
from webmap.probing import fetch, probe, url
from webmap.supervisor import THRIFT, Children, Stopped, check_port, only_one, our_command, stop_running, told_to_stop, writing
from webmap.tls import TLS_HELP, probe_context, use_tls

if TYPE_CHECKING:
    from sqlalchemy import Engine

AS_OF = "2025-06-18T15:00:00+08:00"
SEED = 1
DEMO_NEEDS_MB = 2500  # files, rows, indices and the log that a load writes ahead
READY_WITHIN_S = 90.0
PROBED_TILE_SET = "all"


@dataclass
class Steps:
    """Shows what is being done and how long each step took."""

    language: str
    total: int
    done: int = 0

    def say(self, message: str, **values: Any) -> None:
        """Print ``message`` in the reader's language."""
        click.echo(translate(message, self.language).format_map(values))

    @contextmanager
    def step(self, message: str) -> Iterator[None]:
        """Announce a step, and its seconds when it is through."""
        self.done += 1
        name = translate(message, self.language)
        click.echo(f"[{self.done}/{self.total}] {name} ...")
        began = time.monotonic()
        yield
        click.echo(f"[{self.done}/{self.total}] {name}: {time.monotonic() - began:.1f} s")


# -- the database -----------------------------------------------------------------------------------------------------


@contextmanager
def database(settings: Settings, steps: Steps) -> Iterator[Engine]:
    """Yield an engine on a migrated database: the one that the settings name, or the private cluster while it lasts."""
    from geogrid.store.cluster import start_cluster, stop_cluster
    from geogrid.store.schema import check_schema, migrate
    from geogrid.store.session import make_engine, session_scope

    with ExitStack() as stack:
        with steps.step("Start the database"):
            if not settings.database_url:
                stack.callback(stop_cluster, settings.var_dir)
                start_cluster(settings.var_dir)
            engine = make_engine(settings)
            stack.callback(engine.dispose)
            migrate(engine)
            with session_scope(engine) as session:
                check_schema(session)
            open_matters(settings, engine)
        yield engine


def has_edition(engine: Engine) -> bool:
    """Return whether an edition of the geography is in force and events are stored."""
    from sqlalchemy import text

    query = "SELECT EXISTS (SELECT FROM editions WHERE upper_inf(valid)) AND EXISTS (SELECT FROM events)"
    with engine.connect() as connection:
        return bool(connection.scalar(text(query)))


def last_stored_at(engine: Engine) -> datetime | None:
    """Return the time of the last step or activation that is stored (a scan of ``steps``, once a start)."""
    from sqlalchemy import text

    query = "SELECT greatest((SELECT max(at) FROM steps), (SELECT max(lower(valid)) FROM editions))"
    with engine.connect() as connection:
        found: datetime | None = connection.scalar(text(query))
        return found


def clock_environment(as_of: datetime, last: datetime | None, now: datetime) -> dict[str, str]:
    """Return the variables that make the children's clock stand at the later of ``as_of`` and ``last`` at ``now``."""
    resumed = max(as_of, last) if last else as_of
    return {TABLE["as_of"].name: resumed.isoformat(), TABLE["clock_start"].name: now.isoformat()}


@contextmanager
def clock(settings: Settings, steps: Steps, engine: Engine, demo_as_of: datetime | None) -> Iterator[dict[str, str]]:
    """Yield the variables of the children's clock, and keep it in a file for the commands of other terminals.

    The clock of a demo stays after its end, and ``up`` resumes it. One that GEOGRID_AS_OF sets (a drill) ends with the block.
    Without either the time is the real one: no variables, and no file.
    """
    as_of = demo_as_of or settings.as_of
    if as_of is None:
        drop_clock(settings.var_dir)
        yield {}
        return
    of_demo = demo_as_of is not None or kept_clock(settings.var_dir, settings.database_url) is not None
    now = datetime.now(UTC)
    variables = clock_environment(as_of, last_stored_at(engine), now)
    resumed = variables[TABLE["as_of"].name]
    keep_clock(settings, datetime.fromisoformat(resumed), now)
    steps.say("The clock of the demo runs on from {as_of}.", as_of=resumed)
    try:
        yield variables
    finally:
        if not of_demo:
            drop_clock(settings.var_dir)


# -- the made-up district ---------------------------------------------------------------------------------------------


def twin_folder(settings: Settings) -> Path:
    """Return where the files of the made-up district are kept."""
    return settings.var_dir / "twin" / f"{settings.profile}-{SEED}"


def ensure_twin(settings: Settings, children: Children) -> Path:
    """Generate the district's files where they are not there yet, whole or not at all; return their folder."""
    folder = twin_folder(settings)
    if not folder.is_dir():
        fresh = folder.with_name(folder.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        children.run("twin", our_command("twin", "--profile", settings.profile, "--seed", str(SEED), "--out", str(fresh)))
        fresh.rename(folder)
    return folder


def load_twin(settings: Settings, folder: Path, as_of: datetime, children: Children) -> None:
    """Load the files through the importers that everyone uses, and activate the edition."""
    options = ["--edition", f"twin-{SEED}", "--activate", "--profile", settings.profile, "--as-of", as_of.isoformat()]
    children.run("load", our_command("load", "all", str(folder), *options))


# -- the processes ----------------------------------------------------------------------------------------------------


def await_ready(settings: Settings, children: Children) -> None:
    """Wait until ``/health`` is well, or lacks nothing but an edition, which is loaded while the platform runs.

    Raises
    ------
    SetupError
        When it is not well in time.
    PartFailed
        When a process has ended by itself.
    """
    until = time.monotonic() + READY_WITHIN_S
    status, body = 0, b""
    while time.monotonic() < until:
        children.check()
        status, body = fetch(url(settings, "/health"), trust=probe_context(settings))
        if status == 200 or EditionNotInForce.code.encode() in body:
            return
        time.sleep(0.2)
    reason = f"/health said {status} {body[:200].decode(errors='replace')}"
    raise SetupError(reason=reason, mend=f"Look into {children.log_dir}.")


def start_all(settings: Settings, children: Children) -> None:
    """Start web server, stream and jobs and wait until they are well."""
    for name in ("serve", "stream", "jobs"):
        children.start(name, our_command(name))
    await_ready(settings, children)


def centre_tile(settings: Settings, map_zoom: int = 11) -> str:
    """Return the path of the map tile over the district's centre."""
    from geogrid.actions.district import read_profile
    from geogrid.space.tiles import TILE_STEPS, cell_of

    lon, lat = read_profile(settings).centre_lonlat
    x, y = cell_of([lon], [lat], map_zoom - TILE_STEPS)
    return f"/tiles/{PROBED_TILE_SET}/{map_zoom}/{x[0]}/{y[0]}.mvt"


def show_links(settings: Settings, steps: Steps) -> None:
    """Print what to open."""
    from webmap.token import read_or_make_token

    token = read_or_make_token(settings.var_dir)
    steps.say("Ready. Open:")
    steps.say("  map            {url}", url=url(settings))
    steps.say("  log in         {url}", url=url(settings, "/login"))
    steps.say("  officer        {url}", url=url(settings, f"/officer#token={token}"))
    steps.say("  API            {url}", url=url(settings, "/api/v1/docs"))
    steps.say("Ctrl-C stops everything. Logs: {logs}", logs=settings.var_dir / "logs")


def serve_until_stopped(settings: Settings, steps: Steps, environ: dict[str, str], once: bool) -> bool:
    """Start the processes and stay, or probe when ``once``; returns whether all was well."""
    children = Children(settings.var_dir / "logs", THRIFT | environ)
    try:
        with steps.step("Start web server, stream and jobs"):
            start_all(settings, children)
        if once:
            with steps.step("Ask for every page"):
                return probe(settings, centre_tile(settings), click.echo)
        show_links(settings, steps)
        children.watch(steps.say, _trouble(settings, steps))
    finally:
        steps.say("Stopping ...")
        children.stop()
    return True


def _trouble(settings: Settings, steps: Steps) -> Callable[[], bool]:
    """Return what keeps the private cluster up, and says whether the parts stand on something that is not well."""
    from geogrid.store.cluster import cluster_home
    from webmap.cluster_keeper import ClusterKeeper, disk_is_full

    if settings.database_url:
        return lambda: disk_is_full(settings.var_dir)
    keeper, home = ClusterKeeper(settings.var_dir, steps.say), cluster_home(settings.var_dir)
    return lambda: not keeper() or disk_is_full(settings.var_dir) or disk_is_full(home)


def _check_ports(settings: Settings) -> None:
    for field in ("port", "stream_port"):
        check_port(settings.host, getattr(settings, field), TABLE[field].name)


def _prepare_demo(settings: Settings, steps: Steps, engine: Engine, as_of: datetime) -> None:
    from geogrid.store.cluster import check_disk

    children = Children(settings.var_dir / "logs", dict(os.environ))
    try:
        if not has_edition(engine):
            check_disk(settings.var_dir, DEMO_NEEDS_MB)
            with steps.step("Make up the district (simulated data)"):
                folder = ensure_twin(settings, children)
            with steps.step("Load and assign it"):
                load_twin(settings, folder, as_of, children)
        else:
            steps.done += 2
    finally:
        children.stop()


def run(settings: Settings, *, as_of: datetime | None, once: bool) -> bool:
    """Bring the installation up and serve it until told to stop; ``as_of`` makes it the demo. True: all was well."""
    steps = Steps(settings.language or command_language(os.environ), total=(4 if as_of else 2) + once)
    ports = (settings.port, settings.stream_port)
    try:
        with told_to_stop(), writing(settings.var_dir), only_one(settings.var_dir, ports):
            _check_ports(settings)
            with database(settings, steps) as engine:
                if as_of:
                    _prepare_demo(settings, steps, engine, as_of)
                show_accounts(
                    make_accounts(settings, engine, twin=bool(as_of), as_of=as_of),
                    url(settings, "/login"),
                    steps.language,
                    click.echo,
                )
                with clock(settings, steps, engine, as_of) as variables:
                    engine.dispose()
                    return serve_until_stopped(settings, steps, os.environ | variables, once)
    except Stopped:
        steps.say("Stopped.")
        return True


# -- commands ---------------------------------------------------------------------------------------------------------


@click.command("demo")
@click.option("--once", is_flag=True, help="Start, ask for each page once, stop; exit code 0 when all was well.")
@click.option("--as-of", default=AS_OF, show_default=True, help="The instant the demo opens at; a later start resumes later.")
@click.option("--port", type=int, help="The port of pages and API, instead of GEOGRID_PORT.")
@click.option("--tls", is_flag=True, help=TLS_HELP)
def demo(once: bool, as_of: str, port: int | None, tls: bool) -> None:
    """Bring up the made-up district: database, data, import, server. Simulated data, nobody's place."""
    settings = _settings(port, tls=tls)
    instant = datetime.fromisoformat(as_of)
    if instant.tzinfo is None:
        raise click.BadParameter("an offset is needed, such as +08:00", param_hint="--as-of")
    if not run(settings, as_of=instant, once=once):
        raise SystemExit(1)


@click.command("up")
@click.option("--once", is_flag=True, help="Start, ask for each page once, stop; exit code 0 when all was well.")
@click.option("--tls", is_flag=True, help=TLS_HELP)
def up(once: bool, tls: bool) -> None:
    """Serve what the database holds: cluster, web server, stream and jobs under one process."""
    if not run(_settings(None, tls=tls), as_of=None, once=once):
        raise SystemExit(1)


@click.command("stop")
def stop() -> None:
    """Stop what `demo` or `up` started, and the private cluster."""
    settings = read_settings(os.environ)
    stopped = stop_running(settings.var_dir)
    if not settings.database_url:
        from geogrid.store.cluster import stop_cluster

        with writing(settings.var_dir):
            stopped = stop_cluster(settings.var_dir) or stopped
    Steps(settings.language or command_language(os.environ), total=0).say("Stopped." if stopped else "Nothing was running.")


def _settings(port: int | None, *, tls: bool) -> Settings:
    settings = read_settings(os.environ)
    if tls:
        settings = use_tls(os.environ, settings, ())
    if port is not None:
        os.environ[TABLE["port"].name] = str(port)
        settings = replace(settings, port=port)
    return settings
