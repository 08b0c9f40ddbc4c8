"""``/lists``: which department leads which matter where, with holes and double leads; a cell opens what stands on its lists.

The page works without its script, which only opens cells in place and moves between them with the arrow keys.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from geogrid.actions.matter_lists import (
    Cell,
    Matrix,
    decide,
    holding_in,
    matrix,
    next_states,
    propose,
    proposes_for,
    townships_of,
)
from geogrid.domain.grids import Department
from geogrid.domain.lists import Item, ItemState, Part
from geogrid.domain.masking import mask_text
from geogrid.domain.people import Role
from geogrid.domain.programmes import Programme
from geogrid.errors import GeogridError, ListUnknown
from geogrid.store.lists import Listed, listed_in
from geogrid.store.session import session_scope
from layers.synthetic import holds_synthetic
from webmap.account_pages import page_of, shown_time
from webmap.actor_words import actor_words
from webmap.errors import error_body, status_of
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.login import current_actor
from webmap.reading import reading
from webmap.roles import READERS, roles

blueprint = Blueprint("lists_page", __name__)

LISTERS = frozenset({Role.DEPARTMENT, Role.DISPATCHER, Role.COMMANDER})
DECIDERS = frozenset({Role.DISPATCHER, Role.COMMANDER})
LONGEST_NOTE = 500
LONGEST_CODE = 60
ASKED = ("programme", "department", "township", "only", "category", "unit")
# What a cell has room for.
SHORT = {
    Department.POLICE: "Police",
    Department.MARKET: "Market",
    Department.TRANSPORT: "Traffic",
    Department.URBAN: "Urban",
    Department.HOUSING: "Build",
    Department.CIVIL: "Civil",
    Department.JUSTICE: "Justice",
    Department.AGRICULTURE: "Farming",
}
# What a button says that leads to a state.
DEEDS = {ItemState.ASSESSED: "Assess", ItemState.ADMITTED: "Admit", ItemState.SUSPENDED: "Suspend"}


@blueprint.get("/lists")
@roles(READERS)
def page() -> BaseResponse:
    """Send the matrix; ``?category=&unit=`` opens a cell, ``?township=`` shows its villages, ``?only=faults`` the faults."""
    return _page(_asked(request.args))


@blueprint.post("/lists")
@roles(LISTERS)
def add() -> BaseResponse:
    """Propose a matter for a list and lead back to its cell."""
    asked, here = _asked(request.form), installation()
    programme = _programme(asked["programme"])

    def put(session: Session) -> None:
        part = _one_of(Part, "part", request.form.get("part", ""))
        department = request.form.get("department_of", "")[:LONGEST_CODE]
        item = Item(programme.code, asked["category"], asked["unit"], department, part)
        propose(session, item, actor=current_actor(), now=here.now(), programme=programme, note=_note())

    return _done(asked, put)


@blueprint.post("/lists/<int:item_id>/decisions")
@roles(DECIDERS)
def decision(item_id: int) -> BaseResponse:
    """Assess, admit or suspend an entry and lead back to its cell."""
    here = installation()

    def put(session: Session) -> None:
        state = _one_of(ItemState, "state", request.form.get("state", ""))
        decide(session, item_id, state, actor=current_actor(), now=here.now(), note=_note())

    return _done(_asked(request.form), put)


def _done(asked: dict[str, str], put: Any) -> BaseResponse:
    try:
        with session_scope(installation().engine) as session:
            put(session)
    except GeogridError as error:
        return _page(asked, error_body(error, current_language()), status_of(error))
    return redirect(f"{_address(asked)}#cell", 303)


def _asked(values: Any) -> dict[str, str]:
    return {name: values.get(name, "").strip()[:LONGEST_CODE] for name in ASKED}


def _note() -> str:
    return str(request.form.get("note", "")).strip()[:LONGEST_NOTE]


def _address(asked: dict[str, str], **more: str) -> str:
    kept = {name: value for name, value in {**asked, **more}.items() if value}
    return url_for("lists_page.page", **kept)


def _programme(code: str) -> Programme:
    programmes = installation().district.programmes
    if code and code not in programmes.by_code:
        raise ListUnknown(field="programme", value=code, known=", ".join(programmes.by_code), where={"path": "programme"})
    return programmes.of(code) if code else programmes.default


def _one_of(enum: Any, field: str, value: str) -> Any:
    if value not in enum.codes():
        raise ListUnknown(field=field, value=value[:LONGEST_CODE], known=", ".join(enum.codes()), where={"path": field})
    return enum(value)


# -- what is shown ----------------------------------------------------------------------------------------------------


def _page(asked: dict[str, str], error: dict[str, Any] | None = None, status: int = 200) -> BaseResponse:
    programme, language = _programme(asked["programme"]), current_language()
    with reading() as session:
        told = {"department": asked["department"], "township": asked["township"]}
        found = matrix(session, programme, language=language, **told)
        townships = townships_of(session)
        opened = _opened(session, programme, found, asked)
        synthetic = installation().district.profile.synthetic or holds_synthetic(session)
    programmes = [(one.code, one.title.text(language)) for one in installation().district.programmes.by_code.values()]
    return page_of(
        "lists.html",
        status,
        error=error,
        asked=asked,
        programme=programme.code,
        programmes=programmes,
        departments=list(Department),
        townships=townships,
        matrix=found,
        groups=_groups(programme, found, asked),
        counts=_counts(found),
        opened=opened,
        synthetic=synthetic,
    )


def _counts(found: Matrix) -> dict[str, int]:
    holes, doubles = len(found.holes()), len(found.doubles())
    waiting = sum(1 for cell in found.cells.values() if cell.waiting)
    return {"led": len(found.cells) - holes - doubles, "holes": holes, "doubles": doubles, "waiting": waiting}


def _groups(programme: Programme, found: Matrix, asked: dict[str, str]) -> list[dict[str, Any]]:
    """Return the rows by major class, in the programme's order; with ``only`` the rows that have a fault."""
    language = current_language()
    titles = {one.code: one.title.text(language) for one in programme.categories}
    parents = {one.code: one.parent or one.code for one in programme.categories}
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in found.categories:
        cells = [found.cells[row, unit] for unit in found.units]
        if asked["only"] == "faults" and not any(cell.is_hole or cell.is_double for cell in cells):
            continue
        shown = {"code": row, "title": titles[row], "cells": [_shown(cell, found, asked) for cell in cells]}
        groups.setdefault(parents[row], []).append(shown)
    return [{"title": titles.get(code, code), "rows": rows} for code, rows in groups.items()]


def _shown(cell: Cell, found: Matrix, asked: dict[str, str]) -> dict[str, Any]:
    kind = "double" if cell.is_double else "hole" if cell.is_hole else "led"
    says = {"led": say("leads"), "hole": say("nobody leads"), "double": say("more than one leads")}[kind]
    leads = say(", ").join(_department(code) for code in cell.leads)
    parts = [found.names[cell.category], found.names[cell.unit], f"{says} {leads}".strip()]
    if cell.assists:
        parts.append(say("assists: {names}", names=say(", ").join(_department(code) for code in cell.assists)))
    if cell.waiting:
        parts.append(say("waits to be admitted: {number}", number=len(cell.waiting)))
    if cell.below:
        parts.append(say("entries of single villages: {number}", number=cell.below))
    return {
        "kind": kind,
        "leads": [_short(code) for code in cell.leads],
        "assists": len(cell.assists),
        "waiting": len(cell.waiting),
        "below": cell.below,
        "says": " · ".join(parts),
        "href": _address(asked, category=cell.category, unit=cell.unit),
        "is_open": (cell.category, cell.unit) == (asked["category"], asked["unit"]),
    }


def _department(code: str) -> str:
    return label(Department(code)) if code in Department.codes() else code


def _short(code: str) -> str:
    return say(SHORT[Department(code)]) if code in Department.codes() else code


# -- one cell ---------------------------------------------------------------------------------------------------------


def _opened(session: Session, programme: Programme, found: Matrix, asked: dict[str, str]) -> dict[str, Any] | None:
    """Return what a cell opens: its entries with what may be done next, and for whom the reader may propose."""
    cell = found.cells.get((asked["category"], asked["unit"]))
    if cell is None:
        return None
    entries = listed_in(session, programme.code, cell.category, holding_in(cell.unit))
    names = actor_words(session, {who for one in entries for who in _people(one)}, now=installation().now())
    return {
        "cell": _shown(cell, found, asked),
        "title": found.names[cell.category],
        "place": found.names[cell.unit],
        "code": cell.category,
        "unit": cell.unit,
        "entries": [_entry(one, names, cell.unit) for one in entries],
        "proposes_for": proposes_for(current_actor(), cell.unit),
        "parts": list(Part),
        "close": _address({**asked, "category": "", "unit": ""}),
    }


def _people(one: Listed) -> list[str]:
    return [who for who in (one.proposed_by, one.assessed_by, one.admitted_by, one.suspended_by) if who]


def _entry(one: Listed, names: dict[str, str], unit: str) -> dict[str, Any]:
    trace = [
        (ItemState.PROPOSED, one.proposed_at, one.proposed_by),
        (ItemState.ASSESSED, one.assessed_at, one.assessed_by),
        (ItemState.ADMITTED, one.admitted_at, one.admitted_by),
        (ItemState.SUSPENDED, one.suspended_at, one.suspended_by),
    ]
    return {
        "id": one.id,
        "department": _department(one.item.department),
        "part": label(one.item.part),
        "state": one.state,
        "of_township": one.item.unit != unit,
        "note": mask_text(one.note),
        "trace": [{"state": state, "at": shown_time(at), "who": names.get(who, "")} for state, at, who in trace if at and who],
        "next": [{"state": state, "deed": DEEDS[state], "may": may} for state, may in next_states(one, current_actor()).items()],
    }
