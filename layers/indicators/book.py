"""The book of figures of an installation: read once, anew where its file changed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from geogrid.domain.indicators import Book
from geogrid.errors import SetupError
from geogrid.rules.indicators import parse_book
from geogrid.settings import Settings


def read_book(settings: Settings) -> Book:
    """Return the figures that ``settings`` name; raises SetupError where there is no file, IndicatorsInvalid for a broken one."""
    path = settings.indicators_path
    try:
        stat = path.stat()
    except OSError:
        mend = "Name the file of the figures: GEOGRID_INDICATORS."
        raise SetupError(reason=f"{path} is not there", mend=mend) from None
    return _read(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=8)
def _read(path: Path, modified_ns: int, size: int) -> Book:
    return parse_book(path.read_text("utf-8"), path.name)
