"""Signed reports' PDFs that were made and are kept in memory: what was signed stays as it is, so its PDF need be made once.

Nothing is written to disk. The shelf is bounded in bytes, the least recently read goes first, and a restart empties it. Whoever
asks has read the report's row before, so a PDF of a deleted report is not found here by anybody.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

BYTES_MAX = 24 * 1024 * 1024


class Shelf:
    def __init__(self, max_bytes: int = BYTES_MAX) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """What is kept under `key`, else what `make` makes; two who ask at once wait for the same one."""
        with self._guard:
            if (kept := self._find(key)) is not None:
                return kept
            lock = self._making.setdefault(key, threading.Lock())
        with lock:
            with self._guard:
                if (kept := self._find(key)) is not None:
                    return kept
            try:
                made = make()
                with self._guard:
                    self._keep(key, made)
                return made
            finally:
                with self._guard:
                    self._making.pop(key, None)

    def clear(self) -> None:
        with self._guard:
            self._kept.clear()

    def _find(self, key: Hashable) -> bytes | None:
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
        return kept

    def _keep(self, key: Hashable, made: bytes) -> None:
        if len(made) > self._max_bytes:
            return
        self._kept[key] = made
        while sum(map(len, self._kept.values())) > self._max_bytes:
            self._kept.popitem(last=False)
