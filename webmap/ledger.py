"""``/ledger``: the ledger of grids, page by page or one grid with all that is in it; the whole as a workbook. No residents."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from flask import Blueprint, request, send_file, url_for
from openpyxl import Workbook
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from etl.export import cell_text
from geogrid.domain.events import EventKind
from geogrid.domain.grids import ExclusiveKind, GridKind
from geogrid.domain.masking import mask_name
from geogrid.domain.people import Force, WorkerRole
from geogrid.domain.places import Level
from geogrid.domain.stations import StationLevel
from geogrid.errors import NotFoundError
from geogrid.store import audit, unit_names
from geogrid.store.session import session_scope
from layers import ledger
from layers.ledger import GridRow, LedgerFilter
from layers.synthetic import holds_synthetic
from webmap.account_pages import page_of, shown_time
from webmap.enterprise_rows import class_title
from webmap.installation import installation
from webmap.language import label, say
from webmap.login import current_actor
from webmap.reading import current_scope, reading
from webmap.roles import READERS, roles
from webmap.sheet_layout import SIMULATED, head_cells, lay_out, number_cell

blueprint = Blueprint("ledger", __name__)

PER_PAGE = 50
LONGEST = 60
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TITLES = ("Code", "Name of the grid", "Kind of grid", "Village or community", "Township or street", "Grid leader", "Workers",
          "Households", "Area (km²)", "Key places", "Organisations", "Open events", "Closed events")  # fmt: skip
FIELDS = ("code", "name", "kind", "village", "township", "leader", "workers", "households", "area_km2", "key_places",
          "organisations", "open", "closed")  # fmt: skip
WIDTHS = (20, 24, 18, 18, 14, 10, 9, 9, 11, 11, 11, 11, 11)
DECIMALS = {"area_km2": 2}
ORGANISATION = ("Grid", "Code", "Name of the organisation", "Kind of organisation", "Address")
OF_ORGANISATIONS = (20, 24, 34, 24, 44)
OF_KINDS = 11
HEAD_ROW = 3


@blueprint.get("/ledger")
@roles(READERS)
def page() -> BaseResponse:
    """Send fifty grids: ``?unit=`` of a township or village, ``?q=`` whose code or name holds it, ``?after=`` the code before."""
    wanted, after, here = _asked(), request.args.get("after", "")[:LONGEST], installation()
    with reading() as session:
        found = ledger.read_rows(session, current_scope(), wanted, now=here.now(), limit=PER_PAGE + 1, after=after)
        total, names = ledger.count(session, current_scope(), wanted), _names(session)
        townships = unit_names.of_level(session, Level.TOWNSHIP)
        synthetic = here.district.profile.synthetic or holds_synthetic(session)
    rows = found[:PER_PAGE]
    return page_of(
        "ledger.html", asked=wanted, rows=[_shown(row, names) for row in rows], total=total, townships=townships,
        first=not after, more=_address(wanted, after=rows[-1].code) if len(found) > PER_PAGE else "",
        file=url_for("ledger.sheet_file", unit=wanted.unit or None, q=wanted.text or None), synthetic=synthetic,
    )  # fmt: skip


def _asked() -> LedgerFilter:
    return LedgerFilter(request.args.get("unit", "").strip()[:LONGEST], request.args.get("q", "").strip()[:LONGEST])


def _address(wanted: LedgerFilter, **more: str) -> str:
    return url_for("ledger.page", unit=wanted.unit or None, q=wanted.text or None, **more)


def _names(session: Session) -> dict[str, str]:
    return unit_names.of_level(session, Level.TOWNSHIP) | unit_names.of_level(session, Level.VILLAGE)


def _shown(row: GridRow, names: dict[str, str]) -> dict[str, Any]:
    township = (row.village_code or row.code)[:9] + "000"
    kind = label(GridKind(row.kind))
    return {
        **asdict(row),
        "kind": f"{kind} · {label(ExclusiveKind(row.exclusive_kind))}" if row.exclusive_kind else kind,
        "village": names.get(row.village_code, row.village_code),
        "township": names.get(township, township),
        "leader": mask_name(row.leader) if row.leader else "",
        "area_km2": row.area_m2 / 1e6,
        "open": sum(row.open_events.values()),
        "closed": sum(row.closed_events.values()),
        "href": url_for("ledger.one", code=row.code),
    }


@blueprint.get("/ledger/<code>")
@roles(READERS)
def one(code: str) -> BaseResponse:
    """Send one grid with its workers, key places, organisations and events; raises NotFoundError."""
    here, scope = installation(), current_scope()
    with reading() as session:
        rows = ledger.read_rows(session, scope, LedgerFilter(text=code), now=here.now())
        found = next((row for row in rows if row.code == code), None)
        if found is None:
            raise NotFoundError(what=code, where={"path": "code"})
        told = {
            "grid": _shown(found, _names(session)),
            "workers": [_worker(worker) for worker in ledger.workers_of(session, code, now=here.now())],
            "places": ledger.key_places_of(session, code),
            "stations": [(row, label(StationLevel(row.kind))) for row in ledger.stations_of(session, code)],
            "enterprises": [(id_, row, class_title(row.kind)) for id_, row in ledger.enterprises_of(session, code)],
            "synthetic": here.district.profile.synthetic or holds_synthetic(session),
        }
    kinds = [kind for kind in EventKind if kind.value in {*found.open_events, *found.closed_events}]
    events = [(label(kind), found.open_events.get(kind.value, 0), found.closed_events.get(kind.value, 0)) for kind in kinds]
    return page_of("ledger_grid.html", events=events, as_of=shown_time(here.now()), **told)


def _worker(worker: ledger.WorkerRow) -> dict[str, str]:
    role, force = label(WorkerRole(worker.role)), label(Force(worker.force))
    return {"name": mask_name(worker.name), "login": worker.login, "role": role, "force": force}


@blueprint.get("/ledger.xlsx")
@roles(READERS)
def sheet_file() -> BaseResponse:
    """Send the chosen grids as a workbook, row by row: a district of thousands does not stand in memory twice."""
    wanted, here = _asked(), installation()
    with reading() as session:
        rows = ledger.read_rows(session, current_scope(), wanted, now=here.now())
        names = _names(session)
        inside = ledger.organisations(session, [row.code for row in rows])
        synthetic = here.district.profile.synthetic or holds_synthetic(session)
    with session_scope(here.engine) as session:
        told = {"object_kind": "ledger", "object_id": wanted.unit, "details": {"grids": len(rows)}}
        audit.write(session, actor=current_actor().id, action="export.ledger", now=here.now(), **told)
    shown = [_shown(row, names) for row in rows]
    made = workbook(shown, list(map(_organisation, inside)), as_of=shown_time(here.now()), synthetic=synthetic)
    return send_file(io.BytesIO(made), mimetype=XLSX, as_attachment=True, download_name=f"{say('ledger')}.xlsx", max_age=0)


def _organisation(one: ledger.OrganisationRow) -> list[str]:
    kind = class_title(one.place.kind) if one.is_enterprise else label(StationLevel(one.place.kind))
    return [one.grid, one.place.code, one.place.name, kind, one.place.address]


def workbook(rows: Sequence[dict[str, Any]], organisations: Sequence[Sequence[str]], *, as_of: str, synthetic: bool) -> bytes:
    """Return the bytes of the workbook: the grids, events of each kind by grid, and the organisations of each grid."""
    book = Workbook(write_only=True)
    mark = [[f"{say('Ledger of grids')} · {as_of}"], [SIMULATED] if synthetic else []]
    page = _new(book, say("Grids"), mark, [say(title) for title in TITLES], WIDTHS)
    for row in rows:
        page.append([_cell(page, row[name], DECIMALS.get(name, 0)) for name in FIELDS])
    kinds = list(EventKind)
    heads = [f"{label(kind)} {state}" for kind in kinds for state in (say("open"), say("closed"))]
    page = _new(book, say("Events by kind"), mark, [say("Code"), *heads], (WIDTHS[0], *(OF_KINDS for _ in heads)))
    for row in rows:
        counts = [row[side].get(kind.value, 0) for kind in kinds for side in ("open_events", "closed_events")]
        page.append([cell_text(row["code"]), *counts])
    page = _new(book, say("Organisations"), mark, [say(title) for title in ORGANISATION], OF_ORGANISATIONS)
    for organisation in organisations:
        page.append([cell_text(value) for value in organisation])
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def _cell(page: Any, value: Any, decimals: int) -> Any:
    return cell_text(value) if isinstance(value, str) else number_cell(page, value, decimals)


def _new(book: Workbook, title: str, mark: list[list[str]], titles: Sequence[str], widths: Sequence[float]) -> Any:
    page = book.create_sheet(title)
    lay_out(page, widths, head_row=HEAD_ROW)
    for line in mark:
        page.append(line)
    page.append(head_cells(page, titles))
    return page
