"""The collector's looks: short ones while somebody is connected, whole ones while nobody is."""

import gc
import weakref

import pytest

from room import pauses
from room.pauses import Collector


class Knot:
    def __init__(self):
        self.itself = self


@pytest.fixture
def collector(monkeypatch):
    monkeypatch.setattr(
        pauses, "WORTH_A_LOOK", 10**9
    )  # However much other tests have left in this process.
    made = Collector()
    yield made
    made.end()


def test_what_has_lived_is_not_looked_at_again(collector):
    old = [[number] for number in range(20_000)]
    collector.tend(is_quiet=False)
    assert gc.get_freeze_count() > len(old)
    assert len(gc.get_objects()) < len(old)


def test_a_knot_that_was_set_aside_goes_when_nobody_is_connected(collector, monkeypatch):
    knot = Knot()
    gone = weakref.ref(knot)
    collector.tend(is_quiet=False)
    del knot
    collector.tend(is_quiet=False)
    assert gone() is not None
    collector.tend(is_quiet=True)
    assert gone() is None
    with monkeypatch.context() as patched:
        patched.setattr(gc, "unfreeze", lambda: pytest.fail("quiet hours cost nothing"))
        collector.tend(is_quiet=True)


def test_what_came_and_went_between_two_looks_is_not_set_aside(collector):
    collector.tend(is_quiet=False)
    knot = Knot()
    gone = weakref.ref(knot)
    gc.collect(1)  # It grows old by itself,
    gc.collect(1)
    del knot  # and is dropped before the next look.
    collector.tend(is_quiet=False)
    assert gone() is None


def test_a_look_does_not_count_what_is_set_aside(collector, monkeypatch):
    monkeypatch.setattr(gc, "get_freeze_count", lambda: pytest.fail("it walks over all of them"))
    collector.tend(is_quiet=True)
    collector.tend(is_quiet=False)


def test_a_crowd_that_never_leaves_does_not_fill_the_memory(collector, monkeypatch):
    collector.tend(is_quiet=True)
    monkeypatch.setattr(pauses, "WORTH_A_LOOK", 0)
    monkeypatch.setattr(pauses, "GROWN", 1)
    knot = Knot()
    gone = weakref.ref(knot)
    kept = [[number] for number in range(1_000)]
    collector.tend(is_quiet=False)
    assert gone() is not None
    del knot
    kept += [[number] for number in range(1_000)]
    collector.tend(is_quiet=False)
    assert gone() is None
