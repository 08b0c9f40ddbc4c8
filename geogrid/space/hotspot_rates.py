"""Rates of small numbers: events per household, drawn to what is usual as far as few households can tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rates:
    """Rates of areas (n,): ``raw`` as counted, ``smoothed`` drawn to the mean; NaN where an area has no base.

    ``without_base`` is the number of areas without a household, ``events_without_base`` that of the events there: they have no
    rate, and are in no mean.
    """

    raw: Floats
    smoothed: Floats
    without_base: int
    events_without_base: float


def smoothed_rate(events: float, base: float, rates_of: tuple[ArrayLike, ArrayLike]) -> float | None:
    """Return the rate of one place, drawn to that of all areas (events, base) as in :func:`smoothed_rates`; None without base."""
    if not base > 0:
        return None
    counts, homes, known = _of(*rates_of)
    mean, between = _prior(counts[known], homes[known])
    return float(_drawn(np.array([events / base]), np.array([mean]), np.array([between]), np.array([base]))[0])


def smoothed_rates(events: ArrayLike, base: ArrayLike) -> Rates:
    r"""Return rates drawn to the rate of all areas: the fewer households, the more (empirical Bayes, global).

    Parameters
    ----------
    events, base : (n,) events and households; an area whose base is 0 or not finite has no rate

    Notes
    -----
    With :math:`m = \sum e / \sum b` and the raw rates :math:`r_i = e_i / b_i`,

    .. math::

        A = \frac{\sum_i b_i (r_i - m)^2}{\sum_i b_i} - \frac{m}{\bar b}, \quad
        \hat r_i = m + \frac{A}{A + m / b_i} (r_i - m),

    A taken as 0 where it is negative: then nothing tells the areas apart and all have the mean.

    References
    ----------
    Marshall, R. J. (1991), Mapping disease and mortality rates using empirical Bayes estimators, Journal of the Royal
    Statistical Society C 40(2), 283-294.

    Examples
    --------
    2 events at 10 households are not 20 % beside 90 at 900; the small place is drawn to the mean, 122 in 1,210:

    >>> smoothed_rates([2, 90, 30], [10, 900, 300]).smoothed.round(4).tolist()
    [0.1008, 0.1008, 0.1008]
    """
    counts, homes, known = _of(events, base)
    raw, smoothed = np.full(len(counts), np.nan), np.full(len(counts), np.nan)
    e, b = counts[known], homes[known]
    if len(e):
        raw[known] = e / b
        mean, between = _prior(e, b)
        smoothed[known] = _drawn(raw[known], np.full(len(e), mean), np.full(len(e), between), b)
    return _told(raw, smoothed, counts, known)


def locally_smoothed_rates(events: ArrayLike, base: ArrayLike, weights: csr_array) -> Rates:
    """Return rates drawn to the rate of each area's surroundings (empirical Bayes, local; Marshall 1991, section 4).

    The formula is that of :func:`smoothed_rates` with mean, variance and mean base taken over each area and its neighbours.

    Parameters
    ----------
    events, base : (n,) as of :func:`smoothed_rates`
    weights : (n, n) of ones, each area's own included, see ``hotspots.contiguity``
    """
    counts, homes, known = _of(events, base)
    raw, smoothed = np.full(len(counts), np.nan), np.full(len(counts), np.nan)
    e, b, around = counts[known], homes[known], csr_array(weights[known][:, known])
    if len(e):
        raw[known] = e / b
        base_around, areas_around = around @ b, around @ np.ones(len(b))
        mean, rate = (around @ e) / base_around, raw[known]
        squares = around @ (b * rate**2) - 2 * mean * (around @ e) + mean**2 * base_around
        variance = squares / base_around - mean / (base_around / areas_around)
        smoothed[known] = _drawn(rate, mean, variance, b)
    return _told(raw, smoothed, counts, known)


def _of(events: ArrayLike, base: ArrayLike) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    counts, homes = np.ravel(np.asarray(events, float)), np.ravel(np.asarray(base, float))
    return counts, homes, np.isfinite(homes) & (homes > 0)


def _prior(events: Floats, base: Floats) -> tuple[float, float]:
    """Return the mean rate of areas with a base, and how much the areas truly vary: Marshall's m and A."""
    mean = events.sum() / base.sum()
    return float(mean), float((base * (events / base - mean) ** 2).sum() / base.sum() - mean / base.mean())


def _drawn(raw: Floats, mean: Floats, variance: Floats, base: Floats) -> Floats:
    between = np.maximum(variance, 0.0)
    below = between + mean / base
    return np.asarray(mean + np.divide(between, below, out=np.zeros_like(below), where=below > 0) * (raw - mean), float)


def _told(raw: Floats, smoothed: Floats, counts: Floats, known: NDArray[np.bool_]) -> Rates:
    return Rates(raw, smoothed, int((~known).sum()), float(counts[~known].sum()))
