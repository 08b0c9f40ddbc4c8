"""Beside its requests a worker prepares what another edition, or other names, make old; and what its processes share."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

from geogrid.actions.editions import activate_edition, load_edition
from geogrid.domain.grids import GeographyKind
from geogrid.domain.places import FormerName, NamedKind
from geogrid.errors import StepFailed
from geogrid.store import editions, names
from geogrid.store.session import session_scope
from tests.build_district import NOW, VILLAGE_A, units
from tests.build_installation import HERE, ports, running, settings_for, small_installation, wait_until_answers
from webmap import demo, warm
from webmap.installation import installation
from webmap.tile_listener import wait_until_listening

LONG_S = 60  # that something is waited for; what is tested has no duration


@pytest.fixture
def kept_warm(small, monkeypatch):
    """An installation whose worker is through with its start; ``taken`` counts the rounds that it prepared since.

    At the end it prepares nothing more: a connection would be open when the database goes.
    """
    taken, busy, over = threading.Semaphore(0), threading.Lock(), threading.Event()
    was, prepared = warm.warm, warm._prepared

    def counted(app, steps=None):
        failed = was(app, steps)
        if steps is warm.AGAIN:
            taken.release()
        return failed

    def until_over(app, known):
        with busy:
            return known if over.is_set() else prepared(app, known)

    monkeypatch.setattr(warm, "warm", counted)
    monkeypatch.setattr(warm, "_prepared", until_over)
    warm.keep_warm(small.app)
    assert warm.begin_to_warm(small.app).wait(LONG_S)
    with small.app.app_context():
        assert wait_until_listening(small.app.extensions["geogrid_tiles"], LONG_S)
    yield small, taken
    with busy:
        over.set()


def compiled(small) -> list[tuple[int, str]]:
    return list(installation(small.app).district.gazetteer_for._kept)


def found_names(small, text: str) -> list[str]:
    return [one["name"] for one in small.client().get("/api/v1/places", query_string={"text": text}).json["places"]]


def test_names_that_were_loaded_are_compiled_before_somebody_asks(kept_warm):
    small, taken = kept_warm
    with session_scope(installation(small.app).engine) as session:
        names.add(session, [FormerName(NamedKind.UNIT, "红旗公社", VILLAGE_A)], now=NOW)
        key = editions.in_force(session).id, names.version(session)
    assert key not in compiled(small), "nothing is prepared of what is not committed"
    assert taken.acquire(timeout=LONG_S)
    assert key in compiled(small)
    assert "甲社区" in found_names(small, "红旗公社")[0]
    assert compiled(small) == [key], "what was before is let go"


def test_another_edition_is_compiled_before_somebody_asks_and_no_answer_is_of_the_one_before(kept_warm):
    small, taken = kept_warm
    here = installation(small.app)
    assert "甲社区" in found_names(small, "甲社区")[0]
    renamed = units()
    renamed["name"] = renamed["name"].replace({"甲社区": "新甲社区"})
    with session_scope(here.engine) as session:
        load_edition(session, "2026", {GeographyKind.UNITS: renamed}, now=NOW, district=here.district)
    with session_scope(here.engine) as session:
        activate_edition(session, "2026", now=NOW + timedelta(days=1), district=here.district)
        edition = editions.in_force(session).id
    assert "新甲社区" in found_names(small, "甲社区")[0], "at once, whether it was prepared yet or not"
    assert taken.acquire(timeout=LONG_S)
    assert [one for one, _ in compiled(small)] == [edition], "what was before is let go: it would be a hundred MB a publish"
    assert list(here.district.geography_for._kept) == [(edition, "")]


def test_what_changed_without_another_edition_or_names_prepares_nothing(kept_warm, monkeypatch):
    """Analyses are drawn and lists imported all day: each tells everybody to load views anew."""
    small, taken = kept_warm
    asked = threading.Semaphore(0)
    was = warm._in_force
    monkeypatch.setattr(warm, "_in_force", lambda app: [asked.release(), was(app)][1])
    for _ in range(3):
        small.app.extensions["geogrid_tiles"].clear()
        assert asked.acquire(timeout=LONG_S)
    assert not taken.acquire(blocking=False)


# -- what the processes of the web server share -----------------------------------------------------------------------


def run(code: str, **environ: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environ}, capture_output=True, text=True, check=True, timeout=120
    ).stdout.strip()


def test_before_the_fork_there_is_code_alone_and_it_is_that_of_the_workers():
    """A connection or a thread of ours would not live through the fork; a module that comes later is there once a worker."""
    told = run(
        "import gc, sys, threading, webmap.serve as serve;"
        "serve.load_code();"
        "import sqlalchemy, numba, geopandas;"
        "engines = [one for one in gc.get_objects() if isinstance(one, sqlalchemy.Engine)];"
        "print(threading.active_count(), len(engines), gc.get_freeze_count() > 100_000, 'webmap.warm' in sys.modules)"
    )
    assert told == "1 0 True True"


def test_without_numba_the_web_server_starts_all_the_same():
    assert run("import sys; sys.modules['numba'] = None; import webmap.serve as s; s.load_code(); print('loaded')") == "loaded"


def test_who_supervises_needs_neither_frames_nor_trees():
    told = run(
        "import sys, webmap.demo, geogrid.actions.open_missing, geogrid.actions.district, geogrid.store.index_files;"
        "print([name for name in ('pandas', 'scipy', 'geopandas', 'numba', 'pyarrow') if name in sys.modules])"
    )
    assert told == "[]"


def test_parts_that_run_for_long_give_memory_back_unless_they_are_told_otherwise(tmp_path, monkeypatch):
    started = []

    def start(settings, children):
        started.append(children.environ)
        raise StepFailed(part="web", exit_code=1)

    monkeypatch.setattr(demo, "start_all", start)
    settings = settings_for(tmp_path, "")
    for told in ({"HOME": "/"}, {"MALLOC_ARENA_MAX": "7"}):
        with pytest.raises(StepFailed):
            demo.serve_until_stopped(settings, demo.Steps("en", total=1), told, once=False)
    assert started[0]["MALLOC_ARENA_MAX"] == "2" and started[0]["HOME"] == "/"
    assert started[1]["MALLOC_ARENA_MAX"] == "7" and "MALLOC_TRIM_THRESHOLD_" in started[1]


def test_a_server_of_the_tests_may_log_as_much_as_it_likes(fresh_database, tmp_path):
    """More than a pipe holds: whoever reads it only at the end would have stopped the server."""
    with (
        small_installation(tmp_path / "var", fresh_database, **ports()) as small,
        running("stream", small.settings, PYTHONVERBOSE="1") as process,
    ):
        wait_until_answers(f"http://{HERE}:{small.settings.stream_port}/health", process)
        process.terminate()
        process.wait(LONG_S)
        assert len(process.stderr.read()) > 1 << 16
