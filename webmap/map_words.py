"""The words that the map's modules need, in one language."""

from __future__ import annotations

from typing import Any

from geogrid.texts import translate

WORDS = {
    "openOnly": "Open events only",
    "loading": "Loading …",
    "detailsFailed": "This cannot be shown just now. Try again in a moment.",
    "detailsMissing": "Nothing of this code or number is here. Check it, or search for it.",
    "closer": "Zoom in to see this layer.",
    "toBePlaced": "To be placed",
    "nothingFound": "Nothing found. Try a code, an event's number or a part of a name.",
    "searchFailed": "The search does not answer. Try again in a moment.",
    "zoomIn": "Zoom in",
    "zoomOut": "Zoom out",
    "secondsAgo": "data {n} s old",
    "minutesAgo": "data {n} min old",
}
FACES = {
    "loading": "Drawing the map …",
    "failed": "Parts of the map could not be loaded. Move the map to try again.",
    "empty": "Nothing is loaded here yet. Load a district with `geogrid load`, then activate its edition.",
    "ready": "",
}
LIVE = {"connecting": "Connecting", "live": "Live", "stale": "Connection lost"}
GROUPS = {"matters": "Events and stations", "analysis": "Analysis", "base": "Base map"}


def map_words(language: str) -> dict[str, Any]:
    """Return the words of the map's modules in ``language``."""
    words: dict[str, Any] = _translated(WORDS, language)
    return words | {name: _translated(part, language) for name, part in (("faces", FACES), ("live", LIVE), ("groups", GROUPS))}


def _translated(words: dict[str, str], language: str) -> dict[str, str]:
    return {name: translate(text, language) if text else "" for name, text in words.items()}
