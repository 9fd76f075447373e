"""Where raters who scored apart agree. It counts; it does not average and does not decide who is right."""

from collections.abc import Mapping

import msgspec

from room.scoring.rubric import Rubric
from room.scoring.score import Decision, Scorecard
from room.session.ids import CompetencyId, MemberId


class Row(msgspec.Struct, frozen=True):
    """One competency beside all raters."""

    competency: CompetencyId
    levels: dict[MemberId, int | None]
    """None: not rated or not observed."""
    spread: int
    """Highest less lowest level given; 0 when fewer than two gave one."""

    @property
    def is_shared(self) -> bool:
        """At least two raters gave a level."""
        return sum(level is not None for level in self.levels.values()) > 1


class Agreement(msgspec.Struct, frozen=True):
    rows: tuple[Row, ...]
    """Differences first, then the order of the rubric."""
    of: int
    """Competencies that at least two raters gave a level."""
    exact: int
    within_one: int
    scored_by_one: tuple[CompetencyId, ...]
    decisions: dict[MemberId, Decision | None]

    @property
    def same_decision(self) -> bool:
        return len(set(self.decisions.values())) == 1 and None not in self.decisions.values()

    @property
    def differences(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.spread)


def compare(rubric: Rubric, cards: Mapping[MemberId, Scorecard]) -> Agreement:
    """Agreement of two or more cards on the same rubric."""
    rows = []
    for competency in rubric.competencies:
        levels = {
            member: None if (r := card.rating(competency.id)).not_observed else r.level
            for member, card in cards.items()
        }
        given = [level for level in levels.values() if level is not None]
        rows.append(Row(competency.id, levels, max(given) - min(given) if len(given) > 1 else 0))
    shared = [row for row in rows if row.is_shared]
    return Agreement(
        rows=tuple(sorted(rows, key=lambda row: -row.spread)),
        of=len(shared),
        exact=sum(row.spread == 0 for row in shared),
        within_one=sum(row.spread <= 1 for row in shared),
        scored_by_one=tuple(
            row.competency for row in rows if sum(v is not None for v in row.levels.values()) == 1
        ),
        decisions={member: card.decision for member, card in cards.items()},
    )
