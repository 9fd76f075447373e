"""How the C library hands memory out, where that is glibc.

It gives every thread an arena of its own, and what a thread once needed stays in its arena. A handful of threads that each opened
a few rooms kept 13 MB that way; they take turns anyway, since one of them at a time holds the interpreter.
"""

import ctypes
from typing import Final

ARENAS: Final = 2
_M_ARENA_MAX: Final = -8
"""glibc's malloc.h."""


def share_arenas() -> bool:
    """Have all threads share a few arenas, from here on; whether the C library knows how."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(_M_ARENA_MAX, ARENAS))
