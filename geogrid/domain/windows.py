"""Service windows of a hall: what each is for, and what becomes of a ticket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from geogrid.domain.conditions import Title
from geogrid.domain.events import EventKind
from geogrid.domain.labelled import LabelledEnum


class TicketState(LabelledEnum):
    """What became of a number that somebody drew at a window."""

    WAITING = "waiting", "Waiting"
    CALLED = "called", "Called"
    DONE = "done", "Served"
    ABSENT = "absent", "Did not come"

    @property
    def has_ended(self) -> bool:
        """Whether nobody waits with it any more."""
        return self in {TicketState.DONE, TicketState.ABSENT}


@dataclass(frozen=True)
class Window:
    """A window: ``letter`` begins its numbers, ``kinds`` are what it is asked most (the first is the form's default).

    ``asked`` is the party that counts as asked first when somebody comes here ("department:civil"); "" the owner by the rules.
    """

    code: str
    letter: str
    title: Title
    kinds: tuple[EventKind, ...]
    asked: str = ""


@dataclass(frozen=True)
class Ticket:
    """A number that was drawn; nothing of who drew it. ``label`` is what is called out: ``A012``."""

    id: int
    day: date
    label: str
    window: str
    state: TicketState
    taken_at: datetime
    called_at: datetime | None = None
    ended_at: datetime | None = None
    calls: int = 0
    moves: int = 0
    event_id: UUID | None = None
