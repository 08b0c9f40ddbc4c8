"""JSON as RFC 8259 and I-JSON mean it: what Python's parser lets pass in silence is refused here, by name."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, NoReturn

from geogrid.channels import kind_of
from geogrid.errors import FieldType, JsonDuplicateKey, JsonEncoding, JsonError, JsonNan, JsonNul, JsonTooDeep

MOST_DEPTH = 32
ESCAPE = "Invalid \\escape"
# A string, closed or not, or one bracket; possessive, so that no input makes it look twice at a character.
_TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that ``body`` (UTF-8, with or without a byte order mark) holds.

    Raises
    ------
    JsonEncoding
        for UTF-16, UTF-32, invalid UTF-8 and lone surrogates.
    JsonTooDeep
        for more than ``MOST_DEPTH`` open brackets: checked before the parser sees them.
    JsonNan, JsonDuplicateKey, JsonNul, JsonError
        for NaN and Infinity, a key twice in one object, U+0000 in a text, and anything that is no JSON, with line and column.
    FieldType
        for JSON that is no object.
    """
    text = _decode(body)
    _check_depth(text)
    try:
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_without_duplicates)
    except json.JSONDecodeError as error:
        reason = ESCAPE if error.msg.startswith(ESCAPE) else error.msg  # some versions add which
        raise _syntax_error(reason, error.lineno, error.colno) from None
    except ValueError:  # a whole number of thousands of digits
        raise _syntax_error("a number of too many digits", 1, 1) from None
    _check_texts(value, "$")
    if not isinstance(value, dict):
        raise FieldType(field="$", wanted="an object of fields", got=kind_of(value), where={"path": "$"})
    return value


def _decode(body: bytes) -> str:
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" in body[:4]:
        raise JsonEncoding(reason="UTF-16 or UTF-32", where={"path": "$"})
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise JsonEncoding(reason="bytes that are no UTF-8", where={"path": "$", "byte": error.start}) from None


def _check_depth(text: str) -> None:
    depth = 0
    for token in _TOKENS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > MOST_DEPTH:
            raise JsonTooDeep(most=MOST_DEPTH, where={"path": "$"})


def _refuse_constant(literal: str) -> NoReturn:
    raise JsonNan(literal=literal, where={"path": "$"})


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        name = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise JsonDuplicateKey(name=name, where={"path": f"$.{name}"})
    return found


def _syntax_error(reason: str, line: int, column: int) -> JsonError:
    return JsonError(reason=reason, line=line, column=column, where={"path": "$", "line": line, "column": column})


def _check_texts(value: Any, path: str) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise JsonNul(where={"path": path})
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise JsonEncoding(reason="a lone surrogate", where={"path": path})
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_texts(key, path)
            _check_texts(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_texts(item, f"{path}[{index}]")
