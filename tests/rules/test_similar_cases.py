"""The nearest guiding cases: a case is most like itself, the order changes nothing, nothing in common is not shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from geogrid.domain.disputes import GuidingCase
from geogrid.rules.similar_cases import nearest

WAGES = GuidingCase(1, "建筑工人讨薪", "labour", "十余名工人反映包工头拖欠工资三个月，情绪激动", "分期支付")
LEAK = GuidingCase(2, "楼上漏水赔偿", "neighbourhood", "楼上漏水浸湿楼下住户天花板，双方对赔偿数额有分歧", "共同勘验")
LAND = GuidingCase(3, "宅基地边界", "land", "两户因宅基地边界发生口角，互不相让", "请村委会重新丈量")
ALL = [WAGES, LEAK, LAND]

text = st.text(alphabet="工人拖欠资楼上漏水赔偿宅基地边界，。 ", min_size=0, max_size=30)
cases = st.lists(
    st.builds(lambda i, t: GuidingCase(i, f"案{i}", "", t or "无", "结"), st.integers(1, 20), text), unique_by=lambda c: c.id
)


def test_words_find_the_case_that_tells_of_the_same():
    found = nearest(ALL, "", "几名工人反映工资未按时结清")
    assert found[0].case is WAGES and found[0].shared == ("名工人反映", "工资")  # what both say, not pieces of words
    assert nearest(ALL, "", "楼上漏水，住户对赔偿数额有分歧")[0].case is LEAK


def test_nothing_in_common_shows_nothing():
    assert nearest(ALL, "", "路灯不亮") == []
    assert nearest(ALL, "family", "") == []
    assert nearest([], "", "工资") == []


def test_where_too_few_are_alike_others_of_the_kind_follow_and_are_said_to_be_no_more():
    told = [(near.case, near.likeness, near.shared) for near in nearest(ALL, "land", "楼上漏水")]
    assert [case for case, _, _ in told] == [LEAK, LAND]
    assert told[1][1:] == (0.0, ())


def test_the_kind_raises_what_is_alike_already():
    plain, own = (nearest([LEAK], kind, "漏水赔偿")[0].likeness for kind in ("", "neighbourhood"))
    assert own > plain > 0


@given(cases, text, st.randoms(use_true_random=False))
def test_the_answer_does_not_hang_on_the_order(known, words, rng):
    shuffled = list(known)
    rng.shuffle(shuffled)
    assert nearest(known, "", words) == nearest(shuffled, "", words)


@given(cases)
def test_no_case_is_more_like_a_case_than_itself(known):
    for case in known:
        found = nearest(known, "", f"{case.title}{case.facts}", most=len(known))
        mine = next((near.likeness for near in found if near.case is case), None)
        assert mine is None or mine >= max(near.likeness for near in found) - 1e-6
        assert all(0 < near.likeness <= 1 for near in found)
