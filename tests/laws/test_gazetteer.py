"""Whatever is asked, the gazetteer answers in form: no text is an error, and the same text has the same answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.space.gazetteer import Gazetteer
from geogrid.space.place_text import normalised, value_of
from tests.space.test_gazetteer import places, roads, units

PIECES = (
    *("模拟区", "河东街道", "山北镇", "清泉社区", "清泉", "棠坡村", "清河路", "青河路", "东棠坡屯", "柳荫第二小学", "道里区"),
    *(
        "12号",
        "八号",
        "１２０号",
        "12-3号",
        "3号楼",
        "旁",
        "周边",
        "，",
        " ",
        "　",
        "qinghe",
        "lu",
        "Qīng",
        "hao",
        "qhl",
        "12",
        "ü",
        "\x00",
        "𠮷",
    ),
)


@pytest.fixture(scope="module")
def town():
    return Gazetteer.from_frames(units(), places(), roads())


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=9).map("".join)))
def test_every_text_has_an_answer_in_form(town, text):
    found = town.find(text)
    assert found == town.find(text)
    for one in found:
        assert 0 <= one.confidence <= 1 and one.radius_m > 0 and one.reason
        assert 126 <= one.point_lonlat[0] <= 126.03 and 45.85 <= one.point_lonlat[1] <= 45.88
    exact = [one.confidence for one in found if one.precision == "address"]
    assert sum(exact) <= 1.001, "confidence is shared among places that exclude each other"


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_to_bring_into_form_twice_is_to_do_it_once(text):
    assert normalised(normalised(text)) == normalised(text)


@given(st.integers(0, 9999))
def test_numerals_have_the_value_of_the_number_they_are_written_from(number):
    digits = "零一二三四五六七八九"
    by_digits = "".join(digits[int(one)] for one in str(number))
    by_places = "".join(
        digits[int(one)] + place if one != "0" else "零"
        for one, place in zip(f"{number:04d}", ("千", "百", "十", ""), strict=True)
    )
    assert value_of(by_digits) == value_of(by_places) == number
