"""The private PostGIS cluster of an installation: made, started and stopped here, under ``var/postgres``.

It listens on a Unix socket alone. ``peer`` with an ident map lets in the owner of the cluster and root as the database
user ``geogrid``, and nobody else. Root cannot run a server, so as root everything runs as the user ``postgres``; where
that user cannot enter the folder (a private home), the cluster lies in /var/lib with a link in its place.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL

from geogrid.errors import (
    ClusterBusy,
    ClusterFailed,
    ClusterLocked,
    ClusterOwner,
    ClusterVersion,
    DiskFull,
    PostgisMissing,
    SetupError,
    SocketPathTooLong,
)
from geogrid.store.binaries import MEND, Binaries, find_binaries

USER = "geogrid"
DATABASE = "geogrid"
EXTENSIONS = ("postgis", "pgrouting", "btree_gist", "pg_trgm")
ROOT_DROPS_TO = "postgres"
FALLBACK_DIR = Path("/var/lib")
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_MOST_BYTES = 107
FREE_LEAST_MB = 500
LOCK_WAIT_S = 60.0

_ALWAYS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    # queries of tiles take milliseconds; compiling them takes longer
    "jit": "off",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "lc_messages": "'C'",
    "log_line_prefix": "'%m [%p] '",
    # What people said must not come into a log: an error quotes the row in its details, the value in its message, the words
    # in its statement. The application logs each error itself, by code and place.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class ClusterStatus:
    """What is known of the cluster of one ``var_dir``."""

    made: bool
    running: bool
    home: Path
    socket_dir: Path


def cluster_home(var_dir: Path) -> Path:
    """Return the folder of the cluster of ``var_dir``, a link followed."""
    return (var_dir / "postgres").resolve()


def socket_dir(var_dir: Path) -> Path:
    """Return the folder of the cluster's socket: beside its data, or a short one where that path would be too long.

    Raises
    ------
    SocketPathTooLong
        When the path in the system's temporary folder would be too long too.
    """
    home = cluster_home(var_dir)
    short = Path(tempfile.gettempdir()) / f"geogrid-{hashlib.sha256(bytes(home)).hexdigest()[:12]}"
    for folder in (home / "run", short):
        if len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_MOST_BYTES:
            return folder
    path = short / SOCKET_NAME
    raise SocketPathTooLong(path=path, length=len(os.fsencode(path)), most=SOCKET_PATH_MOST_BYTES)


def cluster_url(var_dir: Path, database: str = DATABASE) -> str:
    """Return the SQLAlchemy URL of ``database`` in the cluster of ``var_dir``."""
    query = {"host": str(socket_dir(var_dir))}
    return URL.create("postgresql+psycopg", username=USER, database=database, query=query).render_as_string(hide_password=False)


def cluster_status(var_dir: Path) -> ClusterStatus:
    """Return whether the cluster of ``var_dir`` is made and whether it answers on its socket."""
    home, folder = cluster_home(var_dir), socket_dir(var_dir)
    return ClusterStatus(_made(home), _answers(folder), home, folder)


def start_cluster(var_dir: Path, *, durable: bool = True, least_mb: int = FREE_LEAST_MB) -> bool:
    """Bring up the cluster of ``var_dir``, made first where it is missing, with its database and extensions.

    Returns whether this call started it: False when it ran already. ``durable=False`` is for tests alone: it trades
    the safety of acknowledged rows for speed. ``least_mb`` of the disk must be free.

    Raises
    ------
    SetupError
        One of its kinds, with what to do next: programs missing or old, disk full, lock held, wrong owner.
    """
    var_dir.mkdir(parents=True, exist_ok=True)
    with _locked(var_dir / "postgres.lock"):
        if _answers(socket_dir(var_dir)):
            return False
        home = _ensure_home(var_dir)
        check_disk(home, least_mb)
        owner = _owner(home)
        programs = _programs(home)
        if not _made(home):
            _initdb(programs, home, owner, durable=durable)
        _configure(home, socket_dir(var_dir), owner, durable=durable)
        for lock in (home / "data" / "postmaster.pid", socket_dir(var_dir) / f"{SOCKET_NAME}.lock"):
            _forget_dead_server(lock)
        _start(programs, home, owner)
        try:
            create_database(var_dir, DATABASE, missing_ok=True)
        except psycopg.Error as error:
            raise ClusterFailed(folder=home, reason=_last_line(str(error)), log=home / "log") from error
        return True


def stop_cluster(var_dir: Path) -> bool:
    """Stop the cluster of ``var_dir`` and wait until its files are closed; returns False when it did not run."""
    home = cluster_home(var_dir)
    if not (home / "data" / "postmaster.pid").exists():
        return False
    with _locked(var_dir / "postgres.lock"):
        if not _answers(socket_dir(var_dir)):
            return False
        command = [_programs(home).path("pg_ctl"), "stop", "-D", str(home / "data"), "-m", "fast", "-w", "-t", "60"]
        done = _run_as(_owner(home), command)
        if done.returncode:
            raise ClusterFailed(folder=home, reason=_last_line(done.stdout + done.stderr), log=home / "log")
        return True


def create_database(var_dir: Path, name: str, *, template: str | None = None, missing_ok: bool = False) -> None:
    """Create database ``name``: empty with the extensions, or, with ``template``, as a copy of that database's files.

    With ``missing_ok`` an existing database is kept, and only extensions that it lacks are added.
    """
    with psycopg.connect(dbname="postgres", user=USER, host=str(socket_dir(var_dir)), autocommit=True) as server:
        there = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if there and not missing_ok:
            drop_database(var_dir, name)
        if not there or not missing_ok:
            copying = sql.SQL(" STRATEGY FILE_COPY" if template and server.info.server_version >= 150000 else "")
            names = sql.Identifier(name), sql.Identifier(template or "template0")
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names) + copying)
    if template is None:
        with psycopg.connect(dbname=name, user=USER, host=str(socket_dir(var_dir)), autocommit=True) as database:
            create_extensions(database)


def drop_database(var_dir: Path, name: str) -> None:
    """Drop database ``name`` if it exists, whoever is connected to it."""
    with psycopg.connect(dbname="postgres", user=USER, host=str(socket_dir(var_dir)), autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def create_extensions(connection: psycopg.Connection) -> None:
    """Create the extensions that the platform stands on, those that are missing."""
    connection.execute("SET client_min_messages = warning")
    for name in EXTENSIONS:
        connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))


def answers(var_dir: Path) -> bool:
    """Return whether the cluster of ``var_dir`` accepts connections."""
    return _answers(socket_dir(var_dir))


# -- pieces -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _locked(path: Path, wait_s: float = LOCK_WAIT_S) -> Iterator[None]:
    """Hold the file lock ``path``; raises ClusterBusy when another process holds it for longer than ``wait_s``."""
    until = time.monotonic() + wait_s
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise ClusterBusy(lock=path, seconds=round(wait_s)) from None
                time.sleep(0.05)
        yield


def _made(home: Path) -> bool:
    return (home / "data" / "PG_VERSION").exists()


def _answers(folder: Path) -> bool:
    """Return whether a server accepts connections on the socket in ``folder``."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(folder / SOCKET_NAME))
        except OSError:
            return False
    return True


def _ensure_home(var_dir: Path) -> Path:
    """Return the cluster's folder, made where it is missing, owned by the one who will run the server."""
    place = var_dir / "postgres"
    if place.is_dir():
        return place.resolve()
    place.unlink(missing_ok=True)  # a link whose target is gone
    if os.geteuid() != 0:
        place.mkdir(mode=0o700)
        return place.resolve()
    owner = _account(ROOT_DROPS_TO)
    if _run_as(owner, ["test", "-x", str(var_dir)]).returncode == 0:
        place.mkdir(mode=0o700)
    else:
        name = f"geogrid-{hashlib.sha256(bytes(var_dir.resolve())).hexdigest()[:12]}-"
        place.symlink_to(tempfile.mkdtemp(prefix=name, dir=FALLBACK_DIR))
    os.chown(place, owner.pw_uid, owner.pw_gid)
    return place.resolve()


def _account(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise SetupError(
            reason=f"root cannot run PostgreSQL and there is no user {name}", mend=f"useradd --system {name}"
        ) from None


def _owner(home: Path) -> pwd.struct_passwd:
    """Return the account that owns ``home``; raises ClusterOwner when this process cannot act for it."""
    owner = pwd.getpwuid(home.stat().st_uid)
    if os.geteuid() not in (0, owner.pw_uid):
        raise ClusterOwner(folder=home, owner=owner.pw_name)
    return owner


def _programs(home: Path) -> Binaries:
    if not _made(home):
        return find_binaries()
    made_by = (home / "data" / "PG_VERSION").read_text().strip()
    try:
        return find_binaries(int(made_by))
    except PostgisMissing:
        find_binaries()  # nothing at all installed is the plainer message
        raise ClusterVersion(folder=home, made_by=made_by) from None


def check_disk(folder: Path, least_mb: int = FREE_LEAST_MB) -> None:
    """Raise DiskFull when the disk of ``folder`` has less than ``least_mb`` (10^6 bytes) free."""
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    if free_mb < least_mb:
        raise DiskFull(folder=folder, free_mb=free_mb, least_mb=least_mb)


def _run_as(owner: pwd.struct_passwd, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run ``command`` as ``owner``, apart from the terminal's signals, in a folder that everyone can enter."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
    who: dict[str, object] = {}
    if os.geteuid() == 0 and owner.pw_uid != 0:
        groups = os.getgrouplist(owner.pw_name, owner.pw_gid)
        who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": groups}
        environ |= {"HOME": owner.pw_dir, "USER": owner.pw_name}
    try:
        with tempfile.TemporaryFile("w+") as said:  # not a pipe: the server inherits it and would keep it open
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, text=True, check=False, cwd="/",
                env=environ, start_new_session=True, **who,
            )  # fmt: skip
            said.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, said.read(), "")
    except PermissionError as error:
        raise SetupError(reason=f"{owner.pw_name} cannot run {command[0]} ({error})", mend=MEND) from error


def _initdb(programs: Binaries, home: Path, owner: pwd.struct_passwd, *, durable: bool) -> None:
    """Make the data folder beside its final place and move it there, so that a kill half way leaves none."""
    fresh = home / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    options = ["--username", USER, "--encoding", "UTF8", "--locale", "C.UTF-8", "--auth-local", "peer", "--auth-host", "reject"]
    options += ["--data-checksums"] if durable else ["--no-sync"]
    done = _run_as(owner, [programs.path("initdb"), "-D", str(fresh), *options])
    if done.returncode:
        raise _failure(home, done.stdout)
    fresh.rename(home / "data")


def _configure(home: Path, folder: Path, owner: pwd.struct_passwd, *, durable: bool) -> None:
    """Write the three configuration files anew at each start, so that they always are what this version means."""
    ours = _ALWAYS | (_DURABLE if durable else _FOR_TESTS)
    ours |= {"unix_socket_directories": f"'{folder}'", "effective_cache_size": f"{_memory_mb() // 2}MB"}
    people = {owner.pw_name, "root"}
    texts = {
        "postgresql.conf": [f"{name} = {value}" for name, value in ours.items()],
        "pg_hba.conf": [f"local all {USER} peer map={USER}"],
        "pg_ident.conf": [f"{USER} {name} {USER}" for name in sorted(people)],
    }
    for name, lines in texts.items():
        path, wanted = home / "data" / name, "\n".join(lines) + "\n"
        if not path.exists() or path.read_text() != wanted:  # on a full disk a rewritten file would be left empty
            path.write_text(wanted)
        _give(path, owner)
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in (os.geteuid(), owner.pw_uid):
        raise ClusterOwner(folder=folder, owner=pwd.getpwuid(folder.stat().st_uid).pw_name)
    _give(folder, owner)


def _forget_dead_server(lock: Path) -> None:
    """Remove the lock file of a killed server that is a zombie: PostgreSQL takes it for alive until its parent buries it.

    Processes that it left behind still hold its shared memory, and PostgreSQL looks for that by itself.
    """
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int(lock.read_text().split()[0])
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            lock.unlink()


def _give(path: Path, owner: pwd.struct_passwd) -> None:
    if os.geteuid() == 0:
        os.chown(path, owner.pw_uid, owner.pw_gid)


def _memory_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000


def _start(programs: Binaries, home: Path, owner: pwd.struct_passwd) -> None:
    log = home / "log"
    before = log.stat().st_size if log.exists() else 0
    command = [programs.path("pg_ctl"), "start", "-D", str(home / "data"), "-l", str(log), "-w", "-t", "60"]
    done = _run_as(owner, command)
    if done.returncode:
        raise _failure(home, log.read_bytes()[before:].decode(errors="replace") if log.exists() else done.stdout)


def _failure(home: Path, said: str) -> SetupError:
    """Return the error that explains what a PostgreSQL program ``said`` before it gave up."""
    if "No space left on device" in said:
        return DiskFull(folder=home, free_mb=shutil.disk_usage(home).free // 1_000_000, least_mb=FREE_LEAST_MB)
    if 'lock file "postmaster.pid" already exists' in said:
        return ClusterLocked(folder=home, lock=home / "data" / "postmaster.pid")
    return ClusterFailed(folder=home, reason=_last_line(said), log=home / "log")


def _last_line(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error" in line.lower()]
    return (telling or lines or ["no reason given"])[-1].strip()
