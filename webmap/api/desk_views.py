"""Saved views of the queue over HTTP: one's own, and those that others share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from flask import Response, request
from flask_openapi import RequestBody
from pydantic import BaseModel, Field, ValidationError

from geogrid.actions.saved_views import change_view, delete_view, save_view, view_for
from geogrid.domain.masking import mask_text
from geogrid.errors import RequestInvalid
from geogrid.store import desk
from geogrid.store.session import session_scope
from webmap.api.base import JSON, Refusal, blueprint
from webmap.api.desk_query import FilterQuery, QueueQuery
from webmap.api.desk_sent import Sent, sent
from webmap.api.events import answer
from webmap.api.query_faults import in_words
from webmap.api.tags import DESK
from webmap.installation import installation
from webmap.login import current_actor
from webmap.reading import reading
from webmap.roles import READERS, roles

REFUSED = {"401": Refusal, "403": Refusal, "409": Refusal, "415": Refusal}
Asked = TypeVar("Asked", bound=FilterQuery)
NOT_SAVED = frozenset({"after", "view", "limit", "lang"})  # what belongs to one look and not to a view


class ViewBody(Sent):
    """A view: its name, its filters as the queue takes them, whether others see it."""

    name: str = Field(max_length=200)
    query: dict[str, str | int | bool]
    shared: bool = False


class ViewPath(BaseModel):
    """The number of a view."""

    view_id: int


@blueprint.get("/desk/views", tags=[DESK], summary="Saved views of the queue")
@roles(READERS)
def get_views() -> Response:
    """Return the caller's own views and those that others share, by name."""
    with reading() as session:
        found = desk.views_of(session, current_actor().id)
    return answer({"views": [_view(row) for row in found]})


@blueprint.post(
    "/desk/views",
    tags=[DESK],
    summary="Save a view of the queue",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": ViewBody.model_json_schema()}}, required=True),
    responses=REFUSED,
)
@roles(READERS)
def post_view() -> Response:
    """201 with the view; a filter that the queue does not take is refused by name."""
    here, body, actor = installation(), sent(ViewBody), current_actor()
    query = checked(body.query)
    with session_scope(here.engine) as session:
        number = save_view(session, body.name, query, shared=body.shared, actor=actor, now=here.now())
        found = view_for(session, number, actor=actor)
    return answer(_view(found), 201)


@blueprint.put(
    "/desk/views/<int:view_id>",
    tags=[DESK],
    summary="Change a view of one's own",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": ViewBody.model_json_schema()}}, required=True),
    responses=REFUSED,
)
@roles(READERS)
def put_view(path: ViewPath) -> Response:
    """200 with the view as it is now; 404 for those of others."""
    here, body, actor = installation(), sent(ViewBody), current_actor()
    query = checked(body.query)
    with session_scope(here.engine) as session:
        change_view(session, path.view_id, body.name, query, shared=body.shared, actor=actor, now=here.now())
        found = view_for(session, path.view_id, actor=actor)
    return answer(_view(found))


@blueprint.delete(
    "/desk/views/<int:view_id>", tags=[DESK], summary="Delete a view of one's own", security=[{"token": []}], responses=REFUSED
)
@roles(READERS)
def remove_view(path: ViewPath) -> Response:
    """204; 404 for those of others."""
    here = installation()
    with session_scope(here.engine) as session:
        delete_view(session, path.view_id, actor=current_actor(), now=here.now())
    return Response(status=204)


def checked(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters of a view as they are kept; raises RequestInvalid for one that the queue does not take."""
    told = {name: value for name, value in query.items() if name not in NOT_SAVED}
    as_query(told, QueueQuery).chosen()
    return told


def as_query(told: Mapping[str, Any], of: type[Asked]) -> Asked:
    """Return filters as a query of the queue or its map; raises RequestInvalid by name."""
    try:
        return of.model_validate({name: _plain(value) for name, value in told.items()})
    except ValidationError as error:
        fault = error.errors()[0]
        name = ".".join(str(part) for part in fault["loc"])
        raise RequestInvalid(name=name, reason=in_words(fault), where={"path": name}) from None


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def with_view(query: Asked) -> Asked:
    """Return the query with the filters of the saved view that it names; what stands beside it in the address counts first."""
    if query.view is None:
        return query
    with reading() as session:
        saved = view_for(session, query.view, actor=current_actor())["query"]
    return as_query({**saved, **request.args.to_dict()}, type(query))


def _view(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a view; what somebody else wrote into it is masked, as all that people write."""
    mine, name, query = row["person"] == current_actor().id, row["name"], row["query"]
    if not mine:
        name, query = mask_text(name), {**query, **({"q": mask_text(str(query["q"]))} if "q" in query else {})}
    return {"id": row["id"], "name": name, "query": query, "shared": row["shared"], "mine": mine}
