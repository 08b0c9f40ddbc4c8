"""The repository checks itself: sizes, walls, words."""

from __future__ import annotations

import ast
import re
import subprocess
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from geogrid.settings import ROOT

ROOMS = ("geogrid", "layers", "webmap", "etl")
SOURCES = sorted(path for room in (*ROOMS, "tests") for path in (ROOT / room).rglob("*.py") if "vendor" not in path.parts)
MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 40


def tracked_files() -> list[Path]:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / line for line in listing.splitlines() if (ROOT / line).is_file()]


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function after its signature and docstring; inner definitions count."""
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_readable(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_FILE_LINES, "split the file by what its parts are about"
    long = [
        f"{node.name} ({code_lines(node)} lines)"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and code_lines(node) > MOST_FUNCTION_LINES
    ]
    assert not long, f"functions over {MOST_FUNCTION_LINES} lines: {long}"


def test_no_room_for_odds_and_ends():
    names = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert not [path for path in SOURCES if names & {path.stem, *path.parent.relative_to(ROOT).parts}]


def test_folium_is_imported_in_one_file_only():
    importing = [
        path for path in SOURCES if re.search(r"^\s*(import|from) (folium|branca)\b", path.read_text("utf-8"), re.MULTILINE)
    ]
    rooms = {str(path.relative_to(ROOT)) for path in importing if "tests" not in path.parts}
    assert rooms == {"webmap/folium_map.py"}


def test_coordinate_systems_are_known_in_two_files_only():
    """EPSG numbers of the stored and the web coordinate system stand in space.crs; everyone else uses its names."""
    allowed = {"geogrid/space/crs.py", "geogrid/space/tiles.py"}
    guilty = []
    for path in SOURCES:
        name = str(path.relative_to(ROOT))
        if name.startswith(("tests/", "geogrid/store/migrations/versions/")) or name in allowed:
            continue
        numbers = {n.value for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Constant)}
        guilty += [f"{name}: {number}" for number in sorted(numbers & {4490, 4326, 3857, 4551}, key=str)]
    assert not guilty


def test_only_lon_lat_order_outside_the_folium_file():
    pattern = re.compile(r"\b(lat_?lng|lat_?lon|latlon)\b", re.IGNORECASE)
    guilty = [str(p.relative_to(ROOT)) for p in SOURCES if p.name != "folium_map.py" and pattern.search(p.read_text("utf-8"))]
    assert not [name for name in guilty if not name.startswith("tests/")]


def test_every_command_answers_help_quickly_named():
    commands = [command for point in entry_points(group="geogrid.commands") for command in point.load().COMMANDS]
    names = [command.name for command in commands]
    assert len(names) == len(set(names))
    assert {"twin", "load", "assign", "serve", "stream", "map", "doctor", "demo", "jobs"} <= set(names)
    assert not [command.name for command in commands if not (command.help or "").strip()]


def test_run_lists_every_task_from_its_comment():
    shown = subprocess.run(["./run"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    for task in ("demo", "serve", "stop", "test", "test-fast", "test-all", "check", "bench", "fix", "docs", "clean"):
        assert re.search(rf"^\s*(\./run )?{task}\b", shown, re.MULTILINE), task


def test_tracked_files_name_no_registry_and_no_foreign_path():
    hosts = re.compile(
        r"(files\.pythonhosted|pypi\.org/simple|registry\.npmjs|registry\.yarnpkg|deb\.debian\.org|conda\.anaconda\.org)"
    )
    guilty = [
        f"{path.relative_to(ROOT)}"
        for path in tracked_files()
        if path.suffix not in {".png", ".parquet"}
        and path.name != Path(__file__).name
        and hosts.search(path.read_text("utf-8", "replace"))
    ]
    assert not guilty


def test_no_third_party_assets_and_nothing_large_is_tracked():
    tracked = tracked_files()
    assert not [path for path in tracked if path.name.endswith((".min.js", ".min.css")) or "vendor" in path.parts]
    assert not [path for path in tracked if path.stat().st_size > 1_000_000]
