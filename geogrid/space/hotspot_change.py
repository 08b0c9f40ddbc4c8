"""More or fewer than before: exact tests of two counts, adjusted for many places."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, gammaln

from geogrid.domain.hotspots import Change
from geogrid.space.hotspots import adjusted

Floats = NDArray[np.float64]
SLACK = 1.0 + 1e-7  # outcomes as likely as the one seen, up to rounding, count with it


def changes(now: ArrayLike, before: ArrayLike, *, days: float, days_before: float, dependent: bool = False) -> tuple[Change, ...]:
    """Return how each place changed, with an exact p value and one adjusted for all of them.

    Parameters
    ----------
    now, before : (n,) events of the two periods
    days, days_before : their lengths
    dependent : adjust for tests that hang together in any way (Benjamini and Yekutieli) instead of for such that are independent
        or rise together (Benjamini and Hochberg)
    """
    counts, earlier = np.asarray(now, np.int64), np.asarray(before, np.int64)
    p = ratio_p_values(counts, earlier, days / (days + days_before))
    q = adjusted(p, dependent=dependent)
    rates = [float(c / days / (b / days_before)) if b else None for c, b in zip(counts, earlier, strict=True)]
    return tuple(Change(int(b), r, float(x), float(y)) for b, r, x, y in zip(earlier, rates, p, q, strict=True))


def ratio_p_values(now: ArrayLike, before: ArrayLike, share: float) -> Floats:
    """Return exact two-sided p values that two Poisson counts have the rates of their periods.

    Given their sum, the count of now is binomial with ``share`` (this period's part of both lengths); p is the probability of
    all outcomes that are no likelier than the one seen.

    References
    ----------
    Przyborowski, J. and Wilenski, H. (1940), Homogeneity of results in testing samples from Poisson series, Biometrika 31,
    313-323.

    Examples
    --------
    Nine now, one before, equal periods: 2 * (10 + 1) / 2^10.

    >>> float(ratio_p_values([9], [1], 0.5)[0].round(6))
    0.021484
    """
    counts, earlier = np.atleast_1d(np.asarray(now, np.int64)), np.atleast_1d(np.asarray(before, np.int64))
    return np.array([_two_sided(int(c), int(c + b), share) for c, b in zip(counts, earlier, strict=True)], float)


def _two_sided(seen: int, both: int, share: float) -> float:
    if both == 0:
        return 1.0
    k = np.arange(both + 1)
    likely = gammaln(both + 1) - gammaln(k + 1) - gammaln(both - k + 1) + k * np.log(share) + (both - k) * np.log1p(-share)
    rarer = likely <= likely[seen] + np.log(SLACK)
    if rarer.all():
        return 1.0
    middle = int(likely.argmax())
    low = int(np.count_nonzero(rarer[:middle]))  # the rarer outcomes are both ends
    high = int(np.count_nonzero(rarer[middle:]))
    below = float(bdtr(low - 1, both, share)) if low else 0.0
    above = float(bdtr(high - 1, both, 1.0 - share)) if high else 0.0
    return min(1.0, below + above)
