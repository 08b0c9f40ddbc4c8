"""Who is logged in, as every page shows it: name, post, log-out; and the mark that its forms and scripts carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, g

from geogrid.domain.grids import Department
from geogrid.domain.people import Post, Role
from webmap.language import label, say
from webmap.login import Caller, mark


@dataclass(frozen=True)
class SignedIn:
    """What a page says of the person who is logged in."""

    name: str
    post: str
    mark: str
    is_administrator: bool


def signed_in() -> SignedIn | None:
    """Return who is logged in, None for keys, guests, and where nobody was looked up (an error before that)."""
    caller: Caller | None = g.get("caller")
    if caller is None or caller.login is None:
        return None
    held = caller.actor.posts
    words = say(", ").join(dict.fromkeys(label(post.role) for post in held)) or say("no post")
    return SignedIn(caller.actor.name, words, mark(), Role.ADMINISTRATOR in caller.actor.roles())


def post_text(post: Post, names: dict[str, str] | None = None) -> str:
    """Return a post in words: the role, and where it is held; ``names`` are those of units by code."""
    department = label(Department(post.department)) if post.department in Department.codes() else post.department
    place = (names or {}).get(post.unit, post.unit)
    where = [part for part in (place, department, post.station, post.team) if part]
    return " · ".join([label(post.role), *where])


def install_signed_in(app: Flask) -> None:
    """Give templates ``signed_in`` and ``mark``."""

    @app.context_processor
    def who() -> dict[str, Any]:
        return {"signed_in": signed_in(), "mark": mark}
