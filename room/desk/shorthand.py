"""One line that says a whole interview: ``Elena Sorokina Thu 15:30 Warsaw``."""

import re
from datetime import date, time, timedelta

import msgspec

from room.desk import names, schedule

_TIME = re.compile(r"(?<![\d:.])([01]?\d|2[0-3])[:.]([0-5]\d)(?![\d:.])")
_DAY = re.compile(
    r"\b(mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)\b\.?",
    re.IGNORECASE,
)
_NEAR = re.compile(r"\b(today|tomorrow)\b", re.IGNORECASE)
_DATE = re.compile(
    r"\b(\d{1,2})\.?\s+(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b(?:\s+(\d{4})\b)?",
    re.IGNORECASE,
)
_ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)\b")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Shorthand(msgspec.Struct, frozen=True):
    """What the line says; None and empty: it does not say."""

    name: str
    day: date | None
    at: time | None
    zone: str | None
    """The zone that the time is meant in."""

    @property
    def says_more(self) -> bool:
        """Whether it holds more than a name."""
        return self.day is not None or self.at is not None or self.zone is not None


def read(text: str, today: date) -> Shorthand:
    """Take a line apart. A weekday is the next one after today; a date without a year is the next such date."""
    rest = names.clean_name(text)
    day, rest = _take_day(rest, today)
    at, rest = _take_time(rest)
    zone, rest = _take_zone(rest)
    return Shorthand(name=" ".join(rest.replace(",", " ").split()), day=day, at=at, zone=zone)


def _take_time(text: str) -> tuple[time | None, str]:
    found = _TIME.search(text)
    if found is None:
        return None, text
    return time(int(found[1]), int(found[2])), _without(text, found)


def _take_day(text: str, today: date) -> tuple[date | None, str]:
    found = _ISO.search(text)
    if found is not None:
        day = _valid(int(found[1]), int(found[2]), int(found[3]))
        if day is not None:
            return day, _without(text, found)
    found = _DATE.search(text)
    if found is not None:
        month = _MONTHS.index(found[2].lower()) + 1
        day = _valid(int(found[3] or today.year), month, int(found[1]))
        if day is not None and day < today and not found[3]:
            day = _valid(today.year + 1, month, int(found[1]))
        if day is not None:
            return day, _DAY.sub(" ", _without(text, found), count=1)
    found = _NEAR.search(text)
    if found is not None:
        return today + timedelta(days=found[1].lower() == "tomorrow"), _without(text, found)
    # The last one: names come first, and "Sun" or "Wen" may be one.
    all_found = list(_DAY.finditer(text))
    if all_found and (len(all_found) > 1 or all_found[-1].start() > 0):
        wanted = _WEEKDAYS.index(all_found[-1][1][:3].lower())
        ahead = (wanted - today.weekday() - 1) % 7 + 1
        return today + timedelta(days=ahead), _without(text, all_found[-1])
    return None, text


def _take_zone(text: str) -> tuple[str | None, str]:
    words = text.replace(",", " ").split()
    for count in (3, 2, 1):
        if len(words) > count:
            zone = schedule.zone_of_city(" ".join(words[-count:]))
            if zone is not None:
                return zone, " ".join(words[:-count])
    return None, text


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"
