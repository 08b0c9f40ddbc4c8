"""``geogrid lists team ...``: teams made, filled, emptied, closed and listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import click

from geogrid.cli import language, opened
from geogrid.domain.grids import Department
from geogrid.domain.people import Force
from geogrid.texts import translate

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from geogrid.domain.people import Actor

BY = "system:command"


@click.group("team")
def team() -> None:
    """Teams: make one, add and remove members, close it."""


@team.command("make")
@click.argument("code")
@click.option("--name", required=True, help="What the team is called.")
@click.option("--force", required=True, type=click.Choice(Force.codes()), help="Which force its members stand with.")
@click.option("--unit", required=True, help="Its place: the code of the district, a township or a village, 12 digits.")
@click.option("--department", default="", type=click.Choice(["", *Department.codes()]), help="The department it belongs to.")
def make_command(code: str, name: str, force: str, unit: str, department: str) -> None:
    """Make the team CODE, without members."""
    from geogrid.actions.teams import make_team
    from geogrid.domain.people import Team

    with _acting() as (session, actor, now):
        make_team(session, Team(code, name.strip(), Force(force), unit, department), actor=actor, now=now)
    click.echo(f"{code}\t{translate(Force(force).label, language(), 'Force')}\t{unit}\t{name}")


@team.command("add")
@click.argument("code")
@click.argument("login")
def add_command(code: str, login: str) -> None:
    """Let the account LOGIN join the team CODE; it is on duty with the team's force."""
    from geogrid.actions.teams import add_member

    _change(add_member, code, login)


@team.command("remove")
@click.argument("code")
@click.argument("login")
def remove_command(code: str, login: str) -> None:
    """Let the account LOGIN leave the team CODE."""
    from geogrid.actions.teams import remove_member

    _change(remove_member, code, login)


@team.command("close")
@click.argument("code")
def close_command(code: str) -> None:
    """Close the team CODE, which answers for no open matter; its memberships end."""
    from geogrid.actions.teams import close_team

    with _acting() as (session, actor, now):
        close_team(session, code, actor=actor, now=now)
    click.echo(translate("{team} is closed.", language()).format(team=code))


def _change(change: Callable[..., None], code: str, login: str) -> None:
    from geogrid.store import teams

    with _acting() as (session, actor, now):
        change(session, code, login, actor=actor, now=now)
        inside = [member.login for member in teams.members(session, code, now=now)]
    click.echo("\t".join((code, *inside)))


@contextmanager
def _acting() -> Iterator[tuple[Session, Actor, datetime]]:
    """Give a session, the operator of the machine, and the platform's time."""
    from geogrid.domain.people import Actor, Post, Role
    from geogrid.store.session import session_scope

    with opened() as (settings, engine), session_scope(engine) as session:
        yield session, Actor(BY, BY, (Post(Role.ADMINISTRATOR),)), settings.now()
