"""Numbers in query texts: what Python's ``float`` is generous with is refused."""

from __future__ import annotations

import re

from geogrid.errors import CoordText

_DECIMAL = re.compile(
    r"[+-]?(\d{1,12}(\.\d{0,18})?|\.\d{1,18})([eE][+-]?\d{1,3})?|[+-]?(nan|inf|infinity)", re.ASCII | re.IGNORECASE
)


def decimal(text: str, name: str) -> float:
    """Return the number that ``text`` writes in ASCII digits; NaN and infinity pass, for the rules of coordinates to refuse.

    Raises CoordText for degrees and minutes, full-width digits, decimal commas, underscores and anything else.
    """
    stripped = text.strip(" ")
    if not _DECIMAL.fullmatch(stripped):
        raise CoordText(got=text, where={"path": name})
    return float(stripped)
