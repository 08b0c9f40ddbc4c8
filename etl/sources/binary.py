"""From the child's rows to a Table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from etl.sources.geometries import from_wkb
from etl.sources.table import Note, ReadOptions, Table

if TYPE_CHECKING:
    import pandas as pd


def table_of(
    path: Path, kind: str, frame: pd.DataFrame, said: dict[str, Any], options: ReadOptions, notes: tuple[Note, ...] = ()
) -> Table:
    """Take the geometry out of ``frame`` and keep the other columns as they are; features count from 1."""
    name = said.get("geometry")
    geometry, faults, more = None, {}, []
    frame = frame.drop(columns=[column for column in (said.get("fid"),) if column in frame])
    if name in frame:
        geometry, faults, more = from_wkb(frame[name], options.limits)
        frame = frame.drop(columns=[name])
    return Table(path, kind, frame, geometry, np.arange(1, len(frame) + 1), said.get("crs"), (*notes, *more), faults)
