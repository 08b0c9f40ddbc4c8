"""Figures on paper, A4 or A3: bars, the line through time, the map; who printed it, when, of which edition of the grids."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import render_template
from markupsafe import Markup

from geogrid.domain.indicators import FigureGroup, FigureUnit
from geogrid.domain.readings import Reading
from webmap.figures.choropleth import draw, legend_of
from webmap.figures.drawing import bars, line
from webmap.figures.rows import areas_of, bars_of, legend_number, of_groups, overview, points_of
from webmap.figures.told import Told
from webmap.figures.words import period_text, time_text, unit_text
from webmap.installation import installation
from webmap.language import label, say
from webmap.map_frame import district_name


@dataclass(frozen=True)
class Paper:
    """A size of paper and how wide the drawings on it are, in CSS pixels; on a wide one map and bars stand beside each other."""

    size: str
    map_width: int
    bars_width: int
    line_width: int


PAPERS = {"A4": Paper("A4 portrait", 680, 680, 680), "A3": Paper("A3 landscape", 620, 840, 1480)}
PERCENT_MOST = Decimal(100)
STYLE = Path(__file__).resolve().parent.parent / "static" / "css" / "figures_print.css"


def printed(told: Told, who: str, paper: str) -> bytes:
    """Return the PDF; it is made of what stands in it alone: nothing is fetched."""
    from weasyprint import CSS, HTML

    markup = page_of(told, who, paper)
    size = CSS(string=f"@page {{ size: {PAPERS[paper].size}; }}")
    done: bytes = HTML(string=markup, url_fetcher=refuse).write_pdf(stylesheets=[CSS(string=STYLE.read_text("utf-8")), size])
    return done


def refuse(url: str, *_: Any, **__: Any) -> Any:
    """Refuse whatever a print would fetch."""
    raise ValueError(f"a print fetches nothing: {url[:80]}")


def page_of(told: Told, who: str, paper: str) -> str:
    """Return the page that is printed."""
    one, asked, sizes, language = told.one, told.asked, PAPERS[paper], told.names.language
    areas = [replace(area, href="") for area in areas_of(told)]  # paper opens nothing
    title = one.title.text(language)
    if one.split is not None and told.split != "*":
        title = f"{title} · {told.names.split(one.split, told.split)}"
    return render_template(
        "figures_print.html",
        told=told, one=one, asked=asked, who=who, title=title, paper=paper, synthetic=told.synthetic,
        bars_said=label(asked.by if asked.by is not FigureGroup.DISTRICT or one.split is None else one.split),
        district=district_name(installation().district.profile, language),
        period_said=period_text(asked), as_of=time_text(told.now, asked.timezone),
        grids=say("recast to today's grids") if asked.recast else label(Reading.RECORDED),
        overview=overview(told), lines=of_groups(told, one), is_grouped=asked.by is not FigureGroup.DISTRICT,
        bars=Markup(bars(bars_of(told), width=sizes.bars_width)),
        line=Markup(line(points_of(told), width=sizes.line_width, most=PERCENT_MOST if one.unit is FigureUnit.PERCENT else None)),
        each=label(asked.series()[0]),
        has_line=bool(told.through_time()), has_bars=bool(bars_of(told)), unit=unit_text(one).strip(),
        map_svg=Markup(draw(areas, width=sizes.map_width, height=int(sizes.map_width * 0.62), title=title)),
        legend=legend_of(areas, lambda value: legend_number(one, value), say("Not enough data")),
    )  # fmt: skip
