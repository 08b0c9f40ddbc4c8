"""``geogrid assign`` on files, without a database: every row kept, in order, with its grid, station and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etl import export
from etl.assign_places import ACCURACY, FarPlaces, accuracy_of, rule_of, usable_points
from etl.assign_stream import Geography, Progress, assign_stream, is_streamed
from etl.check import Checked, check_table
from etl.kinds import AREA, CODE, KINDS, POINT, TEXT, Column, Kind
from etl.located import Located, locate
from etl.recipe import Recipe, in_our_names, parse_columns
from etl.sources import open_table
from etl.sources.table import Note, ReadOptions, Table, is_empty
from geogrid.domain.grids import AssignmentRule
from geogrid.domain.profiles import Profile
from geogrid.domain.stations import StationLevel
from geogrid.errors import FrameInvalid, GeogridError
from geogrid.space.crs import SRID_STORED, SRID_WGS84, local_utm_srid
from geogrid.space.validity import check_coordinates

if TYPE_CHECKING:
    import geopandas as gpd

# For assigning, only places, codes and who belongs to whom count; codes of other people's files follow no pattern of ours.
CODE_ONLY = (Column("code", CODE, required=True),)
GRIDS = Kind("base_grids", (*CODE_ONLY, Column("village_code", CODE)), AREA)
DEPARTMENTS = Kind("department_grids", CODE_ONLY, AREA)
LEVEL = Column("level", TEXT, default=StationLevel.POINT.value)
STATIONS = Kind("stations", (*CODE_ONLY, LEVEL, Column("unit_code", CODE)), POINT)
CODE_OPTIONS = {"base_grids": "--grid-code", "department_grids": "--department-code", "stations": "--station-code"}
ADDED = ("grid_code", "department_codes", "station_code", "distance_m", "minutes", "rule", "confidence", "candidates")
ANY_CODE = ".+"
DECIMALS = 6  # of metres, minutes and shares
Tell = Callable[[Note], None]


@dataclass(frozen=True)
class Wanted:
    """The files and options of ``geogrid assign``; paths are None where an option was not given."""

    grids: Path
    stations: Path | None
    events: Path
    out: Path
    departments: Path | None = None
    roads: Path | None = None
    datum: str | None = None
    lon: str | None = None
    lat: str | None = None
    grid_code: str | None = None
    station_code: str | None = None
    department_code: str | None = None
    layer: str | None = None
    encoding: str | None = None
    mode: str | None = None


def assign_files(
    wanted: Wanted, profile: Profile | None, tell: Tell, progress: Progress = lambda done, rows: None
) -> Counter[str]:
    """Assign the events and write ``wanted.out``; return how many rows have which rule. ``tell`` is told of what was refused.

    A row whose place cannot be used keeps empty answers; its ``rule`` says why: ``unlocated``, or the code of the error.
    From Parquet to Parquet the rows stream through, and ``progress`` is told how many are done, of how many.
    """
    areas = open_table(wanted.grids, ReadOptions(usual="base_grids"))
    profile = profile or plain_profile(areas, wanted)
    if wanted.roads is None and is_streamed(wanted.events, wanted.out):
        counts = assign_stream(wanted, profile, cache(lambda: _geography(areas, wanted, profile, tell)), tell, progress)
        if counts is not None:
            return counts
    events, located, shapes, faults = _events(wanted, profile)
    grids = _frame(areas, GRIDS, wanted.grid_code, wanted, profile, tell)
    stations = _optional(wanted.stations, STATIONS, wanted.station_code, wanted, profile, tell)
    departments = _optional(wanted.departments, DEPARTMENTS, wanted.department_code, wanted, profile, tell)
    roads = _optional(wanted.roads, KINDS["roads"], None, wanted, profile, tell)
    answers = _answers(events, shapes, grids, stations, departments, roads, profile, wanted, faults)
    faults |= _far(np.flatnonzero(answers["rule"] == AssignmentRule.OUTSIDE.value), shapes, grids, profile)
    for position, error in faults.items():
        for column in answers.values():
            column[position] = None
        answers["rule"][position] = rule_of(error)
    export.write(_output(events, located, answers, wanted), wanted.out)
    for note in (*events.notes, *located.notes):
        tell(note)
    return Counter(answers["rule"].tolist())


def _geography(areas: Table, wanted: Wanted, profile: Profile, tell: Tell) -> Geography:
    from geogrid.space.frames import index_of

    others = ((wanted.stations, STATIONS, wanted.station_code), (wanted.departments, DEPARTMENTS, wanted.department_code))
    with ThreadPoolExecutor(len(others)) as pool:  # each is read by a child: at the same time, and while grids are checked
        opening = [path and pool.submit(open_table, path, ReadOptions(usual=kind.name)) for path, kind, _ in others]
        grids = _frame(areas, GRIDS, wanted.grid_code, wanted, profile, tell)
        stations, departments = (
            None if table is None else _frame(table.result(), kind, code, wanted, profile, tell)
            for table, (_, kind, code) in zip(opening, others, strict=True)
        )
    index = index_of(
        grids,
        stations,
        departments,
        metric_srid=profile.metric_srid,
        gap_tolerance_m=profile.gap_tolerance_m,
        accuracy_share=profile.accuracy_share,
    )
    return Geography(index, FarPlaces.of(grids, index.district, profile))


def _far(outside: np.ndarray, shapes: np.ndarray, grids: gpd.GeoDataFrame, profile: Profile) -> dict[int, GeogridError]:
    """Return the error of each of the rows ``outside`` that lies farther from every grid than the profile allows."""
    import shapely

    from geogrid.space.index import outline_of

    if not len(outside):
        return {}
    lonlat = shapely.get_coordinates(shapes[outside])
    far = FarPlaces.of(grids, outline_of(np.asarray(grids.geometry.array, object)), profile).errors(*lonlat.T)
    return {int(outside[i]): error for i, error in far.items()}


def plain_profile(areas: Table, wanted: Wanted) -> Profile:
    """Return the rules for files without a profile: the local UTM zone, any codes, the platform's usual tolerances."""
    import shapely

    shapes = locate(areas, datum=wanted.datum if areas.crs is None else None, datum_column=None).geometry
    xy = shapely.get_coordinates(shapes)
    xy = xy[np.isfinite(xy).all(axis=1)]
    if not len(xy):
        raise FrameInvalid(what="grids", reason="there is no geometry")
    check_coordinates(xy)
    lon, lat = (float(value) for value in np.median(xy, axis=0))
    return Profile(
        code="",
        name="",
        name_en="",
        synthetic=False,
        metric_srid=local_utm_srid(lon, lat),
        timezone="UTC",
        language="en",
        centre_lonlat=(lon, lat),
        grid_code_pattern=ANY_CODE,
        department_grid_code_pattern=ANY_CODE,
        unit_code_pattern=ANY_CODE,
        station_code_pattern=ANY_CODE,
        gap_tolerance_m=15.0,
        coverage_tolerance_m2=1.0,
        accuracy_share=0.95,
        most_accuracy_m=100_000.0,
        far_m=50_000.0,
        households_band=(100, 500),
        programme="",
        travel_mode_town="walk",
        travel_mode_country="ebike",
        words_confidence=0.9,
    )


# -- what comes in ----------------------------------------------------------------------------------------------------


def _events(wanted: Wanted, profile: Profile) -> tuple[Table, Located, np.ndarray, dict[int, GeogridError]]:
    """Return the events as they are, where they are, the usable points, and the faults of the others."""
    events = open_table(wanted.events, ReadOptions(wanted.layer, wanted.encoding, usual="events"))
    recipe = Recipe(parse_columns((), wanted.lon, wanted.lat))
    located = locate(in_our_names(events, recipe), datum=wanted.datum)
    return events, located, *usable_points(events, located, profile)


def _optional(
    path: Path | None, kind: Kind, code: str | None, wanted: Wanted, profile: Profile, tell: Tell
) -> gpd.GeoDataFrame | None:
    if path is None:
        return None
    return _frame(open_table(path, ReadOptions(usual=kind.name)), kind, code, wanted, profile, tell)


def _frame(table: Table, kind: Kind, code: str | None, wanted: Wanted, profile: Profile, tell: Tell) -> gpd.GeoDataFrame:
    """Return the usable rows of a file of geography; those refused are told one by one, and there must be some left.

    ``--datum`` speaks for the events; of geography that states no coordinate system it is taken too.
    """
    datum = wanted.datum if table.crs is None else None
    recipe = Recipe({"code": code} if code else {}, datum=datum, said_by={"code": CODE_OPTIONS.get(kind.name, "--map")})
    plain = replace(kind, pattern=None)
    checked = check_table(table, plain, profile, recipe, latest=datetime.now(UTC))
    _tell_refused(checked, tell)
    if not len(checked.frame):
        raise FrameInvalid(what=table.path.name, reason="none of its rows can be used")
    brought = in_our_names(table, recipe, kind.names).frame.columns
    absent = [column.name for column in kind.columns if column.name not in brought]
    frame = checked.frame.drop(columns=["source_row", *absent])
    if "level" in frame and not set(frame["level"]) & set(StationLevel.codes()):
        tell(Note("{file}: the words in its column level are not known; all its stations count", {"file": table.path.name}))
        frame = frame.drop(columns="level")
    return frame


def _tell_refused(checked: Checked, tell: Tell) -> None:
    name = checked.table.path.name
    for refusal in checked.refused[:20]:
        values = {"file": name, "row": refusal.row, "code": refusal.error.code, "error": refusal.error}
        tell(Note("{file}, row {row}: {code}: {error}", values))
    if len(checked.refused) > 20:
        tell(Note("{file}: {count} rows are refused", {"file": name, "count": len(checked.refused)}))


# -- what goes out ----------------------------------------------------------------------------------------------------


def _answers(
    events: Table,
    shapes: np.ndarray,
    grids: gpd.GeoDataFrame,
    stations: gpd.GeoDataFrame | None,
    departments: gpd.GeoDataFrame | None,
    roads: gpd.GeoDataFrame | None,
    profile: Profile,
    wanted: Wanted,
    faults: dict[int, GeogridError],
) -> dict[str, np.ndarray]:
    """Return the added columns, object arrays with None where there is no answer."""
    import geopandas as gpd

    from geogrid.space.frames import assign

    cells = events.frame[ACCURACY].tolist() if ACCURACY in events.frame else [None] * len(events)
    accuracy_m = [float("nan") if i in faults else accuracy_of(cell, profile) for i, cell in enumerate(cells)]
    asked = gpd.GeoDataFrame({ACCURACY: accuracy_m}, geometry=gpd.GeoSeries(shapes, crs=SRID_STORED), crs=SRID_STORED)
    found = assign(
        asked,
        grids,
        stations,
        departments,
        roads if stations is not None else None,
        metric_srid=profile.metric_srid,
        mode=wanted.mode or profile.travel_mode_country,
        gap_tolerance_m=profile.gap_tolerance_m,
        accuracy_share=profile.accuracy_share,
    )
    answers = {}
    for name in ADDED:
        if name in found:
            answers[name] = np.array([None if is_empty(cell) else cell for cell in found[name].tolist()], object)
    return answers


def _output(events: Table, located: Located, answers: dict[str, np.ndarray], wanted: Wanted) -> Any:
    """Return the events' own columns and geometry with the answers after them; a column of such a name is kept beside."""
    import geopandas as gpd
    import pandas as pd

    frame = events.frame.rename(columns={name: f"{name}_before" for name in answers})
    frame = pd.concat([frame, pd.DataFrame(answers, index=frame.index)], axis=1)
    for name in ("distance_m", "minutes", "confidence"):
        if name in frame:
            frame[name] = frame[name].astype(float).round(DECIMALS)
    ending = wanted.out.suffix.lower()
    if ending in {".csv", ".xlsx"} and events.geometry is None:
        return frame
    own = events.geometry is not None and ending not in {".geojson", ".json"}
    shapes, crs = (events.geometry, events.crs) if own else (located.geometry, SRID_STORED)
    if ending in {".geojson", ".json"}:
        crs = SRID_WGS84  # RFC 7946 knows no other; the two datums coincide at this accuracy
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, index=frame.index, crs=crs), crs=crs)


def rule_words(counts: Counter[str]) -> Note:
    """Return the summary of an assignment for the terminal."""
    listed = ", ".join(f"{rule or '-'} {count}" for rule, count in sorted(counts.items(), key=lambda item: -item[1]))
    return Note("{total} rows: {listed}", {"total": sum(counts.values()), "listed": listed})
