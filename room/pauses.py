"""Python's garbage collector without its long pauses.

A full collection looks at every object there is. With a few hundred open sockets that takes a fifth of a second, in which no
keystroke of any room goes anywhere. So what has lived for some seconds is set aside, where collections do not look; all of it is
looked through only while nobody is connected, or when it has grown to twice of what the last look left.
"""

import gc
import sys
from typing import Final

GROWN: Final = 2
WORTH_A_LOOK: Final = 2_000_000
"""Blocks of memory below which growing alone is no reason: half a million are there before anybody comes."""


BETWEEN: Final = 50_000
"""Objects that come between two looks before Python looks by itself: what a few hundred typists leave in some seconds."""


class Collector:
    """One for a process; :meth:`tend` is called every few seconds."""

    def __init__(self) -> None:
        self._thresholds = gc.get_threshold()
        gc.set_threshold(BETWEEN, *self._thresholds[1:])
        self._left = 0
        self._is_looked_through = False

    def tend(self, *, is_quiet: bool) -> None:
        """Set aside what is there; ``is_quiet``: nobody would notice a pause now."""
        # Not the number of objects that are set aside: the collector would count them one by one.
        grown = sys.getallocatedblocks() > max(WORTH_A_LOOK, GROWN * self._left)
        is_whole = grown or (is_quiet and not self._is_looked_through)
        if is_whole:
            gc.unfreeze()
        gc.collect()  # Short, unless it is a whole look: only what came since the last one is there.
        gc.freeze()
        if is_whole:
            self._left = sys.getallocatedblocks()
        self._is_looked_through = is_quiet

    def end(self) -> None:
        gc.set_threshold(*self._thresholds)
        gc.unfreeze()
