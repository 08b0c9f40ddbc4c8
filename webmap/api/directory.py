"""Who and what a district is made of: its units, its people (masked), the programmes it works by."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from pydantic import BaseModel, Field

from geogrid.domain.grids import Department
from geogrid.domain.people import Role
from geogrid.domain.places import Level
from geogrid.domain.programmes import Programme
from geogrid.errors import NotFoundError
from geogrid.rules.programme_picture import svg
from geogrid.store.people import read_page
from layers.unit_pages import read_units
from webmap.api.base import Query, Refusal, blueprint
from webmap.api.directory_bodies import (
    PeopleBody,
    ProgrammesBody,
    UnitsBody,
    person_body,
    programme_body,
    programme_line,
    unit_body,
)
from webmap.api.events import answer
from webmap.api.tags import DIRECTORY
from webmap.installation import installation
from webmap.language import current_language
from webmap.login import current_actor
from webmap.reading import current_scope, reading
from webmap.roles import READERS, roles

PER_PAGE, MOST_PER_PAGE = 100, 1000
CODE = r"^[0-9A-Za-z_-]{1,40}$"


class UnitsQuery(Query):
    """Which units; all filters together hold."""

    level: Level | None = None
    parent: str | None = Field(None, pattern=CODE, description="code of the unit above")
    limit: int = Field(PER_PAGE, ge=1, le=MOST_PER_PAGE)
    cursor: str | None = Field(None, pattern=CODE, description="from the link to the next page")


class PeopleQuery(Query):
    """Which people; role, unit and department are those of one post."""

    role: Role | None = None
    unit: str | None = Field(None, pattern=r"^\d{12}$", description="12 digits")
    department: Department | None = None
    limit: int = Field(PER_PAGE, ge=1, le=MOST_PER_PAGE)
    cursor: UUID | None = Field(None, description="from the link to the next page")


class ProgrammePath(BaseModel):
    """The code of a programme."""

    code: str = Field(pattern=r"^[a-z0-9_]{1,60}$")


@blueprint.get("/units", tags=[DIRECTORY], summary="List administrative units", responses={"200": UnitsBody})
@roles(READERS)
def list_units(query: UnitsQuery) -> Response:
    """Return the units in force by code, each with level, parent and box; ``links.next`` leads to the next page."""
    with reading() as session:
        rows = read_units(session, level=query.level, parent=query.parent, after=query.cursor or "", limit=query.limit + 1)
    page = rows[: query.limit]
    return answer({"units": [unit_body(row) for row in page], "links": _links(len(rows) > len(page), page and page[-1].code)})


@blueprint.get(
    "/people",
    tags=[DIRECTORY],
    summary="List people and their posts",
    responses={"200": PeopleBody, "401": Refusal, "403": Refusal},
)
@roles(Role.ADMINISTRATOR, Role.COMMANDER)
def list_people(query: PeopleQuery) -> Response:
    """Return people with their posts. Names are whole for administrators alone; contacts are masked for all.

    No secret is read. A commander of a part of the district is told of those with posts in that part.
    """
    unmasked = Role.ADMINISTRATOR in current_actor().roles()
    scope = current_scope()
    within = None if unmasked or scope.whole else scope.units
    asked: dict[str, Any] = {"role": query.role, "unit": query.unit, "department": query.department and query.department.value}
    with reading() as session:
        told = {"now": installation().now(), "limit": query.limit + 1, "after": query.cursor, "within": within}
        rows = read_page(session, **asked, **told)
    page = rows[: query.limit]
    response = answer(
        {
            "people": [person_body(person, unmasked=unmasked) for person in page],
            "links": _links(len(rows) > len(page), page and page[-1].id),
        }
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/programmes", tags=[DIRECTORY], summary="List programmes", responses={"200": ProgrammesBody})
@roles(READERS)
def list_programmes() -> Response:
    """Return code, version and title of the programmes in use, the district's own first."""
    programmes = installation().district.programmes
    found = sorted(programmes.by_code.values(), key=lambda one: (one.code != programmes.default_code, one.code))
    return answer({"programmes": [programme_line(one, is_default=one.code == programmes.default_code) for one in found]})


@blueprint.get("/programmes/<code>", tags=[DIRECTORY], summary="Read one programme")
@roles(READERS)
def get_programme(path: ProgrammePath) -> Response:
    """Return states, steps with their roles, clocks with limits and lights, titles in the language asked for."""
    return answer(programme_body(_found(path.code)))


@blueprint.get(
    "/programmes/<code>.svg",
    tags=[DIRECTORY],
    summary="A programme as a picture",
    responses={"200": {"description": "SVG", "content": {"image/svg+xml": {"schema": {"type": "string"}}}}},
)
@roles(READERS)
def get_programme_picture(path: ProgrammePath) -> Response:
    """Return the picture of a programme: states, steps, roles, clocks."""
    return Response(svg(_found(path.code), current_language()), mimetype="image/svg+xml")


def _found(code: str) -> Programme:
    found = installation().district.programmes.by_code.get(code)
    if found is None:
        raise NotFoundError(what=code, where={"path": request.path})
    return found


def _links(more: bool, last: Any) -> dict[str, str]:
    links = {"self": request.full_path.rstrip("?")}
    if more:
        asked = {name: value for name, value in request.args.items() if name != "cursor"}
        links["next"] = url_for(str(request.endpoint), **asked, cursor=str(last))
    return links
