"""What a session may store: bytes of its journal and of its runs' output, with a word before the end and one at it."""

from typing import Final, Literal

import msgspec

SESSION_BYTES: Final = 64 * 1024 * 1024
"""A long, busy interview needs about 5 MB."""
OUTPUT_BYTES: Final = 32 * 1024 * 1024
NEARLY: Final = 0.9

Level = Literal["fine", "nearly", "full"]

SENTENCES: dict[tuple[str, Level], str] = {
    ("session", "nearly"): (
        "This session has stored nearly all it can. Everything so far is safe; end it soon, or go on in a new interview."
    ),
    ("session", "full"): (
        "This session has stored all it can. What was saved stays; new changes are not taken. Save your files."
    ),
    ("output", "nearly"): "The runs of this session have printed nearly all that is kept.",
    (
        "output",
        "full",
    ): "The runs of this session have printed all that is kept. Code still runs; its output is cut.",
    (
        "disk",
        "nearly",
    ): "The server's disk is nearly full. Everything so far is safe. Tell whoever runs this server.",
    (
        "disk",
        "full",
    ): "The server's disk is full. What was saved stays; new changes are not taken until there is room.",
    ("session", "fine"): "",
    ("output", "fine"): "",
    ("disk", "fine"): "There is room on the server's disk again.",
}


class Budget(msgspec.Struct):
    """Bytes spent of a limit."""

    limit: int
    spent: int = 0

    def spend(self, size: int) -> bool:
        """Whether the level changed by it."""
        before = self.level
        self.spent += size
        return self.level != before

    @property
    def level(self) -> Level:
        if self.spent >= self.limit:
            return "full"
        return "nearly" if self.spent >= self.limit * NEARLY else "fine"
