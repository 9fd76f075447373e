"""The languages as records, read once from languages.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

import msgspec


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How programs of one language are started; the fields are explained at the top of languages.toml."""

    id: str
    label: str
    file: str
    version: tuple[str, ...]
    run: tuple[str, ...]
    hello: str
    test: dict[str, tuple[str, ...]] = {}
    caller: str | None = None
    needs_exec: bool = False

    @property
    def tests(self) -> frozenset[str]:
        """Kinds of suites that can judge this language: stdio, function, sql."""
        return frozenset(self.test)

    def caller_text(self) -> str:
        """Source of the program that calls a function for a function-style case."""
        if self.caller is None:
            raise LookupError(f"{self.id} has no caller")
        return (files("room.sandbox") / "drivers" / self.caller).read_text("utf-8")


def fill(argv: tuple[str, ...], values: Mapping[str, str]) -> tuple[str, ...]:
    """The argv with its {names} filled in; values are taken as they are, braces inside them included."""
    return tuple(_fill(word, values) for word in argv)


def _fill(word: str, values: Mapping[str, str]) -> str:
    before, brace, rest = word.partition("{")
    if not brace:
        return word
    name, _, after = rest.partition("}")
    return before + values[name] + _fill(after, values)


def _load() -> Mapping[str, Language]:
    table = tomllib.loads((files("room.sandbox") / "languages.toml").read_text("utf-8"))
    return MappingProxyType(
        {key: msgspec.convert({"id": key, **value}, Language) for key, value in table.items()}
    )


LANGUAGES: Mapping[str, Language] = _load()
