"""An index as bytes: read back it answers alike; what is not whole, not ours or not this one is never used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import shapely

from geogrid.space import aligned, index_file
from geogrid.space.index import AssignmentIndex
from geogrid.space.index_file import NotThisIndex, program_mark, read, told
from tests.space import shapes
from tests.space.comparing import differences

KEY = "k" * 64
BESIDE = {"units_of": {"甲": ("a", None)}, "places": np.arange(6.0).reshape(3, 2), "codes": np.array(["x", None], dtype=object)}


def bytes_of(index, key=KEY, beside=BESIDE):
    return bytearray(b"".join(told(index, beside, key)))


def small(**named):
    """Four jittered grids with a gap and an overlap, two stations (one the point of a village), one department grid."""
    quads = shapes.lattice(np.random.default_rng(5), 2, 2, 0.2)[0]
    grids = shapes.frame([*quads[:3], shapes.square(0.003, 0.003, 0.002)], village_code=["v1", "v1", "v2", ""])
    stations = shapes.points_frame(
        [shapes.at(0.001, 0.001), shapes.at(0.006, 0.006)], ["s1", "s2"], level=["point", "station"], unit_code=["v1", "v2"]
    )
    named = {"district": shapes.square(0, 0, 0.008), "metric_srid": shapes.SRID, "gap_tolerance_m": 200.0, **named}
    return AssignmentIndex.from_frames(grids, stations, shapes.frame([shapes.square(0.002, 0.002, 0.004)]), **named)


@pytest.fixture(scope="module")
def written():
    return bytes(bytes_of(small()))


def asked():
    rng = np.random.default_rng(6)
    lonlat = shapes.probes(rng, shapes.lattice(np.random.default_rng(5), 2, 2, 0.2)[0])
    return (*lonlat.T, rng.choice([np.nan, 5.0, 300.0], len(lonlat)))


@pytest.mark.parametrize("compiled", [True, False])
def test_what_is_read_answers_as_what_was_written(compiled):
    index = small(compiled=compiled, accuracy_share=0.68)
    again, beside = read(bytes_of(index), KEY)
    assert (again.fast is None) is not compiled
    found, expected = again.assign(*asked()), index.assign(*asked())
    assert differences(found, expected) == []
    assert found.nearest_grid_code.tolist() == expected.nearest_grid_code.tolist()
    assert beside["units_of"] == BESIDE["units_of"]
    assert beside["codes"].tolist() == ["x", None]
    np.testing.assert_array_equal(beside["places"], BESIDE["places"])


def test_an_index_without_stations_and_departments_is_read_too():
    index = AssignmentIndex.from_frames(shapes.frame([shapes.square()]), None, metric_srid=shapes.SRID)
    again, _ = read(bytes_of(index, beside={}), KEY)
    assert again.departments is None
    assert differences(again.assign(*asked()), index.assign(*asked())) == []


def test_the_twin_is_answered_alike_from_its_bytes(small_twin_frames):
    index = AssignmentIndex.from_frames(
        small_twin_frames["base_grids"], small_twin_frames["stations"], small_twin_frames["department_grids"], metric_srid=4551
    )
    again, _ = read(bytes_of(index), KEY)
    events = (*small_twin_frames["lonlat"].T, small_twin_frames["events"]["accuracy_m"].to_numpy(float))
    assert differences(again.assign(*events), index.assign(*events)) == []


def test_numbers_are_used_where_they_lie(written):
    """Else every process would have its own copy of them."""
    whole = bytearray(written)
    cells = read(whole, KEY)[0].fast.places.cells
    assert np.shares_memory(cells, np.frombuffer(whole, dtype=np.uint8))
    assert cells.flags.aligned
    assert (cells.ctypes.data - np.frombuffer(whole, dtype=np.uint8).ctypes.data) % aligned.ALIGNMENT == 0


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.01, 0.5, 0.999, 0.999999])
def test_a_file_cut_short_is_refused(written, share):
    with pytest.raises(NotThisIndex, match=r"cut short|bytes"):
        read(bytearray(written[: int(len(written) * share)]), KEY)


def test_any_byte_changed_is_seen(written):
    rng = np.random.default_rng(1)
    for at in [0, 16, 20, 24, 56, 64, *rng.integers(0, len(written), 40).tolist()]:
        damaged = bytearray(written)
        damaged[at] ^= 1 << int(rng.integers(0, 8))
        if 20 <= at < 24:
            continue  # four bytes that mean nothing
        with pytest.raises(NotThisIndex):
            read(damaged, KEY)


def test_another_key_format_or_kind_of_file_is_refused(written, monkeypatch):
    with pytest.raises(NotThisIndex, match="something else"):
        read(bytearray(written), "other")
    with pytest.raises(NotThisIndex, match="no index file"):
        read(bytearray(b"SQLite format 3\0" * 100), KEY)
    monkeypatch.setattr(index_file, "FORMAT", 2)
    with pytest.raises(NotThisIndex, match="format 1, not 2"):
        read(bytearray(written), KEY)


def test_a_file_of_the_compiled_way_is_refused_where_numba_is_missing(written, monkeypatch):
    def gone(name):
        raise ImportError(name)

    monkeypatch.setattr(aligned.importlib, "import_module", gone)
    with pytest.raises(NotThisIndex, match="cannot be used here"):
        read(bytearray(written), KEY)


@dataclass(frozen=True)
class Elsewhere:
    values: np.ndarray


def test_only_classes_of_this_room_with_the_same_fields_are_made():
    trees, arrays = aligned.flatten({"x": Elsewhere(np.arange(3))})
    with pytest.raises(ValueError, match="not of this room"):
        aligned.restore(trees["x"], arrays)
    with pytest.raises(ValueError, match="other fields"):
        aligned.restore({"geogrid.space.arrangement:Edges": {"ends": {"array": 0}}}, [np.zeros(3)])


def test_arrays_come_back_as_they_were():
    record = np.array([(1, 2.5)], dtype=[("a", "<i4"), ("b", "<f8")])
    parts = {
        "record": record,
        "turned": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "none": np.empty((0, 4), dtype=np.int32),
        "sets": aligned.object_array([(), ("a",), ("a", "b")]),
        "shapes": aligned.object_array([shapes.DONUT, shapes.TWO_PARTS]),
        "number": np.float64(0.1),
    }
    trees, arrays = aligned.flatten(parts)
    again = {name: aligned.restore(tree, arrays) for name, tree in trees.items()}
    assert again["record"].tolist() == [(1, 2.5)]
    np.testing.assert_array_equal(again["turned"], parts["turned"])
    assert again["none"].shape == (0, 4)
    assert again["sets"].tolist() == [(), ("a",), ("a", "b")]
    assert shapely.equals_identical(again["shapes"], parts["shapes"]).all()
    assert again["number"] == 0.1


@pytest.mark.parametrize("value", [shapes.DONUT, np.zeros((2, 2), dtype=object), {"a": object()}])
def test_what_cannot_be_told_is_refused(value):
    with pytest.raises(TypeError):
        aligned.flatten({"x": value})


def test_the_program_s_mark_holds_for_one_program():
    assert program_mark() == program_mark()
    assert len(program_mark()) == 64
