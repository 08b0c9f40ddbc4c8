"""One cell of a stranger's table to a value of ours, or the error that says why not."""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache
from typing import Any

from etl.errors import CoordText, NumberPrecision, TextInvalid, ValueRange, ValueType, ValueUnknown
from etl.kinds import CODE, INTEGER, MODES, NUMBER, TEXT, YES_NO, Column
from geogrid.domain.labelled import LabelledEnum
from geogrid.domain.stations import TravelMode
from geogrid.errors import AccuracyInvalid, CoordNotFinite, GeogridError
from geogrid.texts import languages, translate

NUMBER_TEXT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
YES = {"true", "t", "yes", "y", "1", "是", "有"}
NO = {"false", "f", "no", "n", "0", "否", "无"}
NOT_KEPT = re.compile("[\0\ud800-\udfff]")  # by PostgreSQL in a text
EXACT = 10**15  # a float beyond has lost digits that a code would need
MOST_TEXT = 100_000


def to_text(value: Any, column: str) -> str:
    """Return the cell as text, trimmed; raises TextInvalid for what PostgreSQL cannot hold, ValueType if long."""
    text = value.strip() if isinstance(value, str) else str(whole(value))
    if refused := NOT_KEPT.search(text):
        raise TextInvalid(column=column, character=f"U+{ord(refused.group()):04X}")
    if len(text) > MOST_TEXT:
        raise ValueType(column=column, value=text[:30] + "...", wanted=f"a text of at most {MOST_TEXT} characters")
    return text


def to_code(value: Any, column: str) -> str:
    """Return the cell as a code: 110.0 is 110, full-width digits are digits; raises NumberPrecision for 1.5E+17."""
    if isinstance(value, float) and (abs(value) >= EXACT or value != math.floor(value)):
        raise NumberPrecision(column=column, value=value)
    if isinstance(value, str) and re.fullmatch(r"\d(\.\d+)?[eE]\+?\d\d", value.strip()):
        raise NumberPrecision(column=column, value=value.strip())
    return unicodedata.normalize("NFKC", to_text(value, column))


def to_number(value: Any, column: str) -> float:
    """Return the cell as a finite float; raises ValueType."""
    if isinstance(value, bool):
        raise ValueType(column=column, value=value, wanted="a number")
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if not NUMBER_TEXT.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueType(column=column, value=value, wanted="a number")
    return float(text)


def to_accuracy(value: Any, most_m: float) -> float:
    """Return the cell as an accuracy in metres, above 0 and up to ``most_m``; raises AccuracyInvalid."""
    try:
        metres = to_number(value, "accuracy_m")
    except GeogridError as error:
        raise AccuracyInvalid(accuracy_m=value, most_m=int(most_m)) from error
    if not 0 < metres <= most_m:
        raise AccuracyInvalid(accuracy_m=value, most_m=int(most_m))
    return metres


def to_integer(value: Any, column: str) -> int:
    """Return the cell as an int; raises ValueType."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,18}", value.strip()):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    number = to_number(value, column)
    if number != math.floor(number) or abs(number) >= EXACT:
        raise ValueType(column=column, value=value, wanted="a whole number")
    return int(number)


def to_yes_no(value: Any, column: str) -> bool:
    """Return the cell as a bool; raises ValueType."""
    text = str(whole(value)).strip().lower()
    if text not in YES | NO:
        raise ValueType(column=column, value=value, wanted="yes or no")
    return text in YES


def to_degrees(value: Any, column: str) -> float:
    """Return the cell as degrees; full-width digits are read, degree signs and decimal commas are not; raises CoordError."""
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if text.lower() in {"nan", "inf", "-inf", "infinity", "-infinity"}:
        raise CoordNotFinite
    if isinstance(value, bool) or not NUMBER_TEXT.fullmatch(text):
        raise CoordText(column=column, value=value)
    number = float(text)
    if not math.isfinite(number):
        raise CoordNotFinite
    return number


def to_modes(value: Any, column: str) -> str:
    """Return the ways to travel that a cell names (joined by ``;`` or ``,``) as codes joined by ``;``; raises ValueUnknown."""
    found = set()
    for word in filter(None, (part.strip() for part in re.split("[;,；，、]", to_text(value, column)))):
        mode = _words(TravelMode).get(word.lower())
        if mode is None:
            raise ValueUnknown(column=column, value=word, known=", ".join(TravelMode.codes()))
        found.add(mode)
    return ";".join(mode for mode in TravelMode.codes() if mode in found)


def convert(value: Any, column: Column) -> Any:
    """Return the cell as ``column`` wants it (times and accuracies apart); raises InputError of the kind that fits."""
    if isinstance(column.type, str):
        found = READERS[column.type](value, column.name)
        if column.type in {INTEGER, NUMBER} and not column.least <= found <= column.most:
            raise ValueRange(column=column.name, value=value, least=column.least, most=column.most)
        return found
    text = to_text(value, column.name)
    found = _words(column.type).get(text.lower())
    if found is None:
        raise ValueUnknown(column=column.name, value=text, known=", ".join(column.type.codes()))
    return found


@lru_cache
def _words(enum: type[LabelledEnum]) -> dict[str, str]:
    """Return what may stand for each code of ``enum``: the code, and its label in each language where no other shares it."""
    labels = [
        (translate(member.label, language, enum.__name__).lower(), member.value) for member in enum for language in languages()
    ]
    meant = {word: {value for other, value in labels if other == word} for word, _ in labels}
    alone = {word: next(iter(values)) for word, values in meant.items() if len(values) == 1}
    return alone | {code: code for code in enum.codes()}


def from_sheet(value: Any) -> Any:
    """Return a cell of a spreadsheet: one of more digits than a sheet keeps (15) as the inexact number that it is."""
    return float(value) if isinstance(value, int) and abs(value) >= EXACT else value


def whole(value: Any) -> Any:
    """Return 110 for 110.0, since spreadsheets and nullable columns make floats of whole numbers."""
    whole = isinstance(value, float) and value == math.floor(value) and abs(value) < EXACT
    return int(value) if whole else value


READERS = {TEXT: to_text, CODE: to_code, INTEGER: to_integer, NUMBER: to_number, YES_NO: to_yes_no, MODES: to_modes}
