"""The code that a report brings: taken out before anything else looks at the report, and never said again."""

from __future__ import annotations

import pytest

from geogrid.channels.follow import FollowWish, without_wish
from geogrid.channels.form import FIELDS
from geogrid.errors import FieldType, FollowCodeInvalid, FollowTwoWays

CODE = "K7Q2M4XH9T"


def test_what_is_said_of_following_is_no_part_of_the_report():
    report, wish = without_wish({"id": "a", "text": "路灯不亮", "follow_code": f"{CODE[:5]}-{CODE[5:]}"})
    assert report == {"id": "a", "text": "路灯不亮"}
    assert (wish.code, wish.make) == (CODE, False)
    assert without_wish({"id": "a", "follow": True}) == ({"id": "a"}, FollowWish(make=True))
    assert not {"follow", "follow_code"} & set(FIELDS), "a file of reports cannot bring codes: they would lie in it"


@pytest.mark.parametrize("payload", [{}, {"follow": False}, {"follow": None, "follow_code": None}])
def test_nothing_wished_is_no_wish(payload):
    assert not without_wish(payload)[1]


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ({"follow_code": ""}, FollowCodeInvalid),
        ({"follow_code": CODE[:9]}, FollowCodeInvalid),
        ({"follow_code": 1234567890}, FieldType),
        ({"follow": "yes"}, FieldType),
        ({"follow": 1}, FieldType),
        ({"follow": True, "follow_code": CODE}, FollowTwoWays),
    ],
)
def test_what_cannot_be_a_wish_is_refused_at_its_field(payload, error):
    with pytest.raises(error) as refused:
        without_wish(payload)
    assert refused.value.where["path"] in payload


@pytest.mark.parametrize("sent", [f"{CODE}U", f"{CODE[:9]}U", f"{CODE}{CODE}"])
def test_neither_a_refusal_nor_a_printed_wish_repeats_a_code(sent):
    with pytest.raises(FollowCodeInvalid) as refused:
        without_wish({"follow_code": sent})
    assert CODE[:9] not in str(refused.value) + str(refused.value.where) + refused.value.message("zh")
    assert CODE not in repr(FollowWish(CODE))
