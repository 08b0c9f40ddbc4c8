"""Minutes by a router that shares nothing with ours: networkx on a graph built from the lines of a frame of roads."""

from __future__ import annotations

import networkx as nx
import numpy as np
import shapely

from geogrid.domain.stations import TravelMode
from geogrid.space.crs import from_metric, metric_xy

ON_FOOT_M_A_MINUTE, STEPS_M_A_MINUTE, FARTHEST_M = 80.0, 40.0, 500.0
BY_EBIKE_M_A_MINUTE, OFF_STREET_M_A_MINUTE = 250.0, 1000 / 6


def usable(roads, mode):
    """The roads of a mode, the minutes along each, and whether each binds the mode to its direction."""
    used = roads[roads[mode.value].to_numpy(bool)]
    length, sort = used["length_m"].to_numpy(), used["road_class"].to_numpy()
    if mode is TravelMode.WALK:
        return used, length / np.where(sort == "steps", STEPS_M_A_MINUTE, ON_FOOT_M_A_MINUTE), np.zeros(len(used), dtype=bool)
    pace = np.where(np.isin(sort, ["path", "track"]), OFF_STREET_M_A_MINUTE, BY_EBIKE_M_A_MINUTE)
    pace = used["speed_car_kmh"].to_numpy(float) / 0.06 if mode is TravelMode.CAR else pace
    bound = used.get(f"oneway_{mode.value}", used["oneway"])
    return used, length / pace, np.where(bound.isna(), used["oneway"], bound).astype(bool)


def metric_lines(roads, metric_srid):
    """The lines of roads in metres."""
    lines = roads.geometry.to_numpy()
    return shapely.transform(lines, lambda xy: np.column_stack(metric_xy(xy[:, 0], xy[:, 1], metric_srid)))


def minutes_of(roads, stations_lonlat, homes_lonlat, metric_srid, mode=TravelMode.WALK):
    """Minutes of every home to the nearest station, inf where no road is near; no code of ours but that for metres."""
    used, weight, one_way = usable(roads, mode)
    ends = list(zip(used["from_node"], used["to_node"], strict=True))
    lines = metric_lines(used, metric_srid)
    graph = nx.MultiDiGraph()  # from stations back to where people start
    for (tail, head), minutes, bound in zip(ends, weight, one_way, strict=True):
        graph.add_edge(head, tail, minutes=minutes)
        if not bound:
            graph.add_edge(tail, head, minutes=minutes)
    ground = np.flatnonzero(~used["bridge"].to_numpy(bool))
    tree = shapely.STRtree(lines[ground])

    def on_road(lonlat):
        points = shapely.points(np.column_stack(metric_xy(lonlat[:, 0], lonlat[:, 1], metric_srid)))
        edge = ground[tree.nearest(points)]
        share = shapely.line_locate_point(lines[edge], points, normalized=True)
        away_m = shapely.distance(lines[edge], points)
        return edge, share, np.where(away_m <= FARTHEST_M, away_m / ON_FOOT_M_A_MINUTE, np.inf)

    at_edge, at_share, at_access = on_road(stations_lonlat)
    for station, (edge, share, access) in enumerate(zip(at_edge, at_share, at_access, strict=True)):
        graph.add_edge("all", (station,), minutes=0)
        graph.add_edge((station,), ends[edge][0], minutes=access + share * weight[edge])
        if not one_way[edge]:
            graph.add_edge((station,), ends[edge][1], minutes=access + (1 - share) * weight[edge])
    times = nx.single_source_dijkstra_path_length(graph, "all", weight="minutes")
    edge, share, access = on_road(homes_lonlat)
    tail, head = (np.array([times.get(end[side], np.inf) for end in ends])[edge] for side in (0, 1))
    out = np.minimum(np.where(one_way[edge], np.inf, tail + share * weight[edge]), head + (1 - share) * weight[edge])
    for station in range(len(at_edge)):  # who lives on a station's own edge goes along it
        here = np.flatnonzero(edge == at_edge[station])
        here = here[~one_way[edge[here]] | (share[here] <= at_share[station])]
        out[here] = np.minimum(out[here], np.abs(share[here] - at_share[station]) * weight[edge[here]] + at_access[station])
    return out + access


def along_roads(roads, mode, step_m, metric_srid):
    """Places along the roads of a mode, bridges aside, about ``step_m`` apart, and the metres of road that each stands for."""
    used, _, _ = usable(roads, mode)
    lines = metric_lines(used[~used["bridge"].to_numpy(bool)], metric_srid)
    length = shapely.length(lines)
    count = np.maximum((length / step_m).astype(int), 1)
    road = np.repeat(np.arange(len(lines)), count)
    number = np.arange(len(road)) - np.repeat(np.cumsum(count) - count, count)
    places = shapely.line_interpolate_point(lines[road], (number + 0.5) / count[road], normalized=True)
    return shapely.get_coordinates(from_metric(places, metric_srid)), length[road] / count[road]
