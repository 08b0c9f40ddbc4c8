"""Text tables: commas, semicolons, tabs or bars; UTF-8 or Chinese GB18030. Every cell stays the text it was."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from etl.errors import FileDamaged, FileTooLarge, RowFields, RowHeaderAgain
from etl.sources.encoding import UTF8, decode
from etl.sources.header import check_header
from etl.sources.table import Note, ReadOptions, Table
from geogrid.errors import GeogridError
from geogrid.errors.family import Reason

SEPARATORS = ",;\t|"
SEPARATOR_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def read(path: Path, options: ReadOptions) -> Table:
    """Read a text table; raises the file errors of ``etl.errors``. Rows count as a spreadsheet shows them: the header is 1."""
    import pandas as pd

    limits = options.limits
    size = path.stat().st_size
    if size > limits.csv_bytes:
        raise FileTooLarge(name=path.name, what="bytes", size=size, most=limits.csv_bytes, where={"path": str(path)})
    text, encoding = decode(path.read_bytes(), path.name, options.encoding)
    separator = separator_of(text)
    records = _records(text, separator, path, options)
    header = check_header(next(records, (1, []))[1], path, limits.columns)
    cells, numbers, faults = [], [], {}
    for number, record in records:
        if len(cells) >= limits.rows:
            raise FileTooLarge(
                name=path.name, what="rows", size=f"over {limits.rows}", most=limits.rows, where={"path": str(path)}
            )
        fault = _fault(record, header)
        if fault is not None:
            faults[len(cells)] = fault
        cells.append((*record[: len(header)], *[""] * (len(header) - len(record))))
        numbers.append(number)
    frame = pd.DataFrame(cells, columns=header, dtype=object)
    notes = [Note("Columns are separated by {separator}", {"separator": SEPARATOR_NAMES[separator]})] if separator != "," else []
    if encoding != UTF8:
        notes.append(
            Note("The text is read as {encoding}; it begins: {preview}", {"encoding": encoding, "preview": _preview(text)})
        )
    return Table(path, "csv", frame, None, np.array(numbers, int), None, tuple(notes), faults)


def separator_of(text: str) -> str:
    """Return the separator that stands most often in the first line outside quotes; a comma where none does."""
    line = text.split("\n", 1)[0]
    bare = "".join(line.split('"')[::2])
    return max(SEPARATORS, key=lambda separator: (bare.count(separator), -SEPARATORS.index(separator)))


def _records(text: str, separator: str, path: Path, options: ReadOptions) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number, fields) of the rows that are not blank."""
    previous = csv.field_size_limit(options.limits.field_chars)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for record in reader:
            number += 1
            if any(cell.strip() for cell in record):
                yield number, record
    except csv.Error as error:
        where = {"path": str(path), "row": number + 1}
        if "field larger" in str(error):
            most = options.limits.field_chars
            raise FileTooLarge(
                name=path.name, what="characters in one field", size=Reason("over {most}", most=most), most=most, where=where
            ) from error
        raise FileDamaged(name=path.name, reason=f"row {number + 1} (line {reader.line_num}): {error}", where=where) from error
    finally:
        csv.field_size_limit(previous)


def _fault(record: list[str], header: list[str]) -> GeogridError | None:
    if len(record) > len(header) and any(record[len(header) :]):
        return RowFields(found=len(record), wanted=len(header))
    if len(record) < len(header):
        return RowFields(found=len(record), wanted=len(header))
    if [cell.strip() for cell in record[: len(header)]] == header:
        return RowHeaderAgain()
    return None


def _preview(text: str) -> str:
    foreign = next((line for line in text.splitlines() if not line.isascii()), "")
    return foreign[:60]
