"""``geogrid account ...``: accounts from the machine itself, for the day when nobody can log in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from geogrid.cli import language, opened
from geogrid.domain.people import STAFF, Post, Role
from geogrid.texts import translate

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from geogrid.store.people import Person

BY = "system:command"
ROLES = click.Choice([role.value for role in Role if role in STAFF])


@click.group()
def account() -> None:
    """Accounts: add, list, give posts, disable, unlock, reset passwords."""


def say(message: str, **values: Any) -> None:
    """Print a message in the command's language."""
    click.echo(translate(message, language()).format(**values))


def written(session: Session, action: str, person: Person, now: datetime, **details: Any) -> None:
    """Write what the command did to an account, in the transaction of what it did."""
    from geogrid.store import audit

    told = {"object_kind": "person", "object_id": str(person.id), "details": details}
    audit.write(session, actor=BY, action=action, now=now, **told)


@account.command("add")
@click.argument("login")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", type=ROLES, required=True, help="The post's role.")
@click.option("--unit", default="", help="Territory: 12 digits; left out: the district.")
@click.option("--department", default="", help="Department of the post.")
@click.option("--station", default="", help="Station of the post.")
@click.option("--email", default="", help="For notices.")
@click.option("--phone", default="", help="For notices.")
@click.option("--program", is_flag=True, help="Another system: no password; `geogrid account key make` gives it a key.")
def add(login: str, role: str, unit: str, department: str, station: str, program: bool, **told: str) -> None:
    """Make an account with one post; its password is printed once."""
    from geogrid.actions.accounts import NewAccount, create, district_unit, person_of
    from geogrid.actions.district import read_profile
    from geogrid.actions.keys import add_program
    from geogrid.store.session import session_scope

    with opened() as (settings, engine), session_scope(engine) as session:
        now, password = settings.now(), ""
        post, at = Post(Role(role), unit or district_unit(read_profile(settings)), department, station), datetime.now(UTC)
        if program:
            add_program(session, login, told["name"], (post,), now=now, at=at, by=BY)
        else:
            password = create(session, NewAccount(login, posts=(post,), **told), now=now, at=at, by=BY).password
        person = person_of(session, login, now=now)
        written(session, "person.add", person, now, login=person.login, role=role, unit=post.unit)
    click.echo(f"{person.login}\t{password}" if password else person.login)


@account.command("list")
@click.argument("text", default="")
def list_accounts(text: str) -> None:
    """List accounts whose login or name holds TEXT: login, name, state, posts."""
    from geogrid.store import people
    from geogrid.store.session import session_scope

    with opened() as (settings, engine), session_scope(engine) as session:
        found = people.search(session, text, now=settings.now(), limit=100_000)
    for one in found:
        state = "disabled" if one.disabled_at else "program with a key" if one.integration else "in use"
        posts = "; ".join("/".join(part for part in (p.role.value, p.unit, p.department, p.station) if part) for p in one.posts)
        click.echo(f"{one.login}\t{one.name}\t{translate(state, language())}\t{posts or '-'}")


@account.command("posts")
@click.argument("login")
@click.option("--give", nargs=2, multiple=True, metavar="ROLE UNIT", help="Give a post for a unit, or for a department's code.")
@click.option("--end", nargs=2, multiple=True, metavar="ROLE UNIT", help="End a post.")
def posts(login: str, give: tuple[tuple[str, str], ...], end: tuple[tuple[str, str], ...]) -> None:
    """Show the posts of LOGIN, after giving and ending some."""
    from geogrid.actions.accounts import person_of, set_posts
    from geogrid.store.session import session_scope

    with opened() as (settings, engine), session_scope(engine) as session:
        now = settings.now()
        person = person_of(session, login, now=now)
        gone = {(role, place) for role, place in end}
        kept = [p for p in person.posts if not {(p.role.value, p.unit), (p.role.value, p.department)} & gone]
        wanted = [*kept, *(post for post in map(_post, give) if post not in kept)]
        if give or end:
            given, ended = set_posts(session, person, wanted, now=now, by=BY)
            written(session, "person.posts", person, now, given=len(given), ended=len(ended))
    for post in wanted:
        click.echo("\t".join((post.role.value, post.unit, post.department, post.station)))


def _post(told: tuple[str, str]) -> Post:
    role, place = told
    if role not in Role.codes():
        raise click.BadParameter(f"{role!r}: {', '.join(Role.codes())}", param_hint="--give")
    return Post(Role(role), unit=place) if place.isdigit() else Post(Role(role), department=place)


@account.command("disable")
@click.argument("login")
def disable(login: str) -> None:
    """Close the account LOGIN; its sessions end at once."""
    from geogrid.actions.accounts import disable as close

    _change(login, "person.disable", lambda session, person: close(session, person, at=datetime.now(UTC)))
    say("{login} is disabled.", login=login)


@account.command("enable")
@click.argument("login")
def enable(login: str) -> None:
    """Open the closed account LOGIN again."""
    from geogrid.actions.accounts import enable as open_again

    _change(login, "person.enable", open_again)
    say("{login} is in use again.", login=login)


@account.command("unlock")
@click.argument("login")
@click.option("--address", default="", help="Unlock this network address too.")
def unlock(login: str, address: str) -> None:
    """Forget the wrong attempts at LOGIN."""
    from geogrid.actions import log_in

    def forget(session: Session, person: Person) -> None:
        log_in.unlock(session, person.login)
        if address:
            log_in.unlock_address(session, address)

    _change(login, "person.unlock", forget)
    say("{login} is unlocked.", login=login)


@account.command("reset-password")
@click.argument("login")
@click.option("--second-factor", is_flag=True, help="Take the second factor away too: its phone is lost.")
def reset_password(login: str, second_factor: bool) -> None:
    """Give LOGIN a new password, printed once, to be changed at the next login."""
    from geogrid.actions import accounts, log_in
    from geogrid.actions.second_factor import remove

    def reset(session: Session, person: Person) -> str:
        log_in.unlock(session, person.login)
        if second_factor:
            remove(session, person.id)
        return accounts.reset_password(session, person, at=datetime.now(UTC))

    click.echo(f"{login}\t{_change(login, 'password.reset', reset)}")


def _change(login: str, action: str, deed: Any) -> Any:
    from geogrid.actions.accounts import person_of
    from geogrid.store.session import session_scope

    with opened() as (settings, engine), session_scope(engine) as session:
        now = settings.now()
        person = person_of(session, login, now=now)
        done = deed(session, person)
        written(session, action, person, now)
    return done


COMMANDS = [account]
