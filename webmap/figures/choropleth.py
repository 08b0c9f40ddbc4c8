"""The map of townships by a figure: five classes of one hue, what has too little data hatched; each opens its list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape

from geogrid.domain.indicators import Figure
from layers.indicators.classes import ValueClass, class_of, classes_of
from layers.indicators.ground import Outline, stretch

# ColorBrewer "Blues", sequential, five classes; readable in print and for colour-blind eyes.
PALETTE = ("#eff3ff", "#bdd7e7", "#6baed6", "#3182bd", "#08519c")
DARK_FROM = 4
BORDER, INK, HALO, HATCH = "#66717d", "#17212b", "#ffffff", "#9aa6b2"
FONT = 'font-family="Noto Sans CJK SC, Noto Sans SC, PingFang SC, Microsoft YaHei, sans-serif"'
MARGIN = 12
HATCH_PX = 7
RULER_PX = 120


@dataclass(frozen=True)
class Area:
    """A township with its figure, the figure in words, and the address that it opens ("" none)."""

    outline: Outline
    figure: Figure | None
    said: str
    href: str = ""

    @property
    def value(self) -> Decimal | None:
        """The value that colours it; None where there is none, or it rests on too few."""
        return self.figure.value if self.figure and not self.figure.is_small else None


@dataclass(frozen=True)
class Legend:
    """A line of the legend: its colour ("" for too little data), what it says, how many townships."""

    fill: str
    said: str
    count: int


def classes_for(areas: Sequence[Area]) -> list[ValueClass]:
    """Return the classes of the townships that have enough data."""
    return classes_of(area.value for area in areas if area.value is not None)


def fill_of(one: ValueClass | None, classes: Sequence[ValueClass]) -> str:
    """Return the colour of a class: the classes there are, spread over the whole ramp; "" for no class."""
    if one is None:
        return ""
    last = max(1, len(classes) - 1)
    return PALETTE[(one.number - 1) * (len(PALETTE) - 1) // last if len(classes) > 1 else 2]


def legend_of(areas: Sequence[Area], said: Callable[[Decimal], str], too_little: str) -> list[Legend]:
    """Return the legend: the bounds of each class with how many townships lie in it, the highest first."""
    classes = classes_for(areas)
    lines = [
        Legend(fill_of(one, classes), said(one.low) if one.low == one.high else f"{said(one.low)} – {said(one.high)}", one.count)
        for one in reversed(classes)
    ]
    without = sum(area.value is None for area in areas)
    return [*lines, Legend("", too_little, without)] if without else lines


def draw(areas: Sequence[Area], *, width: int, height: int, title: str) -> str:
    """Return the map as SVG, north up, as large as the box allows."""
    if not areas:
        return ""
    boxes = [area.outline.box for area in areas]
    west, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    east, bottom = max(b[2] for b in boxes), max(b[3] for b in boxes)
    scale = min((width - 2 * MARGIN) / (east - west), (height - 2 * MARGIN) / (bottom - top))
    left, above = (width - (east - west) * scale) / 2, (height - (bottom - top) * scale) / 2
    classes = classes_for(areas)
    frame = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="group" aria-label="{escape(title)}"'
    shift = f"translate({left:.2f} {above:.2f}) scale({scale:.8f}) translate({-west:.1f} {-top:.1f})"
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" {frame} {FONT}>', _hatch(scale), f'<g transform="{shift}">']
    parts += [_shape(area, classes, scale) for area in areas]
    parts.append("</g>")
    parts += [_name(area, classes, left, above, west, top, scale) for area in areas]
    parts.append(_ruler(scale * stretch([area.outline for area in areas]), height))
    return "".join([*parts, "</svg>"])


def _shape(area: Area, classes: Sequence[ValueClass], scale: float) -> str:
    one = class_of(area.value, classes) if area.value is not None else None
    fill = fill_of(one, classes) or "url(#little)"
    path = (
        f'<path d="{area.outline.path}" fill="{fill}" stroke="{BORDER}" stroke-width="{1 / scale:.1f}" stroke-linejoin="round">'
        f"<title>{escape(area.outline.name)}: {escape(area.said)}</title></path>"
    )
    return f'<a href="{escape(area.href)}">{path}</a>' if area.href else path


def _name(area: Area, classes: Sequence[ValueClass], left: float, above: float, west: float, top: float, scale: float) -> str:
    wide = (area.outline.box[2] - area.outline.box[0]) * scale
    if wide < 11 * len(area.outline.name):  # a name wider than its place would lie on its neighbours
        return ""
    x, y = left + (area.outline.heart[0] - west) * scale, above + (area.outline.heart[1] - top) * scale
    one = class_of(area.value, classes) if area.value is not None else None
    dark = one is not None and fill_of(one, classes) in PALETTE[DARK_FROM - 1 :]
    ink, halo = (HALO, PALETTE[-1]) if dark else (INK, HALO)
    shape = f'x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" font-size="11" pointer-events="none"'
    said = escape(area.outline.name)
    under = f'<text {shape} fill="none" stroke="{halo}" stroke-width="2.5" stroke-linejoin="round">{said}</text>'
    return f'{under}<text {shape} fill="{ink}">{said}</text>'


def _ruler(px_per_m: float, height: int) -> str:
    """Return the bar of the scale: the longest round length of at most 120 pixels."""
    rounds = [digit * 10**power for power in range(1, 6) for digit in (1, 2, 5)]
    length_m = max((one for one in rounds if one * px_per_m <= RULER_PX), default=rounds[0])
    said = f"{length_m // 1000} km" if length_m >= 1000 else f"{length_m} m"
    x, y, end = MARGIN, height - MARGIN, MARGIN + length_m * px_per_m
    bar = f'<path d="M{x} {y - 5} V{y} H{end:.1f} V{y - 5}" fill="none" stroke="{INK}" stroke-width="1.2"/>'
    return f'{bar}<text x="{end + 6:.1f}" y="{y}" font-size="11" fill="{INK}">{said}</text>'


def _hatch(scale: float) -> str:
    """Return the pattern of too little data; it is measured in the metres of the shapes that it fills."""
    side = HATCH_PX / scale
    lines = f'<path d="M0 {side:.1f} L{side:.1f} 0" stroke="{HATCH}" stroke-width="{side / 5:.1f}"/>'
    ground = f'<rect width="{side:.1f}" height="{side:.1f}" fill="#f7f8fa"/>'
    pattern = (
        f'<pattern id="little" width="{side:.1f}" height="{side:.1f}" patternUnits="userSpaceOnUse">{ground}{lines}</pattern>'
    )
    return f"<defs>{pattern}</defs>"
