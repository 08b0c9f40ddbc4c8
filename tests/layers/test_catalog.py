"""Every layer can be read by people in both languages, drawn with known colours, and found in the docs."""

from __future__ import annotations

import itertools
import re

import pytest

from geogrid.settings import ROOT
from geogrid.texts import translate
from layers.catalog import CATALOG, SETS, layer_named, layers_of
from layers.layer import Rule, Shape, Symbol
from webmap.imports import FAULTS, REFUSED

FIGURES = re.compile(r"[\d\s–-]+")


def every_text(layer) -> list[tuple[str, str | None]]:
    texts = [(layer.title, None), *((rule.label, rule.context) for rule in layer.rules), *((f.label, None) for f in layer.popup)]
    return [(text, context) for text, context in [*texts, (layer.note, None)] if text and not FIGURES.fullmatch(text)]


@pytest.mark.parametrize("layer", CATALOG, ids=lambda layer: layer.name)
def test_words_are_there_in_chinese(layer):
    missing = [text for text, context in every_text(layer) if translate(text, "zh", context) == text]
    assert missing == []


@pytest.mark.parametrize("layer", CATALOG, ids=lambda layer: layer.name)
def test_a_layer_has_a_legend_that_is_its_style(layer):
    described = layer.described("en")
    assert described["legend"]
    assert all(line["text"] and line["rule"] < len(described["rules"]) for line in described["legend"])


def test_colours_are_tokens_of_the_palette():
    css = (ROOT / "webmap/static/css/tokens.css").read_text(encoding="utf-8")
    light = set(re.findall(r"--map-([\w-]+):", css.split("[data-theme")[0]))
    used = {
        token
        for layer in (*CATALOG, REFUSED, FAULTS)
        for rule in layer.rules
        for token in (rule.symbol.stroke, rule.symbol.fill)
        if token
    }
    assert used <= light


def test_red_is_left_to_breaches():
    """UI: red means a breach and nothing else, so no layer may paint with the lights' colours."""
    css = (ROOT / "webmap/static/css/tokens.css").read_text(encoding="utf-8")
    lights = set(re.findall(r"--light-(?:in-time|soon|breached): (#\w+);", css))
    maps = set(re.findall(r"--map-[\w-]+: (#\w+);", css))
    assert len(lights) == 3
    assert not lights & maps


def test_every_layer_has_its_line_in_the_docs():
    page = (ROOT / "docs/layers.md").read_text(encoding="utf-8")
    assert [layer.name for layer in CATALOG if f"| `{layer.name}` |" not in page] == []


def test_every_layer_is_in_a_tile_set_and_the_first_view_holds_all_that_is_drawn_at_once():
    assert {name for names in SETS.values() for name in names} == {layer.name for layer in CATALOG}
    assert {layer.name for layer in CATALOG if layer.at_once} <= set(SETS["all"])
    assert set(SETS["all"]) == {*SETS["base"], *SETS["events"]}  # its tiles are joined of these two
    assert [layer.name for layer in layers_of("all")] == [layer.name for layer in CATALOG if layer.name in SETS["all"]]


def test_department_grids_are_hatched_and_told_apart_without_colour_too():
    rules = layer_named("department_grids").rules
    assert {rule.symbol.shape for rule in rules} == {Shape.HATCH}
    assert len({rule.symbol.stroke for rule in rules}) == len(rules)
    neighbours = itertools.pairwise(rules)
    assert all(a.symbol.angle_deg != b.symbol.angle_deg for a, b in neighbours)


def test_a_rule_without_words_is_not_in_the_legend():
    layer = layer_named("stations")
    silent = type(layer)(**{**layer.__dict__, "rules": (Rule("", Symbol(Shape.CIRCLE)), *layer.rules)})
    assert [line["rule"] for line in silent.legend("en")] == [1, 2, 3]
