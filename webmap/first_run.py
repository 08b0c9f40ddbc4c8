"""The first run: the administrator, and the made-up district's accounts, made where there are none; passwords shown once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from geogrid.texts import translate

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from geogrid.actions.accounts import Created
    from geogrid.settings import Settings

BY = "system:set_up"


def make_accounts(settings: Settings, engine: Engine, *, twin: bool, as_of: datetime | None = None) -> list[Created]:
    """Make what is missing: the accounts of the made-up district (where ``twin``), an administrator in any case.

    ``as_of`` is the instant at which a demo opens: what its mediators have in hand is of that day.
    """
    from geogrid.actions.accounts import first_administrator
    from geogrid.actions.district import read_profile
    from geogrid.store.session import session_scope

    now, at, profile = settings.now(), datetime.now(UTC), read_profile(settings)
    with session_scope(engine) as session:
        made = _twin(session, now, at) if twin and profile.synthetic else []
        first = first_administrator(session, now=now, at=at, profile=profile)
        made += [first] if first else []
        _audit(session, made, now)
    if twin and profile.synthetic:
        _mediate(settings, engine, as_of or now)
    return made


def _mediate(settings: Settings, engine: Engine, now: datetime) -> None:
    """Give the made-up district its mediators, the past of its disputes and the library; its own mediator something in hand."""
    from etl.synthesise.mediation import fill_mediation, give_some
    from geogrid.actions.district import open_district
    from geogrid.store.session import session_scope

    district = open_district(settings, engine)
    with session_scope(engine) as session:
        if fill_mediation(session, district.mediation, now=now).mediators:
            give_some(session, "mediator", now=now, district=district)


def _twin(session: Session, now: datetime, at: datetime) -> list[Created]:
    from etl.synthesise.accounts import Unit, twin_accounts
    from geogrid.actions.accounts import create_all
    from geogrid.domain.places import Level
    from layers.unit_names import home_station, units_in_force

    units = [Unit(code, Level(level), parent or "") for code, level, parent in units_in_force(session)]
    if not units:
        return []
    accounts = twin_accounts(units)
    village = next(post.unit for account in accounts for post in account.posts if post.role.value == "mediator")
    return create_all(session, twin_accounts(units, home_station(session, village)), now=now, at=at, by=BY)


def _audit(session: Session, made: Sequence[Created], now: datetime) -> None:
    from geogrid.store import audit

    for one in made:
        told = {"object_kind": "person", "object_id": str(one.id), "details": {"login": one.login}}
        audit.write(session, actor=BY, action="person.add", now=now, **told)


def show_accounts(made: Sequence[Created], address: str, language: str, say: Callable[[str], None]) -> None:
    """Print logins, posts and passwords, this once; nothing where nobody was made."""
    if not made:
        return
    say("")
    say(translate("Accounts were made. Their passwords are shown this once and kept nowhere:", language))
    widths = [max(len(one.login) for one in made), max(len(one.password) for one in made)]
    for one in made:
        posts = translate(", ", language).join(_words(one, language))
        say(f"  {one.login:<{widths[0]}}  {one.password:<{widths[1]}}  {posts}")
    say(translate("Log in at {url}", language).format(url=address))
    says = "Planners and administrators set up a second factor at their first login: have an app for one-time codes at hand."
    say(translate(says, language))
    say(translate("A lost password: geogrid account reset-password LOGIN", language))
    say("")


def _words(one: Created, language: str) -> list[str]:
    parts = ((translate(post.role.label, language, "Role"), post.unit, post.department, post.station) for post in one.posts)
    return [" ".join(part for part in words if part) for words in parts]
