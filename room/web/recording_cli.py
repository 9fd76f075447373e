"""The command line's part of recordings: write a copy to a file, and say of a recording what holds."""

import sys
from pathlib import Path

from litestar.datastructures import State
from litestar.exceptions import HTTPException

from room.clock import SystemClock
from room.config import Settings
from room.replay import recording
from room.replay.recording import BadRecording
from room.session.events import SessionClosed
from room.session.ids import InterviewId
from room.store import interviews, journal
from room.store.engine import NotFound, Store
from room.store.lock import StoreInUse
from room.store.sealing import KeyDestroyed, Seals
from room.store.signing import Keys
from room.web import replay_files


def is_ours(path: Path) -> bool:
    """Whether `room verify` means a recording: a file of one, or an interview of this installation."""
    if not path.exists():
        return path.name == str(path) and path.name.startswith("i_")
    with path.open("rb") as file:
        return recording.is_recording(file.read(64))


def export(settings: Settings, interview: str, target: Path, kind: str, viewer: str) -> int:
    try:
        store = Store.open(settings, is_server=False)
    except StoreInUse as error:
        return _failed(error)
    try:
        state = State(
            {"store": store, "seals": Seals.open(settings), "settings": settings, "clock": SystemClock()}
        )  # fmt: skip
        _, content = replay_files.make(state, replay_files.seat_for(state, interview, viewer), kind)
        with target.open("xb") as file:
            file.write(content)
    except NotFound:
        return _failed(f"There is no recording of {interview} here.")
    except HTTPException:
        return _failed("This recording was deleted, as promised.")
    except FileExistsError:
        return _failed(f"{target} exists already. Name a new file.")
    except (replay_files.NotBuilt, OSError) as error:
        return _failed(error)
    finally:
        store.close()
    _say(f"Written: {target}. It leaves Room's care: delete it when the interview is deleted.")
    return 0


def verify(settings: Settings, path: Path, trusted: list[str]) -> int:
    """Walk a chain. 0: it holds. 1: it does not, and the sentence says where."""
    return _verify_file(settings, path, trusted) if path.exists() else _walk(settings, path.name)


def _walk(settings: Settings, interview: str) -> int:
    session = InterviewId(interview)
    try:
        store = Store.open(settings, is_server=False)
    except StoreInUse as error:
        return _failed(error)
    try:
        with store.read() as conn:
            owner = interviews.owner_of(conn, session)
            if owner is None:
                return _failed(f"There is no interview {interview} here.")
            row = interviews.load(conn, owner, interview)
            seals = Seals.open(settings)
            count = journal.verify(conn, seals, session)
            last = journal.load(conn, seals, session, count - 1)
    except KeyDestroyed:
        return _failed("This recording was deleted, as promised, or never made.")
    except journal.BrokenChain as error:
        return _failed(f"The chain of {interview} does not hold: {error}.")
    finally:
        store.close()
    if row.closed_at_ms is not None and not (last and isinstance(last[0].event, SessionClosed)):
        return _failed(
            f"The chain of {interview} holds up to row {count}, but the interview was closed later: rows are missing at the end."
        )
    _say(f"The chain of {interview} holds: {count} rows, each as it was written.")
    return 0


def _verify_file(settings: Settings, path: Path, trusted: list[str]) -> int:
    try:
        if path.stat().st_size > recording.FILE_MAX:
            return _failed("The file is larger than a recording can be.")
        found = recording.read(path.read_bytes())
    except (BadRecording, OSError) as error:
        return _failed(error)
    manifest = found.manifest
    _say(
        f"The chain holds: {manifest.events} events, as {manifest.viewer} sees them, from {_plain(manifest.site)}."
    )
    if manifest.key is None or not found.is_signed:
        return _failed("It is not signed, so anybody may have made it.")
    fingerprint = manifest.key.id
    wanted = {"".join(one.split()).lower() for one in trusted}
    if fingerprint in wanted or Keys(settings.report_keys_dir).find(fingerprint) is not None:
        _say(f"It is signed with a key that is trusted here: {fingerprint}.")
        return 0
    return _failed(
        f"It is signed, but with a key that is not known here: {fingerprint}. If the other site publishes this one "
        "under /verify, say so with --key."
    )


def _plain(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:200]


def _failed(error: Exception | str) -> int:
    print(f"room: {error}", file=sys.stderr)  # noqa: T201
    return 1


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201
