"""A service window: numbers drawn, called, served or moved; a report taken down and placed, its receipt with a code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from geogrid.actions.accept import accept_report
from geogrid.actions.district import District
from geogrid.actions.follow import give_code
from geogrid.actions.place import place_event
from geogrid.domain.events import Event, Report
from geogrid.domain.people import Actor
from geogrid.domain.places import ConfirmedPlace
from geogrid.domain.windows import Ticket, TicketState, Window
from geogrid.errors import NobodyWaits, NotFoundError, PlaceUncovered, TicketMovedOn, WindowUnknown
from geogrid.rules.windows import parse_windows
from geogrid.settings import ROOT
from geogrid.store import audit, window_tickets

SHIPPED = ROOT / "data" / "windows.toml"
DREW, CALLED, ENDED, MOVED = "window.draw", "window.call", "window.end", "window.move"


@dataclass(frozen=True)
class Windows:
    """The windows of the hall, in their order."""

    every: tuple[Window, ...]

    @property
    def letters(self) -> dict[str, str]:
        """The letters of the numbers, by window."""
        return {window.code: window.letter for window in self.every}

    def of(self, code: str) -> Window:
        """Return the window of this code; raises WindowUnknown."""
        found = next((window for window in self.every if window.code == code), None)
        if found is None:
            raise WindowUnknown(window=code[:40], known=", ".join(self.letters))
        return found


@dataclass(frozen=True)
class TakenDown:
    """The event that a report at a window became; ``code`` to follow it by, "" where it was taken down before."""

    event: Event
    code: str
    uncovered: bool = False


def read_windows(data_dir: Path = SHIPPED.parent) -> Windows:
    """Return the windows of a place's folder, the shipped ones where it has no file; raises WindowsInvalid with lines."""
    path = data_dir / SHIPPED.name if (data_dir / SHIPPED.name).is_file() else SHIPPED
    return Windows(parse_windows(path.read_text("utf-8"), path.name))


def day_of(now: datetime, district: District) -> date:
    """Return the day of the hall at ``now``: numbers begin anew with it."""
    return now.astimezone(ZoneInfo(district.profile.timezone)).date()


def take_down(
    session: Session,
    report: Report,
    window: Window,
    *,
    actor: Actor,
    now: datetime,
    district: District,
    place: ConfirmedPlace | None = None,
    ticket: int | None = None,
    address: str = "",
) -> TakenDown:
    """Store what somebody said at a window, place it where the clerk confirmed a place, and make the code of the receipt.

    The window's party counts as asked first. A report sent again gives the same event and no new code. A place that no grid
    covers leaves the event to be placed.

    Raises
    ------
    errors of ``accept_report``
    """
    accepted = accept_report(session, report, now=now, district=district, actor=actor.id, asked=window.asked)
    if not accepted.created:
        return TakenDown(accepted.event, "")
    event, uncovered = accepted.event, False
    if place is not None:
        try:
            with session.begin_nested():
                event = place_event(session, event.id, None, now=now, district=district, actor=actor.id, place=place)
        except PlaceUncovered:
            uncovered = True
    details = {"window": window.code, "number": event.number, "placed": place is not None and not uncovered}
    audit.write(
        session, actor=actor.id, action="window.report", now=now, **audit.event(event.id), details=details, address=address
    )
    if ticket is not None:
        window_tickets.bind(session, ticket, event.id)
    return TakenDown(event, give_code(session, event.id, actor=actor, now=now, district=district, address=address), uncovered)


# -- numbers ----------------------------------------------------------------------------------------------------------


def draw(session: Session, window: Window, windows: Windows, *, actor: Actor, now: datetime, district: District) -> Ticket:
    """Draw the next number at a window; numbers begin with 1 each day."""
    ticket_id = window_tickets.draw(session, day_of(now, district), window.code, now=now)
    found = _held(session, ticket_id, windows)
    _told(session, found, DREW, actor, now)
    return found


def call_next(session: Session, window: Window, windows: Windows, *, actor: Actor, now: datetime, district: District) -> Ticket:
    """Call who waits longest at a window; two who call at once call two people. Raises NobodyWaits."""
    ticket_id = window_tickets.next_of(session, day_of(now, district), window.code)
    if ticket_id is None:
        raise NobodyWaits(where={"path": window.code})
    return _called(session, _held(session, ticket_id, windows), actor, now)


def call_again(session: Session, ticket_id: int, windows: Windows, *, actor: Actor, now: datetime) -> Ticket:
    """Call a number again that was called and did not come yet; raises TicketMovedOn where it is not called now."""
    return _called(session, _in(session, ticket_id, windows, TicketState.CALLED), actor, now)


def end(session: Session, ticket_id: int, state: TicketState, windows: Windows, *, actor: Actor, now: datetime) -> Ticket:
    """End a called number: served, or did not come; raises TicketMovedOn where it is not called now."""
    held = _in(session, ticket_id, windows, TicketState.CALLED)
    window_tickets.change(session, held.id, state=state.value, ended_at=now)
    _told(session, held, ENDED, actor, now, state=state.value)
    return replace(held, state=state, ended_at=now)


def move(session: Session, ticket_id: int, to: Window, windows: Windows, *, actor: Actor, now: datetime) -> Ticket:
    """Send a number to another window: it waits there by the time it was drawn, nobody begins again.

    Raises
    ------
    TicketMovedOn
        where it has ended
    """
    held = _held(session, ticket_id, windows)
    if held.state.has_ended:
        raise TicketMovedOn(label=held.label, state=held.state.label)
    changed = {"waits_at": to.code, "state": TicketState.WAITING.value, "called_at": None, "moves": held.moves + 1}
    window_tickets.change(session, held.id, **changed)
    _told(session, held, MOVED, actor, now, to=to.code)
    return replace(held, window=to.code, state=TicketState.WAITING, called_at=None, moves=held.moves + 1)


def _called(session: Session, held: Ticket, actor: Actor, now: datetime) -> Ticket:
    changed = {"state": TicketState.CALLED.value, "called_at": now, "calls": held.calls + 1, "called_by": actor.id}
    window_tickets.change(session, held.id, **changed)
    _told(session, held, CALLED, actor, now)
    return replace(held, state=TicketState.CALLED, called_at=now, calls=held.calls + 1)


def _held(session: Session, ticket_id: int, windows: Windows) -> Ticket:
    found = window_tickets.find(session, ticket_id, windows.letters, lock=True)
    if found is None:
        raise NotFoundError(what=str(ticket_id))
    return found


def _in(session: Session, ticket_id: int, windows: Windows, state: TicketState) -> Ticket:
    held = _held(session, ticket_id, windows)
    if held.state is not state:
        raise TicketMovedOn(label=held.label, state=held.state.label)
    return held


def _told(session: Session, ticket: Ticket, action: str, actor: Actor, now: datetime, **more: str) -> None:
    details = {"window": ticket.window, "label": ticket.label, "day": ticket.day.isoformat(), **more}
    audit.write(session, actor=actor.id, action=action, now=now, object_kind="ticket", object_id=str(ticket.id), details=details)
