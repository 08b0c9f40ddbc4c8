"""Draw the service circles of the edition in force, and who is left uncovered: too long for a page, so a job draws them.

Every choice of mode, minutes and level has its shapes (dissolved) and its figures. Households count once in a choice, at the
station that they reach soonest, by their own way; nothing is counted by a shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from geogrid.actions.district import District, Geography
from geogrid.actions.drawn_copies import Known, copies_of
from geogrid.domain.circles import CIRCLE_MINUTES, CircleChoice, CircleMode, circle_choices
from geogrid.domain.grids import GeographyKind
from geogrid.domain.speeds import Season
from geogrid.domain.stations import StationLevel, TravelMode
from geogrid.space.circles import Circles
from geogrid.space.copies import to_mercator
from geogrid.space.network import RoadNetwork
from geogrid.space.reach_fields import united
from geogrid.store import analysis, editions
from geogrid.store.analysis import SERVICE_CIRCLES, UNCOVERED, Drawn

FINEST_ZOOM = 24
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
LEVELS = (StationLevel.STATION, StationLevel.POINT)


@dataclass(frozen=True, eq=False)
class Scene:
    """What circles are drawn from: stations with ``mode`` (their own) and ``level``, homes with the position of their grid."""

    network: RoadNetwork
    lonlat: Floats
    mode: NDArray[np.object_]
    level: NDArray[np.object_]
    homes: Floats
    grid: Ints
    water: NDArray[np.object_]

    def stations(self, choice: CircleMode, mode: TravelMode, level: StationLevel) -> Ints:
        """Return the positions of the stations of a level that a choice reaches by ``mode``."""
        own = self.mode == mode.value if choice is CircleMode.OWN else np.full(len(self.mode), choice.includes(mode))
        return np.flatnonzero(own & (self.level == level.value))


def season_at(now: datetime, district: District) -> Season:
    """Return the season of an instant, by the district's own calendar."""
    profile = district.profile
    return profile.speeds.season_on(now.astimezone(ZoneInfo(profile.timezone)).date())


def draw_circles(session: Session, *, now: datetime, district: District) -> bool:
    """Draw from where stations are reached in time, by every choice, and count households that reach one.

    Each station's own mode is that of its unit (town on foot, countryside by e-bike: the profile). A household counts once,
    when it reaches any of the stations. False where the edition has no roads or no stations.
    """
    from geogrid.store.geography import frame_of

    edition = editions.in_force(session)
    geography = district.geography_for(edition.id)
    stations = frame_of(session, GeographyKind.STATIONS, edition)
    stations = stations[stations["level"] != StationLevel.CENTRE]
    if geography.network is None or stations.empty:
        return False
    grids = frame_of(session, GeographyKind.BASE_GRIDS, edition)
    season = season_at(now, district)
    scene = _scene(session, geography, stations, grids, district, season)
    whole = {"households": len(scene.homes), "season": season.value, "made_at": now.isoformat()}
    shapes, minutes = _by_part(scene)
    known: Known = {}
    drawn = [row for choice in circle_choices() for row in _rows(choice, scene, shapes, minutes, whole, known)]
    analysis.replace(session, SERVICE_CIRCLES, edition.id, drawn)
    analysis.replace(session, UNCOVERED, edition.id, _uncovered(grids, scene, minutes, whole))
    return True


def _scene(session: Session, geography: Geography, stations: Any, grids: Any, district: District, season: Season) -> Scene:
    mode_of = stations["unit_code"].map(geography.mode_of).fillna(district.profile.travel_mode_country)
    homes = analysis.homes_lonlat(session)
    position = {code: i for i, code in enumerate(grids["code"])}
    found = geography.index.assign(homes[:, 0], homes[:, 1]).grid_code if len(homes) else []
    return Scene(
        network=geography.network.under(replace(geography.network.conditions, season=season)),  # type: ignore[union-attr]
        lonlat=np.column_stack([stations.geometry.x, stations.geometry.y]),
        mode=np.array([TravelMode(mode).value for mode in mode_of], dtype=object),
        level=stations["level"].to_numpy(dtype=object),
        homes=homes,
        grid=np.array([position.get(code, -1) for code in found], dtype=np.int64),
        water=analysis.water_areas(session),
    )


Part = tuple[CircleMode, TravelMode, StationLevel]


def _by_part(scene: Scene) -> tuple[dict[Part, NDArray[np.object_]], dict[Part, Floats]]:
    """Return, for every part of a choice that has stations, its shapes by minutes and every household's minutes.

    Every station is drawn once by a mode: all by one mode are those whose own it is and the others, united.
    """
    shapes, minutes, limits = {}, {}, [float(each) for each in CIRCLE_MINUTES]
    for mode in TravelMode:
        circles = Circles.of(scene.network, scene.lonlat, mode, water=scene.water)
        homes = scene.network.snap(scene.homes[:, 0], scene.homes[:, 1], mode)
        for level in LEVELS:
            own = scene.stations(CircleMode.OWN, mode, level)
            others = np.setdiff1d(scene.stations(CircleMode(mode.value), mode, level), own)
            drawn = []
            for rows in (rows for rows in (own, others) if len(rows)):
                late = scene.network.flood(scene.lonlat[rows], mode, limit_minutes=limits[-1]).at(homes)[0]
                drawn.append((circles.together(limits, rows), late))
            if len(own):
                shapes[CircleMode.OWN, mode, level], minutes[CircleMode.OWN, mode, level] = drawn[0]
            if drawn:
                whole = CircleMode(mode.value), mode, level
                shapes[whole] = _united([found for found, _ in drawn])
                minutes[whole] = np.minimum.reduce([late for _, late in drawn])
    return shapes, minutes


def _united(shapes: list[NDArray[np.object_]]) -> NDArray[np.object_]:
    """Return the union of areas, each with its like; what touches nothing else stays as it is, to the bit."""
    if len(shapes) == 1:
        return shapes[0]
    found = np.empty(len(shapes[0]), dtype=object)
    found[:] = [united(alike) for alike in zip(*shapes, strict=True)]
    return found


def _parts(choice: CircleChoice, mode: TravelMode) -> list[Part]:
    return [(choice.mode, mode, level) for level in LEVELS if choice.level.includes(level)]


def _rows(
    choice: CircleChoice,
    scene: Scene,
    shapes: dict[Part, NDArray[np.object_]],
    minutes: dict[Part, Floats],
    whole: dict[str, Any],
    known: Known | None = None,
) -> Iterator[Drawn]:
    """Give a choice's areas by mode with its figures: of all households, and of each mode; ``known`` is for many choices."""
    which = CIRCLE_MINUTES.index(choice.minutes)
    reached, modes, areas = _reached(choice, scene, minutes), [], []
    for mode in TravelMode:
        parts = [part for part in _parts(choice, mode) if part in shapes]
        if not parts:
            continue
        stations = sum(len(scene.stations(*part)) for part in parts)
        served = np.logical_or.reduce([minutes[part] <= choice.minutes for part in parts])
        modes.append({"mode": mode.value, "stations": stations, "households": int(served.sum())})
        areas.append((mode, _united([shapes[part][which : which + 1] for part in parts])[0]))
    figures = {"choice": choice.key, "minutes": choice.minutes, "reached": int(reached.sum()), "modes": modes, **whole}
    figures["grids_without"] = len(np.unique(scene.grid[(scene.grid >= 0) & ~reached]))
    for mode, area in areas:
        if area.is_empty:  # nobody is reached: the figures still stand
            yield Drawn(FINEST_ZOOM, f"{choice.key}-{mode.value}-none", {"mode": mode.value, **figures}, _nowhere(scene))
            continue
        yield from copies_of(area, f"{choice.key}-{mode.value}", {"mode": mode.value, **figures}, known)


def _nowhere(scene: Scene) -> shapely.Geometry:
    return to_mercator(np.array([shapely.Point(scene.lonlat[0])], dtype=object))[0]


def _reached(choice: CircleChoice, scene: Scene, minutes: dict[Part, Floats]) -> Flags:
    reached = np.zeros(len(scene.homes), dtype=bool)
    for part in (part for mode in TravelMode for part in _parts(choice, mode) if part in minutes):
        reached |= minutes[part] <= choice.minutes
    return reached


def _uncovered(grids: Any, scene: Scene, minutes: dict[Part, Floats], whole: dict[str, Any]) -> list[Drawn]:
    """Give every base grid with households its figures: how many there are, and by choice how many reach no station in time."""
    inside = scene.grid >= 0
    homes = np.bincount(scene.grid[inside], minlength=len(grids))
    without = {
        choice.key: np.bincount(scene.grid[inside & ~_reached(choice, scene, minutes)], minlength=len(grids))
        for choice in circle_choices()
    }
    places = to_mercator(shapely.point_on_surface(np.asarray(grids.geometry.array, dtype=object)))
    about = {"made_at": whole["made_at"], "season": whole["season"]}
    return [
        Drawn(
            FINEST_ZOOM,
            str(code),
            {"households": int(homes[i]), "without": {key: int(counts[i]) for key, counts in without.items()}, **about},
            places[i],
        )
        for i, code in enumerate(grids["code"])
        if homes[i]
    ]
