"""A recording as a file of its own: what one viewer may see, in blocks, with a manifest that is signed.

Enters: a viewer's copy. Leaves: a zip file of ``manifest.json`` and ``blocks/00001`` and so on; and back again, where nothing is
believed: not the sizes, not the names, not the numbers, not the signature. The form is described in docs/recording.md.

The copy has a chain of its own, over its own events from 1 without gaps, so that it can be checked without telling how much was
left out. What was typed before Start is one edit; what was said and run before it is not in the copy, as it is not in the replay.
"""

import hashlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from room.replay import segments as cut
from room.replay.authorship import document
from room.replay.index import Person, Pin
from room.session import events as e
from room.session.events import Recorded, decode_payload, encode_payload
from room.session.ids import SYSTEM, PartId, QuestionId
from room.store import packing
from room.store.packing import BadPack, PackedRow
from room.store.signing import PublicKey
from room.yjs.updates import UnreadableUpdate, read_update

FORMAT: Final = "room-recording"
VERSION: Final = 1
FILE_MAX: Final = 32 * 1024 * 1024
MANIFEST_MAX: Final = 8 * 1024 * 1024
UNPACKED_MAX: Final = 512 * 1024 * 1024
EVENTS_MAX: Final = 600_000
BLOCKS_MAX: Final = 1000
DURATION_MAX_MS: Final = 48 * 3600 * 1000
WALL_MAX_MS: Final = 4_102_444_800_000
"""The year 2100."""
BLOCK_ROWS: Final = 8192
_BLOCK_NAME: Final = re.compile(r"blocks/[0-9]{5}")
_NOT_BEFORE_START: Final = (
    e.ChatSent, e.TeamChatSent, e.NoteAdded, e.CaretMoved, e.RunQueued, e.RunStarted, e.RunOutput, e.RunInput, e.RunFinished,
    e.TestsQueued, e.TestsFinished, e.HiddenTestsQueued, e.HiddenTestsFinished,
)  # fmt: skip


class BadRecording(ValueError):
    """The file cannot be played. Its text is a sentence for the person who brought it."""


class Block(msgspec.Struct, frozen=True):
    name: str
    rows: int
    sha256: str


class Statement(msgspec.Struct, frozen=True):
    """A part of a problem as it was shown, in Markdown."""

    question: str
    part: str
    markdown: str


class Key(msgspec.Struct, frozen=True):
    id: str
    """SHA-256 of the Ed25519 public key, in hexadecimal."""
    ed25519: bytes


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    format: str = FORMAT
    version: int = VERSION
    session: str
    viewer: str
    """Whose copy: ``interviewer``, ``rater``, ``reader`` or ``public`` (the candidate's)."""
    title: str
    site: str
    made_at_ms: int
    people: tuple[Person, ...]
    pins: tuple[Pin, ...] = ()
    """Pins that were put on the replay; those of the interview are events."""
    competencies: tuple[tuple[str, str], ...] = ()
    statements: tuple[Statement, ...] = ()
    typing: bool = True
    """Whether the viewer gets the typing plot."""
    events: int
    blocks: tuple[Block, ...]
    last_hash: str
    key: Key | None = None
    signature: bytes = b""
    """Ed25519 over the manifest's JSON without this field, keys sorted, no spaces."""


class Recording(msgspec.Struct, frozen=True):
    """What was read from a file, and held together."""

    manifest: Manifest
    events: tuple[Recorded, ...]
    is_signed: bool
    """The manifest's own key made the signature; who holds that key is another question."""


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Manifest)


def signed_bytes(manifest: Manifest) -> bytes:
    return _encoder.encode(msgspec.structs.replace(manifest, signature=b""))


def genesis(session: str) -> bytes:
    return hashlib.sha256(b"room/recording/1\0" + session.encode()).digest()


def link(previous: bytes, number: int, at_ms: int, wall_ms: int, payload: bytes) -> bytes:
    """The hash of an event of a copy. Its payload is in the same file, so nothing is salted."""
    place = struct.pack(">qqq", number, at_ms, wall_ms)
    return hashlib.sha256(previous + place + hashlib.sha256(payload).digest()).digest()


def of_copy(visible: Sequence[Recorded]) -> list[Recorded]:
    """A viewer's events as the file has them: numbered from 1, the time before Start without its course."""
    start = cut.start_of(visible)
    if start is None:
        return []
    wall_ms = visible[start - 1].wall_ms
    before = visible[: start - 1]
    kept = [one for one in before if not isinstance(one.event, (e.DocEdited, *_NOT_BEFORE_START))]
    events = [msgspec.structs.replace(one, at_ms=0, wall_ms=wall_ms) for one in kept]
    typed = document(before).get_update()
    if typed != b"\x00\x00":
        events.append(Recorded(0, 0, wall_ms, SYSTEM, e.DocEdited(typed)))
    events += visible[start - 1 :]
    return [msgspec.structs.replace(one, seq=number) for number, one in enumerate(events, 1)]


def write(
    events: Sequence[Recorded],
    manifest: Callable[[tuple[Block, ...], str], Manifest],
    sign: Callable[[bytes], bytes] | None,
) -> bytes:
    """The file. ``manifest`` makes it from the blocks and the last hash; ``sign`` makes the signature over its bytes."""
    session = manifest((), "").session
    blocks: list[Block] = []
    contents: list[bytes] = []
    hashed = genesis(session)
    for first in range(0, len(events), BLOCK_ROWS):
        rows = []
        for one in events[first : first + BLOCK_ROWS]:
            payload = encode_payload(one.by, one.event)
            hashed = link(hashed, one.seq, one.at_ms, one.wall_ms, payload)
            rows.append(PackedRow(one.at_ms, one.wall_ms, payload))
        content = packing.pack(rows)
        name = f"blocks/{len(blocks) + 1:05}"
        blocks.append(Block(name, len(rows), hashlib.sha256(content).hexdigest()))
        contents.append(content)
    made = manifest(tuple(blocks), hashed.hex())
    if sign is not None:
        made = msgspec.structs.replace(made, signature=sign(signed_bytes(made)))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content, method in (
            ("manifest.json", _encoder.encode(made), zipfile.ZIP_DEFLATED),
            *((b.name, c, zipfile.ZIP_STORED) for b, c in zip(blocks, contents, strict=True)),
        ):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, method)
    return out.getvalue()


def is_recording(head: bytes) -> bool:
    """Whether a file's beginning looks like a recording's."""
    return head[:4] == b"PK\x03\x04" and b"manifest.json" in head[:64]


def read(data: bytes) -> Recording:
    """Read a file that anybody may have made.

    Raises:
        BadRecording: with what is wrong, and where.
    """
    if len(data) > FILE_MAX:
        raise BadRecording(f"The file is larger than {FILE_MAX // 1024**2} MB.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            manifest = _manifest(archive)
            return _events(archive, manifest)
    except (
        zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, OSError, ValueError,
    ) as error:  # fmt: skip
        if isinstance(error, BadRecording):
            raise
        raise BadRecording("The file is no recording, or it was cut.") from error


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    names = [entry.filename for entry in archive.infolist()]
    if len(names) > BLOCKS_MAX + 1 or len(set(names)) != len(names):
        raise BadRecording("The file holds more than a recording has.")
    for name in names:
        if name != "manifest.json" and not _BLOCK_NAME.fullmatch(name):
            raise BadRecording("The file holds things that no recording has.")
    if "manifest.json" not in names:
        raise BadRecording("The file has no manifest, so it is no recording.")
    raw = _entry(archive, "manifest.json", MANIFEST_MAX)
    try:
        kind = msgspec.json.decode(raw, type=dict)
    except msgspec.DecodeError as error:
        raise BadRecording("The manifest cannot be read.") from error
    if kind.get("format") != FORMAT:
        raise BadRecording("The file is no recording of Room.")
    if kind.get("version") != VERSION:
        raise BadRecording(
            f"The recording has version {str(kind.get('version'))[:20]}; this Room reads {VERSION}. A newer Room can read it."
        )
    try:
        manifest = _decoder.decode(raw)
    except msgspec.DecodeError as error:
        raise BadRecording(
            f"The manifest does not say what it must: {str(error)[:200]}."
        ) from error
    if [block.name for block in manifest.blocks] != [n for n in names if n != "manifest.json"]:
        raise BadRecording("The manifest names other blocks than the file holds.")
    if not manifest.events or sum(block.rows for block in manifest.blocks) != manifest.events:
        raise BadRecording("The recording holds no events, or not as many as it says.")
    if manifest.events > EVENTS_MAX:
        raise BadRecording("The recording holds more events than any interview.")
    return manifest


def _entry(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    entry = archive.getinfo(name)
    if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadRecording("A part of the file is packed in a way that no recording is.")
    with archive.open(entry) as opened:
        content = opened.read(most + 1)  # what it says of its size is not believed
    if len(content) > most:
        raise BadRecording("A part of the file is larger than any recording's.")
    return content


def _events(archive: zipfile.ZipFile, manifest: Manifest) -> Recording:
    events: list[Recorded] = []
    hashed, last_at, unpacked = genesis(manifest.session), 0, 0
    for block in manifest.blocks:
        content = _entry(archive, block.name, FILE_MAX)
        first = len(events) + 1
        if hashlib.sha256(content).hexdigest() != block.sha256:
            raise BadRecording(
                f"The block with events {first} to {first + block.rows - 1} was changed, or is another one."
            )
        unpacked += int.from_bytes(content[5:9], "big")
        if unpacked > UNPACKED_MAX:
            raise BadRecording("The recording is larger than any interview.")
        try:
            rows = packing.unpack(content)
        except BadPack as error:
            raise BadRecording(f"The block from event {first} on: {error}") from error
        if len(rows) != block.rows:
            raise BadRecording(f"Events are missing from event {first + len(rows)} on.")
        for row in rows:
            one = _event(len(events) + 1, row, last_at)
            hashed, last_at = link(hashed, one.seq, one.at_ms, one.wall_ms, row.payload), one.at_ms
            events.append(one)
    if hashed.hex() != manifest.last_hash:
        raise BadRecording(
            "The chain does not end where the manifest says: an event was changed, moved or left out."
        )
    if cut.start_of(events) is None:
        raise BadRecording("The interview in this recording never started.")
    return Recording(manifest, tuple(events), _is_signed(manifest))


def _event(number: int, row: PackedRow, last_at: int) -> Recorded:
    if not last_at <= row.at_ms <= DURATION_MAX_MS or not 0 <= row.wall_ms <= WALL_MAX_MS:
        raise BadRecording(f"Event {number} has a time that cannot be.")
    try:
        by, event = decode_payload(row.payload)
        if isinstance(event, e.DocEdited):
            read_update(event.update)  # so that nothing malformed reaches the native library
    except (msgspec.DecodeError, UnreadableUpdate, ValueError) as error:
        raise BadRecording(f"Event {number} cannot be read; a newer Room may know it.") from error
    return Recorded(number, row.at_ms, row.wall_ms, by, event)


def _is_signed(manifest: Manifest) -> bool:
    """Raises BadRecording for a signature that does not fit."""
    if manifest.key is None:
        return False
    if hashlib.sha256(manifest.key.ed25519).hexdigest() != manifest.key.id:
        raise BadRecording("The key in the manifest has another fingerprint than it says.")
    key = PublicKey(manifest.key.id, manifest.key.ed25519, b"", 0)
    try:
        holds = key.holds(manifest.signature, signed_bytes(manifest))
    except ValueError:  # no key at all
        holds = False
    if not holds:
        raise BadRecording("The signature does not fit: the manifest was changed.")
    return True


def statements(shown: Mapping[tuple[QuestionId, PartId], str]) -> tuple[Statement, ...]:
    return tuple(Statement(q, p, text) for (q, p), text in shown.items() if text)
