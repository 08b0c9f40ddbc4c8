"""``/figures.xlsx``, ``/figures.csv``, ``/figures.pdf``: the same figures to take along."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Response, request

from etl.export import as_text, escaped
from geogrid.errors import RequestInvalid
from geogrid.errors.family import Reason
from geogrid.store import audit
from geogrid.store.session import session_scope
from webmap.figures.base import blueprint
from webmap.figures.page import from_address
from webmap.figures.printed import PAPERS, printed
from webmap.figures.rows import every_row
from webmap.figures.sheets import HEAD, cells_of, head_lines, workbook
from webmap.figures.told import Told, tell
from webmap.installation import installation
from webmap.language import say
from webmap.login import current_actor
from webmap.roles import READERS, roles
from webmap.signed_in import signed_in

BOM = "\ufeff"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/figures.xlsx")
@roles(READERS)
def sheets() -> Response:
    """Send every figure of every group: a sheet each, and the definitions."""
    told = tell(from_address)
    return _file(workbook(told, who()), XLSX, told, "xlsx")


@blueprint.get("/figures.csv")
@roles(READERS)
def table() -> Response:
    """Send every figure of every group in one table."""
    told = tell(from_address)
    out = io.StringIO()
    lines = [*head_lines(told, who()), [], [say(title) for title in HEAD], *(cells_of(one, row) for one, row in every_row(told))]
    csv.writer(out, lineterminator="\n").writerows([escaped(as_text(cell)) for cell in line] for line in lines)
    return _file((BOM + out.getvalue()).encode(), "text/csv; charset=utf-8", told, "csv")


@blueprint.get("/figures.pdf")
@roles(READERS)
def paper() -> Response:
    """Send the figures as they are printed, on A4 or A3."""
    size = request.args.get("paper", "A4")
    if size not in PAPERS:
        raise RequestInvalid(
            name="paper", reason=Reason("one of {expected}", expected=", ".join(PAPERS)), where={"path": "paper"}
        )
    told = tell(from_address)
    return _file(printed(told, who(), size), "application/pdf", told, "pdf")


def who() -> str:
    """Return who takes the figures along; a program is named as one."""
    person = signed_in()
    return person.name if person else say("a program with a key")


def note_export(action: str, period: str, details: dict[str, Any]) -> None:
    """Write into the audit that somebody took figures, or the rows behind one, along."""
    here = installation()
    told = {"object_kind": "figures", "object_id": period, "details": details, "address": request.remote_addr or ""}
    with session_scope(here.engine) as session:
        audit.write(session, actor=current_actor().id, action=action, now=here.now(), **told)


def _file(data: bytes, media_type: str, told: Told, ending: str) -> Response:
    asked = told.asked
    note_export("export.figures", f"{asked.first}..{asked.last}", {"by": asked.by.value, "form": ending})
    name = f"figures-{asked.by.value}-{asked.first}-{asked.last}.{ending}"
    return Response(data, content_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
