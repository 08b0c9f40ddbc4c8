"""The district: one frozen value built at the edge, with what each edition's geography is compiled to, kept while in use."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geogrid.actions.dispute_kinds import read_kinds
from geogrid.actions.outside_channels import OutsideChannels, read_channels, shipped_channels
from geogrid.actions.programme_versions import Versions
from geogrid.actions.programmes import DEFAULT_PROGRAMME, Programmes, read_programmes, shipped_programmes
from geogrid.domain.dispute_kinds import DisputeKinds
from geogrid.domain.places import Level, UnitKind
from geogrid.domain.profiles import Profile, parse_profile
from geogrid.domain.stations import StationLevel, TravelMode
from geogrid.errors import NotFoundError, SetupError
from geogrid.rules.danger import Danger, parse_danger
from geogrid.settings import ROOT, Settings
from geogrid.space.crs import measures_true
from geogrid.store.session import beside, session_scope

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

    from geogrid.space.gazetteer import Gazetteer
    from geogrid.space.index import AssignmentIndex
    from geogrid.space.network import Flood, RoadNetwork
    from geogrid.store.editions import Edition
    from geogrid.store.geography import EditionFrames
    from geogrid.store.index_files import IndexFiles

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
        minutes, rank = self.flood(mode).at(self.network.snap(lon, lat, mode))
        reached = rank >= 0
        return np.where(reached, self.station_codes[rank], None), np.where(reached, minutes, np.nan)

    def flood(self, mode: TravelMode) -> Flood:
        """Return the times from everywhere to the nearest station by a mode; there are roads."""
        if mode not in self.floods and self.network is not None:
            self.floods[mode] = self.network.flood(self.station_lonlat, mode)
        return self.floods[mode]


def _knows_no_place(edition_id: int, version: str = "") -> Gazetteer:
    from geogrid.space.gazetteer import Gazetteer

    return Gazetteer.from_frames()


@dataclass(frozen=True)
class District:
    """A district's profile, and by edition id its geography and its gazetteer (each compiled on first use).

    ``files`` keeps what geographies are compiled to, for all processes; None: nothing is kept. ``programmes`` are its rules,
    ``outside`` the channels by which others send it orders.
    """

    profile: Profile
    geography_for: Callable[[int], Geography]
    gazetteer_for: Callable[..., Gazetteer] = _knows_no_place  # edition id, version of the former names
    files: IndexFiles | None = None
    programmes: Programmes = field(default_factory=lambda: shipped_programmes(DEFAULT_PROGRAMME))
    danger: Danger = field(default_factory=lambda: read_danger(ROOT / "data"))
    mediation: DisputeKinds = field(default_factory=read_kinds)
    outside: OutsideChannels = field(default_factory=OutsideChannels)

    def let_go(self, edition_id: int, names_version: str) -> None:
        """Keep what this edition and these names are compiled to, and nothing else: who asks for another has it made again."""
        for kept, key in ((self.geography_for, (edition_id, "")), (self.gazetteer_for, (edition_id, names_version))):
            if isinstance(kept, _Kept):
                kept.keep_only(key)


def open_district(settings: Settings, engine: Engine) -> District:
    """Return the district that ``settings`` names; geography is read from the database of ``engine``, kept for all threads.

    It is read over a connection of its own: when every connection of the pool is held by a thread that waits for an edition
    to be compiled, the one that compiles it must not wait for one of them.
    """
    from geogrid.store.index_files import IndexFiles

    profile, reader = read_profile(settings), beside(engine)
    found = _reading(profile, lambda: session_scope(reader), IndexFiles(settings.var_dir / "index"))
    found = replace(found, mediation=read_kinds(settings.data_dir), danger=read_danger(settings.data_dir))
    programmes = read_programmes(settings.data_dir, profile.programme, lambda: session_scope(reader))
    return replace(found, programmes=programmes, outside=read_channels([settings.data_dir, settings.var_dir], programmes))


@lru_cache(maxsize=4)
def read_danger(data_dir: Path) -> Danger:
    """Return what means danger to life, by ``danger.toml``: the shipped file where a place has none; raises SetupError."""
    path = data_dir / "danger.toml"
    return parse_danger((path if path.is_file() else ROOT / "data" / path.name).read_text(encoding="utf-8"), path.name)


def district_of(profile: Profile, session: Session, *, data_dir: Path = ROOT / "data", index_dir: Path | None = None) -> District:
    """Return a district that reads through ``session``, so that it sees what is not committed yet; programmes of ``data_dir``.

    ``index_dir``: where what geographies are compiled to is kept for all processes; None: nowhere.
    """
    from geogrid.store.index_files import IndexFiles

    versions, known = Versions(lambda: nullcontext(session), once=False), shipped_programmes(profile.programme, data_dir)
    programmes = replace(known, by_code=dict(known.by_code), versions=versions)
    outside = shipped_channels(profile.programme, data_dir)
    found = _reading(profile, lambda: nullcontext(session), None if index_dir is None else IndexFiles(index_dir))
    return replace(found, programmes=programmes, outside=outside, danger=read_danger(data_dir))


def _reading(
    profile: Profile, reading: Callable[[], AbstractContextManager[Session]], files: IndexFiles | None = None
) -> District:
    geographies = _Kept(partial(read_geography, files=files), profile, reading)
    return District(profile, geographies, _Kept(read_gazetteer, profile, reading), files)


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
        self._lock, self._kept = Lock(), OrderedDict[tuple[int, str], Compiled]()

    def __call__(self, edition_id: int, version: str = "") -> Compiled:
        key = edition_id, version
        with self._lock:
            if key not in self._kept:
                with self._reading() as session:
                    self._kept[key] = self._compiling(session, edition_id, self._profile)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT_EDITIONS:
                self._kept.popitem(last=False)
            return self._kept[key]

    def keep_only(self, key: tuple[int, str]) -> None:
        """Forget all but what belongs to ``key``."""
        with self._lock:
            for other in [each for each in self._kept if each != key]:
                del self._kept[other]


def read_geography(session: Session, edition_id: int, profile: Profile, *, files: IndexFiles | None = None) -> Geography:
    """Return the geography of an edition: from its index file where there is a good one, else read, compiled and kept.

    Roads are read in any case.
    """
    from geogrid.domain.grids import GeographyKind
    from geogrid.store.editions import by_id
    from geogrid.store.geography import frame_of, frames_of
    from geogrid.store.index_files import Built

    if files is None:
        return compile_geography(frames_of(session, edition_id, roads=True), edition_id, profile)
    edition = by_id(session, edition_id)
    key = geography_key(session, edition, profile)

    def build() -> Built:
        made = compile_geography(frames_of(session, edition_id), edition_id, profile)
        return Built(made.index, _beside(made), geography_key(session, edition, profile))

    index, others = files.get(edition_id, key, build)
    roads = frame_of(session, GeographyKind.ROADS, edition)
    return _geography(edition_id, index, others, _network(roads, profile))


def keep_geography(session: Session, geography: Geography, key: str, district: District) -> None:
    """Keep in its file what ``geography`` was compiled to, if the database still says what ``key`` was made of.

    Called before an edition is put in force, so that no process compiles it again.
    """
    from geogrid.store.editions import by_id
    from geogrid.store.index_files import Built

    if district.files is not None:
        now = geography_key(session, by_id(session, geography.edition_id), district.profile)
        district.files.keep(geography.edition_id, key, Built(geography.index, _beside(geography), now))


def geography_key(session: Session, edition: Edition, profile: Profile) -> str:
    """Return the key of what an edition's index is made from: every row it rests on, the profile's settings, the program.

    The same before and after the edition is put in force, and in another database that holds the same rows.
    """
    from geogrid.domain.grids import GeographyKind
    from geogrid.space.index_file import program_mark
    from geogrid.store.content import content_of

    kinds = (GeographyKind.UNITS, GeographyKind.BASE_GRIDS, GeographyKind.DEPARTMENT_GRIDS, GeographyKind.STATIONS)
    made_from = {
        "program": program_mark(),
        "rows": content_of(session, edition, kinds),
        "metric_srid": profile.metric_srid,
        "gap_tolerance_m": profile.gap_tolerance_m,
        "accuracy_share": profile.accuracy_share,
        "travel": [profile.travel_mode_town, profile.travel_mode_country],
    }
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def read_gazetteer(session: Session, edition_id: int, profile: Profile) -> Gazetteer:
    """Read and compile what finds places for words: units, places, roads and grids of an edition, and all former names."""
    from geogrid.domain.grids import GeographyKind
    from geogrid.space.gazetteer import Gazetteer
    from geogrid.store import names
    from geogrid.store.editions import by_id
    from geogrid.store.geography import frame_of

    edition = by_id(session, edition_id)
    frames = [frame_of(session, kind, edition) for kind in (GeographyKind.UNITS, GeographyKind.PLACES, GeographyKind.ROADS)]
    grids = frame_of(session, GeographyKind.BASE_GRIDS, edition)
    former = [*names.loaded(session), *names.retired(session)]
    return Gazetteer.from_frames(*frames, grids=grids, former=former, metric_srid=profile.metric_srid)


def compile_geography(frames: EditionFrames, edition_id: int, profile: Profile) -> Geography:
    """Compile frames of one edition into what answers for a point."""
    from geogrid.space.index import AssignmentIndex

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
    others = {
        "units_of": units_of_grids(frames),
        "mode_of": _modes(frames, profile),
        "station_codes": candidates["code"].to_numpy(dtype=object),
        "station_lonlat": np.column_stack([points.x, points.y]),
    }
    return _geography(edition_id, index, others, _network(frames.roads, profile))


def _beside(geography: Geography) -> dict[str, Any]:
    """Return what a file holds beside the index."""
    return {name: getattr(geography, name) for name in ("units_of", "mode_of", "station_codes", "station_lonlat")}


def _geography(edition_id: int, index: AssignmentIndex, others: dict[str, Any], network: RoadNetwork | None) -> Geography:
    modes = {code: TravelMode(mode) for code, mode in others["mode_of"].items()}
    return Geography(edition_id, index, others["units_of"], modes, others["station_codes"], others["station_lonlat"], network)


def _network(roads: GeoDataFrame | None, profile: Profile) -> RoadNetwork | None:
    from geogrid.space.network import Conditions, RoadNetwork

    if roads is None or roads.empty:
        return None
    return RoadNetwork.from_frame(roads, metric_srid=profile.metric_srid, conditions=Conditions(speeds=profile.speeds))


def units_of_grids(frames: EditionFrames) -> dict[str, tuple[str | None, str | None]]:
    """Return the codes of the village and township of each grid of an edition."""
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
