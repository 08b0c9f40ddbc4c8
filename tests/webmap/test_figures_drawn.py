"""Drawings of figures made by the server: sound whatever the names, with axes of round numbers."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from webmap.figures import drawing
from webmap.figures.drawing import Bar


@given(st.lists(st.decimals(0, 10**9, places=2), min_size=1, max_size=8), st.booleans())
def test_the_axis_of_a_line_is_round_and_holds_every_value(known, is_percent):
    """Never 1.14e+07, never 102.4 %: at most eight round numbers from below the least value to above the greatest."""
    most = Decimal(100) if is_percent else None
    known = [value % 100 for value in known] if is_percent else known
    ticks = drawing.ticks_of(known, most)
    assert ticks == sorted(set(ticks)) and 2 <= len(ticks) <= 8
    assert 0 <= ticks[0] <= min(known) and max(known) <= ticks[-1]
    assert most is None or ticks[-1] <= most
    svg = drawing.line([Bar(str(i), value, str(value), "") for i, value in enumerate(known)], most=most)
    assert "e+" not in svg.lower()


def test_drawings_are_well_formed_whatever_the_names():
    odd = Bar('<script>"&', None, "—", "0 / 0")
    small = Bar("x" * 40, Decimal("7.5"), "7.5 %", "3 / 40", True)
    for rows in ([], [odd], [odd, small, odd, small, small]):
        for svg in (drawing.bars(rows), drawing.line(rows)):
            root = ET.fromstring(svg)
            assert "script" not in {element.tag.rsplit("}", 1)[-1] for element in root.iter()}
            assert "nan" not in svg.lower()
