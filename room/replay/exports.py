"""A viewer's copy in forms that other programs open: a terminal recording, a git repository, the files at the end.

Enters: the viewer's events and their people. Leaves: bytes. Names of files and people come from strangers: whatever is written
here is safe to unpack, to check out and to print.
"""

import hashlib
import io
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from pycrdt import Doc

from room.replay.authorship import texts
from room.replay.index import Person
from room.replay.moment import Moment, advance
from room.session import events as e
from room.session.events import Recorded
from room.session.evolve import fold
from room.session.ids import SYSTEM, FileId, MemberId

COLUMNS, LINES = 100, 30
RED, FAINT, PLAIN = "\x1b[31m", "\x1b[2m", "\x1b[0m"
IDLE_MAX_S = 2.0
_UNSAFE: Final = re.compile(
    r"[\x00-\x1f\x7f<>:\"|?*\\\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def safe_path(name: str) -> str:
    """A relative path that stays where it is unpacked and is nobody's ``.git``."""
    parts = []
    for part in name.split("/"):
        clean = _UNSAFE.sub("_", part).strip().rstrip(". ")[:120]
        if clean in ("", ".", ".."):
            continue
        if (
            clean.lower().startswith(".git")
            or clean.lower().startswith("git~")
            or _RESERVED.fullmatch(clean)
        ):
            clean = f"_{clean.lstrip('.')}"
        parts.append(clean)
    return "/".join(parts) or "unnamed"


def paths(files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Safe and different paths for files of ``(id, name)``; none of them is a folder of another."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for identity, name in files:
        path = wanted = safe_path(name)
        # Under a name that is a file already only another folder helps; else another file name does.
        is_under_file = any(wanted.lower().startswith(f"{one}/") for one in taken)
        folder, slash, rest = wanted.partition("/") if is_under_file else ("", "", wanted)
        number = 2
        while _clashes(path.lower(), taken):
            if is_under_file:
                path = f"{folder}-{number}{slash}{rest}"
            else:
                parents, deeper, last = wanted.rpartition("/")
                stem, dot, ending = last.rpartition(".")
                last = f"{stem}-{number}.{ending}" if dot and stem else f"{last}-{number}"
                path = f"{parents}{deeper}{last}"
            number += 1
        taken.add(path.lower())
        found[identity] = path
    return found


def _clashes(path: str, taken: set[str]) -> bool:
    return any(
        path == one or path.startswith(f"{one}/") or one.startswith(f"{path}/") for one in taken
    )


# ------------------------------------------------------------------------------------------------ the files


def files_at(visible: Sequence[Recorded], at_ms: int | None = None) -> dict[str, str]:
    """Name to text of the files that were there at ``at_ms`` (None: at the end), in their order."""
    doc: Doc[Any] = Doc()
    moment = Moment()
    for one in visible:
        if at_ms is not None and one.at_ms > at_ms:
            break
        if isinstance(one.event, e.DocEdited):
            doc.apply_update(one.event.update)
        else:
            moment = advance(moment, one)
    return _files(doc, moment)


def _files(doc: Doc[Any], moment: Moment) -> dict[str, str]:
    written = {file: str(text) for file, text in texts(doc).items()}
    there = [file for file in moment.files if not file.deleted]
    named = paths((file.id, file.name) for file in there)
    return {named[file.id]: written.get(FileId(file.id), "") for file in there}


def as_zip(files: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text, zipfile.ZIP_DEFLATED)
    return out.getvalue()


# ------------------------------------------------------------------------------------------------ the terminal


def asciicast(visible: Sequence[Recorded], title: str) -> bytes:
    """All runs of programs, one after another, as asciicast v3. What was typed into a program is in it as input."""
    header = {
        "version": 3,
        "term": {"cols": COLUMNS, "rows": LINES, "type": "xterm-256color"},
        "timestamp": (fold(visible).started_wall_ms or 0) // 1000,
        "title": title,
        "idle_time_limit": IDLE_MAX_S,
    }
    lines: list[Any] = [header]
    names: dict[str, str] = {}
    running: set[str] = set()
    before = 0

    def put(at_ms: int, code: str, data: str) -> None:
        nonlocal before
        lines.append([(at_ms - before) / 1000, code, data])
        before = at_ms

    for one in visible:
        match one.event:
            case e.FileCreated() | e.FileRenamed():
                names[one.event.file] = one.event.name
            case e.RunQueued():
                name = _plain(names.get(one.event.file, "a file"))
                running.add(one.event.run)
                put(one.at_ms, "m", f"Run of {name}, {_clock(one.at_ms)}")
                put(one.at_ms, "o", f"{FAINT}$ run {name}{PLAIN}\r\n")
                if one.event.stdin:
                    put(one.at_ms, "i", one.event.stdin)
            case e.RunInput(run, text) if run in running:
                put(one.at_ms, "i", text)
            case e.RunOutput(run, text, stream) if run in running:
                shown = re.sub(r"(?<!\r)\n", "\r\n", text)
                put(one.at_ms, "o", f"{RED}{shown}{PLAIN}" if stream == "stderr" else shown)
            case e.RunFinished(run, _, sentence) if run in running:
                running.discard(run)
                put(one.at_ms, "o", f"\r\n{FAINT}{_plain(sentence)}{PLAIN}\r\n\r\n")
    return b"\n".join(msgspec.json.encode(line) for line in lines) + b"\n"


def _plain(text: str) -> str:
    return "".join(char for char in text if char.isprintable())


def _clock(ms: int) -> str:
    return f"{ms // 60000:02}:{ms // 1000 % 60:02}"


# ------------------------------------------------------------------------------------------------ git


def git_bundle(visible: Sequence[Recorded], people: Mapping[MemberId, Person]) -> bytes:
    """A repository as one file for ``git clone``: a commit at each run, each stage and the end, where something had changed.

    The author of a commit is who made most edits since the one before; who ran is in its message, others are co-authors.
    """
    repository = _Repository()
    doc: Doc[Any] = Doc()
    moment = Moment()
    edits: Counter[MemberId] = Counter()
    titles = {stage.id: stage.title for stage in fold(visible).stages}
    last_tree = parent = ""
    last_wall = next((o.wall_ms for o in visible if isinstance(o.event, e.InterviewStarted)), 0)
    for one in visible:
        if isinstance(one.event, e.DocEdited):
            doc.apply_update(one.event.update)
            if one.by != SYSTEM:
                edits[one.by] += 1
        else:
            moment = advance(moment, one)
        subject = _subject(one, moment, titles)
        if subject is None:
            continue
        tree = repository.tree(_files(doc, moment))
        if tree == last_tree and not isinstance(one.event, e.InterviewEnded):
            continue
        by = [member for member, _ in edits.most_common()] or [one.by]
        last_wall = max(last_wall, one.wall_ms)
        name = _ident(people, one.by)[0]
        message = f"{subject}\n\n{_clock(one.at_ms)} in the interview, by {name}.\n"
        for other in by[1:]:
            message += "Co-authored-by: {} <{}>\n".format(*_ident(people, other))
        parent = repository.commit(tree, parent, _ident(people, by[0]), last_wall // 1000, message)
        last_tree = tree
        edits.clear()
    if not parent:
        tree = repository.tree(_files(doc, moment))
        parent = repository.commit(
            tree, "", ("Room", "room@room.invalid"), last_wall // 1000, "Nothing was run\n"
        )
    return repository.bundle(parent)


def _subject(one: Recorded, moment: Moment, titles: Mapping[Any, str]) -> str | None:
    match one.event:
        case e.RunQueued() | e.TestsQueued():
            name = next((f.name for f in moment.files if f.id == one.event.file), "a file")
            return (
                f"{'Run of' if isinstance(one.event, e.RunQueued) else 'Tests of'} {_plain(name)}"
            )
        case e.StageStarted():
            return f"Stage: {_plain(titles.get(one.event.stage, ''))}"
        case e.InterviewEnded():
            return "Interview ended"
        case _:
            return None


def _ident(people: Mapping[MemberId, Person], member: MemberId) -> tuple[str, str]:
    """Name and a made-up address: the recording knows no real one."""
    person = people.get(member)
    name = re.sub(r"[<>\n\r\0]", "", _plain(person.name)).strip(" .,:;'\"") if person else "Room"
    address = re.sub(r"[^a-z0-9_-]", "", member.lower()) or "room"
    return name or "Somebody", f"{address}@room.invalid"


class _Repository:
    """Objects of git, as https://git-scm.com/docs/pack-format and gitformat-bundle say."""

    KINDS: Final = {"commit": 1, "tree": 2, "blob": 3}

    def __init__(self) -> None:
        self.objects: dict[str, tuple[str, bytes]] = {}

    def keep(self, kind: str, content: bytes) -> str:
        identity = hashlib.sha1(b"%s %d\0" % (kind.encode(), len(content)) + content).hexdigest()  # noqa: S324 - git's names
        self.objects.setdefault(identity, (kind, content))
        return identity

    def tree(self, files: Mapping[str, str]) -> str:
        folders: dict[str, dict[str, str]] = {}
        entries: list[tuple[bytes, bytes]] = []
        for path, text in files.items():
            head, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(head, {})[rest] = text
            else:
                blob = self.keep("blob", text.encode("utf-8", "surrogatepass"))
                entries.append(
                    (head.encode(), b"100644 %s\0" % head.encode() + bytes.fromhex(blob))
                )
        for name, within in folders.items():
            tree = self.tree(within)
            entries.append(
                (name.encode() + b"/", b"40000 %s\0" % name.encode() + bytes.fromhex(tree))
            )
        return self.keep("tree", b"".join(entry for _, entry in sorted(entries)))

    def commit(
        self, tree: str, parent: str, author: tuple[str, str], at_s: int, message: str
    ) -> str:
        lines = [f"tree {tree}", *([f"parent {parent}"] if parent else [])]
        lines += [
            f"author {author[0]} <{author[1]}> {at_s} +0000",
            f"committer Room <room@room.invalid> {at_s} +0000",
        ]
        return self.keep("commit", ("\n".join(lines) + f"\n\n{message}").encode("utf-8", "replace"))

    def bundle(self, head: str) -> bytes:
        pack = bytearray(b"PACK" + struct.pack(">II", 2, len(self.objects)))
        for kind, content in self.objects.values():
            size = len(content)
            byte = self.KINDS[kind] << 4 | size & 15
            size >>= 4
            while size:
                pack.append(byte | 0x80)
                byte, size = size & 0x7F, size >> 7
            pack.append(byte)
            pack += zlib.compress(content)
        pack += hashlib.sha1(pack).digest()  # noqa: S324 - git's checksum
        return (
            b"# v2 git bundle\n%b refs/heads/main\n%b HEAD\n\n" % (head.encode(), head.encode())
            + pack
        )
