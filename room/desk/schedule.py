"""Times as people read them: one moment in several zones, days as headings, and notes on what is easy to get wrong.

Pure: "now" is an argument. Moments are UTC milliseconds; zones are IANA names and are shown as their city.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_REGIONS = (
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)
_SPELT = {
    "Sao_Paulo": "São Paulo",
    "Asuncion": "Asunción",
    "Bogota": "Bogotá",
    "Cancun": "Cancún",
    "Merida": "Mérida",
    "Mazatlan": "Mazatlán",
    "Belem": "Belém",
    "Cordoba": "Córdoba",
    "Curacao": "Curaçao",
    "Reunion": "Réunion",
    "Ho_Chi_Minh": "Ho Chi Minh City",
    "Port-au-Prince": "Port-au-Prince",
    "St_Johns": "St. John’s",
}
ALIASES = {
    "bangalore": "Asia/Kolkata",
    "bengaluru": "Asia/Kolkata",
    "mumbai": "Asia/Kolkata",
    "delhi": "Asia/Kolkata",
    "boston": "America/New_York",
    "washington": "America/New_York",
    "miami": "America/New_York",
    "montreal": "America/Toronto",
    "seattle": "America/Los_Angeles",
    "san francisco": "America/Los_Angeles",
    "barcelona": "Europe/Madrid",
    "munich": "Europe/Berlin",
    "hamburg": "Europe/Berlin",
    "frankfurt": "Europe/Berlin",
    "cologne": "Europe/Berlin",
    "geneva": "Europe/Zurich",
    "milan": "Europe/Rome",
    "porto": "Europe/Lisbon",
    "gothenburg": "Europe/Stockholm",
    "krakow": "Europe/Warsaw",
    "kraków": "Europe/Warsaw",
    "kyiv": "Europe/Kyiv",
    "lyon": "Europe/Paris",
    "edinburgh": "Europe/London",
    "manchester": "Europe/London",
    "beijing": "Asia/Shanghai",
    "osaka": "Asia/Tokyo",
    "hanoi": "Asia/Ho_Chi_Minh",
    "tel aviv": "Asia/Jerusalem",
    "abu dhabi": "Asia/Dubai",
    "rio de janeiro": "America/Sao_Paulo",
    "cape town": "Africa/Johannesburg",
}
"""Cities that people name and the zone database does not."""


class NoSuchTime(ValueError):
    """The clocks of that zone skip this time on that day. Its text is a sentence for the person who typed it."""


class Slot(msgspec.Struct, frozen=True):
    """A stretch of somebody's day."""

    starts_at_ms: int
    minutes: int
    who: str

    @property
    def ends_at_ms(self) -> int:
        return self.starts_at_ms + self.minutes * MINUTE_MS


@cache
def zones() -> tuple[str, ...]:
    """The zones that a person can choose: cities, by region, and UTC."""
    named = (
        name for name in available_timezones() if name.partition("/")[0] in _REGIONS and "/" in name
    )
    return (*sorted(named), "UTC")


def is_zone(name: str) -> bool:
    if name in zones():
        return True
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return "/" in name


@cache
def city(zone: str) -> str:
    """A zone's name as a city: ``America/Argentina/Buenos_Aires`` is Buenos Aires."""
    last = zone.rpartition("/")[2]
    return _SPELT.get(last, last.replace("_", " "))


@cache
def _zones_by_city() -> dict[str, str]:
    by_city: dict[str, str] = {}
    for zone in zones():
        by_city.setdefault(city(zone).casefold(), zone)
        by_city.setdefault(zone.rpartition("/")[2].replace("_", " ").casefold(), zone)
    return by_city | ALIASES


def zone_of_city(text: str) -> str | None:
    """The zone of a city, or of a zone's own name; None: nobody knows it."""
    wanted = text.strip()
    if wanted in zones():
        return wanted
    return _zones_by_city().get(wanted.casefold())


def local(at_ms: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone))


def moment(day: date, at: time, zone: str) -> int:
    """The moment that a wall clock of the zone shows. When the clock shows it twice, the first time is meant.

    Raises:
        NoSuchTime: the clocks go forward over it.
    """
    wanted = datetime.combine(day, at, ZoneInfo(zone))
    at_ms = round(wanted.timestamp() * 1000)
    if local(at_ms, zone).replace(tzinfo=None) != wanted.replace(tzinfo=None):
        raise NoSuchTime(
            f"There is no {at:%H:%M} in {city(zone)} on that day: the clocks go forward."
        )
    return at_ms


def is_twice(at_ms: int, zone: str) -> bool:
    """Whether the wall clock shows this time twice on that day, because clocks go back."""
    shown = local(at_ms, zone)
    return shown.replace(fold=0).utcoffset() != shown.replace(fold=1).utcoffset()


def clock(at_ms: int, zone: str) -> str:
    """``14:30``."""
    return f"{local(at_ms, zone):%H:%M}"


def clock_beside(at_ms: int, zone: str, own_zone: str) -> str:
    """``14:30``, and where the day is another than in the own zone, ``Wed 03:30``."""
    shown = local(at_ms, zone)
    is_same_day = shown.date() == local(at_ms, own_zone).date()
    return f"{shown:%H:%M}" if is_same_day else f"{WEEKDAYS[shown.weekday()][:3]} {shown:%H:%M}"


def day(at_ms: int, zone: str) -> str:
    """``Tuesday 24 November``."""
    shown = local(at_ms, zone)
    return f"{WEEKDAYS[shown.weekday()]} {shown.day} {MONTHS[shown.month - 1]}"


def date_in_words(at_ms: int, zone: str) -> str:
    """``22 February 2027``."""
    shown = local(at_ms, zone)
    return f"{shown.day} {MONTHS[shown.month - 1]} {shown.year}"


def short_day(at_ms: int, zone: str) -> str:
    """``23 Nov``."""
    shown = local(at_ms, zone)
    return f"{shown.day} {MONTHS[shown.month - 1][:3]}"


def short(at_ms: int, zone: str) -> str:
    """``23 Nov 16:20``."""
    return f"{short_day(at_ms, zone)} {clock(at_ms, zone)}"


def day_heading(at_ms: int, zone: str, now_ms: int) -> str:
    """``Today``, ``Tomorrow, Wednesday 25 November``, ``Friday 27 November``, and with the year where it is another."""
    then, now = local(at_ms, zone).date(), local(now_ms, zone).date()
    words = day(at_ms, zone) + ("" if then.year == now.year else f" {then.year}")
    if then == now:
        return "Today"
    if then == now + timedelta(days=1):
        return f"Tomorrow, {words}"
    if then == now - timedelta(days=1):
        return f"Yesterday, {words}"
    return words


def opened_at(at_ms: int, zone: str, now_ms: int) -> str:
    """A moment of the past in few words: ``at 09:31`` on the same day, else ``on 23 Nov at 16:20``."""
    shown = local(at_ms, zone)
    if shown.date() == local(now_ms, zone).date():
        return f"at {shown:%H:%M}"
    return f"on {shown.day} {MONTHS[shown.month - 1][:3]} at {shown:%H:%M}"


def until(at_ms: int, now_ms: int) -> str:
    """``in 13 minutes``, ``in 3 hours``, ``in 2 days``, ``now``, ``8 minutes ago``."""
    left = at_ms - now_ms
    size = abs(left)
    if size < MINUTE_MS:
        return "now"
    if size < 90 * MINUTE_MS:
        words = _counted(-(-size // MINUTE_MS) if left > 0 else size // MINUTE_MS, "minute")
    elif size < 36 * HOUR_MS:
        words = _counted(round(size / HOUR_MS), "hour")
    else:
        words = _counted(round(size / DAY_MS), "day")
    return f"in {words}" if left > 0 else f"{words} ago"


def minutes_in_words(ms: int) -> str:
    """``12 minutes``; under one minute ``less than a minute``."""
    return _counted(ms // MINUTE_MS, "minute") if ms >= MINUTE_MS else "less than a minute"


def took(minutes: int) -> str:
    """How long something took, in few words: ``14 min``, ``3 h``, ``2 days``."""
    if minutes < 90:
        return f"{minutes} min"
    if minutes < 36 * 60:
        return f"{round(minutes / 60)} h"
    return _counted(round(minutes / (24 * 60)), "day")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def clashes(slot: Slot, others: Iterable[Slot], zone: str) -> list[str]:
    """``You already have Priya at 14:30.`` for every slot that overlaps; touching ends do not."""
    return [
        f"You already have {other.who} at {clock(other.starts_at_ms, zone)}."
        for other in others
        if slot.starts_at_ms < other.ends_at_ms and other.starts_at_ms < slot.ends_at_ms
    ]


def night_note(at_ms: int, zone: str, place: str = "") -> str | None:
    """``That is 03:30 in Boston.`` when it is before seven or after ten at night there."""
    shown = local(at_ms, zone)
    if 7 <= shown.hour < 22:
        return None
    return f"That is {shown:%H:%M} in {place or city(zone)}."


def clock_change_notes(at_ms: int, own_zone: str, others: Sequence[tuple[str, str]]) -> list[str]:
    """``Boston changes clocks on Sunday.`` when the distance between two zones changes in that week.

    ``others`` are zones with the place that they are called by. Two zones that change at the same moment give no note,
    nor does a week in which nothing changes. The week is Monday to Sunday, in the own zone.
    """
    named = [(zone, own_zone, place or city(zone)) for zone, place in others]
    named += [(own_zone, zone, city(own_zone)) for zone, _place in others]
    notes: list[str] = []
    for zone, other, name in named:
        changed_ms = _change_near(at_ms, zone, own_zone)
        if changed_ms is None:
            continue
        if _distance(changed_ms, zone, other) == _distance(changed_ms - HOUR_MS, zone, other):
            continue
        note = f"{name} changes clocks on {WEEKDAYS[local(changed_ms, zone).weekday()]}."
        if note not in notes:
            notes.append(note)
    return notes


def _distance(at_ms: int, zone: str, other: str) -> timedelta:
    there, here = local(at_ms, zone).utcoffset(), local(at_ms, other).utcoffset()
    return (there or timedelta()) - (here or timedelta())


def _change_near(at_ms: int, zone: str, own_zone: str) -> int | None:
    """The moment at which the zone's clocks change in the week of ``at_ms``; None: they do not."""
    own = local(at_ms, own_zone)
    monday = own.date() - timedelta(days=own.weekday())
    start = datetime.combine(monday, time(), UTC)
    before = start.astimezone(ZoneInfo(zone)).utcoffset()
    for hours in range(1, 24 * 7 + 1):
        at = start + timedelta(hours=hours)
        if at.astimezone(ZoneInfo(zone)).utcoffset() != before:
            return round(at.timestamp() * 1000)
    return None
