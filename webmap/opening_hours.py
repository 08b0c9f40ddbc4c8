"""Opening hours in words: the days and signs of OpenStreetMap's ``opening_hours`` said in the reader's language."""

from __future__ import annotations

import re

from geogrid.texts import translate

CONTEXT = "opening_hours"
DAYS = {"Mo": "Mon", "Tu": "Tue", "We": "Wed", "Th": "Thu", "Fr": "Fri", "Sa": "Sat", "Su": "Sun", "PH": "public holidays"}
OTHERS = {"off": "closed", "closed": "closed", "24/7": "at all hours"}
SIGNS = {",": ", ", ";": "; "}
_PART = re.compile(rf"(?P<word>\b(?:{'|'.join(DAYS)}|off|closed|24/7)\b)|(?P<sign>[,;]) *|(?P<to>(?<=[a-z])-(?=[A-Z]))")


def hours_text(written: str, language: str) -> str:
    """Return ``written`` (such as ``Tu,Th 09:00-15:00``) in ``language``; what is not understood stands as it is."""

    def said(found: re.Match[str]) -> str:
        if found["to"]:
            return translate("-", language, CONTEXT)
        word = found["word"] or found["sign"]
        return translate({**DAYS, **OTHERS, **SIGNS}[word], language, CONTEXT)

    return _PART.sub(said, written)
