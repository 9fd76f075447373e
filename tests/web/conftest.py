"""One product a test, without an engine for code."""

from collections.abc import Iterator

import pytest

from tests.web.people import World, world


@pytest.fixture
def house(tmp_path) -> Iterator[World]:
    with world(tmp_path / "data") as made:
        yield made
