"""Words as people write them: kept untouched, refused only where a database cannot hold them or nobody reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geogrid.errors import FieldType, TextEmpty, TextTooLong, TextUnstorable


def checked_words(value: Any, path: str, *, most: int, required: bool) -> str:
    """Return ``value`` as it is.

    Raises
    ------
    FieldType, TextUnstorable (U+0000 and lone surrogates), TextTooLong (``most`` characters), TextEmpty (where ``required``)
    """
    where = {"path": path}
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise FieldType(field=path, wanted="text", got=kind_of(value), where=where)
    if len(value) > most:
        raise TextTooLong(field=path, length=len(value), most=most, where=where)
    for character in value:
        if character == "\0" or "\ud800" <= character <= "\udfff":
            raise TextUnstorable(field=path, character=f"U+{ord(character):04X}", where=where)
    if required and not value.strip():
        raise TextEmpty(field=path, where=where)
    return value


def kind_of(value: Any) -> str:
    """Return what ``value`` is, in words that the catalogues know and people too: not the names that Python has for it."""
    kinds = {type(None): "nothing", bool: "true or false", str: "text", int: "a number", float: "a number"}
    return kinds.get(type(value)) or ("an object of fields" if isinstance(value, Mapping) else "a list")


def shown(value: Any) -> str:
    """Return the beginning of ``value`` as text that a message can carry: short, and free of lone surrogates."""
    return f"{value!s:.60}".encode("utf-8", "replace").decode()
