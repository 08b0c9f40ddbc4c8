"""What loading would mean: is the new geography a tiling, does it nest, and what differs from what is in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from etl.kinds import KINDS, Column
from etl.sources.table import Note
from geogrid.domain.places import Level
from geogrid.domain.profiles import Profile
from geogrid.space.crs import to_metric
from geogrid.space.lineage import moved_away

if TYPE_CHECKING:
    import geopandas as gpd

AREAS = {"units", "base_grids", "department_grids"}
NOT_COMPARED = {"id", "edition_id", "source_row", "geometry", "area_m2", "synthetic"}
LOST = "Warning: no row has {column} any more; in edition {against} {rows} of these rows had it. Is a column missing or renamed?"


@dataclass(frozen=True)
class Fault:
    """One fault of a coverage: ``kind`` (gap, overlap, sliver, not_nested), in which ``group``, codes, m², a place in it."""

    kind: str
    group: str
    codes: tuple[str, ...]
    area_m2: float
    lonlat: tuple[float, float]


@dataclass(frozen=True)
class Difference:
    """Codes by what became of them since the edition ``against``; ``moved`` share no area with their old selves.

    ``fields`` are the columns that changed with the number of rows; ``lost`` those that some rows had and none has now.
    """

    against: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    moved: tuple[str, ...]
    unchanged: int
    fields: Mapping[str, int] = field(default_factory=dict)
    lost: tuple[str, ...] = ()

    def notes(self) -> tuple[Note, ...]:
        """Return what is to be said of single columns; one that is lost as a warning."""
        values = {"against": self.against}
        listed = ", ".join(f"{name} {rows}" for name, rows in self.fields.items())
        said = [Note("Rows whose field differs from edition {against}: {fields}", {**values, "fields": listed})] if listed else []
        lost = [Note(LOST, {**values, "column": name, "rows": self.fields[name]}, warning=True) for name in self.lost]
        return (*said, *lost)


def coverage_faults(
    kind: str, frame: gpd.GeoDataFrame, profile: Profile, *, territory: Any | None, villages: gpd.GeoDataFrame | None
) -> list[Fault]:
    """Return the faults of accepted areas; an empty list for kinds that are no coverage.

    Parameters
    ----------
    territory : what base grids must cover (lon/lat of record); None: the holes of their union count as gaps
    villages : units among which the ``village_code`` of a base grid is looked up; None: nesting is not checked
    """
    from geogrid.space import coverage

    found: list[Fault] = []
    for group, part, within, gaps in _groups(kind, frame, territory):
        report = coverage.check(
            part["code"].to_numpy(object),
            np.asarray(part.geometry.array),
            within=within,
            metric_srid=profile.metric_srid,
            tolerance_m2=profile.coverage_tolerance_m2,
        )
        slivers = [sliver for sliver in report.slivers if sliver.area_m2 > profile.coverage_tolerance_m2]
        faults = (*(report.gaps if gaps else ()), *report.overlaps, *(slivers if gaps else ()))
        found += [Fault(fault.kind, group, tuple(fault.codes), fault.area_m2, fault.point_lonlat) for fault in faults]
    if kind == "base_grids" and villages is not None:
        found += not_nested(frame, villages, profile)
    return found


def _groups(
    kind: str, frame: gpd.GeoDataFrame, territory: Any | None
) -> Iterator[tuple[str, gpd.GeoDataFrame, Any | None, bool]]:
    """Yield (name, rows, what they must cover, whether gaps count): departments may leave gaps and lie over each other."""
    if kind == "base_grids" and len(frame):
        yield kind, frame, territory, True
    if kind == "department_grids":
        for department, rows in frame.groupby("department", sort=True):
            yield str(department), rows, None, False
    if kind == "units":
        for level, rows in frame.groupby("level", sort=True):
            if level != Level.DISTRICT:
                yield str(level), rows, territory, True


def not_nested(grids: gpd.GeoDataFrame, villages: gpd.GeoDataFrame, profile: Profile) -> list[Fault]:
    """Return the base grids of which more than the tolerance lies outside the village they name (or whose village is unknown)."""
    import shapely

    shape_of = dict(zip(villages["code"], villages.geometry, strict=True))
    named = grids[grids["village_code"].notna() & (grids["village_code"] != "")]
    homes = np.array([shape_of.get(code) for code in named["village_code"]], object)
    shapes = np.asarray(named.geometry.array)
    shapely.prepare(homes)
    found = []
    for i in np.flatnonzero(~shapely.covers(homes, shapes)):
        outside = shapes[i] if homes[i] is None else shapely.difference(shapes[i], homes[i])
        area_m2 = float(shapely.area(to_metric(np.array([outside], object), profile.metric_srid))[0])
        if area_m2 > profile.coverage_tolerance_m2:
            place = shapely.point_on_surface(outside)
            codes = (named["code"].iloc[i], named["village_code"].iloc[i])
            found.append(Fault("not_nested", "base_grids", codes, area_m2, (place.x, place.y)))
    return found


def difference(kind: str, old: gpd.GeoDataFrame, new: gpd.GeoDataFrame, against: str) -> Difference:
    """Compare accepted rows with those in force, by code."""
    before, after = set(old["code"]), set(new["code"])
    both = sorted(before & after)
    was, now = old.set_index("code").loc[both], new.set_index("code").loc[both]
    changes = _changed_words(was, now)
    same = _same_shape(was, now) & ~np.logical_or.reduce([np.zeros(len(was), bool), *changes.values()])
    moved: list[str] = []
    if kind in AREAS and both:
        shapes = [np.asarray(rows.geometry.array, object) for rows in (was, now)]
        moved = moved_away(np.array(both, object), shapes[0], np.array(both, object), shapes[1])
    changed = tuple(code for code, equal in zip(both, same, strict=True) if not equal)
    added, removed = tuple(sorted(after - before)), tuple(sorted(before - after))
    fields = {name: int(rows.sum()) for name, rows in changes.items() if rows.any()}
    lost = tuple(column.name for column in KINDS[kind].columns if column.name in fields and _is_lost(was, now, column))
    return Difference(against, added, removed, changed, tuple(moved), int(same.sum()), fields, lost)


def _same_shape(was: gpd.GeoDataFrame, now: gpd.GeoDataFrame) -> np.ndarray:
    import shapely

    old, new = (_plain(np.asarray(rows.geometry.array, object)) for rows in (was, now))
    return np.asarray(shapely.equals_exact(old, new, 0.0), bool)


def _plain(shapes: np.ndarray) -> np.ndarray:
    """Return the shapes in one normal form: a polygon equals the multipolygon of it alone."""
    import shapely

    single = shapely.get_num_geometries(shapes) == 1
    out = shapes.copy()
    out[single] = shapely.get_geometry(shapes[single], 0)
    return shapely.normalize(out)


def _changed_words(was: gpd.GeoDataFrame, now: gpd.GeoDataFrame) -> dict[str, np.ndarray]:
    """Return for each column of both which rows differ."""
    changed = {}
    for column in sorted((set(was.columns) & set(now.columns)) - NOT_COMPARED):
        pairs = zip(was[column].tolist(), now[column].tolist(), strict=True)
        changed[column] = np.array([_word(a) != _word(b) for a, b in pairs], bool)
    return changed


def _is_lost(was: gpd.GeoDataFrame, now: gpd.GeoDataFrame, column: Column) -> bool:
    """Whether some rows had more in ``column`` than what an empty cell becomes, and none has now."""
    nothing = {"", _word(column.default)}
    before, after = ({_word(cell) for cell in rows[column.name].tolist()} for rows in (was, now))
    return bool(before - nothing) and not after - nothing


def _word(value: Any) -> str:
    if isinstance(value, list | tuple | np.ndarray):
        return ";".join(map(str, value))
    return "" if value is None or value != value else str(value)  # noqa: PLR0124 NaN differs from itself
