"""The site's keys for signing reports: an Ed25519 key for the data and, made from the same secret, a P-256 key for PDF files.

They lie in a folder of their own (``keys/reports`` of the data folder), outside the database and its backups, readable by
nobody else. One key signs; a key that was replaced leaves its public half behind, so that what it signed can be checked for
ever, and its secret is overwritten and removed. Ordinary PDF readers know P-256 everywhere and Ed25519 hardly anywhere.
"""

import base64
import contextlib
import datetime as dt
import hashlib
import os
import secrets
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import NameOID

SECRET_BYTES = 32
CERTIFICATE_DAYS = 3650
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
DAY_S = 86_400


class BadKey(ValueError):
    """A key in the folder cannot be used. Its text is a sentence."""


class PublicKey(msgspec.Struct, frozen=True):
    """What remains of a key for ever."""

    id: str
    """SHA-256 over the 32 bytes of the Ed25519 public key, in hexadecimal: the fingerprint."""
    ed25519: bytes
    certificate: bytes
    """X.509 for the P-256 key of PDF files, DER; signed by that key itself."""
    made_at_ms: int
    retired_at_ms: int | None = None

    @property
    def fingerprint(self) -> str:
        """In groups of four, to be read aloud."""
        return " ".join(self.id[i : i + 4] for i in range(0, len(self.id), 4))

    @property
    def certificate_fingerprint(self) -> str:
        """SHA-256 of the certificate, as readers of PDF files show it."""
        digest = hashlib.sha256(self.certificate).hexdigest().upper()
        return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))

    def holds(self, signature: bytes, message: bytes) -> bool:
        """Whether this key made the signature over the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.ed25519).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Signer(msgspec.Struct, frozen=True):
    """The key that signs now, with its secret."""

    public: PublicKey
    secret: bytes

    def __repr__(self) -> str:
        return f"Signer({self.public.id[:16]}…)"

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return Ed25519PrivateKey.from_private_bytes(self.secret).sign(message)

    def pdf_key(self) -> bytes:
        """The P-256 key as PKCS #8, DER, unencrypted: for the one child process that signs a PDF."""
        return _p256(self.secret).private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(PublicKey)


def open_keys(folder: Path, now_ms: int, site: str) -> "Keys":
    """The keys in the folder; the first one is made when there is none. `site` is the name in the certificate.

    Two processes that start at once agree on one key.

    Raises:
        BadKey: the folder holds something that is no key.
    """
    keys = Keys(folder)
    if not (folder / "current").exists():
        _make(folder, now_ms, site, is_first=True)
    keys.signer()
    return keys


class Keys:
    """The folder. It is read anew each time: a rotation by the command line counts at once, without a restart."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def signer(self) -> Signer:
        """Raises BadKey."""
        try:
            secret = bytes.fromhex((self.folder / "current").read_text(encoding="ascii").strip())
            if len(secret) != SECRET_BYTES:
                raise ValueError(f"is not {SECRET_BYTES} bytes")  # noqa: TRY301
            return Signer(self._read(_id_of(secret)), secret)
        except (OSError, ValueError) as error:
            raise BadKey(
                f"The key for reports in {self.folder} cannot be read: {error}."
            ) from error

    def find(self, identity: str) -> PublicKey | None:
        """The key with this fingerprint, in use or retired; None: this site never had it."""
        if len(identity) != 64 or not set(identity) <= set("0123456789abcdef"):
            return None
        try:
            return self._read(identity)
        except FileNotFoundError:
            return None

    def all(self) -> list[PublicKey]:
        """The newest first."""
        found = [self._read(path.stem) for path in self.folder.glob("*.json")]
        return sorted(found, key=lambda key: (-key.made_at_ms, key.id))

    def _read(self, identity: str) -> PublicKey:
        try:
            return _decoder.decode((self.folder / f"{identity}.json").read_bytes())
        except msgspec.MsgspecError as error:
            raise BadKey(f"The public key {identity} cannot be read: {error}.") from error

    def rotate(self, now_ms: int, site: str) -> PublicKey:
        """Make a new key that signs from now on. The old secret is gone after this; its public half stays."""
        old = self.signer()
        made = _make(self.folder, now_ms, site, is_first=False)
        retired = msgspec.structs.replace(old.public, retired_at_ms=now_ms)
        _write(self.folder / f"{old.public.id}.json", _encoder.encode(retired), 0o644)
        return made


def _id_of(secret: bytes) -> str:
    public = Ed25519PrivateKey.from_private_bytes(secret).public_key()
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()


def _p256(secret: bytes) -> ec.EllipticCurvePrivateKey:
    # 48 bytes, so that the remainder is even over the whole range (FIPS 186-5, A.2.1).
    wide = HKDF(hashes.SHA256(), 48, salt=None, info=b"room report pdf p-256").derive(secret)
    number = int.from_bytes(wide, "big") % (P256_ORDER - 1) + 1
    return ec.derive_private_key(number, ec.SECP256R1())


def _make(folder: Path, now_ms: int, site: str, *, is_first: bool) -> PublicKey:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = secrets.token_bytes(SECRET_BYTES)
    private = Ed25519PrivateKey.from_private_bytes(secret)
    public = PublicKey(
        _id_of(secret),
        private.public_key().public_bytes_raw(),
        _certificate(secret, now_ms, site),
        now_ms,
    )
    # The public half first: a secret without it could sign what nobody could check.
    _write(folder / f"{public.id}.json", _encoder.encode(public), 0o644)
    if not _write(folder / "current", f"{secret.hex()}\n".encode(), 0o600, is_first=is_first):
        (folder / f"{public.id}.json").unlink()  # another process was quicker: its key counts
    return public


def _certificate(secret: bytes, now_ms: int, site: str) -> bytes:
    key = _p256(secret)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Room reports, {site}"[:64])])
    start = dt.datetime.fromtimestamp(now_ms // 1000 - DAY_S, dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=True, key_encipherment=False,
                data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
                encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    return made.public_bytes(serialization.Encoding.DER)


def _write(path: Path, content: bytes, mode: int, *, is_first: bool = False) -> bool:
    """Put a whole file in place. `is_first`: only where there is none yet; False when there was one."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if not is_first:
            draft.replace(path)
        else:
            try:
                os.link(draft, path)
            except FileExistsError:
                return False
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True


def to_text(signature: bytes) -> str:
    return base64.b64encode(signature).decode("ascii")


def from_text(text: str) -> bytes:
    """Raises ValueError."""
    return base64.b64decode(text, validate=True)
