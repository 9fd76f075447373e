"""What a session and an account may store: bytes of journals and of runs' output, with a word before the end and one at it."""

from collections.abc import Callable
from typing import Final, Literal, final

from room.session import commands as c
from room.session import events as e

SESSION_BYTES: Final = 64 * 1024 * 1024
"""A long, busy interview needs about 5 MB."""
OUTPUT_BYTES: Final = 32 * 1024 * 1024
ACCOUNT_BYTES: Final = 8 * 1024 * 1024 * 1024
"""Of all that an account's sessions have stored and that is not deleted yet: more than a thousand interviews."""
ROW_BYTES: Final = 150
"""What a row costs beside its content."""
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
    (
        "account",
        "nearly",
    ): "This account has stored nearly all it can. Everything so far is safe; delete recordings that are no longer needed.",
    (
        "account",
        "full",
    ): "This account has stored all it can. What was saved stays; new changes are not taken until old recordings are deleted.",
    ("session", "fine"): "",
    ("account", "fine"): "",
    ("output", "fine"): "",
    ("disk", "fine"): "There is room on the server's disk again.",
}


@final
class Budget:
    """Bytes spent of a limit."""

    __slots__ = ("limit", "spent")

    def __init__(self, limit: int, spent: int = 0) -> None:
        self.limit = limit
        self.spent = spent

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


HUNGRY: Final = (
    c.SendChat,
    c.SendTeamChat,
    c.AddNote,
    c.RequestRun,
    c.RequestTests,
    c.CreateFile,
    c.AppendOutput,
    c.TypeInput,
    c.NotePaste,
)
"""Commands that are refused when there is no room; ending, pins and stages always go."""


class Spending:
    """All limits of one session. ``warn`` is told of a level that changed."""

    def __init__(self, stored: int, account: Budget, warn: Callable[[str, Level], None]) -> None:
        self.session = Budget(SESSION_BYTES, stored)
        self.output = Budget(OUTPUT_BYTES)
        self.account = account
        """Shared with the account's other sessions."""
        self._disk: Level = "fine"
        self._warn = warn

    def spend(self, event: e.Event) -> None:
        match event:
            case e.DocEdited():
                size = len(event.update)
            case e.RunOutput() | e.RunInput():
                size = len(event.text)
                if self.output.spend(size):
                    self._warn("output", self.output.level)
            case e.ChatSent() | e.TeamChatSent() | e.NoteAdded():
                size = len(event.text)
            case _:
                size = 0
        if self.session.spend(size + ROW_BYTES):
            self._warn("session", self.session.level)
        if self.account.spend(size + ROW_BYTES):
            self._warn("account", self.account.level)

    def set_disk(self, level: Level) -> None:
        """What the server's disk has left."""
        if level != self._disk:
            self._disk = level
            self._warn("disk", level)

    @property
    def full(self) -> str | None:
        """What is full, if anything is: a name of :data:`SENTENCES`."""
        if self.session.level == "full":
            return "session"
        if self.account.level == "full":
            return "account"
        return "disk" if self._disk == "full" else None

    def is_unheard(self, command: c.Command) -> bool:
        """Output beyond its limit: dropped without a word, since there was one."""
        return isinstance(command, c.AppendOutput) and self.output.level == "full"
