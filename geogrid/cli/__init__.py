"""``geogrid ...``: the commands of the platform. Other packages add theirs by entry point, so that no arrow points up."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, NoReturn

import click

from geogrid.errors import DatabaseDown, GeogridError, SetupError
from geogrid.settings import SettingUnreadable, keep_compiled_code
from geogrid.texts import translate

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from geogrid.settings import Settings

LANGUAGES = ("zh", "en")
# Modules of this room with a list COMMANDS, as the other packages have one.
OWN = (
    "geogrid.cli.accounts",
    "geogrid.cli.audit",
    "geogrid.cli.figures",
    "geogrid.cli.keys",
    "geogrid.cli.lists",
    "geogrid.cli.mediators",
    "geogrid.cli.programmes",
    "geogrid.cli.webhooks",
)


class _Commands(click.Group):
    """Collects the commands of every package on first use; a command's own imports stay inside it, so that help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._collect()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self._collect()
        return super().get_command(ctx, cmd_name)

    def _collect(self) -> None:
        others = (point.load() for point in sorted(entry_points(group="geogrid.commands"), key=lambda p: p.name))
        for module in (*map(import_module, OWN), *others):
            for command in module.COMMANDS:
                self.add_command(command)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="geogrid")
def root() -> None:
    """geogrid: spatial grid management for grid-based social governance."""


# -- the database ------------------------------------------------------------------------------------------------------


@root.group()
def db() -> None:
    """Bring the database up to date, or check it."""


@db.command("migrate")
def db_migrate() -> None:
    """Bring the database to the newest schema; extensions are made where that is allowed."""
    from geogrid.store.schema import migrate, newest_revision

    with opened() as (settings, engine):
        migrate(engine)
        open_matters(settings, engine)
    click.echo(newest_revision())


@db.command("check")
def db_check() -> None:
    """Check extensions, schema, and that an acknowledged report survives a crash of the database."""
    from geogrid.store.schema import check_schema, newest_revision
    from geogrid.store.session import session_scope

    with opened() as (_, engine), session_scope(engine) as session:
        check_schema(session)
    click.echo(newest_revision())


# -- editions ----------------------------------------------------------------------------------------------------------


@root.group()
def edition() -> None:
    """List editions of the grids, put one in force, withdraw one."""


@edition.command("list")
def edition_list() -> None:
    """List all editions: name, state, since when, what each replaces."""
    from geogrid.store import editions
    from geogrid.store.session import session_scope

    with opened() as (_, engine), session_scope(engine) as session:
        for found in editions.every(session):
            since = found.valid_from.isoformat(timespec="seconds") if found.valid_from else "-"
            kinds = ",".join(found.replaces)
            click.echo(f"{found.name}\t{_label(found.state.label, 'EditionState')}\t{since}\t{kinds}")


@edition.command("activate")
@click.argument("name")
@click.option("--accept-moved", is_flag=True, help="Activate although areas share nothing with their old selves.")
@click.option("--accept-faults", is_flag=True, help="Activate although grids overlap or leave gaps.")
def edition_activate(name: str, accept_moved: bool, accept_faults: bool) -> None:
    """Put the loaded edition NAME in force now; open events are assigned anew, all in one transaction."""
    from geogrid.actions.district import open_district
    from geogrid.actions.editions import activate_edition
    from geogrid.store.session import session_scope

    with opened() as (settings, engine), session_scope(engine) as session:
        district = open_district(settings, engine)
        accepted = {"accept_moved": accept_moved, "accept_faults": accept_faults}
        done = activate_edition(session, name, now=settings.now(), district=district, **accepted)
    says = translate("{name} is in force; {reassigned} open events assigned anew, {moved} of them to another grid.", language())
    click.echo(says.format(name=name, reassigned=done.reassigned, moved=done.moved))


@edition.command("withdraw")
@click.argument("name")
def edition_withdraw(name: str) -> None:
    """Withdraw the loaded edition NAME, which was never in force; its rows are deleted."""
    from geogrid.actions.editions import withdraw_edition
    from geogrid.store.session import session_scope

    with opened() as (_, engine), session_scope(engine) as session:
        found = withdraw_edition(session, name)
    click.echo(f"{found.name}\t{_label(found.state.label, 'EditionState')}")


# -- promises ----------------------------------------------------------------------------------------------------------


@root.command()
@click.pass_context
def fsck(context: click.Context) -> None:
    """Check every invariant over all rows and files; name what breaks one and end with code 1."""
    from geogrid.actions import fsck as checking
    from geogrid.actions.district import open_district, read_profile
    from geogrid.store.checks import pending_photos
    from geogrid.store.session import session_scope

    with opened() as (settings, engine), session_scope(engine) as session:
        profile, now = read_profile(settings), settings.now()
        here = open_district(settings, engine)
        told = {"programmes": here.programmes, "danger": here.danger}
        breaches = checking.fsck(session, var_dir=settings.var_dir, now=now, profile=profile, **told)
        pending = pending_photos(session)
    for breach in breaches:
        rows = translate("{count} rows", language()).format(count=breach.count)
        click.echo(f"{breach.invariant}: {translate(breach.says, language())} {rows}")
        for row in breach.rows:
            click.echo(f"  {row}")
    if breaches:
        context.exit(1)
    says = translate("All invariants hold. Photos still to come: {pending}.", language())
    click.echo(says.format(pending=pending))


# -- what the commands share -------------------------------------------------------------------------------------------


def open_matters(settings: Settings, engine: Engine) -> None:
    """Keep the rules of today, and open matters for events that were taken in before there were any; say how far it is.

    Raises
    ------
    SetupError
        where a programme's rules were changed and its version was not raised
    """
    from geogrid.actions.district import open_district
    from geogrid.actions.open_missing import open_all_missing

    def say(done: int, left: int) -> None:
        says = "Matters opened for events of before: {done}; without a matter, as their programme has no such steps: {left}"
        click.echo(translate(says, language()).format(done=done, left=left))

    open_all_missing(engine, now=settings.now(), district=open_district(settings, engine), say=say)


@contextmanager
def opened() -> Iterator[tuple[Settings, Engine]]:
    """Yield the settings and an engine whose connections are closed at the end."""
    from geogrid.settings import read_settings
    from geogrid.store.session import make_engine

    settings = read_settings(os.environ)
    engine = make_engine(settings)
    try:
        yield settings, engine
    finally:
        engine.dispose()


def language() -> str:
    return command_language(os.environ)


def _label(label: str, enum: str) -> str:
    return translate(label, language(), enum)


def main() -> None:
    """Run the command line; an error of the house is one message in the user's language and exit code 1."""
    keep_compiled_code(os.environ)
    try:
        root(standalone_mode=True)
    except GeogridError as error:
        _say(error)
    except SettingUnreadable as error:
        _say(SetupError(reason=str(error), mend="Mend or unset the variable."))
    except Exception as error:
        if "sqlalchemy.exc" not in sys.modules:  # a command that never came near the database
            raise
        from sqlalchemy.exc import OperationalError

        if not isinstance(error, OperationalError) or (not error.connection_invalidated and error.statement is not None):
            raise
        _say(DatabaseDown(reason=str(error.orig).strip().splitlines()[0]))


def _say(error: GeogridError) -> NoReturn:
    click.echo(f"{error.code}: {error.message(command_language(os.environ))}", err=True)
    if error.where:
        click.echo(f"  {error.where}", err=True)
    sys.exit(1)


def command_language(environ: Mapping[str, str]) -> str:
    """Return the language of messages in the terminal: ``GEOGRID_LANGUAGE``, else a zh or en locale's, else the profile's.

    The locales C and POSIX are what a machine has where nobody chose: they say nothing about a reader.
    """
    chosen = environ.get("GEOGRID_LANGUAGE", "").strip()
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return chosen or next((name for name in LANGUAGES if locale.startswith(name)), "") or _profile_language(environ)


def _profile_language(environ: Mapping[str, str]) -> str:
    """Return the language of the profile; zh where settings or profile cannot be read, which another message tells."""
    from geogrid.domain.profiles import parse_profile
    from geogrid.settings import read_settings

    try:
        settings = read_settings(environ)
        path = settings.data_dir / "profiles" / f"{settings.profile}.toml"
        return parse_profile(path.read_text(encoding="utf-8"), path.name).language
    except (GeogridError, OSError, ValueError):
        return LANGUAGES[0]
