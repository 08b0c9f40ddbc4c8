"""Why somebody reaches no station."""

from __future__ import annotations

from geogrid.domain.labelled import LabelledEnum


class Unreached(LabelledEnum):
    """The first thing that is in the way; asked in this order."""

    NO_STATION = "no_station", "No station to go to"
    NO_ROAD = "no_road", "No road within 500 m"
    CLOSED = "closed", "A road is closed"
    BARRIER = "barrier", "A barrier is in the way"
    ONE_WAY = "one_way", "One-way streets lead away only"
    CUT_OFF = "cut_off", "Roads here are not joined to those of a station"
