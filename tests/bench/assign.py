"""``./run bench assign``: the assignment index against its peers, in one run, on the same points; exactness first.

Points are made from the twin's events: scattered by 30 m, one in a hundred outside the district, one in two hundred exactly
on a vertex of a border. Writes ``var/bench/assign.json`` and the table of ``docs/speed.md``; ends with code 1 where an answer
differs or a gate is missed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import geopandas as gpd
import numpy as np
import pandas as pd

from geogrid.space import cover
from geogrid.space.index import AssignmentIndex
from tests.bench import assign_limit, assign_postgis
from tests.bench.grounds import Ground, made_ground, points_frame
from tests.bench.harness import Gate, at_least, exact, machine, on_what, prepare, report, seconds

RUNS, RUNS_OF_PEERS = 9, 3
GATES = {
    "base_grid": {"geopandas intersects": (100, 200), "PostGIS": (100, 200)},
    "all_three": {"geopandas": (75, 150)},
}
LIMIT_SHARE = 0.4
LAST_DIGIT_M = LAST_STEP = 1.5e-6
POINTS_WITH_CIRCLES = 5_000


@click.command()
@click.option("--points", type=int, default=1_000_000, show_default=True, help="How many points.")
@click.option("--small", is_flag=True, help="The small twin: to try the bench itself.")
@click.option("--postgis/--no-postgis", default=True, help="Whether to start a cluster and ask PostGIS too.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=None, help="Where the figures go. Without: var/bench/assign.json."
)
def main(points: int, small: bool, postgis: bool, out: Path | None) -> None:
    """Measure how fast points are assigned, by the index and by its peers."""
    prepare()
    ground = made_ground(points, small)
    found: dict[str, Any] = {"machine": machine(), "points": points, "grids": len(ground.grids)}
    found["differences"] = differences(ground)
    found["base_grid"] = measure_base(ground)
    found["all_three"] = measure_all(ground)
    found["accuracy_circles"] = {"points": min(points, POINTS_WITH_CIRCLES), **measure_circles(ground)}
    if postgis:
        with tempfile.TemporaryDirectory(prefix="geogrid-bench-") as folder:
            told = assign_postgis.measure(Path(folder), ground.grids, ground.lon, ground.lat, RUNS_OF_PEERS)
        found["base_grid"]["PostGIS"] = told.seconds
        found["differences"]["PostGIS"] = int((told.codes != ground_codes(ground)).sum())
    found["ratios"] = ratios(found)
    report("assign", found, gates(found), lines=table(found), small=small, out=out)


# -- exactness --------------------------------------------------------------------------------------------------------


def differences(ground: Ground) -> dict[str, int]:
    """Count the points on which the compiled and the plain way, and the index and geopandas, disagree."""
    compiled = ground.index(compiled=True, everything=True).assign(ground.lon, ground.lat)
    plain = ground.index(compiled=False, everything=True).assign(ground.lon, ground.lat)
    wrong = np.zeros(len(ground.lon), dtype=bool)
    for name in ("grid_code", "rule", "station_code", "department_codes"):
        wrong |= [a != b for a, b in zip(getattr(compiled, name), getattr(plain, name), strict=True)]
    wrong |= ~(np.abs(compiled.distance_m - plain.distance_m) <= LAST_DIGIT_M)
    joined = geopandas_codes(ground, "intersects")
    return {
        "plain way": int(wrong.sum()),
        "plain way's circles": differences_of_circles(ground),
        "geopandas": int((joined != compiled.grid_code).sum()),
    }


def differences_of_circles(ground: Ground) -> int:
    """Count the points whose confidence or candidates differ between the two ways by more than the last of six decimals."""
    found, told = (index.assign(*asked) for index, asked in circles(ground))
    wrong = np.abs(found.confidence - told.confidence) > LAST_STEP
    for i, (ours, theirs) in enumerate(zip(found.candidates, told.candidates, strict=True)):
        alike = [one.grid_code for one in ours] == [one.grid_code for one in theirs]
        wrong[i] |= not alike or any(abs(a.share - b.share) > LAST_STEP for a, b in zip(ours, theirs, strict=True))
    return int(wrong.sum())


def circles(ground: Ground) -> list[tuple[AssignmentIndex, tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    """Return the compiled and the plain index with the first ``POINTS_WITH_CIRCLES`` points and their accuracies."""
    part = slice(POINTS_WITH_CIRCLES)
    asked = ground.lon[part], ground.lat[part], ground.accuracy_m[part]
    return [(ground.index(compiled=compiled, everything=False), asked) for compiled in (True, False)]


def ground_codes(ground: Ground) -> np.ndarray:
    return ground.index(compiled=True, everything=False).assign(ground.lon, ground.lat).grid_code


def geopandas_codes(ground: Ground, predicate: str) -> np.ndarray:
    """Return the lowest code of what geopandas joins to each point, None where it joins nothing."""
    hits = gpd.sjoin(points_frame(ground), ground.grids[["code", "geometry"]], predicate=predicate)
    lowest = hits.groupby(level=0)["code"].min()
    codes = lowest.reindex(range(len(ground.lon))).to_numpy(dtype=object)
    codes[pd.isna(codes)] = None
    return codes


# -- time -------------------------------------------------------------------------------------------------------------


def measure_base(ground: Ground) -> dict[str, float]:
    """Return the seconds each way takes to find the base grid of every point; the points are ready in each one's own form."""
    index, points = ground.index(compiled=True, everything=False), points_frame(ground)
    areas = ground.grids[["code", "geometry"]]
    shapes = np.array(points.geometry.values)
    lon, lat, n = ground.lon, ground.lat, RUNS_OF_PEERS
    return {
        "index": seconds(RUNS, lambda: index.assign(lon, lat).numbers.grid),
        "index, codes as text": seconds(RUNS, lambda: index.assign(lon, lat).grid_code),
        "limit: random look-ups": seconds(RUNS, assign_limit.random_look_ups(len(lon))),
        "geopandas intersects": seconds(n, lambda: gpd.sjoin(points, areas, predicate="intersects")),
        "geopandas intersects, polygons left": seconds(n, lambda: gpd.sjoin(areas, points, predicate="intersects")),
        "geopandas within": seconds(n, lambda: gpd.sjoin(points, areas, predicate="within")),
        "shapely prepared": seconds(n, lambda: cover.cover(index.grids, shapes)),
    }


def measure_circles(ground: Ground) -> dict[str, float]:
    """Return the seconds for the first ``POINTS_WITH_CIRCLES`` points with their accuracies: each disc is weighed exactly."""
    (index, asked), (plain, _) = circles(ground)
    return {
        "index": seconds(RUNS, lambda: index.assign(*asked).confidence),
        "plain way": seconds(RUNS_OF_PEERS, lambda: plain.assign(*asked).confidence),
    }


def measure_all(ground: Ground) -> dict[str, float]:
    """Return the seconds for base grid, set of department grids and nearest station with its distance.

    geopandas joins polygons to points, which it does faster than points to polygons (40 times faster for large department
    grids), and its share ends with its three joins: pairs of points and department grids are not gathered into sets.
    """
    index, points = ground.index(compiled=True, everything=True), points_frame(ground)

    def ours() -> object:
        found = index.assign(ground.lon, ground.lat)
        return found.grid_code, found.department_codes, found.station_code, found.distance_m

    metric = [frame.to_crs(ground.metric_srid) for frame in (points, ground.stations[["code", "geometry"]])]

    def theirs() -> object:
        grid = gpd.sjoin(ground.grids[["code", "geometry"]], points, predicate="intersects")
        sets = gpd.sjoin(ground.departments[["code", "geometry"]], points, predicate="intersects")
        return grid, sets, gpd.sjoin_nearest(*metric, distance_col="distance_m")

    return {
        "index": seconds(RUNS, lambda: index.assign(ground.lon, ground.lat)),
        "index, codes as text": seconds(RUNS, ours),
        "geopandas": seconds(RUNS_OF_PEERS, theirs),
    }


# -- what it shows ----------------------------------------------------------------------------------------------------


def ratios(found: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return how many times longer each peer takes than the index."""
    return {
        job: {name: round(taken / found[job]["index"], 2) for name, taken in found[job].items() if name != "index"}
        for job in ("base_grid", "all_three")
    }


def gates(found: dict[str, Any]) -> list[Gate]:
    """Return the gates and goals; a peer that was not asked is none."""
    held = [gate for name, count in found["differences"].items() for gate in exact(f"differences to {name}", count)]
    for job, peers in GATES.items():
        for name, (gate, goal) in peers.items():
            if name in found["ratios"][job]:
                held += at_least(f"{job}: times faster than {name}", found["ratios"][job][name], gate, goal)
    reached = found["base_grid"]["limit: random look-ups"] / found["base_grid"]["index"]
    return [*held, *at_least("base_grid: share of random look-ups", round(reached, 3), goal=LIMIT_SHARE)]


def table_rows(found: dict[str, Any]) -> Iterator[str]:
    for job, title in (("base_grid", "base grid"), ("all_three", "base grid, department grids and station")):
        for name, taken in found[job].items():
            rate = found["points"] / taken / 1e6
            yield f"| {title} | {name} | {taken * 1e3:,.1f} | {rate:,.2f} | {taken / found[job]['index']:,.1f} |"


def circle_rows(found: dict[str, Any]) -> Iterator[str]:
    weighed = found["accuracy_circles"]
    for name in ("index", "plain way"):
        rate = weighed["points"] / weighed[name] / 1e6
        title = f"accuracy circles, {weighed['points']:,} points"
        yield f"| {title} | {name} | {weighed[name] * 1e3:,.1f} | {rate:,.3f} | {weighed[name] / weighed['index']:,.1f} |"


def table(found: dict[str, Any]) -> list[str]:
    """Return the section of the page."""
    wrong = ", ".join(f"{count} to {name}" for name, count in found["differences"].items())
    says = f"{found['points']:,} points, {found['grids']:,} grids; {on_what(found)}. Differences: {wrong}."
    head = ["| job | way | ms | million points a second | times the index |", "|---|---|--:|--:|--:|"]
    return [says, "", *head, *table_rows(found), *circle_rows(found)]


if __name__ == "__main__":
    main()
