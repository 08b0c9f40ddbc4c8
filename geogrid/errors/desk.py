"""What the desk refuses."""

from __future__ import annotations

from geogrid.errors.family import ConflictError, InputError


class ViewNameTaken(ConflictError):
    """You have a view called {name} already. Choose another name, or change that one."""

    code = "desk.view_name"


class NotKeyListed(ConflictError):
    """The event {number} is not on the key list: milestones are for what is followed there. Put it on the list first."""

    code = "desk.not_key_listed"


class MilestoneDone(ConflictError):
    """This milestone was reached already."""

    code = "desk.milestone_done"


class OrderToNobody(InputError):
    """Nobody would get an order to {party}. Name a person or a unit (kind:code) with people who hold posts there."""

    code = "desk.order_to"


class HandoverAccepted(ConflictError):
    """This shift was taken over already, by {by}."""

    code = "desk.handover"


class HandoverToNobody(InputError):
    """A shift goes to somebody else who sits at the same desk, or at the district's, not to {party}."""

    code = "desk.handover_to"


class WordsInvalid(InputError):
    """The text of {field} cannot be kept: {reason}."""

    code = "desk.words"
