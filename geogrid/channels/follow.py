"""What a report says of following it: a code that its sender made, or the wish for one. It is no part of what is reported.

A code is a secret of who raised the matter: it is taken out here, before anything of the report is checked, hashed or kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from geogrid.channels.words import kind_of
from geogrid.errors import FieldType, FollowTwoWays
from geogrid.rules.follow import checked_code

CODE, WANTED = "follow_code", "follow"


@dataclass(frozen=True)
class FollowWish:
    """``code`` is the sender's own ("" for none; never in a printed form of this value); ``make``: one is to be made here."""

    code: str = field(default="", repr=False)
    make: bool = False

    def __bool__(self) -> bool:
        """Whether anything is wished."""
        return bool(self.code) or self.make


def without_wish(payload: Mapping[str, Any]) -> tuple[dict[str, Any], FollowWish]:
    """Return the payload of a report without what it says of following it, and that.

    Raises
    ------
    FieldType
        where a field is of another kind; the value is not repeated
    FollowCodeInvalid, FollowTwoWays
        where the code has another form, or both fields are there
    """
    report = {name: value for name, value in payload.items() if name not in {CODE, WANTED}}
    code, make = payload.get(CODE), payload.get(WANTED)
    if code is not None and not isinstance(code, str):
        raise FieldType(field=CODE, wanted="text", got=kind_of(code), where={"path": CODE})
    if make is not None and not isinstance(make, bool):
        raise FieldType(field=WANTED, wanted="true or false", got=kind_of(make), where={"path": WANTED})
    if code is not None and make:
        raise FollowTwoWays(where={"path": WANTED})
    return report, FollowWish("" if code is None else checked_code(code), bool(make))
