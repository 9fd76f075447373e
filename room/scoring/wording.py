"""Sentences and dates of a report and a scorecard, from their data. Plain words, no judgement of its own."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from room.scoring.charts import clock
from room.scoring.course import StageSpan
from room.scoring.report import DIFFERENCE_MAX, CodeFile, Criterion, Report
from room.scoring.score import DECISION_WORDS
from room.session.ids import MemberId

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
LANGUAGES = {
    "python": "Python",
    "javascript": "JavaScript",
    "typescript": "TypeScript",
    "sql": "SQL",
    "go": "Go",
    "rust": "Rust",
    "java": "Java",
    "cpp": "C++",
    "c": "C",
    "ruby": "Ruby",
    "php": "PHP",
    "bash": "Bash",
}


class Timed(Protocol):
    """Anything with a place in interview time."""

    @property
    def at_ms(self) -> int: ...


def zone(name: str) -> ZoneInfo:
    """The zone of this IANA name; UTC when there is none of this name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def city(zone_name: str) -> str:
    """The city that a zone is called by."""
    return zone_name.rpartition("/")[2].replace("_", " ") or "UTC"


def day(ms: int, zone_name: str) -> str:
    """Such as Tue 24 Nov 2026."""
    local = datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone(zone_name))
    return f"{local:%a} {local.day} {local:%b %Y}"


def moment(ms: int, zone_name: str) -> str:
    """Such as 24 Nov 2026, 12:04 Madrid."""
    local = datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone(zone_name))
    return f"{local.day} {local:%b %Y, %H:%M} {city(zone_name)}"


def minutes(ms: int) -> str:
    """Such as 55 min; below one minute, seconds."""
    return f"{ms // 1000} s" if ms < 60_000 else f"{round(ms / 60_000)} min"


def count(number: int) -> str:
    return NUMBERS[number] if number < len(NUMBERS) else str(number)


def language(identity: str) -> str:
    return LANGUAGES.get(identity, identity.capitalize())


def listed(words: Sequence[str]) -> str:
    """Such as: a, b and c."""
    return (
        words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
    )


def called(report: Report) -> dict[str, str]:
    """What each rater is called in charts: the first name, or the whole one where two share it."""
    firsts = [r.name.split(" ")[0] for r in report.raters]
    return {
        r.member: r.name if firsts.count(first) > 1 else first
        for r, first in zip(report.raters, firsts, strict=True)
    }


def agreement(report: Report) -> str:
    """Such as: Same decision, 4 of 5 levels equal."""
    found = report.agreement
    if found is None:
        return "Scored by one person" if report.raters else "Not scored yet"
    decision = "Same decision" if found.same_decision else "Different decisions"
    return f"{decision}, {found.exact} of {found.of} levels equal"


def scored(report: Report) -> str:
    """The sentence under the heading of the competencies."""
    if len(report.raters) > 1:
        people = count(len(report.raters)).capitalize()
        how = f"{people} people scored separately, before seeing each other’s scores."
    else:
        how = "Scored by one person."
    solid = report.levels[-2]
    return (
        f"{how} Level {solid.number} is “{solid.label}”: {_lower(solid.meaning)}."
        if solid.meaning
        else how
    )


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


def levels_of(criterion: Criterion) -> str:
    """The numbers beside a row: 4, 3–4, or a dash when nobody saw it."""
    given = sorted({r.level for r in criterion.ratings if r.level is not None})
    if not given:
        return "–"
    return str(given[0]) if len(given) == 1 else f"{given[0]}–{given[-1]}"


def track_label(report: Report, criterion: Criterion) -> str:
    """What the picture of a row says: Tomás 4 Outstanding, Ife not observed."""
    names = called(report)
    said = []
    for rating in criterion.ratings:
        name = names.get(rating.by) or report.person(rating.by)
        if rating.level is not None:
            said.append(f"{name} {rating.level} {report.levels[rating.level - 1].label}")
        else:
            said.append(f"{name} not observed" if rating.not_observed else f"{name} not scored")
    return f"{criterion.name}: {', '.join(said)}"


def timeline_label(report: Report) -> str:
    """The summary of the chart of time."""
    course = report.course
    stages = ", ".join(f"{s.title} {minutes(s.worked_ms)}" for s in course.stages)
    tests = sum(r.kind == "tests" for r in course.runs)
    runs = len(course.runs) - tests
    return (
        f"{minutes(course.length_ms)} in all. {stages + '. ' if stages else ''}"
        f"{_many(runs, 'run')}, {_many(tests, 'test run')}, {_many(len(course.hints), 'hint')}, "
        f"{_many(len(report.evidence), 'moment')} of evidence."
    )


def _many(number: int, noun: str) -> str:
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def timeline_marks(report: Report) -> str:
    """The sentence under the heading: which shape means what, of the shapes that occur."""
    course = report.course
    said = []
    if any(r.kind == "run" for r in course.runs):
        said.append("a bar is a run")
    if any(r.kind == "tests" and not r.is_passed for r in course.runs):
        said.append("a ring a test run with failures")
    if any(r.kind == "tests" and r.is_passed for r in course.runs):
        said.append("a square one that passed")
    if course.hints:
        said.append("a triangle a hint")
    if report.evidence:
        said.append("a bookmark evidence")
    return f"{_sentence(listed(said))}." if said else "Nothing was run."


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def tests(report: Report) -> str:
    """Such as: 8 of 9 passed, in Python. Four tests were not shown to Maya."""
    course = report.course
    passed = sum(t.passed for t in course.tests)
    hidden = sum(not t.shown for t in course.tests)
    when = f" at {clock(course.tested_at_ms)}" if course.tested_at_ms is not None else ""
    where = f", in {language(course.language)}" if course.language else ""
    text = f"{passed} of {len(course.tests)} passed{when}{where}."
    if hidden:
        first = report.occasion.candidate.split(" ")[0]
        verb = "was" if hidden == 1 else "were"
        text += f" {_sentence(_many(hidden, 'test'))} {verb} not shown to {first}."
    return text


def tests_over_time(report: Report) -> tuple[tuple[int, str], ...]:
    """When the tests were run and how many passed, such as (602000, "3 of 9, 2 of 4 not shown"); repetitions are left out."""
    out: list[tuple[int, str]] = []
    for run in report.course.runs:
        if run.kind != "tests" or run.shown is None:
            continue
        said = f"{run.shown.passed} of {run.shown.of}"
        if run.not_shown is not None:
            said += f", {run.not_shown.passed} of {run.not_shown.of} not shown"
        if not out or out[-1][1] != said:
            out.append((run.at_ms, said))
    return tuple(out)


def since_starter(file: CodeFile) -> str:
    """Such as: It began with 12 lines; 9 were added and 3 taken out."""
    if not file.starter_lines:
        return ""
    began = f"It began with {file.starter_lines} line{'' if file.starter_lines == 1 else 's'}"
    added = sum(line.startswith("+") for line in file.difference)
    gone = sum(line.startswith("-") for line in file.difference)
    if not added and not gone:
        return f"{began} and was not changed."
    if len(file.difference) >= DIFFERENCE_MAX:
        return f"{began} and was changed throughout."
    return f"{began}; {added} {'was' if added == 1 else 'were'} added and {gone} taken out."


def decisions(report: Report) -> tuple[str, ...]:
    """Who decided what, where raters differ; empty when they do not."""
    if len({r.decision for r in report.raters}) < 2:
        return ()
    return tuple(f"{r.name}: {DECISION_WORDS[r.decision]}" for r in report.raters)


def not_observed(report: Report) -> tuple[tuple[str, str, str], ...]:
    """(competency, rater, reason) of all that somebody could not see."""
    return tuple(
        (criterion.name, report.person(rating.by), rating.reason)
        for criterion in report.competencies
        for rating in criterion.ratings
        if rating.not_observed
    )


def code_size(lines: Iterable[object]) -> str:
    number = sum(1 for _ in lines)
    return f"{number} line{'' if number == 1 else 's'}"


def within(stage: StageSpan, marks: Iterable[Timed], is_last: bool) -> int:  # noqa: FBT001 -- called by a template
    """How many of the marks fall into a stage; the last one holds its end too."""
    return sum(
        stage.from_ms <= mark.at_ms < stage.to_ms or (is_last and mark.at_ms == stage.to_ms)
        for mark in marks
    )


def is_candidate(report: Report, member: str) -> bool:
    known = report.occasion.people.get(MemberId(member))
    return known is not None and known.role == "candidate"
