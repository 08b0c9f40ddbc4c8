"""``/recast``: events of any time under any edition beside what was recorded; the sums, what moved, the table to take along."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request
from sqlalchemy.orm import Session

from etl.export import as_text, escaped
from geogrid.domain.grids import EditionState
from geogrid.domain.readings import Asked, CountLevel, Counts, Reading
from geogrid.errors import GeogridError, RequestInvalid
from geogrid.errors.family import Reason
from geogrid.store import editions
from layers.counts import count_rows, flow_rows, labelled, reading_words, reconciliation
from layers.synthetic import holds_synthetic
from webmap.counting import counted
from webmap.errors import status_of
from webmap.figures.asked import FIRST_YEAR, LAST_YEAR
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.reading import reading
from webmap.roles import READERS, roles

blueprint = Blueprint("recast", __name__)

MOST_SHOWN = 200
MOST_FLOW = 100
MONTHS_SHOWN = 12
BOM = "\ufeff"  # by which a spreadsheet knows that the file is UTF-8


@dataclass(frozen=True)
class Form:
    """What the page was asked for, as it stands in its fields: days of local time, both included."""

    first: str
    last: str
    reading: Reading
    edition: str
    as_of: str
    by: CountLevel


@blueprint.get("/recast")
@roles(READERS)
def page() -> Response:
    """Send the page; what cannot be counted is said in it, with the form to mend it."""
    here = installation()
    form, error = _default_form(), None
    shown: dict[str, Any] = {}
    try:
        form = _form()
        found = counted(here, _asked(form))
        shown = _shown(found.counts, found.names)
    except GeogridError as caught:
        error = caught
    with reading() as session:
        synthetic = here.district.profile.synthetic or holds_synthetic(session)
        choices = _editions(session)
    query = request.query_string.decode("latin-1")
    body = render_template(
        "recast.html", form=form, synthetic=synthetic, editions=choices, readings=list(Reading), levels=list(CountLevel),
        error=error and error.message(current_language()), query=query, **shown,
    )  # fmt: skip
    return Response(body, status=200 if error is None else status_of(error))


@blueprint.get("/recast.csv")
@roles(READERS)
def table() -> Response:
    """Send every row of the same reading as CSV; ``?what=flow`` sends what is where on both sides."""
    form = _form()
    found = counted(installation(), _asked(form))
    rows = count_rows(found.counts, found.names)
    if request.args.get("what") == "flow":
        rows = flow_rows(found.counts, found.names, moved_only=False)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows[0] if rows else ["code"])
    writer.writerows([escaped(as_text(cell)) for cell in row.values()] for row in rows)
    name = f"recast-{form.reading.value}-{form.by.value}-{form.first}-{form.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(BOM + text.getvalue(), mimetype="text/csv", headers=headers)


# -- what is asked ----------------------------------------------------------------------------------------------------


def _default_form() -> Form:
    today = installation().now().astimezone(_zone()).date()
    months = today.year * 12 + today.month - MONTHS_SHOWN
    first = date(months // 12, months % 12 + 1, 1)
    return Form(first.isoformat(), today.isoformat(), Reading.RECORDED, "", "", CountLevel.TOWNSHIP)


def _form() -> Form:
    """Return the form as asked, defaults where a field is missing; raises RequestInvalid for a word that is none of ours."""
    default, given = _default_form(), request.args
    for name, known in (("reading", Reading.codes()), ("by", CountLevel.codes())):
        if name in given and given[name] not in known:
            raise RequestInvalid(name=name, reason=Reason("one of {expected}", expected=", ".join(known)), where={"path": name})
    return Form(
        first=given.get("first", default.first),
        last=given.get("last", default.last),
        reading=Reading(given.get("reading", default.reading.value)),
        edition=given.get("edition", "")[:200],
        as_of=given.get("as_of", "")[:40],
        by=CountLevel(given.get("by", default.by.value)),
    )


def _asked(form: Form) -> Asked:
    start, last = _instant(form.first, "first"), _instant(form.last, "last")
    if start is not None and last is not None and last < start:
        raise RequestInvalid(name="last", reason=say("the last day lies before the first"), where={"path": "last"})
    return Asked(
        reading=form.reading,
        by=form.by,
        edition=(form.edition or None) if form.reading is Reading.RECAST else None,
        as_of=_instant(form.as_of, "as_of") if form.reading is Reading.AS_OF else None,
        start=start,
        end=None if last is None else last + timedelta(days=1),
        flow=form.reading is not Reading.RECORDED,
    )


def _instant(text: str, name: str) -> datetime | None:
    """Return the local instant of a day or of a day and time; None for an empty field."""
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise RequestInvalid(name=name, reason="a day is written 2025-06-18", where={"path": name}) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:  # the days beside it are days as well
        reason = Reason("from {first} to {last}", first=FIRST_YEAR, last=LAST_YEAR)
        raise RequestInvalid(name=name, reason=reason, where={"path": name})
    return found if found.tzinfo else found.replace(tzinfo=_zone())


def _zone() -> ZoneInfo:
    return ZoneInfo(installation().district.profile.timezone)


def _editions(session: Session) -> list[dict[str, str]]:
    """Return the editions that can be recast to, the latest first, with what they are."""
    usable = [edition for edition in editions.every(session) if edition.state is not EditionState.WITHDRAWN]
    return [{"name": edition.name, "says": f"{edition.name} · {label(edition.state)}"} for edition in reversed(usable)]


# -- what is shown ----------------------------------------------------------------------------------------------------


def _shown(counts: Counts, names: dict[str, str]) -> dict[str, Any]:
    language, rows = current_language(), count_rows(counts, names)
    most = max((max(row["recorded"], row["counted"]) for row in rows if row["code"] is not None), default=0)
    first = sorted(rows, key=lambda row: (-abs(row["difference"]), row["code"] is None, row["code"] or ""))[:MOST_SHOWN]
    moved = flow_rows(counts, names, moved_only=True)
    return {
        "counts": counts,
        "reading_said": reading_words(counts, counts.asked.reading, language),
        "compared": counts.asked.reading is not Reading.RECORDED,
        "rows": [_bars(row, most) for row in sorted(first, key=lambda row: (row["code"] is None, row["code"] or ""))],
        "more_rows": len(rows) - len(first),
        "lines": reconciliation(counts, language),
        "moved_events": sum(row["events"] for row in moved),
        "flow": [_flow_line(row, language) for row in moved[:MOST_FLOW]],
        "more_flow": max(0, len(moved) - MOST_FLOW),
        "lost": [{**vars(lost), "why": labelled(lost.reason, language)} for lost in counts.not_recast[:MOST_FLOW]],
    }


def _bars(row: dict[str, Any], most: int) -> dict[str, Any]:
    """Return a row with the widths of its bars, out of 100; events without a place have none, which would dwarf the places."""
    drawn = most and row["code"] is not None
    shares = {f"{name}_width": round(100 * row[name] / most, 2) if drawn else 0 for name in ("recorded", "counted")}
    return {**row, **shares}


def _flow_line(row: dict[str, Any], language: str) -> dict[str, Any]:
    sides = {}
    for side in ("old", "new"):
        bucket = row[f"{side}_bucket"]
        sides[side] = row[f"{side}_name"] if bucket is None else labelled(bucket, language)
        sides[f"{side}_code"] = row[f"{side}_code"] or ""
    return {**sides, "events": row["events"]}
