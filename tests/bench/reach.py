"""Reach sets and circles: every station's ten minutes, against networkx, scipy, pgRouting and the chain in the manner of osmnx.

Exactness first: every node and tick equals scipy's, on foot, by e-bike and by car; shapes are held against households whose
minutes another router (networkx, on a graph built from the lines) found. Peers that would take minutes are run on a sample of
stations, spread evenly, and scaled to all; the sample is stated.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click
import numpy as np
import shapely

from etl.synthesise import SMALL, build_twin
from etl.synthesise.sizes import HULAN
from geogrid.domain.places import PlaceKind
from geogrid.domain.profiles import parse_profile
from geogrid.domain.stations import TravelMode
from geogrid.settings import ROOT
from geogrid.space.circles import Circles
from geogrid.space.network import RoadNetwork
from geogrid.space.reach import WholeRoads, reach_of
from tests.bench import reach_peers as peers
from tests.bench.harness import Gate, at_least, at_most, exact, machine, on_what, prepare, report, seconds, small_option
from tests.space.another_router import minutes_of

MINUTES = 10.0
SAMPLE = 8


@click.command()
@small_option
@click.option("--pgrouting/--no-pgrouting", default=True, help="Whether to start a cluster and ask pgRouting too.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the figures.")
def main(small: bool, pgrouting: bool, out: Path | None) -> None:
    """Measure reach sets and circles of the twin's stations."""
    prepare()
    found: dict[str, Any] = {"machine": machine(), "minutes": MINUTES}
    profile = parse_profile((ROOT / "data" / "profiles" / "999901.toml").read_text("utf-8"))
    twin = build_twin(profile, 1, size=SMALL if small else HULAN)
    network = RoadNetwork.from_frame(twin["roads"], metric_srid=profile.metric_srid)
    stations = twin["stations"][twin["stations"]["level"] != "centre"].geometry
    at = np.column_stack([stations.x, stations.y])
    gates: list[Gate] = []
    for mode in TravelMode:
        found[mode.value] = measure(network, at, mode, small, pgrouting)
        gates += gates_of(mode, found[mode.value])
    found["shapes"] = {mode.value: shapes_held(network, twin, at, mode) for mode in TravelMode}
    for mode, by_minutes in found["shapes"].items():
        for minutes, one in by_minutes.items():
            gates += at_least(f"share of reached households inside the shapes, {mode}, {minutes} min", one["held"], gate=0.98)
            gates += at_most(f"share of households inside not reached, {mode}, {minutes} min", one["false"], gate=0.001)
    report("reach", found, gates, lines=lines_of(found), small=small, out=out)


def measure(network: RoadNetwork, at: np.ndarray, mode: TravelMode, small: bool, pgrouting: bool) -> dict[str, Any]:
    """Times of one mode in seconds, and how many stations' sets differ from scipy's."""
    roads = network.modes[mode]
    places = network.snap(at[:, 0], at[:, 1], mode)
    whole = WholeRoads(roads)  # ready before, as the graphs and tables of the peers are
    reach = reach_of(whole, places, MINUTES)
    same = peers.scipy_within(roads, reach, MINUTES)
    told: dict[str, Any] = {"stations": len(reach), "nodes": len(reach.node)}
    told["differing"] = sum(not _equal(reach.within(i, MINUTES), same[i]) for i in range(len(reach)))
    told["ours_s"] = seconds(7, lambda: reach_of(whole, places, MINUTES))
    told["scipy_s"] = seconds(1, lambda: peers.scipy_within(roads, reach, MINUTES))
    sample = np.unique(np.linspace(0, len(reach) - 1, 2 if small else SAMPLE).astype(int)).tolist()
    scale = len(reach) / len(sample)
    told["sample"] = len(sample)
    graph, centres = peers.networkx_graph(roads), [peers.centre_of(reach, i) for i in sample]
    told["networkx_s"] = scale * seconds(1, lambda: peers.ego_graphs(graph, centres, MINUTES))
    told["osmnx_chain_s"] = scale * seconds(1, lambda: [peers.buffered(one) for one in peers.ego_graphs(graph, centres, MINUTES)])
    circles = Circles.of(network, at, mode, limit_minutes=MINUTES)
    _chain(circles, places)  # the raster's cells are prepared once for a network
    told["prepared_cells"] = sum(len(cells.blocks) for cells in circles.raster.rasters.values()) * 64 * 64
    told["ours_chain_s"] = seconds(3, lambda: _chain(circles, places))
    if pgrouting:
        with tempfile.TemporaryDirectory(prefix="geogrid-bench-") as folder:
            Path(folder).chmod(0o755)
            every = [peers.centre_of(reach, i) for i in range(len(reach))]
            asked = peers.pgrouting_seconds(Path(folder), roads, every, MINUTES, 1 if small else 3)
            told["pgrouting_s"], told["pgrouting_counted_s"] = asked
    return told


def _equal(ours: tuple[np.ndarray, np.ndarray], theirs: tuple[np.ndarray, np.ndarray]) -> bool:
    order = np.argsort(ours[0])
    return np.array_equal(ours[0][order], theirs[0]) and np.array_equal(ours[1][order], theirs[1])


def _chain(circles: Circles, places: Any) -> list[shapely.Geometry]:
    """From places on the roads to a polygon of every station."""
    reach = reach_of(circles.reach.whole, places, MINUTES)
    return [circles.raster.shapes(reach, station, [MINUTES])[0] for station in range(len(reach))]


def gates_of(mode: TravelMode, one: dict[str, Any]) -> list[Gate]:
    gates = exact(f"{mode.value}: stations whose reach set is not scipy's", one["differing"])
    hardest = mode is TravelMode.CAR  # the largest sets: the others are reported
    ratio = one["networkx_s"] / one["ours_s"]
    gates += at_least(f"{mode.value}: reach sets, times networkx ego_graph", ratio, gate=300 if hardest else None, goal=500)
    chain = one["osmnx_chain_s"] / one["ours_chain_s"]
    gates += at_least(f"{mode.value}: with polygons, times the osmnx-style chain", chain, gate=50 if hardest else None, goal=100)
    if "pgrouting_s" in one:
        ratio = one["pgrouting_s"] / one["ours_s"]
        gates += at_least(f"{mode.value}: reach sets, times pgRouting", ratio, gate=20 if hardest else None)
        counted = one["pgrouting_counted_s"] / one["ours_s"]
        gates += at_least(f"{mode.value}: reach sets, times pgRouting that only counts them in the server", counted, goal=20)
    return gates


def shapes_held(network: RoadNetwork, twin: Any, at: np.ndarray, mode: TravelMode) -> dict[str, dict[str, float]]:
    """Share of reached households that stand inside the shapes of a mode, and of those inside that are not reached."""
    homes = np.column_stack([twin["households"].geometry.x, twin["households"].geometry.y])
    minutes = minutes_of(twin["roads"], at, homes, network.metric_srid, mode)
    places = twin["places"]
    is_area = places.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
    water = places[(places["kind"] == PlaceKind.WATER) & is_area].geometry.to_numpy()
    circles = Circles.of(network, at, mode, water=water)
    limits = (5.0, 8.0, 10.0, 15.0)
    found = {}
    for limit, shape in zip(limits, circles.together(limits), strict=True):
        shapely.prepare(shape)
        inside, reached = shapely.contains_xy(shape, homes), minutes <= limit
        held, wrong = (inside & reached).sum() / reached.sum(), (inside & ~reached).sum() / inside.sum()
        found[f"{limit:g}"] = {"reached": int(reached.sum()), "held": round(float(held), 5), "false": round(float(wrong), 6)}
    return found


def lines_of(found: dict[str, Any]) -> list[str]:
    """The section of the page: a table of times, a table of shapes."""
    sample = f"networkx and the osmnx-style chain on {found['car']['sample']} stations, scaled to all"
    lines = [f"{on_what(found)}; medians in seconds, all stations, {MINUTES:g} minutes; {sample}.", ""]
    lines.append("| mode | nodes found | geogrid | scipy | ego_graph | pgRouting | geogrid with polygons | osmnx-style |")
    lines.append("|---|--:|--:|--:|--:|--:|--:|--:|")
    names = ("ours_s", "scipy_s", "networkx_s", "pgrouting_s", "ours_chain_s", "osmnx_chain_s")
    for each in TravelMode:
        times = [found[each.value].get(name) for name in names]
        told = " | ".join("-" if value is None else f"{value:.4f}" if value < 0.1 else f"{value:.2f}" for value in times)
        lines.append(f"| {each.value} | {found[each.value]['nodes']:,} | {told} |")
    lines += [
        "",
        "| mode | minutes | households reached | held by the shapes | inside and not reached |",
        "|---|--:|--:|--:|--:|",
    ]
    for mode, by_minutes in found["shapes"].items():
        for minutes, one in by_minutes.items():
            lines.append(f"| {mode} | {minutes} | {one['reached']:,} | {one['held']:.2%} | {one['false']:.3%} |")
    return lines


if __name__ == "__main__":
    main()
