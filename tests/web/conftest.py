"""One product a test, without an engine for code."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from room.desk import accounts
from tests.web.people import World, world


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing a password costs on purpose; here it costs as little as argon2 allows."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", hasher)
    monkeypatch.setattr(accounts, "_NOBODY", hasher.hash("nobody has this"))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "data") as made:
        yield made
