"""Figures: every number of the district, as the book defines it, and the events behind each."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, request
from flask_openapi import Tag
from pydantic import BaseModel, Field

from geogrid.domain.indicators import TOTAL, Basis, Better, Figure, FigureGroup, FigurePart, FigureUnit, Indicator, Measure, Split
from geogrid.domain.readings import Reading
from geogrid.store.session import snapshot_scope
from layers.indicators import read_book
from webmap.api.base import Query, blueprint
from webmap.api.events import answer
from webmap.figures.behind import behind, read_page
from webmap.figures.page import asked_of, from_address
from webmap.figures.told import Told, tell
from webmap.figures.words import value_text
from webmap.installation import installation
from webmap.roles import READERS, roles

FIGURES = Tag(name="figures", description="Numbers with numerator, denominator and the events behind them; rates are cut off")
MOST_PER_PAGE = 1_000


class FiguresQuery(Query):
    """Which period, by whom; see the guide on figures."""

    period: str | None = Field(
        None, description="day, week, month, quarter, year, or own with `first` and `last`; without: month"
    )
    day: date | None = Field(None, description="a local day in the period; without: today")
    first: date | None = Field(None, description="first local day of an own period")
    last: date | None = Field(None, description="its last local day, included")
    by: FigureGroup | None = Field(None, description="by whom; without: township")
    reading: Reading | None = Field(None, description="townships as `recorded`, or `recast` to today's grids")
    figure: str | None = Field(None, max_length=40, description="the figure that is also told through time")
    split: str | None = Field(None, max_length=60, description="the part of it that is looked at; `-`: what is not stated")


class EventsQuery(FiguresQuery):
    """Which number of the figure; its rows page by page."""

    part: FigurePart | None = Field(None, description="numerator, denominator or rest; without: what the value opens")
    group: str | None = Field(None, max_length=60, description="code of the group; `-`: rows without one; without: all")
    limit: int = Field(100, ge=1, le=MOST_PER_PAGE)
    after: str | None = Field(None, max_length=200, description="`next` of the page before")


class CodePath(BaseModel):
    """A figure by its code."""

    code: str = Field(max_length=40)


class TitleBody(BaseModel):
    """A name in both languages."""

    zh: str
    en: str


class DefinitionBody(BaseModel):
    """What a figure is."""

    code: str
    title: TitleBody
    note: TitleBody
    measure: Measure
    unit: FigureUnit
    period: Basis
    split: Split | None
    numerator: TitleBody
    denominator: TitleBody
    rest: TitleBody
    smallest: int
    better: Better
    opens: FigurePart


class FigureBody(BaseModel):
    """A figure of a group (`*` all, null: rows without one) and a part. `value` is cut off; null: nothing to divide by."""

    code: str
    group: str | None
    split: str | None
    numerator: float
    denominator: int
    value: float | None
    text: str = Field(description="the value with its unit")
    as_of: str
    is_small: bool
    events: str = Field(description="address of the rows behind the value")


class FiguresBody(BaseModel):
    """All figures of a period, and one of them through time (its groups are the first local days)."""

    first: str
    last: str
    by: FigureGroup
    reading: Reading
    as_of: str
    edition: str
    synthetic: bool
    definitions: list[DefinitionBody]
    figures: list[FigureBody]
    series: list[FigureBody]


class RowsBody(BaseModel):
    """Rows behind a number; words and addresses are masked. `next` is null on the last page."""

    rows: list[dict[str, Any]]
    next: str | None
    figure: FigureBody | None
    as_of: str


@blueprint.get("/figures", tags=[FIGURES], summary="All figures of a period", responses={"200": FiguresBody})
@roles(READERS)
def get_figures(query: FiguresQuery) -> Response:
    """Send every figure of what the caller may see, by group and part."""
    told = tell(from_address)
    asked = told.asked
    return answer(
        {
            "first": asked.first.isoformat(),
            "last": asked.last.isoformat(),
            "by": asked.by,
            "reading": Reading.RECAST if asked.recast else Reading.RECORDED,
            "as_of": told.now.isoformat(),
            "edition": told.edition,
            "synthetic": told.synthetic,
            "definitions": [_definition(one) for one in told.book.figures],
            "figures": [_figure(told, row) for row in told.figures.rows],
            "series": [_figure(told, row) for row in told.series.rows if row.group != TOTAL] if told.series else [],
        }
    )


@blueprint.get("/figures/<code>/events", tags=[FIGURES], summary="The rows behind a number", responses={"200": RowsBody})
@roles(READERS)
def get_figure_events(path: CodePath, query: EventsQuery) -> Response:
    """Send the rows that a number counted, the latest first."""
    book = read_book(installation().settings)
    what = behind(path.code, request.args, book, asked_of(book, request.args))
    with snapshot_scope(installation().engine) as session:
        page = read_page(session, what, limit=query.limit, after=query.after or "")
    figure = None if page.figure is None else {**_numbers(what.one, page.figure), "events": request.full_path}
    return answer({"rows": page.rows, "next": page.after or None, "figure": figure, "as_of": page.as_of.isoformat()})


def _definition(one: Indicator) -> dict[str, Any]:
    def both(title: Any) -> dict[str, str]:
        return {"zh": title.zh, "en": title.en}

    return {
        "code": one.code,
        **{name: both(getattr(one, name)) for name in ("title", "note", "rest")},
        **{name: getattr(one, name) for name in ("measure", "unit", "split", "smallest", "better", "opens")},
        "period": one.basis,
        "numerator": both(one.numerator.title),
        "denominator": both(one.denominator.title),
    }


def _figure(told: Told, row: Figure) -> dict[str, Any]:
    one = told.book.figure(row.code)
    if one is None:
        raise LookupError(row.code)
    opened = told.asked.open(one, one.opens.value, row.group, row.split)
    return {**_numbers(one, row), "events": f"/api/v1{opened}"}


def _numbers(one: Indicator, row: Figure) -> dict[str, Any]:
    return {
        "code": row.code,
        "group": row.group,
        "split": row.split,
        "numerator": float(row.numerator) if row.numerator % 1 else int(row.numerator),
        "denominator": row.denominator,
        "value": None if row.value is None else float(row.value),
        "text": value_text(one, row),
        "as_of": row.as_of.isoformat(),
        "is_small": row.is_small,
    }
