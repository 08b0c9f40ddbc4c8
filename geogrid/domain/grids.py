"""Grids, editions, and the answer to "which grid": the assignment."""

from __future__ import annotations

from dataclasses import dataclass

from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.places import ConfirmedPlace


class GridKind(LabelledEnum):
    """A base grid partitions the territory; an exclusive one is cut out of it for a market, park, hospital, school or firm."""

    ORDINARY = "ordinary", "Base grid"
    EXCLUSIVE = "exclusive", "Exclusive grid"


class ExclusiveKind(LabelledEnum):
    """What an exclusive grid is cut out for."""

    MARKET = "market", "Market"
    PARK = "park", "Park"
    HOSPITAL = "hospital", "Hospital"
    SCHOOL = "school", "School"
    FIRM = "firm", "Firm"


class Department(LabelledEnum):
    """Departments whose grids lie over the base grids."""

    POLICE = "police", "Police"
    MARKET = "market", "Market supervision"
    TRANSPORT = "transport", "Transport"
    URBAN = "urban", "Urban management"
    HOUSING = "housing", "Housing and construction"
    CIVIL = "civil", "Civil affairs"
    JUSTICE = "justice", "Justice"
    AGRICULTURE = "agriculture", "Agriculture"


class EditionState(LabelledEnum):
    """Life of an edition: loaded inactive, in force from one instant, retired when the next one is activated."""

    LOADED = "loaded", "Loaded"
    IN_FORCE = "in_force", "In force"
    RETIRED = "retired", "Retired"
    WITHDRAWN = "withdrawn", "Withdrawn"


class GeographyKind(LabelledEnum):
    """What can be loaded as part of an edition; the value is the table's name."""

    UNITS = "units", "Units"
    BASE_GRIDS = "base_grids", "Base grids"
    DEPARTMENT_GRIDS = "department_grids", "Department grids"
    STATIONS = "stations", "Stations"
    ROADS = "roads", "Roads"
    HOUSEHOLDS = "households", "Households"
    PLACES = "places", "Places"


class AssignmentRule(LabelledEnum):
    """Why an event has the grid it has."""

    INSIDE = "inside", "Inside the grid"
    BORDER = "border", "On a border: the lowest code"
    GAP = "gap", "In a gap: the nearest grid within the tolerance"
    OVERLAP = "overlap", "Grids overlap here: a fault of the data"
    OUTSIDE = "outside", "Outside the district: to be placed"
    UNLOCATED = "unlocated", "Without a position: to be placed"
    PLACED = "placed", "Placed by hand"


@dataclass(frozen=True)
class Candidate:
    """A grid that could be the right one, and the share of the accuracy disc that lies in it (0 to 1)."""

    grid_code: str
    share: float


@dataclass(frozen=True)
class Assignment:
    """The answer for one point under one edition.

    ``grid_code`` is None where the point is unplaced (``rule`` OUTSIDE, GAP beyond the tolerance, or UNLOCATED);
    ``nearest_grid_code`` and ``nearest_grid_m`` then suggest where it may belong. ``confidence`` is the share of the
    accuracy disc in the grid given (1.0 without accuracy; at most 1/n where n grids overlap). Distances are geodesic
    metres; ``minutes`` is travel time on the road network, None where there is none. ``place`` is what a person confirmed for
    the words of the report (``rule`` PLACED).
    """

    edition_id: int
    grid_code: str | None
    department_codes: tuple[str, ...]
    rule: AssignmentRule
    confidence: float
    candidates: tuple[Candidate, ...]
    nearest_station: str | None
    distance_m: float | None
    home_station: str | None
    station_by_time: str | None = None
    minutes: float | None = None
    nearest_grid_code: str | None = None
    nearest_grid_m: float | None = None
    place: ConfirmedPlace | None = None
