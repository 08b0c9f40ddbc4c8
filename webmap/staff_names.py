"""Names of the staff as a reader is told them: whole to who sends people out and answers for them, masked to all others."""

from __future__ import annotations

from geogrid.domain.masking import mask_name
from geogrid.domain.people import Role
from webmap.login import current_caller

# Who gives work to people by name. What of the district they see is the scope's to say.
LEADS = frozenset({Role.DISPATCHER, Role.COMMANDER, Role.TOWNSHIP_LEADER})


def staff_name(name: str) -> str:
    """Return the name of a colleague as the caller of the current request may read it."""
    caller = current_caller()
    is_person = caller.login is not None  # a program sends nobody out
    return name if is_person and caller.actor.roles() & LEADS else mask_name(name)
