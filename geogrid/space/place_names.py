"""Names found in running text: as they are, in short, by sound, with one character wrong, or in part by their bigrams."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from geogrid.domain.places import NameMatch
from geogrid.space.place_text import initials_of, normalised, sound_of

SUFFIXES = (
    *("街道办事处", "街道", "社区居委会", "社区", "村委会", "村", "镇", "乡", "区", "县"),
    *("大街", "大道", "公路", "胡同", "路", "街", "道", "巷", "屯", "庄园", "小区", "组"),
)
LONGEST_NAME = 24  # that a slip is looked for in
LONGEST_FORM = 60
# How sure a name is by the way it fits; the order is the order of trust, the numbers are our choice, measured on the twin.
TRUST = {
    NameMatch.EXACT: 1.0,
    NameMatch.OLD_NAME: 0.97,
    NameMatch.OTHER_NAME: 0.98,
    NameMatch.SHORT: 0.9,
    NameMatch.SOUND: 0.85,
    NameMatch.TYPO: 0.7,
    NameMatch.PART: 0.6,
}
SPELLED_TRUST = 0.95  # a full name spelled in letters: the only way to say it there
INITIALS_TRUST = 0.6
LEAST_LETTERS = 5
LEAST_COVERED = 0.5  # of a name's bigrams, by weight, before a part stands for it
LEAST_RUN = 3  # bigrams one after the other that stand for a name, however long it is
MOST_PARTS = 12
TIE = 0.04
FIRM = (NameMatch.EXACT, NameMatch.OLD_NAME, NameMatch.OTHER_NAME)  # no guess takes a character from a name that is there in full


@dataclass(frozen=True)
class Spot:
    """A name seen in a text: from ``start`` to ``end``, the number of the named thing, and how sure that is (0 to 1)."""

    start: int
    end: int
    thing: int
    match: NameMatch
    trust: float

    @property
    def strength(self) -> float:
        """What decides between names that overlap: the longer and surer one counts."""
        return self.trust * (self.end - self.start)


@dataclass(frozen=True)
class _Form:
    thing: int
    match: NameMatch
    full: bool


@dataclass(frozen=True)
class Names:
    """What a thing goes by: its ``name``, former and other names; ``exact``: it counts only where it is said in full."""

    name: str
    old: Sequence[str] = ()
    other: Sequence[str] = ()
    exact: bool = False


class NameIndex:
    """Names of things by number: ``names[i]`` are those of the thing ``i``."""

    def __init__(self, names: Sequence[Names]) -> None:
        self._forms: dict[str, list[_Form]] = defaultdict(list)
        self._lacking: dict[tuple[int, str], list[int]] = defaultdict(list)
        self._shorter: dict[str, list[int]] = defaultdict(list)
        self._sounds: dict[str, list[_Form]] = defaultdict(list)
        self._initials: dict[str, list[int]] = defaultdict(list)
        self._bigrams: dict[str, list[int]] = defaultdict(list)
        self._plain = [normalised(one.name) for one in names]
        for thing, own in enumerate(names):
            add = self._add_exact if own.exact else self._add
            add(thing, self._plain[thing], NameMatch.EXACT)
            for old in own.old:
                add(thing, normalised(old), NameMatch.OLD_NAME)
            for other in own.other:
                add(thing, normalised(other), NameMatch.OTHER_NAME)
            for pair in () if own.exact else set(bigrams(self._plain[thing])):
                self._bigrams[pair].append(thing)
        self._weight = {pair: math.log1p(len(names) / len(things)) for pair, things in self._bigrams.items()}
        self._longest_sound = max((len(letters) for letters in self._sounds), default=0)
        self._longest_form = min(LONGEST_FORM, max((len(form) for form in self._forms), default=0))

    def _add_exact(self, thing: int, name: str, match: NameMatch) -> None:
        if len(name) >= 2:
            self._forms[name].append(_Form(thing, match, True))

    def _add(self, thing: int, name: str, match: NameMatch) -> None:
        if len(name) < 2:
            return
        self._forms[name].append(_Form(thing, match, True))
        self._sounds[sound_of(name).letters].append(_Form(thing, match, True))
        self._initials[initials_of(name)].append(thing)
        short = stem_of(name)
        if short != name:
            self._forms[short].append(_Form(thing, NameMatch.SHORT, False))
            self._sounds[sound_of(short).letters].append(_Form(thing, NameMatch.SHORT, False))
        for at, less in enumerate(one_less(name) if 3 <= len(name) <= LONGEST_NAME else ()):
            self._lacking[at, less].append(thing)
            if len(name) >= 4:
                self._shorter[less].append(thing)

    def spots(self, text: str) -> list[Spot]:
        """Return the names seen in a normalised text: of those that overlap, the strongest; in the order of their places."""
        named = list(self._as_named(text))
        firm = strongest(spot for spot in named if spot.match in FIRM and spot.end - spot.start >= 3)
        guessed = [*self._by_sound(text), *self._by_initials(text), *self._with_one_wrong(text)]
        found = named + [spot for spot in guessed if not _overlaps(spot, firm)]
        sure = strongest(found)
        found += self._in_part(text, sure)
        return strongest(found)

    def _as_named(self, text: str) -> Iterator[Spot]:
        for start, end in _windows(len(text), 2, self._longest_form):
            for form in self._forms.get(text[start:end], ()):
                if not _cuts_a_word(text, start, end):
                    yield Spot(start, end, form.thing, form.match, TRUST[form.match])

    def _by_sound(self, text: str) -> Iterator[Spot]:
        sound = sound_of(text)
        size = len(sound.letters)
        for start, end in _windows(size, LEAST_LETTERS, self._longest_sound):
            forms = self._sounds.get(sound.letters[start:end])
            if not forms or not sound.begins[start] or (end < size and not sound.begins[end]):
                continue
            first, last = sound.source[start], sound.source[end - 1] + 1
            spelled = text[first:last].isascii()
            if not spelled and not text[first:last].isalnum():
                continue
            for form in forms:
                if spelled and self._plain[form.thing].isascii() and _cuts_a_word(text, first, last):
                    continue
                if spelled:
                    yield Spot(first, last, form.thing, NameMatch.SOUND, SPELLED_TRUST if form.full else TRUST[NameMatch.SOUND])
                elif form.full and last - first >= 3:
                    yield Spot(first, last, form.thing, NameMatch.SOUND, TRUST[NameMatch.SOUND])

    def _by_initials(self, text: str) -> Iterator[Spot]:
        at = 0
        for word in text.split(" "):
            if word.isascii() and word.isalpha() and len(word) >= 3:
                for thing in self._initials.get(word, ()):
                    yield Spot(at, at + len(word), thing, NameMatch.SOUND, INITIALS_TRUST)
            at += len(word) + 1

    def _with_one_wrong(self, text: str) -> Iterator[Spot]:
        """A wrong character: both lack the same place; a missing one: the name lacks it; one too many: the text lacks it."""
        trust = TRUST[NameMatch.TYPO]
        for start, end in _windows(len(text), 3, LONGEST_NAME):
            window = text[start:end]
            seen = set(self._shorter.get(window, ()))
            for at, less in enumerate(one_less(window)):
                if at < len(less) or less not in self._forms:  # another word for the kind is no slip: the short form counts
                    seen.update(self._lacking.get((at, less), ()))
                if len(less) >= 4 and 0 < at < len(less):
                    seen.update(form.thing for form in self._forms.get(less, ()) if form.full)
            cuts = _cuts_a_word(text, start, end)
            for thing in sorted(seen):
                name = self._plain[thing]
                if not name.isascii() or (not cuts and len(name) >= LEAST_LETTERS):
                    yield Spot(start, end, thing, NameMatch.TYPO, trust)

    def _in_part(self, text: str, sure: Sequence[Spot]) -> Iterator[Spot]:
        for start, end in _left_over(len(text), sure):
            covered: Counter[int] = Counter()
            places: dict[int, list[int]] = defaultdict(list)
            for at, pair in enumerate(bigrams(text[start:end]), start):
                for thing in () if pair.isascii() else self._bigrams.get(pair, ()):  # letters say little in pairs
                    if at not in places[thing]:
                        covered[thing] += 1
                        places[thing].append(at)
            shares = [(self._share(text, thing, places[thing]), thing) for thing, count in covered.items() if count >= 2]
            for share, thing in sorted(shares, key=lambda one: (-one[0], one[1]))[:MOST_PARTS]:
                if share >= LEAST_COVERED:
                    trust = TRUST[NameMatch.PART] * min(1.0, share)
                    yield Spot(places[thing][0], places[thing][-1] + 2, thing, NameMatch.PART, trust)

    def _share(self, text: str, thing: int, places: list[int]) -> float:
        own = set(bigrams(self._plain[thing]))
        seen = {text[at : at + 2] for at in places}
        share = sum(self._weight[pair] for pair in seen) / sum(self._weight[pair] for pair in own)
        return max(share, LEAST_COVERED) if _longest_run(places) >= LEAST_RUN else share


def strongest(spots: Iterable[Spot]) -> list[Spot]:
    """Return the spots that no stronger one overlaps, by place; of one thing at one place, the surest; others of a place tie."""
    kept: list[Spot] = []
    for spot in sorted(set(spots), key=lambda one: (-one.strength, one.start, one.end, one.thing, one.match)):
        rivals = [other for other in kept if other.start < spot.end and spot.start < other.end]
        if all(_ties(spot, other) for other in rivals):
            kept.append(spot)
    return sorted(kept, key=lambda one: (one.start, one.end, -one.trust, one.thing))


def _ties(spot: Spot, other: Spot) -> bool:
    """Whether two things go by the same words equally well: a short form is none where it is the full name of another."""
    return (other.start, other.end) == (spot.start, spot.end) and other.thing != spot.thing and other.trust - spot.trust < TIE


def stem_of(name: str) -> str:
    """Return ``name`` without the word for its kind: 清河 of 清河路; the name itself where less than two characters stay."""
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            stem = name.removesuffix(suffix)
            return stem if len(stem) >= 2 else name
    return name


def bigrams(text: str) -> list[str]:
    """Return the pairs of neighbouring characters in their order."""
    return [text[at : at + 2] for at in range(len(text) - 1)]


def one_less(text: str) -> list[str]:
    """Return ``text`` without its first, second ... character."""
    return [text[:at] + text[at + 1 :] for at in range(len(text))]


def _windows(size: int, least: int, most: int) -> Iterator[tuple[int, int]]:
    for start in range(size - least + 1):
        for end in range(start + least, min(size, start + most) + 1):
            yield start, end


def _cuts_a_word(text: str, start: int, end: int) -> bool:
    """Whether a span begins or ends within a word of letters or a number: "lahde" is not said by "Kotilahde"."""
    pairs = (text[at - 1 : at + 1] for at in (start, end) if 0 < at < len(text))
    return any(pair.isascii() and (pair.isalpha() or pair.isdigit()) for pair in pairs)


def _overlaps(spot: Spot, firm: Sequence[Spot]) -> bool:
    return any(other.start < spot.end and spot.start < other.end for other in firm)


def _longest_run(places: Sequence[int]) -> int:
    longest = run = 1
    for before, at in pairwise(places):
        run = run + 1 if at == before + 1 else 1
        longest = max(longest, run)
    return longest


def _left_over(size: int, sure: Sequence[Spot]) -> Iterator[tuple[int, int]]:
    at = 0
    for spot in [*sure, Spot(size, size, -1, NameMatch.EXACT, 0.0)]:
        if spot.start - at >= 3:
            yield at, spot.start
        at = max(at, spot.end)
