"""A rubric while it is being written: between the form's fields, YAML, and the document that `rubric.parse` reads."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from room.scoring import form
from room.scoring.rubric import (
    DEFAULT_LEVELS,
    MAX_COMPETENCIES,
    MAX_LEVELS,
    MIN_LEVELS,
    BadRubric,
    Rubric,
    parse,
)

YAML_MAX = 400_000
ID_MAX = 60


def document(rubric: Rubric) -> dict[str, Any]:
    """The rubric as a document that stands alone: what is kept, and exported."""
    limits = rubric.thresholds
    return {
        "id": rubric.key,
        "name": rubric.name,
        "version": rubric.version,
        "use_for": rubric.use_for,
        "scale": {
            "levels": {
                str(one.number): {"label": one.label, "meaning": one.meaning}
                for one in rubric.levels
            }
        },
        "arithmetic": {
            "min_coverage": _part(limits.min_coverage_percent),
            "strong_yes": {
                "mean_gte": _part(limits.strong_yes_mean),
                "min_level": limits.strong_yes_min_level,
            },
            "yes": {"mean_gte": _part(limits.yes_mean)},
            "strong_no": {"mean_lt": _part(limits.strong_no_mean)},
        },
        "competencies": [
            {
                "id": one.id,
                "name": one.name,
                "definition": one.definition,
                "anchors": {str(anchor.level): anchor.text for anchor in one.anchors},
                "weight": _part(one.weight_percent),
                "weight_reason": one.weight_reason,
                "gate": {"min_level": one.gate} if one.gate else None,
                "probes": list(one.probes),
                "ignore": list(one.ignore),
                "expected": dict(one.expected),
            }
            for one in rubric.competencies
        ],
    }


def _part(hundredths: int) -> str:
    """A decimal number as text, so that reading it again gives the same hundredths."""
    whole, rest = divmod(hundredths, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".")


def to_yaml(rubric: Rubric) -> str:
    """The rubric as a file for people; `from_yaml` reads it again."""
    text: str = yaml.safe_dump(document(rubric), allow_unicode=True, sort_keys=False, width=100)
    return text


def from_yaml(text: str) -> Rubric:
    """The rubric of a file; of a file with several, the first.

    Raises:
        BadRubric: it is no YAML, or no rubric.
    """
    if len(text) > YAML_MAX:
        raise BadRubric(f"A rubric's file has {YAML_MAX:,} characters at most.")
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            # A few of them in a row stand for millions of copies.
            raise BadRubric("References (* and &) are not taken. Write the text out.")
        read = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, BadRubric):
            raise
        raise BadRubric("This is not YAML that can be read.") from error
    if isinstance(read, Mapping) and isinstance(read.get("rubrics"), Sequence) and read["rubrics"]:
        first = read["rubrics"][0]
        if not isinstance(first, Mapping):
            raise BadRubric("This is not the shape of a rubric.")
        read = {"scale": read.get("scale", {}), **first}
    if not isinstance(read, Mapping):
        raise BadRubric("This is not the shape of a rubric.")
    try:
        return parse(read)
    except (TypeError, AttributeError) as error:
        raise BadRubric("This is not the shape of a rubric.") from error


# ------------------------------------------------------------------------------------------------ the form


def blank() -> dict[str, Any]:
    """What the form starts with for a new rubric."""
    levels = {str(n): {"label": a, "meaning": b} for n, (a, b) in enumerate(DEFAULT_LEVELS, 1)}
    return {"name": "", "use_for": "", "scale": {"levels": levels}, "competencies": [_empty()]}


def _empty() -> dict[str, Any]:
    return {
        "id": "",
        "name": "",
        "definition": "",
        "anchors": {},
        "weight": "1",
        "weight_reason": "",
        "gate": None,
        "probes": [],
        "ignore": [],
        "expected": {},
    }


def read_fields(fields: form.Fields, before: Mapping[str, Any]) -> dict[str, Any]:
    """The document that the form says, perhaps not a rubric yet. `before` keeps what has no field: the arithmetic."""
    typed = form.text(fields, "levels")
    wanted = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) == 1 else 4
    count = min(max(wanted, MIN_LEVELS), MAX_LEVELS)
    names = fields.get("row", ())[:MAX_COMPETENCIES]
    made = {
        "id": before.get("id", ""),
        "version": before.get("version", 1),
        "name": form.text(fields, "name"),
        "use_for": form.text(fields, "use_for"),
        "scale": {"levels": {str(n): _level(fields, n) for n in range(1, count + 1)}},
        "competencies": [_row(fields, name, count) for name in names if name.isdecimal()],
    }
    if len(before.get("scale", {}).get("levels", {})) == count and "arithmetic" in before:
        made["arithmetic"] = before["arithmetic"]
    return made


def _level(fields: form.Fields, number: int) -> dict[str, str]:
    return {
        "label": form.text(fields, f"label:{number}"),
        "meaning": form.text(fields, f"meaning:{number}"),
    }


def _row(fields: form.Fields, row: str, count: int) -> dict[str, Any]:
    def said(name: str) -> str:
        return form.text(fields, f"{name}:{row}")

    gate = said("gate")
    return {
        "id": said("id"),
        "name": said("name"),
        "definition": said("definition"),
        "anchors": {str(n): form.text(fields, f"anchor:{row}:{n}") for n in range(1, count + 1)},
        "weight": said("weight") or "1",
        "weight_reason": said("weight_reason"),
        "gate": {"min_level": int(gate)} if gate.isascii() and gate.isdecimal() and len(gate) == 1 else None,
        "probes": _lines(said("probes")),
        "ignore": _lines(said("ignore")),
        "expected": _expected(said("expected")),
    }  # fmt: skip


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _expected(text: str) -> dict[str, str]:
    """``junior 2, mid 3`` as levels by seniority."""
    pairs = (part.strip().rpartition(" ") for part in text.split(","))
    return {who.strip(): level for who, _, level in pairs if who.strip()}


def act(document_: dict[str, Any], deed: str) -> None:
    """What a button of the form does to the rows: ``add``, ``remove:2``, ``up:2``."""
    rows = document_["competencies"]
    verb, _, place = deed.partition(":")
    index = int(place) if place.isascii() and place.isdecimal() and len(place) < 3 else -1
    if verb == "add" and len(rows) < MAX_COMPETENCIES:
        rows.append(_empty())
    elif verb == "remove" and 0 <= index < len(rows) and len(rows) > 1:
        del rows[index]
    elif verb == "up" and 0 < index < len(rows):
        rows[index - 1], rows[index] = rows[index], rows[index - 1]


def finish(document_: dict[str, Any], key: str, version: int) -> Rubric:
    """The rubric that the document says; new competencies get an id from their name, old ones keep theirs.

    Raises:
        BadRubric: something is missing, as a sentence.
    """
    if not document_["name"]:
        raise BadRubric("The rubric needs a name.")
    taken = {row["id"] for row in document_["competencies"] if row["id"]}
    rows = []
    for row in document_["competencies"]:
        identity = row["id"] or free_id(row["name"], taken)
        taken.add(identity)
        rows.append({**row, "id": identity})
    return parse({**document_, "id": key, "version": version, "competencies": rows})


def free_id(name: str, taken: set[str]) -> str:
    """A short id in ASCII from a name, different from the ones that are taken."""
    plain = "".join(c if c.isascii() and c.isalnum() else " " for c in name.lower())
    stem = "-".join(plain.split())[:ID_MAX].strip("-") or "item"
    identity, number = stem, 1
    while identity in taken:
        number += 1
        identity = f"{stem}-{number}"
    return identity
