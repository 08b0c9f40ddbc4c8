"""Tiles over HTTP: never stale, never outside the world, sent once."""

from __future__ import annotations

import gzip
import threading
import time

import pytest

from geogrid.space.tiles import cell_of
from tests.build_district import IN_A1, IN_B2
from tests.layers.mvt_reader import read_tile
from webmap.tile_cache import Key, Made, TileCache
from webmap.tile_listener import hear


def path_of(lonlat, zoom: int = 12, set_name: str = "all") -> str:
    x, y = cell_of(lonlat[0], lonlat[1], zoom - 2)
    return f"/tiles/{set_name}/{zoom}/{int(x)}/{int(y)}.mvt"


def events_in(answer) -> int:
    found = read_tile(answer.get_data()).get("events", [])
    return sum(feature.properties["open"] + feature.properties.get("closed", 0) for feature in found)


def wait_until(holds, seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)


@pytest.mark.parametrize(
    "path",
    ["all/30/0/0", "all/6/1/1", "all/12/1024/0", "all/12/0/1024", "all/20/0/0", "all/-1/0/0", "all/12/-1/0", "nothing/12/1/1",
     "all/12/1/99999999999999999999", "all/x/1/1"],
)  # fmt: skip
def test_there_is_no_tile_outside_the_world_or_the_maps_zooms(shared, path):
    assert shared.client().get(f"/tiles/{path}.mvt").status_code == 404


@pytest.mark.parametrize("query", ["since=x", "since=-1", "since=1e9", "since=1234567890123456789", "since=１２"])
def test_a_broken_since_is_refused(shared, query):
    answer = shared.client().get(f"{path_of(IN_A1)}?{query}")
    assert answer.status_code == (200 if query == "since=１２" else 400)


def test_an_unknown_department_is_refused(shared):
    assert shared.client().get(f"{path_of(IN_A1, set_name='department_grids')}?department=magic").status_code == 400
    answer = shared.client().get(f"{path_of(IN_A1, set_name='department_grids')}?department=market")
    assert {f.properties["department"] for f in read_tile(answer.get_data())["department_grids"]} == {"market"}


def test_a_second_look_sends_nothing(shared):
    path = path_of(IN_A1)
    first = shared.client().get(path, headers={"Accept-Encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip" and first.headers["Cache-Control"] == "private, no-cache"
    assert read_tile(gzip.decompress(first.get_data()))["base_grids"]
    second = shared.client().get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, second.get_data()) == (304, b"")


def test_a_caller_without_gzip_gets_plain_bytes(shared):
    answer = shared.client().get(path_of(IN_A1), headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in answer.headers and read_tile(answer.get_data())["base_grids"]


def test_a_new_event_is_in_the_next_tile_and_changes_its_version(small):
    client, path = small.client(), path_of(IN_A1)
    cache = start(small)
    before = client.get(path)
    assert events_in(before) == 0
    small.accept(IN_A1)
    wait_until(lambda: cache.drops > 0)
    after = client.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert events_in(after) == 1


def start(small):
    """The cache of the application once it listens, counting its drops."""
    small.client().get(path_of(IN_A1))
    cache = small.app.extensions["geogrid_tiles"]
    wait_until(lambda: cache.listening)
    counted = cache.event_changed
    cache.drops = 0

    def event_changed(x16: int, y16: int) -> None:
        counted(x16, y16)
        cache.drops += 1

    cache.event_changed = event_changed
    return cache


def test_what_the_stream_told_of_is_there_even_before_this_process_hears_of_it(small):
    """The stream is another process: its page may ask before our listener has dropped the tile."""
    cache = start(small)
    cache.event_changed = lambda x16, y16: None  # a listener that lags behind
    client, path = small.client(), path_of(IN_A1)
    assert events_in(client.get(path)) == 0
    small.accept(IN_A1)
    assert events_in(client.get(path)) == 0  # kept, as nobody dropped it
    assert events_in(client.get(f"{path}?since=3")) == 1
    assert events_in(client.get(path)) == 1


def test_without_a_listener_nothing_is_kept(small):
    cache = start(small)
    cache.listening = False
    client, path = small.client(), path_of(IN_A1)
    assert events_in(client.get(path)) == 0
    small.accept(IN_A1)
    assert events_in(client.get(path)) == 1


# -- the cache itself -------------------------------------------------------------------------------------------------


def kept() -> tuple[TileCache, Key, Key]:
    cache = TileCache()
    cache.listening = True
    here, there = (Key("all", "", (z, int(x), int(y))) for z, (x, y) in
                   ((12, cell_of(*IN_A1, 10)), (12, cell_of(120.0, 30.0, 10))))  # fmt: skip
    for key in (here, there):
        cache.get(key, None, lambda: Made(b"old", "1"))
    return cache, here, there


def made_again(cache: TileCache, key: Key, since=None) -> bool:
    return cache.get(key, since, lambda: Made(b"new", "2")).body == b"new"


def cell16(lonlat) -> tuple[int, int]:
    x, y = cell_of(*lonlat, 16)
    return int(x), int(y)


def test_only_tiles_that_show_the_event_are_dropped():
    cache, here, there = kept()
    x16, y16 = cell16(IN_B2)
    hear(cache, f"7:{x16}:{y16}")
    assert made_again(cache, here)
    assert not made_again(cache, there)


def test_an_unlocated_event_drops_nothing_and_a_reload_drops_all():
    cache, here, there = kept()
    hear(cache, "7:-:-")
    assert not made_again(cache, here)
    hear(cache, "reload")
    assert made_again(cache, here) and made_again(cache, there)


def test_base_tiles_outlive_events():
    cache, here, _ = kept()
    base = Key("base", "", here.tile)
    cache.get(base, None, lambda: Made(b"old", "1"))
    hear(cache, "7:{}:{}".format(*cell16(IN_A1)))
    assert not made_again(cache, base)


def test_a_tile_begun_before_a_change_is_not_kept_after_it():
    cache, here, _ = kept()
    cache.clear()

    def slow() -> Made:
        hear(cache, "7:{}:{}".format(*cell16(IN_A1)))
        return Made(b"old", "1")

    cache.get(here, None, slow)
    assert made_again(cache, here)


def test_one_thread_makes_a_tile_and_the_others_wait():
    cache = TileCache()
    cache.listening = True
    key, calls, gate = Key("all", "", (12, 1, 1)), [], threading.Barrier(8)

    def make() -> Made:
        calls.append(1)
        time.sleep(0.05)
        return Made(b"x", "1")

    def ask() -> None:
        gate.wait()
        cache.get(key, None, make)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1


def test_the_cache_is_bounded(monkeypatch):
    monkeypatch.setattr("webmap.tile_cache.MOST_BYTES", 1000)
    cache = TileCache()
    cache.listening = True
    for x in range(50):
        cache.get(Key("all", "", (12, x, 1)), None, lambda: Made(b"x" * 100, "1"))
    assert cache._bytes <= 1000
    assert made_again(cache, Key("all", "", (12, 0, 1)))
    assert not made_again(cache, Key("all", "", (12, 49, 1)))
