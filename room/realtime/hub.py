"""The open rooms of this process: opened from the journal when somebody comes, put away when nobody is left."""

import asyncio
import contextlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import structlog

from room.clock import Clock
from room.realtime import metrics, recovery
from room.realtime.budget import ACCOUNT_BYTES, Budget, Level
from room.realtime.content import Content
from room.realtime.document import Document
from room.realtime.frames import CloseCode
from room.realtime.journal import JournalWriter
from room.realtime.people import Person
from room.realtime.room import Broken, Room
from room.realtime.seat import Seat
from room.sandbox.runner import Runner
from room.sandbox.spec import RunnerStatus
from room.session import commands as c
from room.session.decide import Refused, opening
from room.session.events import QuestionPlan, Recorded, StagePlan
from room.session.ids import SYSTEM, CompetencyId, InterviewId, MemberId, new_id
from room.session.roles import Role
from room.session.state import SessionState
from room.store.engine import Store
from room.store.journal import account_bytes, append, last_hash
from room.store.pen import Pen
from room.store.sealing import KeyDestroyed, Seals

log = structlog.get_logger()

IDLE_MS: Final = 60_000
"""How long an empty room stays in memory."""
TEND_EVERY_S: Final = 5.0
COUNT_EVERY_MS: Final = 60_000
"""How old the count of an account's bytes may be when one of its rooms opens."""
DISK_NEARLY: Final = 1024 * 1024 * 1024
DISK_FULL: Final = 256 * 1024 * 1024
"""Bytes left on the data folder's disk, below which nothing more is taken: a failed write would cost more."""


class Setup(msgspec.Struct, frozen=True):
    """What a session is opened with; the composition root makes it from the interview's rows."""

    owner_id: str
    stages: tuple[StagePlan, ...]
    languages: tuple[str, ...]
    language: str
    signals: tuple[str, ...]
    questions: tuple[QuestionPlan, ...]
    competencies: tuple[tuple[CompetencyId, str], ...]
    people: tuple[Person, ...]
    files: tuple[str, ...]
    admitted: bool


class House(Protocol):
    """What the hub needs of the rows around a session. Both loading calls block and run in a thread."""

    def setup(self, interview: InterviewId) -> Setup:
        """Raises LookupError: there is no such interview."""
        ...

    def content(self, interview: InterviewId) -> Content: ...

    def changed(self, interview: InterviewId, state: SessionState) -> None:
        """Carry what the session reached into the interview's row. Blocking."""
        ...


class Hub:
    """Rooms by interview. All methods but :meth:`tell` are for the event loop."""

    def __init__(
        self,
        *,
        store: Store,
        seals: Seals,
        clock: Clock,
        runner: Runner,
        house: House,
        fresh_id: Callable[[str], str] = new_id,
        data_dir: Path | None = None,
    ) -> None:
        self._store, self._seals, self._clock = store, seals, clock
        self._runner, self._house, self._fresh_id = runner, house, fresh_id
        self._data_dir = data_dir
        self._writer = JournalWriter(store)
        self._rooms: dict[InterviewId, Room] = {}
        self._tasks: dict[InterviewId, asyncio.Task[None]] = {}
        self._accounts: dict[str, tuple[Budget, int]] = {}
        """By owner; with when it was counted."""
        self._opening: dict[InterviewId, asyncio.Lock] = {}
        self._chores: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.get_running_loop()
        self._tending: asyncio.Task[None] | None = None
        self._status: RunnerStatus | None = None
        self.is_draining = False

    def start(self) -> None:
        """Begin to put idle rooms away and to watch the runner."""
        self._tending = asyncio.create_task(self._tend(), name="hub")

    async def room(self, interview: InterviewId) -> Room:
        """The open room of an interview.

        Raises:
            LookupError: there is no such interview, or its recording was deleted.
        """
        lock = self._opening.setdefault(interview, asyncio.Lock())
        async with lock:
            room = self._rooms.get(interview)
            task = self._tasks.get(interview)
            if room is not None and task is not None and not task.done():
                return room
            if task is not None:
                await self._settle(interview)
            if self._status is None:
                self._status = await self._runner.status()
            setup, content, session, pen = await asyncio.to_thread(self._load, interview)
            room = Room(
                session=session,
                pen=pen,
                writer=self._writer,
                clock=self._clock,
                runner=self._runner,
                content=content,
                new_id=self._fresh_id,
                on_change=lambda state: self._chore(self._house.changed, interview, state),
                on_keyframe=lambda: self._chore(self._keep_keyframe, pen),
                reload=lambda: self._reload(pen),
                account=await self._account(pen.owner_id),
                runner_status=self._status,
            )
            room.know(setup.people)
            self._rooms[interview] = room
            self._tasks[interview] = asyncio.create_task(self._live(room), name=f"room {interview}")
            return room

    async def _account(self, owner_id: str) -> Budget:
        """What an account may store, one for all its rooms; counted again now and then, since recordings are deleted."""
        account, counted_ms = self._accounts.get(owner_id, (Budget(ACCOUNT_BYTES), -COUNT_EVERY_MS))
        now_ms = self._clock.monotonic_ms()
        if now_ms - counted_ms >= COUNT_EVERY_MS:
            self._accounts[owner_id] = account, now_ms
            account.spent = await asyncio.to_thread(self._account_bytes, owner_id)
        return account

    def _account_bytes(self, owner_id: str) -> int:
        with self._store.read() as conn:
            return account_bytes(conn, owner_id)

    async def attach(self, interview: InterviewId, seat: Seat) -> Room:
        """Seat a connection in its room.

        Raises:
            LookupError: there is no such interview.
        """
        room = await self.room(interview)
        await room.attach(seat)
        return room

    async def submit(
        self, interview: InterviewId, command: c.Command, by: MemberId = SYSTEM
    ) -> Refused | None:
        """Carry out a command; returns when it is on disk.

        Raises:
            LookupError: there is no such interview.
            Broken: the room closed meanwhile; the command may be repeated.
        """
        room = await self.room(interview)
        return await room.submit(command, by)

    def tell(self, interview: InterviewId, command: c.Command, by: MemberId = SYSTEM) -> None:
        """The same from any thread, without waiting for it."""
        asyncio.run_coroutine_threadsafe(self._tell(interview, command, by), self._loop)

    async def _tell(self, interview: InterviewId, command: c.Command, by: MemberId) -> None:
        try:
            await self.submit(interview, command, by)
        except (LookupError, Broken):
            log.warning("hub.not_told", session=interview, command=type(command).__name__)

    def close_member(self, interview: InterviewId, member: MemberId, code: CloseCode | int) -> None:
        """Close a member's sockets at once, from any thread."""
        self._loop.call_soon_threadsafe(self._close_member, interview, member, CloseCode(code))

    def _close_member(self, interview: InterviewId, member: MemberId, code: CloseCode) -> None:
        room = self._rooms.get(interview)
        if room is not None:
            room.close_member(member, code)

    def open_state(self, interview: InterviewId) -> SessionState | None:
        """The state of an open room as the interviewers see it; None if it is not open. From any thread."""
        room = self._rooms.get(interview)
        return room.state if room is not None else None

    async def put_away(self, interview: InterviewId) -> None:
        """Close a room with all that it holds on disk; somebody who comes meanwhile waits and opens it again."""
        async with self._opening.setdefault(interview, asyncio.Lock()):
            await self._put_away(interview)

    async def close(self) -> None:
        """Drain: tell everybody to come back, write what is left, end all tasks."""
        self.is_draining = True
        if self._tending is not None:
            self._tending.cancel()
            await asyncio.gather(self._tending, return_exceptions=True)
        await asyncio.gather(*(self.put_away(interview) for interview in list(self._rooms)))
        await asyncio.gather(*self._chores, return_exceptions=True)
        await self._writer.close()

    # ------------------------------------------------------------------------------------------------ inside

    def _load(self, interview: InterviewId) -> tuple[Setup, Content, recovery.Session, Pen]:
        setup = self._house.setup(interview)
        content = self._house.content(interview)
        # Reading alone: a long journal takes a while, and other rooms' keys must get to disk meanwhile.
        with self._store.read() as conn:
            cipher = self._seals.find(conn, interview)
            seq, hashed = last_hash(conn, interview)
            if cipher is None and seq:
                raise KeyDestroyed(f"no key for {interview}")
            if cipher is not None and seq:
                session = recovery.load(conn, cipher, interview)
                return setup, content, session, Pen(interview, setup.owner_id, cipher, hashed)
        with self._store.begin() as conn:
            if cipher is None:
                self._seals.create(conn, setup.owner_id, interview, self._clock.wall_ms())
                cipher = self._seals.cipher(conn, interview)
            pen = Pen(interview, setup.owner_id, cipher, hashed)
            session = recovery.load(conn, cipher, interview)
            self._begin(conn, setup, session, pen)
        return setup, content, session, pen

    def _begin(self, conn: Any, setup: Setup, session: recovery.Session, pen: Pen) -> None:
        events = opening(
            pen.session,
            stages=setup.stages,
            languages=setup.languages,
            language=setup.language,
            signals=setup.signals,
            questions=setup.questions,
            competencies=setup.competencies,
            members=tuple((person.id, person.role) for person in setup.people),
            files=setup.files,
            admitted=setup.admitted,
            new_id=self._fresh_id,
        )
        now = self._clock.wall_ms()
        recorded = [
            Recorded(seq, 0, now, by, event) for seq, (by, event) in enumerate(events, start=1)
        ]
        append(conn, pen.to_rows(recorded))
        for one in recorded:
            session.take(one)

    def _reload(self, pen: Pen) -> Document:
        with self._store.read() as conn:
            return recovery.load(conn, pen.cipher, pen.session).document

    def _keep_keyframe(self, pen: Pen) -> None:
        recovery.keep_keyframe(self._store, pen)

    def _chore(self, work: Callable[..., None], *args: Any) -> None:
        """Blocking work beside the rooms; a failure is logged and harms nobody."""

        async def carry_out() -> None:
            try:
                await asyncio.to_thread(work, *args)
            except Exception:
                log.exception("hub.chore_failed", work=getattr(work, "__name__", "?"))

        task = asyncio.create_task(carry_out())
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def _live(self, room: Room) -> None:
        try:
            await room.run()
        except Broken:
            metrics.BROKEN.inc()
            log.warning("room.broken", session=room.id, why=repr(getattr(room, "_broken", None)))
        except Exception:
            log.exception("room.crashed", session=room.id)

    async def _settle(self, interview: InterviewId) -> None:
        """Wait until all that a broken room had handed over is written or refused."""
        task = self._tasks.pop(interview, None)
        room = self._rooms.pop(interview, None)
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)
        if room is not None:
            written: asyncio.Future[None] = self._loop.create_future()
            self._writer.write(room.pen, [], lambda _: written.set_result(None))
            await written

    async def _put_away(self, interview: InterviewId) -> None:
        room, task = self._rooms.get(interview), self._tasks.get(interview)
        if room is None or task is None:
            return
        if not task.done():
            stopping = asyncio.create_task(room.stop())
            await asyncio.wait({stopping, task}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel() if task.done() and not stopping.done() else None
            await asyncio.gather(stopping, return_exceptions=True)
        await self._settle(interview)

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(TEND_EVERY_S)
            with contextlib.suppress(asyncio.TimeoutError):
                await self._watch_runner()
            self._watch_disk()
            await self._put_idle_away()

    def count(self) -> None:
        """Bring the gauges up to date; called when somebody asks for them."""
        metrics.settle()
        metrics.ROOMS.set(len(self._rooms))
        metrics.SEATS.set(self.seated)

    @property
    def seated(self) -> int:
        """Connected sockets."""
        return sum(room.seated for room in self._rooms.values())

    def _watch_disk(self) -> None:
        if self._data_dir is None:
            return
        free = shutil.disk_usage(self._data_dir).free
        level: Level = "full" if free < DISK_FULL else "nearly" if free < DISK_NEARLY else "fine"
        for room in self._rooms.values():
            room.set_disk(level)

    async def _watch_runner(self) -> None:
        status = await asyncio.wait_for(self._runner.status(), 10)
        if status != self._status:
            self._status = status
            for room in self._rooms.values():
                room.set_runner(status)

    async def ask_runner(self) -> RunnerStatus:
        """Ask the engine now, before its time; rooms hear what it says. Many who ask at once share one question."""
        await self._runner.ask_again()
        await self._watch_runner()
        return self._status or await self._runner.status()

    async def _put_idle_away(self) -> None:
        now = self._clock.monotonic_ms()
        for interview, room in list(self._rooms.items()):
            if room.is_quiet and now - room.idle_since_ms > IDLE_MS and room.state.phase != "ended":
                async with self._opening.setdefault(interview, asyncio.Lock()):
                    if room.is_quiet:
                        await self._put_away(interview)

    def people(self, interview: InterviewId) -> Sequence[Person]:
        room = self._rooms.get(interview)
        return tuple(room.people.values()) if room is not None else ()


def role_of(text: str) -> Role | None:
    """The room's role of a member's row; None for a second rater, who is never in the room."""
    return None if text == "rater" else Role(text)
