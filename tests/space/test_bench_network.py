"""The bench of the road network runs, small, and finds no difference."""

from __future__ import annotations

import json

from click.testing import CliRunner

from tests.bench.network import main


def test_the_bench_runs_and_nothing_differs(tmp_path):
    out = tmp_path / "network.json"
    result = CliRunner().invoke(main, ["--small", "--points", "3000", "--out", str(out)], catch_exceptions=False)
    found = json.loads(out.read_text("utf-8"))
    assert result.exit_code == 0 and (found["label_differences"], found["snap_differences"]) == (0, 0)
