"""Hotspots of files: points and areas in any of the formats that can be loaded, without a database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from etl.circles import read_rows
from etl.errors import ColumnMissing
from etl.event_points import EventPoints, Tell, read_events
from etl.kinds import AREA
from etl.sources.table import Table, is_empty
from etl.times import time_reader, zone_named
from geogrid.domain.hotspots import Period
from geogrid.space.crs import default_metric_srid
from geogrid.space.hotspot_names import PlaceNames
from geogrid.space.hotspot_report import Ground, Happened, Report, find_hotspots
from geogrid.space.index import AssignmentIndex

ALSO = ("name", "households", "village_code")
ANY_PLACE = frozenset({"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"})


@dataclass(frozen=True)
class Files:
    """Paths; those that only give names may be missing."""

    events: str
    grids: str
    places: str | None = None
    units: str | None = None


def hotspots_in_files(
    files: Files,
    datum: str | None,
    period: Period | None,
    compared: Period | None,
    tell: Tell,
    *,
    kinds: Collection[str] = (),
    alpha: float = 0.05,
    dependent: bool = False,
) -> tuple[Report, Ground]:
    """Return the hotspots of the events in a file; all its events where there is no ``period``.

    Events need a place; ``reported_at`` where a period is asked for; ``kind`` and ``address`` help. Times without an offset are
    UTC. A row without a place counts as one in no grid; one whose place cannot be used is an error that names it.
    """
    grids = read_rows(files.grids, ("code",), datum, AREA, also=ALSO, usual="base_grids")
    places = None
    if files.places is not None:
        places = read_rows(files.places, ("name",), datum, ANY_PLACE, also=("kind",), usual="places")
    units = None
    if files.units is not None:
        units = read_rows(files.units, ("code", "name"), datum, AREA, usual="units")
    west, south, east, north = grids.total_bounds
    srid = default_metric_srid((west + east) / 2, (south + north) / 2)
    ground = Ground.from_frames(grids, units, metric_srid=srid)
    happened, at = _events(read_events(files.events, datum, tell), grids, srid, kinds, timed=period is not None)
    now = _within(happened, at, period)
    before = None if compared is None else ground.counted(_within(happened, at, compared).grid_codes)
    names = PlaceNames.from_frames(places, None, units, metric_srid=srid)
    days = {"days": 1.0 if period is None else period.days, "days_before": None if compared is None else compared.days}
    return find_hotspots(ground, now, names, before=before, alpha=alpha, dependent=dependent, **days), ground  # type: ignore[arg-type]


def _events(events: EventPoints, grids: Any, srid: int, kinds: Collection[str], *, timed: bool) -> tuple[Happened, np.ndarray]:
    table, lonlat = events.table, events.lonlat
    here = np.isfinite(lonlat).all(axis=1)
    codes = np.full(len(table), None, dtype=object)
    codes[here] = AssignmentIndex.from_frames(grids, None, metric_srid=srid).assign(*lonlat[here].T).grid_code
    happened = Happened(codes, lonlat, _texts(table, "kind"), _texts(table, "address"))
    at = np.array(_times(table) if timed else [None] * len(table), dtype=object)
    if kinds:
        wanted = np.isin(happened.kinds.astype(str), list(kinds))
        return _only(happened, wanted), at[wanted]
    return happened, at


def _texts(table: Table, column: str) -> np.ndarray:
    cells = table.frame[column].tolist() if column in table.frame else [None] * len(table)
    return np.array(["" if is_empty(cell) else str(cell) for cell in cells], dtype=object)


def _times(table: Table) -> list[Any]:
    """Return when each was reported; raises ColumnMissing, and the error of the first time that cannot be read, with its row."""
    if "reported_at" not in table.frame:
        found = ", ".join(map(str, table.frame.columns[:40]))
        raise ColumnMissing(name=table.path.name, wanted="reported_at", first="reported_at", found=found)
    read = time_reader(None, zone_named("UTC"), latest=None)
    return [None if is_empty(cell) else read(cell) for cell in table.frame["reported_at"].tolist()]


def _within(happened: Happened, at: np.ndarray, period: Period | None) -> Happened:
    if period is None:
        return happened
    return _only(happened, np.array([one is not None and period.start <= one < period.end for one in at], dtype=bool))


def _only(happened: Happened, kept: np.ndarray) -> Happened:
    return Happened(happened.grid_codes[kept], happened.lonlat[kept], happened.kinds[kept], happened.words[kept])
