"""Questions: what the YAML of the package or a row's body says, as records, and what room and runner make of them.

The format is described at the top of `room/content/challenges.yaml`. What the file calls stages of a question are parts here.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

import msgspec

from room.sandbox.languages import LANGUAGES
from room.sandbox.spec import Checker, Compare, Limits, TestCase, TestSuite
from room.session.events import PartPlan, QuestionPlan
from room.session.ids import PartId, QuestionId
from room.store import questions as rows
from room.store.engine import Connection
from room.store.questions import QuestionRow

Kind = Literal["coding", "debugging", "sql", "code_review", "design"]

KIND_WORDS: Mapping[Kind, str] = {
    "coding": "Coding",
    "debugging": "Debugging",
    "sql": "SQL",
    "code_review": "Code review",
    "design": "Design",
}


class Test(msgspec.Struct, frozen=True):
    """One example of what the program must do. `stdin` for programs, `args` for functions, `seed` for SQL."""

    __test__ = False

    name: str
    expected: Any
    stdin: str | None = None
    args: list[Any] | None = None
    seed: str | None = None
    catches: str = ""
    """The mistake that a hidden test is made for. Interviewers only."""
    compare: Compare | None = None
    """None: as the question says."""
    tolerance: float | None = None


class Part(msgspec.Struct, frozen=True):
    """A section of a question, shown to the candidate when the interviewer decides."""

    id: PartId
    title: str
    minutes: int
    statement_md: str
    visible: tuple[Test, ...] = ()
    hidden: tuple[Test, ...] = ()
    hints: tuple[str, ...] = ()
    """From a question to the whole step. Interviewers only."""
    listen_for: tuple[str, ...] = ()
    follow_ups: tuple[str, ...] = ()
    ask_and_tell: tuple[tuple[str, str], ...] = ()


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question as one version of it says."""

    key: str
    title: str
    kind: Kind
    style: Literal["stdio", "function"]
    level: tuple[str, ...]
    minutes: int
    tags: tuple[str, ...]
    rubric: str
    """Key of the rubric that it is meant for."""
    summary: str
    parts: tuple[Part, ...]
    starter: dict[str, str]
    """Language → the text of the first file."""
    reference: dict[str, str | dict[str, str]]
    """Language → a solution; for SQL one a part. Interviewers only."""
    guide: dict[str, Any]
    """Interviewers only."""
    compare: Compare
    tolerance: float
    """How far a number may be off with compare: float, absolutely or as a share of the expected one."""
    checker: Checker | None
    """The question's own judge, for tests with compare: checker. Interviewers only."""
    box_per_case: bool
    """Each test in a box that no other was in."""
    entry: dict[str, str]
    """Language → the function's name, in function style."""
    schema: str
    seeds: dict[str, str]
    files_before: dict[str, dict[str, str]]
    """Language → name → text: what a review looks at."""
    diff: dict[str, str]
    """Language → the change under review."""
    time_limit_s: float
    """Of one test."""
    memory_mb: int
    secrets: dict[str, Any]
    """Faults, traps and marks of good answers of the kinds that have them. Interviewers only."""

    @classmethod
    def from_yaml(cls, body: Mapping[str, Any]) -> "Question":
        """The record of a body as the YAML gives it.

        Raises:
            msgspec.ValidationError, KeyError: the body is not of the described format.
        """
        hints = body["guide"].get("hints", {})
        known = {name: body[name] for name in _SECRETS if body.get(name)}
        question = msgspec.convert(
            {
                "key": body["id"],
                "title": body["title"],
                "kind": body["kind"],
                "style": body.get("style", "stdio"),
                "level": body["level"],
                "minutes": body["minutes"],
                "tags": body["tags"],
                "rubric": body["rubric"],
                "summary": body["summary"],
                "parts": [_part(stage, hints) for stage in body["stages"]],
                "starter": body.get("starter", {}),
                "reference": body.get("reference", {}),
                "guide": body["guide"],
                "compare": body.get("compare", "checker" if body.get("checker") else "lines"),
                "tolerance": body.get("tolerance", 1e-6),
                "checker": body.get("checker"),
                "box_per_case": body.get("box_per_case", False),
                "entry": body.get("entry", {}),
                "schema": body.get("schema", ""),
                "seeds": body.get("seeds", {}),
                "files_before": body.get("files_before", {}),
                "diff": body.get("diff", {}),
                "time_limit_s": body.get("time_limit_s", 5),
                "memory_mb": body.get("memory_mb", 256),
                "secrets": known,
            },
            cls,
        )
        every = [test for part in question.parts for test in (*part.visible, *part.hidden)]
        asks = question.compare == "checker" or any(test.compare == "checker" for test in every)
        if asks and question.checker is None:
            raise msgspec.ValidationError("compare: checker needs a checker")
        if (
            question.checker is not None
            and "stdio" not in LANGUAGES[question.checker.language].tests
        ):
            raise msgspec.ValidationError("a checker reads and writes, which its language cannot")
        return question

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it can be answered in and that run here, in the order offered."""
        if self.kind == "sql":
            return ("sql",)
        offered = self.starter or self.files_before
        return tuple(language for language in offered if language in LANGUAGES)

    @property
    def has_tests(self) -> bool:
        return any(part.visible or part.hidden for part in self.parts)

    @property
    def has_visible_tests(self) -> bool:
        return any(part.visible for part in self.parts)

    @property
    def suite_kind(self) -> Literal["stdio", "function", "sql"]:
        return "sql" if self.kind == "sql" else self.style

    def can_test(self, language: str) -> bool:
        """Whether its tests, where it has some, can judge a program in this language; elsewhere it only runs."""
        kind = self.suite_kind
        if language not in LANGUAGES or kind not in LANGUAGES[language].tests:
            return False
        return kind != "function" or language in self.entry

    @property
    def test_limits(self) -> Limits:
        """What one test may use."""
        seconds = self.time_limit_s
        return Limits(wall_s=seconds, cpu_s=seconds, memory_mb=self.memory_mb)

    def part(self, part_id: str) -> Part:
        """Raises KeyError."""
        for part in self.parts:
            if part.id == part_id:
                return part
        raise KeyError(part_id)

    def plan(self, question_id: str, also: Iterable[str] = ()) -> QuestionPlan:
        """What the session is told of it, under its row's id.

        ``also``: further languages of the interview. A program may be written in them from an empty file.
        """
        beside = also if self.kind in ("coding", "debugging") and self.starter else ()
        return QuestionPlan(
            id=QuestionId(question_id),
            title=self.title,
            parts=tuple(
                PartPlan(
                    part.id,
                    part.title,
                    hints=len(part.hints),
                    has_tests=bool(part.visible or part.hidden),
                )
                for part in self.parts
            ),
            languages=self.languages,
            kind=self.kind,
            files={
                language: tuple(name for name, _, _ in starter_files(self, language))
                for language in self.languages or ("",)
            }
            | {
                language: (LANGUAGES[language].file,)
                for language in beside
                if language in LANGUAGES and language not in self.languages
            },
        )

    def statement(self, part: Part) -> str:
        """The Markdown that everybody sees when the part is shown; SQL's first part brings the tables."""
        if self.kind == "sql" and part is self.parts[0]:
            data = self.seeds.get("visible", "")
            return f"{part.statement_md}\n**Tables and data**\n\n```sql\n{self.schema}{data}```\n"
        return part.statement_md


_SECRETS = (
    "planted_faults",
    "tempting",
    "also_right",
    "author_script",
    "scoring_note",
    "what_strong_looks_like",
    "what_is_enough_for_mid",
    "common_mistakes",
)


def _part(stage: Mapping[str, Any], hints: Mapping[str, Any]) -> dict[str, Any]:
    tests = stage.get("tests") or {}
    return {
        "id": stage["id"],
        "title": stage["title"],
        "minutes": stage["minutes"],
        "statement_md": stage["statement_md"],
        "visible": [_test(test) for test in tests.get("visible", ())],
        "hidden": [_test(test) for test in tests.get("hidden", ())],
        "hints": hints.get(stage["id"], ()),
        "listen_for": [_sentence(one) for one in stage.get("listen_for", ())],
        "follow_ups": [_sentence(one) for one in stage.get("follow_ups", ())],
        "ask_and_tell": [(one["ask"], one["tell"]) for one in stage.get("ask_and_tell", ())],
    }


def _test(test: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": test["name"],
        "expected": test["expected"] if "args" in test else test["out"],
        "stdin": test.get("in"),
        "args": test.get("args"),
        "seed": test.get("seed"),
        "catches": test.get("catches", ""),
        "compare": test.get("compare"),
        "tolerance": test.get("tolerance"),
    }


def _sentence(one: Any) -> str:
    """A line of a list; an unquoted "Name: words" is a mapping to YAML."""
    return (
        ": ".join(f"{key}: {value}" for key, value in one.items())
        if isinstance(one, dict)
        else str(one)
    )


def suite(
    question: Question, parts: Collection[str], *, hidden: bool, language: str
) -> TestSuite | None:
    """The visible or the hidden tests of the parts that were shown; None: there are none in this language.

    A part's tests run again in later parts, since one program solves them all. SQL is the exception: each part asks for
    another query, so only the last part shown is tested.
    """
    if not question.can_test(language):
        return None
    kind = question.suite_kind
    chosen = [part for part in question.parts if part.id in parts and (part.visible or part.hidden)]
    if kind == "sql":
        chosen = chosen[-1:]
    cases = tuple(
        _case(question, part, test, hidden=hidden)
        for part in chosen
        for test in (part.hidden if hidden else part.visible)
    )
    if not cases:
        return None
    return TestSuite(
        kind=kind,
        cases=cases,
        entry=question.entry.get(language),
        schema=question.schema,
        seeds=question.seeds,
        checker=question.checker,
        box_per_case=question.box_per_case,
    )


def _case(question: Question, part: Part, test: Test, *, hidden: bool) -> TestCase:
    return TestCase(
        name=test.name,
        part=part.id,
        expected=test.expected,
        stdin=test.stdin,
        args=test.args,
        seed=test.seed,
        compare=test.compare or question.compare,
        hidden=hidden,
        tolerance=question.tolerance if test.tolerance is None else test.tolerance,
    )


def starter_files(question: Question, language: str) -> tuple[tuple[str, str, str], ...]:
    """The files that a question brings into the room: name, language (empty: told by the name) and text.

    A review brings what it looks at and the change; a design question brings a sheet for notes.
    """
    match question.kind:
        case "code_review":
            before = question.files_before.get(language) or next(
                iter(question.files_before.values()), {}
            )
            change = question.diff.get(language) or next(iter(question.diff.values()), "")
            return (
                ("change.diff", "", change),
                *((name, "", text) for name, text in before.items()),
            )
        case "design":
            return (("notes.md", "", ""),)
        case "sql":
            return ((LANGUAGES["sql"].file, "sql", ""),)
        case _:
            chosen = (
                language
                if language in question.starter
                else next(iter(question.languages), "python")
            )
            return ((LANGUAGES[chosen].file, chosen, question.starter.get(chosen, "")),)


def guide_md(question: Question) -> str:
    """The interviewer's guide as Markdown. Hints are not in it: they have their own ladder."""
    guide = question.guide
    blocks = [
        _list(
            "What good looks like",
            [
                *guide.get("good_looks_like", ()),
                *question.secrets.get("what_strong_looks_like", ()),
            ],
        ),
        _list("Enough for mid level", question.secrets.get("what_is_enough_for_mid", ())),
        _list(
            "Common mistakes",
            [*guide.get("common_mistakes", ()), *question.secrets.get("common_mistakes", ())],
        ),
        _list(
            "Planted faults", [_fault(one) for one in question.secrets.get("planted_faults", ())]
        ),
        _list(
            "Looks wrong, but is right",
            [_fault(one) for one in question.secrets.get("tempting", ())],
        ),
        _list("Also worth saying", question.secrets.get("also_right", ())),
        _list("The author answers", question.secrets.get("author_script", ())),
        _by_part("Questions that bring out evidence", question, guide.get("probes", {})),
        _list(
            "Evidence",
            [
                f"**{key}**: {_joined(value)}"
                for key, value in guide.get("rubric_evidence", {}).items()
            ],
        ),
        _list(
            "Time",
            [f"until minute {one['until']}: {one['do']}" for one in guide.get("time_plan", ())],
        ),
        _list(
            "How far",
            [
                f"{str(key).replace('_', ' ')}: {value}"
                for key, value in guide.get("timing", {}).items()
            ],
        ),
        _text("Scoring", question.secrets.get("scoring_note", "")),
        _text("Fairness", guide.get("fairness", "")),
    ]
    blocks += [_list(f"{part.title}: listen for", part.listen_for) for part in question.parts]
    blocks += [_list(f"{part.title}: ask further", part.follow_ups) for part in question.parts]
    blocks += [
        _list(f"{part.title}: when asked", [f"{ask} *{tell}*" for ask, tell in part.ask_and_tell])
        for part in question.parts
    ]
    return "\n".join(block for block in blocks if block)


def _list(title: str, lines: Collection[Any]) -> str:
    if not lines:
        return ""
    items = "\n".join(f"- {_sentence(line).strip()}" for line in lines)
    return f"### {title}\n\n{items}\n"


def _text(title: str, text: str) -> str:
    return f"### {title}\n\n{text.strip()}\n" if text else ""


def _by_part(title: str, question: Question, lines: Mapping[str, Any]) -> str:
    titles = {part.id: part.title for part in question.parts}
    return _list(
        title,
        [
            f"**{titles.get(PartId(key), 'Any part')}**: {_joined(value)}"
            for key, value in lines.items()
        ],
    )


def _joined(value: Any) -> str:
    return "; ".join(_sentence(one) for one in value) if isinstance(value, list) else str(value)


def _fault(one: Mapping[str, Any]) -> str:
    found = f" (found by {one['found_by']})" if "found_by" in one else ""
    severity = f"{one['severity']}: " if one.get("severity") not in {None, "none"} else ""
    scenario = f" {one['scenario']}" if "scenario" in one else ""
    return f"{severity}{one['what']}{found}{scenario}"


def of_row(row: QuestionRow) -> Question:
    return Question.from_yaml(row.body)


def load(conn: Connection, owner_id: str, question_id: str) -> Question:
    """Raises NotFound."""
    return of_row(rows.load(conn, owner_id, question_id))


def list_for(conn: Connection, owner_id: str) -> list[tuple[str, Question]]:
    """Row id and question, the newest version of each."""
    return [(row.id, of_row(row)) for row in rows.list_for(conn, owner_id)]
