"""A hotspot in words: "Market street: 3.1 times the usual, 41 events"."""

from __future__ import annotations

import math

from geogrid.domain.hotspots import Hotspot, HotspotKind
from geogrid.texts import translate


def label(hotspot: Hotspot) -> str:
    """Return rank, name and ratio for the map, the same in every language."""
    ratio = "" if hotspot.ratio is None else f" ×{cut(hotspot.ratio)}"
    return f"{hotspot.rank} {hotspot.name}{ratio}"


def cut(value: float, decimals: int = 1) -> str:
    """Return a number cut off, never rounded up: 3.19 is 3.1."""
    scale = 10**decimals
    whole = math.floor(abs(value) * scale + 1e-9)
    digits = f"{whole // scale}.{whole % scale:0{decimals}d}"
    return f"-{digits}" if value < 0 and whole else digits


def sentence(hotspot: Hotspot, language: str) -> str:
    """Return the hotspot in one sentence: name, ratio, events, most frequent kind, change and households."""
    parts = [_beyond(hotspot, language), _events(hotspot.events, language)]
    if hotspot.prevailing is not None:
        kind = translate(hotspot.prevailing.label, language, "EventKind")
        if language == "en":
            kind = kind[0].lower() + kind[1:]
        said = translate("mostly {kind} ({count})", language)
        parts.append(said.format(kind=kind, count=hotspot.prevailing_events))
    if hotspot.change is not None:
        parts.append(_change(hotspot, language))
    if hotspot.households:
        singular, plural = "{count} household", "{count} households"
        template = translate(singular if hotspot.households == 1 else plural, language)
        parts.append(template.format(count=f"{hotspot.households:,}"))
    joined = translate("{first}, {rest}", language)
    whole = parts[0]
    for part in parts[1:]:
        whole = joined.format(first=whole, rest=part)
    return translate("{name}: {text}", language).format(name=hotspot.name, text=whole)


def _beyond(hotspot: Hotspot, language: str) -> str:
    if hotspot.ratio is None:
        return translate("nothing was usual", language)
    rose = hotspot.kind is HotspotKind.RISING
    template = "{ratio} times what it had before" if rose else "{ratio} times the usual"
    return translate(template, language).format(ratio=cut(hotspot.ratio))


def _events(count: int, language: str) -> str:
    return translate("{count} event" if count == 1 else "{count} events", language).format(count=f"{count:,}")


def _change(hotspot: Hotspot, language: str) -> str:
    change = hotspot.change
    if change is None or change.ratio is None:
        return translate("none before", language)
    said = translate("{count} before ({ratio} times)", language)
    return said.format(count=f"{change.before:,}", ratio=cut(change.ratio, 2))
