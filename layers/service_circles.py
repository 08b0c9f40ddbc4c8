"""Ten-minute service circles: from where a station is reached in time, by the mode of the station's unit.

The shapes are contours of travel time on the road network; the headline counts households, never area.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select
from sqlalchemy.orm import Session

from geogrid.domain.stations import TravelMode
from geogrid.store.analysis import SERVICE_CIRCLES, said
from geogrid.store.tables.geography import shapes
from geogrid.texts import translate
from layers.analysis import percent
from layers.layer import Group, Layer, Rule, Shape, Symbol
from layers.shapes import copies
from layers.view import View


def select_service_circles(view: View) -> Select:
    """The parts of the circles in the view, by mode. See ``copies`` for its index."""
    return copies(view, SERVICE_CIRCLES, shapes.c.properties["mode"].astext.label("mode"))


@dataclass(frozen=True)
class ModeServed:
    """Stations reached by one mode, and the households that reach one of them in time by it."""

    mode: TravelMode
    stations: int
    households: int


@dataclass(frozen=True)
class Headline:
    """Households that reach a station within ``minutes``, of all; by mode (who has two counts in both); as of ``made_at``."""

    minutes: float
    households: int
    reached: int
    modes: tuple[ModeServed, ...]
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


def headline(session: Session) -> Headline | None:
    """Return the figures of the circles last drawn, None before any are."""
    found = said(session, SERVICE_CIRCLES)
    if found is None:
        return None
    values = found[1]
    modes = tuple(ModeServed(TravelMode(m["mode"]), m["stations"], m["households"]) for m in values["modes"])
    made_at = datetime.fromisoformat(values["made_at"])
    return Headline(values["minutes"], values["households"], values["reached"], modes, made_at)


def _of_mode(mode: TravelMode, *dash: float) -> Rule:
    symbol = Symbol(Shape.AREA, stroke="circle", width_px=1.2, fill="circle", fill_opacity=0.2, dash=dash)
    return Rule(mode.label, symbol, {"mode": mode.value}, context="TravelMode")


LAYER = Layer(
    name="service_circles",
    title="Ten-minute service circles",
    group=Group.ANALYSIS,
    rules=(
        _of_mode(TravelMode.WALK),
        _of_mode(TravelMode.EBIKE, 6.0, 4.0),
        _of_mode(TravelMode.CAR, 2.0, 4.0),
    ),
    select=select_service_circles,
    at_once=False,
)
