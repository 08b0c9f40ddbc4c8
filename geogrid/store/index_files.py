"""Index files: what an edition is compiled to, in ``var/index``, mapped by every process that asks.

A file is named by its edition and by the key of all that it was made from, and says the key inside; one that is cut short,
damaged, foreign, of another format or of another content is built anew and replaced. It is never changed in place: written
beside, synced, renamed. The folder may be deleted at any time, also while the platform runs. Where it cannot be written
everything works without it.
"""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from geogrid.space.index import AssignmentIndex  # and with it pandas and scipy, which a supervisor never needs

KEPT_FILES = 3  # of editions: the one in force, the one before, the one that comes
NAME_KEY = 16
WAIT_S = 120.0  # for another process that builds; then it is built here too
STALE_S = 3600.0  # an unfinished file as old as this was left by a process that died
UNFINISHED = ".new"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Built:
    """An index and what is kept beside it; ``key`` of what both were really made from, None where that changed meanwhile."""

    index: AssignmentIndex
    beside: dict[str, Any]
    key: str | None


class IndexFiles:
    """The index files of one folder; safe to use from many threads and processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._told = False

    def path(self, edition_id: int, key: str) -> Path:
        """Return where the file of an edition with this key is."""
        return self.folder / f"{edition_id}-{key[:NAME_KEY]}.index"

    def get(self, edition_id: int, key: str, build: Callable[[], Built]) -> tuple[AssignmentIndex, dict[str, Any]]:
        """Return the index of an edition and what is kept beside it: from its file, else from ``build``, which is then kept.

        Of several processes one builds, and the others wait for its file.
        """
        path = self.path(edition_id, key)
        found = self._open(path, key)
        if found is not None:
            return found
        with self._alone():
            found = self._open(path, key, quiet=True)
            if found is not None:
                return found
            return self._keep(path, key, build())

    def keep(self, edition_id: int, key: str, built: Built) -> tuple[AssignmentIndex, dict[str, Any]]:
        """Write what was built, if it was built from what ``key`` names, and return it as it is read from the file."""
        with self._alone():
            return self._keep(self.path(edition_id, key), key, built)

    def _keep(self, path: Path, key: str, built: Built) -> tuple[AssignmentIndex, dict[str, Any]]:
        if built.key != key or not self._write(path, key, built):
            return built.index, built.beside
        self._prune(path)
        return self._open(path, key) or (built.index, built.beside)

    def _open(self, path: Path, key: str, *, quiet: bool = False) -> tuple[AssignmentIndex, dict[str, Any]] | None:
        from geogrid.space.index_file import NotThisIndex, read

        try:
            found = read(_mapped(path), key)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as error:
            self._tell(error)
            return None
        except (OSError, NotThisIndex) as error:
            if not quiet:
                log.warning("index file %s is not used: %s; it is built anew", path.name, error)
            return None
        with suppress(OSError):
            os.utime(path)  # asked for now: the last to be pruned
        return found

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's lock, against other builders; without it where there is none to be had."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            self._tell(error)
            yield
            return
        try:
            _wait_for(lock)
            yield
        finally:
            os.close(lock)

    def _write(self, path: Path, key: str, built: Built) -> bool:
        from geogrid.space.index_file import told

        fresh = path.with_name(f"{path.name}.{os.getpid()}{UNFINISHED}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write_synced(fresh, told(built.index, built.beside, key))
            fresh.replace(path)
            _sync_folder(self.folder)
        except (OSError, TypeError) as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            self._tell(error)
            return False
        return True

    def _tell(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            log.warning("index files in %s cannot be kept (%s); each process builds its own", self.folder, error)

    def _prune(self, path: Path) -> None:
        """Delete all but the files asked for last, and what dead writers left; who has mapped a file keeps it."""
        with suppress(OSError):
            others = sorted((_asked_at(file), file) for file in self.folder.glob("*.index") if file != path)
            old = [file for _, file in others[: -(KEPT_FILES - 1)]]
            left = [file for file in self.folder.glob(f"*{UNFINISHED}") if _asked_at(file) < time.time() - STALE_S]
            for file in (*old, *left):
                file.unlink(missing_ok=True)


def _mapped(path: Path) -> mmap.mmap:
    """Map a file: its pages are shared by all processes that do.

    Copy-on-write, and nobody writes: numba would compile every loop a second time for arrays that are marked read-only.
    """
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise OSError("it is empty")
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)


def _asked_at(file: Path) -> float:
    return file.stat().st_mtime


def _wait_for(lock: int) -> None:
    until = time.monotonic() + WAIT_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return
            time.sleep(0.02)
        else:
            return


def _write_synced(path: Path, chunks: list[bytes | memoryview]) -> None:
    with path.open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
