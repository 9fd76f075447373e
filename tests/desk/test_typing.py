"""What people type: names and the one-line form of an interview."""

from datetime import date, time

import pytest

from room.desk.names import clean_name, clean_text
from room.desk.shorthand import read

TUESDAY = date(2026, 11, 24)


def test_a_pasted_line_fills_name_day_time_and_zone() -> None:
    said = read("Elena Sorokina Thu 15:30 Warsaw", TUESDAY)
    assert (said.name, said.day, said.at, said.zone) == (
        "Elena Sorokina",
        date(2026, 11, 26),
        time(15, 30),
        "Europe/Warsaw",
    )


@pytest.mark.parametrize(
    ("line", "name", "day", "zone"),
    [
        (
            "Luis Ferreira, 3 Dec 16:00, São Paulo",
            "Luis Ferreira",
            date(2026, 12, 3),
            "America/Sao_Paulo",
        ),
        (
            "Hana Dvořák Wed 25 November 09.30 Prague",
            "Hana Dvořák",
            date(2026, 11, 25),
            "Europe/Prague",
        ),
        ("Mei-Ling Wu 2026-11-27 11:00 Taipei", "Mei-Ling Wu", date(2026, 11, 27), "Asia/Taipei"),
        (
            "Priya Raman tomorrow 14:30 New York",
            "Priya Raman",
            date(2026, 11, 25),
            "America/New_York",
        ),
        ("Leo Marchetti 10 Feb 9:00", "Leo Marchetti", date(2027, 2, 10), None),
        ("Noor Tue 9:00", "Noor", date(2026, 12, 1), None),
    ],
)
def test_lines_as_people_write_them(line: str, name: str, day: date, zone: str | None) -> None:
    said = read(line, TUESDAY)
    assert (said.name, said.day, said.zone) == (name, day, zone)


@pytest.mark.parametrize("name", ["Sun Li", "Paris Jones", "Monica Thurgood", "Maya"])
def test_a_name_alone_stays_a_name(name: str) -> None:
    said = read(name, TUESDAY)
    assert said.name == name
    assert not said.says_more


def test_direction_tricks_and_control_characters_go_from_names() -> None:
    assert clean_name("Ana\u202e Mar\u0000\u0007\n ") == "Ana Mar"
    assert clean_name("\u2066evil\u2069 gpj\u202e.exe") == "evil gpj.exe"


def test_names_of_every_script_stay_as_they_are() -> None:
    for name in ("نگار می\u200cخواهد", "José Ñúñez", "王秀英", "O’Brien-Smith", "</script>"):
        assert clean_name(name) == name


def test_a_name_has_at_most_200_characters() -> None:
    assert len(clean_name("x" * 5000)) == 200
    assert len(clean_text("y" * 5000)) == 2000
