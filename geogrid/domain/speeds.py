"""How fast people travel: by mode, class of road and season, as a district's profile states it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.stations import TravelMode

OTHER = "other"  # every class of road that is not named
SLOWEST_KMH, FASTEST_KMH = 0.1, 300.0
ByClass = Mapping[TravelMode, Mapping[str, float]]


class Season(LabelledEnum):
    """What the ground is like: free, or under snow and ice. Which months are winter is said by the profile."""

    SUMMER = "summer", "Summer"
    WINTER = "winter", "Winter"


# Assumptions: 80 m a minute is the usual pace of accessibility studies; e-bikes are capped at 15 km/h in non-motor lanes.
USUAL_KMH: ByClass = {
    TravelMode.WALK: {OTHER: 4.8, "steps": 2.4},
    TravelMode.EBIKE: {OTHER: 15.0, "path": 10.0, "track": 10.0},
    TravelMode.CAR: {},
}
# Assumptions for frost, packed snow and ice on side streets, such as north-east China's from November to March.
USUAL_WINTER: ByClass = {
    TravelMode.WALK: {OTHER: 0.85, "steps": 0.7},
    TravelMode.EBIKE: {OTHER: 0.7, "path": 0.5, "track": 0.5},
    TravelMode.CAR: {OTHER: 0.8, "trunk": 0.9, "motorway": 0.9, "track": 0.5},
}
STRAIGHT_CAR_KMH = 30.0  # an assumption, for estimates along the straight line only


@dataclass(frozen=True)
class Speeds:
    """Speeds of a district.

    Parameters
    ----------
    kmh : by mode and class of road, km/h; ``other`` is every class not named. On foot and by e-bike this is the speed; for
        cars, whose speed every road states itself, it is the most that is assumed on the class (empty: what the road says)
    winter : by mode and class, the share of that speed that is left in winter (above 0, at most 1)
    winter_months : 1 to 12; none: there is no winter
    """

    kmh: ByClass = field(default_factory=lambda: USUAL_KMH)
    winter: ByClass = field(default_factory=lambda: USUAL_WINTER)
    winter_months: tuple[int, ...] = ()

    def season_on(self, day: date) -> Season:
        """Return the season of a day."""
        return Season.WINTER if day.month in self.winter_months else Season.SUMMER

    def speed_kmh(self, mode: TravelMode, road_class: str, own_kmh: float, season: Season) -> float:
        """Return the speed on a road of a class that itself states ``own_kmh`` for cars."""
        stated = self.kmh.get(mode, {})
        usual = stated.get(road_class, stated.get(OTHER))
        if mode is TravelMode.CAR:
            usual = own_kmh if usual is None else min(usual, own_kmh)
        elif usual is None:
            usual = USUAL_KMH[mode][OTHER]
        return usual * self.share(mode, road_class, season)

    def share(self, mode: TravelMode, road_class: str, season: Season) -> float:
        """Return the share of the speed that a season leaves."""
        if season is Season.SUMMER:
            return 1.0
        shares = self.winter.get(mode, {})
        return shares.get(road_class, shares.get(OTHER, 1.0))

    def straight_kmh(self, mode: TravelMode, season: Season) -> float:
        """Return the speed of estimates along the straight line; on foot also that of the way to the road, km/h."""
        return self.speed_kmh(mode, OTHER, STRAIGHT_CAR_KMH, season)


USUAL_SPEEDS = Speeds()
