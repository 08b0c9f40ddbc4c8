"""Service circles: from where a station is reached in time, by the minutes, the way of travelling and the level chosen.

The shapes are contours of travel time on the road network; the headline counts households, never area.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from geogrid.domain.circles import CIRCLE_MINUTES, CircleChoice, CircleLevel, CircleMode, choice_of, circle_choices
from geogrid.domain.speeds import Season
from geogrid.domain.stations import TravelMode
from geogrid.store.analysis import SERVICE_CIRCLES
from geogrid.store.tables.geography import shapes
from geogrid.texts import translate
from layers.analysis import percent
from layers.layer import Chooser, Group, Layer, Rule, Shape, Symbol
from layers.shapes import copies
from layers.view import View

USUAL = CircleChoice()
FINEST_ZOOM = 24


def chosen(filters: Mapping[str, str]) -> CircleChoice:
    """Return the choice that the filters of a view name (``travel minutes level``); what is not named takes its default."""
    return choice_of(*(filters.get(name, "") for name in ("travel", "minutes", "level")))


def of_choice(choice: CircleChoice) -> ColumnElement[bool]:
    """Return the condition that a copy is one of a choice, by its code."""
    return shapes.c.code.like(f"{choice.key}-%")


def select_service_circles(view: View) -> Select:
    """The parts of the circles in the view, by mode, of the choice in its filters. See ``copies`` for its index."""
    found = copies(view, SERVICE_CIRCLES, shapes.c.properties["mode"].astext.label("mode"))
    return found.where(of_choice(chosen(view.filters)))


@dataclass(frozen=True)
class ModeServed:
    """Stations reached by one mode, and the households that reach one of them in time by it."""

    mode: TravelMode
    stations: int
    households: int


@dataclass(frozen=True)
class Headline:
    """Households that reach a station within ``minutes``, of all; by mode (who has two counts in both); as of ``made_at``.

    ``grids_without`` are the base grids with at least one household that reaches none.
    """

    minutes: float
    households: int
    reached: int
    modes: tuple[ModeServed, ...]
    grids_without: int
    season: Season
    made_at: datetime

    def text(self, language: str) -> str:
        """Return the headline in words, its percentage cut off, never rounded up."""
        template = translate("Households within {minutes} minutes: {reached} of {households} ({percent} %)", language)
        values = {"reached": f"{self.reached:,}", "households": f"{self.households:,}"}
        return template.format(minutes=f"{self.minutes:g}", percent=percent(self.reached, self.households), **values)

    def mode_texts(self, language: str) -> list[str]:
        """Return one line a mode: how people travel, to how many stations, how many households reach one."""
        template = translate("{mode}: {stations} stations, {households} households", language)
        return [
            template.format(
                mode=translate(m.mode.label, language, "TravelMode"), stations=f"{m.stations:,}", households=f"{m.households:,}"
            )
            for m in self.modes
        ]

    def as_of_text(self, language: str) -> str:
        """Return under which conditions, and when, the circles were drawn."""
        template = translate("{season}, as of {date}", language)
        return template.format(season=translate(self.season.label, language, "Season"), date=f"{self.made_at:%Y-%m-%d}")


def headlines(session: Session) -> dict[str, Headline]:
    """Return the figures of the circles last drawn, by the key of the choice; empty before any are.

    Reads the rows of one kind; rides the primary key of ``shapes``.
    """
    first = shapes.c.code.like("%-00000") | shapes.c.code.like("%-none")
    mine = (shapes.c.kind == SERVICE_CIRCLES, shapes.c.zoom == FINEST_ZOOM)
    return {said["choice"]: _headline(said) for said in session.scalars(select(shapes.c.properties).where(*mine, first))}


def headline(session: Session, choice: CircleChoice = USUAL) -> Headline | None:
    """Return the figures of one choice, None before any are drawn."""
    return headlines(session).get(choice.key)


def _headline(values: Mapping) -> Headline:
    modes = tuple(ModeServed(TravelMode(m["mode"]), m["stations"], m["households"]) for m in values["modes"])
    made_at = datetime.fromisoformat(values["made_at"])
    return Headline(
        minutes=values["minutes"],
        households=values["households"],
        reached=values["reached"],
        modes=modes,
        grids_without=values["grids_without"],
        season=Season(values["season"]),
        made_at=made_at,
    )


def notes(session: Session, language: str) -> dict[str, list[str]]:
    """Return the lines above the legend for every choice."""
    found = headlines(session)
    return {
        choice.key: [said.text(language), *said.mode_texts(language), said.as_of_text(language)]
        for choice in circle_choices()
        if (said := found.get(choice.key))
    }


def _of_mode(mode: TravelMode, *dash: float) -> Rule:
    symbol = Symbol(Shape.AREA, stroke="circle", width_px=1.2, fill="circle", fill_opacity=0.2, dash=dash)
    return Rule(mode.label, symbol, {"mode": mode.value}, context="TravelMode")


# In the order of a choice's key.
CHOOSERS = (
    Chooser("travel", "Way of travelling", tuple((m.value, m.label, "CircleMode") for m in CircleMode), USUAL.mode.value),
    Chooser("minutes", "Minutes", tuple((str(m), f"{m} minutes", None) for m in CIRCLE_MINUTES), str(USUAL.minutes)),
    Chooser("level", "Stations", tuple((m.value, m.label, "CircleLevel") for m in CircleLevel), USUAL.level.value),
)

LAYER = Layer(
    name="service_circles",
    title="Service circles",
    group=Group.ANALYSIS,
    rules=(
        _of_mode(TravelMode.WALK),
        _of_mode(TravelMode.EBIKE, 6.0, 4.0),
        _of_mode(TravelMode.CAR, 2.0, 4.0),
    ),
    select=select_service_circles,
    at_once=False,
    choosers=CHOOSERS,
)
