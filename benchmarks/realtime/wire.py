"""A WebSocket client that costs little: the generator must not be what is measured.

Frames are masked with the key zero, which the protocol allows, so that the payload goes out as it is.
"""

import asyncio
import base64
import os
import struct


def uint(number):
    """lib0's variable-length integer."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def sized(data):
    return uint(len(data)) + data


def read_uint(data, at):
    """(number, where it ends)."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


class Socket(asyncio.Protocol):
    """One connection. ``on_message(payload)`` is called for each binary message."""

    def __init__(self, host, path, headers, on_open, on_message):
        self.on_open, self.on_message = on_open, on_message
        self.closed = None
        """The close code, once it is closed; 1006 when it ended without one."""
        self.received = 0
        self._buffer = bytearray()
        self._is_open = False
        self.ready = asyncio.get_running_loop().create_future()
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]  # fmt: skip
        self._request = ("\r\n".join(lines) + "\r\n\r\n").encode()

    def connection_made(self, transport):
        self.transport = transport
        transport.write(self._request)

    def data_received(self, data):
        buffer = self._buffer
        buffer += data
        if not self._is_open:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            status = bytes(buffer[: buffer.find(b"\r\n")])
            if b" 101 " not in status:
                self.ready.set_exception(ConnectionError(status.decode()))
                self.transport.close()
                return
            self._is_open = True
            del buffer[: end + 4]
            self.on_open(self)
            self.ready.set_result(self)
        at, size = 0, len(buffer)
        while size - at >= 2:
            length = buffer[at + 1]
            start = at + 2
            if length == 126:
                if size < start + 2:
                    break
                length = struct.unpack_from(">H", buffer, start)[0]
                start += 2
            elif length == 127:
                if size < start + 8:
                    break
                length = struct.unpack_from(">Q", buffer, start)[0]
                start += 8
            if size < start + length:
                break
            opcode = buffer[at] & 0x0F
            payload = bytes(buffer[start : start + length])
            at = start + length
            if opcode == 2:
                self.received += 1
                self.on_message(payload)
            elif opcode == 9:
                self._frame(0x8A, payload)
            elif opcode == 8:
                self.closed = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
        if at:
            del buffer[:at]

    def connection_lost(self, error):
        self.closed = self.closed or 1006
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("closed before the upgrade"))

    def send(self, payload):
        self._frame(0x82, payload)

    def _frame(self, head, payload):
        length = len(payload)
        if length < 126:
            front = bytes((head, 0x80 | length, 0, 0, 0, 0))
        elif length < 65536:
            front = struct.pack(">BBHI", head, 0x80 | 126, length, 0)
        else:
            front = struct.pack(">BBQI", head, 0x80 | 127, length, 0)
        self.transport.write(front + payload)

    def close(self):
        self.transport.close()


async def open_socket(address, on_open, on_message):
    """Connect; ``on_open(socket)`` is called before the first message. ``address`` is {"host", "port", "path", "headers"}."""
    loop = asyncio.get_running_loop()
    where = f"{address['host']}:{address['port']}"
    _, socket = await loop.create_connection(
        lambda: Socket(where, address["path"], address.get("headers", {}), on_open, on_message),
        address["host"],
        address["port"],
    )
    return await socket.ready
