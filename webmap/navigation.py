"""The links from page to page: which there are, and which of them a reader may open. A page with a place here adds its line."""

from __future__ import annotations

from typing import Final, NamedTuple

from flask import Flask, g

from geogrid.domain.people import STAFF, Role
from webmap.login import Caller
from webmap.roles import CLERKS, MEDIATION, OPERATORS, READERS, REPORTERS

IN_LINE: Final = 7  # links that stand side by side in the bar; the others open below it


class Link(NamedTuple):
    """A page of the platform: its path, its English title (translated by the catalogue), and the roles of its route."""

    path: str
    title: str
    roles: frozenset[Role]


TEAM_READERS = frozenset(
    {
        Role.COMMANDER, Role.DISPATCHER, Role.TOWNSHIP_LEADER, Role.GRID_LEADER, Role.DEPARTMENT, Role.PLANNER,
        Role.ADMINISTRATOR, Role.AUDITOR,
    }
)  # fmt: skip
# In the order in which they are shown. The roles are those of the route: a test compares them.
LINKS: Final[tuple[Link, ...]] = (
    Link("/", "Map", READERS),
    Link("/desk", "Desk", READERS),
    Link("/window", "Service window", CLERKS),
    Link("/mediator", "Mediation", MEDIATION),
    Link("/officer", "Report an event", REPORTERS),
    Link("/orders", "Desk orders", READERS),
    Link("/unplaced", "To be placed", READERS),
    Link("/hotline", "Hotline orders", OPERATORS),
    Link("/enterprises", "Enterprises", READERS),
    Link("/figures", "Figures", READERS),
    Link("/recast", "Counts and recast", READERS),
    Link("/lists", "Lists of matters", READERS),
    Link("/teams", "Teams and duties", TEAM_READERS),
    Link("/ledger", "Ledger of grids", READERS),
    Link("/assessment", "Assessment", READERS),
    Link("/imports", "Imports", READERS),
    Link("/admin/people", "Accounts", frozenset({Role.ADMINISTRATOR})),
    Link("/admin/audit", "Audit", frozenset({Role.AUDITOR, Role.ADMINISTRATOR})),
)


def links_for(roles: frozenset[Role]) -> tuple[Link, ...]:
    """Return the pages that somebody with ``roles`` may open, in their order."""
    return tuple(link for link in LINKS if link.roles & roles & STAFF)


def own_links() -> tuple[Link, ...]:
    """Return the pages that the caller may open: none for guests, and for who still owes a password or a second factor."""
    caller: Caller | None = g.get("caller")
    if caller is None or caller.login is None or caller.owed:
        return ()
    return links_for(caller.actor.roles())


def is_here(link: Link, current: str) -> str:
    """Return what ``aria-current`` says of a link: the page itself, a page below it ("true"), or nothing."""
    if link.path == current:
        return "page"
    return "true" if link.path != "/" and current.startswith(f"{link.path}/") else ""


def in_line(links: tuple[Link, ...], current: str, most: int = IN_LINE) -> tuple[tuple[Link, ...], tuple[Link, ...]]:
    """Return the links that stand in the bar and those that open below it.

    The link of ``current`` is always in the bar; where one alone would open below, it stands in the bar as well.
    """
    if len(links) <= most + 1:
        return links, ()
    bar = list(links[:most])
    here = [link for link in links if is_here(link, current)]
    if here and here[0] not in bar:
        bar[-1] = here[0]
    return tuple(bar), tuple(link for link in links if link not in bar)


def install_navigation(app: Flask) -> None:
    """Give every template, macros too, ``own_links``, ``in_line`` and ``is_here``."""
    app.jinja_env.globals.update(own_links=own_links, in_line=in_line, is_here=is_here)
