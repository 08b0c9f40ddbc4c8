"""What can go wrong at a service window, and for who follows a matter from outside."""

from __future__ import annotations

from geogrid.errors.family import WORDS, AccessError, ConflictError, InputError, NotFoundError, SetupError


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


class FollowCodeInvalid(InputError):
    """A code to follow by has {length} characters of {alphabet}, each drawn by a cryptographic source. Draw a new one."""

    code = "follow.code_form"


class FollowTwoWays(InputError):
    """Send either follow_code, made by yourself, or "follow": true, to be given one; not both."""

    code = "follow.two_ways"


class FollowByHandler(AccessError):
    """This code was given by who handles the matter: it shows the progress and urges. Ask a window or the hotline for another."""

    code = "follow.handler"


class HandlerGivesNoCode(AccessError):
    """Who handles a matter gives no code for it. A window, the hotline or a dispatcher gives one."""

    code = "follow.handler_gives_none"
