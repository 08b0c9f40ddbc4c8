"""The file of windows: what is shipped can be read; what is wrong is named with its line."""

from __future__ import annotations

import pytest

from geogrid.errors import WindowsInvalid
from geogrid.rules.windows import label_of, parse_windows
from geogrid.settings import ROOT

GOOD = """[[windows]]
code = "general"
letter = "A"
title = { zh = "综合", en = "General" }
kinds = ["other"]
"""


def test_the_shipped_hall_has_twelve_windows_each_with_a_letter_of_its_own():
    windows = parse_windows((ROOT / "data" / "windows.toml").read_text("utf-8"))
    assert len(windows) == 12
    assert len({one.letter for one in windows}) == len({one.code for one in windows}) == 12


@pytest.mark.parametrize(
    ("broken", "line", "reason"),
    [
        ("", 1, "windows is missing"),
        (GOOD.replace('"A"', '"AB"'), 3, "no capital letter"),
        (GOOD.replace('"general"', '"Gen eral"'), 2, "no code"),
        (GOOD + GOOD.replace('"A"', '"B"'), 7, "general stands twice"),
        (GOOD + GOOD.replace('"general"', '"other"'), 8, "A stands twice"),
        (GOOD.replace('["other"]', "[]"), 5, "no kind"),
        (GOOD.replace('["other"]', '["fun"]'), 5, "fun"),
        (GOOD + 'asked = "department:magic"\n', 6, "no department"),
        (GOOD + 'colour = "red"\n', 6, "colour is unknown"),
        ("[[windows", None, "at end of document"),
    ],
)
def test_a_fault_is_named_with_its_line(broken, line, reason):
    with pytest.raises(WindowsInvalid) as found:
        parse_windows(broken)
    assert reason in str(found.value)
    assert found.value.where.get("line") == line


def test_numbers_are_called_by_letter_and_three_digits():
    assert [label_of("A", 7), label_of("B", 1234)] == ["A007", "B1234"]
