"""What people typed into a form: read field by field, with words for what cannot be used."""

from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, Any
from urllib.parse import urlsplit

from litestar.datastructures import FormMultiDict
from litestar.enums import RequestEncodingType
from litestar.params import Body

from room.desk import names, schedule

Form = Annotated[dict[str, Any], Body(media_type=RequestEncodingType.URL_ENCODED)]
"""A form's fields; one that occurs several times is a list."""


class Fields:
    """Reads fields and collects faults: field → sentence. Nothing is used while `faults` holds one."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data
        self.faults: dict[str, str] = {}

    @property
    def typed(self) -> dict[str, Any]:
        """What was typed, to show it again."""
        return dict(self._data)

    def raw(self, field: str, default: str = "") -> str:
        value = self._data.get(field, default)
        return str(value[-1] if isinstance(value, list) and value else value)

    def many(self, field: str) -> list[str]:
        """All values of a field that may occur several times."""
        if isinstance(self._data, FormMultiDict):
            return [str(value) for value in self._data.getall(field, [])]
        value = self._data.get(field, [])
        return [str(one) for one in value] if isinstance(value, list) else [str(value)]

    def fault(self, field: str, sentence: str) -> None:
        self.faults.setdefault(field, sentence)

    def name(self, field: str, if_missing: str = "") -> str:
        """A name, cleaned; empty is a fault when there is a sentence for it."""
        value = names.clean_name(self.raw(field))
        if not value and if_missing:
            self.fault(field, if_missing)
        return value

    def text(self, field: str) -> str:
        return names.clean_text(self.raw(field))

    def whole(self, field: str, lowest: int, highest: int, default: int | None = None) -> int:
        typed = self.raw(field).strip()
        if not typed and default is not None:
            return default
        if not (typed.isascii() and typed.isdigit() and lowest <= int(typed) <= highest):
            self.fault(field, f"Give a whole number from {lowest} to {highest}.")
            return lowest
        return int(typed)

    def zone(self, field: str) -> str:
        """An IANA name, or a city that has one."""
        typed = self.raw(field).strip()
        found = typed if schedule.is_zone(typed) else schedule.zone_of_city(typed)
        if found is None:
            self.fault(field, "Choose a city from the list." if typed else "Choose a time zone.")
            return "UTC"
        return found

    def moment(self, day_field: str, time_field: str, zone: str) -> int:
        """The moment that a day and a time mean in a zone."""
        try:
            day = date.fromisoformat(self.raw(day_field).strip())
        except ValueError:
            self.fault(day_field, "Choose a day.")
            return 0
        try:
            at = time.fromisoformat(self.raw(time_field).strip())
        except ValueError:
            self.fault(time_field, "Give a time, such as 15:30.")
            return 0
        if not 2000 <= day.year <= 2100:
            self.fault(day_field, "Choose a day in this century.")
            return 0
        try:
            return schedule.moment(day, at.replace(second=0, microsecond=0, tzinfo=None), zone)
        except schedule.NoSuchTime as error:
            self.fault(time_field, str(error))
            return 0

    def link(self, field: str) -> str:
        """An http or https address, or nothing."""
        typed = names.clean_name(self.raw(field))
        if not typed:
            return ""
        try:
            parts = urlsplit(typed)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in {"http", "https"} or not parts.netloc or " " in typed:
            self.fault(field, "Give a whole address that starts with https://, or leave it empty.")
            return ""
        return typed

    def chosen(self, field: str, known: Mapping[str, Any] | set[str], if_wrong: str) -> str:
        typed = self.raw(field)
        if typed not in known:
            self.fault(field, if_wrong)
            return ""
        return typed
