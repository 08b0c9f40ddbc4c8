"""What is wrong with a parameter or a field of a body, in sentences of ours: the library that checks them speaks English only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from geogrid.channels import kind_of
from geogrid.errors import FieldMissing, FieldType, GeogridError, RequestInvalid
from webmap.language import say

A_NUMBER = "a number is wanted"
WHOLE_NUMBER = "a whole number is wanted"
# kinds of faults of the models of this API; the values in braces are those of the fault's own context
SENTENCES = {
    "missing": "it is missing",
    "extra_forbidden": "it is unknown here",
    "string_type": "text is wanted",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} characters",
    "string_pattern_mismatch": "it has another form here",
    "too_long": "at most {max_length} of them",
    "too_short": "at least {min_length} of them",
    "enum": "one of {expected}",
    "literal_error": "one of {expected}",
    "int_type": WHOLE_NUMBER,
    "int_parsing": WHOLE_NUMBER,
    "int_parsing_size": WHOLE_NUMBER,
    "int_from_float": WHOLE_NUMBER,
    "float_type": A_NUMBER,
    "float_parsing": A_NUMBER,
    "finite_number": A_NUMBER,
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "bool_type": "true or false is wanted",
    "bool_parsing": "true or false is wanted",
    "uuid_type": "a UUID is wanted",
    "uuid_parsing": "a UUID is wanted",
    "list_type": "a list is wanted",
    "dict_type": "an object of fields is wanted",
    "model_type": "an object of fields is wanted",
    "model_attributes_type": "an object of fields is wanted",
}
DAY = "a day is written 2025-06-18"
TIME = "a time with its offset is wanted, such as 2025-06-18T15:00:00+08:00"
OTHER = "it cannot be read"
# what a field should have been, by the first word of the fault's kind; in the words that messages about types use
KINDS = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "an object of fields",
    "model": "an object of fields",
    "uuid": "a UUID",
    "date": "a day such as 2025-06-18",
    "datetime": "a time with its offset",
}


def in_words(fault: Mapping[str, Any]) -> str:
    """Return what is wrong in the request's language."""
    kind = fault["type"]
    sentence = SENTENCES.get(kind) or _of_time(kind)
    values = {name: _plain(value) for name, value in (fault.get("ctx") or {}).items()}
    if "expected" in values:
        values["expected"] = ", ".join(part.strip(" '") for part in values["expected"].replace(" or ", ", ").split(","))
    return say(sentence, **values) if "{" in sentence else say(sentence)


def _plain(value: Any) -> Any:
    """Return a bound as it is written: no decimals where there are none."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _of_time(kind: str) -> str:
    if kind.startswith(("datetime", "timezone")):
        return TIME
    return DAY if kind.startswith("date") else OTHER


def name_of(fault: Mapping[str, Any], under: tuple[str, ...] = ()) -> str:
    """Return the field that a fault is about, joined by dots; ``under`` names what the model stands in."""
    return ".".join([*under, *(str(part) for part in fault["loc"])]) or "-"


def refusal_of(fault: Mapping[str, Any], under: tuple[str, ...] = ()) -> GeogridError:
    """Return FieldMissing, FieldType or RequestInvalid: the refusal of a body whose field does not fit its model."""
    name = name_of(fault, under)
    where, kind = {"path": name}, str(fault["type"])
    if kind == "missing":
        return FieldMissing(field=name, where=where)
    first, _, last = kind.rpartition("_")
    if last in {"type", "parsing"} and first.split("_")[0] in KINDS:
        return FieldType(field=name, wanted=KINDS[first.split("_")[0]], got=kind_of(fault["input"]), where=where)
    return RequestInvalid(name=name, reason=in_words(fault), where=where)
