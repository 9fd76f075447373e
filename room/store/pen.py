r"""How events become rows: sealed, chained by hash.

A row's hash commits to the row before it and to a salted payload, not to the payload itself: few choices could be guessed.

    commitment = SHA-256(salt ‖ payload)                         payload: events.encode_payload
    hash       = SHA-256(previous hash ‖ seq ‖ at_ms ‖ wall_ms ‖ commitment)   integers: 8 bytes, big endian, signed
    previous hash of the first row = SHA-256("room/journal/1\0" ‖ session id)
    sealed     = AES-256-GCM(salt ‖ payload), context "journal/<session id>/<seq>"
"""

import hashlib
import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

from room.session.events import Recorded, encode_payload
from room.session.ids import InterviewId
from room.store.sealing import Cipher

SALT_BYTES: Final = 16
HASH_BYTES: Final = 32


class Row(NamedTuple):
    """A row of the journal, in the order of its columns."""

    session_id: InterviewId
    seq: int
    owner_id: str
    at_ms: int
    wall_ms: int
    sealed: bytes
    hash: bytes


def genesis(session: InterviewId) -> bytes:
    """What stands for the hash before the first row."""
    return hashlib.sha256(b"room/journal/1\0" + session.encode()).digest()


def commitment(salted_payload: bytes) -> bytes:
    return hashlib.sha256(salted_payload).digest()


def link(previous: bytes, seq: int, at_ms: int, wall_ms: int, committed: bytes) -> bytes:
    """A row's hash."""
    return hashlib.sha256(previous + struct.pack(">qqq", seq, at_ms, wall_ms) + committed).digest()


def context_of(session: InterviewId, seq: int) -> str:
    return f"journal/{session}/{seq}"


class Pen:
    """Where one session's journal stands: whoever holds it is its only writer."""

    def __init__(
        self, session: InterviewId, owner_id: str, cipher: Cipher, last_hash: bytes
    ) -> None:
        self.session = session
        self.owner_id = owner_id
        self.cipher = cipher
        self.last_hash = last_hash

    def to_rows(self, recorded: Iterable[Recorded]) -> list[Row]:
        """The rows for ``recorded``, sealed and chained on to what was written before; moves ``last_hash`` on."""
        rows = []
        for one in recorded:
            context = context_of(self.session, one.seq)
            salted = self.cipher.salt(context) + encode_payload(one.by, one.event)
            hashed = link(self.last_hash, one.seq, one.at_ms, one.wall_ms, commitment(salted))
            sealed = self.cipher.seal(salted, context)
            rows.append(
                Row(self.session, one.seq, self.owner_id, one.at_ms, one.wall_ms, sealed, hashed)
            )
            self.last_hash = hashed
        return rows
