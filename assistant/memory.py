"""Gives memory that was freed back to the system.

Every thread has a heap of its own in glibc, and what recogniser and voice free there after a long
sentence stays with the process: some 50 MB after a day of turns. `malloc_trim(3)` returns the whole
pages among it in about 10 ms.
"""

import ctypes
from functools import cache
from typing import Any


def give_back() -> bool:
    """Return freed memory to the system; whether there was any. Harmless from any thread."""
    trim = _trim()
    return bool(trim(0)) if trim else False


@cache
def _trim() -> Any:
    """Return glibc's `malloc_trim`; None where the C library is another one."""
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
