"""Everything a page, sheet or print of figures says: read once, in one snapshot, for what the reader sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from sqlalchemy import text
from sqlalchemy.orm import Session

from geogrid.actions.figures import moved_townships
from geogrid.domain.indicators import TOTAL, Book, Figure, FigureGroup, Indicator
from geogrid.rules.indicators_periods import span_of, starts
from geogrid.rules.scope import Scope
from geogrid.store import scope
from geogrid.store.editions import find_in_force
from geogrid.store.readings import Touched
from geogrid.store.session import snapshot_scope
from layers.indicators import Figures, Groups, read_book, read_figures
from layers.indicators.ground import Outline, outlines
from layers.indicators.read import WHATEVER_THE_PERIOD
from layers.synthetic import holds_synthetic
from layers.unit_names import unit_names
from webmap.figures.asked import Asked
from webmap.figures.words import Names
from webmap.installation import installation
from webmap.language import current_language
from webmap.reading import current_scope

TIMEOUT_MS = 60_000


@dataclass(frozen=True)
class Told:
    """Figures of a period by group, one of them through time, the ground they lie on, and what stands on every sheet."""

    asked: Asked
    book: Book
    figures: Figures
    series: Figures | None
    ground: tuple[Outline, ...]
    names: Names
    now: datetime
    edition: str
    synthetic: bool
    order: tuple[str, ...]  # of townships, by code

    @cached_property
    def one(self) -> Indicator:
        """The figure that is looked at."""
        found = self.book.figure(self.asked.figure)
        if found is None:
            raise LookupError(self.asked.figure)
        return found

    @cached_property
    def split(self) -> str | None:
        """The part that is looked at: the one asked for; of a whole, whose parts alone say something, the largest."""
        asked = self.asked.split
        if self.one.split is None:
            return TOTAL
        if asked != TOTAL or not self.one.whole:
            return asked
        parts = self.parts(self.one)
        return max(parts, key=self._numerator, default=TOTAL)

    def _numerator(self, part: str | None) -> Decimal:
        found = self.figures.of(self.one.code, TOTAL, part)
        return Decimal(found.numerator) if found else Decimal(0)

    def parts(self, one: Indicator) -> list[str | None]:
        """Return the parts of a figure with a split, in their order; what is not stated last."""
        split = one.split
        return [] if split is None else sorted(self.figures.splits(one.code), key=lambda part: self.names.place(split, part))

    def groups(self, one: Indicator) -> list[str | None]:
        """Return the groups of a figure: all townships, or who has rows; in one order for table, plot and file.

        The greatest value of the figure looked at first; after them those with small numbers, without a value, and nobody's.
        """
        by, found = self.asked.by, self.figures.groups(one.code)
        if by is FigureGroup.TOWNSHIP:
            found = [*self.order, *(code for code in found if code not in self.order)]

        def rank(code: str | None) -> tuple[bool, bool, bool, Decimal, str]:
            figure = self.figures.of(self.one.code, code, self.split)
            value = figure.value if figure else None
            return (code is None, value is None, bool(figure and figure.is_small), -(value or Decimal(0)), code or "")

        return sorted(dict.fromkeys(found), key=rank)

    def figure(self, group: str | None = TOTAL, split: str | None = TOTAL, one: Indicator | None = None) -> Figure | None:
        """Return a figure; None where nothing was counted there."""
        return self.figures.of((one or self.one).code, group, split)

    def through_time(self) -> list[tuple[str, Figure | None]]:
        """Return the first day of each period and the figure of that period; empty where it is not told by time."""
        if self.series is None:
            return []
        each, first, last = self.asked.series()
        today = self.now.astimezone(self.asked.span.start.tzinfo).date()
        days = [day.isoformat() for day in starts(each, first, min(last, today))]
        return [(day, self.series.of(self.one.code, day, self.split)) for day in days]


def tell(asked_of: Callable[[Book], Asked]) -> Told:
    """Read what a page is asked for.

    Raises
    ------
    RequestInvalid, SetupError, IndicatorsInvalid
        where the question or the book is broken; else as :func:`geogrid.actions.figures.moved_townships` does.
    """
    here = installation()
    book, now = read_book(here.settings), here.now()
    asked = asked_of(book)
    with snapshot_scope(here.engine) as session:
        session.execute(text(f"SET LOCAL statement_timeout = {TIMEOUT_MS}"))
        seen = current_scope()
        scope.enter(session, seen)
        touched = Touched(asked.span, frozenset(one.basis for one in book.figures))
        moved = moved_townships(session, now, district=here.district, touched=touched) if asked.recast else None
        options = {"now": now, "timezone": asked.timezone, "scope": seen}
        whole = read_figures(session, book, asked.span, by=asked.by, moved=moved, **options)  # type: ignore[arg-type]
        series = _series(session, book, asked, seen, now)
        edition = find_in_force(session)
        names = Names(unit_names(session), here.district.programmes, current_language())
        ground = outlines(session)
        synthetic = here.district.profile.synthetic or holds_synthetic(session)
    shown = tuple(one for one in ground if seen.whole or _sees(one.code, whole, seen))
    order = tuple(one.code for one in shown)
    return Told(asked, book, whole, series, shown, names, now, edition.name if edition else "", synthetic, order)


def _sees(township: str, figures: Figures, seen: Scope) -> bool:
    """Whether a township is drawn for a reader of a part: his own, and those of which he sees a row."""
    return township in seen.units or any(row.group == township for row in figures.rows)


def _series(session: Session, book: Book, asked: Asked, seen: Scope, now: datetime) -> Figures | None:
    one = book.figure(asked.figure)
    if one is None or one.basis in WHATEVER_THE_PERIOD:
        return None
    each, first, _ = asked.series()
    span = span_of(first, asked.span.end.date(), asked.timezone)
    return read_figures(session, book, span, by=Groups(each=each), codes=[one.code], now=now, timezone=asked.timezone, scope=seen)
