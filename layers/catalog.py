"""The layers, in the order in which they are painted: the first lies lowest."""

from __future__ import annotations

from geogrid.errors import NotFoundError
from layers import (
    base_grids,
    department_grids,
    district,
    events,
    hotspots,
    places,
    roads,
    service_circles,
    stations,
    townships,
    uncovered,
    water,
)
from layers.layer import Layer

CATALOG: tuple[Layer, ...] = (
    district.LAYER,
    water.LAYER,
    uncovered.LAYER,
    service_circles.LAYER,
    hotspots.LAYER,
    roads.LAYER,
    base_grids.LAYER,
    department_grids.LAYER,
    townships.LAYER,
    places.LAYER,
    stations.LAYER,
    events.LAYER,
)

# What one tile holds. ``all`` is what the first view asks for: everything drawn at once, in one request a tile.
SETS: dict[str, tuple[str, ...]] = {
    "base": ("district", "water", "roads", "base_grids", "townships", "places", "stations"),
    "events": ("events",),
    "all": ("district", "water", "roads", "base_grids", "townships", "places", "stations", "events"),
    "department_grids": ("department_grids",),
    "service_circles": ("service_circles",),
    "uncovered": ("uncovered",),
    "hotspots": ("hotspots",),
}


def layer_named(name: str) -> Layer:
    """Return the layer ``name``; raises NotFoundError."""
    for layer in CATALOG:
        if layer.name == name:
            return layer
    raise NotFoundError(what=name)


def set_on_demand(layer: Layer) -> str | None:
    """Return the tile set that brings ``layer`` when it is switched on; None where the first view's brings it."""
    return None if layer.name in SETS["all"] else layer.name


def layers_of(set_name: str) -> tuple[Layer, ...]:
    """Return the layers of the tile set ``set_name`` in the order of painting; raises NotFoundError."""
    if set_name not in SETS:
        raise NotFoundError(what=set_name)
    return tuple(layer for layer in CATALOG if layer.name in SETS[set_name])
