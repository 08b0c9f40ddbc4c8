"""Plain values of a TOML file to frozen dataclasses, by their annotations; each fault is kept with its path, none is hidden."""

from __future__ import annotations

import dataclasses
import math
import re
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from geogrid.errors.family import Reason
from geogrid.rules.toml_lines import Path

BROKEN = object()


class OddValue(ValueError):
    """A value is not written as it must be; ``reason`` says why, in the reader's language."""

    def __init__(self, template: str, **values: Any) -> None:
        self.reason = Reason(template, **values)
        super().__init__(str(self.reason))


@dataclass
class Reader:
    """Builds things of ``names`` (file's key by field, where they differ) and ``forms`` (how a type is written as text).

    ``faults`` are (path, reason) of all that could not be built.
    """

    names: dict[tuple[type, str], str] = field(default_factory=dict)
    forms: dict[type, Callable[[Any], Any]] = field(default_factory=dict)
    faults: list[tuple[Path, Reason]] = field(default_factory=list)

    def build(self, kind: Any, value: Any, path: Path) -> Any:
        """Return ``value`` as a ``kind``; BROKEN, with its fault kept, where it is none."""
        if kind in self.forms:
            return self._formed(kind, value, path)
        if dataclasses.is_dataclass(kind):
            return self._thing(kind, value, path)
        origin = get_origin(kind)
        if origin is tuple:
            return self._tuple(get_args(kind), value, path)
        if origin is dict:
            return self._dict(get_args(kind), value, path)
        if origin in {Union, types.UnionType}:
            return self._union(get_args(kind), value, path)
        return self._plain(kind, value, path)

    def fault(self, path: Path, template: str, **values: Any) -> Any:
        """Keep a fault, its reason as template and values; return BROKEN."""
        self.faults.append((path, Reason(template, **values)))
        return BROKEN

    def _formed(self, kind: type, value: Any, path: Path) -> Any:
        try:
            return self.forms[kind](value)
        except OddValue as error:
            self.faults.append((path, error.reason))
            return BROKEN
        except (ValueError, TypeError, KeyError) as error:
            return self.fault(path, "it cannot be read: {error}", error=str(error))

    def _thing(self, kind: Any, value: Any, path: Path) -> Any:
        if not isinstance(value, dict):
            return self.fault(path, "{value} is no table", value=_shown(value))
        hints, fields = _hints(kind), [f for f in dataclasses.fields(kind) if f.init]
        keys = {self.names.get((kind, f.name), f.name): f for f in fields}
        for key in value.keys() - keys.keys():
            self.fault((*path, key), "{key} is unknown here; known: {known}", key=key, known=", ".join(sorted(keys)))
        built = {}
        for key, f in keys.items():
            if key in value:
                built[f.name] = self.build(hints[f.name], value[key], (*path, key))
            elif f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
                built[f.name] = self.fault(path, "{key} is missing", key=key)
        return BROKEN if any(v is BROKEN for v in built.values()) else kind(**built)

    def _tuple(self, of: tuple[Any, ...], value: Any, path: Path) -> Any:
        if not isinstance(value, list):
            return self.fault(path, "{value} is no list", value=_shown(value))
        if of[-1] is Ellipsis:
            of = (of[0],) * len(value)
        if len(of) != len(value):
            return self.fault(path, "{there} values where {wanted} belong", there=len(value), wanted=len(of))
        built = tuple(self.build(kind, part, (*path, i)) for i, (kind, part) in enumerate(zip(of, value, strict=True)))
        return BROKEN if any(part is BROKEN for part in built) else built

    def _dict(self, of: tuple[Any, ...], value: Any, path: Path) -> Any:
        key_kind, value_kind = of
        if not isinstance(value, dict):
            return self.fault(path, "{value} is no table", value=_shown(value))
        built = {self.build(key_kind, k, (*path, k)): self.build(value_kind, v, (*path, k)) for k, v in value.items()}
        return BROKEN if any(part is BROKEN for pair in built.items() for part in pair) else built

    def _union(self, of: tuple[Any, ...], value: Any, path: Path) -> Any:
        kinds = [kind for kind in of if kind is not type(None)]
        if len(kinds) == 1:
            return self.build(kinds[0], value, path)
        for kind in kinds:
            if type(value) is kind:
                return value
        return self.fault(path, NONE_OF, code=_shown(value), known=", ".join(kind.__name__ for kind in kinds))

    def _plain(self, kind: Any, value: Any, path: Path) -> Any:
        if issubclass(kind, Enum):
            known = [member.value for member in kind]
            return kind(value) if value in known else self.fault(path, NONE_OF, code=_shown(value), known=", ".join(known))
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            return self.fault(path, "{value} is not {kind}", value=_shown(value), kind=KINDS[kind])
        if kind is float and not math.isfinite(value):
            return self.fault(path, "{value} is no finite number", value=value)
        return value


KINDS = {
    str: Reason("a text"),
    int: Reason("a whole number"),
    float: Reason("a number"),
    bool: Reason("true or false"),
}
NONE_OF = "{code} is none of {known}"


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _shown(value: Any) -> str:
    return re.sub(r"(?s)^(.{60}).+", r"\1 ...", repr(value))
