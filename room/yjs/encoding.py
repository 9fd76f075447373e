"""Reading and writing lib0's variable-length integers and strings, with bounds: the encoding in which Yjs writes.

Source: lib0 ``encoding.js``/``decoding.js``: seven bits a byte, least significant first, the high bit says "more".
"""

MAX_SAFE = 2**53 - 1
"""JavaScript's largest exact integer; lib0 refuses more."""


class Malformed(ValueError):
    """Bytes that no honest client sends. The text is for the log; it never repeats content."""


class Reader:
    """A cursor over bytes. Every read raises :class:`Malformed` instead of reading past the end."""

    __slots__ = ("_data", "_end", "position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._end = len(data)
        self.position = 0

    @property
    def left(self) -> int:
        return self._end - self.position

    def byte(self) -> int:
        if self.position >= self._end:
            raise Malformed("ends too early")
        value = self._data[self.position]
        self.position += 1
        return value

    def uint(self) -> int:
        """An unsigned integer of at most 53 bits."""
        data, position, end = self._data, self.position, self._end
        if position < end and (value := data[position]) < 0x80:
            self.position = position + 1
            return value
        value = shift = 0
        while position < end:
            byte = data[position]
            position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value > MAX_SAFE:
                    raise Malformed("a number is too large")
                self.position = position
                return value
            shift += 7
            if shift > 56:
                raise Malformed("a number is too long")
        raise Malformed("ends too early")

    def count(self, smallest: int) -> int:
        """A number of items of at least ``smallest`` bytes each, checked against what is left."""
        number = self.uint()
        if number * smallest > self.left:
            raise Malformed("announces more items than it has bytes")
        return number

    def take(self, length: int) -> bytes:
        start = self.position
        if length > self._end - start:
            raise Malformed("ends too early")
        self.position = start + length
        return self._data[start : start + length]

    def bytes(self) -> bytes:
        return self.take(self.uint())

    def text(self) -> str:
        try:
            return self.bytes().decode()
        except UnicodeDecodeError as error:
            raise Malformed("text that is not UTF-8") from error

    def end(self) -> None:
        if self.left:
            raise Malformed("has bytes behind its end")


_SMALL = tuple(bytes((number,)) for number in range(0x80))


def write_uint(number: int) -> bytes:
    if number < 0x80:
        return _SMALL[number]
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def write_bytes(data: bytes) -> bytes:
    return write_uint(len(data)) + data


def put_uint(out: bytearray, number: int) -> None:
    """The same as :func:`write_uint`, at the end of what is there."""
    out += write_uint(number)
