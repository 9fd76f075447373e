"""A power cut, made from a trace of system calls: of each file only the bytes that were synced to disk are kept."""

import re
from collections import defaultdict
from pathlib import Path

TRACE = ("strace", "-f", "-ff", "-ttt", "-y", "-xx", "-s", "10000000", "-e", "trace=pwrite64,write,fsync,fdatasync,ftruncate", "-o")  # fmt: skip
"""To be followed by the trace's file name and the command. Each thread writes a file of its own."""

_CALL = re.compile(
    r'^(?P<at>\d+\.\d+) (?P<call>\w+)\(\d+<(?P<path>(?:\\x..)*)>(?:, (?:"(?P<data>(?:\\x..)*)", \d+, (?P<offset>\d+)|(?P<size>\d+)))?\)\s+= \d+'
)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def after_power_cut(traces: list[Path], folder: Path, target: Path) -> int:
    """Bring ``target``, a copy of ``folder`` before, to what the disk would hold of it; the number of syncs seen.

    Calls of all threads are put in the order in which they began. That is the strict way: a write that began before a sync
    ended but after it began does not count.
    """
    lines = (line for trace in traces for line in trace.read_text().splitlines())
    calls = [(float(found["at"]), found) for line in lines if (found := _CALL.match(line))]
    calls.sort(key=lambda call: call[0])
    durable: dict[Path, bytearray] = {}
    pending: dict[Path, list[tuple[int, bytes] | int]] = defaultdict(list)
    syncs = 0
    for _, found in calls:
        path = Path(_bytes(found["path"]).decode())
        if not path.is_relative_to(folder) or path == folder:
            continue
        match found["call"]:
            case "pwrite64":
                pending[path].append((int(found["offset"]), _bytes(found["data"])))
            case "ftruncate":
                pending[path].append(int(found["size"]))
            case "fsync" | "fdatasync":
                syncs += 1
                copy = target / path.relative_to(folder)
                before = copy.read_bytes() if copy.exists() else b""
                content = durable.setdefault(path, bytearray(before))
                for change in pending.pop(path, []):
                    _apply(content, change)
    for path, content in durable.items():
        if path.suffix == "" or path.name.endswith("-shm"):
            continue
        copy = target / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
    return syncs


def _apply(content: bytearray, change: tuple[int, bytes] | int) -> None:
    if isinstance(change, int):
        del content[change:]
        content.extend(bytes(change - len(content)))
        return
    offset, data = change
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data
