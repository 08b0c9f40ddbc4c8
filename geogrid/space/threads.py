"""The threads that share out long work on many points; they are started once and wait for more."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import count
from typing import TypeVar

Done = TypeVar("Done")


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="geogrid-index")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not live on in a child process


def shared_out(work: Callable[[int, int], Done], total: int, portion: int) -> list[Done]:
    """Return ``work(begin, end)`` for each portion of ``total``, in order, done in as many threads as there are processors.

    The caller's thread takes part; whoever is free takes the next portion, so that a busy processor holds nobody up.
    """
    begins = range(0, total, portion)
    threads = min(os.cpu_count() or 1, len(begins))
    if threads < 2:
        return [work(begin, min(begin + portion, total)) for begin in begins]
    done: dict[int, Done] = {}
    next_one = count()

    def take() -> None:
        while (i := next(next_one)) < len(begins):
            done[i] = work(begins[i], min(begins[i] + portion, total))

    others = [_pool((os.cpu_count() or 2) - 1).submit(take) for _ in range(threads - 1)]
    take()
    for other in others:
        if not other.cancel():
            other.result()
    return [done[i] for i in range(len(begins))]
