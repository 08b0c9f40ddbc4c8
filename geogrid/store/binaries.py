"""Finds the PostgreSQL programs whose share folder holds PostGIS and pgRouting: the conda environment first, then the system."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geogrid.errors import PostgisMissing, PostgisTooOld

LEAST_POSTGRES = (14, 0)
LEAST_POSTGIS = (3, 1)
LIBRARIES = ("postgis-3.*", "libpgrouting-*")
LIBRARY_FOLDERS = ("lib", "lib/postgresql", "lib/pgsql", "lib64/pgsql")
MEND = "Run `./run setup`, or: apt-get install postgresql-15-postgis-3 postgresql-15-pgrouting"


@dataclass(frozen=True)
class Binaries:
    """The programs of one PostgreSQL, and the versions of what lies beside them."""

    bin_dir: Path
    postgres: tuple[int, ...]
    postgis: tuple[int, ...]
    pgrouting: tuple[int, ...]

    def path(self, program: str) -> str:
        """Return the full path of ``program``, for example ``initdb``."""
        return str(self.bin_dir / program)


def environments() -> tuple[Path, ...]:
    """Return the folders of the environments this process runs in: ours, the one it was made from, conda's active one."""
    return tuple(Path(prefix) for prefix in (sys.prefix, sys.base_prefix, os.environ.get("CONDA_PREFIX")) if prefix)


def candidates(
    prefixes: tuple[Path, ...] | None = None, debian: Path = Path("/usr/lib/postgresql")
) -> Iterator[tuple[Path, Path]]:
    """Yield (folder of programs, folder of extension control files), the most wanted first; not all of them exist."""
    for prefix in environments() if prefixes is None else prefixes:
        for share in ("share/extension", "share/postgresql/extension"):
            yield prefix / "bin", prefix / share
    versions = [folder for folder in debian.glob("*") if folder.name.isdigit()]
    for folder in sorted(versions, key=lambda f: int(f.name), reverse=True):
        yield folder / "bin", Path("/usr/share/postgresql") / folder.name / "extension"
    for base in (Path("/usr/local"), Path("/usr")):
        for share in ("share/pgsql/extension", "share/postgresql/extension"):
            yield base / "bin", base / share


def find_binaries(major: int | None = None, places: list[tuple[Path, Path]] | None = None) -> Binaries:
    """Return the first usable PostgreSQL with PostGIS and pgRouting; only of version ``major`` when it is given.

    Raises
    ------
    PostgisTooOld
        When all that was found is older than PostgreSQL 14 or PostGIS 3.1.
    PostgisMissing
        When nothing was found at all.
    """
    too_old: PostgisTooOld | None = None
    for bin_dir, extension_dir in candidates() if places is None else places:
        found = _at(bin_dir, extension_dir)
        if found is None or (major is not None and found.postgres[0] != major):
            continue
        old = _complaint(found)
        if old is None:
            return found
        too_old = too_old or old
    raise too_old or PostgisMissing(least_postgres=LEAST_POSTGRES[0], mend=MEND)


def _at(bin_dir: Path, extension_dir: Path) -> Binaries | None:
    postgis, pgrouting = extension_dir / "postgis.control", extension_dir / "pgrouting.control"
    files = (bin_dir / "initdb", postgis, pgrouting)
    if not (all(path.is_file() for path in files) and all(_has_library(bin_dir, name) for name in LIBRARIES)):
        return None
    shown = subprocess.run([bin_dir / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    return Binaries(bin_dir, version_of(shown), version_of(_control(postgis)), version_of(_control(pgrouting)))


def _has_library(bin_dir: Path, pattern: str) -> bool:
    """Return whether a library is there: Debian keeps scripts and libraries in packages of their own."""
    return any(next((bin_dir.parent / folder).glob(pattern), None) for folder in LIBRARY_FOLDERS)


def _control(path: Path) -> str:
    found = re.search(r"^default_version\s*=\s*'([^']+)'", path.read_text(), re.MULTILINE)
    return found.group(1) if found else ""


def version_of(text: str) -> tuple[int, ...]:
    """Return the first version number in ``text`` as integers: ``postgres (PostgreSQL) 15.14`` is (15, 14); none is ()."""
    found = re.search(r"\d+(\.\d+)*", text)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def _complaint(found: Binaries) -> PostgisTooOld | None:
    for name, version, least in (("PostgreSQL", found.postgres, LEAST_POSTGRES), ("PostGIS", found.postgis, LEAST_POSTGIS)):
        if version < least:
            return PostgisTooOld(found=f"{name} {dotted(version)} ({found.bin_dir})", wanted=dotted(least), mend=MEND)
    return None


def dotted(version: tuple[int, ...]) -> str:
    """Return a version as it is written: (15, 14) is ``15.14``."""
    return ".".join(str(part) for part in version)
