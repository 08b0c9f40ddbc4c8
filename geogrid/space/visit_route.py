"""The order of a day's visits: the shortest round from the station and back, by road where one leads, else straight.

Up to nine visits the order is the best there is (Held and Karp's dynamic programme); more are joined nearest first and then
mended by turning parts round until nothing gets better (2-opt). Ways may take longer one way than the other: one-way streets.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from geogrid.domain.speeds import STRAIGHT_CAR_KMH, USUAL_KMH
from geogrid.domain.stations import TravelMode
from geogrid.space.crs import metric_xy
from geogrid.space.network import DETOUR

if TYPE_CHECKING:
    from geogrid.space.network import RoadNetwork

EXACT_UP_TO = 9
STRAIGHT_KMH = {mode: STRAIGHT_CAR_KMH if mode is TravelMode.CAR else USUAL_KMH[mode]["other"] for mode in TravelMode}


@dataclass(frozen=True)
class VisitRoute:
    """Visits in their order: ``order`` are positions (from 0) of the visits, ``leg_minutes`` the ways, the last one back.

    ``is_exact``: no order is shorter. ``by_road`` tells of each leg whether its time is one on roads.
    """

    order: tuple[int, ...]
    leg_minutes: tuple[float, ...]
    by_road: tuple[bool, ...]
    is_exact: bool

    @property
    def minutes(self) -> float:
        """The whole way, there and back."""
        return float(sum(self.leg_minutes))


def travel_minutes(
    places_lonlat: np.ndarray, mode: TravelMode, *, metric_srid: int, network: RoadNetwork | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return minutes from each place to each other (n, n), and whether they are of a way by road.

    ``places_lonlat`` (n, 2) in degrees. Without a network, or where no road leads, the straight line with ``DETOUR`` stands in.
    """
    lonlat = np.asarray(places_lonlat, float).reshape(-1, 2)
    x, y = metric_xy(lonlat[:, 0], lonlat[:, 1], metric_srid)
    straight_m = np.hypot(x[:, None] - x, y[:, None] - y)
    minutes = straight_m * DETOUR / (STRAIGHT_KMH[mode] * 1000 / 60)
    by_road = np.zeros(minutes.shape, bool)
    if network is not None and len(lonlat):
        snapped = network.snap(lonlat[:, 0], lonlat[:, 1], mode)
        for to in range(len(lonlat)):
            found, rank = network.flood(lonlat[to], mode).at(snapped)
            reached = (rank >= 0) & np.isfinite(found)
            minutes[reached, to], by_road[reached, to] = found[reached], True
    np.fill_diagonal(minutes, 0.0)
    return minutes, by_road


def order_visits(minutes: np.ndarray, by_road: np.ndarray | None = None) -> VisitRoute:
    """Return the shortest round from place 0 (the station) through all others and back.

    ``minutes`` (n + 1, n + 1) from row to column. Among equally short rounds the one that visits lower positions first is taken.
    """
    count = len(minutes) - 1
    exact = count <= EXACT_UP_TO
    path = _held_karp(minutes) if exact else _two_opt(_nearest_first(minutes), minutes)
    round_trip = [0, *path, 0] if path else [0]
    legs = list(pairwise(round_trip))
    road = tuple(bool(by_road[a, b]) if by_road is not None else False for a, b in legs)
    return VisitRoute(tuple(place - 1 for place in path), tuple(float(minutes[a, b]) for a, b in legs), road, exact)


def minutes_of(order: tuple[int, ...], minutes: np.ndarray) -> float:
    """Return how long a round takes that visits positions (from 0) in this order."""
    path = [0, *(place + 1 for place in order), 0]
    return float(sum(minutes[a, b] for a, b in pairwise(path))) if order else 0.0


def _held_karp(minutes: np.ndarray) -> list[int]:
    """Return the best path over places 1..n: for every set of places and every last one, the shortest way there."""
    count = len(minutes) - 1
    if count == 0:
        return []
    best: dict[tuple[int, int], tuple[float, tuple[int, ...]]] = {
        (1 << i, i): (float(minutes[0, i + 1]), (i + 1,)) for i in range(count)
    }
    for members in range(1, 1 << count):
        for last in range(count):
            here = best.get((members, last))
            if here is None:
                continue
            for to in range(count):
                if members >> to & 1:
                    continue
                key = (members | 1 << to, to)
                candidate = (here[0] + float(minutes[last + 1, to + 1]), (*here[1], to + 1))
                if key not in best or candidate < best[key]:
                    best[key] = candidate
    whole = (1 << count) - 1
    ends = ((best[whole, last][0] + float(minutes[last + 1, 0]), best[whole, last][1]) for last in range(count))
    return list(min(ends)[1])


def _nearest_first(minutes: np.ndarray) -> list[int]:
    path, left = list[int](), set(range(1, len(minutes)))
    here = 0
    while left:
        here = min(left, key=lambda place: (float(minutes[here, place]), place))
        left.remove(here)
        path.append(here)
    return path


def _two_opt(path: list[int], minutes: np.ndarray) -> list[int]:
    def length(order: list[int]) -> float:
        whole = np.array([0, *order, 0])
        return float(minutes[whole[:-1], whole[1:]].sum())

    shortest, improved = length(path), True
    while improved:
        improved = False
        for i in range(len(path) - 1):
            for j in range(i + 1, len(path)):
                turned = path[:i] + path[i : j + 1][::-1] + path[j + 1 :]
                candidate = length(turned)
                if candidate < shortest - 1e-9:
                    path, shortest, improved = turned, candidate, True
    return path
