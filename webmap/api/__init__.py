"""``/api/v1``: reports come in, events and grids are asked for."""

from webmap.api import (
    counts,
    desk,
    directory,
    events,
    grids,
    hotspots,
    matter_lists,
    outside_orders,
    photos,
    place,
    places,
    steps,
    webhooks,
)
from webmap.api.base import blueprint

__all__ = [
    "blueprint",
    "counts",
    "desk",
    "directory",
    "events",
    "grids",
    "hotspots",
    "matter_lists",
    "outside_orders",
    "photos",
    "place",
    "places",
    "steps",
    "webhooks",
]
