"""What an edition holds, as a few hashes that the database makes: for keys that change whenever a row would."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import LargeBinary, Text, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from geogrid.domain.grids import GeographyKind
from geogrid.store.editions import Edition
from geogrid.store.geography import rows_of
from geogrid.store.tables import metadata

NOT_CONTENT = {"id", "edition_id", "valid", "geom"}


def content_of(session: Session, edition: Edition, kinds: Iterable[GeographyKind]) -> dict[str, str]:
    """Return for each kind a SHA-256 of the rows that make up ``edition``: every column and the exact geometries.

    It says nothing of ids, of the edition or of the database: equal content has equal hashes wherever it lies. Unlike an
    edition's ``content_hash``, which was made of what was loaded, it holds for what is there now, kinds of earlier editions
    included. Rides the same rows as ``frame_of``; no geometry leaves the database.
    """
    return {kind.value: _digest(session, edition, kind) for kind in kinds}


def _digest(session: Session, edition: Edition, kind: GeographyKind) -> str:
    table = metadata.tables[kind]
    told = cast(func.row(*(column for column in table.columns if column.name not in NOT_CONTENT)), Text)
    geometry = cast(func.ST_AsBinary(table.c.geom, type_=None), LargeBinary)
    row = func.sha256(func.convert_to(told, "UTF8").op("||")(geometry))
    nothing = literal_column("''::bytea")
    whole = func.string_agg(row, aggregate_order_by(nothing, table.c.code.collate("C")))
    query = select(func.encode(func.sha256(func.coalesce(whole, nothing)), "hex"))
    return str(session.scalar(query.where(rows_of(table, edition))))
