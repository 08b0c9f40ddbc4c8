"""What stands behind a number: which figure, part, group and split an address names, and the rows that were counted."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from geogrid.actions.figures import moved_townships
from geogrid.domain.events import EventKind, EventState
from geogrid.domain.indicators import TOTAL, Book, Figure, FigureGroup, FigurePart, Indicator, Population, Split
from geogrid.domain.programmes import Party, PartyKind
from geogrid.errors import NotFoundError, RequestInvalid
from geogrid.errors.family import Reason
from geogrid.rules.scope import Scope
from geogrid.store import scope
from geogrid.store.readings import Touched
from layers.desk_names import names_for
from layers.indicators import Listed, open_list, read_figures
from layers.indicators.lists import GridListed, Place, open_grids
from layers.synthetic import holds_synthetic
from layers.unit_names import unit_names
from webmap.figures.asked import Asked, code_in
from webmap.figures.told import TIMEOUT_MS
from webmap.figures.words import (
    Names,
    fraction_text,
    labelled,
    number_text,
    part_title,
    period_text,
    time_text,
    value_text,
    whatever_the_period,
)
from webmap.installation import installation
from webmap.language import current_language, say
from webmap.matter_rows import party_words
from webmap.reading import current_scope


@dataclass(frozen=True)
class Behind:
    """A number of a figure: its part, of which group and split."""

    one: Indicator
    part: FigurePart
    group: str | None
    split: str | None
    asked: Asked

    @property
    def is_grids(self) -> bool:
        """Whether the list is one of base grids."""
        return self.one.population is Population.HOUSEHOLDS

    @property
    def by(self) -> FigureGroup:
        """By whom the number was told apart; all together needs no key."""
        return self.asked.by if self.group != TOTAL else FigureGroup.DISTRICT


@dataclass(frozen=True)
class Page:
    """A page of a list: rows as cells by column, the figure as it stands, where the list goes on ("" at the end)."""

    rows: list[dict[str, Any]]
    columns: list[tuple[str, str]]
    figure: Figure | None
    names: Names
    after: str
    as_of: datetime
    synthetic: bool


def behind(code: str, values: Mapping[str, str], book: Book, asked: Asked) -> Behind:
    """Return the number that an address names; raises NotFoundError or RequestInvalid."""
    one = book.figure(code)
    if one is None:
        raise NotFoundError(what=code)
    part = values.get("part") or one.opens.value
    if part not in FigurePart.codes():
        raise RequestInvalid(
            name="part", reason=Reason("one of {expected}", expected=", ".join(FigurePart.codes())), where={"path": "part"}
        )
    return Behind(one, FigurePart(part), code_in(values, "group"), code_in(values, "split"), asked)


def read_page(session: Session, what: Behind, *, limit: int, after: str = "") -> Page:
    """Return a page of the rows behind a number, for what the caller sees; raises RequestInvalid for a mark that is not ours."""
    here, seen = installation(), current_scope()
    session.execute(text(f"SET LOCAL statement_timeout = {TIMEOUT_MS}"))
    synthetic = here.district.profile.synthetic or holds_synthetic(session)
    scope.enter(session, seen)
    now, asked = here.now(), what.asked
    recast = asked.recast and what.group != TOTAL
    touched = Touched(asked.span, frozenset([what.one.basis]))
    moved = moved_townships(session, now, district=here.district, touched=touched) if recast else None
    options: dict[str, Any] = {"now": now, "timezone": asked.timezone, "by": what.by, "scope": seen, "moved": moved}
    figures = read_figures(session, _only(what.one), asked.span, **options)
    names = Names(unit_names(session), here.district.programmes, current_language())
    if what.is_grids:
        rows, goes_on = _grids(session, what, seen, limit, after)
        columns = _grid_columns()
    else:
        options |= {"group": what.group, "split": what.split, "limit": limit, "after": read_place(after)}
        found, place = open_list(session, what.one, what.part, asked.span, **options)
        called = names.units | names_for(session, {row.owner for row in found}).places  # stations and teams as well
        rows = [_cells(what.one, row, replace(names, units=called), asked.timezone) for row in found]
        goes_on = write_place(place)
        columns = _columns(what.one)
    figure = figures.of(what.one.code, what.group, what.split)
    as_of = figure.as_of if figure else now
    return Page(rows, columns, figure, names, goes_on, as_of, synthetic)


def _only(one: Indicator) -> Book:
    return Book("", 0, one.title, (one,))


def _grids(session: Session, what: Behind, seen: Scope, limit: int, after: str) -> tuple[list[dict[str, Any]], str]:
    offset = int(after) if after.isdecimal() and len(after) < 7 else 0
    found = open_grids(session, what.part, scope=seen, township=what.group, limit=limit + 1, offset=offset)
    return [_grid_cells(grid) for grid in found[:limit]], str(offset + limit) if len(found) > limit else ""


def _grid_columns() -> list[tuple[str, str]]:
    return [
        ("code", say("Grid")),
        ("name", say("Name of the grid")),
        ("village", say("Village")),
        ("households", say("Households")),
        ("without", say("Not within ten minutes")),
    ]


def _grid_cells(grid: GridListed) -> dict[str, Any]:
    told = {"code": grid.code, "name": grid.name, "village": grid.village}
    return {
        **told,
        "households": number_text(grid.households),
        "without": number_text(grid.without),
        "href": f"/?grid={grid.code}",
    }


def _columns(one: Indicator) -> list[tuple[str, str]]:
    """Return the columns of a list of events, as (name, title)."""
    extra = {
        Population.CLOCKS: [("what", say("Clock")), ("due", say("Due")), ("stopped", say("Clock stopped"))],
        Population.PAYMENTS: [("amount", say("Yuan"))],
    }.get(one.population, [])
    return [
        *[("number", say("Number")), ("kind", say("Kind")), ("state", say("Stage")), ("place", say("Where it is"))],
        *[("owner", say("Answers for it")), ("reported", say("Reported")), ("closed", say("Closed at"))],
        *extra,
        ("words", say("Words")),
    ]


def _cells(one: Indicator, row: Listed, names: Names, timezone: str) -> dict[str, Any]:
    place = names.units.get(row.village_code or "") or names.units.get(row.township_code or "") or say("Without a township")
    return {
        "id": str(row.id),
        "href": f"/events/{row.number}",
        "number": row.number,
        "kind": labelled(EventKind, row.kind),
        "state": labelled(EventState, row.state),
        "handling": names.split(Split.HANDLING, row.handling or None),
        "level": names.split(Split.LEVEL, row.level or None),
        "place": row.address or place,
        "owner": _owner(row.owner, names),
        "reported": time_text(row.reported_at, timezone)[:16],
        "closed": time_text(row.closed_at, timezone)[:16] if row.closed_at else "",
        "what": _clock(row, names),
        "due": time_text(row.due_at, timezone)[:16] if row.due_at else "",
        "stopped": time_text(row.stopped_at, timezone)[:16] if row.stopped_at else "",
        "amount": _yuan(row.amount_yuan),
        "words": row.words,
    }


def _yuan(amount: float | None) -> str:
    return "" if amount is None else f"{amount:,.2f}"


def _owner(owner: str, names: Names) -> str:
    kind, _, code = owner.partition(":")
    if not code or kind not in PartyKind.codes():
        return ""
    return names.units.get(code) or party_words(Party(PartyKind(kind), code), names.units)


def _clock(row: Listed, names: Names) -> str:
    if not row.what:
        return ""
    for programme in (names.programmes.default, *names.programmes.by_code.values()):
        for clock in programme.clocks:
            if clock.code == row.what:
                return clock.title.text(names.language)
    return row.what


def head_of(what: Behind, page: Page) -> dict[str, Any]:
    """Return what stands above a list: figure, part, whose, the value with what it is made of."""
    one, names = what.one, page.names
    whose = [names.group(what.asked.by, what.group)] if what.group != TOTAL else [names.group(FigureGroup.DISTRICT, TOTAL)]
    if one.split is not None and what.split != TOTAL:
        whose.append(names.split(one.split, what.split))
    return {
        "title": one.title.text(names.language),
        "part_said": part_title(one, what.part),
        "whose": " · ".join(whose),
        "value": value_text(one, page.figure),
        "of": fraction_text(one, page.figure),
        "is_small": bool(page.figure and page.figure.is_small and page.figure.value is not None),
        "period_said": whatever_the_period(one) or period_text(what.asked),
        "as_of": time_text(page.as_of, what.asked.timezone),
    }


# -- where a list goes on ----------------------------------------------------------------------------------------------------


def write_place(place: Place | None) -> str:
    """Return the mark that stands for a place in a list; empty at the end."""
    if place is None:
        return ""
    at, event_id, run = place
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{event_id}|{run}".encode()).decode()


def read_place(mark: str) -> Place | None:
    """Return the place of a mark; raises RequestInvalid for one that was not written here."""
    if not mark:
        return None
    try:
        at, event_id, run = base64.b64decode(mark[:200], altchars=b"-_", validate=True).decode("ascii").split("|")
        place = datetime.fromisoformat(at), UUID(event_id), int(run)
    except (binascii.Error, ValueError):
        place = None
    if place is None or place[0].tzinfo is None:
        raise RequestInvalid(name="after", reason=say("not one of ours"), where={"path": "after"})
    return place
