"""Who acted, in words that a page may show: the post and the masked name of a person, the name of a program."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from geogrid.domain.masking import mask_name
from geogrid.domain.people import Role
from geogrid.store import people
from webmap.language import label, say

KINDS = {"key": "program", "system": "the platform", "guest": "guest", "citizen": "citizen"}


def actor_words(session: Session, actors: Collection[str], *, now: datetime) -> dict[str, str]:
    """Return for each actor as steps and the audit keep them ("person:<uuid>", "key:<name>") what to call it."""
    ids = {actor: found for actor in actors if (found := person_id(actor)) is not None}
    known = people.names_and_roles(session, list(ids.values()), now=now)
    return {actor: _person(*known[ids[actor]]) if ids.get(actor) in known else _other(actor) for actor in actors}


def person_id(actor: str) -> UUID | None:
    """Return the id of a person who acted, None for programs, guests and what is no id."""
    kind, _, code = actor.partition(":")
    try:
        return UUID(code) if kind == "person" else None
    except ValueError:
        return None


def _person(name: str, held: Collection[str]) -> str:
    roles = say(", ").join(dict.fromkeys(label(Role(role)) for role in held if role in Role.codes()))
    return f"{mask_name(name)} · {roles}" if roles else mask_name(name)


def _other(actor: str) -> str:
    kind, _, code = actor.partition(":")
    if kind == "person":
        return say("somebody who is no longer known")
    told = say(KINDS[kind]) if kind in KINDS else kind
    return f"{told} {code}" if code and kind == "key" else told
