"""Where in a TOML text a value stands, so that a fault can name its line. Faults in the TOML itself are for the parser."""

from __future__ import annotations

import re
from collections.abc import Iterator

Path = tuple[str | int, ...]

TABLE = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-\"' ]+?)\s*\]\]?\s*(#.*)?$")
KEY = re.compile(r"^\s*([A-Za-z0-9_\-]+|\"[^\"]*\")\s*(\.\s*[A-Za-z0-9_\-]+\s*)*=")


def lines_of(text: str) -> dict[Path, int]:
    """Return the line (from 1) of every table and of every key that begins a line, by its path from the top.

    Values in inline tables and in arrays have no entry: their place is that of the key they belong to.
    """
    lines: dict[Path, int] = {}
    table: Path = ()
    counts: dict[Path, int] = {}
    for number, line in _logical_lines(text):
        if found := TABLE.match(line):
            table = _table(found.group(2), counts, many=found.group(1) == "[[")
            lines[table] = number
        elif found := KEY.match(line):
            lines[(*table, found.group(1).strip('"'))] = number
    return lines


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Return the line of the nearest place on the way to ``path`` that has one; 1 where none has."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 1


def _table(name: str, counts: dict[Path, int], *, many: bool) -> Path:
    """Return the path of a table's header; tables in an array are numbered, and so are the last ones on the way."""
    parts = [part.strip().strip("\"'") for part in name.split(".")]
    path: Path = ()
    for i, part in enumerate(parts):
        path = (*path, part)
        if many and i == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Give the lines that begin a table or a key: not those within an array, an inline table or a text of several lines."""
    depth, quotes = 0, ""
    for number, line in enumerate(text.split("\n"), start=1):
        if depth == 0 and not quotes:
            yield number, line
        depth, quotes = _after(line, depth, quotes, is_header=depth == 0 and not quotes and TABLE.match(line) is not None)


def _after(line: str, depth: int, quotes: str, *, is_header: bool) -> tuple[int, str]:
    """Return how deep in brackets, and in which text of several lines, the next line begins."""
    if is_header:
        return 0, ""
    at = 0
    while at < len(line):
        three = line[at : at + 3]
        if quotes:
            closes = three == quotes
            at, quotes = (at + 3, "") if closes else (at + 1, quotes)
        elif three in {'"""', "'''"}:
            quotes, at = three, at + 3
        elif line[at] in "\"'":
            at = _end_of_text(line, at)
        elif line[at] == "#":
            break
        else:
            depth += (line[at] in "[{") - (line[at] in "]}")
            at += 1
    return depth, quotes


def _end_of_text(line: str, at: int) -> int:
    quote, at = line[at], at + 1
    while at < len(line) and line[at] != quote:
        at += 2 if quote == '"' and line[at] == "\\" else 1
    return at + 1
