"""Group commit: one thread writes the batches of all rooms, each transaction with all that waited.

Edits, which were relayed already and only wait for their acknowledgement, gather for a moment; whatever waits to be told goes to
disk at once and takes along what has gathered. A batch that is being synced gathers the next ones behind it. So the number of
syncs does not grow with the number of rooms.
"""

import asyncio
import contextlib
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from room.realtime import metrics
from room.session.events import Recorded
from room.store import journal
from room.store.engine import Connection, Store
from room.store.pen import Pen, Row

log = structlog.get_logger()

GATHER_MAX = 512
"""Batches in one transaction at the most."""
TELL_MAX = 4
"""Outcomes that are told in one turn of the event loop."""
SLICE_ROWS = 8
"""Rows that are sealed in one go: a tenth of a millisecond in which the interpreter is not free for a key."""
REST_S = 0.000_05
"""How long the thread then really sleeps. Only offering the interpreter would not do: on a core that both share, the event
loop would not come to take it."""
NICE = 10
"""Lower than the event loop: where both share a core, a key goes before what is written of earlier ones."""
GATHER_S = 0.2
"""How long edits wait for others before they go to disk together: a commit costs as much as ten keys. Their text is with
everybody else by then; only the typist's "saved" waits."""


Done = Callable[[BaseException | None], None]
Job = tuple[Pen, Sequence[Recorded], Done]


def _sealed(jobs: Sequence[Job]) -> list[Row]:
    rows: list[Row] = []
    rested = 0
    for pen, recorded, _ in jobs:
        rows += pen.to_rows(recorded)
        if len(rows) - rested >= SLICE_ROWS:
            rested = len(rows)
            time.sleep(REST_S)
    return rows


class JournalWriter:
    """Turns batches of events into rows on disk, in order. ``write`` never blocks; ``done`` is called on the loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs: deque[Job] = deque()
        self._filled = threading.Event()
        self._hurry = threading.Event()
        self._untold: deque[tuple[Done, BaseException | None]] = deque()
        self._is_open = True
        self._connection: Connection | None = None
        """The thread's own, kept from commit to commit."""
        self._loop = asyncio.get_running_loop()
        self._worker = threading.Thread(target=self._work, name="journal", daemon=True)
        self._worker.start()

    def write(
        self, pen: Pen, recorded: Sequence[Recorded], done: Done, *, is_urgent: bool = True
    ) -> None:
        """``done(None)`` when all of it survives a power cut; ``done(error)`` when none of it was written.

        What is not urgent may wait for others for :data:`GATHER_S`.
        """
        self._jobs.append((pen, recorded, done))
        if is_urgent and not self._hurry.is_set():
            self._hurry.set()
        if not self._filled.is_set():
            self._filled.set()

    async def close(self) -> None:
        """Returns when everything that was handed over is written and told."""
        self._is_open = False
        self._hurry.set()
        self._filled.set()
        await asyncio.to_thread(self._worker.join)
        while self._untold:
            self._tell_some()

    def _drop_connection(self) -> None:
        """The next commit opens another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.close()

    def _work(self) -> None:
        if sys.platform == "linux":  # Elsewhere the number would be another process's.
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        try:
            self._work_on()
        finally:
            self._drop_connection()

    def _work_on(self) -> None:
        while self._jobs or self._is_open:
            self._filled.wait()
            if len(self._jobs) < GATHER_MAX:
                self._hurry.wait(GATHER_S)
            # Cleared before looking: what comes from here on wakes us again.
            self._filled.clear()
            self._hurry.clear()
            jobs = [self._jobs.popleft() for _ in range(min(GATHER_MAX, len(self._jobs)))]
            if self._jobs:
                self._filled.set()
            if jobs:
                self._commit(jobs)

    def _commit(self, jobs: list[Job]) -> None:
        error: BaseException | None = None
        began = time.perf_counter()
        before = {id(pen): (pen, pen.last_hash) for pen, _, _ in jobs}
        try:
            rows = _sealed(jobs)
            if self._connection is None:
                self._connection = self._store.writer()
            with self._connection.begin():
                journal.append(self._connection, rows)
            metrics.COMMIT_SECONDS.observe(time.perf_counter() - began)
            metrics.COMMIT_EVENTS.observe(len(rows))
        except Exception as caught:
            self._drop_connection()
            for pen, last_hash in before.values():
                pen.last_hash = last_hash
            if len(jobs) > 1:  # One session's trouble must not stop the others'.
                for job in jobs:
                    self._commit([job])
                return
            log.exception("journal.write_failed", session=jobs[0][0].session)
            error = caught
        outcomes = [done for _, _, done in jobs]
        try:
            self._loop.call_soon_threadsafe(self._tell, outcomes, error)
        except RuntimeError:  # The loop is closed: nobody waits any more.
            log.warning("journal.nobody_waits", batches=len(jobs))

    def _tell(self, outcomes: list[Done], error: BaseException | None) -> None:
        """In the order in which they were written, some at a time: a key that comes meanwhile need not wait for all of them."""
        is_telling = bool(self._untold)
        self._untold.extend((done, error) for done in outcomes)
        if not is_telling:
            self._tell_some()

    def _tell_some(self) -> None:
        for _ in range(min(TELL_MAX, len(self._untold))):
            done, error = self._untold.popleft()
            done(error)
        if self._untold:
            self._loop.call_soon(self._tell_some)
