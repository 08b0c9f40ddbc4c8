"""Outside channels that cannot be used, and orders that cannot be taken."""

from __future__ import annotations

from geogrid.errors.family import ConflictError, NotFoundError, SetupError
from geogrid.errors.reports import TimeForm


class ChannelFileInvalid(SetupError):
    """The channel {name} cannot be used. Mend its file; by line: {faults}"""

    code = "channel.file"


class OutsideChannelUnknown(NotFoundError):
    """No outside channel is called {channel}. Known: {known}. Each is a file of data/channels or var/channels."""

    code = "channel.outside_unknown"


class OrderTimeForm(TimeForm):
    """{value!r} is no time as this channel writes them. Send it like {example}."""

    code = "time.order_form"


class OrderConflict(ConflictError):
    """Order {number} was received with other words and is in hand; its channel takes no amendments. The first is kept."""

    code = "order.conflict"


class OrderOver(ConflictError):
    """Order {number} came again, but its matter {event} is {state}: no step leads back. Tell them, or open it by hand."""

    code = "order.over"


class ResendInvalid(ConflictError):
    """This cannot be sent again: it is {state}. Only what was given up or refused is."""

    code = "order.resend"
