"""The command line's side of trust: check a file, show the site's keys, replace the key that signs."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from room.clock import SystemClock
from room.config import Settings
from room.scoring import limited, trust, wording
from room.store import reports, signing
from room.store.engine import Store
from room.store.lock import StoreInUse
from room.store.reports import Standing

WORDS = {"holds": "holds   ", "fails": "FAILS   ", "note": "to know "}


def report(settings: Settings, path: Path, pins: Sequence[str]) -> int:
    """Print what of the file holds. 0: all of it, 1: not all, 2: it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(trust.FILE_MAX + 1)
    except OSError as error:
        sys.stderr.write(f"room: {path} cannot be read: {error.strerror}.\n")
        return 2
    folder = settings.report_keys_dir
    keys = signing.Keys(folder).all() if folder.exists() else []
    try:
        verdict = trust.verify(content, keys, pins=pins, standing=_on_file(settings))
    except limited.Busy:
        sys.stderr.write("room: another file is being checked.\n")
        return 2
    for finding in verdict.findings:
        sys.stdout.write(f"{WORDS[finding.state]}{finding.what:8} {finding.sentence}\n")
    sys.stdout.write("It holds.\n" if verdict.holds else "It does not hold.\n")
    return 0 if verdict.holds else 1


def _on_file(settings: Settings) -> Callable[[str], Standing | None]:
    """What this site's database says about a hash; nothing where there is no database."""

    def standing(hash_: str) -> Standing | None:
        if not (settings.data_dir / "room.db").exists():
            return None
        try:
            store = Store.open(settings, is_server=False)
        except StoreInUse:
            return None
        try:
            with store.read() as conn:
                return reports.find_standing(conn, hash_)
        finally:
            store.close()

    return standing


def show_keys(settings: Settings) -> int:
    """Print the fingerprints, the newest first."""
    now_ms = SystemClock().wall_ms()
    for key in signing.open_keys(settings.report_keys_dir, now_ms, settings.public_url).all():
        until = (
            "in use"
            if key.retired_at_ms is None
            else f"until {wording.day(key.retired_at_ms, 'UTC')}"
        )
        sys.stdout.write(
            f"since {wording.day(key.made_at_ms, 'UTC')}, {until}\n  key          {key.fingerprint}\n"
        )
        sys.stdout.write(f"  certificate  {key.certificate_fingerprint}\n")
    return 0


def rotate(settings: Settings) -> int:
    """Replace the key that signs. Running servers use the new one at once."""
    now_ms = SystemClock().wall_ms()
    keys = signing.open_keys(settings.report_keys_dir, now_ms, settings.public_url)
    made = keys.rotate(now_ms, settings.public_url)
    sys.stdout.write(f"Reports are signed with a new key now: {made.fingerprint}\n")
    sys.stdout.write(
        "What the former key signed can still be checked. "
        "Publish the new fingerprint where you published the old one.\n"
    )
    return 0
