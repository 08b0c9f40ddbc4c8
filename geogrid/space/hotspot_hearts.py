"""Where events of a zone are densest, and which zones are slopes of one peak."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from geogrid.space.hotspot_scan import Zone

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BANDWIDTH_M = 100.0
ONE_PEAK_M = 200.0  # hearts closer than this are one
STEPS, STILL_M = 60, 0.5


def hearts(zones: tuple[Zone, ...], grid: ArrayLike, xy_m: Floats, middles_m: Floats) -> Floats:
    """Return the heart of each zone in metres (k, 2).

    From the zone's event with the most others within 100 m, uphill on the density of all events (mean shift) to its peak,
    which may lie across the border. The middle of the zone's first grid where no event has a place.

    Parameters
    ----------
    grid, xy_m : (n,) grid of each event, -1 for none, and its place in metres (n, 2), NaN for none
    middles_m : (areas, 2)
    """
    here = np.isfinite(xy_m).all(axis=1)
    grids, places = np.asarray(grid, np.int64)[here], xy_m[here]
    tree = cKDTree(places) if len(places) else None
    found = np.empty((len(zones), 2))
    for number, zone in enumerate(zones):
        own = places[np.isin(grids, zone.areas)]
        if tree is None or not len(own):
            found[number] = middles_m[zone.areas[0]]
            continue
        crowd = tree.query_ball_point(own, BANDWIDTH_M, return_length=True)
        found[number] = _uphill(own[int(np.argmax(crowd))], places, tree)
    return found


def _uphill(start: Floats, places: Floats, tree: cKDTree) -> Floats:
    """Fukunaga, K. and Hostetler, L. (1975), The estimation of the gradient of a density function, IEEE Trans. IT 21(1)."""
    at = start
    for _ in range(STEPS):
        near = places[tree.query_ball_point(at, 3 * BANDWIDTH_M)]
        weight = np.exp(-((near - at) ** 2).sum(axis=1) / (2 * BANDWIDTH_M**2))
        then = (near * weight[:, None]).sum(axis=0) / weight.sum()
        if np.hypot(*(then - at)) < STILL_M:
            return np.asarray(then, float)
        at = then
    return np.asarray(at, float)


def one_a_peak(zones: tuple[Zone, ...], peaks_m: Floats) -> tuple[tuple[Zone, ...], Floats]:
    """Join zones whose hearts are one: the surest keeps its score and p value and takes the others' grids and events."""
    joined: list[Zone] = []
    kept: list[int] = []
    for number, zone in enumerate(zones):
        apart = [float(np.hypot(*(peaks_m[number] - peaks_m[other]))) for other in kept]
        if apart and min(apart) <= ONE_PEAK_M:
            first = joined[int(np.argmin(apart))]
            both = {"areas": first.areas + zone.areas, "events": first.events + zone.events, "usual": first.usual + zone.usual}
            joined[int(np.argmin(apart))] = replace(first, **both)  # type: ignore[arg-type]
        else:
            joined.append(zone)
            kept.append(number)
    return tuple(joined), peaks_m[kept]
