"""Former names: those loaded from files, and those that units and grids had in editions gone by, followed to their heirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, Table, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from geogrid.domain.grids import GeographyKind
from geogrid.domain.places import FormerName, NamedKind
from geogrid.store.events import tell_reload
from geogrid.store.tables.editions import editions, lineage
from geogrid.store.tables.geography import base_grids, units
from geogrid.store.tables.names import former_names

LEAST_HEIR = 0.2  # of the old area: below, a neighbour took a strip, which makes it no heir of the name
KINDS = {NamedKind.UNIT: (GeographyKind.UNITS, units), NamedKind.GRID: (GeographyKind.BASE_GRIDS, base_grids)}
_KEY = ("kind", "old_name", "code", "name")


def add(session: Session, names: Sequence[FormerName], *, now: datetime) -> int:
    """Store former names, those known already with their new dates and source; return how many there are now.

    Whoever finds places by words is told at commit, to prepare them before somebody asks.
    """
    rows = [
        {
            "kind": one.kind.value,
            "old_name": one.old_name,
            "code": one.code,
            "name": one.name,
            "from_date": one.from_date,
            "to_date": one.to_date,
            "source": one.source,
            "loaded_at": now,
        }
        for one in names
    ]
    if rows:
        statement = insert(former_names)
        changed = {name: statement.excluded[name] for name in ("from_date", "to_date", "source", "loaded_at")}
        session.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=changed), rows)
        tell_reload(session)
    return session.scalar(select(func.count()).select_from(former_names)) or 0


def loaded(session: Session) -> list[FormerName]:
    """Return the names that were loaded, by kind and name."""
    rows = session.execute(select(former_names).order_by(*(former_names.c[name] for name in _KEY)))
    return [FormerName(NamedKind(r.kind), r.old_name, r.code, r.name, r.from_date, r.to_date, r.source) for r in rows]


def version(session: Session) -> str:
    """Return what changes whenever names are loaded; rides the small table whole."""
    columns = func.count(), func.max(former_names.c.loaded_at), func.max(former_names.c.id)
    return "/".join(str(value) for value in session.execute(select(*columns)).one())


def retired(session: Session) -> list[FormerName]:
    """Return the names that units and grids had in editions gone by, each under the code of every heir in force today.

    An heir has at least ``LEAST_HEIR`` of the old area, through all editions since; a name that an heir still has is none.
    """
    return [one for kind in KINDS for one in _retired(session, kind)]


def _retired(session: Session, kind: NamedKind) -> Iterator[FormerName]:
    geography, table = KINDS[kind]
    heirs = _heirs(session, geography)
    in_force = {row.code: row.name for row in session.execute(select(table.c.code, table.c.name).where(text(_NOW)))}
    seen: set[tuple[str, str]] = set()
    for row in session.execute(_gone(table)):
        for code in sorted(heirs.get(row.until, {}).get(row.code, ())):
            words = {row.name, row.code if kind is NamedKind.GRID else ""} - {in_force.get(code), code, ""}
            for old in sorted(words if code in in_force else ()):
                if (old, code) not in seen:
                    seen.add((old, code))
                    yield FormerName(kind, old, code, "", row.since.date(), row.until.date(), row.edition)


_NOW = "NOT isempty(valid) AND upper_inf(valid)"


def _gone(table: Table) -> Select[Any]:
    """Rides ``ix`` of the range only; a district has some thousands of such rows."""
    since, until = func.lower(table.c.valid).label("since"), func.upper(table.c.valid).label("until")
    query = select(table.c.code, table.c.name, since, until, editions.c.name.label("edition"))
    query = query.join(editions, editions.c.id == table.c.edition_id)
    return query.where(text(f"NOT isempty({table.name}.valid) AND NOT upper_inf({table.name}.valid)")).order_by(
        until.desc(), table.c.code
    )


def _heirs(session: Session, kind: GeographyKind) -> dict[datetime, dict[str, set[str]]]:
    """Return, by the instant at which an edition came into force, which codes of today the codes before it became."""
    query = (
        select(func.lower(editions.c.valid).label("at"), lineage.c.old_code, lineage.c.new_code)
        .join(editions, editions.c.id == lineage.c.edition_id)
        .where(lineage.c.kind == kind.value, lineage.c.share_of_old_area >= LEAST_HEIR)
    )
    steps: dict[datetime, list[Row]] = defaultdict(list)
    for row in session.execute(query):
        if row.at is not None:
            steps[row.at].append(row)
    after: dict[str, set[str]] | None = None
    found: dict[datetime, dict[str, set[str]]] = {}
    for at in sorted(steps, reverse=True):
        became: dict[str, set[str]] = defaultdict(set)
        for row in steps[at]:
            became[row.old_code] |= {row.new_code} if after is None else after.get(row.new_code, set())
        found[at] = after = dict(became)
    return found
