"""Runs the processes of an installation as children of one: they start together and none outlives the others.

The lock file ``var/run/supervisor.lock`` is held as long as the supervisor lives, and holds its process id; the kernel
lets go of it however the process ends.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from geogrid.errors import AlreadyRunning, PartFailed, PortTaken, StepFailed

GRACE_S = 10.0
POLL_S = 0.1
LAST_WORDS_LINES = 3
LOOKED_AT_LINES = 60


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


def lock_path(var_dir: Path) -> Path:
    """Return the lock file of the supervisor of ``var_dir``."""
    return var_dir / "run" / "supervisor.lock"


@contextmanager
def only_one(var_dir: Path) -> Iterator[None]:
    """Hold the installation for this process; raises AlreadyRunning when another one does."""
    path = lock_path(var_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(pid=path.read_text().strip() or "?") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
        file.truncate(0)


def running_pid(var_dir: Path) -> int | None:
    """Return the process id of the supervisor of ``var_dir``, or None when none runs."""
    path = lock_path(var_dir)
    if not path.exists():
        return None
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read().strip() or 0) or None
    return None


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


class Children:
    """The processes under one supervisor, each with its own session (the terminal's Ctrl-C reaches only the parent)."""

    def __init__(self, log_dir: Path, environ: dict[str, str]) -> None:
        self.log_dir, self.environ = log_dir, environ
        self.alive: dict[str, subprocess.Popen[bytes]] = {}
        log_dir.mkdir(parents=True, exist_ok=True)

    def log(self, name: str) -> Path:
        """Return the file that ``name`` writes to."""
        return self.log_dir / f"{name}.log"

    def start(self, name: str, command: list[str]) -> None:
        """Start ``command`` in the background, its output appended to its log."""
        with self.log(name).open("ab") as said:
            self.alive[name] = subprocess.Popen(
                command, env=self.environ, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
            )

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
                words = last_words(self.log(name).read_text(errors="replace"))
                raise PartFailed(part=name, exit_code=child.returncode, words=words, log=self.log(name))

    def watch(self) -> None:
        """Stay until one of them ends by itself: PartFailed, or until this process is told to stop: Stopped."""
        while True:
            self.check()
            time.sleep(POLL_S * 5)

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
