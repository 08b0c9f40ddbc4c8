"""Whether an installation is being served: the lock file that its supervisor holds, with what is noted there."""

from __future__ import annotations

import fcntl
from pathlib import Path


def lock_path(var_dir: Path) -> Path:
    """Return the lock file of the supervisor of ``var_dir``."""
    return var_dir / "run" / "supervisor.lock"


def running_pid(var_dir: Path) -> int | None:
    """Return the process id of the supervisor of ``var_dir``, or None when none runs."""
    return next(iter(_noted(var_dir)), None)


def running_ports(var_dir: Path) -> tuple[int, ...]:
    """Return the ports that the running supervisor of ``var_dir`` serves; none when none runs."""
    return _noted(var_dir)[1:]


def _noted(var_dir: Path) -> tuple[int, ...]:
    """Return the numbers in the lock file while somebody holds it."""
    path = lock_path(var_dir)
    if not path.exists():
        return ()
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return tuple(map(int, file.read().split()))
    return ()
