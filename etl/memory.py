"""The memory of processes that run for long: what was needed for a while goes back to the system."""

from __future__ import annotations

import ctypes
import gc


def give_back() -> None:
    """Return to the system what nobody holds any more, such as frames that an index was compiled from; to be called after it.

    The C library keeps it for a next time that is hours away. Where it is another than glibc, nothing but a collection is done.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
