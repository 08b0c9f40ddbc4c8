"""Words to places on texts of the made-up district: hit rate, distance, honesty of the radius and of the confidence, speed.

The peer is what stands in most offices: look for the longest known name in the text, take its middle. Radii were calibrated on
the district of seed 7; measured is that of seed 1. Wrong and sure: addresses with a part missing, wrong or misspelt, whose
first candidate is another place at a confidence of 0.9 or more.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import click
import numpy as np
import pandas as pd
import shapely

from geogrid.space.crs import geodesic_m
from geogrid.space.gazetteer import Gazetteer
from tests.bench.grounds import made_twin
from tests.bench.harness import Gate, at_least, machine, on_what, points_option, prepare, report, small_option
from tests.space.test_gazetteer_twin import CHANGES, first_of, villages_at

SURE = 0.9
ASKED, ASKED_SMALL = 400, 40  # addresses a change


@click.command()
@small_option
@points_option(3000)
def main(small: bool, points: int) -> None:
    """Measure."""
    prepare()
    found: dict[str, Any] = {"machine": machine(), "texts": min(points, 200) if small else min(points, 30_000)}
    twin, _ = made_twin(small)
    begun = time.perf_counter()
    town = Gazetteer.from_frames(twin["units"], twin["places"], twin["roads"], grids=twin["base_grids"])
    found["compile_s"] = round(time.perf_counter() - begun, 3)
    found |= asked(twin, town, found["texts"]) | wrong_and_sure(twin, town, ASKED_SMALL if small else ASKED)
    report("places", found, gates_of(found), lines=lines_of(found), small=small)


def asked(twin: dict[str, Any], town: Gazetteer, count: int) -> dict[str, Any]:
    """Ask for the texts of ``count`` events, of us and of the plain peer; against where the matters truly were."""
    events = twin["events"].sample(count, random_state=3)
    truth = twin["truth"].set_index("id").loc[events["id"]]
    lon, lat = (truth[f"true_{name}"].to_numpy() for name in ("lon", "lat"))
    begun = time.perf_counter()
    ours = first_of(town, events["text"], lon, lat)
    taken_s = time.perf_counter() - begun
    plain = Plain(twin)
    begun = time.perf_counter()
    at = np.array(list(plain.find(events["text"])))
    peer_s = time.perf_counter() - begun
    far_m = geodesic_m(*at.T, lon, lat)
    villages = villages_at(twin, lon, lat)
    rows = pd.DataFrame(
        {"precision": [one.value for one in ours.precision], "far": ours.far_m, "held": ours.far_m <= ours.radius_m}
    )
    by = rows.groupby("precision").agg(texts=("far", "size"), median_m=("far", "median"), held=("held", "mean"))
    return {
        "village": share(ours.village == villages),
        "held": share(rows["held"]),
        "median_m": round(float(np.median(ours.far_m)), 1),
        "per_s": round(count / taken_s),
        "peer": {
            "village": share(villages_at(twin, *at.T) == villages),
            "median_m": round(float(np.median(far_m)), 1),
            "per_s": round(count / peer_s),
        },
        "by_precision": by.round(3).reset_index().to_dict("records"),
    }


def wrong_and_sure(twin: dict[str, Any], town: Gazetteer, count: int) -> dict[str, Any]:
    """Ask for addresses changed in every way; count first candidates that are another place and yet sure."""
    addresses = twin["places"].query("kind == 'address'").sample(count, random_state=2)["address"]
    wrong, right, total = 0, 0, 0
    for change, _, _ in CHANGES.values():
        for address in addresses:
            best = next(iter(town.find(change(address), most=1)), None)
            fits = best is not None and best.name in address
            right, total = right + fits, total + 1
            wrong += best is not None and best.confidence >= SURE and not fits
    return {"changed": total, "changed_right": round(right / total, 4), "wrong_and_sure": wrong}


def share(held: Any) -> float:
    """Return the share of what holds."""
    return round(float(np.mean(held)), 4)


class Plain:
    """The longest known name that stands in the text, and its middle; of a full address the point itself."""

    def __init__(self, twin: dict[str, Any]) -> None:
        places, units = twin["places"], twin["units"]
        middles = shapely.point_on_surface(np.concatenate([places.geometry.to_numpy(), units.geometry.to_numpy()]))
        words = [*places["address"].where(places["address"] != "", places["name"]), *units["name"]]
        self._known = {word: (point.x, point.y) for word, point in zip(words, middles, strict=True) if word}
        self._names = sorted(self._known, key=len, reverse=True)

    def find(self, texts: Any) -> Iterator[tuple[float, float]]:
        """Yield longitude and latitude for each text; that of the last name known where none is in it."""
        for text in texts:
            yield self._known[next((name for name in self._names if name in text), self._names[-1])]


def gates_of(found: dict[str, Any]) -> list[Gate]:
    """Return what must hold."""
    nothing = Gate("wrong at 0.9 sure", 0, found["wrong_and_sure"], found["wrong_and_sure"] == 0, sign="<=", always=True)
    held = at_least("truth within the radius, share", found["held"], gate=0.9)
    return [nothing, *held, *at_least("right village, share", found["village"], gate=0.93)]


def lines_of(found: dict[str, Any]) -> list[str]:
    """Return the table of the page."""
    peer = found["peer"]
    rows = [
        f"{found['texts']:,} texts of the made-up district, seed 1; on {on_what(found)}. Compiled in {found['compile_s']:.1f} s.",
        "",
        "| | right village | median error, m | truth within the radius | texts/s |",
        "|---|---|---|---|---|",
        f"| gazetteer | {found['village']:.1%} | {found['median_m']:.0f} | {found['held']:.1%} | {found['per_s']:,} |",
        f"| longest name in the text | {peer['village']:.1%} | {peer['median_m']:.0f} | – | {peer['per_s']:,} |",
        "",
        "| precision | texts | median error, m | truth within the radius |",
        "|---|---|---|---|",
    ]
    rows += [
        f"| {one['precision']} | {one['texts']:,} | {one['median_m']:.0f} | {one['held']:.1%} |" for one in found["by_precision"]
    ]
    changed = (
        f"Of {found['changed']:,} addresses with a part missing, wrong or misspelt {found['changed_right']:.1%} are still found"
    )
    return [*rows, "", f"{changed} under their name; wrong at a confidence of 0.9 or more: {found['wrong_and_sure']}."]


if __name__ == "__main__":
    main()
