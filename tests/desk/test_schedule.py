"""Times in several zones, days as headings, nights and clock changes."""

from datetime import date, time

import pytest

from room.desk import schedule
from room.desk.schedule import NoSuchTime, Slot, moment

MADRID, HELSINKI, NEW_YORK, KOLKATA, LISBON = (
    "Europe/Madrid",
    "Europe/Helsinki",
    "America/New_York",
    "Asia/Kolkata",
    "Europe/Lisbon",
)
NOW = moment(date(2026, 11, 24), time(9, 47), MADRID)


def at(day: int, hour: int, minute: int = 0, *, month: int = 11, zone: str = MADRID) -> int:
    return moment(date(2026, month, day), time(hour, minute), zone)


def test_one_moment_is_shown_in_every_zone() -> None:
    ten = at(24, 10)
    assert schedule.clock(ten, MADRID) == "10:00"
    assert schedule.clock(ten, HELSINKI) == "11:00"
    assert schedule.clock(at(24, 14, 30), KOLKATA) == "19:00"


def test_another_day_is_spelled() -> None:
    evening = at(24, 22)
    assert schedule.clock_beside(evening, KOLKATA, MADRID) == "Wed 02:30"
    assert schedule.clock_beside(evening, LISBON, MADRID) == "21:00"


def test_days_are_headings() -> None:
    assert schedule.day_heading(at(24, 14), MADRID, NOW) == "Today"
    assert schedule.day_heading(at(25, 9), MADRID, NOW) == "Tomorrow, Wednesday 25 November"
    assert schedule.day_heading(at(27, 9), MADRID, NOW) == "Friday 27 November"
    assert schedule.day_heading(at(23, 9), MADRID, NOW) == "Yesterday, Monday 23 November"
    next_year = moment(date(2027, 2, 22), time(9), MADRID)
    assert schedule.day_heading(next_year, MADRID, NOW) == "Monday 22 February 2027"


def test_the_day_line_runs_through_the_own_zone() -> None:
    """23:30 in Madrid is tomorrow in Helsinki, but the heading is Madrid's."""
    late = at(24, 23, 30)
    assert schedule.day_heading(late, MADRID, NOW) == "Today"
    assert schedule.day_heading(late, HELSINKI, NOW) == "Tomorrow, Wednesday 25 November"


def test_a_time_that_the_clocks_skip_is_refused_in_words() -> None:
    with pytest.raises(NoSuchTime, match="no 02:30 in Madrid"):
        moment(date(2026, 3, 29), time(2, 30), MADRID)
    assert schedule.clock(moment(date(2026, 3, 29), time(3, 30), MADRID), MADRID) == "03:30"


def test_a_time_that_comes_twice_means_the_first() -> None:
    twice = moment(date(2026, 10, 25), time(2, 30), MADRID)
    assert schedule.is_twice(twice, MADRID)
    assert schedule.clock(twice + schedule.HOUR_MS, MADRID) == "02:30"
    assert not schedule.is_twice(at(24, 10), MADRID)


def test_the_distance_of_two_cities_is_right_between_their_clock_changes() -> None:
    """Europe changed on 25 October, New York on 1 November: five hours instead of six."""
    between = at(28, 15, month=10)
    assert schedule.clock(between, NEW_YORK) == "10:00"
    assert schedule.clock(at(4, 15), NEW_YORK) == "09:00"


def test_a_clock_change_in_that_week_is_said_when_only_one_of_them_changes() -> None:
    assert schedule.clock_change_notes(at(30, 15, month=10), MADRID, [(NEW_YORK, "Boston")]) == [
        "Boston changes clocks on Sunday."
    ]
    assert schedule.clock_change_notes(at(22, 15, month=10), MADRID, [(KOLKATA, "")]) == [
        "Madrid changes clocks on Sunday."
    ]


def test_no_note_when_both_change_at_the_same_moment_or_nobody_does() -> None:
    assert (
        schedule.clock_change_notes(at(22, 15, month=10), MADRID, [(LISBON, ""), (HELSINKI, "")])
        == []
    )
    assert schedule.clock_change_notes(at(24, 15), MADRID, [(NEW_YORK, "Boston")]) == []


def test_night_hours_are_a_note() -> None:
    assert schedule.night_note(at(25, 9, 30), NEW_YORK, "Boston") == "That is 03:30 in Boston."
    assert schedule.night_note(at(25, 9, 30), MADRID) is None


def test_overlaps_are_named_and_touching_ends_are_not() -> None:
    priya = Slot(at(24, 14, 30), 60, "Priya Raman")
    assert schedule.clashes(Slot(at(24, 15), 55, "Elena"), [priya], MADRID) == [
        "You already have Priya Raman at 14:30."
    ]
    assert schedule.clashes(Slot(at(24, 15, 30), 55, "Elena"), [priya], MADRID) == []
    assert schedule.clashes(Slot(at(24, 13, 30), 60, "Elena"), [priya], MADRID) == []


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (13, "in 13 minutes"),
        (1, "in 1 minute"),
        (0, "now"),
        (-8, "8 minutes ago"),
        (180, "in 3 hours"),
        (2880, "in 2 days"),
    ],
)
def test_how_long_until_then(minutes: int, words: str) -> None:
    assert schedule.until(NOW + minutes * schedule.MINUTE_MS, NOW) == words


def test_cities_are_found_by_their_own_and_by_other_names() -> None:
    assert schedule.zone_of_city("warsaw") == "Europe/Warsaw"
    assert schedule.zone_of_city("São Paulo") == "America/Sao_Paulo"
    assert schedule.zone_of_city("Sao Paulo") == "America/Sao_Paulo"
    assert schedule.zone_of_city("Bengaluru") == KOLKATA
    assert schedule.zone_of_city("Boston") == NEW_YORK
    assert schedule.zone_of_city("Nowhere") is None
    assert schedule.city("America/Argentina/Buenos_Aires") == "Buenos Aires"
