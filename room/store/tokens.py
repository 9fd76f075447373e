"""Secrets that browsers carry: made at random, kept as a hash only."""

import base64
import hashlib
import hmac
import secrets


def new_secret() -> str:
    """160 random bits as 32 lower-case letters and digits."""
    return base64.b32encode(secrets.token_bytes(20)).decode("ascii").lower()


def token_for(key: bytes, identity: str) -> str:
    """The token of something with a random identity, always the same under the same key: 32 letters and digits.

    It can be shown again to its owner although only its hash is stored, and without the key it cannot be told.
    """
    return (
        base64.b32encode(hmac.digest(key, identity.encode(), hashlib.sha256)[:20])
        .decode("ascii")
        .lower()
    )


def hashed(secret: str) -> str:
    """What is stored of a secret: SHA-256 as hex. The secrets have 160 bits, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()
