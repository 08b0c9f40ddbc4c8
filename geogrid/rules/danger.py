"""Danger to life: which words and which classes of matters mean it, so that 110, 119 and 120 are said before anything else."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from geogrid.domain.conditions import Title
from geogrid.errors import SetupError

NAMES = {"sentence", "words", "categories"}
NOTHING = Title("", "")


@dataclass(frozen=True)
class Danger:
    """What means danger to life.

    Parameters
    ----------
    words : in small letters; a report that holds one of them means it
    categories : "programme:category"
    sentence : what is said first
    """

    words: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    sentence: Title = NOTHING

    def found(self, said: str, programme: str = "", category: str = "") -> tuple[str, ...]:
        """Return what of a report means danger to life, its words and its class; nothing where all is well."""
        small = said.lower()
        words = tuple(word for word in self.words if word in small)
        return (*words, category) if f"{programme}:{category}" in self.categories else words


def parse_danger(text: str, name: str) -> Danger:
    """Return what the file ``name`` says; raises SetupError where it cannot be read as that."""
    try:
        told = tomllib.loads(text)
        unknown = sorted(told.keys() - NAMES)
        if unknown:
            raise ValueError(f"nobody reads {', '.join(unknown)}")
        words, categories = (_texts(told, key) for key in ("words", "categories"))
        sentence = Title(told["sentence"]["zh"], told["sentence"]["en"])
    except (ValueError, KeyError, TypeError) as error:
        raise SetupError(reason=f"{name}: {error}", mend=f"Write words, categories and sentence into {name}.") from error
    return Danger(tuple(word.lower() for word in words), categories, sentence)


def _texts(told: dict, key: str) -> tuple[str, ...]:
    found = told[key]
    if not (isinstance(found, list) and all(isinstance(one, str) and one.strip() for one in found)):
        raise ValueError(f"{key} is a list of words")
    return tuple(found)
