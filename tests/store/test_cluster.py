"""The private cluster: who may enter, what survives, and what is said when it cannot come up."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from geogrid.errors import ClusterBusy, ClusterFailed, ClusterLocked, DiskFull, PostgisMissing, PostgisTooOld, SocketPathTooLong
from geogrid.store import binaries, cluster
from webmap.cluster_keeper import ClusterKeeper

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def var_dir():
    """A var folder that the server's user can enter, with its cluster stopped and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="geogrid-cluster-"))
    folder.chmod(0o755)
    yield folder
    cluster.stop_cluster(folder)
    shutil.rmtree(cluster.cluster_home(folder), ignore_errors=True)
    shutil.rmtree(folder)


def test_cluster_comes_up_durable_and_keeps_its_rows(var_dir):
    assert cluster.start_cluster(var_dir) is True
    assert cluster.start_cluster(var_dir) is False, "a second start must find the first"
    engine = create_engine(cluster.cluster_url(var_dir))
    with engine.begin() as connection:
        names = ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses", "data_checksums")
        settings = [connection.scalar(text(f"SHOW {name}")) for name in names]
        found = set(connection.scalars(text("SELECT extname FROM pg_extension")))
        sorted_by_pinyin = connection.scalars(
            text("SELECT w FROM unnest(ARRAY['兰','呼','安']) w ORDER BY w COLLATE \"zh-x-icu\"")
        )
        assert list(sorted_by_pinyin) == ["安", "呼", "兰"]
        connection.execute(text("CREATE TABLE kept AS SELECT 1 AS one"))
    engine.dispose()
    assert settings == ["on", "on", "on", "", "on"]
    assert set(cluster.EXTENSIONS) <= found

    assert cluster.stop_cluster(var_dir) is True
    assert cluster.cluster_status(var_dir).running is False
    assert cluster.stop_cluster(var_dir) is False
    cluster.start_cluster(var_dir)
    with psycopg.connect(dbname="geogrid", user="geogrid", host=str(cluster.socket_dir(var_dir))) as again:
        assert again.execute("SELECT one FROM kept").fetchall() == [(1,)]


def test_a_killed_server_comes_up_again_with_its_rows(var_dir):
    """Its keeper is called in rounds, as by the supervisor; the platform must be whole again in less than 15 s."""
    cluster.start_cluster(var_dir)
    said = []
    keeper = ClusterKeeper(var_dir, lambda message, **_: said.append(message))
    assert keeper() is True and said == []
    home = cluster.cluster_home(var_dir)
    with psycopg.connect(dbname="geogrid", user="geogrid", host=str(cluster.socket_dir(var_dir)), autocommit=True) as server:
        server.execute("CREATE TABLE kept AS SELECT 1 AS one")
    os.kill(int((home / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    until = time.monotonic() + 15
    while "The database is up again." not in said and time.monotonic() < until:
        keeper()
        time.sleep(0.1)
    with psycopg.connect(dbname="geogrid", user="geogrid", host=str(cluster.socket_dir(var_dir))) as again:
        assert again.execute("SELECT one FROM kept").fetchall() == [(1,)]
    assert (said[0], said[-1]) == ("The database has ended; it is started again.", "The database is up again.")


def test_the_lock_of_a_zombie_is_removed_and_that_of_a_living_server_kept(tmp_path):
    lock = tmp_path / "postmaster.pid"
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and nobody has buried it
        lock.write_text(f"{child.pid}\n{tmp_path}\n")
        cluster._forget_dead_server(lock)
        assert not lock.exists()
    lock.write_text(f"{os.getpid()}\n{tmp_path}\n")
    cluster._forget_dead_server(lock)
    assert lock.exists()


def test_a_keeper_waits_longer_after_each_failure_and_says_it_once(tmp_path, monkeypatch):
    calls, said = [], []

    def fails(*_, **__):
        calls.append(1)
        raise OSError("no room")

    monkeypatch.setattr(cluster, "start_cluster", fails)
    keeper = ClusterKeeper(tmp_path, lambda message, **_: said.append(message))
    for _ in range(20):
        assert keeper() is False
    assert len(calls) == 1
    assert said == ["The database has ended; it is started again.", "The database does not come up: {reason}"]


@pytest.mark.skipif(not AS_ROOT, reason="only root can act as another user")
def test_other_users_of_the_machine_are_refused(cluster_dir):
    folder = cluster.socket_dir(cluster_dir)
    psql = str(binaries.find_binaries().path("psql"))
    nobody = pwd.getpwnam("nobody")
    said = subprocess.run(
        [psql, "-h", str(folder), "-U", "geogrid", "-d", "postgres", "-c", "SELECT 1"],
        user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], capture_output=True, text=True, check=False, cwd="/",
    )  # fmt: skip
    assert said.returncode != 0
    assert "ermission denied" in said.stderr
    rules = (cluster.cluster_home(cluster_dir) / "data" / "pg_hba.conf").read_text()
    assert "peer map=" in rules and "trust" not in rules


@pytest.mark.skipif(not AS_ROOT, reason="only root drops to another user")
def test_private_home_falls_back_with_a_link(var_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "FALLBACK_DIR", var_dir)
    private = tmp_path / "home"
    private.mkdir(mode=0o700)
    try:
        cluster.start_cluster(private / "var", durable=False)
        assert (private / "var" / "postgres").is_symlink()
        assert cluster.cluster_status(private / "var").running
        assert str(private) not in cluster.cluster_url(private / "var")
    finally:
        cluster.stop_cluster(private / "var")


def test_long_path_takes_a_short_socket_folder(tmp_path):
    deep = tmp_path / ("d" * 100)
    url = make_url(cluster.cluster_url(deep))
    assert len(f"{url.query['host']}/{cluster.SOCKET_NAME}".encode()) <= 107
    assert cluster.socket_dir(deep) != cluster.socket_dir(tmp_path / ("e" * 100)), "two installations never share a socket"


def test_no_short_folder_either_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/" + "t" * 120)
    with pytest.raises(SocketPathTooLong) as caught:
        cluster.socket_dir(tmp_path / ("d" * 100))
    assert "GEOGRID_VAR" in caught.value.message("zh")


def test_full_disk_is_said_before_anything_is_made(var_dir, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 3_000_000))
    with pytest.raises(DiskFull, match="has 3 MB free"):
        cluster.start_cluster(var_dir)
    assert not cluster.cluster_status(var_dir).made


def test_lock_held_by_another_is_said(tmp_path):
    with cluster._locked(tmp_path / "lock"), pytest.raises(ClusterBusy), cluster._locked(tmp_path / "lock", wait_s=0.1):
        pass


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("FATAL:  could not write to file: No space left on device", DiskFull),
        ('FATAL:  lock file "postmaster.pid" already exists', ClusterLocked),
        ("LOG: hello\nFATAL:  something else\n", ClusterFailed),
    ],
)
def test_words_of_the_server_become_our_message(tmp_path, said, kind):
    assert type(cluster._failure(tmp_path, said)) is kind


def test_broken_configuration_shows_the_servers_reason(var_dir, monkeypatch):
    monkeypatch.setitem(cluster._ALWAYS, "shared_buffers", "lots")
    with pytest.raises(ClusterFailed, match=r"postgresql\.conf"):
        cluster.start_cluster(var_dir, durable=False)


def _installation(folder: Path, postgres: str, postgis: str | None) -> tuple[Path, Path]:
    bin_dir, extensions = folder / "bin", folder / "extension"
    bin_dir.mkdir(parents=True)
    extensions.mkdir()
    for name in ("initdb", "postgres"):
        (bin_dir / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {postgres}'\n")
        (bin_dir / name).chmod(0o755)
    if postgis:
        (extensions / "postgis.control").write_text(f"# postgis\ndefault_version = '{postgis}'\n")
        (extensions / "pgrouting.control").write_text("default_version = '3.4.2'\n")
        (folder / "lib").mkdir()
        for library in ("postgis-3.so", "libpgrouting-3.4.so"):
            (folder / "lib" / library).touch()
    return bin_dir, extensions


def test_first_installation_with_postgis_wins(tmp_path):
    bare = _installation(tmp_path / "bare", "17.1", None)
    good = _installation(tmp_path / "good", "15.14", "3.3.2")
    later = _installation(tmp_path / "later", "16.2", "3.4.0")
    found = binaries.find_binaries(places=[bare, good, later])
    assert (found.bin_dir, found.postgres, found.postgis, found.pgrouting) == (good[0], (15, 14), (3, 3, 2), (3, 4, 2))
    assert binaries.find_binaries(16, places=[bare, good, later]).postgis == (3, 4, 0)


@pytest.mark.parametrize(("postgres", "postgis"), [("13.9", "3.3.2"), ("15.1", "3.0.1")])
def test_old_versions_are_named(tmp_path, postgres, postgis):
    with pytest.raises(PostgisTooOld, match="too old"):
        binaries.find_binaries(places=[_installation(tmp_path / "old", postgres, postgis)])


def test_nothing_found_says_how_to_install(tmp_path):
    with pytest.raises(PostgisMissing, match="postgresql-15-postgis-3"):
        binaries.find_binaries(places=[(tmp_path, tmp_path)])


def test_scripts_without_their_library_do_not_count(tmp_path):
    half = _installation(tmp_path / "half", "15.14", "3.3.2")
    (tmp_path / "half" / "lib" / "libpgrouting-3.4.so").unlink()
    with pytest.raises(PostgisMissing):
        binaries.find_binaries(places=[half])


def test_conda_is_looked_at_before_the_system(tmp_path):
    (tmp_path / "15").mkdir()
    places = [bin_dir for bin_dir, _ in binaries.candidates((tmp_path / "conda",), tmp_path)]
    assert places.index(tmp_path / "conda" / "bin") < places.index(tmp_path / "15" / "bin")


def test_session_is_rolled_back(session):
    session.execute(text("CREATE TABLE left_behind (one integer)"))
    session.commit()
    assert session.scalar(text("SELECT count(*) FROM pg_class WHERE relname = 'left_behind'")) == 1


def test_nothing_is_left_behind(session):
    assert session.scalar(text("SELECT count(*) FROM pg_class WHERE relname = 'left_behind'")) == 0


def test_fresh_database_commits(fresh_database):
    engine = create_engine(fresh_database)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE committed (one integer)"))
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM committed")) == 0
    engine.dispose()


CANARY = "13912345678"
TELLING = (  # each makes PostgreSQL quote the row or the words: in a detail, a message, a statement, a context
    "INSERT INTO said VALUES (1, '{0}')", "INSERT INTO said VALUES (2, '{0}')", "SELECT CAST('{0}x' AS integer)",
    "DO $$ BEGIN RAISE WARNING 'told {0}'; END $$", "DO $$ BEGIN RAISE EXCEPTION 'told {0}'; END $$",
    "SELECT no_such_column, '{0}' FROM said",
)  # fmt: skip


def test_no_words_of_people_come_into_the_log_of_the_cluster(var_dir):
    cluster.start_cluster(var_dir)
    place = {"dbname": "geogrid", "user": "geogrid", "host": str(cluster.socket_dir(var_dir)), "autocommit": True}
    with psycopg.connect(**place) as database:
        database.execute("CREATE TABLE said (number integer PRIMARY KEY, words text CHECK (words = '-'))")
        database.execute("INSERT INTO said VALUES (1, '-')")
        for statement in TELLING:
            with contextlib.suppress(psycopg.Error):
                database.execute(statement.format(CANARY))
        with pytest.raises(psycopg.errors.CheckViolation, match="words_check") as caught:
            database.execute("INSERT INTO said VALUES (%s, %s)", [3, CANARY])
        with pytest.raises(psycopg.errors.CheckViolation), database.cursor().copy("COPY said FROM STDIN") as copy:
            copy.write_row((4, CANARY))
    assert CANARY in caught.value.diag.message_detail, "the application is told all of it"
    for path in (cluster.cluster_home(var_dir) / "log", *var_dir.rglob("*.log")):
        assert CANARY.encode() not in path.read_bytes(), path


def test_the_log_of_the_cluster_still_says_what_became_of_it(var_dir):
    """A log from which nothing can be learnt would pass the test above too."""
    cluster.start_cluster(var_dir)
    cluster.stop_cluster(var_dir)
    said = (cluster.cluster_home(var_dir) / "log").read_text()
    assert "database system is ready to accept connections" in said
    assert "database system is shut down" in said
