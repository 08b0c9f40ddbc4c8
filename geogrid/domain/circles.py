"""What one can choose of service circles: how people travel, the level of the stations, the minutes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.stations import StationLevel, TravelMode

CIRCLE_MINUTES = (5, 8, 10, 15)


class CircleMode(LabelledEnum):
    """How people travel to the stations of a circle: each by the way usual at its place, or all by one mode."""

    OWN = "own", "Each station's usual way"
    WALK = "walk", "All on foot"
    EBIKE = "ebike", "All by e-bike"
    CAR = "car", "All by car"

    def includes(self, mode: TravelMode) -> bool:
        """Whether circles by ``mode`` are part of the choice."""
        return self is CircleMode.OWN or self.value == mode.value


class CircleLevel(LabelledEnum):
    """Which stations count; the centre serves all and has no circle."""

    ALL = "all", "Stations and points"
    STATION = "station", "Stations only"
    POINT = "point", "Points only"

    def includes(self, level: StationLevel) -> bool:
        """Whether a station of ``level`` counts."""
        return level.is_nearest_candidate and self.value in {"all", level.value}


@dataclass(frozen=True)
class CircleChoice:
    """One choice: its key names its copies and figures."""

    mode: CircleMode = CircleMode.OWN
    minutes: int = 10
    level: CircleLevel = CircleLevel.ALL

    @property
    def key(self) -> str:
        """The choice in one word, such as ``own-10-all``."""
        return f"{self.mode.value}-{self.minutes}-{self.level.value}"


def circle_choices() -> Iterator[CircleChoice]:
    """Yield every choice there is, in one order for all."""
    for mode in CircleMode:
        for minutes in CIRCLE_MINUTES:
            for level in CircleLevel:
                yield CircleChoice(mode, minutes, level)


def choice_of(mode: str, minutes: str, level: str) -> CircleChoice:
    """Return the choice of what was asked for; what is empty takes its default. Raises ValueError where there is no such."""
    usual = CircleChoice()
    found = CircleChoice(
        CircleMode(mode) if mode else usual.mode,
        int(minutes) if minutes else usual.minutes,
        CircleLevel(level) if level else usual.level,
    )
    if found.minutes not in CIRCLE_MINUTES:
        raise ValueError(minutes)
    return found
