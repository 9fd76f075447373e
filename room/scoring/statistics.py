"""Agreement and selection rates over many interviews: own small code, held in tests against other implementations.

Pure. Nothing here changes a rating or a decision. Below the numbers of `ENOUGH_…` nothing is said: few interviews give figures
that look exact and mean little.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import TypeVar

import msgspec

ENOUGH_INTERVIEWS = 10
"""Double-rated interviews before agreement over many of them is printed."""
ENOUGH_A_GROUP = 30
"""Candidates of each group before selection rates are compared."""
SHRINK = 20
"""A rater's severity counts half after so many ratings beside somebody else's."""
RESAMPLES = 1_000
FOUR_FIFTHS = Fraction(4, 5)

Unit = Sequence[int | None]
"""What each rater gave to one thing that is rated; None: nothing."""


Cluster = TypeVar("Cluster")


class Interval(msgspec.Struct, frozen=True):
    low: float
    high: float


class Agreement(msgspec.Struct, frozen=True):
    """Over many interviews; None where it is not defined, as when everybody always gave the same level."""

    interviews: int
    units: int
    """Competencies that at least two raters gave a level."""
    exact: int
    within_one: int
    kappa: float | None
    alpha: float | None
    interval: Interval | None
    """95 %, of alpha, by resampling whole interviews."""


# ------------------------------------------------------------------------------------------------ agreement


def kappa(pairs: Sequence[tuple[int, int]]) -> float | None:
    """Quadratic-weighted kappa of two raters (Cohen, 1968). None: both always gave one and the same level, or no pairs."""
    if not pairs:
        return None
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    seen = Fraction(sum((a - b) ** 2 for a, b in pairs), len(pairs))
    chance = Fraction(
        sum(n * m * (a - b) ** 2 for a, n in first.items() for b, m in second.items()),
        len(pairs) ** 2,
    )
    return float(1 - seen / chance) if chance else None


def alpha(units: Sequence[Unit]) -> float | None:
    """Krippendorff's alpha for ordinal data, any number of raters, gaps allowed (Krippendorff, 2011).

    None: no unit has two values, or all values are the same.
    """
    rated = [values for values in map(_given, units) if len(values) > 1]
    totals = Counter(value for values in rated for value in values)
    number = sum(totals.values())
    distance = _ordinal(totals)
    chance = sum(n * m * distance[a, b] for a, n in totals.items() for b, m in totals.items())
    if number < 2 or not chance:
        return None
    seen: Counter[int] = Counter()  # by how many rated the unit, since each counts by that
    for values in rated:
        seen[len(values)] += 2 * sum(distance[a, b] for a, b in combinations(values, 2))
    disagreement = sum(Fraction(apart, size - 1) for size, apart in seen.items())
    return float(1 - (number - 1) * disagreement / chance)


def _ordinal(totals: Mapping[int, int]) -> dict[tuple[int, int], int]:
    """Squared distance of two levels: how many values lie between their middles. Four times that, to stay whole."""
    middle, below = {}, 0
    for level in sorted(totals):
        middle[level] = 2 * below + totals[level]
        below += totals[level]
    return {(a, b): (middle[a] - middle[b]) ** 2 for a in totals for b in totals}


def bootstrap(
    clusters: Sequence[Cluster],
    figure: Callable[[Sequence[Cluster]], float | None],
    *,
    seed: int = 1,
    resamples: int = RESAMPLES,
) -> Interval | None:
    """95 % percentile interval of a figure, by drawing whole clusters with replacement.

    Whole interviews are drawn, since the competencies of one interview depend on each other. The same data and seed give
    the same interval. None: in more than one draw of twenty the figure was not defined.
    """
    if len(clusters) < 2:
        return None
    draw = random.Random(seed)  # noqa: S311 -- resampling, no secret
    found = []
    for _ in range(resamples):
        value = figure(draw.choices(clusters, k=len(clusters)))
        if value is not None:
            found.append(value)
    if len(found) < resamples * 0.95:
        return None
    found.sort()
    return Interval(_quantile(found, 0.025), _quantile(found, 0.975))


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def agree(interviews: Sequence[Sequence[Unit]], *, seed: int = 1) -> Agreement | None:
    """Agreement over many interviews, each a sequence of units with the same raters in the same order.

    None below `ENOUGH_INTERVIEWS`. Interviews in which no competency was rated twice do not count.
    """
    double = [
        [unit for unit in units if sum(v is not None for v in unit) > 1] for units in interviews
    ]
    double = [units for units in double if units]
    if len(double) < ENOUGH_INTERVIEWS:
        return None
    flat = [unit for units in double for unit in units]
    spread = [max(given) - min(given) for given in map(_given, flat)]
    pairs = [(given[0], given[1]) for given in map(_given, flat)]
    return Agreement(
        interviews=len(double),
        units=len(flat),
        exact=sum(one == 0 for one in spread),
        within_one=sum(one <= 1 for one in spread),
        kappa=kappa(pairs),
        alpha=alpha(flat),
        interval=bootstrap(double, lambda drawn: alpha([u for us in drawn for u in us]), seed=seed),
    )


def _given(unit: Unit) -> list[int]:
    return [value for value in unit if value is not None]


def severity(units: Sequence[Unit], rater: int) -> float | None:
    """How many levels a rater gives less than the others who rated the same; above 0 is stricter.

    Drawn towards 0 by n / (n + `SHRINK`), so that a few ratings say little. For the rater alone; applied to nothing.
    None: nobody else rated what they rated.
    """
    apart = []
    for unit in units:
        mine = unit[rater]
        others = [v for place, v in enumerate(unit) if place != rater and v is not None]
        if mine is not None and others:
            apart.append(Fraction(sum(others), len(others)) - mine)
    if not apart:
        return None
    return float(sum(apart) / (len(apart) + SHRINK))


# ------------------------------------------------------------------------------------------------ selection rates


class Rate(msgspec.Struct, frozen=True):
    """One group beside the group with the highest selection rate."""

    group: str
    chosen: int
    of: int
    ratio: Fraction
    """Its rate over the highest one; below 4/5 the rule of thumb asks why."""
    interval: Interval
    """95 %, of the ratio (Katz et al., 1978)."""
    p: float
    """Fisher's exact test, two sides."""

    @property
    def is_below(self) -> bool:
        return self.ratio < FOUR_FIFTHS


def four_fifths(groups: Mapping[str, tuple[int, int]]) -> tuple[Rate, ...] | None:
    """Selection rates (chosen, of how many) of groups against the highest; the highest itself is left out.

    None: fewer than two groups, or one has fewer than `ENOUGH_A_GROUP`, or nobody was chosen: then nothing may be said.
    """
    if len(groups) < 2 or any(of < ENOUGH_A_GROUP for _, of in groups.values()):
        return None
    rates = {name: Fraction(chosen, of) for name, (chosen, of) in groups.items()}
    top = max(sorted(rates), key=lambda name: rates[name])
    if not rates[top]:
        return None
    best, of_best = groups[top]
    return tuple(
        Rate(
            name,
            chosen,
            of,
            rates[name] / rates[top],
            _katz(chosen, of, best, of_best),
            fisher(chosen, of - chosen, best, of_best - best),
        )
        for name, (chosen, of) in sorted(groups.items())
        if name != top
    )


def _katz(a: int, n: int, b: int, m: int) -> Interval:
    """Of the ratio (a/n) / (b/m); with a half added to each count when one is 0 or all."""
    if a in (0, n) or b in (0, m):
        x, nx, y, ny = a + 0.5, n + 0.5, b + 0.5, m + 0.5
    else:
        x, nx, y, ny = float(a), float(n), float(b), float(m)
    middle = math.log((x / nx) / (y / ny))
    wide = 1.959963984540054 * math.sqrt(1 / x - 1 / nx + 1 / y - 1 / ny)
    return Interval(math.exp(middle - wide), math.exp(middle + wide))


def fisher(a: int, b: int, c: int, d: int) -> float:
    """Two-sided p of the table [[a, b], [c, d]]: all tables with the same sums that are no likelier than this one."""
    row, column, whole = a + b, a + c, a + b + c + d
    if not whole:
        return 1.0

    def ways(x: int) -> int:
        return math.comb(row, x) * math.comb(whole - row, column - x)

    low, high = max(0, column - (whole - row)), min(row, column)
    here = ways(a)
    return float(
        Fraction(
            sum(w for w in map(ways, range(low, high + 1)) if w <= here), math.comb(whole, column)
        )
    )
