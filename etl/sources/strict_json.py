"""JSON read strictly: keys once, numbers that JSON knows, brackets only so deep, and errors with their place."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from etl.errors import JsonDepth, JsonDuplicateKey, JsonNan, JsonSyntax

STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
STEP_OF_BYTE = np.zeros(256, np.int32)
STEP_OF_BYTE[list(b"[{")] = 1
STEP_OF_BYTE[list(b"]}")] = -1


def parse(text: str, name: str, *, most_depth: int) -> Any:
    """Return the value that ``text`` holds; raises JsonSyntax, JsonNan, JsonDuplicateKey, JsonDepth, each naming the file."""
    where: dict[str, Any] = {"path": name}
    if depth_of(text) > most_depth:
        raise JsonDepth(name=name, most=most_depth, where=where)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            keys = [key for key, _ in pairs]
            raise JsonDuplicateKey(name=name, key=next(key for key in keys if keys.count(key) > 1), where=where)
        return found

    def no_constant(value: str) -> Any:
        raise JsonNan(name=name, value=value, where=where)

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=no_constant)
    except json.JSONDecodeError as error:
        where["line"] = error.lineno
        raise JsonSyntax(name=name, reason=error.msg, line=error.lineno, column=error.colno, where=where) from error
    except RecursionError as error:
        raise JsonDepth(name=name, most=most_depth, where=where) from error
    except ValueError as error:  # an integer of more digits than Python converts
        raise JsonSyntax(name=name, reason=str(error), line="?", column="?", where=where) from error


def depth_of(text: str) -> int:
    """Return how deep brackets nest in ``text``, those inside strings not counted."""
    bare = STRING.sub(b"", text.encode("utf-8", "surrogatepass"))
    steps = STEP_OF_BYTE[np.frombuffer(bare, np.uint8)]
    return int(np.cumsum(steps).max(initial=0))
