"""Plain values to things: what fits is built, what does not is told with its path, all of it at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from geogrid.domain.clocks import Duration, Light
from geogrid.rules.durations import duration
from geogrid.rules.reading import BROKEN, Reader


@dataclass(frozen=True)
class Inner:
    code: str
    share: float | None = None


@dataclass(frozen=True)
class Outer:
    name: str
    count: int = 0
    exact: bool = False
    inner: tuple[Inner, ...] = ()
    pair: tuple[int, str] = (0, "")
    lights: dict[str, Light] = field(default_factory=dict)
    length: Duration | None = None
    either: str | int = ""


def built(value):
    reader = Reader({(Inner, "share"): "part"}, {Duration: duration})
    return reader.build(Outer, value, ()), reader.faults


def test_a_thing_is_built_by_its_annotations():
    given = {
        "name": "x", "count": 2, "exact": True, "inner": [{"code": "a", "part": 1}], "pair": [1, "b"],
        "lights": {"soon": "amber"}, "length": "2wd", "either": 3,
    }  # fmt: skip
    found, faults = built(given)
    assert not faults
    assert found == Outer("x", 2, True, (Inner("a", 1.0),), (1, "b"), {"soon": Light.AMBER}, duration("2wd"), 3)


@pytest.mark.parametrize(("change", "path", "says"), [
    ({"name": 1}, ("name",), "is not a text"),
    ({"count": True}, ("count",), "is not a whole number"),
    ({"count": 1.0}, ("count",), "is not a whole number"),
    ({"exact": 1}, ("exact",), "is not true or false"),
    ({"inner": {}}, ("inner",), "is no list"),
    ({"inner": [1]}, ("inner", 0), "is no table"),
    ({"inner": [{"code": "a"}, {}]}, ("inner", 1), "code is missing"),
    ({"inner": [{"code": "a", "share": 1}]}, ("inner", 0, "share"), "share is unknown here; known: code, part"),
    ({"inner": [{"code": "a", "part": float("nan")}]}, ("inner", 0, "part"), "no finite number"),
    ({"pair": [1]}, ("pair",), "1 values where 2 belong"),
    ({"lights": {"soon": "purple"}}, ("lights", "soon"), "is none of green, amber, red, grey"),
    ({"length": "2 weeks"}, ("length",), "is no duration"),
    ({"either": 1.5}, ("either",), "is none of str, int"),
    ({"nmae": "x"}, ("nmae",), "nmae is unknown here"),
])  # fmt: skip
def test_what_does_not_fit_is_told_with_its_path(change, path, says):
    found, faults = built({"name": "x", **change})
    assert [place for place, _ in faults] == [path]
    assert says in faults[0][1]
    assert found is BROKEN or "unknown here" in says


def test_all_faults_are_told_at_once():
    _, faults = built({"count": "a", "inner": [{"part": "b"}], "length": 1})
    assert {place for place, _ in faults} == {(), ("count",), ("inner", 0), ("inner", 0, "part"), ("length",)}


def test_what_is_shown_of_a_value_is_short():
    _, faults = built({"name": ["long"] * 100})
    assert len(faults[0][1]) < 100
