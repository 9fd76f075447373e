"""The room's document: one Yjs doc whose root texts are the files."""

from collections.abc import Collection

from pycrdt import Doc, Text

from room.realtime.updates import (
    ROOT_PREFIX,
    Update,
    is_ready,
    new_blocks,
    read_state_vector,
    write_state_vector,
)
from room.session.ids import FileId

TEXT_MAX = 2 * 1024 * 1024
"""UTF-16 units that a session may insert beyond what was deleted, about the size of its texts."""


class Unready(Exception):
    """The update builds on something that the document lacks; the sender should send all of it again."""


class TooBig(Exception):
    """The document would grow beyond its bound."""


class Lost(Exception):
    """The library gave up on an update; the document can no longer be trusted and must be rebuilt."""


class Document:
    """A pycrdt document that takes only checked updates and knows its own clocks."""

    def __init__(self, state: bytes | None = None) -> None:
        self._doc: Doc[Text] = Doc()
        self._size = 0
        if state:
            self._doc.apply_update(state)
        self.clocks = read_state_vector(self._doc.get_state())
        """Client → next clock."""

    def take(self, raw: bytes, update: Update) -> bytes | None:
        """Apply a checked update; the update to journal and relay, or None when it brings nothing new.

        Raises:
            Unready: it builds on what the document lacks. Nothing was changed.
            TooBig: the document would grow beyond its bound. Nothing was changed.
            Lost: the library failed.
        """
        if not is_ready(update, self.clocks):
            raise Unready
        fresh = new_blocks(update, self.clocks)
        if not fresh and not update.deletes:
            return None
        if self._size + update.inserted > TEXT_MAX:
            self._size = sum(self.lengths())
            if self._size + update.inserted > TEXT_MAX:
                raise TooBig
        is_plain = len(fresh) == len(update.blocks) and all(
            block.start == self.clocks.get(block.client, 0) for block in fresh
        )
        if is_plain and (fresh or not update.deletes):
            self._apply(raw)
            changed: bytes | None = raw
        else:  # Partly known, as after a reconnect: journal only what is new.
            changed = self._apply_and_see(raw)
        for block in fresh:
            self.clocks[block.client] = max(block.end, self.clocks.get(block.client, 0))
        self._size += update.inserted
        return changed

    def replay(self, update: bytes) -> None:
        """Apply an update of the journal; it was checked when it was written."""
        self._doc.apply_update(update)

    def caught_up(self) -> None:
        """To be called after the last :meth:`replay`."""
        self.clocks = read_state_vector(self._doc.get_state())

    def seed(self, file: FileId, text: str) -> bytes | None:
        """Put starter text into an empty file; the update to journal and relay."""
        if not text:
            return None
        seen: list[bytes] = []
        subscription = self._doc.observe(lambda event: seen.append(event.update))
        try:
            root = self._root(file)
            with self._doc.transaction():
                root.insert(0, text)
        finally:
            self._doc.unobserve(subscription)
        self.caught_up()
        self._size += len(text)
        return seen[0]

    def text(self, file: FileId) -> str:
        return str(self._root(file))

    def texts(self, files: Collection[FileId]) -> dict[FileId, str]:
        return {file: self.text(file) for file in files}

    def lengths(self) -> list[int]:
        """Characters of each file's text."""
        roots = [name for name in self._doc.keys() if name.startswith(ROOT_PREFIX)]  # noqa: SIM118
        return [len(self.text(FileId(name.removeprefix(ROOT_PREFIX)))) for name in roots]

    def state_vector(self) -> bytes:
        return write_state_vector(self.clocks)

    def missing_for(self, vector: bytes) -> bytes:
        """What a peer with this (checked) state vector lacks."""
        return self._doc.get_update(vector)

    def whole(self) -> bytes:
        return self._doc.get_update()

    def _root(self, file: FileId) -> Text:
        return self._doc.get(ROOT_PREFIX + file, type=Text)

    def _apply(self, update: bytes) -> None:
        try:
            self._doc.apply_update(update)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # The library's panics are no Exception.
            raise Lost(type(error).__name__) from error

    def _apply_and_see(self, update: bytes) -> bytes | None:
        seen: list[bytes] = []
        subscription = self._doc.observe(lambda event: seen.append(event.update))
        try:
            self._apply(update)
        finally:
            self._doc.unobserve(subscription)
        return seen[0] if seen else None
