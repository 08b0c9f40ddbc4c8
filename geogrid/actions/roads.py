"""The roads of an edition as they are on a day: the day's season, and what is closed then."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from geogrid.actions.district import District
from geogrid.space.network import RoadNetwork
from geogrid.space.network_closures import on_day
from geogrid.store.closures import closed_on


def roads_on(session: Session, edition_id: int, day: date, *, district: District) -> RoadNetwork | None:
    """Return the roads of an edition on a day in the district's time; None where it has none.

    What an event is assigned rests on the roads in summer and without closures: a place belongs to a station whatever the day
    on which it is asked. Whoever asks how to get there today asks here.
    """
    network = district.geography_for(edition_id).network
    return None if network is None else on_day(network, closed_on(session, day), day)
