"""The room: one task, one inbox, one writer of a session's document, state and journal.

While the task waits for work, a frame is carried out where it arrives, on the same event loop and as the same writer: waking the
task would cost more than the key does. Whatever needs to wait, or meets a room at work, goes through the inbox.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import structlog

from room.clock import Clock
from room.realtime import frames, metrics, protocol
from room.realtime.budget import HUNGRY, SENTENCES, Budget, Level, Spending
from room.realtime.content import Content
from room.realtime.document import Document, Lost, TooBig, Unready
from room.realtime.frames import CloseCode
from room.realtime.inbox import Inbox
from room.realtime.journal import JournalWriter
from room.realtime.outbox import Straight
from room.realtime.people import Person
from room.realtime.presence import CaretLog, Presence
from room.realtime.recovery import NEVER_TOLD, Session, Told
from room.realtime.runs import Job, Runs, finish_of
from room.realtime.scrollback import Scrollback
from room.realtime.seat import Seat
from room.realtime.session_clock import SessionClock
from room.realtime.updates import read_state_vector, read_update, unknown_roots
from room.sandbox.budget import Payer
from room.sandbox.runner import Runner
from room.sandbox.spec import RunnerStatus
from room.session import commands as c
from room.session import effects as fx
from room.session import events as e
from room.session.decide import Decision, Moment, Refused, decide, may_edit
from room.session.evolve import evolve
from room.session.ids import SYSTEM, FileId, MemberId, RunId
from room.session.roles import INTERVIEWERS, Role
from room.session.state import SessionState
from room.session.visibility import PUBLIC, visible_to
from room.store.pen import Pen
from room.yjs.encoding import Malformed

log = structlog.get_logger()

BRING_BACK_MS: Final = 10 * 60_000
"""How long after a cut the browsers that were there may come back with what the server lost."""
KEYFRAME_EVERY: Final = 2_000
CLIENTS_A_MEMBER: Final = 200
"""Editor numbers a member may use: one a page load."""

Notice = Callable[[SessionState], None]


class Broken(Exception):
    """The room can no longer vouch for what it holds; it closes and is opened again from the journal."""


class _Batch:
    """What goes to disk together, and what waits until it is there."""

    __slots__ = ("after", "recorded", "saved")

    def __init__(self) -> None:
        self.recorded: list[e.Recorded] = []
        self.after: list[Callable[[], None]] = []
        self.saved: dict[Seat, int] = {}


class Room:
    """One open session. Sockets and pages talk to it by ``attach``, ``frame``, ``submit`` and ``detach`` only."""

    def __init__(
        self,
        *,
        session: Session,
        pen: Pen,
        writer: JournalWriter,
        clock: Clock,
        runner: Runner,
        content: Content,
        new_id: Callable[[str], str],
        on_change: Notice,
        on_keyframe: Callable[[], None],
        reload: Callable[[], Document],
        account: Budget,
        runner_status: RunnerStatus | None = None,
    ) -> None:
        self.id = pen.session
        self.state = session.everything.state
        """Everything decided, on disk or not yet. Decisions are made on it."""
        self._document = session.document
        self._everything, self._public = session.everything, session.public
        self._seq, self._at_ms = session.seq, session.at_ms
        self.pen, self._writer = pen, writer
        self._time = SessionClock(clock, self.state.started_wall_ms, session.at_ms)
        self._clock = clock
        self._new_id = new_id
        self._on_change, self._on_keyframe, self._reload = on_change, on_keyframe, reload
        self._content = content
        self._runs = Runs(runner, content, Payer(pen.session, pen.owner_id), self._post_command)
        self._runner_status = runner_status

        self._inbox: Inbox[Callable[[], None]] = Inbox()
        self._batch = _Batch()
        self._outstanding: deque[_Batch] = deque()
        self._claiming: set[int] = set()
        """Client ids whose claim is not on disk yet: their edits are relayed with it."""
        self._held = 0
        """Relays that wait for a disk; the next ones keep behind them."""
        self._seats: list[Seat] = []
        self._unpushed: list[Straight] = []
        """Connections that were written to in this turn."""
        self._is_parked = False
        """The task waits for work, and nobody has any: what comes may be carried out at once."""
        self.people: dict[MemberId, Person] = {}
        self._scrollback = Scrollback()
        self._presence = Presence(self._seats)
        self._carets = CaretLog(clock, self._record_caret, self._inbox.put_now)
        self._close_timer: asyncio.TimerHandle | None = None
        self._broken: BaseException | None = None
        self._waiting: set[asyncio.Future[Refused | None]] = set()
        self._is_document_lost = False
        self._bring_back_until_ms: int | None = None
        """Until when browsers may bring what the server lost of others' text, if it was cut off."""
        self._unwritten = 0
        self._all_written = asyncio.Event()
        self._spending = Spending(session.stored_bytes, account, self._warn)
        self._closing = False
        self.idle_since_ms: int = clock.monotonic_ms()

    # ------------------------------------------------------------------------------------------------ from outside

    @property
    def seated(self) -> int:
        return len(self._seats)

    @property
    def is_quiet(self) -> bool:
        """Nobody is here and nothing is under way: it can be put away."""
        return not self._seats and not self._runs.is_busy and not self._outstanding

    async def attach(self, seat: Seat) -> None:
        await self._inbox.put(lambda: self._attach(seat))

    async def frame(self, seat: Seat, frame: frames.Frame) -> None:
        """One parsed frame; waits while the room is busy, so its socket is read more slowly."""
        await self._inbox.put(lambda: self._frame(seat, frame))

    def frame_now(self, seat: Seat, frame: frames.Frame) -> bool:
        """The same without waiting; False when the room is so busy that the next one has to wait for :meth:`place`.

        After one or several :meth:`frames_over` has to be called, before anything else runs.
        """
        if self._is_parked and self._inbox.is_empty:
            self._frame(seat, frame)
            if self._needs_task:
                self._inbox.put_now(_nothing)  # Whatever comes now waits behind it.
            return True
        self._inbox.put_now(lambda: self._frame(seat, frame))
        return not self._inbox.is_full

    def frames_over(self) -> None:
        """What :meth:`frame_now` was given goes out and to disk together."""
        if self._is_parked and self._inbox.is_empty:
            self._here(self._finish_turn)

    async def place(self) -> None:
        """Returns when the room can take more."""
        await self._inbox.place()

    def detach(self, seat: Seat) -> None:
        self._inbox.put_now(lambda: self._detach(seat))

    async def submit(self, command: c.Command, by: MemberId = SYSTEM) -> Refused | None:
        """Carry out a command from a page or from the room's owner; returns when it is on disk.

        Raises:
            Broken: the room closed before that.
        """
        answer: asyncio.Future[Refused | None] = asyncio.get_running_loop().create_future()

        def settle(result: Refused | None) -> None:
            if not answer.done():
                answer.set_result(result)

        def carry_out() -> None:
            self._command(command, by, settle)

        self._waiting.add(answer)
        self._inbox.put_now(carry_out)
        try:
            return await answer
        finally:
            self._waiting.discard(answer)

    async def settled(self) -> None:
        """Returns when all that was handed over before is carried out and on disk."""
        done: asyncio.Future[Refused | None] = asyncio.get_running_loop().create_future()

        def answer() -> None:
            if not done.done():
                done.set_result(None)

        self._waiting.add(done)
        self._inbox.put_now(lambda: self._batch.after.append(answer))
        try:
            await done
        finally:
            self._waiting.discard(done)

    async def taken(self) -> None:
        """Returns when all that was handed over before is taken into the state, on disk or not yet."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def answer() -> None:
            if not done.done():
                done.set_result(None)

        self._inbox.put_now(answer)
        await done

    async def run_begun(self, run: RunId) -> None:
        """Returns when a run has left the line, or is over."""
        while (found := self.state.run(run)) is not None and found.status == "queued":
            await self._runs.any_news()
            await self.settled()

    async def run_over(self, *, hidden: bool = False) -> None:
        """Returns when no run is queued or under way."""
        while self.state.active_run(hidden=hidden) is not None:
            await self._runs.any_over()
            await self.settled()

    def close_member(self, member: MemberId, code: CloseCode) -> None:
        """Close a member's sockets at once: their link was switched off, or they signed out."""
        self._inbox.put_now(lambda: self._close_member(member, code))

    def set_runner(self, status: RunnerStatus) -> None:
        self._inbox.put_now(lambda: self._set_runner(status))

    def set_disk(self, level: Level) -> None:
        """What the server's disk has left."""
        self._inbox.put_now(lambda: self._spending.set_disk(level))

    def close_all(self, code: CloseCode) -> None:
        for seat in self._seats:
            seat.close(code)

    async def run(self) -> None:
        """The room's one task. Ends when :meth:`stop` was called, or by raising :class:`Broken`."""
        self._revive()
        try:
            while not self._closing:
                self._is_parked = True
                taken = await self._inbox.take()
                self._is_parked = False
                self._check()
                if self._is_document_lost:
                    await self._rebuild()
                for work in taken:
                    work()
                    self._check()
                    if self._is_document_lost:
                        await self._rebuild()
                self._finish_turn()
                self._check()
        except BaseException:
            self.close_all(CloseCode.RESTARTING)
            raise
        finally:
            self._is_parked = False
            self._carets.close()
            if self._close_timer is not None:
                self._close_timer.cancel()
            with contextlib.suppress(Exception):
                await self._runs.close()
            for answer in self._waiting:
                if not answer.done():
                    answer.set_exception(Broken("the room closed"))

    def _finish_turn(self) -> None:
        """What was done goes out, and then to disk: others see it before the disk hears of it."""
        self._push()
        self._flush()
        self._push()

    def _push(self) -> None:
        """Everything that was written to the seats goes out, in one piece each."""
        for straight in self._unpushed:
            straight.push()
        self._unpushed.clear()

    def _here(self, work: Callable[[], None]) -> None:
        """Carry out work outside the task; what goes wrong ends the room as it would inside."""
        try:
            work()
        except Exception as error:
            log.exception("room.fault", session=self.id)
            self._broken = error
        if self._needs_task:
            self._inbox.put_now(_nothing)

    @property
    def _needs_task(self) -> bool:
        """Something happened that only the task can mend."""
        return self._broken is not None or self._is_document_lost

    async def _rebuild(self) -> None:
        """The library gave up on an update: the document comes again from the journal, and only the offender is closed."""
        self._push()
        self._flush(force=True)
        while self._unwritten:
            self._all_written.clear()
            await self._all_written.wait()
        self._document = await asyncio.to_thread(self._reload)
        self._is_document_lost = False
        metrics.REBUILT.inc()

    def _check(self) -> None:
        if self._broken is not None:
            raise Broken from self._broken

    async def stop(self) -> None:
        """Tell everybody to come back, put what is left on disk, and end the task."""
        self.close_all(CloseCode.RESTARTING)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def tell_done() -> None:
            if not done.done():
                done.set_result(None)

        def finish() -> None:
            for member, known in self.state.members.items():
                if known.present:
                    self._command(c.Leave(member), SYSTEM)
            self._batch.after.append(tell_done)
            self._flush(force=True)

        await self._runs.close()
        self._inbox.put_now(finish)
        await done
        self._closing = True
        self._inbox.put_now(lambda: None)

    # ------------------------------------------------------------------------------------------------ life

    def _revive(self) -> None:
        """Mend what an earlier life left open: it cannot say any more who left and what became of a run."""
        for member, known in self.state.members.items():
            if known.present:  # Whoever puts a room away lets all leave first.
                self._bring_back_until_ms = self._clock.monotonic_ms() + BRING_BACK_MS
                self._command(c.Leave(member), SYSTEM)
        for run in self.state.runs:
            if run.status != "finished":
                sentence = "The server restarted while this ran. Run it again."
                self._command(finish_of(run.kind)(run.id, "IE", sentence), SYSTEM)
        if self.state.phase == "ended":
            self._arm_close()
        self._flush()

    def _post_command(self, command: c.SystemCommand) -> None:
        def carry_out() -> None:
            self._command(command, SYSTEM)

        self._inbox.put_now(carry_out)

    def _arm_close(self) -> None:
        ended = self.state.ended_at_ms or 0
        left = max(0, fx.UNDO_END_MS - (self._time.at_ms() - ended))
        if self._close_timer is not None:
            self._close_timer.cancel()
        loop = asyncio.get_running_loop()
        self._close_timer = loop.call_later(left / 1000, self._close_if_over)

    def _close_if_over(self) -> None:
        self._inbox.put_now(self._close_when_due)

    def _close_when_due(self) -> None:
        if self.state.phase != "ended":
            return
        if self._time.at_ms() - (self.state.ended_at_ms or 0) >= fx.UNDO_END_MS:
            self._command(c.CloseSession(), SYSTEM)
        else:
            self._arm_close()

    # ------------------------------------------------------------------------------------------------ recording

    def _moment(self) -> Moment:
        return Moment(self._time.at_ms(), self._time.wall_ms(), self._new_id)

    def _command(
        self,
        command: c.Command,
        by: MemberId,
        settle: Callable[[Refused | None], None] | None = None,
    ) -> Refused | None:
        decided = self._decide(command, by)
        if isinstance(decided, Refused):
            metrics.REFUSED.labels(decided.reason).inc()
            if settle:
                settle(decided)
            return decided
        for event in decided:
            self._record(event, by)
        match command:
            case c.StopRun():
                self._runs.stop(command.run, by)
            case c.TypeInput():
                self._runs.type(command.run, command.text)
            case c.ResizeTerminal():
                self._runs.resize(command.run, command.columns, command.rows)
        if settle:
            self._batch.after.append(lambda: settle(None))
        return None

    def _decide(self, command: c.Command, by: MemberId) -> Decision:
        if self._spending.is_unheard(command):
            return ()
        if isinstance(command, HUNGRY) and (what := self._spending.full):
            return Refused("full", SENTENCES[what, "full"])
        return decide(self.state, command, by, self._moment())

    def _record(self, event: e.Event, by: MemberId) -> None:
        """Take a fact into state and batch; what it causes happens when it is on disk."""
        if isinstance(event, e.InterviewStarted):
            self._time.start()
        self._seq += 1
        self._at_ms = self._time.at_ms()
        recorded = e.Recorded(self._seq, self._at_ms, self._time.wall_ms(), by, event)
        if isinstance(event, NEVER_TOLD):  # It changes no state and causes nothing either.
            self._take_note(recorded)
            return
        before = self.state
        is_public = visible_to(event, PUBLIC, before)
        self.state = evolve(before, recorded)
        self._take_note(recorded)
        if isinstance(event, e.RunFinished | e.TestsFinished | e.HiddenTestsFinished):
            metrics.RUNS.labels(type(event).__name__, event.verdict).inc()
        self._batch.after.append(lambda: self._tell(recorded, is_public=is_public))
        for effect in fx.effects_of(event, before):
            self._cause(effect)

    def _take_note(self, recorded: e.Recorded) -> None:
        self._batch.recorded.append(recorded)
        metrics.count_event()
        self._spending.spend(recorded.event)
        if recorded.seq % KEYFRAME_EVERY == 0:
            self._batch.after.append(self._on_keyframe)

    def _warn(self, what: str, level: Level) -> None:
        notice = {"t": "notice", "about": what, "level": level, "sentence": SENTENCES[what, level]}
        for seat in self._seats:
            if seat.is_active:
                seat.tell(notice)

    def _cause(self, effect: fx.Effect) -> None:
        match effect:
            case fx.SeedFile():
                text = self._content.starter(effect.question, effect.language, effect.name)
                update = self._document.seed(effect.file, text)
                if update is not None:
                    self._record(e.DocEdited(update), SYSTEM)
                    self._batch.after.append(lambda: self._relay(protocol.update(update), None))
            case fx.StartRun():
                job = self._job(effect)
                self._batch.after.append(lambda: self._runs.start(job))
            case fx.StopRun():
                self._batch.after.append(lambda: self._runs.stop(effect.run, SYSTEM))
            case fx.CloseMember():
                self._batch.after.append(
                    lambda: self._close_member(effect.member, CloseCode.NOT_ALLOWED)
                )
            case fx.KeepKeyframe():
                self._batch.after.append(self._on_keyframe)
            case fx.CloseLater():
                self._batch.after.append(self._arm_close)
            case fx.NoteInterview():
                self._batch.after.append(lambda: self._on_change(self.state))

    def _job(self, effect: fx.StartRun) -> Job:
        """The run with the text as it is now: what its clicker saw, since a socket is first in, first out."""
        run = self.state.run(effect.run)
        assert run is not None  # noqa: S101 - it was recorded a line ago
        source = run if run.of is None else self.state.run(run.of)
        assert source is not None  # noqa: S101
        assert source.file is not None  # noqa: S101
        file = self.state.file(source.file)
        assert file is not None  # noqa: S101
        files = [f for f in self.state.files if not f.deleted]
        question = self.state.shown[-1].question if self.state.shown else None
        return Job(
            run=run.id,
            kind=effect.kind,
            language=source.language,
            files=tuple((f.name, self._document.text(f.id)) for f in files),
            entry=file.name,
            stdin=source.stdin,
            interactive=source.interactive and effect.kind == "run",
            question=question,
            parts=tuple(s.part for s in self.state.shown if s.question == question),
        )

    def _flush(self, *, force: bool = False) -> None:
        while True:
            batch = self._batch
            if not (batch.recorded or batch.after or batch.saved or force):
                return
            self._batch = _Batch()
            if batch.recorded or self._outstanding:
                break
            self._settle(batch)  # This may have caused more.
            force = False
        self._outstanding.append(batch)
        self._unwritten += 1
        is_urgent = bool(batch.after) or not batch.recorded
        self._writer.write(
            self.pen, batch.recorded, lambda error: self._written(batch, error), is_urgent=is_urgent
        )

    def _written(self, batch: _Batch, error: BaseException | None) -> None:
        self._unwritten -= 1
        if not self._unwritten:
            self._all_written.set()
        if self._is_parked and self._inbox.is_empty:
            self._here(lambda: self._on_disk(batch, error))
            self.frames_over()
        else:
            self._inbox.put_now(lambda: self._on_disk(batch, error))

    def _on_disk(self, batch: _Batch, error: BaseException | None) -> None:
        if error is not None:
            self._broken = error
            return
        self._outstanding.remove(batch)
        self._settle(batch)

    def _settle(self, batch: _Batch) -> None:
        for recorded in batch.recorded:
            if isinstance(recorded.event, e.ClientClaimed):
                self._claiming.discard(recorded.event.client)
        for act in batch.after:
            act()
        for seat, count in batch.saved.items():
            seat.tell(frames.Saved(count))

    def _tell(self, recorded: e.Recorded, *, is_public: bool) -> None:
        """Tell those who may see it, each class of viewer in a numbering of its own."""
        self._everything = self._everything.after(recorded)
        self._scrollback.after(recorded.event)
        self._tell_class(recorded, self._everything, is_interviewers=True)
        if is_public:
            self._public = self._public.after(recorded)
            self._tell_class(recorded, self._public, is_interviewers=False)
        self._let_in(recorded.event)

    def _tell_class(self, recorded: e.Recorded, told: Told, *, is_interviewers: bool) -> None:
        frame: bytes | None = None
        for seat in self._seats:
            if not seat.is_active or not seat.speaks_room:
                continue
            if (seat.person.role in INTERVIEWERS) != is_interviewers:
                continue
            if frame is None:
                frame = protocol.room_message(event_message(recorded, told.count))
            seat.post(frame)

    # ------------------------------------------------------------------------------------------------ seats

    def _attach(self, seat: Seat) -> None:
        self._seats.append(seat)
        seat.outbox.unpushed = self._unpushed
        self._command(c.AddMember(seat.member, seat.person.role), SYSTEM)
        known = self.people.get(seat.member)
        self.people[seat.member] = seat.person
        if known != seat.person:
            self._tell_people()
        self._place(seat)

    def _place(self, seat: Seat) -> None:
        """Decide where a seat stands: taking part, waiting to be let in, or behind another tab of the same person."""
        if seat.closed.done():
            return
        member = self.state.members.get(seat.member)
        if member is None or member.admission in ("removed", "turned_away"):
            seat.close(CloseCode.NOT_ALLOWED)
            return
        if self.state.phase == "closed":
            seat.close(CloseCode.ENDED)
            return
        if member.role is Role.CANDIDATE and member.admission != "admitted":
            self._command(c.Wait(seat.member), SYSTEM)
            self._move(seat, "waiting")
            return
        other = next(
            (s for s in self._seats if s is not seat and s.member == seat.member and s.is_active),
            None,
        )
        if other is not None:
            if not seat.tab or other.tab != seat.tab:
                self._move(seat, "elsewhere")
                return
            self._retire(other, CloseCode.ELSEWHERE)
        self._activate(seat)

    def _move(self, seat: Seat, standing: str) -> None:
        seat.standing = "waiting" if standing == "waiting" else "elsewhere"
        seat.tell({"t": "waiting" if standing == "waiting" else "busy_elsewhere"})

    def _activate(self, seat: Seat) -> None:
        seat.standing = "active"
        self._command(c.Join(seat.member), SYSTEM)
        seat.post(protocol.step1(self._document.state_vector()))
        if seat.vector is not None:
            self._answer_vector(seat, seat.vector)
        self._presence.show_to(seat)
        if seat.speaks_room:
            self._batch.after.append(lambda: self._welcome(seat))

    def _retire(self, seat: Seat, code: CloseCode) -> None:
        """Another tab takes this seat's place; the member does not leave."""
        self._presence.forget(seat)
        seat.standing = "gone"
        seat.close(code)

    def _detach(self, seat: Seat) -> None:
        if seat not in self._seats:
            return
        self._seats.remove(seat)
        was_active = seat.is_active
        self._presence.forget(seat)
        seat.standing = "gone"
        if was_active:
            waiting = next(
                (s for s in self._seats if s.member == seat.member and s.standing == "elsewhere"),
                None,
            )
            if waiting is not None:
                self._place(waiting)
            else:
                self._command(c.Leave(seat.member), SYSTEM)
        if not self._seats:
            self.idle_since_ms = self._clock.monotonic_ms()

    def _let_in(self, event: e.Event) -> None:
        if isinstance(event, e.MemberAdmitted):
            for seat in self._seats:
                if seat.member == event.member and seat.standing == "waiting":
                    self._place(seat)
        elif isinstance(event, e.SessionClosed):
            for seat in self._seats:
                seat.close(CloseCode.ENDED)

    def _close_member(self, member: MemberId, code: CloseCode) -> None:
        for seat in self._seats:
            if seat.member == member:
                seat.close(code)

    def _welcome(self, seat: Seat) -> None:
        if not seat.is_active:
            return
        told = self._everything if seat.person.role in INTERVIEWERS else self._public
        seat.tell(
            {
                "t": "welcome",
                "n": told.count,
                "at_ms": self._time.at_ms(),
                "wall_ms": self._time.wall_ms(),
                "me": seat.member,
                "role": seat.person.role,
                "state": told.state,
                "people": self.people,
                "terminal": self._scrollback.told(),
                "runner": self._runner_status,
            }
        )

    def _tell_people(self) -> None:
        for seat in self._seats:
            if seat.is_active:
                seat.tell({"t": "people", "people": self.people})

    def know(self, people: Sequence[Person]) -> None:
        """The names and colours of everybody who has a place; to be called before :meth:`run`."""
        self.people = {person.id: person for person in people}

    def _set_runner(self, status: RunnerStatus) -> None:
        if status == self._runner_status:
            return
        self._runner_status = status
        for seat in self._seats:
            if seat.is_active:
                seat.tell({"t": "runner", "runner": status})

    # ------------------------------------------------------------------------------------------------ frames

    def _frame(self, seat: Seat, frame: frames.Frame) -> None:
        if seat.closed.done() or seat.standing == "gone":
            return
        try:
            match frame:
                case frames.DocUpdate():
                    if seat.is_active:
                        self._edit(seat, frame.update, is_resync=False)
                case frames.AwarenessUpdate():
                    if seat.is_active:
                        self._aware(seat, frame)
                case frames.Step2():
                    if seat.is_active:
                        self._edit(seat, frame.update, is_resync=True)
                case frames.Step1():
                    read_state_vector(frame.vector)
                    if seat.is_active:
                        self._answer_vector(seat, frame.vector)
                    else:
                        seat.vector = frame.vector
                case frames.ForeignAwareness():
                    pass
                case frames.QueryAwareness():
                    if seat.is_active:
                        self._presence.answer(seat)
                case _:
                    self._room_message(seat, frame)
        except Malformed as error:
            log.info("room.malformed", session=self.id, member=seat.member, why=str(error))
            seat.close(CloseCode.MALFORMED)
        except Exception as error:
            # Ours to mend, but whoever sent it must not bring the room down again and again.
            log.exception("room.fault", session=self.id, member=seat.member)
            seat.close(CloseCode.MALFORMED)
            self._broken = error

    def _room_message(self, seat: Seat, frame: frames.RoomMessage) -> None:
        seat.speaks_room = True
        match frame:
            case frames.Hello():
                match seat.standing:
                    case "active":
                        self._batch.after.append(lambda: self._welcome(seat))
                    case "waiting":
                        seat.tell({"t": "waiting"})
                    case "elsewhere":
                        seat.tell({"t": "busy_elsewhere"})
            case frames.Ping():
                seat.tell({"t": "pong"})
            case frames.Do():
                if seat.is_active:
                    self._do(seat, frame)
                else:
                    seat.tell(
                        _refusal(frame.id, Refused("not_here", "You are not in the room yet."))
                    )
            case frames.TakeOver():
                if seat.standing == "elsewhere":
                    for other in self._seats:
                        if other.member == seat.member and other.is_active:
                            self._retire(other, CloseCode.ELSEWHERE)
                    self._place(seat)
            case frames.Bye():
                if seat.is_active:
                    seat.standing = "gone"
                    self._presence.forget(seat)
                    self._command(c.Leave(seat.member, clean=True), SYSTEM)

    def _do(self, seat: Seat, frame: frames.Do) -> None:
        try:
            command = c.decode_command(bytes(frame.do))
        except (msgspec.DecodeError, RecursionError):
            refused = Refused("unknown_command", "The server does not know that. Reload the page.")
            seat.tell(_refusal(frame.id, refused))
            return
        answered = self._command(command, seat.member)
        if answered is not None:
            seat.tell(_refusal(frame.id, answered))
        else:
            self._batch.after.append(lambda: seat.tell({"t": "done", "id": frame.id}))

    def _answer_vector(self, seat: Seat, vector: bytes) -> None:
        def answer() -> None:
            seat.post(protocol.step2(self._document.missing_for(vector)))

        if (
            self._claiming
        ):  # What these wrote may only be relayed once their name for it is on disk.
            self._batch.after.append(answer)
        else:
            answer()

    def _edit(self, seat: Seat, raw: bytes, *, is_resync: bool) -> None:
        seat.received += 1
        update = read_update(raw)
        if not update.blocks and not update.deletes:
            self._acknowledge(seat, is_resync=is_resync)
            return
        refused = self._why_not_edit(seat)
        if refused is not None:
            if refused.reason == "ended":
                seat.tell({"t": "too_late"})
            elif not is_resync:  # A reader's answer to step 1 is legal; it is not taken.
                seat.close(CloseCode.NOT_ALLOWED)
            return
        if what := self._spending.full:
            seat.tell(
                {"t": "notice", "about": what, "level": "full", "sentence": SENTENCES[what, "full"]}
            )
            return
        if update.roots and unknown_roots(update, {f.id for f in self.state.files}):
            raise Malformed("text of a file that is not there")
        claims = self._claims(seat, update.blocks, is_resync=is_resync)
        if claims is None:
            seat.close(CloseCode.NOT_ALLOWED)
            return
        try:
            changed = self._document.take(raw, update)
        except Unready:
            seat.behind = True
            seat.post(protocol.step1(self._document.state_vector()))
            return
        except TooBig:
            seat.close(CloseCode.TOO_LARGE)
            return
        except Lost as error:
            log.warning("room.document_lost", session=self.id, member=seat.member, why=str(error))
            seat.close(CloseCode.MALFORMED)
            self._is_document_lost = True
            return
        if changed is not None:
            for client in claims:
                self._claiming.add(client)
                self._record(e.ClientClaimed(seat.member, client), SYSTEM)
            self._record(e.DocEdited(changed), seat.member)
            owners = self.state.clients
            seat.clients.update(
                b.client for b in update.blocks if owners.get(b.client) == seat.member
            )
            frame = protocol.update(changed)
            if self._claiming or self._held:
                self._held += 1
                self._batch.after.append(lambda: self._relay_held(frame, seat))
            else:
                self._relay(frame, seat)
        self._acknowledge(seat, is_resync=is_resync)

    def _why_not_edit(self, seat: Seat) -> Refused | None:
        """Why this seat may not change the document now. Asked for every key, and the same until something happens."""
        if seat.judged_on is not self.state:
            seat.judged_on, seat.judged = self.state, may_edit(self.state, seat.member)
        return seat.judged

    def _claims(self, seat: Seat, blocks: Sequence[Any], *, is_resync: bool) -> list[int] | None:
        """Client ids that become this member's by this update; None: it writes under somebody else's.

        In a resync the structs of a known other member are legal for a while after this server was cut off: a browser
        brings back what it was relayed and the server lost. They stay that member's, and the journal marks who brought
        them. Otherwise nothing was lost, and it would be somebody's word in another's name. Nor is there anything to bring
        back while the author is here and has written under that id: it would take the place of what they write next.
        """
        claims: list[int] = []
        for block in blocks:
            if block.end <= self._document.clocks.get(block.client, 0):
                continue
            owner = self.state.clients.get(block.client)
            if owner is None:
                if block.client in self._document.clocks:
                    return None  # The server's own starter text.
                if block.client not in claims:
                    claims.append(block.client)
            elif owner != seat.member and (
                not (is_resync and self._may_bring_back)
                or any(s.is_active and block.client in s.clients for s in self._seats)
            ):
                return None
        if claims:
            held = sum(1 for owner in self.state.clients.values() if owner == seat.member)
            if held + len(claims) > CLIENTS_A_MEMBER:
                return None
        return claims

    @property
    def _may_bring_back(self) -> bool:
        until_ms = self._bring_back_until_ms
        return until_ms is not None and self._clock.monotonic_ms() < until_ms

    def _acknowledge(self, seat: Seat, *, is_resync: bool) -> None:
        if is_resync:
            seat.behind = False
        if not seat.behind:
            self._batch.saved[seat] = seat.received

    def _relay_held(self, frame: bytes, sender: Seat) -> None:
        self._held -= 1
        self._relay(frame, sender)

    def _relay(self, frame: bytes, sender: Seat | None) -> None:
        for seat in self._seats:
            if seat is not sender and seat.is_active:
                seat.post(frame)

    # ------------------------------------------------------------------------------------------------ carets

    def _aware(self, seat: Seat, frame: frames.AwarenessUpdate) -> None:
        owner = self.state.clients.get(frame.client)
        if owner is not None and owner != seat.member:
            return
        cursor = self._presence.take(seat, frame)
        if (
            cursor is not None
            and self.state.phase in ("running", "paused")
            and self._why_not_edit(seat) is None
        ):
            self._carets.note(seat.member, cursor)

    def _record_caret(self, member: MemberId, cursor: bytes) -> bool:
        """Into the journal; whether it is a place in a file."""
        moved = caret_of(cursor, self.state)
        if moved is None or may_edit(self.state, member) is not None:
            return False
        self._record(moved, member)
        return True


def _nothing() -> None:
    """Work that only wakes the task."""


# ------------------------------------------------------------------------------------------------ words on the wire


def event_message(recorded: e.Recorded, number: int) -> dict[str, Any]:
    """An event as the viewer with this numbering is told it."""
    return {
        "t": "event",
        "n": number,
        "at": recorded.at_ms,
        "wall_ms": recorded.wall_ms,
        "by": recorded.by,
        "e": recorded.event,
    }


def caret_of(cursor: bytes, state: SessionState) -> e.CaretMoved | None:
    """A y-codemirror cursor (``{"anchor", "head"}``, relative positions as JSON) as an event; None if it is none."""
    try:
        found = msgspec.json.decode(cursor, type=dict[str, dict[str, Any]] | None)
        if not found or set(found) < {"anchor", "head"}:
            return None
        root = found["head"].get("tname")
        anchor, head = msgspec.json.encode(found["anchor"]), msgspec.json.encode(found["head"])
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(root, str) or len(anchor) > 400 or len(head) > 400:
        return None
    file = FileId(root.removeprefix("f:"))
    if state.file(file) is None:
        return None
    return e.CaretMoved(file, anchor.decode(), head.decode())


def _refusal(number: int, refused: Refused) -> dict[str, Any]:
    return {"t": "refused", "id": number, "reason": refused.reason, "sentence": refused.sentence}
