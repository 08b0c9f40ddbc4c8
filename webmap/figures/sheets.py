"""Figures as a workbook: an overview, a sheet a figure, and the definitions; every sheet says period, instant and who took it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from etl.export import cell_text
from geogrid.domain.indicators import Condition, Indicator, Measure
from geogrid.domain.readings import Reading
from webmap.figures.rows import Row, of_groups, overview
from webmap.figures.told import Told
from webmap.figures.words import period_text, time_text, unit_text
from webmap.language import label, say
from webmap.sheet_layout import SIMULATED, head_cells, lay_out, number_cell

HEAD = ("Figure", "Whose", "Part of the figure", "Value", "Unit", "Counted", "Divided by", "Made of", "Small number", "As of")
DEFINED = (
    "Figure",
    "What it is",
    "Period",
    "Divided by",
    "Counted",
    "The others",
    "Left out",
    "Split",
    "Small below",
    "Good is",
    "Code",
)
WIDTHS = (26, 24, 18, 14, 15, 14, 14, 42, 12, 20)
DEFINED_WIDTHS = (26, 60, 18, 36, 36, 20, 18, 14, 10, 12, 26)
VALUE, COUNTED = 3, 5  # of the columns under HEAD
SHEET_NAME_CHARS = 31
FORBIDDEN = re.compile(r"[\[\]:*?/\\]")


def head_lines(told: Told, who: str) -> list[list[str]]:
    """Return what stands above every table: what, period, instant, by which grids, who took it along, simulated or not."""
    asked = told.asked
    grids = say("recast to today's grids") if asked.recast else label(Reading.RECORDED)
    told_of = [
        [told.book.title.text(told.names.language), f"{told.book.code} {told.book.version}"],
        [say("Period"), period_text(asked)],
        [say("As of"), time_text(told.now, asked.timezone)],
        [say("By"), f"{label(asked.by)} · {grids}"],
        [say("Grids of edition"), told.edition],
        [say("Taken by"), who],
    ]
    return [[SIMULATED], *told_of] if told.synthetic else told_of


def cells_of(one: Indicator, row: Row) -> list[Any]:
    """Return a row of figures under ``HEAD``."""
    small = say("small number") if row.is_small else ""
    numbers = [row.number, unit_text(one).strip(), row.numerator, row.denominator]
    made = " · ".join(said for said in (row.of, row.whenever) if said)
    return [row.figure, row.group, row.split, *numbers, made, small, row.as_of]


def workbook(told: Told, who: str) -> bytes:
    """Return the workbook as bytes; text that a spreadsheet could run is marked as text."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    taken: set[str] = set()
    head = head_lines(told, who)
    page = _sheet(book, _name(say("All figures"), taken), head, HEAD, WIDTHS)
    for one, row in zip(told.book.figures, overview(told), strict=True):
        page.append(_row(page, one, row))
    for one in told.book.figures:
        page = _sheet(book, _name(one.title.text(told.names.language), taken), head, HEAD, WIDTHS)
        for line in of_groups(told, one):
            for row in line:
                page.append(_row(page, one, row))
    page = _sheet(book, _name(say("Definitions"), taken), head, DEFINED, DEFINED_WIDTHS)
    for defined in definitions(told):
        page.append([_cell(page, value) for value in defined])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _name(title: str, taken: set[str]) -> str:
    """Return a name that a sheet can have and none has yet."""
    plain = FORBIDDEN.sub(" ", title)[:SHEET_NAME_CHARS]
    name, number = plain, 2
    while name.lower() in taken:
        name, number = f"{plain[: SHEET_NAME_CHARS - 3]} {number}", number + 1
    taken.add(name.lower())
    return name


def _sheet(book: Any, name: str, head: list[list[str]], titles: Iterable[str], widths: Sequence[float]) -> Any:
    """Return a new sheet that has its head and waits for its rows."""
    page = book.create_sheet(name)
    lay_out(page, widths, head_row=len(head) + 2, kept_columns=2)
    for line in head:
        page.append([_cell(page, value) for value in line])
    page.append([])
    page.append(head_cells(page, map(say, titles)))
    return page


def _row(page: Any, one: Indicator, row: Row) -> list[Any]:
    """Return the cells of a row of figures; its numbers with the digits that the figure has."""
    values = cells_of(one, row)
    cells = [_cell(page, value) for value in values]
    cells[VALUE] = number_cell(page, values[VALUE], 0 if one.measure is Measure.COUNT else one.decimals)
    summed = 2 if one.measure in {Measure.SUM, Measure.MEAN} else 0
    cells[COUNTED] = number_cell(page, values[COUNTED], summed)
    cells[COUNTED + 1] = number_cell(page, values[COUNTED + 1])
    return cells


def _cell(sheet: Any, value: Any) -> Any:
    """Return a number as a number, anything else as text that is never run."""
    from openpyxl.cell import WriteOnlyCell

    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return number_cell(sheet, value)
    said = cell_text("" if value is None else str(value))
    if not said:
        return None
    cell = WriteOnlyCell(sheet, value=said)
    cell.data_type = "s"
    return cell


# -- definitions -------------------------------------------------------------------------------------------------------------


def definitions(told: Told) -> Iterator[list[Any]]:
    """Yield the definition of every figure under ``DEFINED``."""
    language = told.names.language
    for one in told.book.figures:
        parts = [f"{part.title.text(language)}: {condition_text(part.where)}" for part in (one.denominator, one.numerator)]
        yield [
            one.title.text(language),
            one.note.text(language),
            label(one.basis),
            *parts,
            one.rest.text(language),
            "; ".join(condition_text(condition) for condition in one.excluding),
            "" if one.split is None else label(one.split),
            one.smallest,
            label(one.better),
            one.code,
        ]


def condition_text(condition: Condition) -> str:
    """Return a condition as its file names it; a dash where it asks nothing."""
    named = {name: value for name, value in vars(condition).items() if value not in (None, ())}
    told = [f"{name.removeprefix('is_')}={_value_text(value)}" for name, value in named.items()]
    return ", ".join(told) or "-"


def _value_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "|".join(str(one) for one in value)
