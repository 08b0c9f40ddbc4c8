"""Who reaches no station, from files: roads as they are on a day, stations that are capable and open, people or crossings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from etl.circles import read_roads, read_rows
from etl.closures import read_closures
from etl.errors import NoStationOpen
from etl.kinds import AREA
from etl.recipe import Recipe
from geogrid.domain.opening import Fit, Fitness, Need, fit
from geogrid.domain.speeds import USUAL_SPEEDS, Speeds
from geogrid.domain.stations import TravelMode
from geogrid.domain.unreached import Unreached
from geogrid.space.crs import SRID_STORED, default_metric_srid
from geogrid.texts import translate

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from geogrid.space.network import RoadNetwork

STATION_COLUMNS = ("level", "industries", "hours", "capacity")


@dataclass(frozen=True)
class Asked:
    """What is asked: by which mode, on which day, with what speeds; of stations only what ``need`` says."""

    mode: TravelMode
    need: Need
    day: date | None = None
    speeds: Speeds = USUAL_SPEEDS
    datum: str | None = None


@dataclass(frozen=True)
class Found:
    """The rows that reach no station (EPSG:4490; ``reason``, and ``grid_code`` where grids were given), of how many."""

    rows: GeoDataFrame
    asked: int

    def by_reason(self) -> dict[Unreached, int]:
        """Return how many by reason, in the order of the reasons."""
        counts = self.rows["reason"].value_counts()
        return {reason: int(counts[reason.value]) for reason in Unreached if reason.value in counts}

    def by_grid(self) -> dict[str, int]:
        """Return how many by grid, the most first; empty where no grids were given."""
        if "grid_code" not in self.rows:
            return {}
        counts = self.rows["grid_code"].fillna("-").value_counts()
        return {str(code): int(count) for code, count in sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))}


def find(stations: str, roads: str, places: str | None, grids: str | None, closures: str | None, asked: Asked) -> Found:
    """Return who reaches no station: the rows of ``places``, or, without them, the crossings and ends of roads.

    Raises
    ------
    NoStationOpen
        where stations are asked to be capable and open and none is: no answer would be a guess
    """
    needed = ("code",) if asked.need.at is None else ("code", "hours")  # without hours nobody knows who is open
    here = open_stations(read_rows(stations, needed, asked.datum, also=STATION_COLUMNS), asked.need)
    lonlat = _lonlat(here)
    network = network_of(roads, default_metric_srid(*lonlat.mean(axis=0)), closures, asked)
    rows, count = _lost_places(network, lonlat, places, asked) if places else _lost_nodes(network, lonlat, asked)
    return Found(rows if grids is None else _with_grids(rows, grids, asked.datum), count)


def network_of(roads: str, metric_srid: int, closures: str | None, asked: Asked) -> RoadNetwork:
    """Return the roads of a file under the speeds, in the season and with the closures of the day asked about."""
    from geogrid.space.network import Conditions, RoadNetwork
    from geogrid.space.network_closures import on_day

    usual = Conditions(speeds=asked.speeds)
    network = RoadNetwork.from_frame(read_roads(roads, asked.datum), metric_srid=metric_srid, conditions=usual)
    if asked.day is None:
        return network
    found = [] if closures is None else read_closures(Path(closures), Recipe(datum=asked.datum))
    return on_day(network, found, asked.day)


def open_stations(stations: GeoDataFrame, need: Need) -> GeoDataFrame:
    """Return the stations that are capable and open; a column that the file lacks holds what is usual."""
    usual = {"level": "point", "industries": "", "hours": "", "capacity": 0}
    rows = [
        {name: row[name] if name in row and not pd.isna(row[name]) else value for name, value in usual.items()}
        for row in stations.drop(columns="geometry").to_dict("records")
    ]
    found = fit(rows, need)
    if not any(found.mask):
        raise _none(found)
    return stations[found.mask]


def _none(found: Fit) -> NoStationOpen:
    closed = found.fitness.count(Fitness.CLOSED)
    unknown = found.fitness.count(Fitness.HOURS_NOT_STATED) + found.fitness.count(Fitness.HOURS_UNREADABLE)
    opening = "-" if found.next_opening is None else found.next_opening.isoformat(timespec="minutes")
    count = len(found.fitness)
    return NoStationOpen(count=count, closed=closed, unknown=unknown, other=count - closed - unknown, next=opening)


def _lost_places(network: RoadNetwork, stations: np.ndarray, places: str, asked: Asked) -> tuple[GeoDataFrame, int]:
    from geogrid.space.network_unreached import unreached

    people = read_rows(places, (), asked.datum, also=("name", "address"))
    found = unreached(network, stations, _lonlat(people), asked.mode)
    lost = people.iloc[found.position].reset_index(drop=True)
    return lost.assign(mode=asked.mode.value, reason=found.reason), len(people)


def _lost_nodes(network: RoadNetwork, stations: np.ndarray, asked: Asked) -> tuple[GeoDataFrame, int]:
    import geopandas as gpd

    from geogrid.space.network_unreached import unreached_nodes

    found = unreached_nodes(network, stations, asked.mode)
    roads = network.modes[asked.mode]
    columns = {"node": network.node_ids[found.position], "mode": asked.mode.value, "reason": found.reason}
    points = gpd.points_from_xy(*network.node_lonlat[found.position].T)
    count = len(np.unique(np.concatenate([roads.tail, roads.head])))
    return gpd.GeoDataFrame(columns, geometry=points, crs=SRID_STORED), count


def _with_grids(rows: GeoDataFrame, grids: str, datum: str | None) -> GeoDataFrame:
    """Add the code of the covering grid: the lowest of several."""
    areas = read_rows(grids, ("code",), datum, AREA).sort_values("code", kind="stable")
    point, area = areas.sindex.query(rows.geometry.to_numpy(), predicate="covered_by")
    first = np.full(len(rows), len(areas))
    np.minimum.at(first, point, area)
    codes = np.append(areas["code"].astype(str).to_numpy(dtype=object), None)
    return rows.assign(grid_code=codes[first])


def _lonlat(points: GeoDataFrame) -> np.ndarray:
    return np.column_stack([points.geometry.x, points.geometry.y])


def words(found: Found, language: str, most_grids: int = 10) -> list[str]:
    """Return what was found in lines: how many, by reason, and the grids with the most."""
    head = translate("{count} of {all} reach no station by road", language)
    line = translate("{name}: {count}", language)
    lines = [head.format(count=f"{len(found.rows):,}", all=f"{found.asked:,}")]
    lines += [
        "  " + line.format(name=translate(reason.label, language, "Unreached"), count=f"{count:,}")
        for reason, count in found.by_reason().items()
    ]
    return lines + [f"  {code}: {count:,}" for code, count in list(found.by_grid().items())[:most_grids]]
