"""Answers as Arrow columns, from the numbers of the index: each text is made once, not once a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from etl.assign_places import rule_of
from geogrid.errors import GeogridError
from geogrid.space.answers import RULES, Assignments
from geogrid.space.frames import candidates_text

if TYPE_CHECKING:
    import pyarrow as pa

DECIMALS = 6  # of metres and shares
NONE = -1
TEXTS = ("grid_code", "department_codes", "station_code", "rule", "candidates")
NUMBERS = ("distance_m", "confidence")
NAMES = ("grid_code", "department_codes", "station_code", "distance_m", "rule", "confidence", "candidates")


def answer_columns(
    found: Assignments, asked: np.ndarray, faults: dict[int, GeogridError], count: int
) -> dict[str, pa.DictionaryArray | pa.Array]:
    """Return the columns of ``count`` rows: texts as dictionaries, numbers as doubles, null where there is no answer.

    Parameters
    ----------
    found : the answers of the rows ``asked`` (ascending positions)
    faults : position -> why a row has no answer; its rule is the error's code. All rows not asked are among them, but rows
        that were asked may be too
    """
    numbers, tables = found.numbers, found.tables
    answered = np.full(count, NONE, dtype=np.int64)
    answered[asked] = np.arange(len(asked))
    answered[list(faults)] = NONE
    sets = found.department_sets
    columns = {
        "grid_code": _texts(_spread(numbers.grid, answered), tables.grid_codes[:-1]),
        "department_codes": _texts(_filled(_spread(numbers.departments, answered), sets), [";".join(codes) for codes in sets]),
        "station_code": _texts(_spread(numbers.station, answered), tables.station_codes[:-1]),
        "distance_m": _doubles(found.distance_m, answered),
        "rule": _rules(_spread(numbers.rule, answered), faults),
        "confidence": _doubles(found.confidence, answered),
        "candidates": _candidates(found, answered),
    }
    return {name: columns[name] for name in NAMES}


def _spread(numbers: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """Return the numbers row by row, ``NONE`` where there is no answer."""
    if len(answered) == len(numbers) and (not len(answered) or answered.min() >= 0):
        return numbers.astype(np.int32, copy=False)
    return np.where(answered >= 0, numbers[answered], NONE).astype(np.int32) if len(numbers) else answered.astype(np.int32)


def _filled(numbers: np.ndarray, sets: Any) -> np.ndarray:
    """Return the numbers with ``NONE`` for the empty set."""
    empty = np.array([not codes for codes in sets], dtype=bool)
    return np.where((numbers >= 0) & empty[numbers], NONE, numbers).astype(np.int32)


def _texts(numbers: np.ndarray, texts: Any) -> pa.DictionaryArray:
    import pyarrow as pa

    indices = pa.array(numbers, pa.int32(), mask=numbers < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(texts), pa.string()))


def _doubles(values: np.ndarray, answered: np.ndarray) -> pa.Array:
    import pyarrow as pa

    spread = np.where(answered >= 0, values[answered], np.nan) if len(values) else np.full(len(answered), np.nan)
    return pa.array(np.round(spread, DECIMALS), from_pandas=True)


def _rules(numbers: np.ndarray, faults: dict[int, GeogridError]) -> pa.DictionaryArray:
    known = {rule: number for number, rule in enumerate(RULES)}
    numbers = numbers.copy()
    for position, error in faults.items():
        numbers[position] = known.setdefault(rule_of(error), len(known))
    return _texts(numbers, known)


def _candidates(found: Assignments, answered: np.ndarray) -> pa.DictionaryArray:
    """Return the candidates as text; those of a point that is surely in its grid are written once a grid."""
    alone = found.tables.alone
    texts = [candidates_text(candidates) for candidates in alone[:-1]]
    numbers = found.numbers.grid.astype(np.int32)
    more: dict[str, int] = {"": NONE}
    for position, candidates in zip(found.weighed.position.tolist(), found.weighed.candidates, strict=True):
        numbers[position] = more.setdefault(candidates_text(candidates), len(texts) + len(more) - 1)
    return _texts(_spread(numbers, answered), [*texts, *(text for text in more if text)])
