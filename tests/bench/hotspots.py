"""Hotspots: the planted ones found and named, false alarms in years without any, and the speed of density and Gi*.

Density beside the exact kernel (asked at some cells, its time for all of them told by proportion) and KDEpy where it is
installed; Gi* and smoothed rates beside esda. First the answers must agree, then time.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import Any

import click
import numpy as np
from scipy.stats import gaussian_kde

from etl.synthesise import SMALL
from etl.synthesise.build import build_world
from etl.synthesise.sizes import HULAN
from geogrid.space.crs import metric_xy
from geogrid.space.hotspot_rates import smoothed_rates
from geogrid.space.hotspot_report import find_hotspots
from geogrid.space.hotspots import contiguity, density, gi_star
from tests.bench import hotspot_years as years_of
from tests.bench.grounds import made_twin
from tests.bench.harness import Gate, at_least, at_most, budget, machine, on_what, prepare, report, seconds, small_option

ALPHA = 0.05
BANDWIDTH_M, CELL_M = 500.0, 100.0
SAMPLED = 2000  # cells at which the exact kernel is asked
PEAK_ERROR, SCORE_ERROR = 0.001, 1e-12
REPORT_S = 1.5


@click.command()
@small_option
@click.option("--years", type=int, default=100, show_default=True, help="Years without hotspots, of each kind.")
def main(small: bool, years: int) -> None:
    """Look for hotspots where there are some and where there are none, and measure the figures."""
    prepare()
    found: dict[str, Any] = {"machine": machine(), "years": 3 if small else years}
    twin, profile = made_twin(small)
    year = years_of.Year.of(twin, profile.metric_srid)
    found["detected"] = years_of.detect(year, ALPHA)
    world = build_world(profile, 1, SMALL if small else HULAN)
    found["false_alarms"] = false_alarms(world, year, found["years"])
    found["density"], found["gi_star"] = time_density(year, profile.metric_srid), time_scores(year)
    found["report_s"] = seconds(1 if small else 3, lambda: find_hotspots(year.ground, year.happened, year.names, days=365))
    report("hotspots", found, gates(found), lines=lines(found), small=small)


def false_alarms(world: Any, year: years_of.Year, years: int) -> dict[str, int]:
    """Count the years in which a hotspot is called though there is none."""
    return {
        "twin's model, no hotspot planted": years_of.called_in_plain_years(world, year, years, ALPHA),
        "the same, a month's events": years_of.called_in_plain_years(world, year, years, ALPHA, part=1 / 12),
        "grids shuffled by what is usual": years_of.called_in_shuffled_grids(year, years, ALPHA),
        "times shuffled: what rises, which has half of the rate": years_of.called_in_shuffled_times(year, years, ALPHA / 2),
    }


def time_density(year: years_of.Year, srid: int) -> dict[str, float]:
    """Measure the density beside the exact kernel and KDEpy; errors as shares of the peak."""
    lonlat = year.happened.lonlat[np.isfinite(year.happened.lonlat).all(axis=1)]
    x, y = metric_xy(*lonlat.T, srid)

    def ours() -> Any:
        return density(*lonlat.T, metric_srid=srid, bandwidth_m=BANDWIDTH_M, cell_m=CELL_M)

    field = ours()
    kernel = gaussian_kde(np.vstack([x, y]))
    kernel.set_bandwidth(1.0)
    kernel._data_cov = np.eye(2) * BANDWIDTH_M**2  # a kernel of our width, round, not the data's covariance
    kernel._data_cho_cov = np.eye(2) * BANDWIDTH_M
    kernel._compute_covariance()
    cells = np.random.default_rng(1).choice(field.per_km2.size, min(SAMPLED, field.per_km2.size), replace=False)
    cells[0] = field.per_km2.argmax()
    row, column = np.unravel_index(cells, field.per_km2.shape)
    at = np.vstack([field.x_m[column], field.y_m[row]])
    exact = kernel(at) * len(x) * 1e6
    taken = {"ours_s": seconds(5, ours), "cells": field.per_km2.size, "events": len(x)}
    taken["scipy_s"] = seconds(1, lambda: kernel(at)) * field.per_km2.size / len(cells)
    taken["error_of_peak"] = float(np.abs(field.per_km2[row, column] - exact).max() / field.per_km2.max())
    if find_spec("KDEpy"):
        taken["kdepy_s"] = time_kdepy(np.column_stack([x, y]), field)
    return taken


def time_kdepy(xy: np.ndarray, field: Any) -> float:
    """Measure KDEpy's way by the Fourier transform on the same cells."""
    from KDEpy import FFTKDE

    low, high = xy.min(axis=0), xy.max(axis=0)
    size = np.array(field.per_km2.shape[::-1])
    beyond = np.maximum(np.array([field.x_m[-1], field.y_m[-1]]) - high, 1.0)
    axes = [np.linspace(low[i] - beyond[i], high[i] + beyond[i], size[i]) for i in (0, 1)]
    cells = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)
    return seconds(3, lambda: FFTKDE(kernel="gaussian", bw=BANDWIDTH_M).fit(xy).evaluate(cells))


def time_scores(year: years_of.Year) -> dict[str, float]:
    """Measure Gi* and smoothed rates beside esda's."""
    weights = contiguity(year.ground.shapes)
    counts = year.ground.counted(year.happened.grid_codes).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from esda.getisord import G_Local
        from esda.smoothing import Empirical_Bayes
        from libpysal.weights import W, fill_diagonal

        others = {
            i: [int(j) for j in weights.indices[weights.indptr[i] : weights.indptr[i + 1]] if j != i] for i in range(len(counts))
        }
        theirs = fill_diagonal(W(others, silence_warnings=True), 1.0)

        def esda() -> Any:
            return G_Local(counts, theirs, transform="B", star=None, permutations=0)

        differs = float(np.abs(gi_star(counts, weights).z - esda().Zs).max())
        lived = year.ground.households > 0
        some = counts[lived], year.ground.households[lived]
        rates = float(np.abs(smoothed_rates(*some).smoothed - Empirical_Bayes(*some).r.ravel()).max())
        taken = {"ours_s": seconds(20, lambda: gi_star(counts, weights)), "esda_s": seconds(3, esda)}
    return taken | {"differs": differs, "rates_differ": rates, "grids": len(counts)}


def gates(found: dict[str, Any]) -> list[Gate]:
    """Return what must hold: all planted found and named, false alarms at most at the rate, equal figures, and speed."""
    seen, dense, scores = found["detected"], found["density"], found["gi_star"]
    rate = max(found["false_alarms"].values()) / found["years"]
    return [
        Gate("planted hotspots found", seen["planted"], seen["found"], seen["found"] == seen["planted"], always=True),
        Gate("planted hotspots named", seen["planted"], seen["named"], seen["named"] == seen["planted"], always=True),
        *at_most("clusters not planted", seen["not_planted"], goal=0),
        *at_most("years with a false alarm, share", rate, gate=ALPHA),
        *at_most(
            "density: error to the exact kernel, of the peak", dense["error_of_peak"], gate=PEAK_ERROR * 10, goal=PEAK_ERROR
        ),
        *at_most("Gi*: difference to esda", scores["differs"], gate=SCORE_ERROR * 10, goal=SCORE_ERROR),
        *at_least("density: times scipy's kernel", dense["scipy_s"] / dense["ours_s"], gate=100, goal=1000),
        *at_least("Gi*: times esda", scores["esda_s"] / scores["ours_s"], gate=5, goal=20),
        *budget("a year's hotspots, seconds", found["report_s"], REPORT_S),
    ]


def lines(found: dict[str, Any]) -> list[str]:
    """Return the section of the page."""
    seen, dense, scores = found["detected"], found["density"], found["gi_star"]
    kdepy = f", KDEpy {dense['kdepy_s'] * 1e3:,.0f} ms" if "kdepy_s" in dense else ""
    return [
        f"Of {seen['planted']} hotspots planted in the twin {seen['found']} are found and {seen['named']} named; "
        f"{seen['not_planted']} of {seen['clusters']} clusters were not planted. "
        f"A year takes {found['report_s']:.2f} s, names and all ({on_what(found)}).",
        "",
        f"| {found['years']} years without a hotspot | years with a false alarm (set rate {ALPHA:.0%}) |",
        "|---|--:|",
        *(f"| {kind} | {count} |" for kind, count in found["false_alarms"].items()),
        "",
        f"Density of {dense['events']:,} events on {dense['cells']:,} cells: {dense['ours_s'] * 1e3:,.0f} ms; "
        f"the exact kernel of scipy {dense['scipy_s']:,.0f} s (asked at {SAMPLED:,} cells){kdepy}; "
        f"our error is {dense['error_of_peak']:.2%} of the peak. "
        f"Gi* of {scores['grids']:,} grids: {scores['ours_s'] * 1e3:.2f} ms, esda {scores['esda_s'] * 1e3:,.0f} ms "
        f"(analytic), equal to {scores['differs']:.0e}; smoothed rates equal to esda's to {scores['rates_differ']:.0e}.",
    ]


if __name__ == "__main__":
    main()
