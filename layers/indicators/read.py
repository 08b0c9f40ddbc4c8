"""Read figures: one pass over the rows of a period for all figures that count the same things by the same time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, text, tuple_
from sqlalchemy.orm import Session

from geogrid.domain.indicators import (
    TOTAL,
    Basis,
    Book,
    Field,
    Figure,
    FigureGroup,
    Indicator,
    Measure,
    Population,
    Span,
    Split,
)
from geogrid.domain.readings import Period
from geogrid.rules.indicators_values import is_small, value_of
from geogrid.rules.scope import EVERYTHING, Scope
from geogrid.store.scope import visible
from layers.indicators.conditions import any_of, of_denominator, of_numerator
from layers.indicators.others import households, workers
from layers.indicators.sources import FIELDS, SPLITS, Asking, group_key, period_key, tables, within

ALL_SETS = text("()")
WHATEVER_THE_PERIOD = {Basis.NOW, Basis.DRAWN}


@dataclass(frozen=True)
class Groups:
    """By whom figures are told apart, or by time: ``each`` period of the span instead of ``by``."""

    by: FigureGroup = FigureGroup.DISTRICT
    each: Period | None = None


@dataclass(frozen=True)
class Figures:
    """Figures that were read; for each, all together and each of its groups and splits that has rows."""

    rows: tuple[Figure, ...]
    span: Span
    as_of: datetime
    found: dict[tuple[str, str | None, str | None], Figure] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Make the figures quick to find."""
        self.found.update({(row.code, row.group, row.split): row for row in self.rows})

    def of(self, code: str, group: str | None = TOTAL, split: str | None = TOTAL) -> Figure | None:
        """Return one figure; None where no row was counted there."""
        return self.found.get((code, group, split))

    def groups(self, code: str) -> list[str | None]:
        """Return the groups of a figure that have rows, the total left out."""
        return list(dict.fromkeys(row.group for row in self.rows if row.code == code and row.group != TOTAL))

    def splits(self, code: str, group: str | None = TOTAL) -> list[str | None]:
        """Return the parts of a figure that have rows in a group, the total left out."""
        mine = (row for row in self.rows if row.code == code and row.group == group)
        return list(dict.fromkeys(row.split for row in mine if row.split != TOTAL))


def read_figures(
    session: Session,
    book: Book,
    span: Span,
    *,
    now: datetime,
    timezone: str,
    by: FigureGroup | Groups = FigureGroup.DISTRICT,
    scope: Scope = EVERYTHING,
    codes: Iterable[str] | None = None,
    moved: Mapping[UUID, str | None] | None = None,
) -> Figures:
    """Return the figures of a book for a span of time, for what ``scope`` sees.

    Parameters
    ----------
    now : the instant of the state that is read; nothing is known of what an event was before
    timezone : of the district, by which days and months turn
    by : by whom the figures are told apart, besides all together; ``Groups(each=Period.MONTH)``: by time
    codes : the figures wanted; None: all
    moved : townships of events under another edition than recorded (:func:`geogrid.actions.figures.moved_townships`)

    Rates are cut off, never rounded. What stands as of now, or as of the last analysis, is not told by time.
    """
    groups = by if isinstance(by, Groups) else Groups(by)
    wanted = [one for one in book.figures if codes is None or one.code in set(codes)]
    if groups.each is not None:
        wanted = [one for one in wanted if one.basis not in WHATEVER_THE_PERIOD]
    asking = Asking(span, now, timezone, moved)
    rows: list[Figure] = []
    for batch in _batches(wanted):
        if batch[0].population is Population.HOUSEHOLDS:
            rows += [figure for one in batch for figure in households(session, one, groups.by, scope, now)]
        else:
            rows += _told(_Batch(tuple(batch), asking, groups, scope).read(session), batch, now)
    order = {one.code: i for i, one in enumerate(wanted)}
    rows = _per_worker(session, rows, wanted, groups, scope, now)
    return Figures(tuple(sorted(rows, key=lambda row: order[row.code])), span, now)


def _batches(wanted: Sequence[Indicator]) -> Iterator[list[Indicator]]:
    """Yield figures that can be read in one pass; medians by themselves, since they sort what others only count."""
    found: dict[tuple[Any, ...], list[Indicator]] = defaultdict(list)
    for one in wanted:
        found[one.population, one.basis, one.measure is Measure.MEDIAN].append(one)
    yield from found.values()


@dataclass(frozen=True)
class Sums:
    """What a pass found of one figure in one group and split: rows of numerator and denominator, sum and middle of its field."""

    group: str | None
    split: str | None
    numerator: int
    denominator: int
    total: Decimal | None
    middle: Decimal | None


@dataclass(frozen=True)
class _Batch:
    """Figures of one population and one basis, read by one statement."""

    figures: tuple[Indicator, ...]
    asking: Asking
    groups: Groups
    scope: Scope

    def read(self, session: Session) -> dict[str, list[Sums]]:
        splits = list(dict.fromkeys(one.split for one in self.figures if one.split is not None))
        keyed = self.groups.each is not None or self.groups.by is not FigureGroup.DISTRICT
        rows = session.execute(self.statement(splits, keyed=keyed)).mappings()
        found: dict[str, list[Sums]] = defaultdict(list)
        for row in rows:
            group = row["g"] if keyed and not row["no_g"] else TOTAL
            shown = next((split for split in splits if not row[f"no_{split.value}"]), None)
            for i, one in enumerate(self.figures):
                if shown in {None, one.split}:
                    split = TOTAL if shown is None else row[shown.value]
                    found[one.code].append(self._sums(row, i, group, split))
        return found

    def _sums(self, row: Any, i: int, group: str | None, split: str | None) -> Sums:
        return Sums(group, split, row[f"n{i}"], row[f"d{i}"], row.get(f"t{i}"), row.get(f"m{i}"))

    def statement(self, splits: Sequence[Split], *, keyed: bool) -> Select:
        """Return the SELECT: what each row is to each figure, then counted over the sets of keys that are asked for."""
        facts = self._facts(splits, keyed=keyed).cte("facts")
        keys = [facts.c[name] for name in (*(["g"] if keyed else []), *(split.value for split in splits))]
        columns: list[ColumnElement] = [*keys, *(func.grouping(key).label(f"no_{key.name}") for key in keys)]
        for i, one in enumerate(self.figures):
            columns += self._aggregates(facts, i, one)
        sets: list[Any] = [ALL_SETS]
        for split in splits:
            sets.append(tuple_(facts.c[split.value]))
        if keyed:
            sets.append(tuple_(facts.c.g))
            sets += [tuple_(facts.c.g, facts.c[split.value]) for split in splits]
        return select(*columns).select_from(facts).group_by(func.grouping_sets(*sets) if keys else ALL_SETS)

    def _facts(self, splits: Sequence[Split], *, keyed: bool) -> Select:
        now, basis = self.asking.now, self.figures[0].basis
        columns: list[ColumnElement] = [SPLITS[split].label(split.value) for split in splits]
        recast = keyed and self.groups.each is None and self.groups.by is FigureGroup.TOWNSHIP and self.asking.moved is not None
        if keyed:
            each = self.groups.each
            key = period_key(basis, self.asking, each) if each else group_key(self.groups.by, self.asking)
            columns.append(key.label("g"))
        for i, one in enumerate(self.figures):
            columns += [of_denominator(one, now).label(f"is_d{i}"), of_numerator(one, now).label(f"is_n{i}")]
            if one.field is not None:
                columns.append(FIELDS[one.field].label(f"v{i}"))
        source = tables(self.figures[0].population, self.asking, recast=recast)
        counted = any_of([of_denominator(one, now) for one in self.figures])
        return select(*columns).select_from(source).where(within(basis, self.asking), counted, visible(self.scope))

    def _aggregates(self, facts: Any, i: int, one: Indicator) -> list[ColumnElement]:
        is_n, is_d = facts.c[f"is_n{i}"], facts.c[f"is_d{i}"]
        found = [func.count().filter(is_n).label(f"n{i}"), func.count().filter(is_d).label(f"d{i}")]
        if one.field is Field.CLOSED_AFTER:
            value = facts.c[f"v{i}"]
            found.append(func.percentile_disc(0.5).within_group(value).filter(is_n).label(f"m{i}"))
        elif one.field is not None:
            found.append(func.sum(facts.c[f"v{i}"]).filter(is_n).label(f"t{i}"))
        return found


def _told(sums: Mapping[str, list[Sums]], batch: Sequence[Indicator], now: datetime) -> Iterator[Figure]:
    for one in batch:
        wholes = {row.group: row.denominator for row in sums[one.code] if row.split == TOTAL}
        for row in sums[one.code]:
            denominator = wholes[row.group] if one.whole else row.denominator
            if not denominator and row.group != TOTAL:
                continue
            if not row.denominator and row.split != TOTAL:
                continue
            yield _figure(one, row, denominator, now)


def _figure(one: Indicator, row: Sums, denominator: int, now: datetime) -> Figure:
    numerator: int | Decimal = row.numerator
    if one.measure in {Measure.SUM, Measure.MEAN}:
        numerator = row.total if row.total is not None else Decimal(0)
    middle = None if row.middle is None else int(row.middle)
    value = value_of(one, numerator, denominator, middle)
    return Figure(one.code, row.group, row.split, numerator, denominator, value, now, is_small(one, denominator))


def _per_worker(
    session: Session, rows: list[Figure], wanted: Sequence[Indicator], groups: Groups, scope: Scope, now: datetime
) -> list[Figure]:
    """Put the workers on duty under the figures that are told by worker."""
    per = {one.code: one for one in wanted if one.measure is Measure.PER}
    if not per:
        return rows
    force = workers(session, groups.by, scope, now)
    found = []
    for row in rows:
        one = per.get(row.code)
        if one is None:
            found.append(row)
            continue
        count = force.get(row.group, 0)
        found.append(
            replace(row, denominator=count, value=value_of(one, row.numerator, count), is_small=is_small(one, count) or not count)
        )
    return found
