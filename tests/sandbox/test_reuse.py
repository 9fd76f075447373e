"""Boxes that serve several submissions of one interview: what the next one finds of the one before, and when none does."""

import asyncio
import json
from collections import deque
from pathlib import Path

import pytest

from room.sandbox.budget import Payer
from room.sandbox.conversation import BoxLost, Conversation
from room.sandbox.docker import DockerDriver
from room.sandbox.driver import BoxState, EngineDown, NoNamespaces
from room.sandbox.frames import BadFrame, frame
from room.sandbox.pool import Pool
from room.sandbox.runner import Runner, shape_of
from room.sandbox.seccomp import closing_filters, profile
from room.sandbox.spec import Limits, RunRequest, SourceFile, TestCase, TestRequest, TestSuite

docker = pytest.mark.docker
loop = pytest.mark.asyncio(loop_scope="session")
FOLDER = Path(__file__).parent / "hostile"
REMEMBER = (FOLDER / "remember.py").read_text("utf-8")
TRACES = (FOLDER / "leave_traces.py").read_text("utf-8")
SHAPE = shape_of("python", Limits())
WHERE = "print([l for l in open('/proc/self/mountinfo') if '/etc/hostname' in l][0].split()[3])"


async def remembered(run, session):
    ran = await run(REMEMBER, payer=Payer(session, "tests"))
    assert ran.verdict == "OK", (ran.result, ran.text("stderr"))
    return json.loads(ran.text())


async def where(run, session, source=WHERE, **more):
    ran = await run(source, payer=Payer(session, "tests") if session else None, **more)
    return ran.text().splitlines()[0] if ran.text() else ran.verdict


async def given_back(runner):
    """Wait until no box is being renewed or destroyed."""
    while tasks := [task for task in runner._pool._tasks if not task.done()]:
        await asyncio.wait(tasks)


@docker
@loop
async def test_the_next_submission_sees_exactly_what_it_would_see_in_a_new_box(run):
    new = await remembered(run, "traces")
    left = await run(TRACES, payer=Payer("traces", "tests"))
    assert (left.verdict, left.text()) == ("OK", "left\n"), left.text("stderr")
    after = await remembered(run, "traces")
    assert after["box"].split()[3] == new["box"].split()[3]  # else this shows nothing
    assert after["seen"] == new["seen"]
    assert not any(after["seen"]["answers"])
    assert after["own"] == ["mnt", "pid", "ipc", "net", "uts"]
    assert after["users"] == ["10001", "10001", "1"]


@docker
@loop
async def test_no_two_interviews_share_a_box_and_nobodys_is_used_again(run, runner):
    boxes = [await where(run, session) for session in ("one", "two", "one", "two", "", "")]
    assert boxes[0:2] == boxes[2:4]
    assert len(set(boxes)) == 4


@docker
@loop
async def test_runs_tests_and_terminals_of_an_interview_share_and_hidden_tests_have_a_new_box(
    run, runner
):
    payer = Payer("mixed", "tests")
    first = await where(run, "mixed")
    files = (SourceFile("main.py", WHERE),)
    suite = TestSuite("stdio", (TestCase("a", "s1", "?"), TestCase("b", "s1", "?")))
    tests = TestRequest("python", files, "main.py", suite)
    seen = await runner.run_tests(tests, payer=payer)
    hidden = [await runner.run_tests(tests, payer=payer, lane="hidden") for _ in range(2)]
    shown = []
    typed = runner.interactive(RunRequest("python", files, "main.py"), shown.append, payer=payer)
    assert (await typed.result()).verdict == "OK"
    assert {case.got.strip() for case in seen.cases} == {first}
    assert "".join(piece.text for piece in shown).strip() == first
    apart = [{case.got.strip() for case in report.cases} for report in hidden]
    assert len(apart[0] | apart[1] | {first}) == 3


@docker
@loop
async def test_what_compiles_for_an_interview_never_runs_its_programs(run, runner):
    source = '#include <stdio.h>\nint main(void) { puts("%s"); }'
    payer = Payer("compiled", "tests")
    for word in ("one", "two"):
        assert (await run(source % word, "c", payer=payer)).text() == f"{word}\n"
    await given_back(runner)
    waiting = {(p.owner, p.shape.memory_mb): t.result() for t, p in runner._pool._own.items()}
    compiler, program = waiting["compiled's compiler", 768], waiting["compiled", 256]
    assert compiler.box.id != program.box.id
    assert (compiler.renewals, program.renewals) == (2, 2)


@docker
@loop
@pytest.mark.parametrize(
    ("trouble", "verdict"),
    [
        ("while True: pass", "TLE"),
        ("while True: print('x' * 999)", "OLE"),
        ("x = b'a' * 10**9", "MLE"),
        ("import os\nif os.fork() == 0: x = b'a' * 10**9\nos.wait()", "OK"),
    ],
)
async def test_after_any_trouble_the_box_is_not_used_again(run, trouble, verdict):
    before = await where(run, verdict)
    limits = Limits(wall_s=0.5) if verdict == "TLE" else Limits(output_bytes=5000)
    assert await where(run, verdict) == before
    ran = await run(trouble, payer=Payer(verdict, "tests"), limits=limits)
    assert ran.verdict == verdict
    assert await where(run, verdict) != before


@docker
@loop
async def test_memory_and_computing_of_the_one_before_do_not_count(run):
    payer = Payer("usage", "tests")
    big = await run("x = b'a' * 120_000_000; sum(range(9**7))", payer=payer)
    small = await run(f"x = b'a' * 30_000_000\n{WHERE}", payer=payer)
    again = await run(f"x = b'a' * 150_000_000\n{WHERE}", payer=payer)
    assert (small.verdict, again.verdict, small.text()) == ("OK", "OK", again.text())
    assert big.result.usage.peak_memory_bytes > 120_000_000
    assert 30_000_000 < small.result.usage.peak_memory_bytes < 90_000_000
    assert again.result.usage.peak_memory_bytes > 150_000_000
    assert small.result.usage.cpu_s < big.result.usage.cpu_s


@docker
@loop
async def test_a_box_is_replaced_after_many_submissions(run, monkeypatch):
    monkeypatch.setattr("room.sandbox.pool.MOST_RENEWALS", 2)
    boxes = [await where(run, "many", limits=Limits(memory_mb=200)) for _ in range(4)]
    assert boxes[0] == boxes[1] == boxes[2] != boxes[3]


@docker
@loop
async def test_a_cancelled_run_leaves_no_box_to_use_again(run, runner):
    before = await where(run, "stopped")
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.2, stop.set)
    request = RunRequest("python", (SourceFile("main.py", "while True: pass"),), "main.py")
    done = await runner.run(request, lambda _: None, stop=stop, payer=Payer("stopped", "tests"))
    assert done.verdict == "CANCELLED"
    assert await where(run, "stopped") != before


@docker
@loop
async def test_used_boxes_go_when_they_waited_long_or_are_many(run, runner, monkeypatch):
    pool = runner._pool
    monkeypatch.setattr("room.sandbox.pool.OWN_IDLE_S", -1)
    pool.tidy()
    assert len(pool._own) == 0
    monkeypatch.setattr("room.sandbox.pool.MOST_OWN", 2)
    for session in ("m1", "m2", "m3"):
        await where(run, session)
    assert [place.owner for place in pool._own.values()] == ["m2", "m3"]
    pool.tidy()
    await given_back(runner)
    assert (len(pool._own), pool.known) == (0, {talk.box.id for talk in pool.waiting})


@docker
@loop
async def test_where_boxes_may_make_no_namespaces_each_submission_gets_a_new_one(monkeypatch):
    monkeypatch.setattr("room.sandbox.docker.profile", lambda **_: profile())
    async with Runner.open(warm=0, chores=False) as runner:
        heard = []
        for _ in range(2):
            request = RunRequest("python", (SourceFile("main.py", WHERE),), "main.py")
            done = await runner.run(request, lambda p: heard.append(p.text), payer=Payer("a", "b"))
            assert done.verdict == "OK"
        assert not runner._pool._reuse
    assert heard[0] != heard[1]


@docker
@loop
async def test_reuse_can_be_switched_off():
    async with Runner.open(warm=0, chores=False, reuse=False) as runner:
        heard = []
        for _ in range(2):
            request = RunRequest("python", (SourceFile("main.py", WHERE),), "main.py")
            await runner.run(request, lambda p: heard.append(p.text), payer=Payer("a", "b"))
    assert heard[0] != heard[1]


def test_a_keepers_box_differs_from_any_other_in_four_options_only():
    driver = DockerDriver(docker_host=None, runtime=None, worker="w", boot_id="b")
    plain, kept = driver.options(SHAPE), driver.options(SHAPE, keeper=True)
    changed = {key for key in kept if kept[key] != plain[key]}
    host = {
        key for key in kept["HostConfig"] if kept["HostConfig"][key] != plain["HostConfig"].get(key)
    }
    assert changed == {"Entrypoint", "Cmd", "HostConfig"}
    assert host == {"SecurityOpt", "MaskedPaths", "ReadonlyPaths"}
    assert kept["HostConfig"]["SecurityOpt"][0] == "no-new-privileges"
    assert kept["Entrypoint"][2].endswith(plain["Entrypoint"][2])
    assert kept["Cmd"][:4] == ["16", "4096", "0", "1"]


def names(of):
    return {
        (name, json.dumps(rule.get("args")), rule["action"])
        for rule in of["syscalls"]
        for name in rule["names"]
    }


def verdict_of_filter(code, machine, number, flags=0):
    """What seccomp(2) would answer: the filter's own machine, small as it is."""
    lines = [
        (int.from_bytes(code[n : n + 2], "little"), code[n + 2], code[n + 3],
         int.from_bytes(code[n + 4 : n + 8], "little"))
        for n in range(0, len(code), 8)
    ]  # fmt: skip
    data = {0: number, 4: machine, 16: flags}
    held, at = 0, 0
    while True:
        kind, yes, no, value = lines[at]
        if kind == 0x06:
            return value
        if kind == 0x20:
            held = data[value]
        else:
            holds = held == value if kind == 0x15 else bool(held & value)
            at += yes if holds else no
        at += 1


def test_the_second_filter_refuses_exactly_what_the_keeper_needs_more():
    more = names(profile(keeper=True)) - names(profile())
    assert {name for name, _, _ in more} == {"mount", "clone"}
    allowed, refused = 0x7FFF0000, 0x00050001
    for name, machine, mount, clone in (
        ("x86_64", 0xC000003E, 165, 56),
        ("aarch64", 0xC00000B7, 40, 220),
    ):
        code = closing_filters()[name]
        assert verdict_of_filter(code, machine, mount) == refused
        assert verdict_of_filter(code, machine, clone, 0x00010F00 | 17) == allowed  # a thread
        assert verdict_of_filter(code, machine, clone, 17) == allowed  # a process
        for bit in (17, 25, 26, 27, 28, 29, 30):  # mnt cgroup uts ipc user pid net
            assert verdict_of_filter(code, machine, clone, 1 << bit) == refused
        assert verdict_of_filter(code, machine, 1) == allowed
        assert verdict_of_filter(code, 0x40000003, 1) == 0x80000000  # another machine's numbers


class Kept:
    """A box with a keeper, whose words and bytes a test chooses."""

    keeps = True

    def __init__(self, words=(b"over",), before=b"", after=None, echo=True):
        self.id = "kept"
        self.words, self.before, self.echo = deque(words), before, echo
        self.after = frame(b"h", b"protocol=1") if after is None else after
        self.inbox = asyncio.Queue()
        self.wrote = b""
        self.destroyed = False

    async def write(self, data):
        self.wrote += data
        if data.startswith(b"room-next "):
            word = data[10:] if self.echo else b"?" * 16
            for piece in (self.before, word[:5], word[5:] + self.after):
                if piece:
                    self.inbox.put_nowait(piece)
            self.inbox.put_nowait(None)

    async def read(self):
        return await self.inbox.get()

    async def word(self):
        if not self.words:
            raise EngineDown("the box has ended")
        return self.words.popleft()

    async def state(self):
        return BoxState(running=False, out_of_memory=False)

    async def destroy(self):
        self.destroyed = True


FORGED = frame(b"h", b"protocol=1") + frame(b"o", b"forged") + frame(b"x", b"code=0 signal=0")


async def test_what_an_old_supervisor_still_said_is_not_heard_by_the_next_submission():
    box = Kept(before=FORGED + b"o\0\0")
    talk = Conversation(box)
    talk._waiting = [(b"x", b"forged")]
    await talk.renew()
    assert talk._waiting == []
    assert box.wrote.startswith(frame(b"E") + b"room-next ")
    assert talk.renewals == 1


@pytest.mark.parametrize(
    ("box", "error"),
    [
        (lambda: Kept(words=[b"something else"]), BadFrame),
        (lambda: Kept(words=[]), EngineDown),
        (lambda: Kept(echo=False), BoxLost),
        (lambda: Kept(after=b""), BoxLost),
        (lambda: Kept(after=frame(b"o", b"forged")), BadFrame),
    ],
)
async def test_a_box_that_is_not_renewed_as_it_should_be_is_destroyed(box, error):
    box = box()
    with pytest.raises(error):
        await Conversation(box).renew()
    again = type(box)()
    again.words, again.echo, again.after = deque(), False, b""
    pool = Pool(None, warm=0, reuse=True)
    pool.leave(Conversation(again), SHAPE, owner="a")
    await pool.close()
    assert again.destroyed


async def test_who_asks_while_a_box_is_being_renewed_waits_for_it():
    class Engine:
        async def create(self, shape, *, keeper=False):
            raise AssertionError("a second box")

    pool = Pool(Engine(), warm=0, reuse=True)
    box = Kept()
    pool.leave(Conversation(box), SHAPE, owner="a")
    talk = await pool.take(SHAPE, owner="a")
    assert talk.box is box
    pool.leave(talk, SHAPE, owner="a")
    asking = asyncio.ensure_future(pool.take(SHAPE, owner="a"))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await pool.close()
    assert box.destroyed


async def test_a_keeper_without_rights_says_so_and_is_not_asked_twice():
    asked = []

    class Silent(Kept):
        complaint = b"no namespaces: clone: Operation not permitted\n"

        async def read(self):
            return None if len(asked) == 1 else frame(b"h", b"protocol=1")

    class Engine:
        async def create(self, shape, *, keeper=False):
            asked.append(keeper)
            return Silent()

    pool = Pool(Engine(), warm=0, reuse=True)
    for _ in range(2):
        pool.end(await pool.take(SHAPE))
    await pool.close()
    assert asked == [True, False, False]
    asked[1:] = []
    with pytest.raises(NoNamespaces, match="clone"):
        await Conversation(Silent()).hear_ready()


@docker
@loop
async def test_a_warm_box_has_done_a_program_of_ours_and_shows_nothing_of_it(run, runner):
    await given_back(runner)
    talk = next(talk for talk in runner._pool._idle[SHAPE])
    assert talk.renewals == 1
    new = await remembered(run, "rehearsed")
    assert talk not in runner._pool._idle[SHAPE]
    assert new["seen"]["files"]["/box"] == ["/box/main.py"]
    async with Runner.open(warm=0, chores=False, reuse=False) as other:
        heard = []
        request = RunRequest("python", (SourceFile("main.py", REMEMBER),), "main.py")
        await other.run(request, lambda piece: heard.append(piece.text))
    plain = json.loads("".join(heard))
    differs = {key for key in plain["seen"] if plain["seen"][key] != new["seen"][key]}
    # Folders mounted in folders, their owner, a second filter of system calls, and the engine's own count of processes.
    assert differs <= {"mounts", "modes", "rights", "number", "processes"}
