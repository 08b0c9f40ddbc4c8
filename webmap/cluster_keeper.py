"""Keeps the private cluster up while the platform is served: a server that ended is started again."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import psycopg

from geogrid.errors import GeogridError
from geogrid.store import cluster
from webmap.supervisor import Say

RESTART_LEAST_MB = 40  # two segments of the log that is written ahead: less, and it would end at once again
MISSES = 2  # one refused connection can be a full queue
AGAIN_FIRST_S = 0.5
AGAIN_MOST_S = 8.0


class ClusterKeeper:
    """Looks at the cluster of ``var_dir`` when called, and starts it when it does not answer; later after each failure."""

    def __init__(self, var_dir: Path, say: Say) -> None:
        self._var_dir, self._say = var_dir, say
        self._misses = self._failures = 0
        self._again_at = 0.0
        self._said = ""

    def __call__(self) -> bool:
        """Return whether the cluster answers."""
        if cluster.answers(self._var_dir):
            if self._misses >= MISSES:
                self._say("The database is up again.")
            self._misses = self._failures = 0
            self._said = ""
            return True
        self._misses += 1
        if self._misses == MISSES:
            self._say("The database has ended; it is started again.")
        if self._misses >= MISSES and time.monotonic() >= self._again_at:
            self._start()
        return False

    def _start(self) -> None:
        try:
            cluster.start_cluster(self._var_dir, least_mb=RESTART_LEAST_MB)
        except (GeogridError, OSError, psycopg.Error) as error:
            self._again_at = time.monotonic() + min(AGAIN_MOST_S, AGAIN_FIRST_S * 2**self._failures)
            self._failures += 1
            if self._said != type(error).__name__:  # the same failure is said once
                self._said = type(error).__name__
                self._say("The database does not come up: {reason}", reason=error)


def disk_is_full(folder: Path, least_mb: int = RESTART_LEAST_MB) -> bool:
    """Return whether the disk of ``folder`` has less than ``least_mb`` (10^6 bytes) free."""
    return shutil.disk_usage(folder).free < least_mb * 1_000_000
