"""``./run bench redraw``: a border moves, the index and the answers of all events follow; against joining them anew.

A drag moves the middle of a border that two grids share by some twenty metres. Measured for each: the index with the border
moved, and the answers of all points brought up to it. First each is compared with an index made anew from all grids; a second
series drags on and on, each time from where the one before ended.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import geopandas as gpd
import numpy as np
import shapely

from geogrid.space.answers import Assignments
from geogrid.space.index import AssignmentIndex
from geogrid.space.reindex import Redrawn, redrawn
from tests.bench import grounds, harness

DRAGS, ANEW = 21, 7
FARTHEST_DEGREES = 0.0003  # 23 m from west to east, 33 m from south to north
LEAST_SHARED = 5  # vertices that two grids share
SHARE = 0.01  # of the time to join anew


@dataclass(frozen=True)
class Drag:
    """The two grids of a border after it moved."""

    changed: gpd.GeoDataFrame


@click.command()
@harness.points_option(1_000_000)
@harness.small_option
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Where the figures go.")
def main(points: int, small: bool, out: Path | None) -> None:
    """Measure how soon an index and all its answers follow a border that is dragged."""
    harness.prepare()
    machine = harness.machine()
    ground = grounds.made_ground(min(points, 20_000) if small else points, small)
    found = {"machine": machine, "points": len(ground.lon), "grids": len(ground.grids), **measured(ground, small)}
    gates = [
        *harness.exact("redraw: answers that differ from an index made anew", found["differences"]),
        *harness.at_most("redraw: share of the time of geopandas joining anew", found["share_of_geopandas"], gate=SHARE),
    ]
    harness.report("redraw", found, gates, lines=lines(found), small=small, out=out)


def measured(ground: grounds.Ground, small: bool) -> dict[str, Any]:
    """Return what the drags took, in seconds, and how many answers were wrong."""
    index, rng = ground.index(compiled=True, everything=True), np.random.default_rng(3)
    was = index.assign(ground.lon, ground.lat)
    drags = list(made_drags(ground.grids, rng, 3 if small else DRAGS))
    one_by_one = [timed(index, was, drag, ground) for drag in drags]
    wrong = sum(
        differences(ground, [drag], now)
        for drag, (_, _, _, now) in list(zip(drags, one_by_one, strict=True))[: 1 if small else ANEW]
    )
    chained, last = chain(index, was, drags, ground)
    wrong += differences(ground, drags, last)
    points, areas = grounds.points_frame(ground), ground.grids[["code", "geometry"]]
    geopandas = harness.seconds(1 if small else 3, lambda: gpd.sjoin(points, areas, predicate="intersects"))
    both = statistics.median(a + b for a, b, _, _ in one_by_one)
    return {
        "differences": wrong,
        "re-index": statistics.median(one[0] for one in one_by_one),
        "re-assign": statistics.median(one[1] for one in one_by_one),
        "both": both,
        "both, slowest": max(one[0] + one[1] for one in one_by_one),
        "both, at the end of all drags": statistics.median(one[0] + one[1] for one in chained[-5:]),
        "points asked again": statistics.median(one[2] for one in one_by_one),
        "all points, at the end of all drags": harness.seconds(3, lambda: last.index.assign(ground.lon, ground.lat)),
        "all points, index made anew": harness.seconds(3, lambda: index.assign(ground.lon, ground.lat)),
        "geopandas intersects": geopandas,
        "share_of_geopandas": both / geopandas,
    }


# -- drags ------------------------------------------------------------------------------------------------------------


def made_drags(grids: gpd.GeoDataFrame, rng: np.random.Generator, count: int) -> Iterator[Drag]:
    """Yield drags of borders that have no grid in common, so that they can also be made one after another."""
    shapes, taken, found = np.asarray(grids.geometry.array), set[int](), 0
    left, right = shapely.STRtree(shapes).query(shapes, predicate="touches")
    for pair in rng.permutation(np.flatnonzero(left < right)).tolist():
        one, other = int(left[pair]), int(right[pair])
        moved = None if {one, other} & taken else moved_border(shapes[one], shapes[other], rng)
        if moved is None:
            continue
        taken |= {one, other}
        yield Drag(
            grids.iloc[[one, other]].set_geometry(gpd.GeoSeries(list(moved), crs=grids.crs, index=grids.index[[one, other]]))
        )
        found += 1
        if found == count:
            return


def moved_border(one: Any, other: Any, rng: np.random.Generator) -> tuple[Any, Any] | None:
    """Return two polygons with the inner vertices of their shared border moved alike, None where that cannot be."""
    shared = {tuple(xy) for xy in shapely.get_coordinates(one)} & {tuple(xy) for xy in shapely.get_coordinates(other)}
    rim = {tuple(xy) for xy in shapely.get_coordinates(shapely.boundary(shapely.union(one, other)))}
    inner = shared - rim
    if len(inner) < LEAST_SHARED:
        return None
    step = rng.uniform(-FARTHEST_DEGREES, FARTHEST_DEGREES, 2)

    def move(xy: np.ndarray) -> np.ndarray:
        at = np.array([tuple(place) in inner for place in xy])
        return np.round(np.where(at[:, None], xy + step, xy), 9)

    moved = shapely.transform(one, move), shapely.transform(other, move)
    return moved if all(shape.is_valid for shape in moved) and not shapely.overlaps(*moved) else None


def timed(index: AssignmentIndex, was: Assignments, drag: Drag, ground: grounds.Ground) -> tuple[float, float, int, Redrawn]:
    """Return the seconds of re-indexing and of re-assigning, how many points were asked again, and the outcome."""
    start = time.perf_counter()
    now = redrawn(index, drag.changed)
    between = time.perf_counter()
    now.reassign(was, ground.lon, ground.lat)
    end = time.perf_counter()
    return between - start, end - between, len(now.asked_again(ground.lon, ground.lat, None)), now


def chain(
    index: AssignmentIndex, was: Assignments, drags: list[Drag], ground: grounds.Ground
) -> tuple[list[tuple[float, float]], Redrawn]:
    """Drag one border after another, each time from the last state; return the times and the last state."""
    taken = []
    for drag in drags:
        first, second, _, now = timed(index, was, drag, ground)
        index, was = now.index, now.reassign(was, ground.lon, ground.lat)
        taken.append((first, second))
    return taken, now


# -- exactness --------------------------------------------------------------------------------------------------------


def differences(ground: grounds.Ground, drags: list[Drag], now: Redrawn) -> int:
    """Count the points that an index made anew from all grids answers otherwise than the changed index."""
    grids = ground.grids.set_index("code", drop=False)
    for drag in drags:
        moved = drag.changed.set_index("code")
        grids.loc[moved.index, "geometry"] = moved.geometry
    anew = AssignmentIndex.from_frames(
        grids.reset_index(drop=True),
        ground.stations,
        ground.departments,
        district=ground.district,
        metric_srid=ground.metric_srid,
    ).assign(ground.lon, ground.lat)
    found = now.index.assign(ground.lon, ground.lat)
    wrong = np.zeros(len(ground.lon), dtype=bool)
    for name in ("grid_code", "rule", "station_code", "department_codes"):
        wrong |= [a != b for a, b in zip(getattr(found, name), getattr(anew, name), strict=True)]
    return int((wrong | (found.confidence != anew.confidence)).sum())


def lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the table."""
    said = f"{found['points']:,} points, {found['grids']:,} grids, {DRAGS} borders; {harness.on_what(found)}."
    yield f"{said} Differences to an index made anew: {found['differences']}."
    yield ""
    yield "| a border is dragged | ms |"
    yield "|---|--:|"
    for name in ("re-index", "re-assign", "both", "both, slowest", "both, at the end of all drags"):
        yield f"| {name} | {found[name] * 1e3:,.1f} |"
    for name in ("all points, at the end of all drags", "all points, index made anew", "geopandas intersects"):
        yield f"| {name} | {found[name] * 1e3:,.0f} |"
    yield f"| both, share of geopandas joining anew | {found['share_of_geopandas']:.2%} |"


if __name__ == "__main__":
    main()
