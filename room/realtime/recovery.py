"""From the journal back to a session: the same folding that made it, started from the newest keyframe."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection

from room.realtime.document import Document
from room.session.events import CaretMoved, DocEdited, Recorded
from room.session.evolve import evolve
from room.session.ids import InterviewId
from room.session.state import EMPTY, SessionState
from room.session.visibility import PUBLIC, visible_to
from room.store import journal
from room.store.engine import Store
from room.store.pen import Pen
from room.store.sealing import Cipher

NEVER_TOLD = (DocEdited, CaretMoved)
"""Events that travel as Yjs messages and are not told as room messages."""

KEYFRAME_VERSION = 1


class Told(msgspec.Struct, frozen=True):
    """What one class of viewer has been told: the fold of the events that they may see, and how many those were."""

    state: SessionState = EMPTY
    count: int = 0

    def after(self, recorded: Recorded) -> "Told":
        told = 0 if isinstance(recorded.event, NEVER_TOLD) else 1
        return Told(evolve(self.state, recorded), self.count + told)


class Snapshot(msgspec.Struct, frozen=True):
    """A session after event ``seq``; what a keyframe holds."""

    version: int
    seq: int
    at_ms: int
    wall_ms: int
    everything: Told
    public: Told
    document: bytes


_decoder: msgspec.msgpack.Decoder[Snapshot] = msgspec.msgpack.Decoder(Snapshot)


class Session:
    """A session in memory, as far as its journal tells."""

    def __init__(self) -> None:
        self.seq = 0
        self.at_ms = 0
        self.wall_ms = 0
        self.everything = Told()
        self.public = Told()
        self.document = Document()
        self.stored_bytes = 0
        """Bytes of the journal's rows on disk."""

    def take(self, recorded: Recorded) -> None:
        """Fold one more event of the journal."""
        if visible_to(recorded.event, PUBLIC, self.everything.state):
            self.public = self.public.after(recorded)
        self.everything = self.everything.after(recorded)
        if isinstance(recorded.event, DocEdited):
            self.document.replay(recorded.event.update)
        self.seq, self.at_ms, self.wall_ms = recorded.seq, recorded.at_ms, recorded.wall_ms

    def snapshot(self) -> bytes:
        return msgspec.msgpack.encode(
            Snapshot(
                KEYFRAME_VERSION,
                self.seq,
                self.at_ms,
                self.wall_ms,
                self.everything,
                self.public,
                self.document.whole(),
            )
        )


def fold_all(recorded: Iterable[Recorded]) -> Session:
    """A session from its whole journal."""
    session = Session()
    for one in recorded:
        session.take(one)
    session.document.caught_up()
    return session


def load(conn: Connection, cipher: Cipher, interview: InterviewId) -> Session:
    """The session as the journal holds it; an empty one if the journal is empty.

    A keyframe of an older form is passed over: the journal alone is enough, it only takes longer.

    Raises:
        Damaged: a row or keyframe does not open.
    """
    session = Session()
    keyframe = journal.last_keyframe(conn, cipher, interview)
    if keyframe is not None and (found := _decode(keyframe[1])) is not None:
        session.seq, session.at_ms, session.wall_ms = found.seq, found.at_ms, found.wall_ms
        session.everything, session.public = found.everything, found.public
        session.document = Document(found.document)
    for row in journal.opened(conn, cipher, interview, session.seq):
        session.take(row.recorded)
    session.document.caught_up()
    session.stored_bytes = journal.stored_bytes(conn, interview)
    return session


def _decode(content: bytes) -> Snapshot | None:
    try:
        found = _decoder.decode(content)
    except msgspec.DecodeError:
        return None
    return found if found.version == KEYFRAME_VERSION else None


def keep_keyframe(store: Store, pen: Pen) -> None:
    """Build a keyframe from the journal and store it.

    Blocking and slow by design: it runs in a thread, off the event loop, and takes the store's write lock at the end only.
    """
    with store.read() as conn:
        session = load(conn, pen.cipher, pen.session)
    if session.seq:
        with store.begin() as conn:
            journal.keep_keyframe(conn, pen, session.seq, session.at_ms, session.snapshot())
