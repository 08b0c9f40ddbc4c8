"""Lists of matters over HTTP: who leads what where, with holes and double leads; matters proposed, admitted, suspended."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi import RequestBody
from pydantic import BaseModel, ConfigDict, Field

from geogrid.actions.matter_lists import Cell, decide, matrix, propose
from geogrid.domain.lists import Item, ItemState, Part
from geogrid.domain.people import Role
from geogrid.domain.programmes import Programme
from geogrid.errors import ListUnknown
from geogrid.store.lists import Listed, listed
from geogrid.store.session import session_scope
from webmap.api.base import JSON, Query, Refusal, blueprint
from webmap.api.events import answer
from webmap.api.sent_texts import sent_texts
from webmap.api.tags import DIRECTORY
from webmap.installation import installation
from webmap.language import current_language
from webmap.login import current_actor
from webmap.reading import reading
from webmap.roles import READERS, roles

DECIDERS = frozenset({Role.DISPATCHER, Role.COMMANDER})
REFUSED = {"401": Refusal, "403": Refusal, "409": Refusal, "415": Refusal}


class MatrixQuery(Query):
    """Which programme; which department's matters only."""

    programme: str | None = Field(None, description="code; without: the district's own")
    department: str = Field("", description="only matters in which this department has a part")
    township: str = Field("", description="code of a township: its villages instead of the townships")


class ProposalBody(BaseModel):
    """A matter proposed for the list of a department in a township or a village."""

    model_config = ConfigDict(extra="forbid")

    category: str
    unit: str = Field(description="code of a township, whose villages are meant too, or of a village: 12 digits")
    department: str
    part: str = Field("lead", description="lead or assist")
    programme: str = Field("", description="code; without: the district's own")
    note: str = ""


class DecisionBody(BaseModel):
    """What is decided on a matter of a list."""

    model_config = ConfigDict(extra="forbid")

    state: str = Field(description="assessed, admitted or suspended")
    note: str = ""


class ItemPath(BaseModel):
    """The number of a matter on a list."""

    item_id: int


@blueprint.get("/matter-lists", tags=[DIRECTORY], summary="Who leads which matter in which township")
@roles(READERS)
def get_matter_lists(query: MatrixQuery) -> Response:
    """Return a cell a matter and township, how many have no lead or several, and every entry of the lists by number."""
    programme = _programme(query.programme or "")
    with reading() as session:
        told = {"department": query.department, "township": query.township}
        found = matrix(session, programme, language=current_language(), **told)
        entries = listed(session, programme.code, department=query.department)
    body = {
        "programme": programme.code,
        "holes": len(found.holes()),
        "doubles": len(found.doubles()),
        "names": found.names,
        "cells": [_cell_body(cell) for cell in found.cells.values()],
        "entries": [entry_body(one) for one in entries],
    }
    return answer(body)


@blueprint.post(
    "/matter-lists",
    tags=[DIRECTORY],
    summary="Propose a matter for a list",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": ProposalBody.model_json_schema()}}, required=True),
    responses=REFUSED,
)
@roles(Role.DEPARTMENT, DECIDERS)
def post_matter_list() -> Response:
    """201 with the entry; a department proposes for its own list only; what stands there already: 409."""
    here, sent = installation(), sent_texts(ProposalBody)
    programme = _programme(sent["programme"])
    part = _one_of(Part, "part", sent["part"])
    item = Item(programme.code, sent["category"], sent["unit"], sent["department"], part)
    with session_scope(here.engine) as session:
        made = propose(session, item, actor=current_actor(), now=here.now(), programme=programme, note=sent["note"])
    return answer(entry_body(made), 201)


@blueprint.post(
    "/matter-lists/<int:item_id>/decisions",
    tags=[DIRECTORY],
    summary="Assess, admit or suspend a matter of a list",
    security=[{"token": []}],
    request_body=RequestBody(content={JSON: {"schema": DecisionBody.model_json_schema()}}, required=True),
    responses=REFUSED,
)
@roles(DECIDERS)
def post_decision(path: ItemPath) -> Response:
    """201 with the entry as it stands; nobody decides on what he proposed: 403."""
    here, sent = installation(), sent_texts(DecisionBody)
    state = _one_of(ItemState, "state", sent["state"])
    with session_scope(here.engine) as session:
        made = decide(session, path.item_id, state, actor=current_actor(), now=here.now(), note=sent["note"])
    return answer(entry_body(made), 201)


# -- bodies -----------------------------------------------------------------------------------------------------------


def entry_body(one: Listed) -> dict[str, Any]:
    """Return an entry of a list; who decided is told by the id of the person, never by name."""
    item = one.item
    place = {"category": item.category, "unit": item.unit, "department": item.department, "part": item.part.value}
    decided = {"proposed_by": one.proposed_by, "assessed_by": one.assessed_by, "admitted_by": one.admitted_by}
    times = {"proposed_at": one.proposed_at.isoformat(), "admitted_at": one.admitted_at and one.admitted_at.isoformat()}
    return {"id": one.id, "state": one.state.value, **place, **decided, **times}


def _cell_body(cell: Cell) -> dict[str, Any]:
    parts = {"leads": cell.leads, "assists": cell.assists, "waiting": cell.waiting, "below": cell.below}
    return {"category": cell.category, "unit": cell.unit, **parts, "hole": cell.is_hole, "double": cell.is_double}


def _programme(code: str) -> Programme:
    programmes = installation().district.programmes
    if code and code not in programmes.by_code:
        raise ListUnknown(field="programme", value=code, known=", ".join(programmes.by_code), where={"path": "programme"})
    return programmes.of(code) if code else programmes.default


def _one_of(enum: Any, field: str, value: str) -> Any:
    if value not in enum.codes():
        raise ListUnknown(field=field, value=value, known=", ".join(enum.codes()), where={"path": field})
    return enum(value)
