"""Groups of grids that stand out, each found at its own size, with false alarms held over the whole district.

Every grid with its nearest one, two, three ... others is a zone. A zone that has far more events than its usual gets a score;
the highest score that chance alone gives anywhere in the district, played many times, says which scores mean something.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_GRIDS = 12  # of a zone; hotspots of town grids reach over half as many
LARGEST_SHARE = 4  # no zone holds more than a quarter of all grids: there must be a rest to compare with
RUNS = 999  # years by chance alone; the smallest p value is 1 / (RUNS + 1)
BEYOND = 1.5  # times the usual: what such grids may differ by without being hotspots; the model knows no better
LEAST_RATIO = 1.5  # of what rose: less may be sure, but is no hotspot
LEAST_EVENTS = 5
FIT_STEPS, TRIMMINGS = 200, 25
OUTSIDE_SD = 3.5  # grids this far above are left out when the usual is learnt


@dataclass(frozen=True, eq=False)
class Usual:
    """What each grid is to be expected to have (n,), and how many times more than Poisson's the counts vary (1 or more)."""

    expected: Floats
    dispersion: float


def usual_of(counts: ArrayLike, exposures: ArrayLike) -> Usual:
    r"""Learn from all grids what a grid of its households, area and so on usually has.

    Parameters
    ----------
    counts : (n,) events
    exposures : (n, k) such as households, square kilometres, and 1 for being a grid; none negative

    Notes
    -----
    An additive Poisson model, :math:`\mu_i = \sum_j \beta_j x_{ij}` with :math:`\beta_j \ge 0`, fitted by expectation
    maximisation. Grids more than 3.5 standard deviations above are left out and the rest is fitted again until none changes,
    so that hotspots do not count as usual. The dispersion is Pearson's, :math:`\sum (y_i - \mu_i)^2 / \mu_i / (m - k)`, over the
    grids kept.

    References
    ----------
    Dempster, A. P., Laird, N. M. and Rubin, D. B. (1977), Maximum likelihood from incomplete data via the EM algorithm, Journal
    of the Royal Statistical Society B 39(1), 1-38. McCullagh, P. and Nelder, J. A. (1989), Generalized linear models, 2nd
    edition, section 4.5 (dispersion).
    """
    y, x = np.asarray(counts, float), np.asarray(exposures, float)
    x = x[:, x.sum(axis=0) > 0]
    if not len(y) or y.sum() == 0 or not x.shape[1]:
        return Usual(np.zeros(len(y)), 1.0)
    kept = np.ones(len(y), dtype=bool)
    for _ in range(TRIMMINGS):
        expected = x @ _fitted(y[kept], x[kept])
        residual = (y - expected) / np.sqrt(np.maximum(expected, 1e-9))
        free = kept.sum() - x.shape[1]
        dispersion = max(1.0, float((residual[kept] ** 2).sum() / free)) if free > 0 else 1.0
        now = residual < OUTSIDE_SD * np.sqrt(dispersion)
        if (now == kept).all() or y[now].sum() == 0:
            break
        kept = now
    return Usual(expected, dispersion)


def _fitted(y: Floats, x: Floats) -> Floats:
    total = x.sum(axis=0)
    share = np.where(total > 0, y.sum() / np.maximum(total, 1e-300) / x.shape[1], 0.0)
    for _ in range(FIT_STEPS):
        share = share * (x.T @ (y / np.maximum(x @ share, 1e-12))) / np.maximum(total, 1e-300)
    return np.asarray(share, float)


def zones(middles_m: ArrayLike, most: int = MOST_GRIDS) -> Ints:
    """Return for each area itself and its nearest others, by the distance of their middles (n, 2 metres): (n, k) indices."""
    xy = np.asarray(middles_m, float).reshape(-1, 2)
    count = max(1, min(most, len(xy) // LARGEST_SHARE))
    near = cKDTree(xy).query(xy, k=count)[1] if len(xy) else np.zeros((0, count))
    return np.asarray(near, np.int64).reshape(len(xy), count)


@dataclass(frozen=True)
class Zone:
    """Areas (indices) that stand out together: events, usual, the score, and the p value over the whole district."""

    areas: tuple[int, ...]
    events: int
    usual: float
    score: float
    p: float

    @property
    def ratio(self) -> float | None:
        """Events to usual, None where nothing is usual."""
        return self.events / self.usual if self.usual > 0 else None


def standing(
    counts: ArrayLike,
    usual: Usual,
    near: Ints,
    *,
    alpha: float = 0.05,
    runs: int = RUNS,
    seed: int = 1,
    beyond: float = BEYOND,
) -> tuple[Zone, ...]:
    r"""Return the zones with more than such grids usually have, the surest first, none overlapping another.

    Parameters
    ----------
    counts : (n,) events of the period
    usual : see :func:`usual_of`
    near : see :func:`zones`
    alpha : the probability that a district without hotspots shows any zone at all (family-wise; so the false discovery rate,
        too, is at most this)
    runs, seed : how many times chance is played, and how
    beyond : a zone must have surely more than so many times its usual, not merely more than it: no model of the usual is exact

    Notes
    -----
    The score of a zone with c events where E = ``beyond`` times its usual is Kulldorff's Poisson likelihood ratio over the
    dispersion :math:`\phi`: :math:`(c \ln(c/E) - (c - E)) / \phi` for c > E. Chance draws each grid's count from a negative
    binomial of mean :math:`\mu_i` = ``beyond`` times the grid's usual and variance :math:`\phi \mu_i` (Poisson where
    :math:`\phi = 1`): the hardest case of a district in which nothing is beyond.

    References
    ----------
    Kulldorff, M. (1997), A spatial scan statistic, Communications in Statistics - Theory and Methods 26(6), 1481-1496.
    """
    y, phi = np.asarray(counts, float), usual.dispersion
    mu = np.maximum(usual.expected * beyond, 1e-9)
    expected = np.cumsum(mu[near], axis=1)

    def scores(of: Floats) -> Floats:
        seen = np.cumsum(of[near], axis=1)
        found, over = np.zeros(seen.shape), seen > expected  # few are: the logarithms are what takes time
        found[over] = _poisson(seen[over], expected[over]) / phi
        return found

    rng = np.random.default_rng(seed)

    def by_chance() -> Floats:
        drawn = rng.poisson(mu) if phi <= 1.0 + 1e-6 else rng.negative_binomial(mu / (phi - 1.0), 1.0 / phi)
        return drawn.astype(float)

    return _surest(y, mu / beyond, near, scores, by_chance, alpha, runs)


def rising(
    counts: ArrayLike,
    before: ArrayLike,
    near: Ints,
    *,
    alpha: float = 0.05,
    runs: int = RUNS,
    seed: int = 1,
    least_ratio: float = LEAST_RATIO,
) -> tuple[Zone, ...]:
    r"""Return the zones whose share of the district's events has risen, the surest first, none overlapping another.

    ``usual`` of a zone is what it had before times the district's change, so that season and the length of the periods cancel
    where they are the same for the whole district.

    Parameters
    ----------
    counts, before : (n,) events of the period and of the one compared with
    near, alpha, runs, seed, least_ratio : as of :func:`standing`

    Notes
    -----
    Given both, the c events of a zone's c + b are binomial with the district's share s; the score is the likelihood ratio
    :math:`c \ln(c / (c + b) / s) + b \ln(b / (c + b) / (1 - s))`. Chance gives the period's label to as many of all events,
    drawn without putting back: totals by grid and by period stay as they were, so that the p value is exact (up to the
    number of runs) whatever the places are like.

    References
    ----------
    Kulldorff, M. et al. (2005), A space-time permutation scan statistic for disease outbreak detection, PLoS Medicine 2(3), e59.
    """
    y, earlier = np.asarray(counts, np.int64), np.asarray(before, np.int64)
    both = y + earlier
    if y.sum() == 0 or earlier.sum() == 0:
        return ()
    share = y.sum() / both.sum()
    all_of = np.cumsum(both[near], axis=1).astype(float)

    def scores(of: Floats) -> Floats:
        seen = np.cumsum(of[near], axis=1)
        enough = seen * (1.0 - share) >= least_ratio * (all_of - seen) * share
        found = np.zeros(seen.shape)
        found[enough] = _binomial(seen[enough], all_of[enough], share)
        return found

    rng = np.random.default_rng(seed)

    def by_chance() -> Floats:
        return rng.multivariate_hypergeometric(both, int(y.sum()), method="marginals").astype(float)

    return _surest(y.astype(float), earlier * share / (1.0 - share), near, scores, by_chance, alpha, runs)


def _poisson(seen: Floats, expected: Floats) -> Floats:
    return np.asarray(seen * np.log(np.maximum(seen, 1e-300) / expected) - (seen - expected), float)


def _binomial(seen: Floats, all_of: Floats, share: float) -> Floats:
    """Log likelihood ratio of ``seen`` of ``all_of`` against a share; 0 of 0."""
    rest, whole = all_of - seen, np.maximum(all_of, 1.0)
    up = seen * np.log(np.maximum(seen, 1e-300) / whole / share)
    return np.asarray(up + rest * np.log(np.maximum(rest, 1e-300) / whole / (1.0 - share)), float)


def _surest(
    counts: Floats,
    expected: Floats,
    near: Ints,
    scores: Callable[[Floats], Floats],
    by_chance: Callable[[], Floats],
    alpha: float,
    runs: int,
) -> tuple[Zone, ...]:
    """Take the best zone, then the best of those that share no grid with it, as long as chance rarely gives its score."""
    best = scores(counts)
    best[np.cumsum(counts[near], axis=1) < LEAST_EVENTS] = 0.0
    if not best.size or best.max() <= 0:
        return ()
    highest = _played(lambda: float(scores(by_chance()).max()), float(best.max()), alpha, runs)
    if highest is None:
        return ()
    taken, found = np.zeros(len(counts), dtype=bool), []
    while best.max() > 0:
        middle, size = np.unravel_index(int(best.argmax()), best.shape)
        score = float(best[middle, size])
        p = float((1 + runs - np.searchsorted(highest, score - 1e-9)) / (1 + runs))
        if p > alpha:
            break
        areas = near[middle, : size + 1]
        found.append(Zone(tuple(areas.tolist()), int(counts[areas].sum()), float(expected[areas].sum()), score, p))
        taken[areas] = True
        best[np.cumsum(taken[near], axis=1) > 0] = 0.0
    return tuple(found)


def _played(highest_by_chance: Callable[[], float], score: float, alpha: float, runs: int) -> Floats | None:
    """Return the highest scores of all runs, sorted; None as soon as so many reach ``score`` that its p value is beyond alpha."""
    found, reached = np.empty(runs), 0
    for run in range(runs):
        found[run] = highest_by_chance()
        reached += bool(found[run] >= score - 1e-9)
        if 1 + reached > alpha * (1 + runs):
            return None
    return np.sort(found)
