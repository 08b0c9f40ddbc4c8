"""Who is on duty in which grid: one worker one grid for the base force, many grids for professionals, many forces in one grid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geogrid.domain.lists import Duty
from geogrid.errors import DutyTaken
from geogrid.store import lists

REASONS = {
    "ex_duties_one_grid": "one worker of the base force has one grid",
    "ex_duties_one_worker": "the grid has a worker of the base force in this role",
    "ex_duties_once": "the same duty is held already",
}


def give_duty(session: Session, duty: Duty, *, by: str, name: str = "") -> None:
    """Put a person on duty in a grid; ``name`` is what to call the person in an error.

    Raises
    ------
    DutyTaken
        where the base force would have two grids a worker, or two workers of one role a grid, at one time; nothing is changed.
    """
    give_duties(session, [duty], by=by, name=name)


def give_duties(session: Session, duties: Sequence[Duty], *, by: str, name: str = "") -> None:
    """Put people on duty, all of them or nobody; raises DutyTaken."""
    try:
        with session.begin_nested():
            lists.add_duties(session, duties, given_by=by)
    except IntegrityError as error:
        diagnosis = getattr(error.orig, "diag", None)
        reason = REASONS.get(getattr(diagnosis, "constraint_name", "") or "")
        if reason is None:
            raise
        grid = duties[0].grid if len(duties) == 1 else "-"
        raise DutyTaken(person=name or "-", grid=grid, reason=reason, where={"path": "grid"}) from error


def end_duty(session: Session, duty: Duty, *, now: datetime) -> bool:
    """End a duty that is held at ``now``; return whether it was."""
    return lists.end_duty(session, duty.person_id, duty.grid, now=now)
