"""``./run bench``: every bench, one after another, and one table of what they show.

A bench that fails does not stop the next. Each one's output is in ``var/bench/NAME.log``, its figures in
``var/bench/NAME.json``. Writes the table of all gates and goals and the plot of the ratios to ``docs/``; ends with code 1 where a
bench or a gate failed.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click

from geogrid.settings import ROOT, read_settings
from tests.bench import plot
from tests.bench.harness import PAGE, load, small_option, write_json, write_table

BENCHES = (
    "assign",
    "exact",
    "redraw",
    "index_file",
    "files",
    "ingest",
    "network",
    "reach",
    "places",
    "hotspots",
    "recast",
    "map",
    "scope",
    "desk",
    "figures",
)
PLOT = ROOT / "docs" / "images" / "speed.svg"
RATIO = re.compile(r"\btimes\b| x ")
HEAD = ["| bench | what | measured | gate | goal | |", "|---|---|--:|--:|--:|---|"]


@click.command()
@click.option("--points", type=int, default=None, help="How many points, where a bench has them. Without: each one's own.")
@click.option("--only", default="", help="Names of benches with commas between.")
@small_option
def main(points: int | None, only: str, small: bool) -> None:
    """Run the benches and gather what they show."""
    wanted = [name.strip() for name in only.split(",") if name.strip()] or list(BENCHES)
    unknown = sorted(set(wanted) - set(BENCHES))
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}; known: {', '.join(BENCHES)}", param_hint="--only")
    ran = {name: run(name, points, small) for name in wanted}
    write_json("all", {name: {key: one[key] for key in ("code", "seconds")} for name, one in ran.items()}, small=small)
    lines = [line for name, one in ran.items() for line in rows(name, one["gates"])]
    click.echo("\n".join(plain(HEAD[0], *lines)))
    if not small:
        write_pages({name: gates_of(name, small=False) for name in BENCHES})
    failures = [name for name, one in ran.items() if one["code"]]
    click.echo(f"failed: {', '.join(failures)}" if failures else "all hold")
    sys.exit(bool(failures))


def run(name: str, points: int | None, small: bool) -> dict[str, Any]:
    """Run one bench in a process of its own; return its code, its seconds and its gates."""
    folder = read_settings(os.environ).var_dir / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    figures(name, small=small).unlink(missing_ok=True)
    click.echo(f"{time.strftime('%H:%M:%S')} {name}: load {load()}", err=True)
    start, log = time.perf_counter(), folder / f"{name}{'-small' if small else ''}.log"
    with log.open("w", encoding="utf-8") as file:
        command = [sys.executable, "-m", f"tests.bench.{name}", *options(name, points, small)]
        code = subprocess.run(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, check=False).returncode
    taken = time.perf_counter() - start
    click.echo(f"{time.strftime('%H:%M:%S')} {name}: code {code} after {taken:.0f} s, {log}", err=True)
    return {"code": code, "seconds": round(taken, 1), "gates": gates_of(name, small=small)}


def options(name: str, points: int | None, small: bool) -> list[str]:
    """Return the options that a bench has."""
    try:
        known = {option for one in importlib.import_module(f"tests.bench.{name}").main.params for option in one.opts}
    except ImportError:
        known = set()
    return (["--small"] if small else []) + (["--points", str(points)] if points and "--points" in known else [])


def figures(name: str, *, small: bool) -> Path:
    """Return where a bench leaves its figures."""
    return read_settings(os.environ).var_dir / "bench" / f"{name}{'-small' if small else ''}.json"


def gates_of(name: str, *, small: bool) -> list[dict[str, Any]]:
    """Return the gates and goals of the last run of a bench, none where it has not run."""
    path = figures(name, small=small)
    return json.loads(path.read_text("utf-8")).get("gates", []) if path.exists() else []


# -- one table --------------------------------------------------------------------------------------------------------


def merged(gates: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return for each name its value, its gate and its goal (None where there is none), and which are missed."""
    found: dict[str, dict[str, Any]] = {}
    for gate in gates:
        kind = "goal" if gate["goal"] else "gate"
        one = found.setdefault(gate["name"], {"gate": None, "goal": None, "missed": []})
        one |= {"value": gate["value"], "sign": gate["sign"], kind: gate["least"]}
        one["missed"] += [] if gate["held"] else [kind]
    return found


def rows(bench: str, gates: list[dict[str, Any]]) -> list[str]:
    """Return the lines of a bench in the table of all."""
    signs = {">=": "≥ ", "<=": "≤ "}
    lines = []
    for name, one in merged(gates).items():
        bounds = ["" if one[kind] is None else f"{signs[one['sign']]}{one[kind]:,.4g}" for kind in ("gate", "goal")]
        said = " and ".join(f"{kind} missed" for kind in one["missed"]) or "held"
        lines.append(f"| {bench} | {name} | {one['value']:,.4g} | {bounds[0]} | {bounds[1]} | {said} |")
    return lines


def plain(*lines: str) -> list[str]:
    """Return the lines of a table with even columns, for the terminal."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def write_pages(gates: dict[str, list[dict[str, Any]]]) -> None:
    """Write the table of all and the plot from the last run of every bench."""
    write_table("all", [*HEAD, *(line for name, found in gates.items() for line in rows(name, found))], PAGE)
    drawn = [
        plot.Row(f"{bench}: {name}".replace("times faster than ", ""), **part(one))
        for bench, found in gates.items()
        for name, one in ratios(found)
    ]
    PLOT.write_text(plot.svg(drawn), encoding="utf-8")


def ratios(gates: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Return what is a ratio to a peer: what is named "times ..." or "... x ..." and should be great."""
    return [(name, one) for name, one in merged(gates).items() if one["sign"] == ">=" and RATIO.search(name)]


def part(one: dict[str, Any]) -> dict[str, Any]:
    return {key: one[key] for key in ("value", "gate", "goal")}


if __name__ == "__main__":
    main()
