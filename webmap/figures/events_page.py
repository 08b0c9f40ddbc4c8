"""``/figures/<code>/events``: the list behind a number, page by page, and to take along as CSV."""

from __future__ import annotations

import csv
import io

from flask import Response, render_template, request

from etl.export import as_text, escaped
from geogrid.domain.indicators import FigurePart, Measure
from geogrid.store.session import snapshot_scope
from layers.indicators import read_book
from layers.indicators.lists import MOST_PER_PAGE
from webmap.figures.base import blueprint
from webmap.figures.behind import Behind, behind, head_of, read_page
from webmap.figures.files import note_export
from webmap.figures.page import asked_of
from webmap.figures.words import part_title
from webmap.installation import installation
from webmap.language import say
from webmap.roles import READERS, roles

PER_PAGE = 100
MOST_IN_A_FILE = 20_000
BOM = "\ufeff"  # by which a spreadsheet knows that the file is UTF-8


@blueprint.get("/figures/<code>/events")
@roles(READERS)
def events_page(code: str) -> Response:
    """Send one page of the list behind a number."""
    what = _what(code)
    with snapshot_scope(installation().engine) as session:
        page = read_page(session, what, limit=PER_PAGE, after=request.args.get("after", ""))
    parts = [] if what.one.measure not in {Measure.SHARE, Measure.COUNT} else list(FigurePart)
    ways = [(part_title(what.one, part), _address(what, part=part.value), part is what.part) for part in parts]
    body = render_template(
        "figures_events.html",
        page=page, ways=ways, what=what, synthetic=page.synthetic,
        back=f"/figures?{what.asked.query(figure=what.one.code)}", file=_address(what, file=True),
        more=_address(what, after=page.after) if page.after else "", begun="after" in request.args,
        first=_address(what), **head_of(what, page),
    )  # fmt: skip
    return Response(body)


@blueprint.get("/figures/<code>/events.csv")
@roles(READERS)
def events_file(code: str) -> Response:
    """Send the list as CSV, as many rows as a file may have."""
    what = _what(code)
    with snapshot_scope(installation().engine) as session:
        page = read_page(session, what, limit=MOST_PER_PAGE)
        rows, after = list(page.rows), page.after
        while after and len(rows) < MOST_IN_A_FILE:
            more = read_page(session, what, limit=MOST_PER_PAGE, after=after)
            rows, after = rows + more.rows, more.after
    head = head_of(what, page)
    lines = [[head["title"], head["part_said"], head["whose"], head["period_said"], head["of"], head["as_of"]]]
    lines += [["模拟数据 SIMULATED"]] if page.synthetic else []
    lines += [[say("Only the first {count} rows.", count=f"{MOST_IN_A_FILE:,}")]] if after else []
    lines += [[title for _, title in page.columns], *([row[name] for name, _ in page.columns] for row in rows)]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([escaped(as_text(cell)) for cell in line] for line in lines)
    period = f"{what.asked.first}..{what.asked.last}"
    note_export("export.figure_events", period, {"figure": code, "part": what.part.value, "rows": len(rows)})
    name = f"{code}-{what.part.value}-{what.asked.first}-{what.asked.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(BOM + out.getvalue(), mimetype="text/csv", headers=headers)


def _what(code: str) -> Behind:
    book = read_book(installation().settings)
    return behind(code, request.args, book, asked_of(book, request.args))


def _address(what: Behind, *, part: str = "", after: str | None = None, file: bool = False) -> str:
    address = what.asked.open(what.one, part or what.part.value, what.group, what.split, after=after)
    return address.replace("/events?", "/events.csv?", 1) if file else address
