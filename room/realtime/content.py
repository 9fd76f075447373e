"""What a room needs of its questions; the composition root brings it, so that the room knows no question format."""

from collections.abc import Collection
from typing import Protocol

from room.sandbox.spec import Limits, TestSuite
from room.session.ids import PartId, QuestionId


class Content(Protocol):
    def starter(self, question: QuestionId, language: str, name: str) -> str:
        """The text of one of the files that come with the question; empty if there is none."""
        ...

    def suite(
        self, question: QuestionId, parts: Collection[PartId], language: str, *, hidden: bool
    ) -> TestSuite | None:
        """The tests of these parts, visible or hidden ones; None if there are none for the language."""
        ...

    def limits(self, question: QuestionId | None) -> Limits:
        """What a plain run may use."""
        ...

    def test_limits(self, question: QuestionId | None) -> Limits:
        """What one test may use."""
        ...

    def setup(self, question: QuestionId | None, language: str) -> str:
        """What runs before a plain run: a database question's schema and seed."""
        ...
