"""Bars and a line through time as SVG made by the server: for print, and for readers without scripts.

Colours stand as attributes: neither the policy of a page nor the printer needs a style sheet for them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

INK, SOFT, RULE, BAR, SMALL = "#17212b", "#4c5966", "#d5dbe1", "#0b5cad", "#9aa6b2"
FONT = 'font-family="Noto Sans CJK SC, Noto Sans SC, PingFang SC, Microsoft YaHei, sans-serif"'
ROW, LABEL, NUMBERS = 22, 190, 300
TICKS = 4
ROUND = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
NAME = 58  # pixels that the name of a period takes on the line through time


@dataclass(frozen=True)
class Bar:
    """One bar or point: its name, value (None: no data), the value and what it is made of in words, whether that is small."""

    name: str
    value: Decimal | None
    said: str
    of: str
    is_small: bool = False


def bars(rows: Sequence[Bar], *, width: int = 900) -> str:
    """Return horizontal bars in the order of ``rows``, the words of each beside it; small numbers grey and hatched."""
    most = max((row.value for row in rows if row.value is not None), default=Decimal(0))
    room = width - LABEL - NUMBERS
    parts = [_head(width, ROW * len(rows) + 4), _hatch()]
    for i, row in enumerate(rows):
        y = i * ROW + 2
        length = float(row.value / most) * room if row.value is not None and most else 0.0
        fill = "url(#small-bar)" if row.is_small else BAR
        parts.append(_text(LABEL - 8, y + 15, row.name, "end"))
        parts.append(f'<rect x="{LABEL}" y="{y + 3}" width="{length:.1f}" height="{ROW - 7}" fill="{fill}"/>')
        parts.append(_text(LABEL + length + 6, y + 15, f"{row.said} △" if row.is_small else row.said, "start", bold=True))
        parts.append(_text(width, y + 15, row.of, "end", size=10, fill=SOFT))
    return "".join([*parts, "</svg>"])


def line(rows: Sequence[Bar], *, width: int = 900, height: int = 200, most: Decimal | None = None) -> str:
    """Return a line through time; where there is no value it is broken, small numbers are hollow points.

    ``most`` is what no value passes, such as 100 %.
    """
    ticks = ticks_of([row.value for row in rows if row.value is not None], most)
    words = [_tick_text(tick) for tick in ticks]
    left, right, top, bottom = 20 + 7 * max(map(len, words)), 36, 10, 26
    low, high = ticks[0], ticks[-1]
    step = (width - left - right) / max(1, len(rows) - 1)

    def place(i: int, value: Decimal) -> tuple[float, float]:
        return left + i * step, top + (height - top - bottom) * (1 - float((value - low) / (high - low)))

    parts = [_head(width, height)]
    for tick, said in zip(ticks, words, strict=True):
        y = place(0, tick)[1]
        parts.append(f'<line x1="{left}" y1="{y:.1f}" x2="{width - right}" y2="{y:.1f}" stroke="{RULE}" stroke-width="1"/>')
        parts.append(_text(left - 6, y + 4, said, "end", size=10, fill=SOFT))
    parts += [f'<path d="{path}" fill="none" stroke="{BAR}" stroke-width="2"/>' for path in _paths(rows, place)]
    every = max(1, math.ceil(NAME * len(rows) / (width - left - right)))
    for i, row in enumerate(rows):
        if row.value is not None:
            x, y = place(i, row.value)
            parts.append(_point(x, y, row))
        if (len(rows) - 1 - i) % every == 0:  # counted from the last, which is always named
            parts.append(_text(left + i * step, height - 8, row.name, "middle", size=10, fill=SOFT))
    return "".join([*parts, "</svg>"])


def ticks_of(known: Sequence[Decimal], most: Decimal | None = None) -> list[Decimal]:
    """Return round numbers, at least two, around what there is: never below nothing, nor above ``most``."""
    low, high = min(known, default=Decimal(0)), max(known, default=Decimal(1))
    room = high - low or max(abs(high) / 10, Decimal(1))
    power = Decimal(10) ** (room / TICKS).adjusted()
    step = next(power * digit for digit in ROUND if power * digit * TICKS >= room)
    first, last = math.floor(low / step), math.ceil(high / step)
    if first == last:
        first, last = max(0, first - 1), last + 1
    ticks = [step * number for number in range(first, last + 1)]
    return ticks if most is None or high > most else sorted({min(tick, most) for tick in ticks})


def _tick_text(tick: Decimal) -> str:
    plain = tick.normalize()
    return f"{plain:,f}" if plain else "0"


def _paths(rows: Sequence[Bar], place: Callable[[int, Decimal], tuple[float, float]]) -> list[str]:
    found: list[list[str]] = [[]]
    for i, row in enumerate(rows):
        if row.value is None:
            found.append([])
        else:
            x, y = place(i, row.value)
            found[-1].append(f"{x:.1f} {y:.1f}")
    return ["M" + " L".join(points) for points in found if len(points) > 1]


def _point(x: float, y: float, row: Bar) -> str:
    fill = "#ffffff" if row.is_small else BAR
    said = f"<title>{escape(f'{row.name}: {row.said} ({row.of})')}</title>"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{fill}" stroke="{BAR}" stroke-width="1.5">{said}</circle>'


def _head(width: int, height: int) -> str:
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {FONT} font-size="12">'


def _hatch() -> str:
    line = f'<path d="M-1 1 l2 -2 M0 6 l6 -6 M5 7 l2 -2" stroke="{SMALL}" stroke-width="1.5"/>'
    return f'<defs><pattern id="small-bar" width="6" height="6" patternUnits="userSpaceOnUse">{line}</pattern></defs>'


def _text(x: float, y: float, said: str, anchor: str, *, size: int = 12, fill: str = INK, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}"{weight}>{escape(said)}</text>'
