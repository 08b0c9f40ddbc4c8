"""Hotspots as lines for people and as tables for files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from geogrid.actions.hotspots import SAID, said_of
from geogrid.domain.hotspots import Hotspot, Period
from geogrid.space.crs import SRID_STORED
from geogrid.space.hotspot_report import Ground, Report
from geogrid.space.hotspot_words import cut, sentence
from geogrid.texts import translate

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

ROUND = 6


def lines(
    report: Report, period: Period | None, compared: Period | None, alpha: float, language: str, *, with_rates: bool = False
) -> Iterator[str]:
    """Yield what was found in words: one line a hotspot, the district's change, what has no grid, how far to trust it."""

    def say(text: str, **values: object) -> str:
        return translate(text, language).format(**values)

    total = int(report.counts.sum()) + report.without_grid
    if period is not None:
        yield say("{total} events from {start} to {end}", total=f"{total:,}", start=_day(period, 0), end=_day(period, 1))
    else:
        yield say("{total} events", total=f"{total:,}")
    for spot in report.hotspots:
        yield f"{spot.rank:>3}  {sentence(spot, language)}{_rate(spot, language) if with_rates else ''}"
    if not report.hotspots:
        yield say("No place stands out.")
    if compared is not None:
        counts = {"before": f"{report.before or 0:,}", "start": _day(compared, 0), "end": _day(compared, 1)}
        if report.before:
            yield say("Compared with {start} to {end}: {before} events in the whole district then.", **counts)
        else:
            yield say("Nothing is recorded from {start} to {end}: changes cannot be told.", **counts)
    if report.without_grid:
        yield say("In no grid, so in no hotspot: {count} events.", count=f"{report.without_grid:,}")
    if with_rates and report.rates.without_base:
        counts = {"grids": f"{report.rates.without_base:,}", "events": f"{int(report.rates.events_without_base):,}"}
        yield say("Without households, so without a rate: {grids} grids with {events} events.", **counts)
    yield say("A district without hotspots would show one in at most {percent} % of such periods.", percent=cut(100 * alpha))


def _day(period: Period, which: int) -> str:
    at = (period.start, period.end)[which]
    return at.strftime("%Y-%m-%d" if (at.hour, at.minute) == (0, 0) else "%Y-%m-%d %H:%M")


def _rate(spot: Hotspot, language: str) -> str:
    if spot.per_1000 is None or spot.smoothed_per_1000 is None:
        return translate("; no household, no rate", language)
    said = translate("; {raw} per 1,000 households, {smoothed} smoothed", language)
    return said.format(raw=cut(spot.per_1000), smoothed=cut(spot.smoothed_per_1000))


def spots_frame(report: Report, ground: Ground, language: str) -> GeoDataFrame:
    """Return hotspots as rows with what is said of each, its sentence ``text`` in ``language``, and its area (EPSG:4490)."""
    import geopandas as gpd

    rows = [{**said_of(spot), "grids": ";".join(spot.codes)} for spot in report.hotspots]
    values = {name: [row[name] for row in rows] for name in SAID if name != "label"}
    values["text"] = [sentence(spot, language) for spot in report.hotspots]
    shapes = [ground.outline(spot.codes) for spot in report.hotspots]
    return gpd.GeoDataFrame(values, geometry=gpd.GeoSeries(shapes, crs=SRID_STORED), crs=SRID_STORED)


def rates_frame(report: Report, ground: Ground) -> GeoDataFrame:
    """Return every grid with events, what is usual there, households and events per 1,000 of them: counted, and smoothed.

    Rates are empty where there are no households.
    """
    import geopandas as gpd

    def per_1000(rates: np.ndarray) -> list[float | None]:
        return [None if np.isnan(rate) else round(float(rate) * 1000, ROUND) for rate in rates]

    values = {
        "code": ground.codes.tolist(),
        "name": ground.names.tolist(),
        "events": report.counts.tolist(),
        "usual": np.round(report.expected, ROUND).tolist(),
        "households": ground.households.astype(int).tolist(),
        "per_1000": per_1000(report.rates.raw),
        "smoothed_per_1000": per_1000(report.rates.smoothed),
    }
    return gpd.GeoDataFrame(values, geometry=gpd.GeoSeries(list(ground.shapes), crs=SRID_STORED), crs=SRID_STORED)
