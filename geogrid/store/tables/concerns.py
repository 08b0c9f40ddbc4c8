"""Concerns: who has a part in a matter that does not lie in his own territory, with what maps and lists ask of its event.

A projection of ``matters`` and ``events`` that the database keeps by itself (triggers, migrations ``desk_1_reading`` and
``after_5_concerns``): a department or a station finds its own matters by one range of an index, however many events the district
has. What a unit's own territory shows anyway is left out, which leaves few rows.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from geogrid.store.tables.metadata import metadata

concerns = Table(
    "concerns",
    metadata,
    Column("event_id", Uuid, ForeignKey("matters.event_id", ondelete="CASCADE"), primary_key=True),
    Column("party", Text, primary_key=True),  # "kind:code": owner, lead or assisting
    Column("reported_at", TIMESTAMP(timezone=True), nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("village_code", Text),
    Column("township_code", Text),
    Column("cell_x", Integer),  # at CELL_ZOOM, as in ``events``
    Column("cell_y", Integer),
    Column("lon_e7", Integer),  # 1e-7 degrees, as the counts of cells sum them
    Column("lat_e7", Integer),
    Column("closed_at", TIMESTAMP(timezone=True)),
    Index(
        "ix_concerns_party",
        "party",
        "reported_at",
        "event_id",
        postgresql_include=["is_open", "village_code", "township_code", "cell_x", "cell_y", "lon_e7", "lat_e7"],
    ),
    # What is open is a small part of what a party ever had: the desk's queue and its row policy read that part alone.
    Index("ix_concerns_party_open", "party", "event_id", postgresql_where=text("is_open")),
    Index("ix_concerns_party_closed_at", "party", "closed_at", "event_id", postgresql_where=text("NOT is_open")),
)
