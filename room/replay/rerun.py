"""Running a moment again: the files as they were, the input that was recorded, and whether the output is the same.

Enters: a viewer's events and a time. Leaves: what to run, and afterwards a comparison. Nothing is run in here.
"""

import difflib
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from room.replay.exports import files_at
from room.session import events as e
from room.session.events import Recorded, TestOutcome
from room.session.evolve import fold
from room.session.ids import PartId, QuestionId, RunId

OUTPUT_MAX = 200_000
"""Characters that are compared and sent; what comes after is cut."""
DIFFERENCE_LINES_MAX = 400


class NothingToRun(LookupError):
    """There was no file at that moment. Its text is a sentence."""


class Before(msgspec.Struct, frozen=True):
    """The last run of a program at the moment."""

    run: RunId
    at_ms: int
    output: str
    is_over: bool
    typed: str
    """What was typed into it while it ran, as the program got it: then its output has the echo of it."""


class AsOf(msgspec.Struct, frozen=True):
    """A moment as something that can be run."""

    language: str
    entry: str
    files: dict[str, str]
    stdin: str
    question: QuestionId | None
    parts: tuple[PartId, ...]
    before: Before | None
    is_changed: bool
    """Files differ from those of the run before."""
    outcomes: tuple[TestOutcome, ...] | None
    """Of the last visible tests that had finished."""
    hidden_outcomes: tuple[TestOutcome, ...] | None
    """Of the last hidden ones, for those who may see them."""


class Comparison(msgspec.Struct, frozen=True):
    is_same: bool | None
    """None: there is nothing to compare with."""
    sentence: str
    difference: str = ""
    """Unified, recorded against now; empty when the same."""


def as_of(visible: Sequence[Recorded], at_ms: int) -> AsOf:
    """What there was to run at ``at_ms``. Raises NothingToRun."""
    played = [one for one in visible if one.at_ms <= at_ms]
    state = fold(played)
    files = files_at(played)
    there = [file for file in state.files if not file.deleted]
    if not there:
        raise NothingToRun("There was no file at this moment.")
    named = dict(zip((file.id for file in there), files, strict=True))
    queued = next((o for o in reversed(played) if isinstance(o.event, e.RunQueued)), None)
    tested = _last(played, e.TestsFinished)
    hidden = _last(played, e.HiddenTestsFinished)
    question = state.shown[-1].question if state.shown else None
    entry, language, stdin = there[0].id, state.language, ""
    before = None
    is_changed = False
    if queued is not None and isinstance(queued.event, e.RunQueued):
        before, stdin = _before(played, queued.event, queued.at_ms)
        is_changed = files_at(visible, queued.at_ms) != files
        if queued.event.file in named:
            entry, language = queued.event.file, queued.event.language
    return AsOf(
        language=language,
        entry=named[entry],
        files=files,
        stdin=stdin,
        question=question,
        parts=tuple(part.part for part in state.shown if part.question == question),
        before=before,
        is_changed=is_changed,
        outcomes=tested.outcomes if tested else None,
        hidden_outcomes=hidden.outcomes if hidden else None,
    )


Finished = TypeVar("Finished", e.TestsFinished, e.HiddenTestsFinished)


def _last(played: Sequence[Recorded], kind: type[Finished]) -> Finished | None:
    return next((o.event for o in reversed(played) if isinstance(o.event, kind)), None)


def _before(played: Sequence[Recorded], queued: e.RunQueued, at_ms: int) -> tuple[Before, str]:
    of_run = [one.event for one in played if getattr(one.event, "run", None) == queued.run]
    output = "".join(event.text for event in of_run if isinstance(event, e.RunOutput))
    typed = as_read("".join(event.text for event in of_run if isinstance(event, e.RunInput)))
    is_over = any(isinstance(event, e.RunFinished) for event in of_run)
    return Before(queued.run, at_ms, output, is_over, typed), queued.stdin + typed


def as_read(keys: str) -> str:
    """What a program reads of keys that were pressed in its terminal: a terminal gives whole lines, as they were corrected."""
    lines: list[str] = []
    line: list[str] = []
    for key in keys:
        match key:
            case "\r" | "\n":
                lines.append("".join(line) + "\n")
                line = []
            case "\x7f" | "\b":
                line[-1:] = []
            case "\x15":
                line = []
            case "\x03":
                break
            case "\x04" if not line:
                break
            case "\x04":
                lines.append("".join(line))
                line = []
            case _ if key >= " " or key == "\t":
                line.append(key)
    else:
        lines.append("".join(line))
    return "".join(lines)


def without_echo(output: str, typed: str) -> str:
    """The output without the lines that were typed, each where it comes first after the one before it."""
    kept, rest = [], output
    for line in typed.splitlines(keepends=True):
        before, found, after = rest.partition(line)
        if found:
            kept.append(before)
            rest = after
    return "".join(kept) + rest


def compare(moment: AsOf, output: str) -> Comparison:
    """The recorded output against the new one; line ends of terminals do not count."""
    before = moment.before
    if before is None:
        return Comparison(
            None, "Nothing had been run before this moment, so there is nothing to compare with."
        )
    if not before.is_over:
        return Comparison(None, "The recorded run had not ended at this moment.")
    recorded, now = (text[:OUTPUT_MAX].replace("\r\n", "\n") for text in (before.output, output))
    changed = " The files had changed since that run." if moment.is_changed else ""
    if recorded == now:
        return Comparison(True, f"The output is the same as recorded.{changed}")
    if before.typed and without_echo(recorded, before.typed) == now:
        return Comparison(
            True,
            f"The output is the same as recorded, without the echo of what was typed.{changed}",
        )
    lines = [text.splitlines()[: 4 * DIFFERENCE_LINES_MAX] for text in (recorded, now)]
    found = list(difflib.unified_diff(lines[0], lines[1], "recorded", "now", lineterm="", n=2))
    cut = [*found[:DIFFERENCE_LINES_MAX], "…"] if len(found) > DIFFERENCE_LINES_MAX else found
    typed = " The recorded one has the echo of what was typed." if before.typed else ""
    difference = "\n".join(cut) or "Only spaces or line ends at the end differ."
    return Comparison(False, f"The output is not the same as recorded.{changed}{typed}", difference)


def compare_tests(
    moment: AsOf, now: Sequence[TestOutcome], hidden: Sequence[TestOutcome] = ()
) -> Comparison:
    """Which tests go another way than in the last recorded run of them."""
    if moment.outcomes is None and moment.hidden_outcomes is None:
        return Comparison(
            None, "No tests had run before this moment, so there is nothing to compare with."
        )
    other = _other(moment.outcomes or (), now, "") + _other(
        moment.hidden_outcomes or (), hidden, "hidden, "
    )
    if not other:
        return Comparison(True, "The tests go as they went when they were run last.")
    return Comparison(
        False, "Some tests go another way than when they were run last.", "\n".join(other)
    )


def _other(before: Sequence[TestOutcome], now: Sequence[TestOutcome], which: str) -> list[str]:
    recorded = {(one.part, one.name): one.verdict for one in before}
    return [
        f"{which}{one.name}: {recorded[one.part, one.name]} recorded, {one.verdict} now"
        for one in now
        if recorded.get((one.part, one.name), one.verdict) != one.verdict
    ]
