"""The guiding cases nearest to a dispute: for reference; they decide nothing.

Texts are compared by pairs of neighbouring characters: Chinese is written without spaces, and pairs need no dictionary. A pair
weighs the more the fewer cases hold it (tf-idf, smoothed); likeness is the cosine between two texts. A case of the dispute's own
kind counts a fifth more; where too few are alike, others of its kind follow and are said to be of the kind alone.
The same cases and words give the same answer, in any order.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from geogrid.domain.disputes import GuidingCase

KIND_FACTOR = 1.2  # an assumption
LEAST = 0.02  # below, two texts share no more than any two
MOST_SHARED = 5


@dataclass(frozen=True)
class NearCase:
    """A case, how like the dispute it is (0 to 1), and the words that both have, the heaviest first (none: of the same kind)."""

    case: GuidingCase
    likeness: float
    shared: tuple[str, ...]


def nearest(cases: Iterable[GuidingCase], kind: str, words: str, *, most: int = 3) -> list[NearCase]:
    """Return the cases most like what was said, the likest first; among equals the one of the lower number."""
    known = sorted(cases, key=lambda case: case.id)
    texts = [_pairs(f"{case.title}{case.facts}") for case in known]
    weights = _weights(texts)
    asked = _vector(_pairs(words), weights)
    found = [_near(case, _vector(pairs, weights), asked, kind, words) for case, pairs in zip(known, texts, strict=True)]
    like = sorted((near for near in found if near.likeness >= LEAST), key=lambda near: (-near.likeness, near.case.id))
    of_kind = [NearCase(near.case, 0.0, ()) for near in found if near.likeness < LEAST and kind and near.case.kind == kind]
    return [*like, *of_kind][:most]


def _pairs(text: str) -> Counter[str]:
    """Count the pairs of neighbouring letters and digits."""
    return Counter(pair for run in _runs(text) for pair in _pairs_of(run))


def _runs(text: str) -> list[str]:
    """Return the unbroken runs of letters and digits; marks and spaces part them."""
    narrow = unicodedata.normalize("NFKC", text).lower()
    return "".join(char if unicodedata.category(char)[0] in "LN" else " " for char in narrow).split()


def _pairs_of(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


def _weights(texts: Sequence[Counter[str]]) -> dict[str, float]:
    in_texts = Counter(pair for pairs in texts for pair in pairs)
    return {pair: math.log((1 + len(texts)) / (1 + count)) + 1.0 for pair, count in in_texts.items()}


def _vector(pairs: Counter[str], weights: dict[str, float]) -> dict[str, float]:
    """Return the weighted pairs of a text, of length one; pairs that no case holds do not count."""
    told = {pair: count * weights[pair] for pair, count in sorted(pairs.items()) if pair in weights}
    length = math.sqrt(math.fsum(value * value for value in told.values()))
    return {pair: value / length for pair, value in told.items()} if length else {}


def _near(case: GuidingCase, vector: dict[str, float], asked: dict[str, float], kind: str, words: str) -> NearCase:
    products = {pair: value * vector[pair] for pair, value in asked.items() if pair in vector}
    cosine = math.fsum(products.values())
    likeness = min(cosine * (KIND_FACTOR if kind and kind == case.kind else 1.0), 1.0)
    return NearCase(case, round(likeness, 6), _shared(words, f"{case.title}{case.facts}", products))


def _shared(words: str, text: str, products: dict[str, float]) -> tuple[str, ...]:
    """Return the longest stretches that both texts have, those first whose pairs weigh most."""
    there, found = " ".join(_runs(text)), set[str]()
    for run in _runs(words):
        start = 0
        while start < len(run) - 1:
            end = start + 1
            while end < len(run) and run[start : end + 1] in there:
                end += 1
            if end - start > 1:
                found.add(run[start:end])
            start = max(end - 1, start + 1)
    weights = {one: math.fsum(products.get(pair, 0.0) for pair in _pairs_of(one)) for one in found}
    return tuple(sorted(found, key=lambda one: (-weights[one], one))[:MOST_SHARED])
