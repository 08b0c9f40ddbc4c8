"""``geogrid figures``: what is defined, and every fault of a file with its line."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from geogrid.cli import root
from geogrid.settings import ROOT

SHIPPED = ROOT / "data/indicators.toml"


@pytest.fixture
def call(monkeypatch):
    monkeypatch.setenv("GEOGRID_LANGUAGE", "en")
    return lambda *words: CliRunner().invoke(root, ["figures", *map(str, words)])


def test_the_shipped_book_is_listed_and_sound(call):
    listed = call("list")
    assert listed.exit_code == 0
    assert "closing_rate\tClosing rate\t" in listed.output
    checked = call("check")
    assert (checked.exit_code, checked.output) == (0, "Indicator book: 20 figures, sound\n")


def test_faults_are_named_by_file_and_line(call, tmp_path):
    path = tmp_path / "own.toml"
    broken = SHIPPED.read_text("utf-8").replace('measure = "share"', 'measure = "guess"', 1)
    path.write_text(broken, encoding="utf-8")
    line = broken.split("\n").index('measure = "guess"') + 1
    told = call("check", path)
    assert told.exit_code == 1
    assert told.output.startswith(f"{path}:{line}: figures[0].measure: 'guess' is none of share")


def test_a_place_names_its_own_file(call, monkeypatch, tmp_path):
    path = tmp_path / "own.toml"
    whole = SHIPPED.read_text("utf-8")
    end = whole.index("[[figures]]", whole.index("[[figures]]") + 1)
    path.write_text(whole[:end], encoding="utf-8")
    monkeypatch.setenv("GEOGRID_INDICATORS", str(path))
    assert call("check").output == "Indicator book: 1 figures, sound\n"
    assert call("list").output.count("\n") == 1
