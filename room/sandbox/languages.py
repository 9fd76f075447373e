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
    compile: dict[str, tuple[str, ...]] = {}
    endings: tuple[str, ...] = ()
    plain_names: bool = False
    caller: str | None = None
    caller_beside: str = ""
    needs_exec: bool = False

    @property
    def tests(self) -> frozenset[str]:
        """Kinds of suites that can judge this language: stdio, function, sql."""
        return frozenset(self.test)

    @property
    def is_compiled(self) -> bool:
        return bool(self.compile)

    def caller_text(self) -> str:
        """Source of the program that calls a function for a function-style case."""
        if self.caller is None:
            raise LookupError(f"{self.id} has no caller")
        return (files("room.sandbox") / "drivers" / self.caller).read_text("utf-8")


Values = Mapping[str, str | tuple[str, ...]]


def fill(argv: tuple[str, ...], values: Values) -> tuple[str, ...]:
    """The argv with its {names} filled in; values are taken as they are, braces inside them included.

    A word that is nothing but the name of several values becomes as many words.
    """
    words: list[str] = []
    for word in argv:
        several = values.get(word[1:-1]) if word[:1] == "{" else None
        if isinstance(several, tuple):
            words += several
        else:
            words.append(_fill(word, values))
    return tuple(words)


def _fill(word: str, values: Values) -> str:
    before, brace, rest = word.partition("{")
    if not brace:
        return word
    name, _, after = rest.partition("}")
    value = values[name]
    if not isinstance(value, str):
        raise TypeError(f"{{{name}}} holds several words and stands inside one")
    return before + value + _fill(after, values)


def _load() -> Mapping[str, Language]:
    table = tomllib.loads((files("room.sandbox") / "languages.toml").read_text("utf-8"))
    return MappingProxyType(
        {key: msgspec.convert({"id": key, **value}, Language) for key, value in table.items()}
    )


LANGUAGES: Mapping[str, Language] = _load()
