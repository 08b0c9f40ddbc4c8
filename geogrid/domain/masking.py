"""Personal details, masked: a telephone number, an identity number, a name, wherever words go that somebody wrote.

The law on personal information (PIPL, articles 6 and 51) asks that no more is shown than a task needs. What is masked stays
stored as it was said, and is shown on request to those who handle the matter, with a trace.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Digits may be of full width and be parted by spaces or dashes, also by several or by marks that nobody sees, as people write
# and paste them; before a mobile number may stand the country's or the zero of calls from elsewhere.
_GAP = r"[\s\-\u2010-\u2015\u2212\uff0d\u00b7\u30fb.\uff0e\u00ad\u200b-\u200f\u2060\ufeff]{0,3}"
_PHONE = re.compile(rf"(?<!\d)(?:(?:\+|00)?86{_GAP})?0?1[3-9]\d(?:{_GAP}\d){{8}}(?!\d)")
_LANDLINE = re.compile(rf"(?<!\d)0\d{{2,3}}{_GAP}[2-9]\d{{6,7}}(?!\d)")
_IDENTITY = re.compile(rf"(?<!\d)[1-9]\d{{5}}(?:{_GAP}\d){{11}}{_GAP}[\dXx](?![\dA-Za-z])")
_CARD = re.compile(rf"(?<!\d)[3-6]\d{{3}}(?:{_GAP}\d){{12,15}}(?!\d)")  # 16 digits and more: a grid's code has 15
_MAIL = re.compile(r"[A-Za-z0-9._%+\-]+[@\uff20][A-Za-z0-9.\-]+\.[A-Za-z]{2,}")


def mask_text(text: str) -> str:
    """Return ``text`` with telephone, identity and bank card numbers and addresses of mail masked; the rest is untouched."""
    plain = _narrow(text)
    for pattern, first, last in ((_IDENTITY, 6, 4), (_CARD, 4, 4), (_PHONE, 3, 4), (_LANDLINE, 4, 2)):
        plain, text = _masked(pattern, plain, text, first, last)
    return _MAIL.sub(lambda found: found.group()[0] + "***@***", text)


def mask_name(name: str) -> str:
    """Return a name of which the first character stays: 张*."""
    return f"{name[0]}*" if name else ""


def mask_names(text: str, names: Iterable[str]) -> str:
    """Return ``text`` with names that are known masked wherever they stand; a single character is no name."""
    for name in sorted({one.strip() for one in names}, key=len, reverse=True):
        if len(name) > 1:
            text = text.replace(name, mask_name(name))
    return text


def mask_phone(number: str) -> str:
    """Return a telephone number of which the first three and the last four digits stay: 138****1234."""
    return f"{number[:3]}****{number[-4:]}" if len(number) > 7 else "*" * len(number)


def _narrow(text: str) -> str:
    """Return the text with digits of full width as plain ones, of the same length, for looking alone."""
    return "".join(str(unicodedata.digit(char)) if unicodedata.category(char) == "Nd" else char for char in text)


def _masked(pattern: re.Pattern[str], plain: str, text: str, first: int, last: int) -> tuple[str, str]:
    """Return both texts with the digits within each match starred, but for the first and the last ones of its last 18."""
    for found in pattern.finditer(plain):
        places = [i for i in range(*found.span()) if plain[i].isalnum()]
        for i in places[first:-last]:
            plain, text = f"{plain[:i]}*{plain[i + 1 :]}", f"{text[:i]}*{text[i + 1 :]}"
    return plain, text
