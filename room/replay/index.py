"""The index of a recording for one viewer: all that is on the screen before anything plays, and where the segments are.

Made from the viewer's visible events alone, so it holds nothing else: no number, length or gap in it depends on what they
may not see.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from room.replay.reel import STEP_MS, Strokes
from room.replay.segments import SegmentPlan, start_of
from room.session import events as e
from room.session.events import Recorded
from room.session.evolve import fold
from room.session.ids import (
    SYSTEM,
    CompetencyId,
    FileId,
    MemberId,
    PartId,
    PinId,
    QuestionId,
    RunId,
    StageId,
)
from room.session.state import SessionState

VERSION = 1
QUIET_MS = 20_000
"""A gap longer than this between facts is quiet time."""
PASSED = "AC"
"""The verdict of a test that passed; a program that ended well has ``OK``."""

_STILL = (
    e.MemberLeft,
    e.MemberJoined,
    e.FileOpened,
    e.StageStripShown,
    e.ClientClaimed,
    e.PageLeft,
    e.NothingTyped,
)
"""Facts that do not end quiet time: nothing is written, run, said or shown by them."""


class Person(msgspec.Struct, frozen=True):
    """A member with what the session does not hold: how they are called."""

    member: MemberId
    name: str
    first: str
    colour: str
    role: str


class Stage(msgspec.Struct, frozen=True):
    id: StageId
    title: str
    from_ms: int
    to_ms: int


class Span(msgspec.Struct, frozen=True):
    from_ms: int
    to_ms: int


class Presence(msgspec.Struct, frozen=True):
    member: MemberId
    from_ms: int
    to_ms: int


class ShownPart(msgspec.Struct, frozen=True):
    question: QuestionId
    part: PartId
    question_title: str
    part_title: str
    number: int
    at_ms: int
    html: str = ""


class Pin(msgspec.Struct, frozen=True):
    """A pin as it is at last: refiled and reworded ones show their last form, withdrawn ones are missing."""

    id: PinId
    at_ms: int
    by: MemberId
    text: str
    competency: CompetencyId | None = None
    label: str = ""
    """The competency's title; empty for an unfiled pin."""
    added: bool = False
    """Placed while looking at the recording, not in the interview."""
    withdrawn: bool = False
    """Taken back after the interview; no index has such a pin, but a file's manifest says so of one of its events."""


Kind = Literal[
    "start", "stage", "part", "hint", "file", "language", "run", "tests", "hidden", "paste",
    "chat", "note", "join", "leave", "pause", "resume", "end", "undone",
    "lead", "focus", "away",
]  # fmt: skip


class Mark(msgspec.Struct, frozen=True, omit_defaults=True):
    """A fact with its time, for the tracks and the list of all events. ``text`` is said after the author's name."""

    at_ms: int
    kind: Kind
    by: MemberId
    text: str
    ok: bool | None = None
    """Runs and tests: whether they passed; None while they had not finished."""
    end_ms: int | None = None
    """Runs and tests: when they had finished."""


class Typing(msgspec.Struct, frozen=True):
    """Edits each half minute, for each person."""

    step_ms: int
    counts: dict[MemberId, tuple[int, ...]]
    summary: str


class Index(msgspec.Struct, frozen=True):
    v: int
    duration_ms: int
    running: bool
    started_wall_ms: int
    people: tuple[Person, ...]
    clients: dict[str, MemberId]
    """Yjs client ids of each member's browsers; the author of a character is the owner of its client id."""
    competencies: tuple[tuple[CompetencyId, str], ...]
    """What a pin can be filed under."""
    stages: tuple[Stage, ...]
    parts: tuple[ShownPart, ...]
    pins: tuple[Pin, ...]
    marks: tuple[Mark, ...]
    quiet: tuple[Span, ...]
    presence: tuple[Presence, ...]
    offline: tuple[Presence, ...]
    """A connection was lost and came back; what was typed meanwhile arrived at its end."""
    typing: Typing | None
    segments: tuple[SegmentPlan, ...]
    damaged_ms: int | None = None
    """From here on nothing can be played."""


def make(
    facts: Sequence[Recorded],
    strokes: Strokes,
    segments: tuple[SegmentPlan, ...],
    people: Mapping[MemberId, Person],
    *,
    typing: bool,
    damaged_ms: int | None = None,
) -> Index:
    """The index of what a viewer may see: the facts, those before Start included, and when there were edits.

    ``typing``: whether this viewer gets the typing plot. ``people`` of members who are not in the session are left out.

    Raises:
        NotStarted: the interview has not started.
    """
    start = start_of(facts)
    if start is None:
        raise NotStarted
    state = fold(facts)
    duration = duration_of(max(facts[-1].at_ms, strokes.last_ms), state, damaged_ms)
    played = [one for one in facts[start:] if one.at_ms <= duration]
    names = {member: person.first for member, person in people.items()}
    present = tuple(_presence(facts, duration))
    return Index(
        v=VERSION,
        duration_ms=duration,
        running=state.phase not in ("ended", "closed"),
        started_wall_ms=state.started_wall_ms or 0,
        people=tuple(people[member] for member in state.members if member in people),
        clients={str(client): member for client, member in state.clients.items()},
        competencies=state.competencies,
        stages=tuple(_stages(facts, state, duration)),
        parts=tuple(
            ShownPart(p.question, p.part, p.question_title, p.part_title, p.number, p.at_ms)
            for p in state.shown
        ),
        pins=tuple(_pins(state, duration)),
        marks=tuple(_marks(facts[:start], played, state, names)),
        quiet=tuple(_quiet(played, strokes, duration)),
        presence=present,
        offline=tuple(_offline(facts, duration)),
        typing=_typing(strokes, duration, names) if typing else None,
        segments=segments,
        damaged_ms=damaged_ms,
    )


def with_pins(made: Index, later: Iterable[Pin], people: Mapping[MemberId, Person]) -> Index:
    """The index with what came of pins after the interview, and with those who did it.

    A pin of `later` takes the place of the interview's own with the same id; a withdrawn one takes it away.
    """
    labels = dict(made.competencies)
    new = [
        msgspec.structs.replace(
            pin,
            at_ms=min(pin.at_ms, made.duration_ms),
            label=labels.get(pin.competency, "") if pin.competency else "",
        )
        for pin in later
    ]
    known = {person.member for person in made.people}
    authors = [people[pin.by] for pin in new if pin.by in people and pin.by not in known]
    pins = {pin.id: pin for pin in (*made.pins, *new)}
    kept = (pin for pin in pins.values() if not pin.withdrawn)
    return msgspec.structs.replace(
        made,
        pins=tuple(sorted(kept, key=lambda pin: (pin.at_ms, pin.id))),
        people=(*made.people, *dict.fromkeys(authors)),
    )


def with_competencies(made: Index, titles: Mapping[str, str]) -> Index:
    """The index with the competencies' titles as a report has them, for a reader, who was not told the plan."""
    pins = tuple(
        msgspec.structs.replace(pin, label=titles.get(pin.competency or "", ""))
        for pin in made.pins
    )
    competencies = tuple((CompetencyId(key), title) for key, title in titles.items())
    return msgspec.structs.replace(made, pins=pins, competencies=competencies)


def with_statements(made: Index, html: Mapping[tuple[QuestionId, PartId], str]) -> Index:
    """The index with the text of each part that was shown, as HTML."""
    parts = tuple(
        msgspec.structs.replace(part, html=html.get((part.question, part.part), ""))
        for part in made.parts
    )
    return msgspec.structs.replace(made, parts=parts)


class NotStarted(Exception):
    """Before Start nothing is replayable."""


def duration_of(last_ms: int, state: SessionState, damaged_ms: int | None = None) -> int:
    """Until the end, or up to the last event while the session runs; up to the damage if there is one."""
    duration = last_ms if state.ended_at_ms is None else state.ended_at_ms
    return duration if damaged_ms is None else min(duration, damaged_ms)


def _stages(visible: Iterable[Recorded], state: SessionState, duration: int) -> Iterable[Stage]:
    titles = {stage.id: stage.title for stage in state.stages}
    begun = [
        (one.at_ms, one.event.stage) for one in visible if isinstance(one.event, e.StageStarted)
    ]
    ends = [at for at, _ in begun[1:]] + [duration]
    for (at, stage), end in zip(begun, ends, strict=True):
        if at < duration:
            yield Stage(stage, titles.get(stage, ""), at, min(end, duration))


def _pins(state: SessionState, duration: int) -> Iterable[Pin]:
    labels = dict(state.competencies)
    for pin in sorted((p for p in state.pins if not p.withdrawn), key=lambda p: p.at_ms):
        label = labels.get(pin.competency, "") if pin.competency else ""
        yield Pin(pin.id, min(pin.at_ms, duration), pin.by, pin.text, pin.competency, label)


def _quiet(played: Iterable[Recorded], strokes: Strokes, duration: int) -> Iterable[Span]:
    before = 0
    loud = [one.at_ms for one in played if not isinstance(one.event, _STILL)]
    typed = [at for at in strokes.times if at <= duration]
    for at in [*sorted(loud + typed), duration]:
        if at - before > QUIET_MS:
            yield Span(before, at)
        before = max(before, at)


def _presence(visible: Iterable[Recorded], duration: int) -> Iterable[Presence]:
    since: dict[MemberId, int] = {}
    for one in visible:
        if one.at_ms > duration:
            break
        match one.event:
            case e.MemberJoined(member):
                since.setdefault(member, one.at_ms)
            case e.MemberLeft(member) | e.MemberRemoved(member):
                begun = since.pop(member, None)
                if begun is not None and one.at_ms > begun:
                    yield Presence(member, begun, one.at_ms)
    for member, begun in since.items():
        yield Presence(member, begun, duration)


def _offline(visible: Iterable[Recorded], duration: int) -> Iterable[Presence]:
    lost: dict[MemberId, int] = {}
    for one in visible:
        match one.event:
            case e.MemberLeft(member, clean) if not clean and one.at_ms > 0:
                lost[member] = one.at_ms
            case e.MemberLeft(member) | e.MemberRemoved(member):
                lost.pop(member, None)
            case e.MemberJoined(member):
                gone = lost.pop(member, None)
                if gone is not None and gone < one.at_ms <= duration:
                    yield Presence(member, gone, one.at_ms)


def _typing(strokes: Strokes, duration: int, names: Mapping[MemberId, str]) -> Typing:
    steps = max(1, -(-duration // STEP_MS))
    frozen: dict[MemberId, tuple[int, ...]] = {}
    for member, counts in sorted(strokes.counts.items()):
        row = [0] * steps
        for step, count in counts.items():
            row[min(step, steps - 1)] += count
        frozen[member] = tuple(row)
    return Typing(STEP_MS, frozen, typing_summary(frozen, names))


def typing_summary(counts: Mapping[MemberId, Sequence[int]], names: Mapping[MemberId, str]) -> str:
    """One sentence for those who do not see the plot."""
    if not counts:
        return "Nobody typed."
    said = []
    for member, row in sorted(counts.items(), key=lambda item: -sum(item[1])):
        most = max(range(len(row)), key=lambda step: row[step])
        first = next(step for step, count in enumerate(row) if count)
        last = max(step for step, count in enumerate(row) if count)
        name = names.get(member, "Somebody")
        edits = "1 edit" if sum(row) == 1 else f"{sum(row)} edits"
        if first == last:
            said.append(f"{name} made {edits} at {_clock(first * STEP_MS)}")
        else:
            span = f"from {_clock(first * STEP_MS)} to {_clock((last + 1) * STEP_MS)}"
            said.append(f"{name} made {edits} {span}, most at {_clock(most * STEP_MS)}")
    return "; ".join(said) + "."


def _clock(ms: int) -> str:
    minutes, seconds = divmod(ms // 1000, 60)
    return f"{minutes:02}:{seconds:02}"


class _Words:
    """Says events in words; remembers what files and runs are called."""

    def __init__(self, state: SessionState, names: Mapping[MemberId, str]) -> None:
        self.names = names
        self.stages = {stage.id: stage.title for stage in state.stages}
        self.questions = {(q.id, part.id): part.title for q in state.questions for part in q.parts}
        self.shown = {(part.question, part.part): part.part_title for part in state.shown}
        self.runs = {run.id: run for run in state.runs}
        self.files: dict[FileId, str] = {}
        self.lost: set[MemberId] = set()

    def part(self, question: QuestionId, part: PartId) -> str:
        return self.shown.get((question, part)) or self.questions.get((question, part), "")

    def file(self, file: FileId | None) -> str:
        return self.files.get(file, "a file") if file else "a file"

    def learn(self, event: e.Event) -> None:
        match event:
            case e.FileCreated() | e.FileRenamed():
                self.files[event.file] = event.name


def _marks(
    before: Iterable[Recorded],
    played: Iterable[Recorded],
    state: SessionState,
    names: Mapping[MemberId, str],
) -> Iterable[Mark]:
    words = _Words(state, names)
    for one in before:
        words.learn(one.event)
    yield Mark(0, "start", SYSTEM, "Interview started")
    ends = {one.event.run: one.at_ms for one in played if isinstance(one.event, _RUN_ENDS)}
    for one in played:
        mark = _mark(one, words, ends)
        words.learn(one.event)
        if mark:
            yield mark


_RUN_ENDS = (e.RunFinished, e.TestsFinished, e.HiddenTestsFinished)


def _mark(one: Recorded, words: _Words, ends: Mapping[RunId, int]) -> Mark | None:
    at, by, event = one.at_ms, one.by, one.event
    match event:
        case e.StageStarted():
            return Mark(at, "stage", by, f"Stage: {words.stages.get(event.stage, '')}")
        case e.PartShown():
            return Mark(at, "part", by, f"Part {event.number} shown: {event.part_title}")
        case e.HintGiven():
            return Mark(
                at,
                "hint",
                by,
                f"Hint {event.level} given, {words.part(event.question, event.part)}",
            )
        case e.FileCreated():
            return Mark(at, "file", by, f"{event.name} made")
        case e.FileRenamed():
            return Mark(at, "file", by, f"{words.file(event.file)} is now {event.name}")
        case e.FileDeleted():
            return Mark(at, "file", by, f"{words.file(event.file)} deleted")
        case e.FileRestored():
            return Mark(at, "file", by, f"{words.file(event.file)} brought back")
        case e.LanguageChosen():
            return Mark(at, "language", by, f"{language_name(event.language)} chosen")
        case e.PasteNoted():
            return Mark(
                at, "paste", by, f"Paste of {event.lines} lines in {words.file(event.file)}"
            )
        case e.RunQueued() | e.TestsQueued() | e.HiddenTestsQueued():
            return _run_mark(one, event, words, ends.get(event.run))
        case e.ChatSent():
            return Mark(at, "chat", by, event.text)
        case e.NoteAdded():
            return Mark(at, "note", by, event.text)
        case e.MemberJoined():
            again = event.member in words.lost
            words.lost.discard(event.member)
            name = words.names.get(event.member, "Somebody")
            return Mark(at, "join", event.member, f"{name} {'is back' if again else 'came in'}")
        case e.MemberLeft():
            name = words.names.get(event.member, "Somebody")
            if not event.clean:
                words.lost.add(event.member)
            return Mark(
                at, "leave", event.member, f"{name} {'left' if event.clean else 'lost connection'}"
            )
        case e.MemberRemoved():
            return Mark(
                at,
                "leave",
                event.member,
                f"{words.names.get(event.member, 'Somebody')} was removed",
            )
        case e.ClockPaused():
            return Mark(at, "pause", by, "Clock paused")
        case e.ClockResumed():
            return Mark(at, "resume", by, "Clock resumed")
        case e.InterviewEnded():
            return Mark(at, "end", by, "Interview ended")
        case e.EndUndone():
            return Mark(at, "undone", by, "The end was undone")
        case e.LeadChanged():
            name = words.names.get(event.member, "Somebody")
            return Mark(at, "lead", by, f"{name} leads from here")
        case e.FocusStarted():
            return Mark(at, "focus", by, f"Focus time, {event.minutes} minutes")
        case e.FocusEnded():
            return Mark(at, "focus", by, "Focus time ended")
        case e.PageLeft():
            return Mark(at, "away", by, f"Page hidden for {_clock(event.away_ms)}")
        case e.NothingTyped():
            return Mark(at, "away", by, f"No key for {_clock(event.idle_ms)}")
        case e.TeamChatSent():
            return Mark(at, "note", by, event.text)
        case _:
            return None


def _run_mark(
    one: Recorded,
    event: e.RunQueued | e.TestsQueued | e.HiddenTestsQueued,
    words: _Words,
    end_ms: int | None,
) -> Mark:
    run = words.runs[event.run]
    if isinstance(event, e.RunQueued):
        kind: Kind = "run"
        text = f"Run of {words.file(event.file)}"
        ok = run.verdict == "OK"
    else:
        kind = "hidden" if isinstance(event, e.HiddenTestsQueued) else "tests"
        text = "Hidden tests" if kind == "hidden" else "Tests"
        passed = sum(outcome.verdict == PASSED for outcome in run.outcomes)
        ok = bool(run.outcomes) and passed == len(run.outcomes)
        if run.outcomes:
            text += f", {passed} of {len(run.outcomes)} passed"
    if end_ms is None:
        return Mark(one.at_ms, kind, one.by, text)
    if kind == "run" and run.sentence:
        text += f". {run.sentence}"
    return Mark(one.at_ms, kind, one.by, text, ok=ok, end_ms=end_ms)


LANGUAGES = {
    "python": "Python", "javascript": "JavaScript", "typescript": "TypeScript", "sql": "SQL", "go": "Go",
    "java": "Java", "c": "C", "cpp": "C++", "rust": "Rust", "ruby": "Ruby", "php": "PHP", "bash": "Bash",
}  # fmt: skip


def language_name(language: str) -> str:
    """As people write it."""
    return LANGUAGES.get(language, language)
