"""Group commit: one thread writes the batches of all rooms, each transaction with all that waited.

A batch that is being synced to disk gathers the next ones behind it, so the wait for one is about two syncs at most, far
below 50 ms on ordinary disks, and the number of syncs does not grow with the number of rooms.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence

import structlog

from room.realtime import metrics
from room.session.events import Recorded
from room.store import journal
from room.store.engine import Store
from room.store.journal import Pen

log = structlog.get_logger()

GATHER_MAX = 512
"""Batches in one transaction at the most."""


Done = Callable[[BaseException | None], None]
Job = tuple[Pen, Sequence[Recorded], Done]


class JournalWriter:
    """Turns batches of events into rows on disk, in order. ``write`` never blocks; ``done`` is called on the loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def write(self, pen: Pen, recorded: Sequence[Recorded], done: Done) -> None:
        """``done(None)`` when all of it survives a power cut; ``done(error)`` when none of it was written."""
        self._jobs.put((pen, recorded, done))

    async def close(self) -> None:
        """Returns when everything that was handed over is written."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        is_open = True
        while is_open:
            jobs: list[Job] = []
            job = self._jobs.get()
            while True:
                if job is None:
                    is_open = False
                    break
                jobs.append(job)
                if len(jobs) >= GATHER_MAX or self._jobs.empty():
                    break
                job = self._jobs.get()
            if jobs:
                self._commit(jobs)

    def _commit(self, jobs: list[Job]) -> None:
        error: BaseException | None = None
        began = time.perf_counter()
        before = {id(pen): (pen, pen.last_hash) for pen, _, _ in jobs}
        try:
            rows = []
            for pen, recorded, _ in jobs:
                rows += pen.to_rows(recorded)
            with self._store.begin() as conn:
                journal.append(conn, rows)
            metrics.COMMIT_SECONDS.observe(time.perf_counter() - began)
            metrics.COMMIT_EVENTS.observe(len(rows))
        except Exception as caught:
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
            self._loop.call_soon_threadsafe(_tell, outcomes, error)
        except RuntimeError:  # The loop is closed: nobody waits any more.
            log.warning("journal.nobody_waits", batches=len(jobs))


def _tell(outcomes: list[Done], error: BaseException | None) -> None:
    for done in outcomes:
        done(error)
