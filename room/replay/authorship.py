"""Who wrote what: every character of a text belongs to the member whose browser typed it.

The author is the owner of the character's Yjs client id, not the connection that brought it: after a lost connection one
browser may bring what another had typed. Ids that nobody claimed are the room's own: the starter text.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pycrdt import Assoc, Doc, Text

from room.session.events import ClientClaimed, DocEdited, Recorded
from room.session.ids import SYSTEM, FileId, MemberId
from room.yjs.updates import read_update

PREFIX = "f:"
"""Root texts of files are named ``f:<file id>``."""

Span = tuple[str, MemberId]
"""A stretch of text with its author."""


def lines(recorded: Iterable[Recorded]) -> dict[FileId, list[Span]]:
    """Each file's final text, line by line without line breaks, with who wrote most of each line.

    An empty line belongs to who wrote its line break; at a draw the one who comes first in the line wins.
    """
    return {file: _by_line(spans) for file, spans in authored(recorded).items()}


def authored(recorded: Iterable[Recorded], at_ms: int | None = None) -> dict[FileId, list[Span]]:
    """Each file's text at ``at_ms`` (None: at the end) as stretches of one author each, in order."""
    events = _until(recorded, at_ms)
    doc = document(events)
    owners = {e.event.client: e.event.member for e in events if isinstance(e.event, ClientClaimed)}
    runs = _live_runs(doc)
    return {file: _spans(doc, text, runs, owners) for file, text in texts(doc).items()}


def texts_at(recorded: Iterable[Recorded], at_ms: int | None = None) -> dict[FileId, str]:
    """Each file's text at ``at_ms`` since Start (None: at the end). Files that nobody has written in are missing."""
    return {file: str(text) for file, text in texts(document(_until(recorded, at_ms))).items()}


def document(recorded: Iterable[Recorded]) -> Doc[Any]:
    """The document after all edits among ``recorded``."""
    doc: Doc[Any] = Doc()
    for one in recorded:
        if isinstance(one.event, DocEdited):
            doc.apply_update(one.event.update)
    return doc


def texts(doc: Doc[Any]) -> dict[FileId, Text]:
    """The document's files."""
    names = [name for name in doc.keys() if name.startswith(PREFIX)]  # noqa: SIM118 -- a Doc is no mapping
    return {FileId(name.removeprefix(PREFIX)): doc.get(name, type=Text) for name in sorted(names)}


def _until(recorded: Iterable[Recorded], at_ms: int | None) -> Sequence[Recorded]:
    return [one for one in recorded if at_ms is None or one.at_ms <= at_ms]


def _live_runs(doc: Doc[Any]) -> dict[tuple[int, int], int]:
    """Start ``(client, clock)`` to length of all text that is not deleted; each run stands together in its text."""
    return {
        (s.client, s.clock): len(s.text)
        for s in read_update(doc.get_update()).structs
        if s.text is not None
    }


def _spans(
    doc: Doc[Any], text: Text, runs: Mapping[tuple[int, int], int], owners: Mapping[int, MemberId]
) -> list[Span]:
    """Walks the text from run to run: where one begins, its id says whose it is and how long it goes on."""
    whole = str(text)
    spans: list[Span] = []
    at = at_bytes = 0
    with doc.transaction():
        while at < len(whole):
            item = text.sticky_index(at_bytes, Assoc.AFTER).to_json()["item"]
            length = runs[item["client"], item["clock"]]
            stretch = whole[at : at + length]
            author = owners.get(item["client"], SYSTEM)
            if spans and spans[-1][1] == author:
                spans[-1] = (spans[-1][0] + stretch, author)
            else:
                spans.append((stretch, author))
            at += length
            at_bytes += len(stretch.encode())
    return spans


def _by_line(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    line: list[str] = []
    counts: Counter[MemberId] = Counter()
    for text, author in spans:
        for piece in _pieces(text):
            if piece == "\n":
                found.append(("".join(line), counts.most_common(1)[0][0] if counts else author))
                line, counts = [], Counter()
            else:
                line.append(piece)
                counts[author] += len(piece)
    if line:
        found.append(("".join(line), counts.most_common(1)[0][0]))
    return found


def _pieces(text: str) -> Iterable[str]:
    for number, piece in enumerate(text.split("\n")):
        if number:
            yield "\n"
        if piece:
            yield piece
