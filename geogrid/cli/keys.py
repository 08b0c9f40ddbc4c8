"""``geogrid account key ...`` and ``geogrid account wall-token ...``: what programs and screens on a wall show at the door."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from geogrid.cli import language, opened
from geogrid.cli.accounts import BY, account, say, written
from geogrid.texts import translate

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.orm import Session

DAYS = click.IntRange(1, 1096)


@account.group("key")
def key() -> None:
    """Keys of other systems: made and shown once, listed, revoked."""


@key.command("make")
@click.argument("login")
@click.option("--name", required=True, help="What the key is called in lists and in the audit.")
@click.option("--days", type=DAYS, default=365, show_default=True, help="It ends after so many days.")
def make(login: str, name: str, days: int) -> None:
    """Make a key of the program LOGIN and print it, this once."""
    from geogrid.actions import keys
    from geogrid.actions.accounts import person_of
    from geogrid.store.session import session_scope

    with opened() as (settings, engine), session_scope(engine) as session:
        now = settings.now()
        person = person_of(session, login, now=now)
        made = keys.make_key(session, person, name=name, days=days, at=datetime.now(UTC), by=BY)
        written(session, "key.make", person, now, key=made.name, expires_at=made.expires_at.isoformat(timespec="seconds"))
    click.echo(f"{made.name}\t{made.secret}\t{_day(made.expires_at)}")


@key.command("list")
@click.argument("login", default="")
def list_keys(login: str) -> None:
    """List the keys of LOGIN, or all: name, login, state, made, ends, last used, made by. Never the key itself."""
    from geogrid.actions.accounts import person_of
    from geogrid.store import keys
    from geogrid.store.session import session_scope

    with opened() as (settings, engine), session_scope(engine) as session:
        whose = person_of(session, login, now=settings.now()).id if login else None
        found = keys.list_keys(session, whose)
    for row in found:
        _line(row.name, row.login, *_state_and_days(row), row.made_by)


@key.command("revoke")
@click.argument("name")
def revoke(name: str) -> None:
    """Revoke the key NAME; it opens nothing from its next request on."""
    from geogrid.actions import keys
    from geogrid.store import people
    from geogrid.store.session import session_scope

    with opened() as (settings, engine), session_scope(engine) as session:
        now = settings.now()
        person = people.find(session, keys.revoke_key(session, name, at=datetime.now(UTC)), now=now)
        if person is not None:
            written(session, "key.revoke", person, now, key=name)
    say("{name} is revoked.", name=name)


# -- tokens of screens on a wall --------------------------------------------------------------------------------------


@account.group("wall-token")
def wall_token() -> None:
    """Tokens of screens on a wall: they read one view and nothing else."""


@wall_token.command("make")
@click.option("--name", required=True, help="The screen's name in lists and in the audit.")
@click.option("--unit", default="", help="Territory that it shows: 12 digits; left out: the district.")
@click.option("--address", "network", default="", help="It is taken from this address or network alone, as 10.1.2.0/24.")
@click.option("--days", type=DAYS, default=365, show_default=True, help="It ends after so many days.")
def make_token(name: str, unit: str, network: str, days: int) -> None:
    """Make a token and print the address to open on the screen, this once."""
    from geogrid.actions import keys
    from geogrid.actions.accounts import district_unit
    from geogrid.actions.district import read_profile
    from geogrid.store.session import session_scope

    with opened() as (settings, engine), session_scope(engine) as session:
        told = {"unit": unit or district_unit(read_profile(settings)), "network": network, "days": days}
        made = keys.make_token(session, name=name, **told, at=datetime.now(UTC), by=BY)
        ends = made.expires_at.isoformat(timespec="seconds")
        _written_of_token(session, "wall_token.make", made.name, settings.now(), **told, expires_at=ends)
    click.echo(f"{made.name}\t/wall/enter?token={made.secret}\t{_day(made.expires_at)}")


@wall_token.command("list")
def list_tokens() -> None:
    """List the tokens: name, unit, network, state, made, ends, last used, made by. Never the token itself."""
    from geogrid.store import keys
    from geogrid.store.session import session_scope

    with opened() as (_, engine), session_scope(engine) as session:
        found = keys.list_tokens(session)
    for row in found:
        _line(row.name, row.unit, row.network or "-", *_state_and_days(row), row.made_by)


@wall_token.command("revoke")
@click.argument("name")
def revoke_token(name: str) -> None:
    """Revoke the token NAME; the screen shows nothing from its next request on."""
    from geogrid.actions import keys
    from geogrid.store.session import session_scope

    with opened() as (settings, engine), session_scope(engine) as session:
        keys.revoke_token(session, name, at=datetime.now(UTC))
        _written_of_token(session, "wall_token.revoke", name, settings.now())
    say("{name} is revoked.", name=name)


# -- said ---------------------------------------------------------------------------------------------------------------


def _written_of_token(session: Session, action: str, name: str, now: datetime, **details: object) -> None:
    from geogrid.store import audit

    audit.write(session, actor=BY, action=action, now=now, object_kind="wall_token", object_id=name, details=details)


def _state_and_days(row: Row) -> Iterable[str]:
    from geogrid.actions.keys import state_of

    state = translate(state_of(row, at=datetime.now(UTC)), language())
    return state, *(_day(at) for at in (row.made_at, row.expires_at, row.used_at))


def _day(at: datetime | None) -> str:
    return at.isoformat(timespec="minutes") if at else "-"


def _line(*parts: str) -> None:
    click.echo("\t".join(part or "-" for part in parts))


# The group answers to its plural too; help shows it once.
COMMANDS = [click.Group("accounts", commands=account.commands, hidden=True, help=account.help)]
