"""A session's time: milliseconds since Start that never run backwards, restarts and a changed system clock included."""

from room.clock import Clock


class SessionClock:
    def __init__(self, clock: Clock, started_wall_ms: int | None, last_at_ms: int) -> None:
        self._clock = clock
        self._last = last_at_ms
        self._base = 0
        self._base_monotonic: int | None = None
        if started_wall_ms is not None:
            # After a restart only the wall clock knows how long we were away; if it was set back meanwhile, go on from
            # the last row.
            self._begin(max(last_at_ms, clock.wall_ms() - started_wall_ms))

    def start(self) -> None:
        """Count from now."""
        self._last = 0
        self._begin(0)

    def _begin(self, at_ms: int) -> None:
        self._base = at_ms
        self._base_monotonic = self._clock.monotonic_ms()

    def at_ms(self) -> int:
        """0 before Start."""
        if self._base_monotonic is None:
            return 0
        now = self._base + self._clock.monotonic_ms() - self._base_monotonic
        self._last = max(self._last, now)
        return self._last

    def wall_ms(self) -> int:
        return self._clock.wall_ms()
