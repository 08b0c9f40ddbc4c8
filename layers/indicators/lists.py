"""The list behind a figure: the very rows that it counted, page by page, the latest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, tuple_
from sqlalchemy.orm import Session

from geogrid.domain.indicators import TOTAL, FigureGroup, FigurePart, Indicator, Population, Span
from geogrid.domain.masking import mask_text
from geogrid.rules.scope import EVERYTHING, Scope
from geogrid.store.scope import visible
from geogrid.store.tables.events import events
from geogrid.store.tables.geography import base_grids
from layers.indicators.conditions import of_denominator, of_numerator, of_rest
from layers.indicators.others import grids_drawn, in_scope, village
from layers.indicators.sources import SPLITS, Asking, at, c, group_key, m, p, tables, within
from layers.shapes import in_force
from layers.uncovered import figures as drawn
from layers.uncovered import in_shown_edition

MOST_PER_PAGE = 1_000
MOST_WORDS = 120
PARTS = {FigurePart.NUMERATOR: of_numerator, FigurePart.DENOMINATOR: of_denominator, FigurePart.REST: of_rest}
Place = tuple[datetime, UUID, int]


@dataclass(frozen=True)
class Listed:
    """One row that a figure counted: an event, or a run of its clock or a payment of it (``what``), at its time.

    ``words`` and ``address`` are masked and cut. ``place`` is where the list goes on after it.
    """

    id: UUID
    number: str
    kind: str
    state: str
    handling: str
    level: str
    owner: str
    words: str
    address: str
    township_code: str | None
    village_code: str | None
    reported_at: datetime
    closed_at: datetime | None
    what: str
    due_at: datetime | None
    stopped_at: datetime | None
    amount_yuan: float | None
    place: Place


@dataclass(frozen=True)
class GridListed:
    """A base grid with households: how many there are, and how many reach no station in time."""

    code: str
    name: str
    village: str
    households: int
    without: int


def open_list(
    session: Session,
    one: Indicator,
    part: FigurePart,
    span: Span,
    *,
    now: datetime,
    timezone: str,
    by: FigureGroup = FigureGroup.DISTRICT,
    group: str | None = TOTAL,
    split: str | None = TOTAL,
    scope: Scope = EVERYTHING,
    moved: Mapping[UUID, str | None] | None = None,
    limit: int = 100,
    after: Place | None = None,
) -> tuple[list[Listed], Place | None]:
    """Return the rows of a part of a figure, and the place after which there are more (None: these are the last).

    The conditions are those by which :func:`layers.indicators.read.read_figures` counts: the list is as long as the number.
    ``group`` and ``split`` are those of the figure; None: rows without one. Of a part of a whole the denominator is that of
    all parts.
    """
    asking = Asking(span, now, timezone, moved)
    asked = _asked(one, part, asking, by, group, split)
    time, run = at(one.basis, asking), _run(one)
    source = tables(one.population, asking, recast=by is FigureGroup.TOWNSHIP and moved is not None)
    query: Select = select(
        *(events.c[name] for name in ("id", "number", "kind", "state", "words", "address", "township_code", "village_code")),
        *(events.c[name] for name in ("reported_at", "closed_at")),
        *(func.coalesce(m.c[name], "").label(name) for name in ("handling", "level", "owner")),
        *_told(one),
        time.label("time"),
        run.label("run"),
    ).select_from(source)
    query = query.where(within(one.basis, asking), asked, visible(scope))
    if after is not None:
        query = query.where(tuple_(time, events.c.id, run) < tuple_(*after))
    limit = min(limit, MOST_PER_PAGE)
    found = session.execute(query.order_by(time.desc(), events.c.id.desc(), run.desc()).limit(limit + 1)).mappings().all()
    rows = [_listed(row) for row in found[:limit]]
    return rows, rows[-1].place if len(found) > limit else None


def _asked(
    one: Indicator, part: FigurePart, asking: Asking, by: FigureGroup, group: str | None, split: str | None
) -> ColumnElement[bool]:
    asked = [PARTS[part](one, asking.now)]
    if group != TOTAL:
        asked.append(_same(group_key(by, asking), group))
    if split != TOTAL and one.split is not None:
        mine = _same(SPLITS[one.split], split)
        if not one.whole or part is FigurePart.NUMERATOR:
            asked.append(mine)
        elif part is FigurePart.REST:  # of the whole, what is not this part's
            asked = [of_denominator(one, asking.now), *asked[1:], func.coalesce(~mine, True)]
    return and_(*asked)


def _same(key: ColumnElement, code: str | None) -> ColumnElement[bool]:
    return key.is_(None) if code is None else key == code


def _run(one: Indicator) -> ColumnElement[int]:
    columns: dict[Population, Any] = {Population.CLOCKS: c.c.run, Population.PAYMENTS: p.c.id}
    return columns.get(one.population, literal(0))


def _told(one: Indicator) -> list[ColumnElement]:
    clock, payment = one.population is Population.CLOCKS, one.population is Population.PAYMENTS
    amount = p.c[one.field.value] if payment and one.field is not None else literal(None)
    return [
        (c.c.clock if clock else literal("")).label("what"),
        (c.c.due_at if clock else literal(None)).label("due_at"),
        (c.c.stopped_at if clock else literal(None)).label("stopped_at"),
        amount.label("amount_yuan"),
    ]


def _listed(row: Any) -> Listed:
    values = {name: value for name, value in row.items() if name not in {"time", "run"}}
    words = mask_text(values["words"])
    values["words"] = words if len(words) <= MOST_WORDS else f"{words[:MOST_WORDS]}…"
    values["address"] = mask_text(values["address"])
    return Listed(**values, place=(row["time"], row["id"], row["run"]))


def open_grids(
    session: Session,
    part: FigurePart,
    *,
    scope: Scope = EVERYTHING,
    township: str | None = TOTAL,
    limit: int = 100,
    offset: int = 0,
) -> list[GridListed]:
    """Return the base grids behind the households, those with most not covered first; of the rest those with any.

    Rides the primary key of ``shapes`` and the index on (code, valid).
    """
    homes, lacking = grids_drawn()
    query = (
        select(drawn.c.code, base_grids.c.name, func.coalesce(village.c.name, ""), homes, lacking)
        .select_from(drawn)
        .join(base_grids, (base_grids.c.code == drawn.c.code) & in_force(base_grids))
        .outerjoin(village, (village.c.code == base_grids.c.village_code) & in_force(village))
        .where(*in_shown_edition(), in_scope(scope))
    )
    if part is FigurePart.REST:
        query = query.where(lacking > 0)
    if part is FigurePart.NUMERATOR:
        query = query.where(homes > lacking)
    if township != TOTAL:
        query = query.where(_same(village.c.parent_code, township))
    order = (homes - lacking).desc() if part is FigurePart.NUMERATOR else lacking.desc()
    rows = session.execute(query.order_by(order, drawn.c.code).limit(min(limit, MOST_PER_PAGE + 1)).offset(offset))
    return [GridListed(*row) for row in rows]
