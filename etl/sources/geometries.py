"""Geometries out of well-known bytes and text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from etl.errors import GeometryMissing
from etl.sources.limits import Limits
from etl.sources.table import Note
from geogrid.errors import GeogridError, GeometryError, GeometryTooLarge

if TYPE_CHECKING:
    import pandas as pd


def from_wkb(column: pd.Series, limits: Limits) -> tuple[np.ndarray, dict[int, GeogridError], list[Note]]:
    """Return the geometries (two-dimensional), the faults by position, and notes on what was dropped."""
    import shapely

    raw = np.array([bytes(cell) if isinstance(cell, bytes | bytearray | memoryview) else None for cell in column], object)
    geometry = shapely.from_wkb(raw, on_invalid="ignore")
    missing = shapely.is_missing(geometry)
    faults: dict[int, GeogridError] = {}
    for position in np.flatnonzero(missing):
        unreadable = raw[position] is not None
        faults[int(position)] = GeometryError(reason="its bytes cannot be read") if unreadable else GeometryMissing()
    return checked(geometry, faults, limits)


def checked(
    geometry: np.ndarray, faults: dict[int, GeogridError], limits: Limits
) -> tuple[np.ndarray, dict[int, GeogridError], list[Note]]:
    """Return the geometries in two dimensions, ``faults`` with those of too many vertices, and notes on what was dropped."""
    import shapely

    vertices = shapely.get_num_coordinates(geometry)
    for position in np.flatnonzero(vertices > limits.vertices):
        faults[int(position)] = GeometryTooLarge(code="", vertices=int(vertices[position]), most=limits.vertices)
        geometry[position] = None
    heights = int(shapely.has_z(geometry).sum())
    notes = [Note("Heights were dropped from {count} geometries", {"count": heights})] if heights else []
    return shapely.force_2d(geometry), faults, notes
