"""Halves of sessions' keys, one small file each, apart from the database.

A session's key is made of two halves: one is in the database, sealed with the site's key, the other in here. Deleting a session
removes both. A backup of the database that was made before holds one half for ever, and opens nothing, even for who has the
site's key: so a deleted interview is gone from backups too, without touching them.

The folder is to be mirrored, not archived: a copy of it that keeps what was deleted undoes the promise.
"""

import os
import re
import secrets
from pathlib import Path
from typing import Final

from room.session.ids import InterviewId

HALF_BYTES: Final = 32
_NAME: Final = re.compile(r"i_[a-z0-9_]{1,64}")


class Halves:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, interview: InterviewId) -> bytes:
        """A new half, on disk before it is used. One that is there already stays: its session's creation was not finished."""
        known = self.find(interview)
        if known is not None:
            return known
        half = secrets.token_bytes(HALF_BYTES)
        path = self._path(interview)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, half)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.replace(path)
        self._sync()
        return half

    def find(self, interview: InterviewId) -> bytes | None:
        try:
            half = self._path(interview).read_bytes()
        except FileNotFoundError:
            return None
        return half if len(half) == HALF_BYTES else None

    def destroy(self, interview: InterviewId) -> None:
        path = self._path(interview)
        if path.exists():
            path.write_bytes(
                bytes(HALF_BYTES)
            )  # where the file system writes in place, nothing is left to find
            path.unlink()
            self._sync()

    def _path(self, interview: InterviewId) -> Path:
        if not _NAME.fullmatch(interview):
            raise ValueError(f"not the id of an interview: {interview!r}")
        return self._folder / interview

    def _sync(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
