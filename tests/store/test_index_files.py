"""Files of compiled editions: built once, shared, replaced where they are no good, and never in the way."""

from __future__ import annotations

import errno
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from click.testing import CliRunner

from geogrid.space.index import AssignmentIndex
from geogrid.store import index_files as module
from geogrid.store.index_files import Built, IndexFiles
from tests.bench import index_file as bench
from tests.space import shapes

KEY, OTHER = "a" * 64, "b" * 64


def index_of(x=0.0):
    return AssignmentIndex.from_frames(shapes.frame([shapes.square(x)]), None, metric_srid=shapes.SRID, compiled=False)


def builder(key=KEY, x=0.0):
    """What builds, and a list of how often it was asked."""
    asked = []

    def build():
        asked.append(1)
        return Built(index_of(x), {"x": x}, key)

    return build, asked


def never():
    raise AssertionError("built although there is a good file")


@pytest.fixture
def files(tmp_path):
    return IndexFiles(tmp_path / "index")


def told(caplog):
    """What the module said in the log."""
    return [record.getMessage() for record in caplog.records if record.name == module.__name__]


def names(files):
    return sorted(path.name for path in files.folder.glob("*") if path.name != "lock")


def test_an_index_is_built_once_and_then_read_from_its_file(files):
    build, asked = builder()
    files.get(3, KEY, build)
    index, beside = IndexFiles(files.folder).get(3, KEY, never)
    assert (len(asked), beside, names(files)) == (1, {"x": 0.0}, [f"3-{'a' * 16}.index"])
    assert index.assign(*shapes.at(0.005, 0.005)).grid_code[0] == "g0"


def test_of_several_processes_one_builds(files):
    build, asked = builder()
    barrier = Barrier(6)

    def slowly():
        time.sleep(0.1)
        return build()

    def ask(_):
        barrier.wait(timeout=10)
        return IndexFiles(files.folder).get(1, KEY, slowly)[1]

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(ask, range(6))) == [{"x": 0.0}] * 6
    assert len(asked) == 1


@pytest.mark.parametrize("damage", ["cut", "flipped", "foreign", "empty", "another edition's"])
def test_a_file_that_is_no_good_is_built_anew_and_replaced(files, caplog, damage):
    files.get(1, KEY, builder()[0])
    path = files.path(1, KEY)
    whole = path.read_bytes()
    if damage == "another edition's":
        files.get(2, OTHER, builder(OTHER, 0.02)[0])
        other = files.path(2, OTHER).read_bytes()
    spoilt = {
        "cut": whole[:-100],
        "flipped": whole[:-200] + bytes([whole[-200] ^ 1]) + whole[-199:],
        "foreign": b"something else" * 1000,
        "empty": b"",
        "another edition's": other if damage == "another edition's" else b"",
    }[damage]
    path.write_bytes(spoilt)
    build, asked = builder()
    with caplog.at_level(logging.WARNING):
        index, _ = files.get(1, KEY, build)
    assert len(asked) == 1
    assert index.assign(*shapes.at(0.005, 0.005)).grid_code[0] == "g0"
    assert [path.name in line for line in told(caplog)] == [True]
    assert path.read_bytes() == whole
    files.get(1, KEY, never)


def test_what_changed_while_it_was_built_is_used_but_not_kept(files):
    build, _ = builder(key=None)
    _, beside = files.get(1, KEY, build)
    assert (beside, names(files)) == ({"x": 0.0}, [])
    files.keep(1, KEY, builder(OTHER)[0]())
    assert names(files) == []


def test_the_files_asked_for_last_are_kept(files):
    for number in range(1, 6):
        files.get(number, KEY, builder()[0])
        os.utime(files.path(number, KEY), (number, number))
    assert names(files) == [f"{number}-{'a' * 16}.index" for number in (3, 4, 5)]
    files.get(3, KEY, never)  # asked for: now 4 is the one that was not asked for longest
    files.get(6, KEY, builder()[0])
    assert names(files) == [f"{number}-{'a' * 16}.index" for number in (3, 5, 6)]


def test_what_a_dead_writer_left_is_swept_up(files):
    files.folder.mkdir()
    old, young = files.folder / "1-x.index.7.new", files.folder / "1-x.index.8.new"
    for path in (old, young):
        path.touch()
    os.utime(old, (1, 1))
    files.get(1, KEY, builder()[0])
    assert (old.exists(), young.exists()) == (False, True)


def test_a_file_may_be_deleted_while_it_is_used(files):
    index, _ = files.get(1, KEY, builder()[0])
    files.path(1, KEY).unlink()
    assert index.assign(*shapes.at(0.005, 0.005)).grid_code[0] == "g0"
    build, asked = builder()
    files.get(1, KEY, build)
    assert len(asked) == 1


def test_a_folder_that_cannot_be_made_is_told_once_and_answers_go_on(tmp_path, caplog):
    (tmp_path / "var").write_text("a file, no folder")
    files = IndexFiles(tmp_path / "var" / "index")
    with caplog.at_level(logging.WARNING):
        for number in (1, 2):
            index, beside = files.get(number, KEY, builder()[0])
            assert index.assign(*shapes.at(0.005, 0.005)).grid_code[0] == "g0"
            assert beside == {"x": 0.0}
    assert ["cannot be kept" in line for line in told(caplog)] == [True]


def test_a_full_disk_leaves_nothing_behind_and_is_told_once(files, caplog, monkeypatch):
    def full(path, chunks):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_write_synced", full)
    with caplog.at_level(logging.WARNING):
        for number in (1, 2):
            assert files.get(number, KEY, builder()[0])[1] == {"x": 0.0}
    assert ["No space left" in line for line in told(caplog)] == [True]
    assert names(files) == []


def test_a_builder_that_hangs_does_not_hold_up_the_others(files, monkeypatch):
    monkeypatch.setattr(module, "WAIT_S", 0.1)
    with files._alone():
        build, asked = builder()
        assert IndexFiles(files.folder).get(1, KEY, build)[1] == {"x": 0.0}
    assert len(asked) == 1


def test_two_editions_of_one_key_have_a_file_each_and_two_keys_of_one_edition_too(files):
    for edition_id, key in ((1, KEY), (2, KEY), (1, OTHER)):
        files.get(edition_id, key, builder(key)[0])
    assert len(names(files)) == 3
    assert np.isclose(files.get(1, OTHER, never)[1]["x"], 0.0)


def test_the_bench_runs(tmp_path):
    result = CliRunner().invoke(bench.main, ["--small", "--points", "500", "--out", str(tmp_path / "found.json")])
    assert result.exit_code == 0, result.output
