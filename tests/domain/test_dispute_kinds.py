"""Kinds of disputes: the shipped file names categories that programmes have, each once; words only where a category is silent."""

from __future__ import annotations

import pytest

from geogrid.actions.dispute_kinds import read_kinds
from geogrid.actions.programmes import shipped_programmes
from geogrid.domain.dispute_kinds import parse_kinds
from geogrid.domain.events import EventKind
from geogrid.errors import SetupError

COURT = '[court]\nzh = "法院"\nen = "court"\n'
KIND = '[[kinds]]\ncode = "a"\ntitle = {{ zh = "甲", en = "A" }}\ncategories = {{ hulan = [{codes}] }}\n'


def test_every_category_named_is_a_dispute_of_its_programme():
    programmes = shipped_programmes("hulan").by_code
    for kind in read_kinds().kinds:
        for code, categories in (kind.categories or {}).items():
            known = {one.code for one in programmes[code].categories if one.kind is EventKind.DISPUTE}
            assert set(categories) <= known, (kind.code, code)


def test_a_category_goes_before_words_and_words_before_nothing():
    kinds = read_kinds()
    assert kinds.of("hulan", "D04", "楼上漏水") == "labour"
    assert kinds.of("hulan", "D", "楼上漏水，邻居争吵") == "neighbourhood"
    assert kinds.of("hulan", "D", "其他") == ""
    assert kinds.of("nowhere", "D04", "工资") == "labour"


@pytest.mark.parametrize(
    "text",
    [
        "",
        COURT,
        COURT + "[[kinds]]\n",
        COURT + KIND.format(codes='"D01", "D01"'),
        COURT + 2 * KIND.format(codes='"D01"'),
        KIND.format(codes=""),
    ],
)
def test_a_file_that_says_nothing_or_too_much_is_refused_with_its_name(text):
    with pytest.raises(SetupError, match=r"m\.toml"):
        parse_kinds(text, "m.toml")


def test_a_file_of_a_place_takes_the_place_of_the_shipped_one(tmp_path):
    (tmp_path / "mediation.toml").write_text(COURT + KIND.format(codes='"D01"'), encoding="utf-8")
    assert [kind.code for kind in read_kinds(tmp_path).kinds] == ["a"]
    assert read_kinds(tmp_path / "empty").kinds == read_kinds().kinds
