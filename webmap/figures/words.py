"""Figures in words: values with their unit, groups and parts by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from geogrid.actions.programmes import Programmes
from geogrid.domain.conditions import Complexity
from geogrid.domain.events import Channel, EventKind
from geogrid.domain.grids import Department
from geogrid.domain.indicators import TOTAL, Figure, FigureGroup, FigurePart, FigureUnit, Indicator, Measure, Split
from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.people import Role
from geogrid.domain.readings import Period
from layers.indicators.read import WHATEVER_THE_PERIOD
from webmap.figures.asked import OWN, Asked
from webmap.language import current_language, label, say

NONE = "—"
OF_ENUM: dict[Split, type[LabelledEnum]] = {Split.COMPLEXITY: Complexity, Split.CHANNEL: Channel, Split.KIND: EventKind}


@dataclass(frozen=True)
class Names:
    """What codes are called: units by code, and the programmes' own words for handling types and levels."""

    units: dict[str, str]
    programmes: Programmes
    language: str

    def group(self, by: FigureGroup, code: str | None) -> str:
        """Return whose a figure is, in words."""
        if code == TOTAL:
            return say("All that you may see")
        if by is FigureGroup.TOWNSHIP:
            return say("Without a township") if code is None else self.units.get(code, code)
        if by is FigureGroup.DEPARTMENT:
            return say("No department: the territory itself") if code is None else labelled(Department, code)
        return say("No post recorded") if code is None else labelled(Role, code)

    def split(self, split: Split, code: str | None) -> str:
        """Return what a part of a figure is called."""
        if code == TOTAL:
            return say("All together")
        if code is None:
            return say("Not stated")
        if split in OF_ENUM:
            return labelled(OF_ENUM[split], code)
        return self._titles(split).get(code, code)

    def place(self, split: Split, code: str | None) -> int:
        """Return where a part stands among the others: as the programme or the enum has them, what is not stated last."""
        known = OF_ENUM[split].codes() if split in OF_ENUM else tuple(self._titles(split))
        return len(known) + 1 if code is None else known.index(code) if code in known else len(known)

    def _titles(self, split: Split) -> dict[str, str]:
        """Return the handling types or levels of all programmes by code, those of the district's own first."""
        found: dict[str, str] = {}
        for programme in (self.programmes.default, *self.programmes.by_code.values()):
            for rule in programme.handling_types if split is Split.HANDLING else programme.levels:
                found.setdefault(rule.code, rule.title.text(self.language))
        return found


def labelled(enum: type[LabelledEnum], code: str) -> str:
    """Return the label of a code, the code itself where the enum has none such."""
    return label(enum(code)) if code in enum.codes() else code


def number_text(number: int | Decimal, decimals: int = 0) -> str:
    """Return a number with thousands apart, its digits cut off behind ``decimals``."""
    scaled = int(Decimal(number) * 10**decimals)
    return f"{Decimal(scaled).scaleb(-decimals):,.{decimals}f}"


def value_text(one: Indicator, figure: Figure | None) -> str:
    """Return the value of a figure with its unit; a dash where there is none."""
    if figure is None or figure.value is None:
        return NONE
    decimals = 0 if one.measure is Measure.COUNT else one.decimals
    return f"{number_text(figure.value, decimals)}{unit_text(one)}"


def whatever_the_period(one: Indicator) -> str:
    """Return, in words, that a figure is the same whatever period is asked for; empty where the period says what it counts."""
    return label(one.basis) if one.basis in WHATEVER_THE_PERIOD else ""


def unit_text(one: Indicator) -> str:
    """Return the unit as it follows a number."""
    return " %" if one.unit is FigureUnit.PERCENT else f" {label(one.unit)}"


def parts_of(one: Indicator, figure: Figure) -> list[tuple[FigurePart | None, str, str]]:
    """Return the numbers behind a value: the part whose list opens (None: none does), number, what it is called."""
    language = current_language()
    whole = number_text(figure.denominator), one.denominator.title.text(language)
    told: list[tuple[FigurePart | None, str, str]] = [(FigurePart.DENOMINATOR, *whole)]
    if one.measure is Measure.PER:  # workers open no list of events
        return [(FigurePart.NUMERATOR, number_text(figure.numerator), one.numerator.title.text(language)), (None, *whole)]
    if one.measure in {Measure.SHARE, Measure.COUNT}:
        told.insert(0, (FigurePart.NUMERATOR, number_text(figure.numerator), one.numerator.title.text(language)))
    if one.measure is Measure.SHARE:
        rest = int(figure.denominator) - int(figure.numerator)
        told.append((FigurePart.REST, number_text(rest), one.rest.text(language)))
    return told


def fraction_text(one: Indicator, figure: Figure | None) -> str:
    """Return numerator and denominator in words, as they stand beside every value."""
    if figure is None:
        return say("not counted")
    language = current_language()
    of = f"{number_text(figure.denominator)} {one.denominator.title.text(language)}"
    if one.measure in {Measure.SHARE, Measure.COUNT, Measure.PER}:
        return f"{number_text(figure.numerator)} {one.numerator.title.text(language)} / {of}"
    if one.measure is Measure.MEAN:
        return f"Σ {number_text(figure.numerator)} / {of}"
    return of


def part_title(one: Indicator, part: FigurePart) -> str:
    """Return what the rows of a part are called."""
    titles = {FigurePart.NUMERATOR: one.numerator.title, FigurePart.DENOMINATOR: one.denominator.title, FigurePart.REST: one.rest}
    return titles[part].text(current_language())


def time_text(at: datetime, timezone: str) -> str:
    """Return an instant in the district's time."""
    return at.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M:%S")


def period_text(asked: Asked) -> str:
    """Return the period in words."""
    days = f"{asked.first.isoformat()} – {asked.last.isoformat()}"
    if asked.first == asked.last:
        days = asked.first.isoformat()
    return days if asked.period == OWN else f"{label(Period(asked.period))} · {days}"


def day_text(each: Period, first: str) -> str:
    """Return a period of the line through time by its first day, as short as it can be told: 2025-06, 2025 Q2, 2025."""
    if each is Period.MONTH:
        return first[:7]
    if each is Period.QUARTER:
        return f"{first[:4]} Q{(int(first[5:7]) + 2) // 3}"
    return first[:4] if each is Period.YEAR else first
