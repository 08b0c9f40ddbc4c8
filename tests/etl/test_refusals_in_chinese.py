"""What is refused is told in Chinese to the last word; names, codes and what the user typed stay as they are."""

from __future__ import annotations

import re

import numpy as np
import pytest

from etl import find_places, kinds, located, recipe, times
from etl.errors import FileTooLarge
from geogrid.errors import EditionUnknown, FrameInvalid, GeogridError
from geogrid.space.columns import require_rows


def refused(work, *given) -> GeogridError:
    with pytest.raises(GeogridError) as caught:
        work(*given)
    return caught.value


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (refused(recipe.parse_constants, ["x"]), "--set x NAME=VALUE"),
        (refused(recipe.parse_columns, ["a=b", "c=b"]), "--map"),
        (refused(find_places.near_of, "x"), "--near x"),
        (refused(times.zone_named, "x/y"), "--tz x/y Asia/Shanghai IANA"),
        (refused(located.system_of, "EPSG:1", None), "--datum EPSG:1"),
        (refused(require_rows, np.zeros(0), "grids"), ""),
        (refused(require_rows, np.zeros(0), "department grids"), ""),
        (EditionUnknown(name="x"), "x `geogrid edition list`"),
        (FileTooLarge(name="x", what="characters in one field", size=recipe.Reason("over {most}", most=9), most=9), "x"),
    ],
)
def test_only_what_was_typed_is_not_chinese(error, kept):
    said = error.message("zh")
    for word in kept.split():
        said = said.replace(word, "")
    assert not re.search("[A-Za-z]{2,}", said), error.message("zh")


def test_kinds_are_named_in_chinese_around_their_codes():
    assert "未知；可用：" in refused(kinds.kind_named, "x").message("zh")


def test_english_is_as_before():
    assert str(FrameInvalid(what="grids", reason="there is no row")) == "The grids cannot be used: there is no row."
    assert str(refused(recipe.parse_constants, ["x"])).endswith("'x' is not of the form NAME=VALUE.")
