"""Sealing: what a session recorded is encrypted with a key of its own, and that key with the site's.

AES-256-GCM with a random 96-bit nonce in front of each text (NIST SP 800-38D, section 8.2.2; a session stays far below
2^32 texts). The site's key is kept apart from the database and its backup, so a stolen backup holds nothing readable, and
destroying a session's key makes all copies of its recording unreadable at once.
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
)

from room.session.ids import InterviewId
from room.store.engine import derive_key
from room.store.schema import metadata, owner_column, time_column

NONCE_BYTES: Final = 12

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

    def __init__(self, site_key: bytes) -> None:
        self._site = Cipher(derive_key(site_key, b"session keys"))
        self.imports = Cipher(derive_key(site_key, b"imported recordings"))
        """For recordings of other sites."""

    def create(self, conn: Connection, owner_id: str, interview: InterviewId, now_ms: int) -> None:
        """A fresh key for a session that has none yet."""
        sealed = self._site.seal(secrets.token_bytes(32), interview)
        conn.execute(
            insert(session_keys).values(
                interview_id=interview, owner_id=owner_id, sealed_key=sealed, created_at_ms=now_ms
            )
        )

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
        return Cipher(self._site.unseal(sealed, interview))

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
        """From here on nobody can read what the session recorded, in no backup either."""
        conn.execute(delete(session_keys).where(session_keys.c.interview_id == interview))
