"""How large a made-up district is."""

from __future__ import annotations

from dataclasses import dataclass, field

from geogrid.domain.grids import Department, ExclusiveKind


@dataclass(frozen=True)
class TwinSize:
    """Figures that the twin meets exactly, but for those called "about".

    Parameters
    ----------
    area_km2 : area of the district, about
    streets, towns, townships : units of the township level by kind; ``villages`` counts communities and villages together
    communities : those of the villages that lie in streets (the town core)
    grids : base grids, exclusive ones among them; ``core_cells`` ordinary or whole-cell grids make the town core
    islands : exclusive grids cut out of the inside of another grid; ``whole_cells``: exclusive grids that are a cell
    departments : department grids of each department
    road_nodes : about
    events_open : events not closed at the year's end
    """

    name: str
    area_km2: float
    streets: int
    towns: int
    townships: int
    communities: int
    villages: int
    grids: int
    core_cells: int
    islands: dict[ExclusiveKind, int]
    whole_cells: dict[ExclusiveKind, int]
    departments: dict[Department, int]
    road_nodes: int
    households: int
    workers: int
    events: int
    events_open: int
    hotspots: int
    lakes: int
    pockets: int
    addresses: int
    trunk_roads: int = 6
    wiggle_steps: tuple[int, int] = field(default=(16, 32))

    @property
    def seats(self) -> int:
        """Units of the township level outside the core, each with a seat of its own."""
        return self.towns + self.townships


# The size of the reference deployment: 19 townships and streets, 201 villages and communities, 1,425 and 261 grids.
HULAN = TwinSize(
    name="hulan",
    area_km2=2200.0,
    streets=6,
    towns=8,
    townships=5,
    communities=51,
    villages=201,
    grids=1425,
    core_cells=600,
    islands={
        ExclusiveKind.MARKET: 16,
        ExclusiveKind.HOSPITAL: 10,
        ExclusiveKind.SCHOOL: 22,
        ExclusiveKind.FIRM: 12,
    },
    whole_cells={ExclusiveKind.PARK: 9, ExclusiveKind.FIRM: 11, ExclusiveKind.MARKET: 4},
    departments={
        Department.POLICE: 61,
        Department.MARKET: 33,
        Department.TRANSPORT: 19,
        Department.URBAN: 28,
        Department.HOUSING: 19,
        Department.CIVIL: 57,
        Department.JUSTICE: 25,
        Department.AGRICULTURE: 19,
    },
    road_nodes=40_000,
    households=280_000,
    workers=3161,
    events=33_256,
    events_open=22,
    hotspots=12,
    lakes=14,
    pockets=6,
    addresses=12_000,
)

# For tests: everything is there, little of each.
SMALL = TwinSize(
    name="small",
    area_km2=120.0,
    streets=2,
    towns=1,
    townships=1,
    communities=6,
    villages=14,
    grids=90,
    core_cells=42,
    islands={
        ExclusiveKind.MARKET: 1,
        ExclusiveKind.HOSPITAL: 1,
        ExclusiveKind.SCHOOL: 2,
    },
    whole_cells={ExclusiveKind.PARK: 1, ExclusiveKind.FIRM: 1},
    departments={
        Department.POLICE: 6,
        Department.MARKET: 5,
        Department.TRANSPORT: 4,
        Department.URBAN: 5,
        Department.HOUSING: 4,
        Department.CIVIL: 7,
        Department.JUSTICE: 4,
        Department.AGRICULTURE: 4,
    },
    road_nodes=600,
    households=2000,
    workers=200,
    events=800,
    events_open=6,
    hotspots=3,
    lakes=1,
    pockets=1,
    addresses=200,
    trunk_roads=3,
)

SIZES = {size.name: size for size in (HULAN, SMALL)}
