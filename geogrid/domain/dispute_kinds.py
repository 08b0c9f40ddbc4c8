"""Kinds of disputes, by which stations and mediators are told apart: as ``data/mediation.toml`` states them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geogrid.domain.conditions import Title
from geogrid.errors import SetupError

MEND = "Correct the file; docs/guides/mediation.md says what stands in it."


@dataclass(frozen=True)
class DisputeKind:
    """A kind: the code that stations state, its title, words that point to it, categories by programme."""

    code: str
    title: Title
    words: tuple[str, ...] = ()
    categories: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True)
class DisputeKinds:
    """The kinds of a place in their order, and the court that confirms agreements there."""

    kinds: tuple[DisputeKind, ...]
    court: Title

    def find(self, code: str) -> DisputeKind | None:
        """Return the kind of this code."""
        return next((kind for kind in self.kinds if kind.code == code), None)

    def of(self, programme: str, category: str, words: str = "") -> str:
        """Return the code of the kind of a category; where it tells none, of the kind most of whose words were said; "" for any.

        Among kinds with as many words the first of the file is taken.
        """
        for kind in self.kinds:
            if category and category in (kind.categories or {}).get(programme, ()):
                return kind.code
        said = [(sum(word in words for word in kind.words), -place) for place, kind in enumerate(self.kinds)]
        most, place = max(said, default=(0, 0))
        return self.kinds[-place].code if most else ""


def parse_kinds(text: str, name: str) -> DisputeKinds:
    """Return what the file ``name`` states; raises SetupError with the place and the reason."""
    try:
        told = tomllib.loads(text)
        kinds = tuple(_kind(row) for row in told["kinds"])
        court = _title(told["court"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        raise SetupError(reason=f"{name}: {type(error).__name__} {error}", mend=MEND) from error
    codes = [kind.code for kind in kinds]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice or not codes:
        raise SetupError(reason=f"{name}: kinds {', '.join(twice) or '-'}: each stands once, one at least", mend=MEND)
    seen = dict[tuple[str, str], str]()
    for kind in kinds:
        for key in ((programme, one) for programme, ones in (kind.categories or {}).items() for one in ones):
            if key in seen:
                raise SetupError(reason=f"{name}: {key[0]} {key[1]} stands in {seen[key]} and {kind.code}", mend=MEND)
            seen[key] = kind.code
    return DisputeKinds(kinds, court)


def _kind(row: Mapping[str, Any]) -> DisputeKind:
    categories = {programme: tuple(map(str, codes)) for programme, codes in row.get("categories", {}).items()}
    return DisputeKind(str(row["code"]), _title(row["title"]), tuple(map(str, row.get("words", ()))), categories)


def _title(told: Mapping[str, str]) -> Title:
    return Title(zh=told["zh"], en=told["en"])
