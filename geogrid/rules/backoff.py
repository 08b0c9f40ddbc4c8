"""How long to wait before a delivery is tried again: twice as long each time, up to an hour, spread so that not all meet."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

FIRST_S = 30.0
LONGEST_S = 3600.0
SPREAD = 0.25  # of the wait, to either side
MOST_TRIES = 16  # with the waits above about ten hours: a night's outage of a gateway is outlived
OF_64_BITS = float(1 << 64)


@dataclass(frozen=True)
class Backoff:
    """Waits from ``first_s``, twice as long each time, up to ``longest_s``; given up after ``most_tries``."""

    first_s: float = FIRST_S
    longest_s: float = LONGEST_S
    most_tries: int = MOST_TRIES


USUAL = Backoff()


def wait_after(tries: int, seed: str, by: Backoff = USUAL) -> timedelta:
    """Return how long to wait after the ``tries``-th try (from 1) failed; the same for the same ``seed`` and number.

    Raises
    ------
    ValueError
        for a number below 1
    """
    if tries < 1:
        raise ValueError(f"{tries} tries: the first is 1")
    whole = min(by.first_s * 2.0 ** min(tries - 1, 30), by.longest_s)
    drawn = int.from_bytes(hashlib.sha256(f"{seed}:{tries}".encode()).digest()[:8], "big") / OF_64_BITS
    return timedelta(seconds=whole * (1.0 - SPREAD + 2.0 * SPREAD * drawn))


def is_last(tries: int, by: Backoff = USUAL) -> bool:
    """Whether a delivery is given up after so many tries."""
    return tries >= by.most_tries
