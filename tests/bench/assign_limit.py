"""The machine's limit for look-ups: random places of one fixed table of 2048 x 2048 int32, in as many threads as processors."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numba
import numpy as np

SIDE = 2048


@numba.njit(cache=True, nogil=True)
def look_up(table: np.ndarray, row: np.ndarray, column: np.ndarray, found: np.ndarray) -> None:
    for i in range(len(row)):
        found[i] = table[row[i], column[i]]


def random_look_ups(count: int) -> Callable[[], None]:
    """Return the work: ``count`` look-ups at places that are drawn beforehand."""
    rng = np.random.default_rng(0)
    table = rng.integers(0, 1000, (SIDE, SIDE), dtype=np.int32)
    row, column = rng.integers(0, SIDE, (2, count), dtype=np.int32)
    found, threads = np.empty(count, dtype=np.int32), os.cpu_count() or 1
    ends = np.linspace(0, count, threads + 1).astype(int).tolist()
    parts = [slice(begin, end) for begin, end in pairwise(ends)]

    def work() -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda part: look_up(table, row[part], column[part], found[part]), parts))

    return work
