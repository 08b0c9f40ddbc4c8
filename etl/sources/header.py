"""The names of columns: one row, each name once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from etl.errors import FileTooLarge, HeaderRefused

NUMBER = re.compile(r"[+-]?\d+([.,]\d*)?")


def check_header(cells: Sequence[object], path: Path, most_columns: int) -> list[str]:
    """Return the column names, trimmed, an empty one named by its place; raises HeaderRefused, FileTooLarge."""
    where = {"path": str(path), "row": 1}
    names = [("" if cell is None else str(cell)).strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > most_columns:
        raise FileTooLarge(name=path.name, what="columns", size=len(names), most=most_columns, where=where)
    if not any(names):
        raise HeaderRefused(name=path.name, reason="it is empty", where=where)
    if len(names) > 3 and sum(1 for name in names if name) <= len(names) / 3:
        raise HeaderRefused(name=path.name, reason="most of its cells are empty, as under a merged title", where=where)
    if all(NUMBER.fullmatch(name) for name in names):
        raise HeaderRefused(name=path.name, reason="it holds numbers, as a row of data does", where=where)
    names = [name or f"column_{place}" for place, name in enumerate(names, 1)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise HeaderRefused(name=path.name, reason=f"{twice!r} stands twice", where=where)
    return names
