"""docs/recording.md says what the code does."""

import re
from pathlib import Path

import msgspec

from room.replay import index, moment, reel, segments
from room.session import events

TEXT = (Path(__file__).parents[2] / "docs/recording.md").read_text()


def test_every_type_of_event_is_described_and_no_other():
    table = TEXT.split("### Events")[1].split("Names, e-mail")[0]
    told = set(re.findall(r"`([A-Z][A-Za-z]+)`", table))
    assert told == {kind.__name__ for kind in events.EVENT_TYPES}


def test_every_field_of_the_index_and_of_a_moment_is_described():
    for field in index.Index.__struct_fields__:
        assert f"`{field}`" in TEXT
    for field in moment.Moment.__struct_fields__:
        assert f"`{field}`" in TEXT
    sent = msgspec.json.decode(segments.encode(segments.Segment(0, 1, 0, b"", moment.Moment(), ())))
    for field in sent:
        assert f"`{field}`" in TEXT


def test_the_numbers_are_those_of_the_code():
    assert f"{reel.EVENTS_MAX:,} events" in TEXT
    assert reel.LENGTH_MS == 120_000
    assert f"{moment.OUTPUT_UNITS_MAX:,} UTF-16 units" in TEXT
    assert f"more than {index.QUIET_MS // 1000} s" in TEXT
    assert f"### Index (version {index.VERSION})" in TEXT
    assert f"### Segment (version {segments.VERSION})" in TEXT
    assert events.VERSION == 1
