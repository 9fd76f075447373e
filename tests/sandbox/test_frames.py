import pytest
from hypothesis import given
from hypothesis import strategies as st

from room.sandbox.conversation import signal_name, verdict_of
from room.sandbox.frames import (
    BadFrame,
    Ending,
    FrameReader,
    Job,
    file_frames,
    frame,
    job_frames,
    parse_ending,
)
from room.sandbox.spec import SourceFile

FRAMES = st.lists(
    st.tuples(st.sampled_from([b"h", b"o", b"e", b"r", b"x"]), st.binary(max_size=50))
)


def ending(**facts):
    plain = {"code": 0, "signal": 0, "why": "exit", "wall_us": 1, "cpu_us": 1, "peak": 1, "oom": 0}
    return Ending(**{**plain, **facts})


@given(FRAMES, st.integers(1, 20))
def test_frames_come_out_as_they_went_in_however_they_are_cut(frames, step):
    data = b"".join(frame(kind, body) for kind, body in frames)
    reader = FrameReader()
    got = [f for at in range(0, len(data), step) for f in reader.feed(data[at : at + step])]
    assert got == frames


@pytest.mark.parametrize("data", [b"Q\0\0\0\0", b"o\xff\xff\xff\xff"])
def test_bytes_that_no_supervisor_writes_are_refused(data):
    with pytest.raises(BadFrame):
        list(FrameReader().feed(data))


def test_an_ending_is_parsed():
    text = b"code=1 signal=0 why=exit wall_us=1500 cpu_us=900 peak=1024 oom=0"
    assert parse_ending(text) == ending(code=1, wall_us=1500, cpu_us=900, peak=1024)


@pytest.mark.parametrize("text", [b"", b"code=1", b"\xff", b"code=x signal=0 why=exit"])
def test_a_broken_ending_is_refused(text):
    with pytest.raises(BadFrame):
        parse_ending(text)


def test_a_job_carries_its_words_apart_and_its_whole_input():
    job = Job(("python3", "-c", "a b\n'\""), b"x" * 100_000, wall_s=1.5, cpu_s=2, output_bytes=9)
    data = job_frames(job)
    assert frame(b"A", b"python3\0-c\0a b\n'\"") in data
    assert frame(b"L", b"1500 2000 9") in data
    assert data.endswith(frame(b"Z") + frame(b"G"))
    assert data.count(b"x") == 100_000


def test_a_lone_surrogate_in_a_file_does_not_stop_the_run():
    assert file_frames([SourceFile("a", "\ud800b")]) == frame(b"F", b"a\0?b")


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({}, "OK"),
        ({"code": 1}, "RE"),
        ({"code": 137}, "RE"),
        ({"signal": 11}, "RE"),
        ({"signal": 9}, "RE"),
        ({"signal": 9, "oom": 1}, "MLE"),
        ({"oom": 1}, "OK"),
        ({"why": "wall", "signal": 9}, "TLE"),
        ({"why": "cpu", "signal": 9}, "TLE"),
        ({"why": "output", "signal": 9}, "OLE"),
        ({"why": "exec", "code": 127}, "IE"),
    ],
)
def test_verdicts_come_from_timers_and_the_kernel(facts, verdict):
    assert verdict_of(ending(**facts)) == verdict


def test_signals_have_names():
    assert [signal_name(n) for n in (0, 11, 64)] == [None, "SIGSEGV", "SIGRTMAX"]
