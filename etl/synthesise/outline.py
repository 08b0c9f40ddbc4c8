"""The district's outline, its town core, its seats, and the curves of rivers and trunk roads."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from etl.synthesise.ground import Floats, Ground
from etl.synthesise.sizes import TwinSize

CORE_SPACING_M = 225.0  # a core grid is about a block of this width
STEP_M = 60.0  # curves are sampled so densely


@dataclass(frozen=True)
class Curve:
    """A river or trunk road as planned: points every ``STEP_M`` metres, shape (n, 2); the map's lines follow it loosely."""

    name: str
    xy: Floats
    half_width_m: float = 0.0
    at_core: bool = False


@dataclass(frozen=True)
class Outline:
    """The planned shape, in local metres; the district's real border is the wiggly edge of its cells."""

    radius_m: float
    waves: Floats  # shape (k, 3): number, amplitude, phase
    core_xy: Floats
    core_radius_m: float
    core_angle: float
    seats_xy: Floats
    rivers: tuple[Curve, ...]
    trunks: tuple[Curve, ...]
    rural_spacing_m: float

    def scaled(self, factor: float) -> Outline:
        """Return the outline with all lengths multiplied by ``factor``."""
        return replace(
            self,
            radius_m=self.radius_m * factor,
            core_xy=self.core_xy * factor,
            core_radius_m=self.core_radius_m * factor,
            seats_xy=self.seats_xy * factor,
            rivers=tuple(replace(curve, xy=curve.xy * factor) for curve in self.rivers),
            trunks=tuple(replace(curve, xy=curve.xy * factor) for curve in self.trunks),
            rural_spacing_m=self.rural_spacing_m * factor,
        )

    def reach(self, xy: Floats) -> Floats:
        """Return how far out points lie: below 1 inside, 1 on the outline."""
        theta = np.arctan2(xy[:, 1], xy[:, 0])
        number, amplitude, phase = self.waves.T
        edge = 1 + (amplitude * np.cos(number * theta[:, None] + phase)).sum(axis=1)
        return np.hypot(xy[:, 0], xy[:, 1]) / (self.radius_m * edge)

    def spacing(self, xy: Floats) -> Floats:
        """Return the wanted distance in metres between neighbouring cells: small near the core and the seats."""
        from_core = np.maximum(np.hypot(*(xy - self.core_xy).T) - self.core_radius_m, 0.0)
        wanted = CORE_SPACING_M * 1.2 + 0.30 * from_core
        if len(self.seats_xy):
            wanted = np.minimum(wanted, 420.0 + 0.45 * cKDTree(self.seats_xy).query(xy)[0])
        return np.minimum(wanted, self.rural_spacing_m)


def plan_outline(ground: Ground, size: TwinSize) -> Outline:
    """Plan the district's outline, core, seats, rivers and trunk roads."""
    rng = ground.rng("outline")
    radius = float(np.sqrt(size.area_km2 * 1e6 / np.pi))
    number = np.arange(2, 8)
    waves = np.column_stack([number, 0.26 / number * rng.uniform(0.5, 1.0, len(number)), rng.uniform(0, 2 * np.pi, len(number))])
    core = np.array([-0.10, -0.28]) * radius
    core_radius = float(np.sqrt(size.core_cells / np.pi) * CORE_SPACING_M)
    rural = float(np.sqrt(size.area_km2 * 1e6 / max(size.grids - size.core_cells, 1)))
    bare = Outline(radius, waves, core, core_radius, 0.21, np.empty((0, 2)), (), (), rural * 1.2)
    seats = _seats(rng, bare, size.seats)
    return Outline(radius, waves, core, core_radius, 0.21, seats, _rivers(rng, bare), _trunks(rng, bare, size), rural * 1.2)


def _seats(rng: np.random.Generator, outline: Outline, count: int) -> Floats:
    """Spread ``count`` seats over the countryside, away from the core."""
    xy = rng.uniform(-1.3, 1.3, (6000, 2)) * outline.radius_m
    away = np.hypot(*(xy - outline.core_xy).T) > outline.core_radius_m * 2.2
    xy = xy[(outline.reach(xy) < 0.9) & away]
    centres = xy[rng.choice(len(xy), count, replace=False)]
    for _ in range(12):
        nearest = cKDTree(centres).query(xy)[1]
        centres = np.array([xy[nearest == i].mean(axis=0) for i in range(count)])
    return centres + rng.normal(0, 0.02 * outline.radius_m, centres.shape)


def _curve(rng: np.random.Generator, points: Floats, bend_m: float) -> Floats:
    """Return a smooth curve through ``points`` with bends of about ``bend_m`` metres, sampled every ``STEP_M``."""
    chord = np.r_[0, np.cumsum(np.hypot(*np.diff(points, axis=0).T))]
    along = np.arange(0, chord[-1], STEP_M)
    xy = CubicSpline(chord, points)(along)
    normal = np.gradient(xy, axis=0)[:, ::-1] * [-1, 1]
    normal /= np.hypot(*normal.T)[:, None]
    share = along / chord[-1]
    waves = sum(np.sin(2 * np.pi * k * share + rng.uniform(0, 6.28)) / k**0.7 for k in (5, 9, 14))
    return xy + normal * (bend_m * waves * np.sin(np.pi * np.clip(share, 0, 1)) ** 0.3)[:, None]


def _rivers(rng: np.random.Generator, outline: Outline) -> tuple[Curve, ...]:
    """A main river across the south and a tributary from the north-east that passes east of the core."""
    r, core = outline.radius_m, outline.core_xy
    main = np.array([[-1.6, -0.50], [-0.9, -0.62], [-0.35, -0.70], [0.12, -0.74], [0.6, -0.66], [1.1, -0.58], [1.6, -0.62]]) * r
    beside = core + np.array([1.35, 0.0]) * outline.core_radius_m
    tributary = np.vstack(
        [
            np.array([[0.75, 1.5], [0.52, 0.95], [0.42, 0.45]]) * r,
            beside + np.array([0.8, 2.2]) * outline.core_radius_m,
            beside,
            [[0.12 * r, -0.735 * r]],
        ]
    )
    return (
        Curve("锦澜江", _curve(rng, main, 0.016 * r), 190.0),
        Curve("翠苇河", _curve(rng, tributary, 0.012 * r), 55.0),
    )


def _trunks(rng: np.random.Generator, outline: Outline, size: TwinSize) -> tuple[Curve, ...]:
    """Roads that leave the core for the outline, and a motorway that passes north of the core."""
    r, core, near = outline.radius_m, outline.core_xy, outline.core_radius_m
    names = ["昭阳公路", "景远公路", "顺达公路", "文泰公路", "启明公路", "怀信公路"]
    angles = outline.core_angle + np.linspace(0, 2 * np.pi, size.trunk_roads, endpoint=False) + np.pi / 2
    roads = []
    for name, angle in zip(names, angles, strict=False):
        way = np.array([np.cos(angle), np.sin(angle)])
        side = np.array([-way[1], way[0]])
        stops = [core + way * near * 1.05]
        stops += [core + way * (near + f * r) + side * rng.normal(0, 0.07) * r for f in (0.45, 0.95)]
        stops += [core + way * 2.4 * r]
        roads.append(Curve(name, _curve(rng, np.array(stops), 0.006 * r), at_core=True))
    pass_y = core[1] + near * 2.6
    motorway = np.array(
        [[-1.6 * r, pass_y - 0.1 * r], [core[0], pass_y], [0.6 * r, pass_y + 0.12 * r], [1.6 * r, pass_y + 0.05 * r]]
    )
    return (*roads, Curve("北环高速", _curve(rng, motorway, 0.004 * r)))
