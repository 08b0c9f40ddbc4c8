"""The bench of hotspots runs on little data, in a process of its own: all planted are found and named."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from geogrid.settings import ROOT


def test_the_bench_runs_and_finds_what_is_planted(tmp_path):
    """The twin of 90 grids holds three hotspots; of three years of each kind without any, none is called."""
    command = [sys.executable, "-m", "tests.bench.hotspots", "--small"]
    environment = {**os.environ, "GEOGRID_VAR": str(tmp_path)}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr[-3000:] + run.stdout[-2000:]
    found = json.loads((tmp_path / "bench" / "hotspots-small.json").read_text("utf-8"))
    assert found["detected"] == {"planted": 3, "found": 3, "named": 3, "clusters": 3, "not_planted": 0}
    assert set(found["false_alarms"].values()) == {0}
    assert found["gi_star"]["differs"] < 1e-12 and found["gi_star"]["rates_differ"] < 1e-12
