"""Counts of events by cell of the web map: kept by insert-only deltas, folded by a job, rebuilt by set after bulk loads.

A tile of clusters is ``event_cells`` plus the deltas not folded yet. Keyed by (zoom, cell, village, open or closed), so that
scope and the usual filters read few rows; the township stands beside its village, so that no reader needs a list of villages.
Sums are whole numbers of 1e-7 degrees: they add and subtract exactly.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, Integer, SmallInteger, Table, Text

from geogrid.store.tables.metadata import metadata

event_cells = Table(
    "event_cells",
    metadata,
    Column("zoom", SmallInteger, primary_key=True),
    Column("cell_x", Integer, primary_key=True),
    Column("cell_y", Integer, primary_key=True),
    Column("township_code", Text, primary_key=True),  # '' where the event is unplaced
    Column("village_code", Text, primary_key=True),
    Column("is_open", Boolean, primary_key=True),
    Column("events", BigInteger, nullable=False),
    Column("sum_lon_e7", BigInteger, nullable=False),
    Column("sum_lat_e7", BigInteger, nullable=False),
)

event_cell_deltas = Table(
    "event_cell_deltas",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("zoom", SmallInteger, nullable=False),
    Column("cell_x", Integer, nullable=False),
    Column("cell_y", Integer, nullable=False),
    Column("township_code", Text, nullable=False),
    Column("village_code", Text, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("sum_lon_e7", BigInteger, nullable=False),
    Column("sum_lat_e7", BigInteger, nullable=False),
    Index(None, "zoom", "cell_x", "cell_y"),
)
