"""Load an edition, put it in force, withdraw it. Loading changes nothing that is in force; activating changes all at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from geogrid import errors
from geogrid.actions import tiling
from geogrid.actions.answers import answers, units_of
from geogrid.actions.district import District, compile_geography, geography_key, keep_geography
from geogrid.actions.matters import move_matters
from geogrid.actions.place import leaves_open, placed_in
from geogrid.domain.grids import EditionState, GeographyKind
from geogrid.domain.places import Level
from geogrid.errors.family import Label
from geogrid.space.copies import COPY_ZOOMS, coverage_copy, to_mercator
from geogrid.space.crs import to_metric
from geogrid.space.lineage import common_areas, moved_away, shares_of_points
from geogrid.store import cells, editions, events, locks, publishing
from geogrid.store.editions import Edition

if TYPE_CHECKING:
    import geopandas as gpd

    from geogrid.store.geography import EditionFrames

ACTOR = "geogrid"
FAULTS_NAMED = 3
COMPARED = (GeographyKind.UNITS, GeographyKind.BASE_GRIDS, GeographyKind.DEPARTMENT_GRIDS)
SAID = {
    GeographyKind.UNITS: ["code", "name", "level", "kind"],
    GeographyKind.BASE_GRIDS: ["code", "name", "kind", "exclusive_kind", "village_code", "households"],
    GeographyKind.DEPARTMENT_GRIDS: ["code", "name", "department"],
}


@dataclass(frozen=True)
class Activated:
    """What an activation did: the edition, the one it retired, and how many open events it assigned anew and moved."""

    edition: Edition
    retired: str | None
    reassigned: int
    moved: int


def load_edition(
    session: Session,
    name: str,
    frames: Mapping[GeographyKind, gpd.GeoDataFrame],
    *,
    now: datetime,
    district: District,
    source: Mapping[str, Any] | None = None,
) -> Edition:
    """Load frames (EPSG:4490, checked) into the edition ``name``, made when it is new; a kind loaded before is replaced.

    Columns as the tables', missing ones take their defaults; ``area_m2`` is measured where it is missing.

    Raises
    ------
    errors.EditionState
        where the edition is, or was, in force.
    """
    from geogrid.store import geography

    edition = editions.add(session, name, now=now)
    _must_be_loaded(edition)
    hashes = dict(edition.source.get("hashes", {}))
    for kind, frame in frames.items():
        geography.delete_rows(session, kind, edition.id)
        geography.copy_in(session, kind, _with_area(frame, kind, district), edition.id)
        hashes[kind.value] = geography.content_hash(frame)
    whole = hashlib.sha256("".join(f"{kind}:{value};" for kind, value in sorted(hashes.items())).encode()).hexdigest()
    described = {**edition.source, **(source or {}), "hashes": hashes}
    editions.describe(session, edition.id, hashes, whole, described)
    return editions.by_id(session, edition.id)


def _with_area(frame: gpd.GeoDataFrame, kind: GeographyKind, district: District) -> gpd.GeoDataFrame:
    if "area_m2" in frame.columns or kind not in {GeographyKind.BASE_GRIDS, GeographyKind.DEPARTMENT_GRIDS}:
        return frame
    metric = to_metric(np.asarray(frame.geometry.array), district.profile.metric_srid)
    return frame.assign(area_m2=shapely.area(metric))


def withdraw_edition(session: Session, name: str) -> Edition:
    """Withdraw a loaded edition: its rows are deleted, its name stays as a trace. Raises errors.EditionState."""
    edition = editions.named(session, name, lock=True)
    _must_be_loaded(edition)
    editions.withdraw(session, edition)
    return editions.by_id(session, edition.id)


def activate_edition(
    session: Session,
    name: str,
    *,
    now: datetime,
    district: District,
    accept_moved: bool = False,
    accept_faults: bool = False,
    actor: str = ACTOR,
) -> Activated:
    """Put a loaded edition in force, in this one transaction.

    What takes long (the check of coverage, lineage, copies for tiles, the look-up structure, households) is made before the
    exclusive lock; under it are the flip and the new assignments of open events. Closed events keep the edition they were
    closed under.

    Raises
    ------
    errors.EditionState, EditionIncomplete, EditionBaseChanged
    errors.EditionFaulty, EditionSuspicious
        where grids that it brings overlap or leave gaps, or areas share nothing with their old selves; unless accepted.
    """
    from geogrid.store.geography import frames_of

    edition = editions.named(session, name, lock=True)
    _must_be_loaded(edition)
    base = editions.find_in_force(session)
    key = geography_key(session, edition, district.profile)
    frames = frames_of(session, edition.id, roads=True)
    if frames.grids.empty:
        raise errors.EditionIncomplete(name=name, kind=GeographyKind.BASE_GRIDS.label)
    if not accept_faults:
        _check_tiling(edition, frames, district)
    if base is not None:
        _compare(session, edition, frames_of(session, base.id), frames, district, accept_moved=accept_moved)
    _draw_copies(session, edition.id, frames)
    geography = compile_geography(frames, edition.id, district.profile)
    keep_geography(session, geography, key, district)
    ready = replace(district, geography_for=lambda _: geography)

    locks.take_publishing(session)
    found = editions.find_in_force(session)
    if (found and found.id) != (base and base.id):
        raise errors.EditionBaseChanged(name=name)
    editions.flip_unasked(session, edition, base, now=now)
    locks.take_edition(session)
    at = editions.flip(session, edition, base, now=now)
    reassigned, moved = _reassign(session, edition, ready, at=at, actor=actor)
    events.tell_reload(session)
    return Activated(editions.by_id(session, edition.id), base.name if base else None, reassigned, moved)


def _must_be_loaded(edition: Edition) -> None:
    if edition.state is not EditionState.LOADED:
        raise errors.EditionState(name=edition.name, state=Label(edition.state))


def _check_tiling(edition: Edition, frames: EditionFrames, district: District) -> None:
    """Refuse overlaps, and gaps in the district, in what the edition brings; what stood before is not asked again."""
    faults = tiling.TilingFaults((), ())
    if {GeographyKind.BASE_GRIDS, GeographyKind.UNITS} & set(edition.replaces):
        faults = tiling.base_grid_faults(frames, district.profile)
    if GeographyKind.DEPARTMENT_GRIDS in edition.replaces:
        others = tiling.department_overlaps(frames.departments, district.profile)
        faults = replace(faults, overlaps=(*faults.overlaps, *others))
    if not faults.all:
        return
    raise errors.EditionFaulty(
        name=edition.name,
        overlaps=len(faults.overlaps),
        gaps=len(faults.gaps),
        places=", ".join(tiling.place_of(fault) for fault in faults.all[:FAULTS_NAMED]),
        where={"feature": faults.all[0].codes, "lonlat": faults.all[0].point_lonlat},
    )


def frames_by_kind(frames: EditionFrames) -> dict[GeographyKind, gpd.GeoDataFrame]:
    """Return the areas of an edition by kind."""
    return {
        GeographyKind.UNITS: frames.units,
        GeographyKind.BASE_GRIDS: frames.grids,
        GeographyKind.DEPARTMENT_GRIDS: frames.departments,
    }


def _compare(
    session: Session, edition: Edition, old: EditionFrames, new: EditionFrames, district: District, *, accept_moved: bool
) -> None:
    for kind in COMPARED:
        if kind not in edition.replaces:
            continue
        before, after = frames_by_kind(old)[kind], frames_by_kind(new)[kind]
        areas = [_codes(before), _areas(before), _codes(after), _areas(after)]
        away = moved_away(*areas)
        if away and not accept_moved:
            where = {"feature": away[:20]}
            raise errors.EditionSuspicious(count=len(away), total=len(after), kind=kind.label, where=where)
        pairs = common_areas(*areas, metric_srid=district.profile.metric_srid)
        homes = None
        if kind is GeographyKind.BASE_GRIDS and len(points := _homes(session, edition)):
            homes = shares_of_points(pairs, *areas, points)
        publishing.add_lineage(session, edition.id, kind, pairs, homes)


def _codes(frame: gpd.GeoDataFrame) -> np.ndarray:
    return frame["code"].to_numpy(dtype=object)


def _areas(frame: gpd.GeoDataFrame) -> np.ndarray:
    return np.asarray(frame.geometry.array, dtype=object)


def _homes(session: Session, edition: Edition) -> np.ndarray:
    from geogrid.store.geography import frame_of

    return _areas(frame_of(session, GeographyKind.HOUSEHOLDS, edition))


def _draw_copies(session: Session, edition_id: int, frames: EditionFrames) -> None:
    for kind, frame in frames_by_kind(frames).items():
        shown = frame[frame["level"] == Level.TOWNSHIP] if kind is GeographyKind.UNITS else frame
        if shown.empty:
            continue
        mercator = to_mercator(_areas(shown))
        parts = shown["department"].to_numpy() if kind is GeographyKind.DEPARTMENT_GRIDS else np.zeros(len(shown))
        for zoom in COPY_ZOOMS:
            copies = mercator.copy()
            for part in np.unique(parts):  # only grids of one department are a coverage
                copies[parts == part] = coverage_copy(mercator[parts == part], zoom)
            publishing.add_shapes(session, edition_id, kind, zoom, shown[SAID[kind]], copies)


def _reassign(session: Session, edition: Edition, district: District, *, at: datetime, actor: str) -> tuple[int, int]:
    waiting = publishing.open_events(session)
    if not waiting:
        return 0, 0
    ids = [row[0] for row in waiting]
    lon, lat, accuracy = (np.array([np.nan if row[i] is None else row[i] for row in waiting]) for i in (1, 2, 3))
    found = answers(district, edition.id, lon, lat, accuracy)
    for i, grid_code in ((i, row[4]) for i, row in enumerate(waiting) if row[4] is not None and leaves_open(found[i])):
        found[i] = placed_in(found[i], grid_code, edition.id, district) or found[i]
    units = [units_of(district, answer) for answer in found]
    publishing.stage_places(session, ids, found, units)
    leaving = publishing.leaving_their_village(session)
    cells.subtract(session, leaving)
    moved = publishing.move_events(session, ids, found, edition.id, at=at, actor=actor, note=edition.name)
    move_matters(session, dict(zip(ids, units, strict=True)), district=district)
    cells.add(session, leaving)
    publishing.drop_places(session)
    return len(ids), moved
