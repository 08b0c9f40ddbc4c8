"""Where events gather: density, grids that stand out (Gi*), clusters in order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from scipy.special import ndtr

from geogrid.space.contours import area_between
from geogrid.space.crs import from_metric, metric_xy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

CUT_AT_BANDWIDTHS = 4.0  # the kernel ends here; what lies beyond is a 3000th and is given to the rest
SHARED_OUT_VARIANCE = 1.0 / 6.0  # in cells, on average, by sharing a point between cells: the kernel has so much less
ALPHA = 0.05  # of the grids called hot or cold, at most this share is so by chance (expected)
M2_PER_KM2 = 1e6


# -- density ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Density:
    """Events per square kilometre on a raster of cells.

    ``x_m`` (columns) and ``y_m`` (rows) are the cells' centres in metres of the zone ``metric_srid``.
    """

    metric_srid: int
    x_m: Floats
    y_m: Floats
    cell_m: float
    per_km2: Floats

    @property
    def events(self) -> float:
        """The number of events that the raster holds in all."""
        return float(self.per_km2.sum()) * self.cell_m**2 / M2_PER_KM2

    def band(self, low_per_km2: float, high_per_km2: float) -> shapely.MultiPolygon:
        """Return the area (lon/lat) where the density lies between two levels."""
        area = area_between(self.x_m, self.y_m, self.per_km2, low_per_km2, high_per_km2)
        shape: shapely.MultiPolygon = from_metric(np.array([area], dtype=object), self.metric_srid)[0]
        return shape


def density(
    lon: ArrayLike,
    lat: ArrayLike,
    *,
    metric_srid: int,
    bandwidth_m: float,
    cell_m: float | None = None,
    weights: ArrayLike | None = None,
) -> Density:
    """Return the density of events: points shared out to cells, spread by a Gaussian of standard deviation ``bandwidth_m``.

    Parameters
    ----------
    lon, lat : degrees; points that are not finite are left out
    cell_m : side of a cell; a fifth of the bandwidth where not given (then exact to 0.1 % of the peak)
    weights : how many events each point stands for (1)

    Notes
    -----
    The raster is wider than the points by the kernel's reach, so that no event is lost at its edges: ``events`` is the sum
    of the weights.
    """
    x, y = np.ravel(np.asarray(lon, float)), np.ravel(np.asarray(lat, float))
    here = np.isfinite(x) & np.isfinite(y)
    x, y = metric_xy(x[here], y[here], metric_srid)
    weight = np.ones(len(x)) if weights is None else np.ravel(np.asarray(weights, float))[here]
    side = cell_m or bandwidth_m / 5.0
    if not len(x):
        return Density(metric_srid, np.zeros(0), np.zeros(0), side, np.zeros((0, 0)))
    reach = int(CUT_AT_BANDWIDTHS * bandwidth_m / side + 0.5) + 1
    first_column, first_row = (int(np.floor(axis.min() / side)) - reach for axis in (x, y))
    across, up = x / side - 0.5 - first_column, y / side - 0.5 - first_row
    columns, rows = int(across.max()) + reach + 2, int(up.max()) + reach + 2
    counts = _shared_out(across, up, weight, columns, rows)
    spread = np.sqrt(max((bandwidth_m / side) ** 2 - SHARED_OUT_VARIANCE, SHARED_OUT_VARIANCE))
    smooth = gaussian_filter(counts, spread, mode="constant", truncate=CUT_AT_BANDWIDTHS * bandwidth_m / side / spread)
    x_m = np.asarray((first_column + np.arange(columns) + 0.5) * side, float)
    y_m = np.asarray((first_row + np.arange(rows) + 0.5) * side, float)
    return Density(metric_srid, x_m, y_m, side, smooth / (side * side / M2_PER_KM2))


def _shared_out(across: Floats, up: Floats, weight: Floats, columns: int, rows: int) -> Floats:
    """Return the cells' weights (rows, columns): each point is shared between the four nearest middles, keeping its place."""
    column, row = np.floor(across).astype(np.int64), np.floor(up).astype(np.int64)
    right, above = across - column, up - row
    cells = np.zeros(rows * columns)
    for d_row, tall in ((0, 1.0 - above), (1, above)):
        for d_column, wide in ((0, 1.0 - right), (1, right)):
            cells += np.bincount((row + d_row) * columns + column + d_column, weight * tall * wide, rows * columns)
    return cells.reshape(rows, columns)


# -- grids that stand out ---------------------------------------------------------------------------------------------


def contiguity(geometries: ArrayLike) -> csr_array:
    """Return weights of 1 between areas that touch, even in a corner, and of each with itself (n, n)."""
    areas = np.asarray(geometries, dtype=object)
    one, other = shapely.STRtree(areas).query(areas, predicate="intersects")
    return _binary(one, other, len(areas))


def within_distance(lon: ArrayLike, lat: ArrayLike, band_m: float, *, metric_srid: int) -> csr_array:
    """Return weights of 1 between places (degrees) at most ``band_m`` apart, and of each with itself (n, n)."""
    xy = np.column_stack(metric_xy(lon, lat, metric_srid))
    pairs = cKDTree(xy).query_pairs(band_m, output_type="ndarray").reshape(-1, 2)
    return _binary(np.concatenate([pairs[:, 0], pairs[:, 1]]), np.concatenate([pairs[:, 1], pairs[:, 0]]), len(xy))


def _binary(one: Ints, other: Ints, count: int) -> csr_array:
    itself = np.arange(count)
    weights = csr_array(
        coo_array((np.ones(len(one) + count), (np.append(one, itself), np.append(other, itself))), shape=(count, count))
    )
    weights.data[:] = 1.0  # pairs named twice were added up
    return weights


@dataclass(frozen=True, eq=False)
class GiStar:
    """Gi* of every area: the standard score, its two-sided p value, and the p value adjusted for many tests (``q``)."""

    z: Floats
    p: Floats
    q: Floats

    def hot(self, alpha: float = ALPHA) -> Flags:
        """Which areas have high values around them beyond chance, with a false discovery rate of at most ``alpha``."""
        return (self.z > 0) & (self.q <= alpha)

    def cold(self, alpha: float = ALPHA) -> Flags:
        """Which areas have low values around them beyond chance, with a false discovery rate of at most ``alpha``."""
        return (self.z < 0) & (self.q <= alpha)


def gi_star(values: ArrayLike, weights: csr_array) -> GiStar:
    r"""Return Getis and Ord's Gi* as a standard score, without permutations.

    Parameters
    ----------
    values : (n,) counts or rates of areas
    weights : (n, n), each area's own weight included, such as :func:`contiguity`

    Notes
    -----
    .. math::

        G_i^* = \frac{\sum_j w_{ij} x_j - \bar x W_i}{s \sqrt{(n \sum_j w_{ij}^2 - W_i^2) / (n - 1)}}, \quad
        W_i = \sum_j w_{ij}, \quad s^2 = \frac{1}{n} \sum_j x_j^2 - \bar x^2

    0 where it is not defined: all values equal, or an area whose neighbours are all areas.

    References
    ----------
    Getis, A. and Ord, J. K. (1992), The analysis of spatial association by use of distance statistics, Geographical
    Analysis 24(3), 189-206. Ord, J. K. and Getis, A. (1995), Local spatial autocorrelation statistics: distributional
    issues and an application, Geographical Analysis 27(4), 286-306, equation 6.

    Examples
    --------
    Five areas in a row; around the fourth lie 1 + 4 + 5 where the mean of 2 would give 6:

    >>> from scipy.sparse import diags_array
    >>> row = csr_array(diags_array([[1.0] * 4, [1.0] * 5, [1.0] * 4], offsets=[-1, 0, 1]))
    >>> round(float(gi_star([0, 0, 1, 4, 5], row).z[3]), 4)
    1.557
    """
    x = np.asarray(values, float)
    count = len(x)
    if count < 2:
        return GiStar(np.zeros(count), np.ones(count), np.ones(count))
    mean = x.mean()
    deviation = np.sqrt(np.mean((x - mean) ** 2))
    total, squares = np.asarray(weights.sum(axis=1)).ravel(), np.asarray((weights * weights).sum(axis=1)).ravel()
    scale = deviation * np.sqrt(np.maximum(count * squares - total**2, 0.0) / (count - 1))
    defined = scale > 1e-12 * max(float(np.abs(x).max()), 1e-300)
    z = np.where(defined, (weights @ x - mean * total) / np.where(defined, scale, 1.0), 0.0)
    p = 2.0 * ndtr(-np.abs(z))
    return GiStar(z, p, adjusted(p))


def adjusted(p: ArrayLike, *, dependent: bool = False) -> Floats:
    """Return p values adjusted for many tests; those at most alpha keep the false discovery rate at alpha.

    Benjamini and Hochberg's holds for tests that are independent or rise together, as those of neighbours do; with
    ``dependent``, Benjamini and Yekutieli's, larger by 1 + 1/2 + ... + 1/n, holds whatever hangs together.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995), Controlling the false discovery rate: a practical and powerful approach to multiple
    testing, Journal of the Royal Statistical Society B 57(1), 289-300. Benjamini, Y. and Yekutieli, D. (2001), The control of
    the false discovery rate in multiple testing under dependency, Annals of Statistics 29(4), 1165-1188.
    """
    values = np.asarray(p, float)
    order = np.argsort(values)[::-1]
    rank = np.arange(len(values), 0, -1)
    factor = float((1.0 / rank).sum()) if dependent else 1.0
    q = np.empty(len(values))
    q[order] = np.minimum(np.minimum.accumulate(values[order] * factor * len(values) / rank), 1.0)
    return q


# -- clusters in order ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cluster:
    """Hot areas that touch each other.

    ``events`` were counted in the period, ``usual`` are to be expected in one of its length; ``ratio`` is events to usual,
    None where nothing was usual. ``z`` is the highest score among its areas.
    """

    rank: int
    codes: tuple[str, ...]
    events: int
    usual: float
    ratio: float | None
    z: float


def ranked(
    codes: ArrayLike, events: ArrayLike, usual: ArrayLike, weights: csr_array, *, alpha: float = ALPHA, least_events: int = 3
) -> tuple[Cluster, ...]:
    """Return the clusters of hot areas, the one with the most events beyond the usual first, then the lowest code.

    Parameters
    ----------
    codes, events, usual : (n,) code, count of the period and expected count of every area
    weights : (n, n) neighbourhood, see :func:`contiguity`
    alpha : false discovery rate of hot areas
    least_events : smaller clusters are left out
    """
    names, counts, expected = np.asarray(codes, dtype=object), np.asarray(events, float), np.asarray(usual, float)
    scores = gi_star(counts, weights)
    hot = np.flatnonzero(scores.hot(alpha))
    _, label = connected_components(weights[hot][:, hot], directed=False)
    groups = [hot[label == i] for i in range(int(label.max()) + 1)] if len(hot) else []
    groups = [group for group in groups if counts[group].sum() >= least_events]
    groups.sort(key=lambda group: (float((expected[group] - counts[group]).sum()), min(names[group])))
    return tuple(_cluster(i + 1, names[group], counts[group], expected[group], scores.z[group]) for i, group in enumerate(groups))


def _cluster(rank: int, codes: NDArray[np.object_], counts: Floats, expected: Floats, z: Floats) -> Cluster:
    events, usual = int(counts.sum()), float(expected.sum())
    return Cluster(rank, tuple(sorted(codes)), events, usual, events / usual if usual > 0 else None, float(z.max()))
