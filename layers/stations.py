"""Dispute stations: the centre, the stations of townships, the points of villages, told apart by shape and size."""

from __future__ import annotations

from sqlalchemy import Select, select

from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.stations import StationLevel
from geogrid.store.tables.geography import stations
from layers.layer import Group, Layer, PopupField, Rule, Shape, Symbol
from layers.shapes import in_force, mercator
from layers.view import View


class Industry(LabelledEnum):
    """The trades in which a station settles disputes; stations may name others, which are shown as they were written."""

    NEIGHBOURHOOD = "neighbourhood", "Neighbours"
    FAMILY = "family", "Family"
    PROPERTY = "property", "Property management"
    LABOUR = "labour", "Labour"
    CONSUMER = "consumer", "Consumers"
    MEDICAL = "medical", "Medical care"
    TRAFFIC = "traffic", "Traffic"
    LAND = "land", "Land"
    CONSTRUCTION = "construction", "Construction"
    FINANCE = "finance", "Finance"


def select_stations(view: View) -> Select:
    """Stations in force in the view. Rides ``idx_stations_geom`` (GiST)."""
    return (
        select(stations.c.code, mercator(stations.c.geom).label("geom"), stations.c.name, stations.c.level)
        .where(in_force(stations), stations.c.geom.op("&&")(view.envelope()))
        .order_by(stations.c.code)
        .limit(view.most)
    )


def _of_level(level: StationLevel, shape: Shape, radius_px: float, from_zoom: int = 0) -> Rule:
    symbol = Symbol(shape, stroke="halo", fill="station", width_px=1.5, radius_px=radius_px)
    return Rule(level.label, symbol, {"level": level.value}, context="StationLevel", from_zoom=from_zoom)


LAYER = Layer(
    name="stations",
    title="Dispute stations",
    group=Group.MATTERS,
    rules=(
        _of_level(StationLevel.CENTRE, Shape.DIAMOND, 8.0),
        _of_level(StationLevel.STATION, Shape.SQUARE, 5.0),
        _of_level(StationLevel.POINT, Shape.TRIANGLE, 3.6, from_zoom=10),
    ),
    popup=(
        PopupField("code", "Code"),
        PopupField("level", "Level", StationLevel),
        PopupField("unit", "Unit"),
        PopupField("hours", "Opening hours"),
        PopupField("industries", "Industries", Industry),
        PopupField("capacity", "Capacity"),
    ),
    select=select_stations,
    label="name",
    label_from_zoom=14,
    pick=True,
)
