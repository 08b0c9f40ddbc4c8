"""What can be loaded: for each kind its columns, which of them a file must have, and the geometry it wants."""

from __future__ import annotations

import math
from dataclasses import dataclass

from etl.errors import OptionInvalid
from etl.sources.table import Note
from geogrid.domain.events import Channel, EventKind
from geogrid.domain.grids import Department, ExclusiveKind, GeographyKind, GridKind
from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.places import Level, PlaceKind, UnitKind
from geogrid.domain.profiles import Profile
from geogrid.domain.stations import StationLevel
from geogrid.errors.family import Reason

TEXT, CODE, INTEGER, NUMBER, YES_NO = "text", "code", "integer", "number", "yes_no"
MODES = "modes"  # ways to travel, joined by ;
TIME, ACCURACY = "time", "accuracy"  # read by what recipe and profile say
AREA = frozenset({"Polygon", "MultiPolygon"})
POINT = frozenset({"Point"})
LINE = frozenset({"LineString"})
MOST_COUNT = 2**31 - 1  # what the store's columns of counts hold
MOST_NODE = 2**63 - 1
ANY = AREA | POINT | LINE | {"MultiPoint", "MultiLineString"}


@dataclass(frozen=True)
class Column:
    """A column: how its cells are read (a type above, or the enum whose codes they are) and what an empty one becomes.

    ``required`` cells must be filled in every row; the file must have the column. Numbers must lie from ``least`` to ``most``.
    """

    name: str
    type: str | type[LabelledEnum] = TEXT
    required: bool = False
    default: object = None
    least: float = -math.inf
    most: float = math.inf


@dataclass(frozen=True)
class Kind:
    """A kind of rows; ``name`` is its table's. ``pattern`` is the field of the profile that its codes must match."""

    name: str
    columns: tuple[Column, ...]
    geometry: frozenset[str]
    pattern: str | None = None

    @property
    def label(self) -> LabelledEnum | Note:
        """What to call the rows; events are no geography and have no enum."""
        return Note("Events") if self.name == "events" else GeographyKind(self.name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    def code_pattern(self, profile: Profile) -> str | None:
        """Return the regular expression of whole codes, None where the profile sets none."""
        return None if self.pattern is None else getattr(profile, self.pattern)


CODED = (Column("code", CODE, required=True), Column("name", TEXT, default=""))
SYNTHETIC = Column("synthetic", YES_NO, default=False)
MORE_NAMES = (Column("old_names", TEXT, default=""), Column("other_names", TEXT, default=""))  # parted by ";"

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "units",
            (
                *CODED,
                Column("level", Level, required=True),
                Column("kind", UnitKind, required=True),
                Column("parent_code", CODE),
                Column("leader", TEXT, default=""),
                *MORE_NAMES,
                SYNTHETIC,
            ),
            AREA,
            "unit_code_pattern",
        ),
        Kind(
            "base_grids",
            (
                *CODED,
                Column("kind", GridKind, default=GridKind.ORDINARY.value),
                Column("exclusive_kind", ExclusiveKind),
                Column("village_code", CODE),
                Column("leader", TEXT, default=""),
                Column("households", INTEGER, default=0, least=0, most=MOST_COUNT),
                SYNTHETIC,
            ),
            AREA,
            "grid_code_pattern",
        ),
        Kind(
            "department_grids",
            (
                *CODED,
                Column("department", Department, required=True),
                Column("object_class", CODE, default=""),
                Column("leader", TEXT, default=""),
                SYNTHETIC,
            ),
            AREA,
            "department_grid_code_pattern",
        ),
        Kind(
            "stations",
            (
                *CODED,
                Column("level", StationLevel, default=StationLevel.POINT.value),
                Column("unit_code", CODE),
                Column("industries", TEXT, default=""),
                Column("hours", TEXT, default=""),
                Column("capacity", INTEGER, default=0, least=0, most=MOST_COUNT),
                SYNTHETIC,
            ),
            POINT,
            "station_code_pattern",
        ),
        Kind(
            "roads",
            (
                *CODED,
                Column("road_class", TEXT, required=True),
                Column("from_node", INTEGER, required=True, least=-MOST_NODE, most=MOST_NODE),
                Column("to_node", INTEGER, required=True, least=-MOST_NODE, most=MOST_NODE),
                Column("oneway", YES_NO, default=False),
                Column("oneway_walk", YES_NO),
                Column("oneway_ebike", YES_NO),
                Column("bridge", YES_NO, default=False),
                Column("walk", YES_NO, default=True),
                Column("ebike", YES_NO, default=True),
                Column("car", YES_NO, default=True),
                Column("speed_car_kmh", NUMBER, required=True, least=1, most=300),
                Column("length_m", NUMBER, required=True, least=0, most=1e7),
                Column("barrier_from", MODES, default=""),
                Column("barrier_to", MODES, default=""),
                *MORE_NAMES,
                SYNTHETIC,
            ),
            LINE,
        ),
        Kind("households", (CODED[0], Column("address", TEXT, default=""), SYNTHETIC), POINT),
        Kind(
            "places",
            (*CODED, Column("kind", PlaceKind, required=True), Column("address", TEXT, default=""), *MORE_NAMES, SYNTHETIC),
            ANY,
        ),
        Kind(
            "events",
            (
                Column("id", CODE, required=True),
                Column("channel", Channel, required=True),
                Column("kind", EventKind, required=True),
                Column("text", TEXT, default=""),
                Column("address", TEXT, default=""),
                Column("accuracy_m", ACCURACY),
                Column("reported_at", TIME, required=True),
                Column("observed_at", TIME),
                Column("opened_at", TIME),
                Column("dispatched_at", TIME),
                Column("handled_at", TIME),
                Column("verified_at", TIME),
                Column("closed_at", TIME),
                SYNTHETIC,
            ),
            POINT,
        ),
    )
}
ALIASES = {"grids": "base_grids", "departments": "department_grids"}
# The order of `load all`: what later kinds are compared with comes first.
LOAD_ORDER = ("units", "base_grids", "department_grids", "stations", "roads", "households", "places", "events")


def kind_named(name: str) -> Kind:
    """Return the kind called ``name`` or by its short name; raises OptionInvalid."""
    found = KINDS.get(ALIASES.get(name, name))
    if found is None:
        raise OptionInvalid(
            option="KIND", reason=Reason("{name} is unknown; known: {known}", name=name, known=", ".join((*ALIASES, *KINDS)))
        )
    return found
