"""One process over the others: nothing outlives it, nothing starts twice, and what fails is said with its reason."""

from __future__ import annotations

import errno
import os
import re
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from etl.running import running_pid, running_ports
from geogrid.errors import AlreadyRunning, FolderFull, FolderReadOnly, PartFailed, PortTaken, SetupError, StepFailed
from geogrid.settings import clock_path, keep_clock, read_settings
from geogrid.store.session import engine_of, session_scope
from tests.build_district import publish
from webmap import demo, supervisor
from webmap.supervisor import Children, Stopped, check_port, last_words, only_one, our_command, stop_running

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"]
SUPERVISES = """
import sys, time
from pathlib import Path
from webmap.supervisor import Children, Stopped, only_one, told_to_stop
folder = Path(sys.argv[1])
try:
    with told_to_stop(), only_one(folder, (8497, 8498)):
        children = Children(folder / "logs", {})
        try:
            children.start("child", [sys.executable, "-c", "import time; time.sleep(60)"])
            print(children.alive["child"].pid, flush=True)
            children.watch(lambda *_, **__: None)
        finally:
            children.stop()
except Stopped:
    print("stopped", flush=True)
"""


@pytest.fixture
def children(tmp_path):
    made = Children(tmp_path / "logs", dict(os.environ))
    yield made
    made.stop(grace_s=0.1)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_stop_ends_the_willing_and_the_stubborn(children):
    children.start("willing", SLEEPS)
    children.start("stubborn", STUBBORN)
    pids = [child.pid for child in children.alive.values()]
    until = time.monotonic() + 20
    while not children.log("stubborn").read_text() and time.monotonic() < until:
        time.sleep(0.02)
    children.stop(grace_s=0.3)
    assert not [pid for pid in pids if alive(pid)]


class _Said(list):
    """Keeps the lines of the terminal."""

    def __call__(self, message, **values):
        self.append(message.format_map(values))


def test_a_part_that_never_gets_through_its_start_is_given_up_with_its_last_words(children, monkeypatch):
    monkeypatch.setattr(supervisor, "AGAIN_FIRST_S", 0.01)
    said = _Said()
    children.start("jobs", [sys.executable, "-c", "import sys; print('no table steps'); sys.exit(3)"])
    with pytest.raises(PartFailed, match=r"jobs ended with code 3.*no table steps"):
        children.watch(said)
    assert len(said) == supervisor.MOST_EARLY_DEATHS - 1
    assert said[0] == "The part jobs ended with code 3; it starts again in 0.01 s."


def test_a_killed_part_is_started_again_and_the_others_stay(children, monkeypatch):
    monkeypatch.setattr(supervisor, "AGAIN_FIRST_S", 0.01)
    for name in ("serve", "jobs"):
        children.start(name, SLEEPS)
    serve, jobs = (children.alive[name].pid for name in ("serve", "jobs"))
    os.kill(jobs, signal.SIGKILL)
    said, rounds = _Said(), iter(range(4))

    def excused():
        if next(rounds, None) is None:
            raise Stopped
        return False

    with pytest.raises(Stopped):
        children.watch(said, excused)
    assert said == ["The part jobs ended with code -9; it starts again in 0.01 s."]
    assert children.alive["jobs"].pid != jobs and alive(children.alive["jobs"].pid)
    assert children.alive["serve"].pid == serve and alive(serve)


def test_no_part_is_given_up_while_what_it_stands_on_is_not_well(children, monkeypatch):
    monkeypatch.setattr(supervisor, "AGAIN_FIRST_S", 0.01)
    monkeypatch.setattr(supervisor, "POLL_S", 0.02)
    children.start("jobs", [sys.executable, "-c", "raise SystemExit(1)"])
    said = _Said()

    def excused():
        if len(said) > supervisor.MOST_EARLY_DEATHS:
            raise Stopped
        return True

    with pytest.raises(Stopped):
        children.watch(said, excused)


@pytest.mark.parametrize(("number", "told"), [(errno.EROFS, FolderReadOnly), (errno.ENOSPC, FolderFull)])
def test_a_folder_that_takes_nothing_is_named(tmp_path, monkeypatch, number, told):
    def refuses(self, *_, **__):
        raise OSError(number, os.strerror(number), str(self))

    monkeypatch.setattr(Path, "mkdir", refuses)
    with pytest.raises(told, match=re.escape(str(tmp_path))), only_one(tmp_path):
        pass


def test_last_words_name_the_error_and_not_what_followed_it():
    said = "Traceback:\n  File x\nModuleNotFoundError: No module named 'x'\n[2026] [ERROR] Worker exited\n[2026] Shutting down\n"
    assert last_words(said) == "ModuleNotFoundError: No module named 'x'"
    assert last_words("one\ntwo\n\nthree\nfour\n") == "two / three / four"
    assert last_words("") == ""


def test_a_failing_step_stops_the_start(children):
    with pytest.raises(StepFailed, match="load ended with code 2"):
        children.run("load", [sys.executable, "-c", "raise SystemExit(2)"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_told_to_stop_it_ends_its_children_and_lets_go(tmp_path, number):
    with subprocess.Popen([sys.executable, "-c", SUPERVISES, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        child = int(process.stdout.readline())
        assert running_pid(tmp_path) == process.pid
        with pytest.raises(AlreadyRunning, match=str(process.pid)), only_one(tmp_path):
            pass
        process.send_signal(number)
        assert process.stdout.read().strip() == "stopped"
    assert not alive(child)
    assert running_pid(tmp_path) is None


def test_stop_from_another_process(tmp_path):
    assert stop_running(tmp_path) is False
    with subprocess.Popen([sys.executable, "-c", SUPERVISES, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        assert running_ports(tmp_path) == (8497, 8498)
        assert stop_running(tmp_path) is True
        assert process.stdout.read().strip() == "stopped"


def test_a_killed_supervisor_takes_its_children_along(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from webmap import supervisor\n"
        "children = supervisor.Children(Path(sys.argv[1]), dict(PATH='/usr/bin:/bin'))\n"
        "command = supervisor.our_command('demo')\n"
        "children.start('child', [*command[:-2], '/bin/sleep', '60'])\n"
        "print(children.alive['child'].pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        child = int(process.stdout.readline())
        time.sleep(0.3)
        process.kill()
    until = time.monotonic() + 10
    while alive(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(child)


def test_taken_port_names_its_variable():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortTaken, match=f"{port}.*GEOGRID_PORT"):
            check_port("127.0.0.1", port, "GEOGRID_PORT")
    check_port("127.0.0.1", port, "GEOGRID_PORT")


def test_our_command_is_this_environments():
    assert our_command("jobs")[-2:] == [str(Path(sys.executable).parent / "geogrid"), "jobs"]


def test_clock_resumes_at_the_later_of_as_of_and_last_step():
    as_of, now = datetime.fromisoformat(demo.AS_OF), datetime(2026, 3, 1, tzinfo=UTC)

    def start(last):
        return read_settings(demo.clock_environment(as_of, last, now)).as_of

    assert start(None) == as_of
    assert start(as_of - timedelta(hours=1)) == as_of
    assert start(as_of + timedelta(hours=1)) == as_of + timedelta(hours=1)
    assert read_settings(demo.clock_environment(as_of, None, now)).clock_start == now


@pytest.fixture
def stored(fresh_database):
    engine = engine_of(fresh_database)
    yield engine
    engine.dispose()


def test_the_clock_of_a_demo_is_kept_for_other_commands_and_for_up(stored, fresh_database, tmp_path):
    environ = {"GEOGRID_VAR": str(tmp_path), "GEOGRID_DATABASE_URL": fresh_database}
    steps, as_of = demo.Steps("en", total=1), datetime.fromisoformat(demo.AS_OF)
    with demo.clock(read_settings(environ), steps, stored, as_of) as variables:
        pass
    later = read_settings(environ)
    assert later.as_of == as_of
    assert later.clock_start == datetime.fromisoformat(variables["GEOGRID_CLOCK_START"])
    with demo.clock(later, steps, stored, None) as variables:
        assert datetime.fromisoformat(variables["GEOGRID_AS_OF"]) == as_of
    assert clock_path(tmp_path).exists(), "the demo's clock outlives `up`"


def test_a_drill_leaves_no_clock_behind_and_real_time_has_none(stored, fresh_database, tmp_path):
    environ = {"GEOGRID_VAR": str(tmp_path), "GEOGRID_DATABASE_URL": fresh_database}
    steps = demo.Steps("en", total=1)
    with demo.clock(read_settings(environ | {"GEOGRID_AS_OF": demo.AS_OF}), steps, stored, None):
        assert read_settings(environ).as_of is not None
    assert read_settings(environ).as_of is None
    keep_clock(read_settings({**environ, "GEOGRID_DATABASE_URL": ""}), datetime.now(UTC), datetime.now(UTC))
    with demo.clock(read_settings(environ), steps, stored, None) as variables:
        assert variables == {}
    assert not clock_path(tmp_path).exists()


def test_the_clock_does_not_go_back_behind_an_activation(stored):
    activated = datetime(2025, 6, 19, tzinfo=UTC)
    with session_scope(stored) as session:
        publish(session, now=activated)
    assert demo.last_stored_at(stored) == activated


def test_as_of_needs_an_offset():
    result = CliRunner().invoke(demo.demo, ["--as-of", "2025-06-18T15:00:00"])
    assert result.exit_code == 2 and "offset" in result.output


def test_not_ready_in_time_says_what_health_said(tmp_path, monkeypatch, children):
    monkeypatch.setattr(demo, "READY_WITHIN_S", 0.5)
    settings = read_settings({"GEOGRID_PORT": "8197", "GEOGRID_VAR": str(tmp_path)})
    with pytest.raises(SetupError, match="/health said 0"):
        demo.await_ready(settings, children)


def test_twin_is_generated_once_and_never_half(tmp_path, monkeypatch, children):
    settings = read_settings({"GEOGRID_VAR": str(tmp_path)})
    monkeypatch.setattr(demo, "our_command", lambda *words: [sys.executable, "-c", "raise SystemExit(1)"])
    with pytest.raises(StepFailed):
        demo.ensure_twin(settings, children)
    assert not demo.twin_folder(settings).exists()

    writes = "import sys; open(sys.argv[1] + '/x', 'a').write('1')"
    monkeypatch.setattr(demo, "our_command", lambda *words: [sys.executable, "-c", writes, words[-1]])
    assert (demo.ensure_twin(settings, children) / "x").read_text() == "1"
    assert (demo.ensure_twin(settings, children) / "x").read_text() == "1"


def test_the_probed_tile_lies_over_the_district(tmp_path):
    from geogrid.space.tiles import tile_bounds_lonlat
    from layers.catalog import SETS

    *_, set_name, z, x, y = demo.centre_tile(read_settings({"GEOGRID_VAR": str(tmp_path)})).removesuffix(".mvt").split("/")
    west, south, east, north = tile_bounds_lonlat(int(z), int(x), int(y))
    assert set_name in SETS
    assert west < 126.6 < east and south < 45.9 < north
