"""Runs the processes of an installation as children of one: they start together and none outlives the others.

The lock file ``var/run/supervisor.lock`` is held as long as the supervisor lives, and holds its process id; the kernel
lets go of it however the process ends. A part that ends by itself is started again, later after each early death.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from etl.running import lock_path, running_pid
from geogrid.errors import AlreadyRunning, FolderFull, FolderReadOnly, PartFailed, PortTaken, StepFailed

GRACE_S = 10.0
POLL_S = 0.1
LAST_WORDS_LINES = 3
LOOKED_AT_LINES = 60
EARLY_S = 10.0  # a part that ends sooner after its start did not get through it
MOST_EARLY_DEATHS = 5
AGAIN_FIRST_S = 1.0
FULL = {errno.ENOSPC, errno.EDQUOT}
REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}
# For parts that run for long. By itself glibc keeps what every thread freed, and gives back nothing that lies below the last
# thing in use: a fifth of a web worker that showed all pages. Who sets these variables is obeyed; other libraries ignore them.
THRIFT = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "1048576", "MALLOC_TRIM_THRESHOLD_": "1048576"}

Say = Callable[..., None]  # (English message, **values): one line for the terminal, in the reader's language


class Stopped(BaseException):
    """The supervisor was told to stop: by Ctrl-C, by ``geogrid stop`` or by the system."""


@contextmanager
def told_to_stop() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into ``Stopped`` within the block; further ones are ignored while it winds down."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    before = [signal.signal(number, stop) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def writing(var_dir: Path) -> Iterator[None]:
    """Tell a folder that takes nothing by its name: FolderFull or FolderReadOnly instead of the system's OSError."""
    try:
        yield
    except OSError as error:
        folder = Path(error.filename).parent if isinstance(error.filename, str) else var_dir
        if error.errno in FULL:
            raise FolderFull(folder=folder) from error
        if error.errno in REFUSED:
            raise FolderReadOnly(folder=folder, reason=error.strerror) from error
        raise


@contextmanager
def only_one(var_dir: Path, ports: Sequence[int] = ()) -> Iterator[None]:
    """Hold the installation for this process and note the ``ports`` that it will serve.

    Raises
    ------
    AlreadyRunning
        When another process holds it.
    FolderReadOnly, FolderFull
        When ``var_dir`` takes no lock file.
    """
    path = lock_path(var_dir)
    with writing(var_dir):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(pid=running_pid(var_dir) or "?") from None
        with writing(var_dir):
            file.truncate(0)
            file.write(" ".join(map(str, (os.getpid(), *ports))))
            file.flush()
        yield
        file.truncate(0)


def stop_running(var_dir: Path, wait_s: float = 60.0) -> bool:
    """End the supervisor of ``var_dir`` and wait until it has wound everything down; returns False when none ran."""
    pid = running_pid(var_dir)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + wait_s
    while running_pid(var_dir) == pid and time.monotonic() < until:
        time.sleep(POLL_S)
    return True


def check_port(host: str, port: int, variable: str) -> None:
    """Raise PortTaken, which names ``variable``, when ``port`` of ``host`` is already in use."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise PortTaken(port=port, variable=variable) from None


def our_command(*arguments: str) -> list[str]:
    """Return the command line of ``geogrid ARGUMENTS`` in this environment; it ends when its parent does."""
    command = [str(Path(sys.executable).with_name("geogrid")), *arguments]
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", *command] if setpriv else command


def last_words(said: str) -> str:
    """Return what tells most of a log's end: the last error that Python named there, else its last lines."""
    lines = [line.strip() for line in said.splitlines() if line.strip()][-LOOKED_AT_LINES:]
    errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Missing|Failed)\b", line)]
    return errors[-1] if errors else " / ".join(lines[-LAST_WORDS_LINES:])


@dataclass
class Part:
    """How a part is started, when it last was, and what became of it since."""

    command: list[str]
    started_at: float = 0.0
    early_deaths: int = 0
    again_at: float | None = None


class Children:
    """The processes under one supervisor, each with its own session (the terminal's Ctrl-C reaches only the parent)."""

    def __init__(self, log_dir: Path, environ: dict[str, str]) -> None:
        self.log_dir, self.environ = log_dir, environ
        self.alive: dict[str, subprocess.Popen[bytes]] = {}
        self.parts: dict[str, Part] = {}
        log_dir.mkdir(parents=True, exist_ok=True)

    def log(self, name: str) -> Path:
        """Return the file that ``name`` writes to."""
        return self.log_dir / f"{name}.log"

    def start(self, name: str, command: list[str]) -> None:
        """Start ``command`` in the background, its output appended to its log."""
        part = self.parts.setdefault(name, Part(command))
        with self.log(name).open("ab") as said:
            self.alive[name] = subprocess.Popen(
                command, env=self.environ, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
            )
        part.started_at, part.again_at = time.monotonic(), None

    def run(self, name: str, command: list[str]) -> None:
        """Run ``command`` to its end, its output shown here; raises StepFailed when it fails."""
        child = subprocess.Popen(command, env=self.environ, stdin=subprocess.DEVNULL, start_new_session=True)
        self.alive[name] = child
        code = child.wait()
        del self.alive[name]
        if code:
            raise StepFailed(part=name, exit_code=code)

    def check(self) -> None:
        """Raise PartFailed when one of them has ended by itself."""
        for name, child in self.alive.items():
            if child.poll() is not None:
                raise self._failure(name)

    def watch(self, say: Say, excused: Callable[[], bool] = lambda: False) -> None:
        """Stay until this process is told to stop (Stopped), and start again what ends by itself.

        ``excused`` is asked in each round: it tends what the parts stand on, and returns True while that is not well, so
        that no part is given up for it.

        Raises
        ------
        PartFailed
            When a part ended ``MOST_EARLY_DEATHS`` times in a row right at its start.
        """
        while True:
            blameless = excused()
            for name in list(self.alive):
                if self.alive[name].poll() is not None:
                    self._mend(name, say, blameless)
            time.sleep(POLL_S * 5)

    def _mend(self, name: str, say: Say, blameless: bool) -> None:
        """Start the ended part ``name`` again when its time has come; the first look at its end sets that time."""
        part, now = self.parts[name], time.monotonic()
        if part.again_at is None:
            early = now - part.started_at < EARLY_S and not blameless
            part.early_deaths = part.early_deaths + 1 if early else 1
            if part.early_deaths >= MOST_EARLY_DEATHS:
                raise self._failure(name)
            wait_s = AGAIN_FIRST_S * 2 ** (part.early_deaths - 1)
            part.again_at = now + wait_s
            code = self.alive[name].returncode
            say(
                "The part {part} ended with code {exit_code}; it starts again in {wait_s:g} s.",
                part=name,
                exit_code=code,
                wait_s=wait_s,
            )
            with suppress(ProcessLookupError):  # its own children would keep its port
                os.killpg(self.alive[name].pid, signal.SIGKILL)
        if now >= part.again_at:
            with suppress(OSError):  # a disk without room for its log: tried again in the next round
                self.start(name, part.command)

    def _failure(self, name: str) -> PartFailed:
        words = last_words(self.log(name).read_text(errors="replace"))
        return PartFailed(part=name, exit_code=self.alive[name].returncode, words=words, log=self.log(name))

    def stop(self, grace_s: float = GRACE_S) -> None:
        """Ask all to end, the last started first, and kill after ``grace_s`` those that did not."""
        for child in reversed(self.alive.values()):
            if child.poll() is None:
                child.terminate()
        until = time.monotonic() + grace_s
        for child in self.alive.values():
            try:
                child.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        self.alive.clear()
