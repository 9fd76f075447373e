"""What is inside a Yjs update (v1 encoding): whose structs, how many, and what was deleted.

pycrdt applies updates but does not say what is in them. The format is that of yjs 13, ``src/utils/encoding.js`` and
``src/structs``; clocks and lengths count UTF-16 code units.
"""

from collections.abc import Callable

import msgspec

from room.yjs.encoding import Malformed, Reader


class UnreadableUpdate(ValueError):
    """The bytes are not a Yjs update in v1 encoding."""


GC, DELETED, TEXT, SKIP = 0, 1, 4, 10


class Struct(msgspec.Struct, frozen=True):
    """A run of ids of one client, ``clock`` to ``clock + length``."""

    client: int
    clock: int
    length: int
    kind: int = GC
    """Of its content: ``GC`` (collected, it has no place any more), ``DELETED``, ``TEXT``, or another one of Yjs's numbers."""
    text: str | None = None
    """The characters, if the content is text that is not deleted."""
    origin: tuple[int, int] | None = None
    """Client and clock of its left neighbour when it was written; None at the beginning."""
    right: tuple[int, int] | None = None
    """Of its right neighbour; None at the end."""
    root: str | None = None
    """Name of the root type that it is in. None where a neighbour tells, or where it is in another item."""


class Deletion(msgspec.Struct, frozen=True):
    client: int
    clock: int
    length: int


class Update(msgspec.Struct, frozen=True):
    structs: tuple[Struct, ...]
    deletions: tuple[Deletion, ...]


def units(text: str) -> int:
    """Length of ``text`` in UTF-16 code units, as JavaScript counts."""
    return len(text) + sum(char > "\uffff" for char in text)


def read_update(data: bytes) -> Update:
    """The structs and deletions of an update.

    Raises:
        UnreadableUpdate: the bytes end early, or hold a content that Yjs does not have.
    """
    reader = Reader(data)
    try:
        structs = _read_structs(reader)
        deletions = _read_deletions(reader)
    except (IndexError, UnicodeDecodeError, Malformed) as error:
        raise UnreadableUpdate(str(error)) from error
    return Update(tuple(structs), tuple(deletions))


def _read_structs(reader: Reader) -> list[Struct]:
    structs = []
    for _ in range(reader.uint()):
        count, client, clock = reader.uint(), reader.uint(), reader.uint()
        for _ in range(count):
            one = _read_struct(reader, client, clock)
            structs.append(one)
            clock += one.length
    return structs


def _read_struct(reader: Reader, client: int, clock: int) -> Struct:
    info = reader.byte()
    kind = info & 0x1F
    if kind in (GC, SKIP):
        return Struct(client, clock, reader.uint(), kind)
    origin = (reader.uint(), reader.uint()) if info & 0x80 else None
    right = (reader.uint(), reader.uint()) if info & 0x40 else None
    root = None
    if not info & 0xC0:  # no neighbour tells the parent
        if reader.uint() == 1:
            root = reader.text()
        else:
            reader.uint(), reader.uint()
        if info & 0x20:
            reader.text()
    if kind == TEXT:
        text = reader.text()
        return Struct(client, clock, units(text), kind, text, origin, right, root)
    content = _CONTENTS.get(kind)
    if content is None:
        raise UnreadableUpdate(f"content of kind {kind}")
    return Struct(client, clock, content(reader), kind, None, origin, right, root)


def _json(reader: Reader) -> int:
    count = reader.uint()
    for _ in range(count):
        reader.text()
    return count


def _binary(reader: Reader) -> int:
    reader.take(reader.uint())
    return 1


def _one_text(reader: Reader) -> int:
    reader.text()
    return 1


def _two_texts(reader: Reader) -> int:
    reader.text()
    reader.text()
    return 1


def _type(reader: Reader) -> int:
    if reader.uint() in (3, 5):  # XML element, XML hook: they have a name
        reader.text()
    return 1


def _anys(reader: Reader) -> int:
    count = reader.uint()
    for _ in range(count):
        _any(reader)
    return count


def _subdocument(reader: Reader) -> int:
    reader.text()
    _any(reader)
    return 1


def _any(reader: Reader, depth: int = 0) -> None:
    """Passes over a value in lib0's "any" encoding."""
    if depth > 64:
        raise UnreadableUpdate("a value nested too deeply")
    tag = reader.byte()
    match tag:
        case 127 | 126 | 121 | 120:  # undefined, null, false, true
            pass
        case 125:  # integer: the first byte carries a sign
            while reader.byte() >= 0x80:
                pass
        case 124:
            reader.take(4)
        case 123 | 122:
            reader.take(8)
        case 119:
            reader.text()
        case 118:
            for _ in range(reader.uint()):
                reader.text()
                _any(reader, depth + 1)
        case 117:
            for _ in range(reader.uint()):
                _any(reader, depth + 1)
        case 116:
            reader.take(reader.uint())
        case _:
            raise UnreadableUpdate(f"a value of kind {tag}")


_CONTENTS: dict[int, Callable[[Reader], int]] = {
    DELETED: Reader.uint,
    2: _json,
    3: _binary,
    5: _one_text,  # embed
    6: _two_texts,  # format
    7: _type,
    8: _anys,
    9: _subdocument,
}


def _read_deletions(reader: Reader) -> list[Deletion]:
    deletions: list[Deletion] = []
    for _ in range(reader.uint()):
        client, count = reader.uint(), reader.uint()
        deletions.extend(Deletion(client, reader.uint(), reader.uint()) for _ in range(count))
    return deletions
