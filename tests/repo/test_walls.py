"""The import contracts hold, and the layout of tests mirrors the rooms."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from geogrid.settings import ROOT

TEST_FOLDERS_OF_THEIR_OWN = {"laws", "repo", "browser", "samples", "bench", "real"}


def test_imports_run_one_way():
    command = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([str(command), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stdout[-3000:]


def test_test_folders_mirror_the_rooms():
    rooms = {path.name for path in (ROOT / "geogrid").iterdir() if path.is_dir()} | {"layers", "webmap", "etl"}
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and not path.name.startswith("__")}
    assert folders <= rooms | TEST_FOLDERS_OF_THEIR_OWN


def test_domain_loads_no_geometry_stack():
    """Importing the domain and all commands, as ``--help`` does, must stay quick: no geometry, no database."""
    heavy = ("geopandas", "shapely", "numpy", "sqlalchemy", "psycopg", "folium", "flask")
    code = (
        "import sys, click, geogrid.domain.events; from geogrid.cli import root; root.list_commands(click.Context(root));"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.strip() == "[]"
