"""The two sessions that the replay is measured on: `clownschool` as it was, and 260,000 edits made from real typing.

The long one plays `rustcode` and `clownschool` again and again, each time into a file of its own and with browsers of its
own. Pauses come from the traces; those of `rustcode`, which took days, are cut to make about five hours. Traces know seconds:
edits are spread over the second that they have in common.
"""

import gzip
import importlib.util
import json
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from pycrdt import Doc, Text

from room.session import events as e
from room.session.events import Recorded
from room.session.ids import SYSTEM

ROOT = Path(__file__).parents[2]
TRACES = ROOT / "tests/data/traces"
PAUSE_MAX_MS = 80


def _cast() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cast", ROOT / "tests/replay/conftest.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


cast = _cast()
IRIS, CAL = cast.IRIS, cast.CAL


def trace(name: str) -> dict[str, Any]:
    return json.loads(gzip.decompress((TRACES / f"{name}.json.gz").read_bytes()))


def clownschool() -> tuple[list[Recorded], str]:
    made = cast.record_concurrent(trace("clownschool"))
    return spread(made.recorded), made.end


def spread(recorded: list[Recorded]) -> list[Recorded]:
    """The traces know seconds only: edits of one second are put evenly into it."""
    out: list[Recorded] = []
    at = 0
    while at < len(recorded):
        end = at
        while end < len(recorded) and recorded[end].at_ms == recorded[at].at_ms:
            end += 1
        for place, one in enumerate(recorded[at:end]):
            more = 0
            if isinstance(one.event, e.DocEdited):
                more = (place * 997) // (end - at) + (place * 7919) % 3
            out.append(Recorded(one.seq, one.at_ms + more, one.wall_ms + more, one.by, one.event))
        at = end
    last = 0
    for place, one in enumerate(out):
        last = max(last, one.at_ms)
        out[place] = Recorded(one.seq, last, cast.WALL_MS + last, one.by, one.event)
    return out


def long_session(edits: int = 260_000) -> tuple[list[Recorded], dict[str, str]]:
    """At least that many edits, and the text that each file ends with."""
    rust, clown = trace("rustcode"), cast.record_concurrent(trace("clownschool"))
    script = cast.Script().plan(files=())
    script.do(SYSTEM, e.MemberJoined(IRIS)).do(SYSTEM, e.MemberJoined(CAL)).start()
    ends: dict[str, str] = {}
    count = turn = 0
    while count < edits:
        file = f"f_part{turn}"
        is_code = turn % 2 == 0
        named = (f"part{turn}.rs", "rust") if is_code else (f"part{turn}.md", "markdown")
        script.do(CAL, e.FileCreated(file, *named))
        script.do(CAL, e.FileOpened(file))
        clients = {CAL: 1000 + 10 * turn, IRIS: 1001 + 10 * turn}
        for member, client in clients.items():
            script.do(SYSTEM, e.ClientClaimed(member, client))
        count += (_sequential(script, rust, file, clients[CAL])) if turn % 2 == 0 else (
            _again(script, clown.recorded, file, clients)
        )  # fmt: skip
        ends[file] = rust["endContent"] if turn % 2 == 0 else clown.end
        turn += 1
    script.do(IRIS, e.InterviewEnded(), script.at_ms + 5000)
    return spread(script.recorded), ends


def _sequential(script: Any, data: dict[str, Any], file: str, client: int) -> int:
    doc: Doc[Any] = Doc(client_id=client)
    text = doc.get(f"f:{file}", type=Text)
    whole = data["startContent"]
    before: float | None = None
    count = 0
    if whole:
        with cast.typed_into(doc) as updates:
            text.insert(0, whole)
        script.do(CAL, e.DocEdited(updates[0]))
    for txn in data["txns"]:
        now = datetime.fromisoformat(txn["time"]).timestamp()
        pause = 0 if before is None else min(PAUSE_MAX_MS, max(0, round((now - before) * 1000)))
        before = now
        for at, deleted, inserted in txn["patches"]:
            here, end = len(whole[:at].encode()), len(whole[: at + deleted].encode())
            with cast.typed_into(doc) as updates:
                if deleted:
                    del text[here:end]
                if inserted:
                    text.insert(here, inserted)
            whole = whole[:at] + inserted + whole[at + deleted :]
            if updates:
                script.do(CAL, e.DocEdited(updates[0]), script.at_ms + pause)
                pause = 0
                count += 1
    return count


def _again(script: Any, recorded: list[Recorded], file: str, clients: dict[str, int]) -> int:
    """The concurrent trace once more, as two people typed it, merged in the order of the recording."""
    docs = {member: Doc(client_id=client) for member, client in clients.items()}
    source: Doc[Any] = Doc()
    shown = ""
    count = 0
    began = script.at_ms
    mirror = source.get(f"f:{cast.FILE}", type=Text)
    for one in recorded:
        if not isinstance(one.event, e.DocEdited):
            continue
        source.apply_update(one.event.update)
        whole = str(mirror)
        same = _common(shown, whole)
        tail = _common(shown[same:][::-1], whole[same:][::-1])
        here, end = len(whole[:same].encode()), len(shown[: len(shown) - tail].encode())
        doc = docs[one.by]
        other = docs[IRIS if one.by == CAL else CAL]
        text = doc.get(f"f:{file}", type=Text)
        with cast.typed_into(doc) as updates:
            if end > here:
                del text[here:end]
            if len(whole) - tail > same:
                text.insert(here, whole[same : len(whole) - tail])
        shown = whole
        if updates:
            other.apply_update(updates[0])
            script.do(one.by, e.DocEdited(updates[0]), began + one.at_ms)
            count += 1
    return count


def _common(a: str, b: str) -> int:
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[:middle] == b[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
