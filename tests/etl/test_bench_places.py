"""The bench of words to places can be tried: nothing is wrong and sure."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from geogrid.settings import ROOT


def test_the_bench_runs(tmp_path):
    command = [sys.executable, "-m", "tests.bench.places", "--small"]
    environ = {**os.environ, "GEOGRID_VAR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "bench" / "places-small.json").read_text("utf-8"))
    assert (found["wrong_and_sure"], found["texts"]) == (0, 200)
    assert found["village"] > found["peer"]["village"] - 0.05
