"""Text of addresses: one form for widths, cases and numerals; house numbers; the sound of Chinese words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pypinyin import lazy_pinyin

LONGEST_TEXT = 300  # characters looked at: an address stands at the head of what is said
DIGITS = {numeral: value for value, numeral in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
TENS = {"十": 10, "百": 100, "千": 1000}
COUNTED = "号|组|栋|弄|单元|队|户|米|公里|千米"  # what is counted in numerals as well as in digits
_NUMERAL = re.compile(rf"[{''.join(DIGITS)}{''.join(TENS)}]+(?=(?:{COUNTED}))")
_SPACE = re.compile(r"(?<![a-z0-9])\s+|\s+(?![a-z0-9])")
_HOUSE = re.compile(r"(\d{1,5})(?:[-~附之]\d{1,4})?\s?(?:号(?!楼|线|地|车|门|栋|单元|店|井)|hao(?![a-z]))")
_BARE = re.compile(r"\s?(\d{1,5})(?![\d]|\s?(?:栋|单元|组|队|楼|米|路|元|点|月|日|年|户|人|个))")
_LAST = re.compile(r"(?<![0-9])\s?(\d{1,5})\s?[a-z]{0,2}(?:\s?[-–/,;]\s?\d{1,5}\s?[a-z]{0,2})*$")
_TONE = re.compile(r"(?<=[a-z])[1-5](?![0-9])")
_FOREIGN = re.compile(r"[一-鿿]{2,4}?(?<![社小园校厂库])[区县]")


@dataclass(frozen=True)
class HouseNumber:
    """A house number in a text: where it stands (start, end), and its value."""

    start: int
    end: int
    number: int


def normalised(text: str) -> str:
    """Return ``text`` in one form: half width, small simplified letters, no accents, counted numerals as digits, no needless
    spaces."""
    small = unicodedata.normalize("NFKC", text[:LONGEST_TEXT])[:LONGEST_TEXT].lower()
    plain = "".join(one for one in unicodedata.normalize("NFD", small) if not unicodedata.combining(one))
    plain = simplified(plain)
    counted = _NUMERAL.sub(lambda found: str(value_of(found.group())), plain)
    return _SPACE.sub("", counted.strip())


def simplified(text: str) -> str:
    """Return ``text`` with every traditional character in its simplified form."""
    return text if text.isascii() else text.translate(_simplified())


@lru_cache(maxsize=1)
def _simplified() -> dict[int, str]:
    """Return the simplified form of every traditional character that has one, character by character."""
    from opencc import OpenCC

    hanzi = [chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]
    plain = OpenCC("t2s").convert("\n".join(hanzi)).split("\n")
    return {ord(one): other for one, other in zip(hanzi, plain, strict=True) if one != other and len(other) == 1}


def value_of(numeral: str) -> int:
    """Return the value of a Chinese numeral below ten thousand: by places (一百二十) or by digits (一二〇)."""
    if not any(one in TENS for one in numeral):
        return int("".join(str(DIGITS[one]) for one in numeral))
    total, digit = 0, 0
    for one in numeral:
        if one in TENS:
            total, digit = total + (digit or 1) * TENS[one], 0
        else:
            digit = DIGITS[one]
    return total + digit


def house_numbers(text: str) -> list[HouseNumber]:
    """Return the house numbers (with 号 or ``hao``) of a normalised text in their order."""
    return [HouseNumber(found.start(), found.end(), int(found.group(1))) for found in _HOUSE.finditer(text)]


def is_latin(name: str) -> bool:
    """Whether a name is written in letters and not in Chinese characters."""
    return not any(ord(character) >= 0x2E80 for character in name)


def address_number(text: str) -> HouseNumber | None:
    """Return the house number of a known address: the first with 号, else the number at the end, as in "main street 4 b"."""
    marked = house_numbers(text)
    if marked:
        return marked[0]
    found = _LAST.search(text)
    return None if found is None else HouseNumber(found.start(), found.end(), int(found.group(1)))


def bare_number(text: str, start: int) -> HouseNumber | None:
    """Return the number that stands at ``start`` without 号, as in "Qinghe Lu 12"; None where there is none."""
    found = _BARE.match(text, start)
    return None if found is None else HouseNumber(found.start(), found.end(), int(found.group(1)))


def unknown_district(text: str, end: int) -> str:
    """Return the district or county that is named at the head of ``text`` before ``end``; "" where there is none."""
    found = _FOREIGN.search(text[:end])
    return "" if found is None else found.group()


@dataclass(frozen=True)
class Sound:
    """A text as it sounds: letters and digits, for each the character it comes from, and where a syllable or letter begins."""

    letters: str
    source: tuple[int, ...]
    begins: tuple[bool, ...]


@lru_cache(maxsize=4096)
def sound_of(text: str) -> Sound:
    """Return the sound of a normalised text: pinyin without tones; zh, ch, sh as z, c, s, which many do not tell apart."""
    toneless = _TONE.sub(" ", text)  # as many characters as before
    letters, source, begins = [], [], []
    for at, syllable in enumerate(lazy_pinyin(toneless, errors=_as_they_are)):
        if not syllable.isalnum():
            continue
        for nth, letter in enumerate(syllable):
            letters.append("u" if letter in "vü" else letter)
            source.append(at)
            begins.append(nth == 0)
    return _folded(letters, source, begins)


def _folded(letters: list[str], source: list[int], begins: list[bool]) -> Sound:
    silent = [letters[at] == "h" and at > 0 and letters[at - 1] in "zcs" for at in range(len(letters))]
    kept = [at for at, dropped in enumerate(silent) if not dropped]
    return Sound("".join(letters[at] for at in kept), tuple(source[at] for at in kept), tuple(begins[at] for at in kept))


def _as_they_are(run: str) -> Any:
    """What has no pinyin, one by one; the library takes a list, though its types say text."""
    return list(run)


def initials_of(name: str) -> str:
    """Return the first letters of the syllables of a name: 清河路 is ``qhl``."""
    return "".join(syllable[0] for syllable in lazy_pinyin(name, errors=_as_they_are) if syllable.strip())
