"""Minutes on foot by a router that shares nothing with ours: networkx on a graph built from the lines of a frame of roads."""

from __future__ import annotations

import networkx as nx
import numpy as np
import shapely

from geogrid.space.crs import metric_xy

M_A_MINUTE, STEPS_M_A_MINUTE, FARTHEST_M = 80.0, 40.0, 500.0


def minutes_on_foot(roads, stations_lonlat, homes_lonlat, metric_srid):
    """Minutes of every home to the nearest station, inf where no road is near; no code of ours but that for metres."""
    walked = roads[roads["walk"].to_numpy(bool)]
    bridge, length = walked["bridge"].to_numpy(bool), walked["length_m"].to_numpy()
    ends = list(zip(walked["from_node"], walked["to_node"], strict=True))
    weight = length / np.where(walked["road_class"] == "steps", STEPS_M_A_MINUTE, M_A_MINUTE)
    lines = shapely.transform(walked.geometry.to_numpy(), lambda xy: np.column_stack(metric_xy(xy[:, 0], xy[:, 1], metric_srid)))
    graph = nx.MultiGraph()
    for (tail, head), minutes in zip(ends, weight, strict=True):
        graph.add_edge(tail, head, minutes=minutes)
    ground = np.flatnonzero(~bridge)
    tree = shapely.STRtree(lines[ground])

    def on_road(lonlat):
        points = shapely.points(np.column_stack(metric_xy(lonlat[:, 0], lonlat[:, 1], metric_srid)))
        edge = ground[tree.nearest(points)]
        share = shapely.line_locate_point(lines[edge], points, normalized=True)
        away_m = shapely.distance(lines[edge], points)
        return edge, share, np.where(away_m <= FARTHEST_M, away_m / M_A_MINUTE, np.inf)

    at_edge, at_share, at_access = on_road(stations_lonlat)
    for station, (edge, share, access) in enumerate(zip(at_edge, at_share, at_access, strict=True)):
        graph.add_edge("all", (station,), minutes=0)
        graph.add_edge((station,), ends[edge][0], minutes=access + share * weight[edge])
        graph.add_edge((station,), ends[edge][1], minutes=access + (1 - share) * weight[edge])
    times = nx.single_source_dijkstra_path_length(graph, "all", weight="minutes")
    edge, share, access = on_road(homes_lonlat)
    to_ends = [np.array([times.get(end[side], np.inf) for end in ends]) for side in (0, 1)]
    out = np.minimum(to_ends[0][edge] + share * weight[edge], to_ends[1][edge] + (1 - share) * weight[edge])
    for station in range(len(at_edge)):  # who lives on a station's own edge walks along it
        here = np.flatnonzero(edge == at_edge[station])
        out[here] = np.minimum(out[here], np.abs(share[here] - at_share[station]) * weight[edge[here]] + at_access[station])
    return out + access
