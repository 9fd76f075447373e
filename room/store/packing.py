"""The packed form of a stretch of a journal: all of its rows, byte for byte, in a tenth of the room.

What is alike is put together: times with times, places with places. An edit of one key is not stored as a Yjs update but as what
is new in it: whose key, which character, and how far its place is from where one would expect it. Each row is taken apart and put
together again when it is packed; one that does not come back byte for byte is kept as it was. Nothing is decided by meaning, so
what is packed hashes as it did before.

The form is described in docs/recording.md. No key and no database in here.
"""

import lzma
import struct
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import msgspec

from room.yjs.encoding import Malformed, Reader, put_uint

VERSION: Final = 1
UNPACKED_MAX: Final = 256 * 1024 * 1024
"""A pack that claims to hold more is refused."""
ROWS_MAX: Final = 1_000_000
_FILTERS: Final = [
    {"id": lzma.FILTER_LZMA2, "preset": 6 | lzma.PRESET_EXTREME, "dict_size": 8 * 1024 * 1024}
]
_ESCAPE: Final = 255

RAW, EDIT, TYPED, CARET = range(4)
"""How a row is kept: its payload; an edit's update; an edit in parts; a caret in parts."""

_COLUMNS: Final = (
    "at", "wall", "kind", "author", "info", "client", "clock", "origin", "origin_clock", "right", "right_clock", "length",
    "gone", "gone_client", "gone_count", "gone_clock", "gone_length", "file", "caret", "caret_client", "caret_clock",
    "assoc", "size", "salted",
)  # fmt: skip
_BLOBS: Final = ("authors", "files", "clients", "text", "parents", "raw", "salts")


class BadPack(ValueError):
    """The bytes are not a pack that this program reads. Its text is a sentence."""


class PackedRow(msgspec.Struct, frozen=True):
    """A row without its number: its times, its payload, and its salt where that is not the one that follows from the key."""

    at_ms: int
    wall_ms: int
    payload: bytes
    salt: bytes | None = None


def pack(rows: Sequence[PackedRow]) -> bytes:
    """The rows in order as one block."""
    return _Packer().pack(rows)


def unpack(block: bytes) -> list[PackedRow]:
    """The inverse of :func:`pack`.

    Raises:
        BadPack: the block was cut or changed, is of a newer version, or claims to be larger than any pack.
    """
    try:
        return _Unpacker(_open(block)).rows()
    except BadPack:
        raise
    except (
        lzma.LZMAError, EOFError, LookupError, ValueError, TypeError, AttributeError, struct.error, OverflowError,
    ) as error:  # fmt: skip
        raise BadPack(f"The pack cannot be read: {error}.") from error


def _open(block: bytes) -> bytes:
    if len(block) < 9 or block[:4] != b"RMPK":
        raise BadPack("This is no pack of a recording.")
    version, size = struct.unpack_from(">BI", block, 4)
    if version != VERSION:
        raise BadPack(f"The pack is of version {version}; this program reads {VERSION}.")
    if size > UNPACKED_MAX:
        raise BadPack("The pack claims to be larger than any recording.")
    opener = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS, memlimit=None)
    content = opener.decompress(block[9:], max_length=size + 1)
    if len(content) != size:
        raise BadPack("The pack is not as long as it says.")
    return content


# ------------------------------------------------------------------------------------------------ numbers


def _zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def _zagzig(value: int) -> int:
    return value >> 1 if not value & 1 else -((value + 1) >> 1)


def _column(values: Sequence[int]) -> bytes:
    """One byte a number; what does not fit stands after them."""
    small = bytearray()
    large = bytearray()
    for value in values:
        if value < _ESCAPE:
            small.append(value)
        else:
            small.append(_ESCAPE)
            put_uint(large, value)
    head = bytearray()
    put_uint(head, len(small))
    return bytes(head + small + large)


def _uncolumn(data: bytes) -> list[int]:
    reader = Reader(data)
    small = reader.take(reader.uint())
    if _ESCAPE not in small:
        return list(small)
    return [value if value < _ESCAPE else reader.uint() for value in small]


# ------------------------------------------------------------------------------------------------ edits


class _Typed(msgspec.Struct):
    """An update of at most one struct, a text, and what it deletes."""

    info: int = 0
    """0: no struct."""
    client: int = 0
    clock: int = 0
    origin: tuple[int, int] | None = None
    right: tuple[int, int] | None = None
    parent: bytes = b""
    text: bytes = b""
    units: int = 0
    gone: tuple[tuple[int, tuple[tuple[int, int], ...]], ...] = ()

    def update(self) -> bytes:
        out = bytearray()
        if self.info:
            out += b"\x01\x01"
            put_uint(out, self.client)
            put_uint(out, self.clock)
            out.append(self.info)
            for place in (self.origin, self.right):
                if place is not None:
                    put_uint(out, place[0])
                    put_uint(out, place[1])
            if not self.info & 0xC0:
                out += b"\x01"
                put_uint(out, len(self.parent))
                out += self.parent
            put_uint(out, len(self.text))
            out += self.text
        else:
            out.append(0)
        put_uint(out, len(self.gone))
        for client, spans in self.gone:
            put_uint(out, client)
            put_uint(out, len(spans))
            for clock, length in spans:
                put_uint(out, clock)
                put_uint(out, length)
        return bytes(out)


def _typed(update: bytes) -> _Typed | None:
    """The update in parts; None where it has another shape."""
    reader = Reader(update)
    typed = _Typed()
    try:
        clients = reader.uint()
        if clients > 1:
            return None
        if clients:
            if reader.uint() != 1:
                return None
            typed.client, typed.clock = reader.uint(), reader.uint()
            typed.info = reader.byte()
            if typed.info & 0x1F != 4 or typed.info & 0x20:
                return None
            if typed.info & 0x80:
                typed.origin = (reader.uint(), reader.uint())
            if typed.info & 0x40:
                typed.right = (reader.uint(), reader.uint())
            if not typed.info & 0xC0:
                if reader.uint() != 1:
                    return None
                typed.parent = reader.take(reader.uint())
            typed.text = reader.take(reader.uint())
            typed.units = len(typed.text.decode().encode("utf-16-le")) // 2
        typed.gone = tuple(
            (reader.uint(), tuple((reader.uint(), reader.uint()) for _ in range(reader.uint())))
            for _ in range(reader.uint())
        )
    except (IndexError, Malformed, UnicodeDecodeError):
        return None
    return typed if typed.update() == update else None


def _edit_payload(by: str, update: bytes) -> bytes:
    return msgspec.msgpack.encode((1, by, {"type": "DocEdited", "update": update}))


def _caret_payload(by: str, file: str, anchor: str, head: str) -> bytes:
    fields = {"type": "CaretMoved", "file": file, "anchor": anchor, "head": head}
    return msgspec.msgpack.encode((1, by, fields))


def _place(client: int, clock: int, assoc: int) -> str:
    return f'{{"item":{{"client":{client},"clock":{clock}}},"assoc":{assoc}}}'


def _placed(text: str) -> tuple[int, int, int] | None:
    try:
        found = msgspec.json.decode(text)
        place = (found["item"]["client"], found["item"]["clock"], found["assoc"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return None
    if (
        not all(type(one) is int for one in place)
        or place[0] < 0
        or place[1] < 0
        or place[2] not in (-1, 0)
    ):
        return None
    return place if _place(*place) == text else None


class _Guess:
    """Where the next thing is expected; packer and unpacker keep the same."""

    def __init__(self) -> None:
        self.clock: dict[int, int] = {}
        """Each client's next clock."""
        self.right: dict[int, tuple[int, int] | None] = {}
        """The right neighbour of each client's last text."""
        self.gone: dict[int, int] = {}
        """Where each client's text was deleted last."""
        self.last = 0
        """The client whose text came last."""

    def wrote(self, typed: _Typed) -> None:
        if typed.info:
            self.clock[typed.client] = typed.clock + typed.units
            self.right[typed.client] = typed.right
            self.last = typed.client


class _Names:
    """Texts or numbers by their place in a list."""

    def __init__(self) -> None:
        self.places: dict[str | int, int] = {}

    def place(self, name: str | int) -> int:
        return self.places.setdefault(name, len(self.places))


class _Packer:
    def __init__(self) -> None:
        self.columns: dict[str, list[int]] = {name: [] for name in _COLUMNS}
        self.text, self.raw, self.salts, self.parents = (bytearray() for _ in range(4))
        self.authors, self.files, self.clients, self.parent_names = (_Names() for _ in range(4))
        self.guess = _Guess()

    def pack(self, rows: Sequence[PackedRow]) -> bytes:
        at = offset = 0
        for row in rows:
            self.put("at", _zigzag(row.at_ms - at))
            self.put("wall", _zigzag(row.wall_ms - row.at_ms - offset))
            at, offset = row.at_ms, row.wall_ms - row.at_ms
            self.put("salted", row.salt is not None)
            if row.salt is not None:
                if len(row.salt) != 16:
                    raise ValueError("a salt of another length")
                self.salts += row.salt
            self._row(row.payload)
        lists = {
            "authors": self.authors, "files": self.files, "clients": self.clients, "parents": self.parent_names,
        }  # fmt: skip
        blobs = {name: msgspec.json.encode(list(names.places)) for name, names in lists.items()}
        blobs |= {"text": bytes(self.text), "raw": bytes(self.raw), "salts": bytes(self.salts)}
        body = bytearray()
        for part in [_column(self.columns[name]) for name in _COLUMNS] + [
            blobs[name] for name in _BLOBS
        ]:
            put_uint(body, len(part))
            body += part
        packed = lzma.compress(bytes(body), lzma.FORMAT_RAW, filters=_FILTERS)
        return b"RMPK" + struct.pack(">BI", VERSION, len(body)) + packed

    def put(self, column: str, value: int) -> None:
        self.columns[column].append(int(value))

    def _row(self, payload: bytes) -> None:
        kind, parts = _parts(payload)
        self.put("kind", kind)
        if kind == RAW:
            self.put("size", len(payload))
            self.raw += payload
            return
        self.put("author", self.authors.place(parts[0]))
        if kind == EDIT:
            self.put("size", len(parts[1]))
            self.raw += parts[1]
        elif kind == TYPED:
            self._typed(parts[1])
        else:
            _, file, anchor, head = parts
            self.put("file", self.files.place(file))
            self.put("caret", anchor != head)
            for client, clock, assoc in (anchor,) if anchor == head else (anchor, head):
                self.put("caret_client", self.clients.place(client))
                self.put("caret_clock", _zigzag(self.guess.clock.get(client, 0) - clock))
                self.put("assoc", -assoc)

    def _typed(self, typed: _Typed) -> None:
        guess = self.guess
        self.put("info", typed.info)
        if typed.info:
            own = typed.client
            self.put("client", self.clients.place(own))
            self.put("clock", _zigzag(typed.clock - guess.clock.get(own, 0)))
            if typed.origin is not None:
                if typed.origin == (own, typed.clock - 1):
                    self.put("origin", 0)
                else:
                    self.put("origin", self.clients.place(typed.origin[0]) + 1)
                    self.put(
                        "origin_clock",
                        _zigzag(guess.clock.get(typed.origin[0], 0) - typed.origin[1]),
                    )
            if typed.right is not None:
                if typed.right == guess.right.get(own):
                    self.put("right", 0)
                elif typed.origin is not None and typed.right == (
                    typed.origin[0],
                    typed.origin[1] + 1,
                ):
                    self.put("right", 1)
                else:
                    self.put("right", self.clients.place(typed.right[0]) + 2)
                    self.put(
                        "right_clock", _zigzag(guess.clock.get(typed.right[0], 0) - typed.right[1])
                    )
            if not typed.info & 0xC0:
                self.put("origin", self.parent_names.place(typed.parent.decode("latin-1")))
            self.put("length", len(typed.text))
            self.text += typed.text
        self.put("gone", len(typed.gone))
        guess.wrote(typed)
        for client, spans in typed.gone:
            self.put("gone_client", self.clients.place(client))
            self.put("gone_count", len(spans))
            for clock, length in spans:
                self.put("gone_clock", _zigzag(guess.gone.get(client, 0) - clock))
                self.put("gone_length", length)
                guess.gone[client] = clock


def _parts(payload: bytes) -> tuple[int, tuple]:  # type: ignore[type-arg]
    """The payload in parts if they make the same payload again."""
    try:
        version, by, fields = msgspec.msgpack.decode(payload)
        kind = fields["type"]
    except (msgspec.DecodeError, ValueError, TypeError, KeyError):
        return RAW, ()
    if version != 1 or not isinstance(by, str):
        return RAW, ()
    if kind == "DocEdited" and _edit_payload(by, update := fields.get("update", b"")) == payload:
        typed = _typed(update)
        return (EDIT, (by, update)) if typed is None else (TYPED, (by, typed))
    if kind == "CaretMoved" and len(fields) == 4:
        anchor, head = _placed(fields.get("anchor", "")), _placed(fields.get("head", ""))
        file = fields.get("file", "")
        if anchor and head and _caret_payload(by, file, _place(*anchor), _place(*head)) == payload:
            return CARET, (by, file, anchor, head)
    return RAW, ()


class _Unpacker:
    def __init__(self, content: bytes) -> None:
        reader = Reader(content)
        found = {name: _uncolumn(reader.take(reader.uint())) for name in _COLUMNS}
        blobs = {name: reader.take(reader.uint()) for name in _BLOBS}
        if reader.position != len(content):
            raise BadPack("The pack is longer than it says.")
        if len(found["at"]) > ROWS_MAX:
            raise BadPack("The pack claims more rows than any recording has.")
        self.columns = found
        self.take = {name: iter(values).__next__ for name, values in found.items()}
        lists = ("authors", "files", "clients", "parents")
        self.authors, self.files, self.clients, self.parents = (
            msgspec.json.decode(blobs[one]) for one in lists
        )
        self.text, self.raw, self.salts = (Reader(blobs[one]) for one in ("text", "raw", "salts"))
        self.guess = _Guess()

    def rows(self) -> list[PackedRow]:
        columns = self.columns
        times = accumulate(map(_zagzig, columns["at"]))
        offsets = accumulate(map(_zagzig, columns["wall"]))
        make = (self._raw, self._edit, self._typed_row, self._caret)
        rows = []
        try:
            for at, offset, kind, salted in zip(
                times, offsets, columns["kind"], columns["salted"], strict=True
            ):
                salt = self.salts.take(16) if salted else None
                rows.append(PackedRow(at, at + offset, make[kind](), salt))
        except StopIteration as error:
            raise BadPack("The pack ends early.") from error
        return rows

    def _raw(self) -> bytes:
        return self.raw.take(self.take["size"]())

    def _edit(self) -> bytes:
        return _edit_payload(
            self.authors[self.take["author"]()], self.raw.take(self.take["size"]())
        )

    def _caret(self) -> bytes:
        take = self.take
        by, file = self.authors[take["author"]()], self.files[take["file"]()]
        ends = []
        for _ in range(take["caret"]() + 1):
            client = self.clients[take["caret_client"]()]
            clock = self.guess.clock.get(client, 0) - _zagzig(take["caret_clock"]())
            ends.append(_place(client, clock, -take["assoc"]()))
        return _caret_payload(by, file, ends[0], ends[-1])

    def _typed_row(self) -> bytes:
        take, guess, clients = self.take, self.guess, self.clients
        by = self.authors[take["author"]()]
        typed = _Typed(info=take["info"]())
        if typed.info:
            own = typed.client = clients[take["client"]()]
            typed.clock = guess.clock.get(own, 0) + _zagzig(take["clock"]())
            if typed.info & 0x80:
                place = take["origin"]()
                if place:
                    other = clients[place - 1]
                    typed.origin = (
                        other,
                        guess.clock.get(other, 0) - _zagzig(take["origin_clock"]()),
                    )
                else:
                    typed.origin = (own, typed.clock - 1)
            if typed.info & 0x40:
                typed.right = self._right(own, typed.origin)
            if not typed.info & 0xC0:
                typed.parent = self.parents[take["origin"]()].encode("latin-1")
            typed.text = self.text.take(take["length"]())
            typed.units = len(typed.text.decode().encode("utf-16-le")) // 2
        count = take["gone"]()
        guess.wrote(typed)
        typed.gone = tuple(self._gone() for _ in range(count))
        return _edit_payload(by, typed.update())

    def _right(self, own: int, origin: tuple[int, int] | None) -> tuple[int, int] | None:
        place = self.take["right"]()
        if place == 0:
            return self.guess.right.get(own)
        if place == 1:
            return None if origin is None else (origin[0], origin[1] + 1)
        other = self.clients[place - 2]
        return other, self.guess.clock.get(other, 0) - _zagzig(self.take["right_clock"]())

    def _gone(self) -> tuple[int, tuple[tuple[int, int], ...]]:
        client = self.clients[self.take["gone_client"]()]
        spans = []
        for _ in range(self.take["gone_count"]()):
            clock = self.guess.gone.get(client, 0) - _zagzig(self.take["gone_clock"]())
            spans.append((clock, self.take["gone_length"]()))
            self.guess.gone[client] = clock
        return client, tuple(spans)
