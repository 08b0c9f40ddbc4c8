"""Years with hotspots and years without, for the bench of hotspots.

Years without come from three places: the twin's own model of events with no hotspot planted (which the method does not know),
events put into grids at random by what is usual there, and the twin's year with its times shuffled among the events (for what
rises: the places keep their totals, the months theirs).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
import shapely

from etl.synthesise import events as made
from etl.synthesise.build import World
from geogrid.domain.events import Channel
from geogrid.space import crs
from geogrid.space.hotspot_names import PlaceNames
from geogrid.space.hotspot_report import Ground, Happened, Report, find_hotspots
from geogrid.space.hotspot_scan import rising, standing, usual_of, zones

YEAR_DAYS, MONTHS = 365.0, 12
AROUND = "周边"  # planted hotspots are called by a landmark and this


@dataclass(frozen=True)
class Year:
    """The twin's year: grids to look in, names, events with the planted hotspot of each ("" for none)."""

    ground: Ground
    names: PlaceNames
    happened: Happened
    planted: np.ndarray
    tree: shapely.STRtree

    @classmethod
    def of(cls, twin: dict[str, Any], metric_srid: int) -> Year:
        grids, events = twin["base_grids"], twin["events"]
        ground = Ground.from_frames(grids, twin["units"], metric_srid=metric_srid)
        lonlat = events[["lon", "lat"]].to_numpy(float).copy()
        for datum in events["datum"].unique():
            stated = (events["datum"] == datum).to_numpy()
            lonlat[stated] = np.column_stack(crs.to_record(*lonlat[stated].T, datum))
        tree = shapely.STRtree(ground.shapes)
        codes = np.append(ground.codes, None)[grid_of(tree, lonlat)]
        happened = Happened(codes, lonlat, events["kind"].to_numpy(object), events["address"].to_numpy(object))
        names = PlaceNames.from_frames(twin["places"], twin["roads"], twin["units"], metric_srid=metric_srid)
        planted = twin["truth"]["hotspot_name"].fillna("").to_numpy(object)
        return cls(ground, names, happened, planted, tree)


def grid_of(tree: shapely.STRtree, lonlat: np.ndarray) -> np.ndarray:
    """Return the number of the grid of each point, -1 for none."""
    found = np.full(len(lonlat), -1)
    point, grid = tree.query(shapely.points(lonlat), predicate="intersects")
    found[point[::-1]] = grid[::-1]  # on a border the first
    return found


def detected(year: Year, report: Report) -> dict[str, int]:
    """Count planted hotspots found (a cluster holds most of its events' nearest part) and named, and clusters not planted.

    A cluster stands for the planted hotspot that gives most of its events beyond the usual; at least half of them must be its.
    """
    found, named, not_planted = set(), set(), 0
    for spot in report.hotspots:
        own = year.planted[np.isin(year.happened.grid_codes.astype(str), list(spot.codes))]
        names, counts = np.unique(own[own != ""], return_counts=True)
        if not len(names) or counts.max() < 0.5 * (spot.events - spot.usual):
            not_planted += 1
            continue
        name = str(names[counts.argmax()])
        found.add(name)
        if spot.name.removesuffix(AROUND) == name.removesuffix(AROUND):
            named.add(name)
    planted = len(set(year.planted) - {""})
    clusters = len(report.hotspots)
    return {"planted": planted, "found": len(found), "named": len(named), "clusters": clusters, "not_planted": not_planted}


def detect(year: Year, alpha: float) -> dict[str, int]:
    """Look for the hotspots of the twin's whole year."""
    return detected(year, find_hotspots(year.ground, year.happened, year.names, days=YEAR_DAYS, alpha=alpha))


# -- years without hotspots -------------------------------------------------------------------------------------------


def called_in_plain_years(world: World, year: Year, years: int, alpha: float, *, part: float = 1.0) -> int:
    """In how many years of the twin's model, with no hotspot planted, any is called, of ``part`` of a year's events."""
    near, called = zones(year.ground.middles_m), 0
    shares = np.array(made.PLACE_SHARES) * [1.0, 1.0, 1.0, 0.0]
    with patch.object(made, "PLACE_SHARES", tuple(shares / shares.sum())):
        for number in range(years):
            rng = np.random.default_rng([2025, number])
            size = round(len(year.planted) * part)
            chances = np.array([made.CHANNEL_SHARES[name] for name in Channel])
            placed = made._place(rng, world.scene, np.sort(rng.choice(len(chances), size, p=chances)))
            lonlat, _ = made._odd(rng, world.ground, world.scene, world.ground.to_lonlat(placed.xy))
            grid = grid_of(year.tree, lonlat)
            counts = np.bincount(grid[grid >= 0], minlength=len(year.ground.codes))
            called += bool(standing(counts, usual_of(counts, year.ground.exposures), near, alpha=alpha, seed=number))
    return called


def called_in_shuffled_grids(year: Year, years: int, alpha: float) -> int:
    """In how many years any is called when every event is put into a grid at random, by what is usual there."""
    near, counts = zones(year.ground.middles_m), year.ground.counted(year.happened.grid_codes)
    usual = usual_of(counts, year.ground.exposures).expected
    called = 0
    for number in range(years):
        shuffled = np.random.default_rng([7, number]).multinomial(counts.sum(), usual / usual.sum())
        called += bool(standing(shuffled, usual_of(shuffled, year.ground.exposures), near, alpha=alpha, seed=number))
    return called


def called_in_shuffled_times(year: Year, years: int, alpha: float) -> int:
    """In how many years something is called risen in a month when the year's times are shuffled among its events."""
    near, grid = zones(year.ground.middles_m), year.ground.numbers(year.happened.grid_codes)
    size, called = len(year.ground.codes), 0
    for number in range(years):
        month = np.random.default_rng([9, number]).permutation(len(grid)) % MONTHS
        now, before = (np.bincount(grid[(grid >= 0) & (month == one)], minlength=size) for one in (1, 0))
        called += bool(rising(now, before, near, alpha=alpha, seed=number))
    return called
