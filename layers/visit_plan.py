"""The plan of visits to enterprises: who is due, the most pressing first, and the round in which the visits of a day are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from geogrid.domain.enterprises import DueVisit, EnterpriseRules
from geogrid.domain.stations import StationLevel, TravelMode
from geogrid.rules.scope import Scope
from geogrid.rules.visit_plan import DayOfVisits, days_ahead
from geogrid.space.visit_route import order_visits, travel_minutes
from geogrid.store.tables.geography import stations
from layers.enterprises import EnterpriseFilter, due
from layers.shapes import in_force

if TYPE_CHECKING:
    from geogrid.space.network import RoadNetwork

MODE = TravelMode.CAR  # who visits enterprises drives
MOST_DAYS = 6  # today and five working days after it


@dataclass(frozen=True)
class DayPlan:
    """Who is due (``pressing``, the most pressing first), of how many; and the round of one day: stops in their order.

    ``leg_minutes`` are the ways to each stop and, last, back to where the round begins (``start_lonlat``, ``start``: its name);
    ``by_road`` whether a way is one on roads. ``days`` are those that can be asked for, each with its visits.
    """

    day: date
    days: tuple[DayOfVisits, ...]
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
    scope: Scope,
    today: date,
    metric_srid: int,
    network: RoadNetwork | None,
    is_working: Callable[[date], bool],
    day: date | None = None,
    chosen: EnterpriseFilter | None = None,
) -> DayPlan | None:
    """Return the plan of ``day`` (None: today) for the enterprises of a filter that the reader sees; None for a day not ahead.

    The rounds of the days before it count as made. It begins at the station of the township, where it has one, else at its first
    stop.
    """
    everyone = due(session, rules, scope=scope, today=today, chosen=chosen)
    days = tuple(days_ahead(rules, everyone, today=today, most=MOST_DAYS, is_working=is_working))
    asked = next((one for one in days if one.day == (day or today)), None)
    if asked is None:
        return None
    pressing, stops = asked.pressing, asked.stops
    if not stops:
        return DayPlan(asked.day, days, pressing, len(everyone), ())
    name, start = _start(session, stops[0])
    places = np.array([start, *(one.point_lonlat for one in stops)], float)
    minutes, by_road = travel_minutes(places, MODE, metric_srid=metric_srid, network=network)
    route = order_visits(minutes, by_road)
    ordered = tuple(stops[i] for i in route.order)
    told = (ordered, route.leg_minutes, route.by_road, name, start, route.is_exact)
    return DayPlan(asked.day, days, pressing, len(everyone), *told)


def _start(session: Session, first: DueVisit) -> tuple[str, tuple[float, float]]:
    columns = (stations.c.name, func.ST_X(stations.c.geom).label("lon"), func.ST_Y(stations.c.geom).label("lat"))
    of_township = (stations.c.unit_code == first.township_code, stations.c.level == StationLevel.STATION.value)
    row = session.execute(
        select(*columns).where(in_force(stations), *of_township).order_by(stations.c.code).limit(1)
    ).one_or_none()
    return (row.name, (row.lon, row.lat)) if row else (first.name, first.point_lonlat)
