"""``/api/v1``: reports come in, events and grids are asked for."""

from webmap.api import counts, events, grids, hotspots, photos, place, places, steps
from webmap.api.base import blueprint

__all__ = ["blueprint", "counts", "events", "grids", "hotspots", "photos", "place", "places", "steps"]
