"""Which passwords are taken. Two policies: ``asvs`` asks for length, ``mlps3`` for kinds of characters and change.

``asvs``: OWASP ASVS 5.0, 6.2: at least 12 characters (it wants 8, and recommends 15), any characters, no rules of composition,
no change by the calendar, nothing common or guessable. ``mlps3``: GB/T 22239-2019, level 3 (8.1.4.1), asks for complexity
and regular change and names no figures; ours: at least 10 characters of three of four kinds, new every 90 days; and nothing
common or guessable either.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 128
LIFETIMES: dict[str, int | None] = {"asvs": None, "mlps3": 90}  # days


@dataclass(frozen=True)
class Policy:
    """The least length in characters, and of how many kinds (small, large, digits, other) they must be."""

    least: int
    kinds: int


POLICIES = {"asvs": Policy(12, 1), "mlps3": Policy(10, 3)}
KINDS = (str.islower, str.isupper, str.isdigit, lambda char: not char.isalnum() or unicodedata.category(char) == "Lo")

# What people take first: words, not lists of leaked passwords. A password that is little more than one of them is refused.
COMMON_WORDS = (
    "password passwort passw0rd p@ssw0rd pa55word admin administrator root welcome letmein login secret qwerty qwertz azerty "
    "iloveyou monkey dragon sunshine princess football baseball master shadow superman batman trustno1 abc123 test guest user "
    "default changeme access hello whatever mima woaini wangge zhongxin hulan harbin haerbin shandong jinan lixia zhengfu "
    "geogrid grid china zhongguo beijing 密码 网格 管理员 中国 呼兰 哈尔滨"
)
COMMON = tuple(sorted(COMMON_WORDS.split(), key=len, reverse=True))
WALKS = (
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "01234567890",
    "zyxwvutsrqponmlkjihgfedcba",
    "09876543210",
)
LEAST_LEFT = 6  # characters that must remain beside a common word, a walk or the own name
SHORTEST_WALK = 4
LEET = str.maketrans("0134578@$!", "oieastbasi")


def weakness(password: str, *, policy: str, login: str = "", name: str = "") -> str:
    """Return why a password is refused (an English phrase that catalogues translate), "" where it is taken.

    Counted in characters after NFKC, so that full-width digits are no other characters than digits.
    """
    text = unicodedata.normalize("NFKC", password)
    small, rule = text.lower(), POLICIES[policy]
    named = any(len(small.replace(own, "")) < LEAST_LEFT for own in _own_words(login, name))
    faults = {
        "it is too short": len(text) < rule.least,
        "it is too long": len(text) > LONGEST,
        "it needs three of: small letters, capital letters, digits, other characters": _kinds(text) < rule.kinds,
        "it repeats itself": len(set(small)) < LEAST_LEFT or _is_repeated(small),
        "it is little more than your own name": named,
        "it is easy to guess": len(text) <= LONGEST and _is_guessable(small),
    }
    return next((reason for reason, holds in faults.items() if holds), "")


def _kinds(text: str) -> int:
    return sum(any(map(kind, text)) for kind in KINDS)


def _own_words(login: str, name: str) -> list[str]:
    words = re.split(r"[^\w]+", f"{login} {name}".lower())
    whole = re.sub(r"[^\w]+", "", login.lower())
    return [word for word in (whole, *words) if len(word) >= 2]


def _is_repeated(text: str) -> bool:
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, len(text) // 2 + 1))


def _is_guessable(text: str) -> bool:
    """Whether little is left without common words (as typed, or with 0 for o), walks over keys, years and dates."""
    return any(len(_residue(form)) < LEAST_LEFT for form in (text, text.translate(LEET)))


def _residue(text: str) -> str:
    for word in COMMON:
        text = text.replace(word, "\0")
    text = _without_walks(text)
    text = re.sub(r"(19|20)\d{2}([01]?\d[0-3]?\d)?", "\0", text)
    text = re.sub(r"(.)\1{2,}", r"\1", text)
    return re.sub(r"[\0\W_]+", "", text)


def _without_walks(text: str) -> str:
    kept, at = [], 0
    while at < len(text):
        step = _walk_from(text, at)
        kept.append("\0" if step else text[at])
        at += step or 1
    return "".join(kept)


def _walk_from(text: str, at: int) -> int:
    """Return how many characters from ``at`` on are neighbours on a keyboard row, in the alphabet or counting; 0 below four."""
    longest = 0
    for walk in WALKS:
        size = SHORTEST_WALK
        while at + size <= len(text) and text[at : at + size] in walk:
            longest, size = max(longest, size), size + 1
    return longest
