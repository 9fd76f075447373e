"""Time as an argument: the process's clock, and one that tests and the demo move by hand."""

import time
from typing import Protocol


class Clock(Protocol):
    def wall_ms(self) -> int:
        """UTC milliseconds since 1970. May jump when the machine's clock is set."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds that never run backwards; only differences mean something."""
        ...


class SystemClock:
    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000


class ManualClock:
    """Stands still until it is told to move."""

    def __init__(self, wall_ms: int) -> None:
        self._wall_ms = wall_ms
        self._monotonic_ms = 0

    def wall_ms(self) -> int:
        return self._wall_ms

    def monotonic_ms(self) -> int:
        return self._monotonic_ms

    def advance(self, ms: int) -> None:
        """Moves both clocks on; ``ms`` is not negative."""
        if ms < 0:
            raise ValueError("time does not run backwards")
        self._wall_ms += ms
        self._monotonic_ms += ms
