"""The plan of visits to enterprises: who is due, the most pressing first, and the round in which the visits of a day are made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geogrid.domain.enterprises import DueVisit, EnterpriseRules
from geogrid.domain.stations import StationLevel, TravelMode
from geogrid.rules.visit_plan import day_plan, most_pressing
from geogrid.space.visit_route import order_visits, travel_minutes
from geogrid.store.tables.geography import stations
from layers.enterprises import EnterpriseFilter, due
from layers.shapes import in_force

if TYPE_CHECKING:
    from geogrid.space.network import RoadNetwork

MODE = TravelMode.CAR  # who visits enterprises drives


@dataclass(frozen=True)
class DayPlan:
    """Who is due (``pressing``, the most pressing first), of how many; and the round of one day: stops in their order.

    ``leg_minutes`` are the ways to each stop and, last, back to where the round begins (``start_lonlat``, ``start``: its name);
    ``by_road`` whether a way is one on roads.
    """

    pressing: tuple[DueVisit, ...]
    total: int
    stops: tuple[DueVisit, ...]
    leg_minutes: tuple[float, ...] = ()
    by_road: tuple[bool, ...] = ()
    start: str = ""
    start_lonlat: tuple[float, float] | None = None
    is_exact: bool = True


def plan(
    session: Session,
    rules: EnterpriseRules,
    *,
    today: date,
    metric_srid: int,
    network: RoadNetwork | None,
    chosen: EnterpriseFilter | None = None,
) -> DayPlan:
    """Return the plan for the enterprises of a filter that the reader sees.

    The round begins at the station of the township, where it has one, else at its first stop.
    """
    everyone = due(session, rules, today=today, chosen=chosen)
    pressing = most_pressing(rules, everyone)
    stops = day_plan(rules, pressing)
    if not stops:
        return DayPlan(tuple(pressing), len(everyone), ())
    name, start = _start(session, stops[0])
    places = np.array([start, *(one.point_lonlat for one in stops)], float)
    minutes, by_road = travel_minutes(places, MODE, metric_srid=metric_srid, network=network)
    route = order_visits(minutes, by_road)
    ordered = tuple(stops[i] for i in route.order)
    return DayPlan(tuple(pressing), len(everyone), ordered, route.leg_minutes, route.by_road, name, start, route.is_exact)


def _start(session: Session, first: DueVisit) -> tuple[str, tuple[float, float]]:
    columns = (stations.c.name, func.ST_X(stations.c.geom).label("lon"), func.ST_Y(stations.c.geom).label("lat"))
    of_township = (stations.c.unit_code == first.township_code, stations.c.level == StationLevel.STATION.value)
    row = session.execute(
        select(*columns).where(in_force(stations), *of_township).order_by(stations.c.code).limit(1)
    ).one_or_none()
    return (row.name, (row.lon, row.lat)) if row else (first.name, first.point_lonlat)
