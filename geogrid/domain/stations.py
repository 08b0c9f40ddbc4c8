"""Dispute stations: the centre, the stations of townships, the points of villages."""

from __future__ import annotations

from geogrid.domain.labelled import LabelledEnum


class StationLevel(LabelledEnum):
    """Levels of a station (中心、站、点). The centre is no candidate for "nearest"."""

    CENTRE = "centre", "Centre"
    STATION = "station", "Station"
    POINT = "point", "Point"

    @property
    def is_nearest_candidate(self) -> bool:
        """Whether a station of this level can be an event's nearest one (DOMAIN: among the 220, never the centre)."""
        return self is not StationLevel.CENTRE


class TravelMode(LabelledEnum):
    """How people reach a station; every circle and figure names its mode."""

    WALK = "walk", "On foot"
    EBIKE = "ebike", "By e-bike"
    CAR = "car", "By car"
