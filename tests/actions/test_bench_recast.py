"""The bench of recasts runs on little data, in a process of its own, and finds no difference."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from geogrid.settings import ROOT


def test_the_bench_runs_and_finds_no_difference(tmp_path):
    environ = {**os.environ, "GEOGRID_VAR": str(tmp_path)}
    command = [sys.executable, "-m", "tests.bench.recast", "--small", "--points", "3000"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=300)
    found = json.loads((tmp_path / "bench" / "recast-small.json").read_text("utf-8"))
    assert found["differences"] == 0, done.stdout
    assert done.returncode == 0, done.stdout + done.stderr
    gates = [gate["name"] for gate in found["gates"] if not gate["goal"]]
    assert gates == ["events recast to another grid than geopandas joins"]
