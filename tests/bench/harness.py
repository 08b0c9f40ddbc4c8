"""What every bench shares: time, the machine, gates and goals, where figures go.

A *gate* must hold, or the bench ends with code 1; a *goal* is reported. ``--small`` tries the bench itself: seconds instead of
minutes, figures in ``var/bench/NAME-small.json``, no page written, and only gates that do not depend on size (differences) count.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from geogrid.settings import ROOT, keep_compiled_code, read_settings

PAGE = ROOT / "docs" / "speed.md"
BUDGET_SLACK = 5.0  # other machines are slower: an absolute budget fails only beyond this many times itself


@dataclass(frozen=True)
class Gate:
    """One criterion: ``value`` against ``least`` (or the most, where ``sign`` says so), and whether it is held.

    ``goal``: reported, never fails. ``always``: counts with ``--small`` too. A gate and a goal of one name are one line in the
    table of all; values with sign ``>=`` are ratios to a peer and are drawn.
    """

    name: str
    least: float
    value: float
    held: bool
    goal: bool = False
    sign: str = ">="
    always: bool = False

    @property
    def words(self) -> str:
        kind = "goal" if self.goal else "gate"
        return f"{'ok  ' if self.held else 'MISS'} {kind} {self.name}: {self.value:,.4g} {self.sign} {self.least:,.4g}"


def at_least(name: str, value: float, gate: float | None = None, goal: float | None = None) -> list[Gate]:
    """Return the gate and the goal for a value that should be great, such as how many times faster than a peer."""
    gates = [] if gate is None else [Gate(name, gate, value, value >= gate)]
    return gates if goal is None else [*gates, Gate(name, goal, value, value >= goal, goal=True)]


def at_most(name: str, value: float, gate: float | None = None, goal: float | None = None) -> list[Gate]:
    """Return the gate and the goal for a share or a ratio that should be small."""
    gates = [] if gate is None else [Gate(name, gate, value, value <= gate, sign="<=")]
    return gates if goal is None else [*gates, Gate(name, goal, value, value <= goal, goal=True, sign="<=")]


def budget(name: str, value: float, most: float) -> list[Gate]:
    """Return the gate for an absolute time or size, which fails only beyond ``BUDGET_SLACK`` times the budget."""
    return [Gate(name, most, value, value <= BUDGET_SLACK * most, sign="<=")]


def exact(name: str, differences: int) -> list[Gate]:
    """Return the gate that nothing differs; it counts at every size."""
    return [Gate(name, 0, differences, differences == 0, sign="<=", always=True)]


# -- options ----------------------------------------------------------------------------------------------------------


def small_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--small``."""
    return click.option("--small", is_flag=True, help="Little data: to try the bench itself.")(command)


def points_option(default: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add ``--points``."""
    return click.option("--points", type=int, default=default, show_default=True, help="How many points.")


# -- time and machine -------------------------------------------------------------------------------------------------


def seconds(runs: int, work: Callable[[], object]) -> float:
    """Return the median of several runs, after one that does not count."""
    work()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def machine() -> dict[str, Any]:
    """Return what the figures were measured on; call it before the work, as the load is that of others then."""
    return {"cpus": os.cpu_count(), "load_1_min": load(), "python": platform.python_version()}


def load() -> float:
    """Return the load of the last minute."""
    return round(os.getloadavg()[0], 2)


# -- what it found ----------------------------------------------------------------------------------------------------


def write_json(name: str, found: dict[str, Any], *, small: bool = False, out: Path | None = None) -> Path:
    """Write what a bench found to ``var/bench/NAME.json``, or to ``out``; return where."""
    folder = read_settings(os.environ).var_dir / "bench"
    path = out or folder / f"{name}{'-small' if small else ''}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def write_table(name: str, lines: Iterable[str], page: Path = PAGE) -> None:
    """Write lines between ``<!-- NAME -->`` and ``<!-- /NAME -->`` of the page; a section that is not there yet is added."""
    text = page.read_text("utf-8")
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if begin not in text:
        text = f"{text.rstrip()}\n\n## {name.capitalize()}\n\n{begin}\n{end}\n"
    before, after = text.split(begin)[0], text.split(end)[1]
    page.write_text(before + "\n".join([begin, "", *lines, "", end]) + after, encoding="utf-8")


def on_what(found: dict[str, Any]) -> str:
    """Return the words for the machine and its load."""
    before = found["machine"]
    return (
        f"{before['cpus']} processors, load {before['load_1_min']} before and {found.get('load_1_min_at_the_end', load())} after"
    )


def failed(gates: Iterable[Gate], *, small: bool = False) -> list[Gate]:
    """Return the gates that count and are not held."""
    return [gate for gate in gates if not gate.held and not gate.goal and (gate.always or not small)]


def report(
    name: str,
    found: dict[str, Any],
    gates: list[Gate],
    *,
    lines: Iterable[str] = (),
    small: bool = False,
    out: Path | None = None,
) -> None:
    """Write the figures and, but for ``--small``, the table; say which gates and goals hold; exit with 1 where a gate fails."""
    found = {**found, "small": small, "load_1_min_at_the_end": load(), "gates": [asdict(gate) for gate in gates]}
    path = write_json(name, found, small=small, out=out)
    lines = list(lines)
    if lines and not small:
        write_table(name, lines)
    click.echo(json.dumps({key: value for key, value in found.items() if key != "gates"}, indent=1, ensure_ascii=False))
    for gate in gates:
        click.echo(gate.words)
    click.echo(str(path))
    if failed(gates, small=small):
        sys.exit(1)


def prepare() -> None:
    """Keep compiled code where the platform keeps it; first thing a bench does."""
    keep_compiled_code(os.environ)
