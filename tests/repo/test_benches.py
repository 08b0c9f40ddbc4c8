"""Benches cannot rot: every one has its command and ``--small``, and the quick ones run from end to end."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from geogrid.settings import ROOT
from tests.bench import harness, plot
from tests.bench.__main__ import BENCHES, merged, ratios, rows

QUICK = ("assign", "exact", "files")


@pytest.mark.parametrize("name", BENCHES)
def test_every_bench_has_a_command_that_can_be_tried(name):
    command = importlib.import_module(f"tests.bench.{name}").main
    assert "--small" in {option for one in command.params for option in one.opts}


def test_the_quick_benches_run_by_one_command(tmp_path):
    command = [sys.executable, "-m", "tests.bench", "--small", "--points", "3000", "--only", ",".join(QUICK)]
    environ = {**os.environ, "GEOGRID_VAR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=240)
    logs = "".join(path.read_text("utf-8")[-2000:] for path in sorted(tmp_path.glob("bench/*.log")))
    assert done.returncode == 0, done.stdout + done.stderr + logs
    for name in QUICK:
        found = json.loads((tmp_path / "bench" / f"{name}-small.json").read_text("utf-8"))
        assert found["small"]
        assert {gate["held"] for gate in found["gates"] if gate["always"]} == {True}
    assert "differences" in done.stdout


def test_a_gate_fails_a_goal_and_a_slow_machine_do_not():
    assert harness.failed(harness.at_least("a", 99.0, 100.0, 200.0)) == harness.at_least("a", 99.0, 100.0)
    assert harness.failed(harness.at_least("a", 150.0, 100.0, 200.0)) == []
    assert harness.failed(harness.budget("a", 4.9, 1.0)) == []
    assert harness.failed(harness.budget("a", 5.1, 1.0)) != []
    assert harness.failed(harness.at_most("a", 3.0, 2.0), small=True) == []
    assert harness.failed(harness.exact("a", 1), small=True) != []


def test_one_line_says_gate_and_goal_and_what_is_missed():
    gates = [vars(gate) for gate in [*harness.at_least("a x b", 150.0, 100.0, 200.0), *harness.exact("c", 0)]]
    assert rows("x", gates) == ["| x | a x b | 150 | ≥ 100 | ≥ 200 | goal missed |", "| x | c | 0 | ≤ 0 |  | held |"]
    assert [name for name, _ in ratios(gates)] == ["a x b"]
    assert merged(gates)["a x b"]["missed"] == ["goal"]


def test_the_plot_is_a_picture_whatever_the_ratios():
    made = [plot.Row("a < b", 0.5, 2.0, None), plot.Row("c", 12_345.0, None, 200.0), plot.Row("d", 150.0, 100.0, 200.0)]
    for drawn in (made, made[:1], []):
        ET.fromstring(plot.svg(drawn))


def test_a_section_is_written_between_its_marks_and_added_where_there_is_none(tmp_path):
    page = tmp_path / "speed.md"
    page.write_text("# Speed\n\n<!-- a -->\nold\n<!-- /a -->\n\nafter\n", encoding="utf-8")
    harness.write_table("a", ["new"], page)
    harness.write_table("b", ["more"], page)
    text = page.read_text("utf-8")
    assert "old" not in text
    assert text.index("new") < text.index("after") < text.index("## B") < text.index("more")
