"""The lock on the data folder, so that two servers cannot share it by mistake."""

import fcntl
import os
from pathlib import Path


class StoreInUse(RuntimeError):
    """Another process has the data folder. Its text is a sentence for the person who started this one."""


class FolderLock:
    """An advisory lock on the data folder; the system lets go of it when the process ends, however it ends."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "room.lock"
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Whether the folder is ours now."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor
        return True

    def holder(self) -> str:
        """The process id that the holder wrote down; empty when it did not get that far."""
        try:
            return self._path.read_text(encoding="ascii").strip()
        except OSError:
            return ""

    def give_back(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
