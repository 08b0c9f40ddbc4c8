"""A plot of ratios on a log axis, as SVG: a bar to what was measured, a mark at the gate, a mark at the goal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

WIDTH, RIGHT = 520, 80  # pixels: axis, figures
LEAST_LEFT, CHARACTER = 240, 7.2  # for the names
ROW, TOP, BOTTOM = 26, 54, 40
INK, FAINT, HELD, MISSED, GOAL = "#1f2933", "#d5dbe1", "#2f6f9f", "#c2410c", "#15803d"
STYLE = "font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:13px"


@dataclass(frozen=True)
class Row:
    """One ratio with its gate and goal, each None where there is none."""

    name: str
    value: float
    gate: float | None
    goal: float | None


def svg(rows: list[Row]) -> str:
    """Draw the rows in their order; greater is better."""
    most = max([10.0, *(bound for row in rows for bound in (row.value, row.gate or 1, row.goal or 1))])
    decades = math.ceil(math.log10(most) + 0.05)
    height = TOP + ROW * len(rows) + BOTTOM
    left = max([LEAST_LEFT, *(int(CHARACTER * len(row.name)) + 20 for row in rows)])
    total = left + WIDTH + RIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {height}" width="{total}" height="{height}" '
        f'role="img" aria-label="Times faster than each peer, log axis" style="{STYLE}">',
        f'<rect width="{total}" height="{height}" fill="#ffffff"/>',
        *_legend(left),
        *_axis(left, decades, height),
        *(line for i, row in enumerate(rows) for line in _row(row, left, TOP + ROW * i + ROW / 2, decades)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(value: float, left: int, decades: int) -> float:
    return left + WIDTH * math.log10(max(value, 1.0)) / decades


def _text(x: float, y: float, words: str, anchor: str = "start", colour: str = INK) -> str:
    return f'<text x="{x:.0f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def _legend(left: int) -> Iterator[str]:
    yield _text(left, 20, "times faster than each peer, in one run on the same data (log axis)")
    yield _mark(left + 4, 36, MISSED)
    yield _text(left + 12, 40, "gate, must hold", colour=MISSED)
    yield _mark(left + 134, 36, GOAL)
    yield _text(left + 142, 40, "goal", colour=GOAL)


def _mark(x: float, y: float, colour: str) -> str:
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 10:.1f}" y2="{y + 10:.1f}" stroke="{colour}" stroke-width="3"/>'


def _axis(left: int, decades: int, height: int) -> Iterator[str]:
    for decade in range(decades + 1):
        x = _x(10.0**decade, left, decades)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{height - BOTTOM + 4}" stroke="{FAINT}"/>'
        yield _text(x, height - BOTTOM + 20, f"{10**decade:,}", "middle")


def _row(row: Row, left: int, y: float, decades: int) -> Iterator[str]:
    colour = MISSED if row.gate is not None and row.value < row.gate else HELD
    x = _x(row.value, left, decades)
    yield _text(left - 10, y + 4.5, row.name, "end")
    yield f'<rect x="{left}" y="{y - 6:.1f}" width="{max(x - left, 1):.1f}" height="12" fill="{colour}"/>'
    for bound, ink in ((row.gate, MISSED), (row.goal, GOAL)):
        if bound is not None:
            yield _mark(_x(bound, left, decades), y, ink)
    beyond = max(x, *(_x(bound, left, decades) for bound in (row.gate or 1, row.goal or 1)))
    yield _text(beyond + 8, y + 4.5, f"{row.value:,.3g}" if row.value < 1000 else f"{row.value:,.0f}", colour=colour)
