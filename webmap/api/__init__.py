"""``/api/v1``: reports come in, events and grids are asked for."""

from webmap.api import (
    counts,
    desk,
    directory,
    events,
    figures,
    grids,
    hotspots,
    matter_lists,
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
    "figures",
    "grids",
    "hotspots",
    "matter_lists",
    "photos",
    "place",
    "places",
    "steps",
    "webhooks",
]
