"""``geogrid.assign``: the same answers on GeoDataFrames, without a database. geopandas is imported on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geogrid.domain.grids import AssignmentRule, Candidate
from geogrid.domain.stations import TravelMode
from geogrid.errors import AccuracyInvalid, CoordNotFinite, FrameInvalid, FrameWithoutCrs, GeometryType
from geogrid.space import crs
from geogrid.space.answers import Assignments
from geogrid.space.index import AssignmentIndex
from geogrid.space.nearest import StationIndex

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

Floats = NDArray[np.float64]
Objects = NDArray[np.object_]

ANSWERS = (
    "grid_code",
    "department_codes",
    "station_code",
    "distance_m",
    "station_by_time",
    "minutes",
    "rule",
    "confidence",
    "candidates",
)


def assign(
    events: GeoDataFrame,
    grids: GeoDataFrame,
    stations: GeoDataFrame | None,
    departments: GeoDataFrame | None = None,
    roads: GeoDataFrame | None = None,
    *,
    metric_srid: int | None = None,
    mode: TravelMode | str = TravelMode.EBIKE,
    district: Any | None = None,
    gap_tolerance_m: float = 15.0,
    accuracy_share: float = 0.95,
    grid_code_column: str = "code",
    station_code_column: str = "code",
    department_code_column: str = "code",
    accuracy_column: str = "accuracy_m",
) -> GeoDataFrame:
    """Assign every event to its grid, department grids and station.

    Parameters
    ----------
    events : Point geometries in any stated CRS; optionally ``accuracy_column`` in metres (empty where not known)
    grids : polygons; optionally ``village_code``
    stations : points; optionally ``level`` (centres are no candidates), ``unit_code``; None: there are none
    departments, roads : None: there are none. Roads as ``RoadNetwork.from_frame`` reads them
    metric_srid : EPSG code of the zone to measure in; None: the local UTM zone of the grids
    mode : how people travel, for ``minutes``; e-bike unless stated, an assumption
    district : polygon of the district (lon/lat); None: the union of the grids without its holes
    gap_tolerance_m, accuracy_share : see ``AssignmentIndex.from_frames``
    grid_code_column, station_code_column, department_code_column : where the codes are

    Returns
    -------
    GeoDataFrame : a copy of the events in their order, CRS and index, with the columns
        ``grid_code`` (empty where unplaced), ``department_codes`` (joined by ``;``), ``station_code`` (nearest, geodesic),
        ``distance_m`` (to it), with roads ``station_by_time`` and its ``minutes`` (empty where no road leads to one),
        ``rule`` (inside border gap overlap outside, unlocated where the event has no point), ``confidence``, ``candidates``
        (``code:0.87;code:0.13``, cut, not rounded). A column of such a name that was there is kept as ``<name>_before``.

    Raises
    ------
    FrameWithoutCrs : a frame does not state its CRS; it is never guessed
    FrameInvalid, GeometryType, AccuracyInvalid, CoordRange ... : what is wrong in which frame, row or code
    """
    index = index_of(
        grids,
        stations,
        departments,
        metric_srid=metric_srid,
        district=district,
        gap_tolerance_m=gap_tolerance_m,
        accuracy_share=accuracy_share,
        codes=(grid_code_column, station_code_column, department_code_column),
    )
    lon, lat, located = _points_of(events)
    found = index.assign(lon[located], lat[located], _accuracy_of(events, accuracy_column)[located])
    columns = _columns(found)
    if roads is not None:
        columns |= _by_road(roads, index.stations, lon[located], lat[located], index.metric.srid, TravelMode(mode))
    return _with_columns(events, columns, located)


def index_of(
    grids: GeoDataFrame,
    stations: GeoDataFrame | None,
    departments: GeoDataFrame | None = None,
    *,
    metric_srid: int | None = None,
    district: Any | None = None,
    gap_tolerance_m: float = 15.0,
    accuracy_share: float = 0.95,
    codes: tuple[str, str, str] = ("code", "code", "code"),
) -> AssignmentIndex:
    """Return the index for frames in any stated CRS; parameters and errors as of :func:`assign`.

    ``codes`` : the columns of the codes of grids, stations and departments
    """
    places = _stored(grids, "grids", codes[0])
    return AssignmentIndex.from_frames(
        places,
        None if stations is None else _stored(stations, "stations", codes[1]),
        None if departments is None else _stored(departments, "department grids", codes[2]),
        district=district,
        metric_srid=metric_srid or _zone_of(places),
        gap_tolerance_m=gap_tolerance_m,
        accuracy_share=accuracy_share,
    )


def _stored(frame: GeoDataFrame, what: str, code_column: str) -> GeoDataFrame:
    """Return a copy on the datum of record, snapped as the store snaps, with the codes in ``code``."""
    _require_crs(frame, what)
    if len(frame) == 0:
        raise FrameInvalid(what=what, reason="there is no row")
    if code_column not in frame.columns:
        there = ", ".join(str(name) for name in frame.columns)
        raise FrameInvalid(what=what, reason=f"the column {code_column!r} is missing; there are {there}")
    stored = _on_record(frame)
    if code_column != "code":
        stored = stored.drop(columns="code", errors="ignore").rename(columns={code_column: "code"})
    return stored.set_geometry(crs.snap_geometries(np.asarray(stored.geometry.values, dtype=object)), crs=crs.SRID_STORED)


def _require_crs(frame: GeoDataFrame, what: str) -> None:
    if getattr(frame, "crs", None) is None:
        raise FrameWithoutCrs(what=what)


def _on_record(frame: GeoDataFrame) -> GeoDataFrame:
    """Bring a frame to the datum of record: WGS 84 is relabelled, not shifted; anything else is transformed."""
    if frame.crs.to_epsg() in {crs.SRID_STORED, crs.SRID_WGS84} or frame.crs.to_string() == "OGC:CRS84":
        return frame.set_crs(crs.SRID_STORED, allow_override=True)
    shapes = shapely.force_2d(np.asarray(frame.geometry.values, dtype=object))
    forward, _ = crs.transformer_to_record(frame.crs.to_wkt(), *shapely.get_coordinates(shapes).T)
    moved = shapely.transform(shapes, forward.transform, interleaved=False)
    return frame.set_geometry(moved, crs=crs.SRID_STORED)


def _zone_of(grids: GeoDataFrame) -> int:
    west, south, east, north = grids.total_bounds
    return crs.local_utm_srid(float(west + east) / 2, float(south + north) / 2)


def _points_of(events: GeoDataFrame) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return lon and lat of record (NaN without a point) and the positions of the rows that have a point."""
    _require_crs(events, "events")
    shapes = np.asarray(_on_record(events).geometry.values, dtype=object)
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    other = there & (shapely.get_type_id(shapes) != 0)
    if other.any():
        row = int(np.argmax(other))
        raise GeometryType(code=f"event {row}", got=shapes[row].geom_type, wanted="Point", where={"row": row})
    lonlat = np.full((len(shapes), 2), np.nan)
    lonlat[there] = shapely.get_coordinates(shapes[there])
    there &= ~np.isnan(lonlat).all(axis=1)  # points made from empty columns: POINT (NaN NaN)
    lon, lat = crs.snap(*lonlat.T)
    wrong = there & ~(np.isfinite(lon) & np.isfinite(lat))
    if wrong.any():
        raise CoordNotFinite(where={"row": int(np.argmax(wrong))})
    return lon, lat, np.flatnonzero(there)


def _accuracy_of(events: GeoDataFrame, column: str) -> Floats:
    import pandas as pd

    if column not in events.columns:
        return np.full(len(events), np.nan)
    numbers = pd.to_numeric(events[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    wrong = np.isnan(numbers) & events[column].notna().to_numpy() & (events[column].astype(str).str.strip() != "").to_numpy()
    if wrong.any():
        row = int(np.argmax(wrong))
        raise AccuracyInvalid(accuracy_m=events[column].iloc[row], most_m="", where={"row": row})
    return numbers


def _columns(found: Assignments) -> dict[str, Any]:
    return {
        "grid_code": found.grid_code,
        "department_codes": np.array([";".join(codes) for codes in found.department_codes], dtype=object),
        "station_code": found.station_code,
        "distance_m": found.distance_m,
        "rule": found.rule,
        "confidence": found.confidence,
        "candidates": np.array([candidates_text(candidates) for candidates in found.candidates], dtype=object),
    }


def candidates_text(candidates: tuple[Candidate, ...]) -> str:
    """Write candidates as ``code:0.87;code:0.13``; shares are cut to two decimals, so that 1.00 means all of it."""
    return ";".join(f"{item.grid_code}:{np.floor(item.share * 100 + 1e-6) / 100:.2f}" for item in candidates)


def _by_road(
    roads: GeoDataFrame, stations: StationIndex, lon: Floats, lat: Floats, srid: int, mode: TravelMode
) -> dict[str, Any]:
    """Return the quickest station by road and the minutes to it; an estimate along the straight line is left out."""
    from geogrid.space.network import RoadNetwork

    _require_crs(roads, "roads")
    x, y = crs.metric_xy(lon, lat, srid, strict=False)
    near = np.isfinite(x) & np.isfinite(y)
    network = RoadNetwork.from_frame(_on_record(roads), metric_srid=srid)
    lonlat = np.column_stack([stations.lon, stations.lat])
    codes, minutes, straight = network.station_by_time(
        np.where(near, lon, np.nan), np.where(near, lat, np.nan), stations.codes, lonlat, mode
    )
    codes, minutes = np.array(codes, dtype=object), np.array(minutes, dtype=float)
    codes[straight], minutes[straight] = None, np.nan
    return {"station_by_time": codes, "minutes": minutes}


def _with_columns(events: GeoDataFrame, columns: dict[str, Any], located: NDArray[np.int64]) -> GeoDataFrame:
    """Return a copy of the events with the answers in the located rows; the others stay empty and say so by their rule."""
    clash = {name: f"{name}_before" for name in columns if name in events.columns}
    answered = events.drop(columns=[name for name in clash.values() if name in events.columns]).rename(columns=clash)
    for name in (name for name in ANSWERS if name in columns):
        values = columns[name]
        whole = np.full(len(events), np.nan if values.dtype.kind == "f" else None, dtype=values.dtype)
        whole[located] = values
        answered[name] = whole
    without = np.ones(len(events), dtype=bool)
    without[located] = False
    answered.loc[without, "rule"] = AssignmentRule.UNLOCATED.value
    answered.loc[without, "confidence"] = 0.0
    return answered
