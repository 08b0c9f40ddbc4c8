"""Numbers of the hall as JSON: what a clerk sees of the queues, and what everybody sees on the screen."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from geogrid.actions.window import Windows, day_of
from geogrid.domain.windows import Ticket, TicketState, Window
from geogrid.store import window_tickets
from webmap.installation import installation
from webmap.language import current_language, label, say

MINUTE_S = 60


def queue_body(session: Session, window: Window, every: Windows) -> dict[str, Any]:
    """Return who waits at ``window`` and who was called there, and of every window how many wait and for how long at most."""
    here = installation()
    now, day = here.now(), day_of(here.now(), here.district)
    tickets = window_tickets.of_day(session, day, every.letters, [window.code])
    waits = window_tickets.waiting(session, day)
    return {
        "window": window.code,
        "waiting": [shown_ticket(one) for one in tickets if one.state is TicketState.WAITING],
        "called": [shown_ticket(one) for one in tickets if one.state is TicketState.CALLED],
        "windows": [
            {
                "code": one.code,
                "letter": one.letter,
                "title": one.title.text(current_language()),
                "count": waits[one.code].count if one.code in waits else 0,
                "longest_min": _minutes((now - waits[one.code].since).total_seconds()) if one.code in waits else 0,
            }
            for one in every.every
        ],
        "served": window_tickets.served(session, day),
    }


def shown_ticket(ticket: Ticket) -> dict[str, Any]:
    """Return a number as the clerk sees it."""
    waited_s = ((ticket.called_at or installation().now()) - ticket.taken_at).total_seconds()
    told = {"id": ticket.id, "label": ticket.label, "state": {"code": ticket.state.value, "title": label(ticket.state)}}
    event = str(ticket.event_id) if ticket.event_id else None
    return {**told, "waited_min": _minutes(waited_s), "calls": ticket.calls, "moves": ticket.moves, "event": event}


def screen_body(session: Session, every: Windows) -> dict[str, Any]:
    """Return what the hall's screen shows: the numbers called, the latest first, and how many wait at each window."""
    here = installation()
    day = day_of(here.now(), here.district)
    waits = window_tickets.waiting(session, day)
    titles = {one.code: one.title.text(current_language()) for one in every.every}
    called = window_tickets.called(session, day, every.letters)
    return {
        "called": [{"label": one.label, "window": titles.get(one.window, one.window), "calls": one.calls} for one in called],
        "waiting": [{"window": titles[one.code], "count": waits[one.code].count} for one in every.every if one.code in waits],
        "total": sum(told.count for told in waits.values()),
        "as_of": say("As of {at}", at=_local(here.now())),
    }


def _local(at: datetime) -> str:
    return at.astimezone(ZoneInfo(installation().district.profile.timezone)).strftime("%Y-%m-%d %H:%M")


def _minutes(seconds: float) -> int:
    return max(0, int(seconds // MINUTE_S))
