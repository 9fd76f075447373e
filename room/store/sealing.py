"""Sealing: what a session recorded is encrypted with a key of its own, and that key with the site's.

AES-256-GCM with a random 96-bit nonce in front of each text (NIST SP 800-38D, section 8.2.2; a session stays far below
2^32 texts). The site's key is kept apart from the database and its backup, so a stolen backup holds nothing readable. Half of
each session's key is kept apart too (``store.halves``): destroying it makes all copies of the recording unreadable at once,
backups with the site's key included.
"""

import hmac
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from room.config import Settings, load_site_key
from room.session.ids import InterviewId
from room.store.engine import derive_key
from room.store.halves import Halves
from room.store.schema import metadata, owner_column, time_column

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
KEY_BYTES: Final = 32
HALVED: Final = b"\x02"
"""Stands before a key that needs its other half."""

session_keys = Table(
    "session_keys",
    metadata,
    Column(
        "interview_id",
        String(28),
        ForeignKey("interviews.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    owner_column(),
    Column("sealed_key", LargeBinary, nullable=False),
    time_column("created_at_ms", nullable=False),
)


class KeyDestroyed(LookupError):
    """The session's key is gone: its recording was deleted as promised, or never was."""


class HalfMissing(KeyDestroyed):
    """The row is there and the key's other half is not: a backup from before the deletion, or one that came without halves."""


class Damaged(ValueError):
    """A sealed text does not open: it was changed, or belongs elsewhere."""


class Cipher:
    """Seals and opens with one key. ``context`` names the place of a text, so that texts cannot be swapped unnoticed."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)
        self._salts = derive_key(key, b"salts")

    def salt(self, context: str) -> bytes:
        """16 bytes that nobody without the key can guess, always the same for one place."""
        return hmac.digest(self._salts, context.encode(), "sha256")[:16]

    def seal(self, plaintext: bytes, context: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plaintext, context.encode())

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """The text again.

        Raises:
            Damaged: it was changed, cut, or sealed for another place or with another key.
        """
        try:
            return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError) as error:
            raise Damaged(f"what is sealed at {context} does not open") from error


class Seals:
    """The keys of sessions, as the site's key opens them."""

    def __init__(self, site_key: bytes, halves: Halves | None = None) -> None:
        """Without ``halves`` keys are whole in the database, as those of earlier programs."""
        self._halves = halves
        self._site = Cipher(derive_key(site_key, b"session keys"))
        self.imports = Cipher(derive_key(site_key, b"imported recordings"))
        """For recordings of other sites."""

    @classmethod
    def open(cls, settings: Settings) -> "Seals":
        """With the site's key and the halves in the data folder."""
        return cls(load_site_key(settings), Halves(settings.data_dir / "keys" / "sessions"))

    def create(self, conn: Connection, owner_id: str, interview: InterviewId, now_ms: int) -> None:
        """A fresh key for a session that has none yet."""
        sealed = self._seal_key(secrets.token_bytes(KEY_BYTES), interview)
        conn.execute(
            insert(session_keys).values(
                interview_id=interview, owner_id=owner_id, sealed_key=sealed, created_at_ms=now_ms
            )
        )

    def _seal_key(self, key: bytes, interview: InterviewId) -> bytes:
        if self._halves is None:
            return self._site.seal(key, interview)
        half = self._halves.create(interview)
        return self._site.seal(HALVED + _xor(key, half), interview)

    def _open_key(self, sealed: bytes, interview: InterviewId) -> bytes:
        opened = self._site.unseal(sealed, interview)
        if len(opened) == KEY_BYTES:
            return opened
        if opened[:1] != HALVED or len(opened) != KEY_BYTES + 1:
            raise Damaged(f"the key of {interview} is of a newer program")
        half = self._halves.find(interview) if self._halves else None
        if half is None:
            raise HalfMissing(f"no half of the key for {interview}")
        return _xor(opened[1:], half)

    def halve(self, conn: Connection) -> int:
        """Halve the keys of earlier programs; how many there were."""
        if self._halves is None:
            return 0
        count = 0
        for row in conn.execute(
            select(session_keys.c.interview_id, session_keys.c.sealed_key)
        ).all():
            interview = InterviewId(row.interview_id)
            if len(row.sealed_key) == NONCE_BYTES + KEY_BYTES + TAG_BYTES:
                sealed = self._seal_key(self._open_key(row.sealed_key, interview), interview)
                mine = session_keys.c.interview_id == interview
                conn.execute(update(session_keys).where(mine).values(sealed_key=sealed))
                count += 1
        return count

    def without_half(self, conn: Connection) -> list[InterviewId]:
        """Sessions whose half of the key is missing."""
        found = []
        for interview in conn.scalars(select(session_keys.c.interview_id)):
            try:
                self.cipher(conn, InterviewId(interview))
            except HalfMissing:
                found.append(InterviewId(interview))
        return found

    def cipher(self, conn: Connection, interview: InterviewId) -> Cipher:
        """The session's cipher.

        Raises:
            KeyDestroyed: there is no key (any more).
            Damaged: the key was sealed with another site's key.
        """
        sealed = conn.scalar(
            select(session_keys.c.sealed_key).where(session_keys.c.interview_id == interview)
        )
        if sealed is None:
            raise KeyDestroyed(f"no key for {interview}")
        return Cipher(self._open_key(sealed, interview))

    def find(self, conn: Connection, interview: InterviewId) -> Cipher | None:
        """As :meth:`cipher`; None where there is no key (any more)."""
        try:
            return self.cipher(conn, interview)
        except KeyDestroyed:
            return None

    def seal(
        self, conn: Connection, interview: InterviewId, plaintext: bytes, context: str
    ) -> bytes:
        return self.cipher(conn, interview).seal(plaintext, context)

    def unseal(
        self, conn: Connection, interview: InterviewId, sealed: bytes, context: str
    ) -> bytes:
        return self.cipher(conn, interview).unseal(sealed, context)

    def destroy(self, conn: Connection, interview: InterviewId) -> None:
        """From here on nobody can read what the session recorded, in no backup either.

        The half goes at once, whatever becomes of the transaction: what was promised does not wait for a second try.
        """
        if self._halves is not None:
            self._halves.destroy(interview)
        conn.execute(delete(session_keys).where(session_keys.c.interview_id == interview))


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
