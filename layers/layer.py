"""What a layer is: where its rows come from, how they are drawn, what the legend and the popup say. Knows no Folium.

Style is data: a layer is a list of rules, each with a symbol and the words for it. The map paints by the rules and the legend
lists them, so that the two cannot differ. Colours are names of tokens in ``static/css/tokens.css`` (``--map-<name>``),
because the same layer is drawn on a light desk and a dark wall.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Select

from geogrid.domain.labelled import LabelledEnum
from geogrid.texts import translate
from layers.view import View


class Shape(StrEnum):
    """How a symbol is drawn."""

    AREA = "area"
    HATCH = "hatch"
    LINE = "line"
    CIRCLE = "circle"
    SQUARE = "square"
    DIAMOND = "diamond"
    TRIANGLE = "triangle"
    CLUSTER = "cluster"
    TEXT = "text"


class Group(StrEnum):
    """Where the switch of a layer stands in the panel."""

    BASE = "base"
    MATTERS = "matters"
    ANALYSIS = "analysis"


@dataclass(frozen=True)
class Symbol:
    """How one kind of feature is drawn.

    Parameters
    ----------
    shape : what is drawn
    stroke, fill : names of colour tokens, None for none
    width_px, radius_px : CSS pixels; ``width_px`` may grow by zoom, see ``widths``
    widths : (zoom, width in px) stops, interpolated between; empty: ``width_px`` everywhere
    fill_opacity : 0 to 1
    dash : lengths in px of dash and space
    angle_deg : direction of hatching, counter-clockwise from east
    """

    shape: Shape
    stroke: str | None = None
    width_px: float = 1.0
    widths: tuple[tuple[int, float], ...] = ()
    fill: str | None = None
    fill_opacity: float = 1.0
    dash: tuple[float, ...] = ()
    angle_deg: float = 45.0
    radius_px: float = 4.0


@dataclass(frozen=True)
class Rule:
    """Features whose properties equal ``where`` get ``symbol``; the first rule that fits wins.

    ``label`` is the English text of the legend (``context``: the enum's name where it is an enum's label); an empty label
    leaves the rule out of the legend. ``from_zoom`` is the map zoom from which it is drawn.
    """

    label: str
    symbol: Symbol
    where: Mapping[str, Any] = field(default_factory=dict)
    context: str | None = None
    from_zoom: int = 0


@dataclass(frozen=True)
class PopupField:
    """A property shown when a feature is opened; ``kind`` is the enum that gives its words, where it is a code."""

    prop: str
    label: str
    kind: type[LabelledEnum] | None = None


@dataclass(frozen=True)
class Chooser:
    """Something a reader chooses of a layer: its name in requests, its title, its values (a value, English words, context)."""

    name: str
    title: str
    values: tuple[tuple[str, str, str | None], ...]
    start: str

    def described(self, language: str) -> dict[str, Any]:
        """Return the chooser as plain data."""
        values = [{"value": value, "text": translate(words, language, context)} for value, words, context in self.values]
        return {"name": self.name, "title": translate(self.title, language), "values": values, "start": self.start}


@dataclass(frozen=True)
class Layer:
    """One visible thing.

    Parameters
    ----------
    name : key in URLs, tiles and the catalog
    title : English title, translated by the catalogues
    group : where its switch stands
    rules : style and legend
    popup : fields of the popup
    select : view -> bounded SELECT of ``code``, ``geom`` (EPSG:3857) and the properties that rules, labels and popup name
    at_once : whether the first view draws it
    from_zoom : the map zoom from which it is drawn at all
    label, label_from_zoom : the property written on the map, and from which zoom
    pick : whether a click opens it
    switch : whether readers can turn it off
    choice : the property of which one value at a time is shown, such as one department
    note : a line above the legend, such as the unit of its figures
    choosers : what a reader chooses of the layer, all of them at once, such as minutes and level of circles
    """

    name: str
    title: str
    group: Group
    rules: tuple[Rule, ...]
    select: Callable[[View], Select]
    popup: tuple[PopupField, ...] = ()
    at_once: bool = True
    from_zoom: int = 0
    label: str | None = None
    label_from_zoom: int = 99
    pick: bool = False
    switch: bool = True
    choice: str | None = None
    note: str = ""
    choosers: tuple[Chooser, ...] = ()

    def legend(self, language: str) -> list[dict[str, Any]]:
        """Return the legend's lines, each a text in ``language`` and the index of its rule."""
        return [
            {"text": translate(rule.label, language, rule.context), "rule": index}
            for index, rule in enumerate(self.rules)
            if rule.label
        ]

    def described(self, language: str) -> dict[str, Any]:
        """Return all that a page needs to draw this layer, as plain data."""
        return {
            "name": self.name,
            "title": translate(self.title, language),
            "group": self.group.value,
            "rules": [{"where": dict(r.where), "fromZoom": r.from_zoom, "symbol": _plain(r.symbol)} for r in self.rules],
            "legend": self.legend(language),
            "atOnce": self.at_once,
            "fromZoom": self.from_zoom,
            "label": self.label,
            "labelFromZoom": self.label_from_zoom,
            "pick": self.pick,
            "switch": self.switch,
            "notes": [translate(self.note, language)] if self.note else [],
            "popup": [shown_field(field, language) for field in self.popup],
            **({"choosers": [chooser.described(language) for chooser in self.choosers]} if self.choosers else {}),
            **self._choices(language),
        }

    def _choices(self, language: str) -> dict[str, Any]:
        if self.choice is None:
            return {}
        values = [
            {"value": rule.where[self.choice], "text": translate(rule.label, language, rule.context)} for rule in self.rules
        ]
        return {"choiceName": self.choice, "choices": values}


def shown_field(field: PopupField, language: str) -> dict[str, Any]:
    """Return a field of the popup as plain data; ``values`` are the words for codes."""
    words = {m.value: translate(m.label, language, field.kind.__name__) for m in field.kind} if field.kind else None
    return {"prop": field.prop, "label": translate(field.label, language), "values": words}


def _plain(symbol: Symbol) -> dict[str, Any]:
    return {
        "shape": symbol.shape.value,
        "stroke": symbol.stroke,
        "width": symbol.width_px,
        "widths": [list(stop) for stop in symbol.widths],
        "fill": symbol.fill,
        "fillOpacity": symbol.fill_opacity,
        "dash": list(symbol.dash),
        "angle": symbol.angle_deg,
        "radius": symbol.radius_px,
    }
