"""XLSX workbooks: values only; formulas by their stored result; dates as dates; long numbers told when they lost digits."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from etl.errors import FileDamaged, FileTooLarge, FormulaEmpty, HeaderRefused, LayerUnknown, RowFields
from etl.sources.archive import checked_entries
from etl.sources.header import check_header
from etl.sources.table import Note, ReadOptions, Table
from geogrid.errors import GeogridError

SHEETS = "xl/worksheets/"


def read(path: Path, options: ReadOptions) -> Table:
    """Read one sheet (``options.layer``, else the first); rows count as the spreadsheet shows them. Raises file errors."""
    import pandas as pd

    checked_entries(path, options.limits)
    try:
        _refuse_entities(path)
        values, title = _sheet(path, options, formulas=False)
        formulas, _ = _sheet(path, options, formulas=True) if _holds(path, (b"<f",), SHEETS) else (None, None)
    except GeogridError:
        raise
    except Exception as error:  # a damaged workbook raises whatever its XML runs into
        raise FileDamaged(name=path.name, reason=f"{type(error).__name__}: {error}", where={"path": str(path)}) from error
    first = next((place for place, row in enumerate(values) if any(cell is not None for cell in row)), None)
    if first is None:
        raise HeaderRefused(name=path.name, reason="the sheet is empty", where={"path": str(path)})
    header = _header(values, first, path, options)
    width = len(header)
    cells, numbers, faults = [], [], {}
    for place in range(first + 1, len(values)):
        row = (*values[place], *[None] * width)[:width]
        written = (*formulas[place], *[None] * width)[:width] if formulas else row
        if all(cell is None for cell in written):
            continue
        empty = next((i for i, cell in enumerate(written) if row[i] is None and cell is not None), None)
        if empty is not None:
            faults[len(cells)] = FormulaEmpty(cell=f"{_letters(empty)}{place + 1}")
        elif any(cell is not None for cell in values[place][width:]):
            faults[len(cells)] = RowFields(found=len(values[place]), wanted=width)
        cells.append(row)
        numbers.append(place + 1)
    frame = pd.DataFrame(cells, columns=header, dtype=object)
    notes = (Note("Sheet {sheet} is read", {"sheet": title}),)
    return Table(path, "xlsx", frame, None, np.array(numbers, int), None, notes, faults)


def _sheet(path: Path, options: ReadOptions, *, formulas: bool) -> tuple[list[tuple[Any, ...]], str]:
    import openpyxl

    with closing(openpyxl.load_workbook(path, read_only=True, data_only=not formulas, keep_links=False)) as book:
        titles = [sheet.title for sheet in book.worksheets]
        title = options.layer or (titles[0] if titles else "")
        if title not in titles:
            raise LayerUnknown(name=path.name, layer=title, known=", ".join(titles), where={"path": str(path)})
        sheet = book[title]
        sheet.reset_dimensions()  # what the file says about its own size is not believed
        return list(_rows(sheet, path, options)), title


def _rows(sheet: Any, path: Path, options: ReadOptions) -> Iterator[tuple[Any, ...]]:
    limits = options.limits
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=limits.columns + 1), 1):
        if number > limits.sheet_rows:
            raise FileTooLarge(name=path.name, what="rows", size=number, most=limits.sheet_rows, where={"path": str(path)})
        long = next((cell for cell in row if isinstance(cell, str) and len(cell) > limits.field_chars), None)
        if long is not None:
            where = {"path": str(path), "row": number}
            raise FileTooLarge(
                name=path.name, what="characters in one field", size=len(long), most=limits.field_chars, where=where
            )
        yield row


def _holds(path: Path, marks: tuple[bytes, ...], folder: str) -> bool:
    """Whether an XML part of the workbook below ``folder`` holds one of ``marks``, in UTF-8 or UTF-16."""
    longest = max(map(len, marks))
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if not entry.filename.startswith(folder) or not entry.filename.lower().endswith((".xml", ".rels", ".vml")):
                continue
            with archive.open(entry) as part:
                tail = b""
                while block := part.read(1 << 20):
                    text = tail + block.replace(b"\0", b"")
                    if any(mark in text for mark in marks):
                        return True
                    tail = text[-longest:]
    return False


def _refuse_entities(path: Path) -> None:
    """Raise FileDamaged for a document type definition, which no workbook has and with which a few bytes become gigabytes."""
    if _holds(path, (b"<!DOCTYPE", b"<!ENTITY"), ""):
        raise FileDamaged(name=path.name, reason="it defines XML entities", where={"path": str(path)})


def _header(values: list[tuple[Any, ...]], first: int, path: Path, options: ReadOptions) -> list[str]:
    filled = [sum(1 for cell in row if cell is not None) for row in values[first : first + 2]]
    if len(filled) == 2 and filled[0] == 1 < filled[1]:
        reason = f"row {first + 1} holds one cell over {filled[1]} columns, as a merged title does; delete that row"
        raise HeaderRefused(name=path.name, reason=reason, where={"path": str(path), "row": first + 1})
    return check_header(values[first], path, options.limits.columns)


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
