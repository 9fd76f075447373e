"""The figures over many interviews, against other implementations and published examples."""

import warnings
from fractions import Fraction

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact
from sklearn.metrics import cohen_kappa_score

from room.scoring import statistics

LEVELS = st.integers(1, 7)
# Four observers, twelve units: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section D.
KRIPPENDORFF_2011 = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


def test_alpha_is_that_of_the_published_example():
    units = list(zip(*KRIPPENDORFF_2011, strict=True))
    assert round(statistics.alpha(units), 3) == 0.815


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.none() | LEVELS, min_size=3, max_size=3), min_size=2, max_size=25))
def test_alpha_is_that_of_the_krippendorff_package(units):
    ours = statistics.alpha(units)
    data = np.array([[np.nan if v is None else v for v in unit] for unit in units]).T
    if ours is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                theirs = krippendorff.alpha(reliability_data=data, level_of_measurement="ordinal")
            except (ValueError, AssertionError):
                return
        assert np.isnan(theirs) or theirs == 1
        return
    theirs = krippendorff.alpha(reliability_data=data, level_of_measurement="ordinal")
    assert ours == pytest.approx(theirs)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(LEVELS, LEVELS), min_size=2, max_size=40))
def test_kappa_is_that_of_scikit_learn(pairs):
    first, second = zip(*pairs, strict=True)
    ours = statistics.kappa(pairs)
    assume(ours is not None)
    theirs = cohen_kappa_score(first, second, weights="quadratic", labels=range(1, 8))
    assert ours == pytest.approx(theirs)


def test_where_everybody_says_the_same_nothing_is_defined():
    assert statistics.kappa([(3, 3)] * 20) is None
    assert statistics.alpha([(3, 3)] * 20) is None
    assert statistics.kappa([]) is None
    assert statistics.alpha([(1, None), (None, 2)]) is None


@given(st.lists(st.tuples(LEVELS, LEVELS), min_size=1, max_size=20))
def test_who_is_named_first_makes_no_difference(pairs):
    swapped = [(b, a) for a, b in pairs]
    assert statistics.kappa(pairs) == statistics.kappa(swapped)
    assert statistics.alpha(pairs) == statistics.alpha(swapped)


# ------------------------------------------------------------------------------------------------ over many interviews


def made(number: int) -> list[list[tuple[int, int]]]:
    return [[(1 + i % 4, 1 + (i + (i % 3 == 0)) % 4), (2, 2 + i % 2), (4, 3)] for i in range(number)]  # fmt: skip


def test_nothing_is_said_before_ten_double_rated_interviews():
    assert statistics.agree(made(9)) is None
    one_rater = [[(3, None), (2, None)]] * 50
    assert statistics.agree(made(9) + one_rater) is None
    found = statistics.agree(made(10))
    assert (found.interviews, found.units) == (10, 30)
    assert 0 < found.exact < found.within_one <= 30


def test_the_interval_is_the_same_each_time_and_holds_the_figure():
    first, again = statistics.agree(made(40)), statistics.agree(made(40))
    assert first == again
    assert first.interval.low < first.alpha < first.interval.high
    assert statistics.agree(made(40), seed=2).interval != first.interval


def test_the_interval_narrows_with_more_interviews():
    few, many = statistics.agree(made(12)), statistics.agree(made(200))
    assert many.interval.high - many.interval.low < few.interval.high - few.interval.low


def test_the_interval_covers_what_is_true_about_as_often_as_it_says():
    """Two raters with a known agreement: of forty samples, nearly all intervals hold the figure of the whole."""
    draw = np.random.default_rng(7)

    def interview():
        true = draw.integers(1, 5, size=4)
        return [tuple(int(np.clip(t + draw.integers(-1, 2), 1, 4)) for _ in range(2)) for t in true]

    whole = statistics.alpha([unit for _ in range(2_000) for unit in interview()])
    held = 0
    for _ in range(40):
        sample = [interview() for _ in range(30)]
        interval = statistics.bootstrap(
            sample, lambda us: statistics.alpha([u for i in us for u in i]), resamples=100
        )
        held += interval.low <= whole <= interval.high
    assert held >= 34


def test_severity_is_small_until_there_is_much_of_it():
    assert statistics.severity([(2, 3)], 0) == pytest.approx(1 / 21)
    assert statistics.severity([(2, 3)] * 20, 0) == 0.5
    assert statistics.severity([(2, 3)] * 20, 1) == -0.5
    assert statistics.severity([(2, None), (None, 3)], 0) is None


# ------------------------------------------------------------------------------------------------ selection rates


def test_the_worked_example_of_the_uniform_guidelines():
    """80 applicants of one group, 48 hired; 40 of another, 12 hired: 30 % over 60 % is one half."""
    (rate,) = statistics.four_fifths({"white": (48, 80), "black": (12, 40)})
    assert (rate.group, rate.ratio, rate.is_below) == ("black", Fraction(1, 2), True)
    assert rate.interval.low < 0.5 < rate.interval.high
    assert rate.p < 0.01


def test_small_groups_are_not_compared():
    assert statistics.four_fifths({"a": (20, 40), "b": (5, 29)}) is None
    assert statistics.four_fifths({"a": (20, 40)}) is None
    assert statistics.four_fifths({"a": (0, 40), "b": (0, 40)}) is None


def test_exactly_four_fifths_is_not_below():
    (rate,) = statistics.four_fifths({"a": (50, 100), "b": (40, 100)})
    assert rate.ratio == Fraction(4, 5)
    assert not rate.is_below


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_the_exact_test_is_that_of_scipy(a, b, c, d):
    assert statistics.fisher(a, b, c, d) == pytest.approx(
        fisher_exact([[a, b], [c, d]]).pvalue, rel=1e-6
    )


@given(st.integers(0, 60), st.integers(1, 60))
def test_an_interval_of_a_ratio_is_finite_and_in_order(a, b):
    (rate,) = statistics.four_fifths({"a": (min(a, b), 60), "b": (max(a, b), 61)}) or [None]
    if rate is not None:
        assert 0 < rate.interval.low <= rate.interval.high < float("inf")
