"""What can be held against a report: its hash, the site's signature over it, the signature of its PDF, and newer versions.

A signed report leaves Room as an envelope: the canonical JSON as it was hashed, its hash, the key's fingerprint and public
half, and an Ed25519 signature over the hash. The same envelope stands inside the PDF, whose every byte has a signature of its
own, so that new pages around an old attachment do not pass.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Literal

import msgspec

from room.scoring import pdfseal, wording
from room.scoring import report as reports_pure
from room.scoring.report import Report
from room.store.reports import Signed, Standing
from room.store.signing import PublicKey, Signer, from_text, to_text

FILE_MAX = 8_000_000
"""Bytes of a file that is checked."""

State = Literal["holds", "fails", "note"]


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed report as a file. `report` keeps the bytes that were hashed, exactly."""

    hash: str
    key: str
    public_key: str
    """The 32 bytes of the Ed25519 key, base64; it proves nothing by itself, its hash is `key`."""
    report: msgspec.Raw
    schema: Literal["room.signed-report/1"]
    signature: str
    """Ed25519 over `message`, base64."""


class Finding(msgspec.Struct, frozen=True):
    what: Literal["form", "data", "key", "pages", "version"]
    state: State
    sentence: str


class Verdict(msgspec.Struct, frozen=True):
    kind: Literal["pdf", "json", "neither"]
    findings: tuple[Finding, ...]
    report: Report | None = None
    """What the data says, when it can be read at all."""

    @property
    def holds(self) -> bool:
        """Everything that was looked at holds; a note, such as a newer version, takes nothing away."""
        return self.report is not None and all(f.state != "fails" for f in self.findings)


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Envelope)


def message(hash_: str) -> bytes:
    """The bytes that are signed: the hash, and what it is of, so that a signature serves no other purpose."""
    return f"room.signed-report/1\n{hash_}\n".encode()


def sign(body: bytes, signer: Signer) -> bytes:
    """The signature over a report's canonical JSON."""
    return signer.sign(message(reports_pure.digest(body)))


def envelope(row: Signed, signer: Signer, find: Callable[[str], PublicKey | None]) -> bytes:
    """The signed report as a file; one that was frozen without a signature gets one now."""
    known = find(row.key_id) if row.key_id and row.signature else None
    signature = row.signature if known and row.signature else sign(row.body, signer)
    key = known or signer.public
    return _encoder.encode(
        Envelope(
            hash=row.hash,
            key=key.id,
            public_key=to_text(key.ed25519),
            report=msgspec.Raw(row.body),
            schema="room.signed-report/1",
            signature=to_text(signature),
        )
    )


def verify(
    file: bytes,
    keys: Sequence[PublicKey],
    *,
    pins: Collection[str] = (),
    standing: Callable[[str], Standing | None] = lambda _hash: None,
) -> Verdict:
    """What holds of a report's JSON or PDF, and what does not.

    `keys`: the site's own, retired ones too. `pins`: fingerprints of another site's keys and certificates, as it publishes
    them. `standing`: what the site has on file about a hash.

    Raises:
        limited.Busy: another PDF is being read.
    """
    wanted = frozenset(_plain(pin) for pin in pins)
    if len(file) > FILE_MAX:
        return _neither(f"The file is larger than {FILE_MAX // 1_000_000} MB; no report is.")
    if file.lstrip()[:5] != b"%PDF-":
        return _of_json(file, keys, wanted, standing, kind="json", found=())
    try:
        read = pdfseal.read(file)
    except pdfseal.BadPdf:
        return _neither("This PDF is damaged or was changed: it cannot be read.", kind="pdf")
    pages = _pages(read, keys, wanted)
    if read.attached is None:
        missing = Finding("form", "fails", "No report of Room is attached to this PDF.")
        return Verdict("pdf", (missing, pages))
    return _of_json(read.attached, keys, wanted, standing, kind="pdf", found=(pages,))


def _plain(fingerprint: str) -> str:
    return "".join(c for c in fingerprint.lower() if c in "0123456789abcdef")


def _neither(sentence: str, kind: Literal["pdf", "neither"] = "neither") -> Verdict:
    return Verdict(kind, (Finding("form", "fails", sentence),))


def _of_json(
    body: bytes,
    keys: Sequence[PublicKey],
    pins: Collection[str],
    standing: Callable[[str], Standing | None],
    *,
    kind: Literal["pdf", "json"],
    found: tuple[Finding, ...],
) -> Verdict:
    try:
        sent = _decoder.decode(body)
        report = reports_pure.read(bytes(sent.report))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        what = "What is attached is" if kind == "pdf" else "This is"
        bad = Finding("form", "fails", f"{what} no signed report of Room, or it was changed.")
        return Verdict(kind, (bad, *found))
    raw = bytes(sent.report)
    is_exact = reports_pure.canonical(report) == raw and reports_pure.digest(raw) == sent.hash
    data = (
        Finding("data", "holds", "The data is unchanged: it has the hash that was signed.")
        if is_exact
        else Finding("data", "fails", "The data was changed: it does not have the hash it names.")
    )
    key = _signature(sent, keys, pins)
    note = _version(report, standing(sent.hash) if is_exact else None)
    return Verdict(kind, (data, key, *found, *note), report)


def _signature(sent: Envelope, keys: Sequence[PublicKey], pins: Collection[str]) -> Finding:
    try:
        public, signature = from_text(sent.public_key), from_text(sent.signature)
        given = PublicKey(sent.key, public, b"", 0)
        is_whole = len(public) == 32 and reports_pure.digest(public) == sent.key
        is_signed = is_whole and given.holds(signature, message(sent.hash))
    except ValueError:
        is_signed = False
    if not is_signed:
        return Finding("key", "fails", "The signature does not fit: data, hash or signature was changed.")  # fmt: skip
    known = next((key for key in keys if key.id == sent.key), None)
    if known is None and sent.key not in pins:
        return Finding(
            "key",
            "fails",
            f"It is signed, but with a key that is not known here: {given.fingerprint}. "
            "Compare it with what the site that made the report publishes.",
        )
    return Finding("key", "holds", f"Signed by this site with {_said(known, given.fingerprint)}.")


def _said(known: PublicKey | None, fingerprint: str) -> str:
    if known is None:
        return f"the key that you named, {fingerprint}"
    if known.retired_at_ms is None:
        return f"its key {known.fingerprint}"
    day = wording.day(known.retired_at_ms, "UTC")
    return f"a former key, in use until {day}: {known.fingerprint}"


def _pages(read: pdfseal.Read, keys: Sequence[PublicKey], pins: Collection[str]) -> Finding:
    if not read.signatures:
        return Finding("pages", "fails", "The PDF has no signature, so its pages may say anything.")
    if not read.is_intact:
        return Finding("pages", "fails", "The PDF was changed after it was signed; its pages may say anything.")  # fmt: skip
    if not read.covers_all:
        return Finding("pages", "fails", "Something was added to the PDF after it was signed.")
    known = next((key for key in keys if key.certificate == read.certificate), None)
    if known is None and reports_pure.digest(read.certificate) not in pins:
        return Finding("pages", "fails", "The PDF is signed, but with a certificate that is not known here.")  # fmt: skip
    if known is not None and known.retired_at_ms is not None:
        day = wording.day(known.retired_at_ms, "UTC")
        return Finding("pages", "holds", f"The pages are unchanged; signed with a former key, in use until {day}.")  # fmt: skip
    return Finding("pages", "holds", "The pages are unchanged: every byte of the PDF is as it was signed.")  # fmt: skip


def _version(report: Report, known: Standing | None) -> tuple[Finding, ...]:
    if known is None:
        said = "This site has no such report on file: it was deleted as promised, or it is of another site."
        return (Finding("version", "note", said),)
    if known.newest > known.version:
        day = wording.day(known.newest_signed_at_ms, "UTC")
        said = f"This is version {known.version}. Version {known.newest}, signed {day}, takes its place. Ask for it."
        return (Finding("version", "note", said),)
    said = f"It is the newest version that this site has on file: version {report.version}."
    return (Finding("version", "holds", said),)
