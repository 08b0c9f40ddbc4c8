"""Message catalogues: one mechanism for errors, enums, commands and pages.

The message itself, in English, is the key. Every package of the house that shows words has a folder ``texts`` with one
``<language>.po`` a language and is named by an entry point of the group ``geogrid.texts``; a new language is a new set
of such files and needs no code.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable

from babel.messages.pofile import read_po

SOURCE_LANGUAGE = "en"


def _folders() -> list[Traversable]:
    names = sorted({point.value for point in entry_points(group="geogrid.texts")} | {"geogrid"})
    return [files(name) / "texts" for name in names]


@lru_cache
def languages() -> tuple[str, ...]:
    """Return the languages that can be shown, the source language last."""
    found = {item.name.removesuffix(".po") for folder in _folders() for item in folder.iterdir() if item.name.endswith(".po")}
    return (*sorted(found - {SOURCE_LANGUAGE}, reverse=True), SOURCE_LANGUAGE)


@lru_cache
def catalogue(language: str) -> dict[tuple[str | None, str], str]:
    """Return the messages of ``language`` by (context, English message), those without a translation left out."""
    found: dict[tuple[str | None, str], str] = {}
    for folder in _folders():
        path = folder / f"{language}.po"
        if not path.is_file():
            continue
        with path.open("rb") as file:
            for message in read_po(file, locale=None):
                if message.id and message.string and isinstance(message.id, str) and isinstance(message.string, str):
                    found[(message.context, message.id)] = message.string
    return found


def translate(message: str, language: str, context: str | None = None) -> str:
    """Return ``message`` in ``language``; the message itself where there is no translation."""
    if language == SOURCE_LANGUAGE:
        return message
    return catalogue(language).get((context, message), message)
