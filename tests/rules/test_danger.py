"""Danger to life: told by words and by classes, the same in Python and in the database."""

from __future__ import annotations

import pytest

from geogrid.actions.district import read_danger
from geogrid.errors import SetupError
from geogrid.rules.danger import parse_danger
from geogrid.settings import ROOT

FILE = (ROOT / "data" / "danger.toml").read_text("utf-8")
SAMPLES = (
    "三楼着火了，快来", "孩子掉进井里", "邻居持刀威胁", "楼道燃气泄漏", "有人要跳楼", "GAS LEAK in the kitchen", "老人晕倒在路边",
    "家里漏煤气了", "闻到燃气味道很大", "小孩掉水里了", "有人拿刀打架", "老人倒地不起", "楼上要跳下来", "the hall smells of gas",
    "路灯不亮", "垃圾堆积", "消防通道堵塞", "咨询医保", "井盖缺失", "a.b", "", "燃气公司不开门", "水管漏水", "菜刀忘在展厅",
)  # fmt: skip


@pytest.mark.parametrize(("said", "dangerous"), [(said, i < 14) for i, said in enumerate(SAMPLES)])
def test_what_means_danger_is_told_and_the_rest_is_not(said, dangerous):
    assert bool(read_danger(ROOT / "data").found(said)) is dangerous


def test_a_class_means_danger_in_its_own_programme_alone():
    danger = parse_danger(FILE, "danger.toml")
    assert danger.found("闻到味道", "hulan", "F02") == ("F02",)
    assert danger.found("闻到味道", "lixia_command", "F02") == ()


def test_every_class_that_is_named_there_is():
    from geogrid.actions.programmes import shipped_programmes

    programmes = shipped_programmes("hulan")
    for named in parse_danger(FILE, "danger.toml").categories:
        code, _, category = named.partition(":")
        assert category in {one.code for one in programmes.of(code).categories}


def test_the_three_numbers_come_first_in_both_languages():
    sentence = parse_danger(FILE, "danger.toml").sentence
    for language in ("zh", "en"):
        assert all(number in sentence.text(language) for number in ("110", "119", "120"))


@pytest.mark.parametrize("broken", [
    "words = 1", FILE.replace("categories", "classes"), FILE.replace("sentence", "says"), FILE.replace('"着火"', '" "'),
    "words = [",
])  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_at_the_start(broken):
    with pytest.raises(SetupError, match=r"danger\.toml"):
        parse_danger(broken, "danger.toml")


def test_a_place_without_the_file_keeps_the_shipped_words(tmp_path):
    """Danger to life is told unless somebody wrote that nothing means it: a folder without the file drops no warning."""
    assert read_danger(tmp_path).found("着火") == ("着火",)
