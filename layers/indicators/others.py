"""What figures need beside events: households of the last analysis of circles, workers on duty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ARRAY, ColumnElement, Integer, Text, any_, bindparam, cast, distinct, func, or_, select, text, true
from sqlalchemy.orm import Session

from geogrid.domain.indicators import TOTAL, Figure, FigureGroup, Indicator
from geogrid.domain.people import Force
from geogrid.rules.indicators_values import is_small, value_of
from geogrid.rules.scope import Scope
from geogrid.store.tables.geography import base_grids, units
from geogrid.store.tables.lists import duties
from layers.service_circles import USUAL
from layers.shapes import in_force
from layers.uncovered import figures as drawn
from layers.uncovered import in_shown_edition, without

village = units.alias("village")


def in_scope(scope: Scope) -> ColumnElement[bool]:
    """Return the condition on base grids and their villages that leaves the territory a reader has."""
    if scope.whole:
        return true()
    mine = bindparam("own_units", list(scope.units), type_=ARRAY(Text))
    return or_(village.c.code == any_(mine), village.c.parent_code == any_(mine))


def grids_drawn() -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Return (households, households not within ten minutes) of a grid of the last analysis, as SQL."""
    return cast(drawn.c.properties["households"].astext, Integer), without(USUAL)


def households(session: Session, one: Indicator, by: FigureGroup, scope: Scope, now: datetime) -> Iterator[Figure]:
    """Yield the share of households within ten minutes, of the whole and of each township; nothing before the first analysis.

    The instant of the figure is that of the analysis. Rides the primary key of ``shapes`` and the index on (code, valid).
    """
    homes, lacking = grids_drawn()
    made_at = func.max(drawn.c.properties["made_at"].astext)
    township = village.c.parent_code
    found = (
        select(township, func.grouping(township), func.sum(homes - lacking), func.sum(homes), made_at)
        .select_from(drawn)
        .join(base_grids, (base_grids.c.code == drawn.c.code) & in_force(base_grids))
        .outerjoin(village, (village.c.code == base_grids.c.village_code) & in_force(village))
        .where(*in_shown_edition(), in_scope(scope))
        .group_by(func.grouping_sets(township, text("()")))
    )
    for code, is_total, covered, all_homes, at in session.execute(found):
        if not all_homes or (not is_total and by is not FigureGroup.TOWNSHIP):
            continue
        as_of = datetime.fromisoformat(at).astimezone(now.tzinfo)
        small = is_small(one, all_homes)
        yield Figure(
            one.code, TOTAL if is_total else code, TOTAL, covered, all_homes, value_of(one, covered, all_homes), as_of, small
        )


def workers(session: Session, by: FigureGroup, scope: Scope, now: datetime) -> dict[str | None, int]:
    """Return how many people of the base force are on duty at ``now``, in all and by township; departments have none in grids.

    Reads the duties in force, a few thousand.
    """
    township = village.c.parent_code
    found = (
        select(township, func.grouping(township), func.count(distinct(duties.c.person_id)))
        .select_from(duties)
        .join(base_grids, (base_grids.c.code == duties.c.grid) & in_force(base_grids))
        .outerjoin(village, (village.c.code == base_grids.c.village_code) & in_force(village))
        .where(duties.c.valid.op("@>")(now), duties.c.force == Force.BASE.value, in_scope(scope))
        .group_by(func.grouping_sets(township, text("()")))
    )
    rows = session.execute(found).all()
    return {TOTAL if total else code: count for code, total, count in rows if total or by is FigureGroup.TOWNSHIP}
