"""Why a place was found for words, in words."""

from __future__ import annotations

from geogrid.domain.places import MatchedPart, NameMatch, PlaceCandidate
from geogrid.texts import translate


def reason_words(candidate: PlaceCandidate, language: str) -> list[str]:
    """Return one phrase a part of the address: what it is, what was said and found, and how the two fit."""
    return [_in_words(part, language) for part in candidate.reason]


def _in_words(part: MatchedPart, language: str) -> str:
    if part.match is NameMatch.OLD_NAME:
        template = "{part} {found}, formerly {said} ({years})" if part.years else "{part} {found}, formerly {said}"
    else:
        template = "{part} {said}: {match}" if not part.found or part.match in _BARE else "{part} {said}: {found}, {match}"
    words = {
        "part": translate(part.part.label, language, type(part.part).__name__),
        "said": part.said,
        "found": part.found,
        "years": part.years,
        "match": translate(part.match.label, language, "NameMatch"),
    }
    return translate(template, language).format(**words)


_BARE = (NameMatch.EXACT, NameMatch.ELSEWHERE)
