"""Words that people write on the desk: trimmed, not empty, not too long, nothing that no database stores."""

from __future__ import annotations

from geogrid.errors import WordsInvalid
from geogrid.errors.family import Reason

MOST_CHARS = 2000


def kept(words: str, field: str, *, most: int = MOST_CHARS) -> str:
    """Return words as they are kept; raises WordsInvalid."""
    found = words.strip()
    if not found:
        raise WordsInvalid(field=field, reason="it is empty", where={"path": field})
    if len(found) > most:
        reason = Reason("it has {length} characters, {most} at most", length=len(found), most=most)
        raise WordsInvalid(field=field, reason=reason, where={"path": field})
    try:
        found.encode()
    except UnicodeEncodeError:
        raise WordsInvalid(field=field, reason="it holds half a character", where={"path": field}) from None
    if "\x00" in found:
        raise WordsInvalid(field=field, reason="it holds a NUL character", where={"path": field})
    return found
