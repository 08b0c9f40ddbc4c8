"""What every source gives: rows in their order, with what the file itself says about coordinates, text and faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.sources.limits import LIMITS, Limits
from geogrid.domain.labelled import LabelledEnum
from geogrid.errors import GeogridError
from geogrid.texts import translate

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class ReadOptions:
    """What the user said about a file: ``layer`` (or sheet), ``encoding``, the column of geometries; None: nothing was said.

    ``usual`` is the layer to take of several where none was said.
    """

    layer: str | None = None
    encoding: str | None = None
    limits: Limits = LIMITS
    geometry: str | None = None
    usual: str | None = None


@dataclass(frozen=True)
class Note:
    """One remark about a file or what was done to it; ``message`` is an English template whose Chinese is in the catalogue.

    A ``warning`` is one that must not be overlooked.
    """

    message: str
    values: Mapping[str, object] = field(default_factory=dict)
    warning: bool = False

    def words(self, language: str) -> str:
        """Return the remark in ``language``; an error or a labelled value among the values too."""
        return translate(self.message, language).format_map({name: _in(value, language) for name, value in self.values.items()})


def _in(value: object, language: str) -> object:
    if isinstance(value, Note):
        return value.words(language)
    if isinstance(value, GeogridError):
        return value.message(language)
    return translate(value.label, language, type(value).__name__) if isinstance(value, LabelledEnum) else value


@dataclass(frozen=True)
class Table:
    """Rows as they stand in the file.

    Attributes
    ----------
    path, format : where they came from, and the source's name
    frame : the columns as read, in order; text cells as str, no cell converted but what the format types itself
    geometry : object array of shapely geometries (x/y, lon/lat or east/north) or None, one a row; None without any
    rows : the row numbers that a person would count: of a sheet from 1 with the header, of features from 1
    crs : WKT or "EPSG:n" that the file states; None where it says nothing
    notes : what to tell the user (encoding, separator, what was dropped)
    faults : position -> why the reader could not take that row as it stands
    """

    path: Path
    format: str
    frame: pd.DataFrame
    geometry: np.ndarray | None
    rows: np.ndarray
    crs: str | None = None
    notes: tuple[Note, ...] = ()
    faults: Mapping[int, GeogridError] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.frame)


def is_empty(value: Any) -> bool:
    """Whether a cell holds nothing: None, NaN, NaT, or blank text."""
    if isinstance(value, str):
        return not value.strip()
    if value is None or isinstance(value, int):
        return value is None
    from pandas import isna

    missing = isna(value)
    return missing if isinstance(missing, bool) else False
