"""Frozen dataclasses of arrays as one run of bytes, each array aligned, and back without copying them.

What is not an array of numbers is told as JSON (sequences come back as tuples) or as WKB (shapely's geometries).
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Array = NDArray[Any]
Bytes = NDArray[np.uint8]

ALIGNMENT = 64  # a line of the processor's cache
ROOM = "geogrid.space."  # the only classes that a tree may name
PLAIN = (type(None), bool, int, float, str)


def flatten(parts: Mapping[str, Any]) -> tuple[dict[str, Any], list[Array]]:
    """Return a tree for each part that JSON can hold, and the arrays that they name by position.

    Raises TypeError for what cannot be told.
    """
    arrays: list[Array] = []
    return {name: _told(value, arrays) for name, value in parts.items()}, arrays


def restore(tree: Any, arrays: Sequence[Array]) -> Any:
    """Return the part that :func:`flatten` made ``tree`` of; its arrays are ``arrays`` themselves.

    Raises ValueError, TypeError, KeyError, IndexError or AttributeError for a tree that this program does not understand,
    such as one whose classes have other fields now.
    """
    if not isinstance(tree, dict):
        return tree
    ((kind, told),) = tree.items()
    if kind == "array":
        return arrays[told]
    if kind == "json":
        return _tuples(json.loads(arrays[told].tobytes()))
    if kind == "objects":
        return object_array(_tuples(json.loads(arrays[told].tobytes())))
    if kind == "shapes":
        return shapes_of(arrays[told[0]], arrays[told[1]])
    return _made(kind, told, arrays)


def object_array(values: Sequence[Any]) -> NDArray[np.object_]:
    """Return a one-dimensional array of objects, whatever their lengths."""
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def shapes_of(wkb: Bytes, ends: NDArray[np.int64]) -> NDArray[np.object_]:
    """Return the geometries whose WKB stand one after the other and end at ``ends``."""
    whole = wkb.tobytes()
    begins = [0, *ends[:-1].tolist()]
    parts = [whole[begin:end] for begin, end in zip(begins, ends.tolist(), strict=True)]
    found: NDArray[np.object_] = shapely.from_wkb(object_array(parts))
    return found


def wkb_of(shapes: Any) -> tuple[Bytes, NDArray[np.int64]]:
    """Return the WKB of geometries, one after the other, and where each ends."""
    parts = [bytes(part) for part in shapely.to_wkb(np.asarray(shapes, dtype=object))]
    ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
    return np.frombuffer(b"".join(parts), dtype=np.uint8), ends


def _told(value: Any, arrays: list[Array]) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, shapely.Geometry):
        raise TypeError("a geometry has to stand in an array")
    if isinstance(value, np.ndarray):
        return _told_array(value, arrays)
    if is_dataclass(value) and not isinstance(value, type):
        name = f"{type(value).__module__}:{type(value).__qualname__}"
        return {name: {field.name: _told(getattr(value, field.name), arrays) for field in fields(value)}}
    return {"json": _put(arrays, _json(value))}


def _told_array(value: Array, arrays: list[Array]) -> Any:
    if value.dtype.kind in "biufV":
        return {"array": _put(arrays, value)}
    if value.dtype.kind != "O" or value.ndim != 1:
        raise TypeError(f"an array of {value.dtype} in {value.ndim} dimensions cannot be told")
    if len(value) and isinstance(value[0], shapely.Geometry):
        wkb, ends = wkb_of(value)
        return {"shapes": [_put(arrays, wkb), _put(arrays, ends)]}
    return {"objects": _put(arrays, _json(value.tolist()))}


def _put(arrays: list[Array], array: Array) -> int:
    arrays.append(array)
    return len(arrays) - 1


def _json(value: Any) -> Bytes:
    return np.frombuffer(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), dtype=np.uint8)


def _tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_tuples(part) for part in value)
    return {name: _tuples(part) for name, part in value.items()} if isinstance(value, dict) else value


def _made(name: str, told: dict[str, Any], arrays: Sequence[Array]) -> Any:
    module, _, qualified = name.partition(":")
    if not module.startswith(ROOM):
        raise ValueError(f"a class that is not of this room: {name}")
    made = getattr(importlib.import_module(module), qualified)
    if not is_dataclass(made) or {field.name for field in fields(made)} != set(told):
        raise ValueError(f"{name} has other fields now")
    return made(**{field: restore(part, arrays) for field, part in told.items()})  # type: ignore[operator]
