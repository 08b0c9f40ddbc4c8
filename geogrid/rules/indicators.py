"""The indicator book from its file, ``data/indicators.toml``; every fault with its line.

What the parts of a figure say of one another is checked here as well: a file that loads can be counted.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from geogrid.domain.indicators import (
    Basis,
    Book,
    Condition,
    Field,
    FigurePart,
    Indicator,
    Measure,
    Population,
)
from geogrid.errors import IndicatorsInvalid
from geogrid.rules.programme import Fault
from geogrid.rules.reading import BROKEN, Reader
from geogrid.rules.toml_lines import Path, line_of, lines_of

NAMES: dict[tuple[type, str], str] = {
    (Condition, "is_open"): "open",
    (Indicator, "population"): "of",
    (Indicator, "basis"): "period",
}
CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST_DECIMALS = 4
OF_ONE = {  # conditions of one population alone
    **dict.fromkeys(("clock", "in_time", "stopped"), Population.CLOCKS),
    "ended_as": Population.DISPUTES,
    **dict.fromkeys(("recovered", "refunded"), Population.PAYMENTS),
}
FIELDS = {
    Population.EVENTS: {Field.RATING, Field.CLOSED_AFTER},
    Population.PAYMENTS: {Field.RECOVERED_YUAN, Field.FEES_REFUNDED_YUAN},
}
OUTCOMES = ("settled", "withdrawn", "confirmed", "transferred")
BASES = {
    Population.EVENTS: {Basis.REPORTED, Basis.CLOSED, Basis.NOW},
    Population.CLOCKS: {Basis.DUE},
    Population.DISPUTES: {Basis.ENDED},
    Population.PAYMENTS: {Basis.PAID},
    Population.HOUSEHOLDS: {Basis.DRAWN},
}
WITH_FIELD = {Measure.SUM, Measure.MEAN, Measure.MEDIAN}


def parse_book(text: str, name: str = "indicators") -> Book:
    """Parse the TOML ``text`` of a book of figures; raises IndicatorsInvalid with every fault, each with its line."""
    book, found = read(text, name)
    if book is None or found:
        listed = "; ".join(str(fault) for fault in found)
        raise IndicatorsInvalid(name=name, faults=listed, where={"path": name, "line": found[0].line})
    return book


def read(text: str, name: str = "indicators") -> tuple[Book | None, tuple[Fault, ...]]:
    """Return the book (None where it cannot be built) and what is wrong with its file, in the order of lines."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        return None, (Fault(int(line.group(1)) if line else 1, name, str(error)),)
    reader = Reader(NAMES)
    built = reader.build(Book, values, ())
    book = None if built is BROKEN else built
    faults = [*reader.faults, *(_faults(book) if book is not None else ())]
    lines = lines_of(text)
    found = {Fault(line_of(lines, path), _shown(path), reason) for path, reason in faults}
    return book, tuple(sorted(found, key=lambda fault: (fault.line, fault.path, fault.reason)))


def _shown(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".") or "file"


Faults = Iterator[tuple[Path, str]]


def _faults(book: Book) -> Faults:
    if not book.figures:
        yield ("figures",), "there is no figure"
    seen: set[str] = set()
    for i, figure in enumerate(book.figures):
        path: Path = ("figures", i)
        if not CODE.fullmatch(figure.code):
            yield (*path, "code"), f"{figure.code!r} is no code such as closing_rate"
        if figure.code in seen:
            yield (*path, "code"), f"{figure.code} stands twice"
        seen.add(figure.code)
        yield from _numbers(figure, path)
        yield from _measure(figure, path)
        yield from _rows(figure, path)
        yield from _conditions(figure, path)


def _numbers(figure: Indicator, path: Path) -> Faults:
    if not 0 <= figure.decimals <= MOST_DECIMALS:
        yield (*path, "decimals"), f"{figure.decimals} is not between 0 and {MOST_DECIMALS}"
    if figure.smallest < 1:
        yield (*path, "smallest"), f"{figure.smallest} is not at least 1"


def _measure(figure: Indicator, path: Path) -> Faults:
    if (figure.field is not None) != (figure.measure in WITH_FIELD):
        yield (*path, "field"), f"a {figure.measure.value} " + ("needs a field" if figure.field is None else "has no field")
    if figure.field is not None and figure.field not in FIELDS.get(figure.population, ()):
        yield (*path, "field"), f"{figure.population.value} have no {figure.field.value}"
    if figure.field is not None and (figure.measure is Measure.MEDIAN) != (figure.field is Field.CLOSED_AFTER):
        yield (*path, "field"), "a median is of closed_after, and closed_after has a median alone"
    if figure.whole and (figure.split is None or figure.measure is not Measure.SHARE):
        yield (*path, "whole"), "only a share with a split is one of the whole"
    if figure.measure is Measure.PER and (figure.basis is not Basis.NOW or figure.split is not None):
        yield (*path, "measure"), "what a worker has is counted as of now, without a split"
    if figure.opens is FigurePart.REST and figure.measure is not Measure.SHARE:
        yield (*path, "opens"), "only a share has a rest to open"


def _rows(figure: Indicator, path: Path) -> Faults:
    if figure.basis not in BASES[figure.population]:
        known = ", ".join(sorted(basis.value for basis in BASES[figure.population]))
        yield (*path, "period"), f"{figure.basis.value} is none of {known}, for {figure.population.value}"
    if figure.basis is Basis.NOW and figure.denominator.where.is_open is not True:
        yield (*path, "denominator"), "as of now only what is open is counted: open = true"
    if figure.population is Population.HOUSEHOLDS and (figure.measure is not Measure.SHARE or figure.split is not None):
        yield (*path, "of"), "households are told as a share, without a split"


def _conditions(figure: Indicator, path: Path) -> Faults:
    named: list[tuple[Path, Condition]] = [
        ((*path, "numerator"), figure.numerator.where),
        ((*path, "denominator"), figure.denominator.where),
        *(((*path, "excluding"), condition) for condition in figure.excluding),
    ]
    for place, condition in named:
        given = {name for name, value in vars(condition).items() if value not in (None, ())}
        if figure.population is Population.HOUSEHOLDS and given:
            yield place, f"households have no {', '.join(sorted(given))}"
        for name in sorted(given & set(OF_ONE)):
            if OF_ONE[name] is not figure.population:
                yield place, f"{name} is for {OF_ONE[name].value} alone"
        for outcome in condition.outcome:
            if outcome and outcome not in OUTCOMES:
                yield place, f"{outcome!r} is none of {', '.join(OUTCOMES)}"
    if any(condition == Condition() for condition in figure.excluding):
        yield (*path, "excluding"), "an empty condition would exclude everything"
