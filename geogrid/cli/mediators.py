"""``geogrid mediators ...``: who mediates where, and what."""

from __future__ import annotations

import click

from geogrid.cli import language, opened

BY = "system:command"


@click.group("mediators")
def mediators() -> None:
    """Who mediates at which station, and which kinds of disputes."""


@mediators.command("name")
@click.argument("login")
@click.argument("station")
@click.option("--kinds", default="", help="Kinds of data/mediation.toml, parted by commas. Without: any.")
@click.option("--no-longer", is_flag=True, help="Offer this mediator no more; disputes in hand stay.")
def name_command(login: str, station: str, kinds: str, no_longer: bool) -> None:
    """Name the account LOGIN a mediator of STATION (its code); what was named before is replaced."""
    from geogrid.actions.accounts import person_of
    from geogrid.actions.district import open_district
    from geogrid.actions.mediators import name_mediator
    from geogrid.domain.people import Actor, Post, Role
    from geogrid.store.session import session_scope

    wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()]
    with opened() as (settings, engine):
        known = open_district(settings, engine).mediation
        operator = Actor(BY, BY, (Post(Role.ADMINISTRATOR),))
        with session_scope(engine) as session:
            now = settings.now()
            person = person_of(session, login, now=now)
            name_mediator(session, person, station, wanted, known=known, actor=operator, now=now, active=not no_longer)
    click.echo(f"{person.login}\t{station}\t{','.join(wanted)}")


@mediators.command("list")
@click.argument("station")
def list_command(station: str) -> None:
    """List the mediators of STATION: login, kinds."""
    from geogrid.actions.district import open_district
    from geogrid.store import disputes_people, people
    from geogrid.store.session import session_scope

    with opened() as (settings, engine):
        known = open_district(settings, engine).mediation
        with session_scope(engine) as session:
            for row in disputes_people.mediators_at(session, [station]):
                person = people.find(session, row.person_id, now=settings.now())
                titles = (kind.title.text(language()) for kind in known.kinds if kind.code in row.kinds)
                click.echo(f"{person.login if person else row.person_id}\t{', '.join(titles)}")


COMMANDS = [mediators]
