import pytest

from room.sandbox.spec import CaseResult, Limits, Usage
from room.sandbox.words import plain_seconds, report_sentence, seconds, sentence, size


def case(verdict):
    return CaseResult("a", "s1", False, verdict, "", "", 0.1, "")


@pytest.mark.parametrize(
    ("verdict", "facts", "text"),
    [
        ("OK", {}, "Finished in 0.4 s"),
        ("RE", {"code": 1}, "Ended with code 1"),
        ("RE", {"signal": "SIGSEGV"}, "Ended by signal SIGSEGV"),
        ("TLE", {"why": "wall"},
         "Stopped after 10 seconds, the limit for a run. An endless loop is the usual cause."),
        ("TLE", {"why": "cpu"},
         "Stopped after 10 seconds of computing, the limit for a run. An endless loop is the usual cause."),
        ("MLE", {}, "Stopped at 128 MB of memory, the limit for a run."),
        ("OLE", {}, "Stopped after 1 MB of output, the limit for a run."),
        ("CANCELLED", {}, "Stopped"),
    ],
)  # fmt: skip
def test_each_end_has_its_sentence(verdict, facts, text):
    plain = {"code": None, "signal": None, "why": "exit"}
    limits = Limits(wall_s=10, memory_mb=128)
    assert sentence(verdict, usage=Usage(wall_s=0.41), limits=limits, **{**plain, **facts}) == text


def test_seconds_and_sizes_read_well():
    assert [seconds(x) for x in (0.0, 0.04, 0.42, 1.0, 2.55, 10.0)] == [
        "0.01", "0.04", "0.4", "1", "2.5", "10",
    ]  # fmt: skip
    assert plain_seconds(1.0) == "1 second"
    assert [size(x) for x in (1, 100, 65_536, 1_048_576, 1_572_864)] == [
        "1 byte", "100 bytes", "64 KB", "1 MB", "1.5 MB",
    ]  # fmt: skip


def test_a_report_counts_what_passed():
    assert report_sentence([case("AC"), case("WA")]) == "1 of 2 tests passed"
    assert report_sentence([case("AC"), case("AC")]) == "All 2 tests passed"
    assert report_sentence([case("AC")]) == "The test passed"
    assert report_sentence([]) == "There are no tests here."
