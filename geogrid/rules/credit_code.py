"""The unified social credit code of organisations in China, by GB 32100-2015: 18 characters, the last one checks the others.

Registering department (1), kind of organisation (1), code of the place (6), the organisation's own code (9), check character (1).
I, O, S, V and Z are not used.
"""

from __future__ import annotations

import re

CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = tuple(pow(3, place, 31) for place in range(17))  # of GB 32100-2015, section 5
FORM = re.compile(rf"[1-9A-Y][1-9A-Y]\d{{6}}[{CHARACTERS}]{{10}}")
LENGTH = 18


def check_character(first: str) -> str:
    """Return the character that follows the first 17 of a code; raises ValueError for another length or a foreign character.

    >>> check_character("91350100M000100Y4")
    '3'
    """
    if len(first) != len(WEIGHTS):
        raise ValueError(f"{len(first)} characters: the check character follows 17")
    total = sum(CHARACTERS.index(character) * weight for character, weight in zip(first, WEIGHTS, strict=True))
    return CHARACTERS[-total % 31]


def fault_of(code: str) -> str:
    """Return what is wrong with a code, "" where nothing is: ``length``, ``characters`` or ``check``."""
    if len(code) != LENGTH:
        return "length"
    if not FORM.fullmatch(code) or any(character not in CHARACTERS for character in code):
        return "characters"
    return "" if check_character(code[:-1]) == code[-1] else "check"
