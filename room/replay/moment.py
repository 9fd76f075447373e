"""What is on the screen at a moment, beside the text: files, carets, terminal, tests.

A keyframe holds a moment; the player folds the segment's events onto it with the same rules
(``static/src/replay/moment.ts``; a test holds the two together). What only ever grows (parts shown, hints, chat, pins,
stages) is not in here: the index has it with its times, and a player shows what is not later than now.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from room.session import events as e
from room.session.ids import SYSTEM, FileId, MemberId, RunId
from room.yjs.updates import UnreadableUpdate, read_update, units

OUTPUT_UNITS_MAX = 200_000
"""UTF-16 units of output that a moment keeps; the oldest pieces go first."""
TYPED_MAX = 20
TYPED_UNITS = 500
"""A piece of what one person typed grows up to about this length."""


class File(msgspec.Struct, frozen=True, omit_defaults=True):
    id: FileId
    name: str
    language: str = ""
    deleted: bool = False
    at_ms: int = 0
    """When it was made; its text then is what it started from."""


class Caret(msgspec.Struct, frozen=True, omit_defaults=True):
    """Yjs relative positions as JSON text; equal where nothing is selected."""

    anchor: str
    head: str
    at_ms: int = 0


class Terminal(msgspec.Struct, frozen=True, omit_defaults=True):
    """The last run of a program."""

    run: RunId
    by: MemberId
    at_ms: int
    file: FileId
    language: str
    stdin: str = ""
    status: str = "queued"
    output: tuple[str | tuple[str, str], ...] = ()
    """In pieces; one of standard error is ``("stderr", text)``."""
    cut: bool = False
    """Earlier output is missing here."""
    verdict: str = ""
    sentence: str = ""
    typed: tuple[tuple[MemberId, str], ...] = ()
    """What was typed into it while it ran, by whom; the last ``TYPED_MAX`` pieces."""


class Tests(msgspec.Struct, frozen=True, omit_defaults=True):
    """The last run of tests."""

    run: RunId
    by: MemberId
    at_ms: int
    status: str = "queued"
    verdict: str = ""
    sentence: str = ""
    outcomes: tuple[e.TestOutcome, ...] = ()


class Moment(msgspec.Struct, frozen=True, omit_defaults=True):
    phase: str = "before"
    language: str = ""
    files: tuple[File, ...] = ()
    present: tuple[MemberId, ...] = ()
    open: dict[MemberId, FileId] = {}
    """The tab that each member is on."""
    carets: dict[MemberId, Caret] = {}
    terminal: Terminal | None = None
    tests: Tests | None = None
    hidden: Tests | None = None
    """The hidden tests' last run, for those who may know of it."""


def advance(moment: Moment, one: e.Recorded) -> Moment:
    """The moment after one more event; events that change nothing of it leave it as it is."""
    by, at, event = one.by, one.at_ms, one.event
    match event:
        case e.DocEdited() if by == SYSTEM:
            return moment
        case e.DocEdited():
            caret = caret_of_edit(event.update)
            return _caret(moment, by, caret, caret, at) if caret else moment
        case e.CaretMoved():
            return _caret(moment, by, event.anchor, event.head, at)
        case e.SessionPlanned() | e.LanguageChosen():
            return replace(moment, language=event.language)
        case e.InterviewStarted() | e.ClockResumed() | e.EndUndone():
            return replace(moment, phase="running")
        case e.ClockPaused():
            return replace(moment, phase="paused")
        case e.InterviewEnded():
            return replace(moment, phase="ended")
        case e.MemberJoined():
            return replace(moment, present=tuple(sorted({*moment.present, event.member})))
        case e.MemberLeft() | e.MemberRemoved():
            present = tuple(member for member in moment.present if member != event.member)
            carets = {
                member: caret for member, caret in moment.carets.items() if member != event.member
            }
            return replace(moment, present=present, carets=carets)
        case e.FileCreated():
            file = File(event.file, event.name, event.language, at_ms=at)
            return replace(moment, files=(*moment.files, file))
        case e.FileRenamed():
            return _file(moment, event.file, name=event.name)
        case e.FileDeleted():
            return _file(moment, event.file, deleted=True)
        case e.FileRestored():
            return _file(moment, event.file, deleted=False)
        case e.FilesReordered():
            place = {file: index for index, file in enumerate(event.files)}
            files = tuple(sorted(moment.files, key=lambda file: place.get(file.id, len(place))))
            return replace(moment, files=files)
        case e.FileOpened():
            return replace(moment, open=moment.open | {by: event.file})
        case _:
            return _run(moment, one)


def advance_over(moment: Moment, events: Sequence[e.Recorded]) -> Moment:
    """The moment after all of ``events``: the same as one by one, but reads only the last edit of each member."""
    last: dict[MemberId, int] = {}
    for index in range(len(events) - 1, -1, -1):
        one = events[index]
        if one.by in last:
            continue
        match one.event:
            case e.CaretMoved():
                last[one.by] = index
            case e.DocEdited() if one.by != SYSTEM and caret_of_edit(one.event.update):
                last[one.by] = index
    pieces: list[e.RunOutput] = []
    for index, one in enumerate(events):
        if isinstance(one.event, e.DocEdited | e.CaretMoved) and last.get(one.by) != index:
            continue
        if isinstance(one.event, e.RunOutput):
            pieces.append(one.event)
            continue
        if pieces and isinstance(one.event, _OF_RUNS):
            moment, pieces = _printed(moment, pieces), []
        moment = advance(moment, one)
    return _printed(moment, pieces)


_OF_RUNS = (e.RunQueued, e.RunInput, e.RunFinished)


def _printed(moment: Moment, outputs: Sequence[e.RunOutput]) -> Moment:
    terminal = moment.terminal
    if terminal is None:
        return moment
    pieces = [_piece(one) for one in outputs if one.run == terminal.run]
    return replace(moment, terminal=_output(terminal, pieces)) if pieces else moment


def caret_of_edit(update: bytes) -> str:
    """Where the caret stands after an edit, as a Yjs relative position; empty if the edit does not tell.

    After the last typed character, or where something was deleted. An update of several clients is a catching-up after a
    lost connection: nobody's caret.
    """
    try:
        read = read_update(update)
    except UnreadableUpdate:
        return ""
    clients = {struct.client for struct in read.structs}
    if len(clients) > 1:
        return ""
    if read.structs:
        last = read.structs[-1]
        return _position(last.client, last.clock + last.length - 1, -1)
    if read.deletions:
        first = read.deletions[0]
        return _position(first.client, first.clock, 0)
    return ""


def _position(client: int, clock: int, assoc: int) -> str:
    return f'{{"item":{{"client":{client},"clock":{clock}}},"assoc":{assoc}}}'


def _caret(moment: Moment, member: MemberId, anchor: str, head: str, at_ms: int) -> Moment:
    return replace(moment, carets=moment.carets | {member: Caret(anchor, head, at_ms)})


def _file(moment: Moment, file: FileId, **change: Any) -> Moment:
    return replace(
        moment, files=tuple(replace(f, **change) if f.id == file else f for f in moment.files)
    )


def _run(moment: Moment, one: e.Recorded) -> Moment:
    by, at, event = one.by, one.at_ms, one.event
    match event:
        case e.RunQueued():
            terminal = Terminal(event.run, by, at, event.file, event.language, event.stdin)
            return replace(moment, terminal=terminal)
        case e.TestsQueued():
            return replace(moment, tests=Tests(event.run, by, at))
        case e.HiddenTestsQueued():
            return replace(moment, hidden=Tests(event.run, by, at))
        case e.RunStarted():
            return _started(moment, event.run)
        case e.RunOutput():
            if moment.terminal is None or moment.terminal.run != event.run:
                return moment
            return replace(moment, terminal=_output(moment.terminal, [_piece(event)]))
        case e.RunInput():
            if moment.terminal is None or moment.terminal.run != event.run:
                return moment
            return replace(moment, terminal=_typed(moment.terminal, by, event.text))
        case e.RunFinished():
            if moment.terminal is None or moment.terminal.run != event.run:
                return moment
            terminal = replace(
                moment.terminal,
                status="finished",
                verdict=event.verdict,
                sentence=event.sentence,
                cut=moment.terminal.cut or event.truncated,
            )
            return replace(moment, terminal=terminal)
        case e.TestsFinished():
            if moment.tests is None or moment.tests.run != event.run:
                return moment
            return replace(moment, tests=_tested(moment.tests, event))
        case e.HiddenTestsFinished():
            if moment.hidden is None or moment.hidden.run != event.run:
                return moment
            return replace(moment, hidden=_tested(moment.hidden, event))
        case _:
            return moment


def _started(moment: Moment, run: RunId) -> Moment:
    if moment.terminal and moment.terminal.run == run:
        return replace(moment, terminal=replace(moment.terminal, status="running"))
    if moment.tests and moment.tests.run == run:
        return replace(moment, tests=replace(moment.tests, status="running"))
    if moment.hidden and moment.hidden.run == run:
        return replace(moment, hidden=replace(moment.hidden, status="running"))
    return moment


def _piece(event: e.RunOutput) -> str | tuple[str, str]:
    return (event.stream, event.text) if event.stream == "stderr" else event.text


def _length(piece: str | tuple[str, str]) -> int:
    return units(piece if isinstance(piece, str) else piece[1])


def _output(terminal: Terminal, pieces: Sequence[str | tuple[str, str]]) -> Terminal:
    output = [*terminal.output, *pieces]
    kept = sum(map(_length, output))
    gone = 0
    while kept > OUTPUT_UNITS_MAX and gone < len(output) - 1:
        kept -= _length(output[gone])
        gone += 1
    return replace(terminal, output=tuple(output[gone:]), cut=terminal.cut or gone > 0)


def _typed(terminal: Terminal, by: MemberId, text: str) -> Terminal:
    typed = terminal.typed
    if typed and typed[-1][0] == by and units(typed[-1][1]) < TYPED_UNITS:
        text = typed[-1][1] + text
        typed = typed[:-1]
    return replace(terminal, typed=(*typed, (by, text))[-TYPED_MAX:])


def _tested(tests: Tests, event: e.TestsFinished | e.HiddenTestsFinished) -> Tests:
    return replace(
        tests,
        status="finished",
        verdict=event.verdict,
        sentence=event.sentence,
        outcomes=event.outcomes,
    )
