"""Who is not covered: base grids by the share of their households that reach no station within the minutes chosen."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Float, Integer, Select, case, cast, func, select
from sqlalchemy.orm import Session

from geogrid.domain.circles import CircleChoice
from geogrid.store.analysis import UNCOVERED
from geogrid.store.tables.geography import shapes
from geogrid.texts import translate
from layers.analysis import percent
from layers.layer import Group, Layer, PopupField, Rule, Shape, Symbol
from layers.service_circles import CHOOSERS, chosen, headlines
from layers.shapes import copies, edition_shown
from layers.view import View

SHARES = ("Up to 10 %", "10-25 %", "25-50 %", "50-75 %", "Over 75 %")
BOUNDS = (0.10, 0.25, 0.50, 0.75)

figures = shapes.alias("uncovered_figures")


def without(choice: CircleChoice) -> ColumnElement[int]:
    """Return as SQL how many households of a grid reach no station in time."""
    return cast(figures.c.properties["without"][choice.key].astext, Integer)


def in_shown_edition() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that leave the figures of the analysis last drawn for the grids that the map shows."""
    return (figures.c.kind == UNCOVERED, figures.c.edition_id == edition_shown(UNCOVERED))


def select_uncovered(view: View) -> Select:
    """Base grids with households that are not covered: ``share`` (1 to 5: the class), ``households without percent``.

    See ``copies`` for its index; the figures ride the primary key of ``shapes``.
    """
    count, households = without(chosen(view.filters)), cast(figures.c.properties["households"].astext, Integer)
    part = cast(count, Float) / func.nullif(households, 0)
    share = case(*((part <= bound, number + 1) for number, bound in enumerate(BOUNDS)), else_=len(SHARES))
    columns = (
        share.label("share"),
        households.label("households"),
        count.label("without"),
        (func.floor(part * 100)).label("percent"),
    )
    joined = copies(view, "base_grids", *columns).join(figures, figures.c.code == shapes.c.code)
    return joined.where(*in_shown_edition(), count > 0)


@dataclass(frozen=True)
class GridUncovered:
    """A base grid, its households, and how many of them reach no station in time."""

    code: str
    households: int
    without: int


def uncovered(session: Session, choice: CircleChoice, *, most: int = 5000) -> list[GridUncovered]:
    """Return the grids with households that are not covered, the most households first. Rides the primary key of ``shapes``."""
    count = without(choice)
    households = cast(figures.c.properties["households"].astext, Integer)
    rows = session.execute(
        select(figures.c.code, households, count)
        .where(*in_shown_edition(), count > 0)
        .order_by(count.desc(), figures.c.code)
        .limit(most)
    )
    return [GridUncovered(*row) for row in rows]


def notes(session: Session, language: str) -> dict[str, list[str]]:
    """Return the lines above the legend for every choice: how many households are not covered, in how many grids."""
    template = translate(
        "Not within {minutes} minutes: {count} of {households} households ({percent} %), in {grids} grids", language
    )
    said = {}
    for key, found in headlines(session).items():
        count = found.households - found.reached
        values = {"count": f"{count:,}", "households": f"{found.households:,}", "grids": f"{found.grids_without:,}"}
        said[key] = [template.format(minutes=found.minutes, percent=percent(count, found.households), **values)]
        said[key].append(found.as_of_text(language))
    return said


def _of_share(number: int, label: str) -> Rule:
    symbol = Symbol(Shape.AREA, fill=f"lack-{number}", fill_opacity=0.75, stroke="grid", width_px=0.4)
    return Rule(label, symbol, {"share": number})


LAYER = Layer(
    name="uncovered",
    title="Not covered",
    note="Share of households that reach no station in time",
    group=Group.ANALYSIS,
    rules=tuple(_of_share(number + 1, label) for number, label in enumerate(SHARES)),
    popup=(
        PopupField("code", "Code"),
        PopupField("households", "Households"),
        PopupField("without", "Households not covered"),
        PopupField("percent", "Percent"),
    ),
    select=select_uncovered,
    at_once=False,
    choosers=CHOOSERS,
)
