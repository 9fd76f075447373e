"""The signature of a PDF, over every byte of the file, and what a PDF from outside says. Nothing else here knows pyHanko.

Both run in limited children: a PDF from outside is taken apart nowhere else, and the child that signs lays nothing out.
The signature is the ordinary one of PDF files (PAdES, ISO 32000-2, 12.8), so that other programs check it too.
"""

import importlib
import io
from typing import Any

import msgspec

from room.scoring import limited
from room.scoring.render import ATTACHED
from room.store.signing import Signer

FIELD = "RoomSignature"
REASON = "The pages and the attached data are as the site made them."


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What a PDF holds; nothing of it is trusted yet."""

    attached: bytes | None
    """The report's JSON; None: there is none, or more than one."""
    signatures: int
    is_intact: bool = False
    """The bytes that the last signature covers are as they were signed."""
    covers_all: bool = False
    """That signature covers the whole file: nothing was added after it."""
    certificate: bytes = b""
    """The signer's, DER, whoever that is."""


class _Order(msgspec.Struct, frozen=True):
    pdf: bytes
    key: bytes
    certificate: bytes


_encoder = msgspec.msgpack.Encoder()
_orders = msgspec.msgpack.Decoder(_Order)
_reads = msgspec.msgpack.Decoder(Read)


class BadPdf(ValueError):
    """No PDF that can be read."""


def sign(pdf: bytes, signer: Signer) -> bytes:
    """The file with a signature behind it.

    Raises:
        limited.Busy, limited.Failed: as every job.
    """
    order = _Order(pdf, signer.pdf_key(), signer.public.certificate)
    return limited.run("sign", _encoder.encode(order))


def read(pdf: bytes) -> Read:
    """Take a file from outside apart.

    Raises:
        BadPdf: it cannot be read, or not within the limits.
        limited.Busy: others are being read.
    """
    try:
        return _reads.decode(limited.run("read", pdf))
    except limited.Failed as error:
        raise BadPdf(str(error)) from error


# ------------------------------------------------------------------------------------------------ in the limited child


def prepare() -> None:
    """Import the library once, for all children that are forked from here."""
    for name in (
        "pdf_utils.embed",
        "pdf_utils.incremental_writer",
        "sign.signers",
        "sign.validation",
    ):
        importlib.import_module(f"pyhanko.{name}")


def sign_in_child(payload: bytes) -> bytes:
    """The work of `sign`."""
    from asn1crypto import keys, x509  # noqa: PLC0415
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415
    from pyhanko.sign import fields, signers  # noqa: PLC0415
    from pyhanko_certvalidator.registry import SimpleCertificateStore  # noqa: PLC0415

    order = _orders.decode(payload)
    signer = signers.SimpleSigner(
        signing_cert=x509.Certificate.load(order.certificate),
        signing_key=keys.PrivateKeyInfo.load(order.key),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
    meta = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        reason=REASON,
    )
    field = fields.SigFieldSpec(
        FIELD,
        readable_field_name="Signature of the site",
        # No mark on a page: hidden, which is what PDF/UA asks of a field without a tag.
        invis_sig_settings=fields.InvisSigSettings(set_hidden_flag=True),
    )
    out = io.BytesIO()
    signers.PdfSigner(meta, signer, new_field_spec=field).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(order.pdf)), output=out
    )
    return out.getvalue()


def read_in_child(pdf: bytes) -> bytes:
    """The work of `read`, without trust in what was sent."""
    from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415
    from pyhanko.sign.validation.status import SignatureCoverageLevel  # noqa: PLC0415

    file = PdfFileReader(io.BytesIO(pdf))
    attached = _attached(file)
    signatures = file.embedded_signatures
    if not signatures:
        return _encoder.encode(Read(attached=attached, signatures=0))
    last = signatures[-1]
    last.compute_integrity_info(skip_diff=True)
    return _encoder.encode(
        Read(
            attached=attached,
            signatures=len(signatures),
            is_intact=_is_intact(last),
            covers_all=last.coverage == SignatureCoverageLevel.ENTIRE_FILE,
            certificate=last.signer_cert.dump(),
        )
    )


def _is_intact(signature: Any) -> bool:
    """Whether the CMS signature is that of its certificate's key, over the digest of the file."""
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity  # noqa: PLC0415

    intact, valid = validate_sig_integrity(
        signature.signer_info,
        signature.signer_cert,
        expected_content_type="data",
        actual_digest=signature.compute_digest(),
    )
    return bool(intact and valid)


def _attached(file: Any) -> bytes | None:
    """The one attachment of the report's name."""
    names = _plain(_plain(file.root.get("/Names")).get("/EmbeddedFiles"))
    found = []
    entries = names.get("/Names", [])
    for index in range(1, len(entries), 2):
        entry = _plain(entries[index])
        if str(entry.get("/UF", entry.get("/F", ""))) == ATTACHED:
            found.append(bytes(_plain(_plain(entry["/EF"])["/F"]).data))
    return found[0] if len(found) == 1 else None


def _plain(value: Any) -> Any:
    """The object that a reference of the file leads to; an empty dictionary for nothing."""
    from pyhanko.pdf_utils.generic import IndirectObject  # noqa: PLC0415

    if isinstance(value, IndirectObject):
        value = value.get_object()  # type: ignore[no-untyped-call]
    return {} if value is None else value
