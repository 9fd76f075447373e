"""What an engine must be able to do for us, in our words. The runner and the pool know nothing else of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec


class EngineDown(Exception):
    """The engine does not answer, answers with its own failure, or not in time. The text says which, for the log."""


class ImageMissing(Exception):
    """The language's image is not there; it must be built first."""


class NoNamespaces(Exception):
    """The kernel or the engine does not let a box make namespaces: boxes cannot be used again here."""


class Shape(msgspec.Struct, frozen=True):
    """What is fixed about a box when it is made: its image and the limits that hold from outside."""

    language: str
    memory_mb: int
    scratch_mb: int
    processes: int
    file_mb: int


class Image(msgspec.Struct, frozen=True):
    """A language's image. `id` is another one when the image is; `version` is empty when only a run can tell it."""

    id: str
    version: str = ""


class BoxState(msgspec.Struct, frozen=True):
    """What the engine says about a box that no longer talks."""

    running: bool
    out_of_memory: bool


class Box(Protocol):
    """One isolated place with a supervisor as its first process, attached to us by a pair of byte streams."""

    @property
    def id(self) -> str: ...

    @property
    def keeps(self) -> bool:
        """Whether a keeper is in it, which can give it a new supervisor for another submission."""

    async def write(self, data: bytes) -> None:
        """Send bytes to the supervisor, or to the keeper between two of them. Raises EngineDown."""

    async def read(self) -> bytes | None:
        """The supervisor's next bytes, None at the end. May wait as long as the program runs. Raises EngineDown."""

    async def word(self) -> bytes:
        """What the keeper says next, apart from all that a submission can write, which is dropped. Raises EngineDown."""

    async def state(self) -> BoxState:
        """How the engine sees the box. Raises EngineDown."""

    async def destroy(self) -> None:
        """End and remove it with all that is in it; fine to call twice. Raises EngineDown."""


class Driver(Protocol):
    """An engine that makes boxes. Every method has a deadline of its own, except `Box.read`."""

    async def probe(self) -> None:
        """Raises EngineDown when no box could be made now."""

    async def images(self) -> Mapping[str, Image]:
        """The languages whose image is there. Raises EngineDown."""

    async def create(self, shape: Shape, *, keeper: bool = False) -> Box:
        """A started box, attached, its supervisor not yet heard. With a keeper it can be used again.

        Raises EngineDown, ImageMissing, NoNamespaces.
        """

    async def sweep(self, known: frozenset[str], *, closing: bool = False) -> int:
        """Remove boxes of ours that nobody has use for, except those `known`; return how many. Raises EngineDown.

        `closing`: no box of this life is being made any more, so that even a new one is nobody's.
        """

    async def close(self) -> None:
        """Give back connections; boxes are the caller's to destroy first."""
