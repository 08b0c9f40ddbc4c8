"""What a matter is to maps and figures: the stage its state stands for, and when it left the open ones."""

from __future__ import annotations

from datetime import datetime

from geogrid.domain.events import EventState
from geogrid.domain.matters import Matter
from geogrid.domain.programmes import Programme


def stage_of(programme: Programme, matter: Matter) -> EventState:
    """Return the stage of an event that the matter's state stands for."""
    return programme.state(matter.state).stage


def closed_at(programme: Programme, matter: Matter) -> datetime | None:
    """Return when the matter left the open stages for the last time, by whatever step; None while it is open.

    What is done to a closed matter (rated, archived) leaves the time as it is; one that was opened again has none.
    """
    left: datetime | None = None
    for taken in matter.taken:
        if programme.state(taken.state).stage.is_open:
            left = None
        elif left is None:
            left = taken.at
    return left
