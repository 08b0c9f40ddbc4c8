"""No number by which a person can be reached or known goes through unmasked, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.domain.masking import mask_name, mask_phone, mask_text


@pytest.mark.parametrize(("said", "shown"), [
    ("张三 13812345678 报", "张三 138****5678 报"),
    ("电话138 1234 5678。", "电话138 **** 5678。"),
    ("电话：１３８１２３４５６７８", "电话：１３８****５６７８"),
    ("+86-138-1234-5678", "+86-1**-****-5678"),
    ("008613812345678，013812345678", "008********5678，013*****5678"),
    ("138  1234 - 5678、138\u200b1234\uff0d5678", "138  **** - 5678、138\u200b****\uff0d5678"),
    ("a.li\uff20example.com", "a***@***"),
    ("济南的网格370102001001001", "济南的网格370102001001001"),
    ("身份证230111199001011234，", "身份证230111********1234，"),
    ("身份证23011119900101123X", "身份证230111********123X"),
    ("座机0451-57301234", "座机0451-******34"),
    ("卡号6222021234567890123", "卡号6222***********0123"),
    ("mail a.li@example.com now", "mail a***@*** now"),
    ("网格999901001001001，编号20250618000123，3楼2单元", "网格999901001001001，编号20250618000123，3楼2单元"),
    ("12345 热线，110", "12345 热线，110"),
    ("", ""),
])  # fmt: skip
def test_numbers_of_people_are_masked_and_others_are_not(said, shown):
    assert mask_text(said) == shown


def test_names_and_numbers_of_accounts():
    assert [mask_name(name) for name in ("张三", "欧阳明", "")] == ["张*", "欧*", ""]
    assert [mask_phone(number) for number in ("13812345678", "110", "")] == ["138****5678", "***", ""]


@given(st.text(max_size=40), st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.text(max_size=40))
def test_a_number_in_any_words_is_masked_and_the_length_stays(before, number, after):
    if before[-1:].isdigit() or after[:1].isdigit() or before[-1:].isdecimal() or after[:1].isdecimal():
        return
    masked = mask_text(f"{before} {number} {after}")
    assert number not in masked


@given(st.text(max_size=200))
def test_masking_twice_changes_nothing_more(text):
    assert mask_text(mask_text(text)) == mask_text(text)
