"""What is wrong with a query parameter, in sentences of ours: the library that checks them speaks English only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webmap.language import say

# kinds of faults of the models of this API; the values in braces are those of the fault's own context
SENTENCES = {
    "missing": "it is missing",
    "extra_forbidden": "it is unknown here",
    "string_too_long": "at most {max_length} characters",
    "string_pattern_mismatch": "it has another form here",
    "enum": "one of {expected}",
    "literal_error": "one of {expected}",
    "int_type": "a whole number is wanted",
    "int_parsing": "a whole number is wanted",
    "int_parsing_size": "a whole number is wanted",
    "int_from_float": "a whole number is wanted",
    "float_type": "a number is wanted",
    "float_parsing": "a number is wanted",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "bool_type": "true or false is wanted",
    "bool_parsing": "true or false is wanted",
    "uuid_type": "a UUID is wanted",
    "uuid_parsing": "a UUID is wanted",
}
TIME = "a time with its offset is wanted, such as 2025-06-18T15:00:00+08:00"
OTHER = "it cannot be read"


def in_words(fault: Mapping[str, Any]) -> str:
    """Return what is wrong in the request's language."""
    kind = fault["type"]
    sentence = TIME if kind.startswith(("datetime", "timezone")) else SENTENCES.get(kind, OTHER)
    values = dict(fault.get("ctx") or {})
    if "expected" in values:
        values["expected"] = ", ".join(part.strip(" '") for part in values["expected"].replace(" or ", ", ").split(","))
    return say(sentence, **values) if "{" in sentence else say(sentence)
