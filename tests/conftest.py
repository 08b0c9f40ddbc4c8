"""The private PostGIS cluster of a test run: one for all workers, a database of its own for each.

A database is a copy of a migrated template's files (about 0.2 s); a test then works in a transaction that is rolled
back. ``GEOGRID_TEST_CLUSTER`` names a folder whose cluster is kept between runs, for quick rounds at the desk.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geogrid.settings import keep_compiled_code
from geogrid.store import audit
from geogrid.store.cluster import cluster_home, cluster_url, create_database, drop_database, start_cluster, stop_cluster
from geogrid.store.session import engine_of

ROOT = Path(__file__).resolve().parent.parent
FOLDER_VARIABLE = "GEOGRID_TEST_CLUSTER"
OURS = pytest.StashKey[Path]()

pytest_plugins = ["tests.fixtures_twin"] if importlib.util.find_spec("tests.fixtures_twin") else []


def pytest_configure(config: pytest.Config) -> None:
    """Name the run's cluster folder; workers inherit the variable from the process that started them."""
    keep_compiled_code(os.environ)
    if FOLDER_VARIABLE not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="geogrid-test-"))
        folder.chmod(0o755)  # as root the server runs as another user, who must enter
        os.environ[FOLDER_VARIABLE] = str(folder)
        config.stash[OURS] = folder
        # a run that is told to stop (a time limit) still takes its cluster away
        signal.signal(signal.SIGTERM, lambda *_: pytest.exit("told to stop", returncode=2))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop and remove the cluster of this run, in the process that named its folder."""
    if OURS in config.stash:
        folder = config.stash[OURS]
        stop_cluster(folder)
        shutil.rmtree(cluster_home(folder), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        del os.environ[FOLDER_VARIABLE]


@pytest.fixture(scope="session")
def cluster_dir() -> Path:
    """The var folder of the running test cluster; missing PostGIS is an error here, never a skip."""
    folder = Path(os.environ[FOLDER_VARIABLE])
    start_cluster(folder, durable=False)
    return folder


@pytest.fixture(scope="session")
def template(cluster_dir) -> str:
    """The name of the migrated database that the others are copied from, made by the first worker that needs it."""
    name = f"template_{_fingerprint(ROOT / 'geogrid' / 'store')}"
    with (cluster_dir / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = cluster_dir / f"{name}.done"
        if not done.exists():
            create_database(cluster_dir, name)
            _migrate(cluster_url(cluster_dir, name))
            done.touch()
    return name


@pytest.fixture(scope="session")
def engine(cluster_dir, template) -> Iterator[Engine]:
    """An engine on this worker's own database."""
    with _copy(cluster_dir, template, "worker") as url:
        made = engine_of(url)
        yield made
        made.dispose()


@pytest.fixture
def session(engine) -> Iterator[Session]:
    """A session whose commits are savepoints of a transaction that is rolled back after the test."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(bind=connection, join_transaction_mode="create_savepoint") as made:
            yield made
        if outer.is_active:
            outer.rollback()


@pytest.fixture
def fresh_database(cluster_dir, template) -> Iterator[str]:
    """The URL of a migrated, empty database of this test alone, for what must really commit or notify."""
    with _copy(cluster_dir, template, "fresh") as url:
        yield url


@pytest.fixture(autouse=True)
def audit_in_words(monkeypatch) -> None:
    """What the code writes into the audit has words on its page: the action, the kind of the object, the names of details."""
    from webmap.audit_words import ACTIONS, KINDS, NAMES

    write = audit.write

    def checked(session: Session, **row: Any) -> None:
        by_a_test = str(sys._getframe(1).f_globals.get("__name__", "")).startswith("tests.")
        if not by_a_test:
            names = set(row.get("details") or {})
            lacking = {row["action"]} - ACTIONS.keys() | {row.get("object_kind", "")} - KINDS.keys() - {""} | names - NAMES.keys()
            assert not lacking, f"give them words in webmap/audit_words.py: {sorted(lacking)}"
        write(session, **row)

    monkeypatch.setattr(audit, "write", checked)


@contextmanager
def _copy(folder: Path, template: str, kind: str) -> Iterator[str]:
    """Yield the URL of a copy of ``template`` that is there for as long as the block lasts."""
    name = f"{kind}_{uuid4().hex[:12]}"
    with (folder / "template.lock").open("w") as lock:  # a template is copied by one at a time
        fcntl.flock(lock, fcntl.LOCK_EX)
        create_database(folder, name, template=template)
    try:
        yield cluster_url(folder, name)
    finally:
        drop_database(folder, name)


def _fingerprint(folder: Path) -> str:
    """Return a short hash of the sources that decide what a migrated database looks like."""
    digest = hashlib.sha256()
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.sql")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _migrate(url: str) -> None:
    from geogrid.store.schema import migrate

    engine = engine_of(url)
    migrate(engine)
    engine.dispose()
