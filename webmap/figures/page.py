"""``/figures``: all figures of a period, one of them by township, department or post, on the map and through time."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, render_template, request
from markupsafe import Markup

from geogrid.domain.indicators import TOTAL, Book, FigureGroup
from geogrid.errors import GeogridError, IndicatorsInvalid, RequestInvalid, SetupError
from layers.indicators import read_book
from webmap.errors import error_body, status_of
from webmap.figures.asked import OWN, PERIODS, READINGS, Asked, asked_for, written
from webmap.figures.base import blueprint
from webmap.figures.choropleth import draw, legend_of
from webmap.figures.drawing import Bar
from webmap.figures.rows import areas_of, bars_of, legend_number, of_groups, overview, points_of, trend
from webmap.figures.told import Told, tell
from webmap.figures.words import period_text, time_text, unit_text
from webmap.installation import installation
from webmap.language import current_language, label, say
from webmap.roles import READERS, roles

MAP = {"width": 520, "height": 400}


@blueprint.get("/figures")
@roles(READERS)
def page() -> Response:
    """Send the page; what cannot be counted is said in it, with the form to mend it."""
    error, told = None, None
    try:
        told = tell(from_address)
        asked, book = told.asked, told.book
    except (SetupError, IndicatorsInvalid):
        raise
    except GeogridError as caught:
        error, book = caught, read_book(installation().settings)
        asked = _mended(book, request.args)
    shown = {} if told is None else _shown(told)
    body = render_template(
        "figures.html",
        asked=asked, book=book, split_kept=None if asked.split == TOTAL else written(asked.split),
        periods=PERIODS, own=OWN, readings=READINGS, groups=list(FigureGroup), told=told,
        error=error and error_body(error, current_language()), language_code=current_language(), **shown,
    )  # fmt: skip
    return Response(body, status=200 if error is None else status_of(error))


def from_address(book: Book) -> Asked:
    """Return what the query of the current request asks for."""
    return asked_of(book, request.args)


def _mended(book: Book, values: Any) -> Asked:
    """Return what was asked for without what was wrong in it: the form keeps the rest."""
    kept = dict(values)
    while kept:
        try:
            return asked_of(book, kept)
        except RequestInvalid as wrong:
            if kept.pop(str(wrong.where.get("path")), None) is None:
                break
    return asked_of(book, {})


def asked_of(book: Book, values: Any) -> Asked:
    """Return what some values ask for, today by the district's clocks."""
    here = installation()
    timezone = here.district.profile.timezone
    return asked_for(values, book, here.now().astimezone(ZoneInfo(timezone)).date(), timezone)


def _shown(told: Told) -> dict[str, Any]:
    one, asked, areas = told.one, told.asked, areas_of(told)
    legend = legend_of(areas, lambda value: legend_number(one, value), say("Not enough data"))
    language = told.names.language
    return {
        "synthetic": told.synthetic,
        "overview": overview(told),
        "lines": of_groups(told, one),
        "one": one,
        "title": one.title.text(language),
        "split_said": "" if one.split is None or told.split == TOTAL else told.names.split(one.split, told.split),
        "split_links": _split_links(told),
        "period_said": period_text(asked),
        "before": f"/figures?{asked.beside(-1).query()}",
        "after": f"/figures?{asked.beside(1).query()}",
        "query": asked.query(),
        "map_svg": Markup(draw(areas, **MAP, title=one.title.text(language))),  # drawn here, every name in it escaped
        "legend": legend,
        "as_of": time_text(told.now, asked.timezone),
        "charts": charts_of(told),
        "has_values": any(figure.value is not None for figure in told.figures.rows if figure.code == one.code),
        "trend": trend(told),
        "each": label(asked.series()[0]),
        "has_points": any(point.value is not None for point in points_of(told)),
        "unit": unit_text(one).strip(),
    }


def _split_links(told: Told) -> list[dict[str, Any]]:
    """Return the parts of the figure that can be looked at by themselves."""
    one, asked = told.one, told.asked
    if one.split is None:
        return []
    parts = [*([] if one.whole else [TOTAL]), *told.parts(one)]
    return [
        {
            "said": told.names.split(one.split, part),
            "href": f"/figures?{asked.query(split=None if part == TOTAL else written(part))}",
            "is_current": part == told.split,
        }
        for part in parts
    ]


def charts_of(told: Told) -> dict[str, Any]:
    """Return what the charts draw: bars in the order of the table, points by time; numbers as told, cut off."""
    one = told.one
    title = one.title.text(told.names.language)
    of_parts = told.asked.by is FigureGroup.DISTRICT  # the bars are the parts themselves
    if one.split is not None and told.split != TOTAL:
        title = f"{title} · {told.names.split(one.split, told.split)}"
    return {
        "title": title,
        "bars_title": one.title.text(told.names.language) if of_parts else title,
        "unit": unit_text(one).strip(),
        "small": say("small number"),
        "none": say("no data"),
        "bars": [_drawn(bar) for bar in bars_of(told)],
        "points": [_drawn(bar) for bar in points_of(told)],
    }


def _drawn(bar: Bar) -> dict[str, Any]:
    value = None if bar.value is None else float(bar.value)
    return {"name": bar.name, "value": value, "said": bar.said, "of": bar.of, "small": bar.is_small}
