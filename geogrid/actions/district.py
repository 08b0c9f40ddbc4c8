"""The district: one frozen value built at the edge, with what each edition's geography is compiled to, kept while in use."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geogrid.domain.places import Level, UnitKind
from geogrid.domain.profiles import Profile, parse_profile
from geogrid.domain.stations import StationLevel, TravelMode
from geogrid.errors import NotFoundError, SetupError
from geogrid.settings import Settings
from geogrid.space.crs import measures_true
from geogrid.store.session import beside, session_scope

if TYPE_CHECKING:
    from geogrid.space.gazetteer import Gazetteer
    from geogrid.space.index import AssignmentIndex
    from geogrid.space.network import Flood, RoadNetwork
    from geogrid.store.geography import EditionFrames

KEPT_EDITIONS = 3  # the one in force, the one before, the one that comes
TOWN_KINDS = {UnitKind.COMMUNITY, UnitKind.STREET}


@dataclass(frozen=True)
class Geography:
    """One edition, compiled.

    ``units_of`` names a grid's (village, township); ``mode_of`` the way people travel in a village; stations are those
    that can be nearest by code, with their places in degrees (n, 2). ``network`` is None where no roads are loaded.
    """

    edition_id: int
    index: AssignmentIndex
    units_of: dict[str, tuple[str | None, str | None]]
    mode_of: dict[str, TravelMode]
    station_codes: np.ndarray
    station_lonlat: np.ndarray
    network: RoadNetwork | None
    floods: dict[TravelMode, Flood] = field(default_factory=dict)

    def station_by_time(self, lon: np.ndarray, lat: np.ndarray, mode: TravelMode) -> tuple[np.ndarray, np.ndarray]:
        """Return the code of the station reached soonest by road from each point (degrees), and the minutes.

        None and NaN where no road leads to a station: an estimate along the straight line is no time on a road, and a row
        has no place to say which of the two it is. The times from every node are computed once a mode and kept.
        """
        if self.network is None or not len(self.station_codes):
            return np.full(len(lon), None, dtype=object), np.full(len(lon), np.nan)
        if mode not in self.floods:
            self.floods[mode] = self.network.flood(self.station_lonlat, mode)
        minutes, rank = self.floods[mode].at(self.network.snap(lon, lat, mode))
        reached = rank >= 0
        return np.where(reached, self.station_codes[rank], None), np.where(reached, minutes, np.nan)


def _knows_no_place(edition_id: int) -> Gazetteer:
    from geogrid.space.gazetteer import Gazetteer

    return Gazetteer.from_frames()


@dataclass(frozen=True)
class District:
    """A district's profile, and by edition id its geography and its gazetteer (each compiled on first use)."""

    profile: Profile
    geography_for: Callable[[int], Geography]
    gazetteer_for: Callable[[int], Gazetteer] = _knows_no_place


def open_district(settings: Settings, engine: Engine) -> District:
    """Return the district that ``settings`` names; geography is read from the database of ``engine``, kept for all threads.

    It is read over a connection of its own: when every connection of the pool is held by a thread that waits for an edition
    to be compiled, the one that compiles it must not wait for one of them.
    """
    profile, reader = read_profile(settings), beside(engine)
    return _reading(profile, lambda: session_scope(reader))


def district_of(profile: Profile, session: Session) -> District:
    """Return a district that reads through ``session``, so that it sees what is not committed yet."""
    return _reading(profile, lambda: nullcontext(session))


def _reading(profile: Profile, reading: Callable[[], AbstractContextManager[Session]]) -> District:
    return District(profile, _Kept(read_geography, profile, reading), _Kept(read_gazetteer, profile, reading))


def read_profile(settings: Settings) -> Profile:
    """Return the profile that ``settings`` names; raises NotFoundError, or SetupError where the file is broken."""
    path = settings.data_dir / "profiles" / f"{settings.profile}.toml"
    if not path.is_file():
        raise NotFoundError(what=f"profile {settings.profile}")
    profile = parse_profile(path.read_text(encoding="utf-8"), path.name)
    if not measures_true(profile.metric_srid, *profile.centre_lonlat):
        reason = f"{path.name}: metres of EPSG:{profile.metric_srid} are none at {profile.centre_lonlat}"
        raise SetupError(reason=reason, mend="Name the metric zone of the district, such as its CGCS2000 3-degree zone.")
    return profile


Compiled = TypeVar("Compiled")


class _Kept(Generic[Compiled]):
    """What an edition is compiled to, by its id: once, the last few kept; one thread compiles while the others wait for it."""

    def __init__(
        self,
        compiling: Callable[[Session, int, Profile], Compiled],
        profile: Profile,
        reading: Callable[[], AbstractContextManager[Session]],
    ) -> None:
        self._compiling, self._profile, self._reading = compiling, profile, reading
        self._lock, self._kept = Lock(), OrderedDict[int, Compiled]()

    def __call__(self, edition_id: int) -> Compiled:
        with self._lock:
            if edition_id not in self._kept:
                with self._reading() as session:
                    self._kept[edition_id] = self._compiling(session, edition_id, self._profile)
            self._kept.move_to_end(edition_id)
            while len(self._kept) > KEPT_EDITIONS:
                self._kept.popitem(last=False)
            return self._kept[edition_id]


def read_geography(session: Session, edition_id: int, profile: Profile) -> Geography:
    """Read and compile the geography of an edition."""
    from geogrid.store.geography import frames_of

    return compile_geography(frames_of(session, edition_id, roads=True), edition_id, profile)


def read_gazetteer(session: Session, edition_id: int, profile: Profile) -> Gazetteer:
    """Read and compile the units, places and roads of an edition into what finds places for words."""
    from geogrid.domain.grids import GeographyKind
    from geogrid.space.gazetteer import Gazetteer
    from geogrid.store.editions import by_id
    from geogrid.store.geography import frame_of

    edition = by_id(session, edition_id)
    frames = [frame_of(session, kind, edition) for kind in (GeographyKind.UNITS, GeographyKind.PLACES, GeographyKind.ROADS)]
    return Gazetteer.from_frames(*frames, metric_srid=profile.metric_srid)


def compile_geography(frames: EditionFrames, edition_id: int, profile: Profile) -> Geography:
    """Compile frames of one edition into what answers for a point."""
    from geogrid.space.index import AssignmentIndex
    from geogrid.space.network import RoadNetwork

    candidates = frames.stations[frames.stations["level"] != StationLevel.CENTRE].sort_values("code", kind="stable")
    index = AssignmentIndex.from_frames(
        frames.grids,
        None if frames.stations.empty else frames.stations,
        None if frames.departments.empty else frames.departments,
        district=frames.district,
        metric_srid=profile.metric_srid,
        gap_tolerance_m=profile.gap_tolerance_m,
        accuracy_share=profile.accuracy_share,
    )
    points = candidates.geometry
    return Geography(
        edition_id=edition_id,
        index=index,
        units_of=_units_of(frames),
        mode_of=_modes(frames, profile),
        station_codes=candidates["code"].to_numpy(dtype=object),
        station_lonlat=np.column_stack([points.x, points.y]),
        network=None if frames.roads is None else RoadNetwork.from_frame(frames.roads, metric_srid=profile.metric_srid),
    )


def _units_of(frames: EditionFrames) -> dict[str, tuple[str | None, str | None]]:
    units = frames.units
    villages = units[units["level"] == Level.VILLAGE]
    parents = dict(zip(villages["code"], villages["parent_code"], strict=True))
    grids = zip(frames.grids["code"], frames.grids["village_code"], strict=True)
    return {code: (village or None, parents.get(village)) for code, village in grids}


def _modes(frames: EditionFrames, profile: Profile) -> dict[str, TravelMode]:
    town, country = TravelMode(profile.travel_mode_town), TravelMode(profile.travel_mode_country)
    return {
        code: town if kind in TOWN_KINDS else country
        for code, kind in zip(frames.units["code"], frames.units["kind"], strict=True)
    }
