"""The variable-length encoding of lib0, in which Yjs writes."""


class Malformed(ValueError):
    """The bytes end early, or hold what the encoding does not have."""


class Reader:
    """Reads from the front. A byte behind the end is an IndexError."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def byte(self) -> int:
        value = self.data[self.at]
        self.at += 1
        return value

    def uint(self) -> int:
        byte = self.data[self.at]
        self.at += 1
        if byte < 0x80:
            return byte
        value, shift = byte & 0x7F, 7
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise Malformed("A number is longer than 63 bits.")

    def chunk(self, length: int) -> bytes:
        end = self.at + length
        if length < 0 or end > len(self.data):
            raise Malformed("The bytes end early.")
        found = self.data[self.at : end]
        self.at = end
        return found

    def text(self) -> str:
        return self.chunk(self.uint()).decode()


def put_uint(out: bytearray, value: int) -> None:
    while value > 0x7F:
        out.append(0x80 | value & 0x7F)
        value >>= 7
    out.append(value)
