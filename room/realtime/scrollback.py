"""What the last run printed, for those who come later."""

from typing import Any, Final

from room.session import events as e
from room.session.ids import RunId

TERMINAL_MAX: Final = 256 * 1024
"""Characters that a newcomer is sent; of more the end."""


class Scrollback:
    def __init__(self) -> None:
        self._run: RunId | None = None
        self._pieces: list[str] = []
        self._size = 0
        self._is_cut = False

    def after(self, event: e.Event) -> None:
        """Take in what an event says of it."""
        if isinstance(event, e.RunQueued):
            self._run, self._pieces, self._size, self._is_cut = event.run, [], 0, False
        elif isinstance(event, e.RunOutput) and self._run == event.run:
            self._pieces.append(event.text)
            self._size += len(event.text)
            while self._size > TERMINAL_MAX and len(self._pieces) > 1:
                self._size -= len(self._pieces.pop(0))
                self._is_cut = True

    def told(self) -> dict[str, Any] | None:
        """As the welcome says it; None before the first run."""
        if self._run is None:
            return None
        return {"run": self._run, "text": "".join(self._pieces), "cut": self._is_cut}
