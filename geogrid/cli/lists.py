"""``geogrid lists ...``: which department leads which matter where, and where nobody or more than one does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from geogrid.cli import language, opened
from geogrid.cli.teams import team
from geogrid.texts import translate

if TYPE_CHECKING:
    from geogrid.actions.matter_lists import Matrix

HOLE, MORE = "-", "+"
BY = "system:command"


@click.group("lists")
def lists() -> None:
    """Who is in charge: lists of matters of departments and places, named people, teams."""


lists.add_command(team)


@lists.command("matrix")
@click.option("--programme", help="Code of the programme. Without: the district's own.")
@click.option("--department", default="", help="Only the matters in which this department has a part.")
@click.option("--township", default="", help="Code of a township: its villages instead of the townships.")
@click.option("--faults", is_flag=True, help="Only where nobody leads or more than one does; code 1 where there is any.")
@click.pass_context
def matrix_command(context: click.Context, programme: str | None, department: str, township: str, faults: bool) -> None:
    """Say who leads each matter in each township (or village of one), a line each: `-` nobody, `+` more than one."""
    from geogrid.actions.district import open_district
    from geogrid.actions.matter_lists import matrix
    from geogrid.store.session import session_scope

    with opened() as (settings, engine), session_scope(engine) as session:
        programmes = open_district(settings, engine).programmes
        rules = programmes.of(programme) if programme else programmes.default
        found = matrix(session, rules, language=language(), department=department, township=township)
    for line in lines(found, faults=faults):
        click.echo(line)
    holes, doubles = len(found.holes()), len(found.doubles())
    says = translate("{cells} matters in places; nobody leads: {holes}; more than one leads: {doubles}", language())
    click.echo(says.format(cells=len(found.cells), holes=holes, doubles=doubles), err=True)
    if faults and holes + doubles:
        context.exit(1)


@lists.command("name")
@click.argument("party", metavar="PARTY")
@click.argument("tier", type=click.Choice(["head", "deputy", "handler"]))
@click.argument("login")
def name_command(party: str, tier: str, login: str) -> None:
    """Name the account LOGIN as TIER of PARTY (unit:999901001000, department:urban) from now on."""
    from geogrid.actions.accounts import person_of
    from geogrid.actions.matter_lists import name_person
    from geogrid.domain.lists import Named, Tier
    from geogrid.domain.people import Actor, Post, Role
    from geogrid.rules.effects import party_of
    from geogrid.store.session import session_scope

    with opened() as (settings, engine), session_scope(engine) as session:
        now = settings.now()
        person, side = person_of(session, login, now=now), party_of(party, "PARTY")
        operator = Actor(BY, BY, (Post(Role.ADMINISTRATOR),))
        name_person(session, Named(side, Tier(tier), person.id), actor=operator, now=now)
    click.echo(f"{side}\t{translate(Tier(tier).label, language(), 'Tier')}\t{person.login}")


def lines(found: Matrix, *, faults: bool) -> list[str]:
    """Return a line a cell: mark, category, its name, township, its name, leads, assists, those who wait."""
    told = []
    for (category, unit), cell in found.cells.items():
        mark = HOLE if cell.is_hole else MORE if cell.is_double else ""
        if faults and not mark:
            continue
        parts = (",".join(part) for part in (cell.leads, cell.assists, cell.waiting))
        told.append("\t".join((mark, category, found.names[category], unit, found.names[unit], *parts)))
    return told


COMMANDS = [lists]
