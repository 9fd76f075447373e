"""The engine's faults, with engines made for it: absent, hanging, losing boxes. Nothing raises and nothing leaks."""

import asyncio
import contextlib

import pytest

from room.sandbox.driver import BoxState, EngineDown, Image, ImageMissing
from room.sandbox.frames import frame
from room.sandbox.runner import Runner, version_in
from room.sandbox.spec import Limits, RunRequest, SourceFile, TestCase, TestRequest, TestSuite

REQUEST = RunRequest("python", (SourceFile("main.py", "x"),), "main.py", limits=Limits(wall_s=0.1))
TESTS = TestRequest(
    "python",
    (SourceFile("main.py", "x"),),
    "main.py",
    TestSuite("stdio", (TestCase("a", "s1", "hi", stdin=""), TestCase("b", "s1", "hi", stdin=""))),
    Limits(wall_s=0.1),
)
WELL = frame(b"x", b"code=0 signal=0 why=exit wall_us=10000 cpu_us=900 peak=1024 oom=0")
HELLO = frame(b"o", b"hi\n")


class FakeBox:
    """A box that answers each job with the next of its `answers`; None: falls silent for ever, b"": ends."""

    def __init__(self, number, answers, *, ready=True, state=None):
        self.id = f"box-{number}"
        self.keeps = False
        self.answers = list(answers)
        self.inbox = asyncio.Queue()
        if ready:
            self.inbox.put_nowait(frame(b"h", b"protocol=1"))
        self.the_state = state or BoxState(running=False, out_of_memory=False)
        self.destroyed = False

    async def write(self, data):
        if data.endswith(frame(b"G")):
            answer = self.answers.pop(0) if self.answers else b""
            if isinstance(answer, Exception):
                raise answer
            if answer is not None:
                self.inbox.put_nowait(answer or None)

    async def read(self):
        return await self.inbox.get()

    async def state(self):
        return self.the_state

    async def destroy(self):
        self.destroyed = True


class FakeEngine:
    """An engine whose boxes are made by `make(number)`; `down` and `missing` are its faults."""

    def __init__(self, make=lambda number: FakeBox(number, [HELLO + WELL] * 9)):
        self.make = make
        self.boxes = []
        self.down = None
        self.missing = False
        self.swept = []

    async def probe(self):
        if self.down:
            raise EngineDown(self.down)

    async def images(self):
        await self.probe()
        return {"python": Image("image-1")}

    async def create(self, shape, *, keeper=False):
        await self.probe()
        if self.missing:
            raise ImageMissing(shape.language)
        box = self.make(len(self.boxes))
        self.boxes.append(box)
        return box

    async def sweep(self, known, *, closing=False):
        self.swept.append(known)
        return 0

    async def close(self):
        pass


@contextlib.asynccontextmanager
async def opened(engine, **more):
    runner = Runner(engine, **{"warm": 0, **more})
    await runner._check(force=True)  # without the chores, which are tested apart
    try:
        yield runner
    finally:
        await runner.close()
        assert all(box.destroyed for box in engine.boxes)
        assert runner._pool.known == frozenset()


def ignore(piece):
    pass


async def test_a_run_on_a_healthy_engine_ends_well():
    pieces = []
    async with opened(FakeEngine()) as runner:
        result = await runner.run(REQUEST, pieces.append)
    assert (result.verdict, result.sentence) == ("OK", "Finished in 0.01 s")
    assert [piece.text for piece in pieces] == ["hi\n"]


async def test_without_an_engine_a_run_says_why_and_what_to_do():
    engine = FakeEngine()
    engine.down = "connection refused"
    async with opened(engine) as runner:
        status = await runner.status()
        result = await runner.run(REQUEST, ignore)
        report = await runner.run_tests(TESTS)
    assert (status.available, status.languages, status.retry_in_s) == (False, {}, 1)
    assert status.reason == result.sentence == report.sentence
    assert "Start Docker" in status.reason
    assert (result.verdict, report.verdict) == ("UNAVAILABLE", "UNAVAILABLE")
    assert (report.passed, report.total, report.cases) == (0, 2, ())


async def test_when_the_engine_is_back_code_runs_again():
    engine = FakeEngine()
    engine.down = "connection refused"
    async with opened(engine) as runner:
        assert (await runner.run(REQUEST, ignore)).verdict == "UNAVAILABLE"
        engine.down = None
        assert not (
            await runner.status()
        ).available  # not asked again before the back-off has passed
        runner._probe_at = 0
        assert (await runner.status()).available
        assert (await runner.run(REQUEST, ignore)).verdict == "OK"


async def test_the_wait_before_asking_again_grows_to_half_a_minute_and_starts_anew():
    engine = FakeEngine()
    engine.down = "x"
    async with opened(engine) as runner:
        waits = []
        for _ in range(7):
            runner._probe_at = 0
            await runner._check()
            waits.append(runner._back_off)
        engine.down, runner._probe_at = None, 0
        await runner._check()
        assert waits == [4, 8, 16, 30, 30, 30, 30]
        assert runner._back_off == 1


async def test_a_box_that_takes_no_job_is_replaced(monkeypatch):
    monkeypatch.setattr("room.sandbox.conversation.LAST_WORDS_S", 0.01)
    boxes = iter([FakeBox(0, [EngineDown("reset")]), FakeBox(1, [HELLO + WELL])])
    pieces = []
    async with opened(FakeEngine(lambda _: next(boxes))) as runner:
        result = await runner.run(REQUEST, pieces.append)
    assert result.verdict == "OK"
    assert [piece.text for piece in pieces] == ["hi\n"]


async def test_a_box_that_vanishes_before_the_program_spoke_is_replaced():
    boxes = iter([FakeBox(0, [b""]), FakeBox(1, [HELLO + WELL])])
    pieces = []
    async with opened(FakeEngine(lambda _: next(boxes))) as runner:
        result = await runner.run(REQUEST, pieces.append)
    assert result.verdict == "OK"
    assert [piece.text for piece in pieces] == ["hi\n"]


async def test_a_box_that_vanishes_after_the_program_spoke_is_an_honest_fault_of_ours():
    pieces = []

    def make(number):
        box = FakeBox(number, [HELLO])
        box.inbox.put_nowait(HELLO)
        box.inbox.put_nowait(None)
        return box

    async with opened(FakeEngine(make)) as runner:
        result = await runner.run(REQUEST, pieces.append)
    assert result.verdict == "IE"
    assert "on our side" in result.sentence
    assert [piece.text for piece in pieces] == ["hi\n"]


async def test_a_box_that_the_kernel_ended_for_lack_of_memory_is_a_memory_verdict():
    state = BoxState(running=False, out_of_memory=True)
    async with opened(FakeEngine(lambda n: FakeBox(n, [b""] * 3, state=state))) as runner:
        assert (await runner.run(REQUEST, ignore)).verdict == "MLE"
        report = await runner.run_tests(TESTS)
    assert [case.verdict for case in report.cases] == ["MLE", "MLE"]


async def test_a_supervisor_that_never_answers_is_stopped_by_our_own_timer(monkeypatch):
    monkeypatch.setattr("room.sandbox.conversation.GRACE_S", 0.05)
    async with opened(FakeEngine(lambda n: FakeBox(n, [None] * 3))) as runner:
        result = await runner.run(REQUEST, ignore)
        report = await runner.run_tests(TESTS)
    assert result.verdict == "TLE"
    assert [case.verdict for case in report.cases] == ["TLE", "TLE"]


@pytest.mark.parametrize(
    "answer",
    [b"nonsense that is no frame", frame(b"x", b"code=zero"), frame(b"o", b"x" * 3_000_000)],
)
async def test_a_supervisor_that_talks_nonsense_is_a_fault_of_ours(answer):
    async with opened(FakeEngine(lambda n: FakeBox(n, [answer]))) as runner:
        assert (await runner.run(REQUEST, ignore)).verdict == "IE"


async def test_a_box_that_never_gets_ready_means_the_engine_is_down(monkeypatch):
    monkeypatch.setattr("room.sandbox.conversation.READY_S", 0.05)
    async with opened(FakeEngine(lambda n: FakeBox(n, [], ready=False))) as runner:
        assert (await runner.run(REQUEST, ignore)).verdict == "UNAVAILABLE"


async def test_a_missing_image_says_how_to_build_it():
    engine = FakeEngine()
    engine.missing = True
    async with opened(engine) as runner:
        result = await runner.run(REQUEST, ignore)
        assert result.verdict == "UNAVAILABLE"
        assert "room images build" in result.sentence
        assert not (await runner.status()).available


async def test_fifty_people_on_a_busy_runner_get_a_place_or_an_honest_no():
    async with opened(FakeEngine(lambda n: FakeBox(n, [HELLO + WELL])), runs_at_once=2) as runner:
        results = await asyncio.gather(*(runner.run(REQUEST, ignore) for _ in range(50)))
        verdicts = [result.verdict for result in results]
        assert (verdicts.count("OK"), verdicts.count("BUSY")) == (34, 16)
        assert (await runner.run(REQUEST, ignore)).verdict == "OK"


async def test_a_stopped_run_in_the_line_is_cancelled_and_takes_no_box():
    engine = FakeEngine(lambda n: FakeBox(n, [None]))
    stop, first = asyncio.Event(), asyncio.Event()
    async with opened(engine, runs_at_once=1) as runner:
        slow = RunRequest("python", REQUEST.files, "main.py", limits=Limits(wall_s=60))
        inside = asyncio.ensure_future(runner.run(slow, ignore, stop=first))
        while not engine.boxes:  # noqa: ASYNC110 (only lets the other task go on)
            await asyncio.sleep(0)
        waiting = asyncio.ensure_future(runner.run(REQUEST, ignore, stop=stop))
        await asyncio.sleep(0)
        stop.set()
        assert (await waiting).verdict == "CANCELLED"
        first.set()
        assert (await inside).verdict == "CANCELLED"
        assert len(engine.boxes) == 1


async def test_warm_boxes_are_used_once_each_and_replaced(monkeypatch):
    monkeypatch.setattr("room.sandbox.pool.REFILL_AFTER_S", 0)
    engine = FakeEngine(lambda n: FakeBox(n, [HELLO + WELL]))
    async with opened(engine, warm=2) as runner:
        for _ in range(5):
            while runner._pool._tasks:
                await asyncio.wait(runner._pool._tasks)
            assert sum(map(len, runner._pool._idle.values())) == 2
            assert (await runner.run(REQUEST_AS_WARM, ignore)).verdict == "OK"
    assert len(engine.boxes) == 7


REQUEST_AS_WARM = RunRequest("python", REQUEST.files, "main.py")


async def test_hidden_tests_never_take_a_warm_box():
    engine = FakeEngine()
    async with opened(engine, warm=1) as runner:
        while runner._pool._tasks:
            await asyncio.wait(runner._pool._tasks)
        warm = engine.boxes[0]
        tests = TestRequest("python", TESTS.files, "main.py", TESTS.suite)
        await runner.run_tests(tests, lane="hidden")
        assert len(warm.answers) == 9
        await runner.run_tests(tests)
        assert len(warm.answers) == 7


async def test_the_chores_sweep_at_the_start_and_survive_a_fault():
    engine = FakeEngine()
    runner = Runner(engine, warm=0)
    await runner.start()
    while not engine.swept:  # noqa: ASYNC110 (only lets the other task go on)
        await asyncio.sleep(0)
    assert engine.swept == [frozenset()]
    await runner.close()


async def test_an_address_where_nothing_listens_opens_all_the_same(tmp_path):
    async with Runner.open(docker_host=f"unix://{tmp_path}/none.sock") as runner:
        status = await runner.status()
        result = await runner.run(REQUEST, ignore)
    assert not status.available
    assert result.verdict == "UNAVAILABLE"


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 500 x\r\nContent-Length: 2\r\n\r\n{}", b"garbage\r\n\r\n", b""]
)
async def test_an_engine_that_answers_nonsense_is_unavailable(tmp_path, answer):
    async def serve(reader, writer):
        await reader.read(100)
        writer.write(answer)
        writer.close()

    path = str(tmp_path / "engine.sock")
    async with (
        await asyncio.start_unix_server(serve, path),
        Runner.open(docker_host=f"unix://{path}") as runner,
    ):
        assert (await runner.run(REQUEST, ignore)).verdict == "UNAVAILABLE"


async def test_an_engine_that_never_answers_is_unavailable(tmp_path, monkeypatch):
    monkeypatch.setattr("room.sandbox.docker.CALL_S", 0.1)
    held = asyncio.Event()

    async def serve(reader, writer):
        await held.wait()
        writer.close()

    path = str(tmp_path / "engine.sock")
    async with (
        await asyncio.start_unix_server(serve, path),
        Runner.open(docker_host=f"unix://{path}") as runner,
    ):
        assert (await runner.run(REQUEST, ignore)).verdict == "UNAVAILABLE"
        held.set()


class ManyLanguages(FakeEngine):
    async def images(self):
        return {"python": Image("1", "3.11"), "go": Image("2", "1.19"), "rust": Image("3")}


async def test_boxes_stand_ready_in_the_usual_languages_and_in_those_used_lately(monkeypatch):
    def warm(runner):
        return {shape.language for shape, boxes in runner._pool._idle.items() if boxes}

    async def settled(runner):
        while runner._pool._tasks:
            await asyncio.wait(runner._pool._tasks)

    files = (SourceFile("main.rs", "x"),)
    engine = ManyLanguages(lambda n: FakeBox(n, [frame(b"f", b"x.room/out/main\0bin") + WELL] * 9))
    async with opened(engine, warm=1) as runner:
        await settled(runner)
        assert warm(runner) == {"python"}
        assert (await runner.run(RunRequest("rust", files, "main.rs"), ignore)).verdict == "OK"
        await settled(runner)
        assert warm(runner) == {"python", "rust"}
        monkeypatch.setattr("room.sandbox.runner.WARM_FOR_S", 0.0)
        runner._keep_warm()
        await settled(runner)
        assert warm(runner) == {"python"}


async def test_an_image_that_says_its_version_is_not_started_to_learn_it():
    said = frame(b"o", b"rustc 1.63.0 (Debian)\n") + WELL
    engine = ManyLanguages(lambda n: FakeBox(n, [said]))
    async with opened(engine) as runner:
        await runner._learn_versions()
        status = await runner.status()
        assert status.languages == {"python": "Python 3.11", "go": "Go 1.19", "rust": "Rust 1.63"}
        assert len(engine.boxes) == 1


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("Python 3.11.2\n", "3.11"),
        ("v18.20.4", "18.20"),
        ("javac 17", "17"),
        ("12.2.0", "12.2"),
        ("none", ""),
    ],
)
def test_a_version_is_the_first_number_to_its_second_part(said, version):
    assert version_in(said) == version
