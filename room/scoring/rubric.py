"""Rubrics: competencies with a written anchor for each level.

A rubric is read once, at the edge, into a type that cannot be wrong; scorecards and reports keep a copy of what they used.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from room.session.files import clean_text
from room.session.ids import CompetencyId

MIN_LEVELS, MAX_LEVELS = 3, 7
MAX_COMPETENCIES = 30
TEXT_MAX = 2_000

DEFAULT_LEVELS: tuple[tuple[str, str], ...] = (
    ("Not yet", "Clear evidence that the skill is below what the work needs"),
    ("Partly", "Works with steady help, or only on the easy part"),
    ("Solid", "Does it alone at the standard the role asks for"),
    ("Outstanding", "Goes clearly beyond the task in a way that matters for the role"),
)
"""The words of a rubric of four levels that brings none of its own."""


class BadRubric(ValueError):
    """A rubric cannot be used. Its text is a sentence for the person who wrote it."""


class UnknownCompetency(LookupError):
    """A rating names a competency that the rubric lacks: the rubric changed under a running session."""


class Level(msgspec.Struct, frozen=True):
    number: int
    """Counts from 1, without gaps."""
    label: str
    meaning: str = ""


class Anchor(msgspec.Struct, frozen=True):
    level: int
    text: str
    """What a person at this level does, in words of behaviour."""


class Competency(msgspec.Struct, frozen=True, kw_only=True):
    id: CompetencyId
    name: str
    definition: str
    anchors: tuple[Anchor, ...]
    """One for each level of the rubric, lowest first."""
    weight_percent: int = 100
    """100 unless `weight_reason` says why."""
    weight_reason: str = ""
    gate: int | None = None
    """Rated below this level, the rubric's arithmetic cannot say "hire", whatever the rest is."""
    probes: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    """What must not move the rating; shown beside the anchors."""
    expected: dict[str, int] = {}
    """Seniority to the level that is normally asked for; for display only."""

    def anchor(self, level: int) -> str:
        return self.anchors[level - 1].text


class Thresholds(msgspec.Struct, frozen=True):
    """The rubric's own arithmetic, in hundredths of a level so that a report holds no floating point numbers."""

    min_coverage_percent: int = 75
    strong_yes_mean: int = 350
    strong_yes_min_level: int = 3
    yes_mean: int = 275
    strong_no_mean: int = 175

    def for_levels(self, count: int) -> "Thresholds":
        """The same places on a scale of another length; these numbers are written for four levels."""

        def moved(hundredths: int) -> int:
            return round(100 + (hundredths - 100) * (count - 1) / 3)

        return Thresholds(
            self.min_coverage_percent,
            moved(self.strong_yes_mean),
            round(1 + (self.strong_yes_min_level - 1) * (count - 1) / 3),
            moved(self.yes_mean),
            moved(self.strong_no_mean),
        )


class Rubric(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    name: str
    version: int
    use_for: str = ""
    levels: tuple[Level, ...]
    competencies: tuple[Competency, ...]
    thresholds: Thresholds = Thresholds()

    def competency(self, competency: str) -> Competency:
        """Raises `UnknownCompetency`."""
        for one in self.competencies:
            if one.id == competency:
                return one
        raise UnknownCompetency(competency)

    def level(self, number: int) -> Level:
        return self.levels[number - 1]

    @property
    def top(self) -> int:
        return len(self.levels)

    def is_extreme(self, level: int) -> bool:
        """The lowest and highest level ask for evidence."""
        return level in (1, self.top)


def library(document: Mapping[str, Any]) -> tuple[Rubric, ...]:
    """All rubrics of a file such as `room/content/rubrics.yaml`; what the file says once holds for each.

    Raises:
        BadRubric: one of them cannot be used.
    """
    return tuple(parse(body) for body in bodies(document))


def bodies(document: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Each rubric of such a file as a document that stands alone: with its own levels and arithmetic."""
    shared = {
        "scale": document.get("scale", {}),
        "arithmetic": _mapping(document.get("decision", {})).get("arithmetic", {}),
    }
    return tuple({**shared, **_mapping(body)} for body in document.get("rubrics", ()))


def parse(body: Mapping[str, Any]) -> Rubric:
    """A rubric from its document (YAML or JSON already read).

    Raises:
        BadRubric: it lacks something, or something in it cannot be.
    """
    levels = _levels(_mapping(body.get("scale", {})))
    rows = body.get("competencies", ())
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
        raise BadRubric("A rubric needs at least one competency.")
    if len(rows) > MAX_COMPETENCIES:
        raise BadRubric(f"A rubric has {MAX_COMPETENCIES} competencies at most.")
    competencies = tuple(_competency(_mapping(row), len(levels)) for row in rows)
    ids = [one.id for one in competencies]
    if len(set(ids)) != len(ids):
        raise BadRubric("Two competencies have the same id.")
    return Rubric(
        key=_text(body.get("id") or body.get("key"), "The rubric", "an id"),
        name=_text(body.get("name"), "The rubric", "a name"),
        version=_whole(body.get("version", 1), "The rubric's version"),
        use_for=_optional(body.get("use_for", "")),
        levels=levels,
        competencies=competencies,
        thresholds=_thresholds(_mapping(body.get("arithmetic", {})), len(levels)),
    )


def _levels(scale: Mapping[str, Any]) -> tuple[Level, ...]:
    given = scale.get("levels")
    if not given:
        return tuple(
            Level(n, label, meaning) for n, (label, meaning) in enumerate(DEFAULT_LEVELS, 1)
        )
    numbered = {_whole(number, "A level"): level for number, level in _mapping(given).items()}
    if not MIN_LEVELS <= len(numbered) <= MAX_LEVELS:
        raise BadRubric(f"A rubric has {MIN_LEVELS} to {MAX_LEVELS} levels.")
    if set(numbered) != set(range(1, len(numbered) + 1)):
        raise BadRubric("Levels count from 1, without gaps.")
    out = []
    for number in sorted(numbered):
        level = _mapping(numbered[number])
        label = _text(level.get("label"), f"Level {number}", "a label")
        out.append(Level(number, label, _optional(level.get("meaning", ""))))
    return tuple(out)


def _competency(row: Mapping[str, Any], count: int) -> Competency:
    name = _text(row.get("name"), "A competency", "a name")
    anchors = {_whole(n, "A level"): text for n, text in _mapping(row.get("anchors", {})).items()}
    if set(anchors) != set(range(1, count + 1)):
        raise BadRubric(f"{name} needs an anchor for each of the {count} levels.")
    weight = _percent(row.get("weight", 1), name)
    reason = _optional(row.get("weight_reason", ""))
    if weight != 100 and not reason:
        raise BadRubric(f"{name} has a weight other than 1; write down why.")
    gate = _mapping(row.get("gate") or {}).get("min_level")
    if gate is not None and not 1 <= _whole(gate, f"The gate of {name}") <= count:
        raise BadRubric(f"The gate of {name} names a level that does not exist.")
    return Competency(
        id=CompetencyId(_text(row.get("id"), name, "an id")),
        name=name,
        definition=_text(row.get("definition"), name, "a definition"),
        anchors=tuple(
            Anchor(n, _text(anchors[n], name, f"an anchor for level {n}")) for n in sorted(anchors)
        ),
        weight_percent=weight,
        weight_reason=reason,
        gate=gate,
        probes=tuple(_optional(text) for text in row.get("probes") or ()),
        ignore=tuple(_optional(text) for text in row.get("ignore") or ()),
        expected={
            str(k): _whole(v, f"The expected level of {name}")
            for k, v in _mapping(row.get("expected") or {}).items()
        },
    )


def _thresholds(given: Mapping[str, Any], count: int) -> Thresholds:
    if not given:
        return Thresholds().for_levels(count)
    strong, yes, strong_no = (
        _mapping(given.get(k) or {}) for k in ("strong_yes", "yes", "strong_no")
    )
    start = Thresholds()

    def hundredths(value: Any, otherwise: int) -> int:
        return otherwise if value is None else _percent(value, "The rubric's arithmetic")

    return Thresholds(
        hundredths(given.get("min_coverage"), start.min_coverage_percent),
        hundredths(strong.get("mean_gte"), start.strong_yes_mean),
        _whole(strong.get("min_level", start.strong_yes_min_level), "The rubric's arithmetic"),
        hundredths(yes.get("mean_gte"), start.yes_mean),
        hundredths(strong_no.get("mean_lt"), start.strong_no_mean),
    )


def _mapping(value: Any) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise BadRubric("This is not the shape of a rubric.")
    return value


def _text(value: Any, what: str, lacks: str) -> str:
    text = _optional(value)
    if not text:
        raise BadRubric(f"{what} needs {lacks}.")
    return text


def _optional(value: Any) -> str:
    text = clean_text("" if value is None else str(value)).strip()
    if len(text) > TEXT_MAX:
        raise BadRubric(f"A text of a rubric has {TEXT_MAX} characters at most.")
    return text


def _whole(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise BadRubric(f"{what} is not a whole number.")
    try:
        return int(value)
    except ValueError:
        raise BadRubric(f"{what} is not a whole number.") from None


def _percent(value: Any, what: str) -> int:
    try:
        hundredths = Decimal(str(value)) * 100
    except InvalidOperation:
        raise BadRubric(f"{what} has something that is not a number.") from None
    if not hundredths.is_finite() or not 0 < hundredths <= 10_000:
        raise BadRubric(f"{what} has a number that is not between 0 and 100.")
    return int(hundredths)
