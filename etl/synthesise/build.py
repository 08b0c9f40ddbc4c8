"""The made-up district put together: ground, cells, borders, units, roads, people, events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from etl.synthesise.blocks import block_names
from etl.synthesise.borders import draw_borders
from etl.synthesise.cells import lay_cells, scale_to_area
from etl.synthesise.departments import department_frame
from etl.synthesise.event_places import Scene, set_scene
from etl.synthesise.events import make_events
from etl.synthesise.grids import cut_grids, grids_frame, units_frame
from etl.synthesise.ground import Ground
from etl.synthesise.households import households_frame, settle
from etl.synthesise.outline import plan_outline
from etl.synthesise.places import places_frame
from etl.synthesise.roads import build_roads, roads_frame
from etl.synthesise.sizes import HULAN, TwinSize
from etl.synthesise.stations import stations_frame
from etl.synthesise.tree import Tree, plant_tree
from etl.synthesise.water import pour_water
from etl.synthesise.ways import lay_ways
from etl.synthesise.workers import workers_frame
from geogrid.domain.profiles import Profile

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


@dataclass(frozen=True)
class World:
    """The district without its events, and what these are drawn from."""

    ground: Ground
    size: TwinSize
    tree: Tree
    scene: Scene
    frames: dict[str, GeoDataFrame]

    def events(self, year: int, count: int | None) -> Iterator[tuple[GeoDataFrame, GeoDataFrame]]:
        """Yield parts of ``events`` and ``truth``; with another ``count`` than the size's, open ones in proportion."""
        wanted = self.size.events if count is None else count
        stay = round(self.size.events_open * wanted / self.size.events)
        return make_events(self.ground, self.tree, self.scene, wanted, stay, year)


def build_twin(
    profile: Profile, seed: int, *, size: TwinSize = HULAN, year: int = 2025, events: int | None = None
) -> dict[str, GeoDataFrame]:
    """Build the made-up district.

    Parameters
    ----------
    profile : Profile
        Gives county code, centre, metric zone and time zone.
    seed : int
        The same seed gives the same values.
    size : TwinSize
        ``HULAN``, or ``SMALL`` for tests.
    year : int
        The calendar year of the events.
    events : int, optional
        How many events instead of the size's.

    Returns
    -------
    dict of GeoDataFrame (EPSG:4490, lon/lat): units, base_grids, department_grids, stations, roads, households,
    workers, places, events, truth. Every row has ``synthetic`` True.
    """
    world = build_world(profile, seed, size)
    parts = list(world.events(year, events))
    return {
        **world.frames,
        "events": pd.concat([part[0] for part in parts], ignore_index=True),
        "truth": pd.concat([part[1] for part in parts], ignore_index=True),
    }


def build_world(profile: Profile, seed: int, size: TwinSize) -> World:
    """Build the district without events; see :func:`build_twin`."""
    ground = Ground.of(profile, seed)
    outline = plan_outline(ground, size)
    outline, cells = scale_to_area(outline, lay_cells(ground, size, outline), size.area_km2 * 1e6)
    ways = lay_ways(ground, outline, cells)
    borders = draw_borders(ground, cells, ways)
    tree = plant_tree(ground, size, outline, cells)
    grids = cut_grids(ground, size, cells, borders, tree)
    district = shapely.coverage_union_all(grids.local)
    water = pour_water(ground, size, outline, cells, ways, borders, tree, district)
    roads = build_roads(ground, size, outline, cells, ways, borders, tree, water)
    homes = settle(ground, size, cells, grids, roads, water)
    blocks = block_names(cells, tree, roads)
    counts = np.bincount(homes.grid, minlength=len(grids.codes))
    frames = {
        "units": units_frame(ground, tree, grids),
        "base_grids": grids_frame(ground, tree, grids, counts),
        "department_grids": department_frame(ground, size, cells, tree, grids),
        "stations": stations_frame(ground, size, outline, cells, tree, grids, roads),
        "roads": roads_frame(ground, cells, tree, roads),
        "households": households_frame(ground, tree, grids, homes, blocks),
        "workers": workers_frame(ground, size, tree, grids),
        "places": places_frame(ground, size, cells, tree, grids, roads, water, homes, blocks),
    }
    return World(ground, size, tree, set_scene(ground, size, cells, tree, grids, roads, homes, district, blocks), frames)
