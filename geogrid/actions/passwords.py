"""Passwords: hashed by argon2id with a cost of 100 to 500 ms, a few at a time, so that a flood of logins stops nobody's work."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from geogrid.errors import PasswordWeak, TooManyRequests
from geogrid.rules.passwords import weakness

if TYPE_CHECKING:
    from argon2 import PasswordHasher

# About 150 ms on a core of 2020; 64 MiB make it dear on graphics cards. `pytest tests/actions/test_passwords.py` measures it.
TIME_COST, MEMORY_KIB, PARALLELISM = 4, 64 * 1024, 1
MOST_AT_ONCE = 2
MOST_WAITING = 6  # of the threads of a process; the others go on serving pages
WAIT_S = 2
# Without those that look alike; 16 of 54 characters are 92 bits.
ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
GROUPS, GROUP_SIZE = 4, 4

_hashing = threading.Semaphore(MOST_AT_ONCE)
_places = threading.Semaphore(MOST_AT_ONCE + MOST_WAITING)


def hash_password(password: str) -> str:
    """Return the argon2id hash of ``password``, salt and cost within; raises TooManyRequests where too many wait."""
    with _turn():
        return _hasher().hash(password)


def is_password(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the one of ``stored``; without one it takes the same time. Raises TooManyRequests."""
    from argon2.exceptions import InvalidHashError, VerifyMismatchError

    with _turn():
        try:
            return _hasher().verify(stored or _nobodys(), password) and stored is not None
        except (VerifyMismatchError, InvalidHashError):
            return False


def check_password(password: str, *, policy: str, login: str, name: str) -> None:
    """Raise PasswordWeak where the policy refuses ``password``."""
    reason = weakness(password, policy=policy, login=login, name=name)
    if reason:
        raise PasswordWeak(reason=reason, where={"path": "password"})


def made_password() -> str:
    """Return a random password that every policy takes and that can be read out: 16 characters in four groups."""
    while True:
        groups = ["".join(secrets.choice(ALPHABET) for _ in range(GROUP_SIZE)) for _ in range(GROUPS)]
        made = "-".join(groups)
        if not weakness(made, policy="mlps3") and not weakness(made, policy="asvs"):
            return made


@contextmanager
def _turn() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise TooManyRequests(wait_s=WAIT_S)
    try:
        with _hashing:
            yield
    finally:
        _places.release()


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=TIME_COST, memory_cost=MEMORY_KIB, parallelism=PARALLELISM)


@lru_cache(maxsize=1)
def _nobodys() -> str:
    """Return the hash of a password that nobody has: what is compared with where there is no such account."""
    return _hasher().hash(secrets.token_urlsafe(32))
