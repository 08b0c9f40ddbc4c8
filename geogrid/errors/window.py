"""What can go wrong at a service window, and for who follows a matter from outside."""

from __future__ import annotations

from geogrid.errors.family import WORDS, AccessError, ConflictError, NotFoundError, SetupError


class WindowsInvalid(SetupError):
    """The file of windows {name} cannot be used: {faults}. Mend it and start again."""

    code = "window.file"


class WindowUnknown(NotFoundError):
    """There is no window {window}. Known: {known}."""

    code = "window.unknown"


class TicketMovedOn(ConflictError):
    """The number {label} is {state} by now. Look at the queue again."""

    code = "window.ticket"
    worded = WORDS | {"state"}


class NobodyWaits(ConflictError):
    """Nobody waits at this window. Numbers are drawn with the button beside it."""

    code = "window.empty"


class FollowRefused(AccessError):
    """Number and code do not belong together. Both stand on the receipt; a new code is given at the counter."""

    code = "follow.refused"
