"""What a card lacks, its arithmetic, and where raters agree."""

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from room.scoring import agreement
from room.scoring.rubric import UnknownCompetency
from room.scoring.score import (
    Rating,
    Scorecard,
    arithmetic,
    changes,
    check,
    coverage,
    lacks,
)


def ratings_of(rubric, levels):
    return tuple(
        Rating(c.id, level, not_observed=level is None, reason="" if level else "Not seen.")
        for c, level in zip(rubric.competencies, levels, strict=True)
    )


SIX = st.lists(st.none() | st.integers(1, 4), min_size=6, max_size=6)


@given(levels=SIX)
def test_arithmetic_never_counts_what_was_not_observed(rubrics, levels):
    rubric = rubrics[0]
    ratings = ratings_of(rubric, levels)
    read = arithmetic(rubric, ratings)
    seen = [level for level in levels if level is not None]
    assert read.coverage == Fraction(len(seen), 6) == coverage(rubric, ratings)
    only_seen = arithmetic(rubric, [r for r in ratings if r.level is not None])
    assert read == only_seen
    if read.mean is not None:
        assert min(seen) <= read.mean <= max(seen)
    assert (read.decision is None) == (read.coverage < Fraction(3, 4))


@given(levels=SIX, at=st.integers(0, 5))
def test_a_higher_level_never_reads_worse(rubrics, levels, at):
    rubric = rubrics[0]
    if levels[at] is None or levels[at] == 4:
        return
    higher = [*levels[:at], levels[at] + 1, *levels[at + 1 :]]
    order = ["strong_no", "no", "yes", "strong_yes"]
    before, after = (arithmetic(rubric, ratings_of(rubric, v)).decision for v in (levels, higher))
    if before is not None:
        assert order.index(after) >= order.index(before)


@pytest.mark.parametrize(
    ("levels", "decision"),
    [
        ([4, 4, 4, 3, 3, 3], "strong_yes"),
        ([4, 4, 4, 4, 4, 2], "yes"),  # one below 3 is no strong yes, whatever the mean
        ([3, 3, 3, 3, 3, 2], "yes"),
        ([3, 3, 2, 3, 3, 2], "no"),
        ([4, 4, 1, 4, 4, 4], "no"),  # the gate of the third
        ([1, 2, 2, 2, 2, 1], "strong_no"),
        ([4, 4, 4, 4, None, None], None),
        ([3, 3, 3, 3, 2, None], "yes"),
    ],
)
def test_arithmetic_reads_as_the_rubric_says(rubric, levels, decision):
    assert arithmetic(rubric, ratings_of(rubric, levels)).decision == decision


def test_a_mean_on_the_threshold_is_on_it(rubric):
    four = replace(
        rubric, competencies=tuple(replace(c, gate=None) for c in rubric.competencies[:4])
    )
    assert arithmetic(four, ratings_of(four, [3, 3, 3, 2])).decision == "yes"


def test_weights_weigh(rubric):
    heavy = replace(
        rubric,
        competencies=(
            replace(rubric.competencies[0], weight_percent=300, weight_reason="x"),
            *rubric.competencies[1:],
        ),
    )
    assert coverage(heavy, ratings_of(heavy, [3, None, None, None, None, None])) == Fraction(
        300, 800
    )
    assert arithmetic(heavy, ratings_of(heavy, [4, 2, 2, 2, 2, 2])).mean == Fraction(12 + 10, 8)


def test_a_rating_of_another_rubric_is_an_error(rubric):
    with pytest.raises(UnknownCompetency):
        coverage(rubric, [Rating("charm", 3)])
    with pytest.raises(ValueError, match="level 5"):
        check(rubric, [Rating("approach", 5)])


def test_a_full_card_lacks_nothing(rubric, cards):
    assert all(lacks(rubric, card) == () for card in cards.values())


def test_an_empty_card_lacks_every_level_then_decision_then_confidence(rubric):
    found = [lack.field for lack in lacks(rubric, Scorecard())]
    assert found == [*(f"level:{c.id}" for c in rubric.competencies), "decision", "confidence"]


@pytest.mark.parametrize("level", [1, 4])
def test_an_extreme_level_asks_for_evidence_or_a_reason(rubric, level):
    bare = Scorecard((Rating("approach", level),), "yes", "high")
    assert "no_evidence:approach" in [lack.field for lack in lacks(rubric, bare)]
    for more in ({"evidence": ("p",)}, {"no_evidence": "It was said aloud."}):
        card = replace(bare, ratings=(replace(bare.ratings[0], **more),))
        assert "no_evidence:approach" not in [lack.field for lack in lacks(rubric, card)]


@given(levels=SIX)
def test_what_was_never_observed_needs_its_reason(rubrics, levels):
    rubric = rubrics[0]
    card = Scorecard(
        tuple(replace(r, reason=" ") for r in ratings_of(rubric, levels)), "yes", "low"
    )
    found = [lack.field for lack in lacks(rubric, card) if lack.field.startswith("reason:")]
    assert len(found) == levels.count(None)


def test_changes_name_what_differs_and_nothing_else(rubric, cards):
    card = next(iter(cards.values()))
    assert changes(rubric, card, card) == ()
    other = replace(
        card, decision="no", ratings=(replace(card.ratings[0], level=2), *card.ratings[1:])
    )
    assert [(c.what, c.here, c.there) for c in changes(rubric, card, other)] == [
        ("Understanding the problem", "4 Outstanding", "2 Partly"),
        ("Decision", "Hire", "No hire"),
    ]


@given(a=SIX, b=SIX)
def test_agreement_is_symmetric_and_counts_only_what_both_rated(rubrics, a, b):
    rubric = rubrics[0]
    one, two = (Scorecard(ratings_of(rubric, levels), "yes") for levels in (a, b))
    found = agreement.compare(rubric, {"m_a": one, "m_b": two})
    turned = agreement.compare(rubric, {"m_b": two, "m_a": one})
    assert (found.of, found.exact, found.within_one) == (turned.of, turned.exact, turned.within_one)
    both = [(x, y) for x, y in zip(a, b, strict=True) if x is not None and y is not None]
    assert found.of == len(both)
    assert found.exact == sum(x == y for x, y in both)
    assert found.within_one == sum(abs(x - y) <= 1 for x, y in both)
    assert [row.spread for row in found.rows] == sorted(
        (row.spread for row in found.rows), reverse=True
    )
    assert len(found.scored_by_one) == sum(
        (x is None) != (y is None) for x, y in zip(a, b, strict=True)
    )


def test_cards_differ_on_the_decision(rubric, cards):
    iris, ron = cards.values()
    assert agreement.compare(rubric, {"a": iris, "b": ron}).same_decision
    assert not agreement.compare(
        rubric, {"a": iris, "b": replace(ron, decision="no")}
    ).same_decision
    assert not agreement.compare(
        rubric, {"a": replace(iris, decision=None), "b": ron}
    ).same_decision


def test_a_card_survives_its_journey_through_json(cards):
    for card in cards.values():
        assert msgspec.json.decode(msgspec.json.encode(card), type=Scorecard) == card
