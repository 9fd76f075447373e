"""Real engines that are killed, hang or answer with errors while programs run; and that nothing is left of it all.

One engine is our own: a second dockerd with folders of its own, which may be killed. The other faults come from a proxy
in front of the usual engine.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import aiodocker
import pytest
import pytest_asyncio

from room.sandbox import docker as engine
from room.sandbox.docker import WORKER_LABEL
from room.sandbox.runner import Runner
from room.sandbox.spec import Limits, RunRequest, SourceFile, TestCase, TestRequest, TestSuite

pytestmark = [
    pytest.mark.docker,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(180),
]

LONG = "echo began; sleep 60"
QUICK = Limits(wall_s=5, cpu_s=5)


def bash(source, limits=QUICK):
    return RunRequest("bash", (SourceFile("main.sh", source),), "main.sh", limits=limits)


class Heard:
    """What a run showed, and waiting for its beginning."""

    def __init__(self):
        self.text = ""
        self.began = asyncio.Event()

    def __call__(self, piece):
        self.text += piece.text
        self.began.set()


async def works_again(runner, patience_s=40):
    """Run until it works; the runner itself asks the engine from time to time."""
    async with asyncio.timeout(patience_s):
        while (await runner.run(bash("echo well"), Heard())).verdict != "OK":  # noqa: ASYNC110
            await asyncio.sleep(0.2)


class OwnEngine:
    """A dockerd that belongs to one test."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.host = f"unix://{folder}/engine.sock"
        self._process = None

    def start(self):
        for stale in ("pid", "exec/containerd/containerd.pid"):  # what a killed engine leaves
            (self.folder / stale).unlink(missing_ok=True)
        log = (self.folder / "log").open("ab")
        # In a network namespace of its own: an engine without a bridge removes docker0, which is the usual engine's.
        self._process = subprocess.Popen(
            ["unshare", "--net", "--", "dockerd", "--data-root", self.folder / "data", "--exec-root", self.folder / "exec",
             "--pidfile", self.folder / "pid", "-H", self.host, "--bridge=none", "--iptables=false"],
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip

    async def answers(self):
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(aiodocker.DockerError, OSError, ValueError):
                    async with aiodocker.Docker(url=self.host) as docker:
                        await docker.system.info()
                        return
                await asyncio.sleep(0.1)

    @property
    def pid(self):
        return self._process.pid  # unshare becomes dockerd

    def kill(self):
        self._process.kill()
        self._process.wait()

    def end(self):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in sorted((m for m in mounts if m.startswith(f"{self.folder}/")), reverse=True):
            subprocess.run(["umount", "-l", mount], check=False)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_engine(runner):
    wanted = ("dockerd", "docker", "unshare")
    if os.geteuid() != 0 or not all(map(shutil.which, wanted)):
        pytest.skip(f"a second engine needs root and {', '.join(wanted)}")
    folder = Path(tempfile.mkdtemp(prefix="room-engine-"))
    own = OwnEngine(folder)
    own.start()
    try:
        try:
            await own.answers()
        except TimeoutError:
            pytest.skip("a second engine does not start beside the first one here")
        copy = await asyncio.create_subprocess_shell(
            f"docker save room-bash:local | docker -H {own.host} load",
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert await copy.wait() == 0
        yield own
    finally:
        own.end()
        shutil.rmtree(folder, ignore_errors=True)


def network_of(process):
    return Path(f"/proc/{process}/ns/net").readlink()


async def test_the_second_engine_leaves_the_usual_ones_network_alone(own_engine):
    assert network_of(own_engine.pid) != network_of("self")


async def test_an_engine_killed_mid_run_ends_the_run_honestly_and_recovers_by_itself(
    own_engine, monkeypatch
):
    async with Runner.open(docker_host=own_engine.host, warm=1, worker="own") as runner:
        heard = Heard()
        suite = TestSuite("stdio", tuple(TestCase(f"t{n}", "s1", "x") for n in range(3)))
        tests = TestRequest("bash", (SourceFile("main.sh", LONG),), "main.sh", suite)
        running = asyncio.ensure_future(runner.run(bash(LONG, Limits(wall_s=60)), heard))
        testing = asyncio.ensure_future(runner.run_tests(tests))
        terminal = runner.interactive(bash("read x"), Heard())
        await asyncio.wait_for(heard.began.wait(), 20)
        own_engine.kill()
        result = await asyncio.wait_for(running, 20)
        assert (result.verdict, heard.text) == ("UNAVAILABLE", "began\n")
        assert "Start Docker" in result.sentence
        report = await asyncio.wait_for(testing, 20)
        assert (report.verdict, report.passed) in (("UNAVAILABLE", 0), ("TLE", 0), ("IE", 0))
        ended = await asyncio.wait_for(terminal.result(), 20)
        assert ended.verdict in ("UNAVAILABLE", "IE")
        assert not (await runner.status()).available
        own_engine.start()
        await own_engine.answers()
        await works_again(runner)
        # What the killed engine could not remove, the sweep does, also when it is of this life.
        monkeypatch.setattr(engine, "STRAY_AGE_S", -1)
        async with asyncio.timeout(30):
            while runner._pool._tasks:
                await asyncio.wait(runner._pool._tasks)
        await runner._driver.sweep(runner._pool.known)
        async with aiodocker.Docker(url=own_engine.host) as docker:
            left = {box.id for box in await docker.containers.list(all=True)}
        assert left <= runner._pool.known


class Proxy:
    """Stands before the engine. `hang` holds every byte back, `errors` answers new connections with 500."""

    def __init__(self, path, target):
        self.path, self.target = path, target
        self.errors = False
        self.open_gate = asyncio.Event()
        self.open_gate.set()
        self._tasks = set()

    async def __aenter__(self):
        self._server = await asyncio.start_unix_server(self._serve, self.path)
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hang(self):
        self.open_gate.clear()

    def heal(self):
        self.errors = False
        self.open_gate.set()

    async def _serve(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        asyncio.current_task().add_done_callback(self._tasks.discard)
        await self.open_gate.wait()
        if self.errors:
            await reader.read(1000)
            body = b'{"message": "no space left on device"}'
            writer.write(
                b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
                % (len(body), body)
            )
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_unix_connection(self.target)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(reader, far_writer))
                group.create_task(self._pass_on(far_reader, writer))
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            far_writer.close()
            writer.close()

    async def _pass_on(self, reader, writer):
        while data := await reader.read(65536):
            await self.open_gate.wait()
            if self.errors:
                break
            writer.write(data)
            await writer.drain()
        with contextlib.suppress(OSError):
            writer.write_eof()


@pytest_asyncio.fixture(loop_scope="session")
async def proxied(runner, tmp_path):
    path = str(tmp_path / "engine.sock")
    target = os.environ.get("ROOM_DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix(
        "unix://"
    )
    async with Proxy(path, target) as proxy:
        yield proxy, f"unix://{path}"


async def test_an_engine_that_hangs_mid_run_holds_nobody_up(proxied, monkeypatch):
    monkeypatch.setattr(engine, "CALL_S", 1.0)
    monkeypatch.setattr(engine, "START_S", 1.0)
    proxy, host = proxied
    async with Runner.open(
        docker_host=host, warm=0, worker="room-test-hang", chores=False
    ) as runner:
        heard = Heard()
        running = asyncio.ensure_future(runner.run(bash(LONG, Limits(wall_s=2)), heard))
        await asyncio.wait_for(heard.began.wait(), 20)
        proxy.hang()
        result = await asyncio.wait_for(running, 10)
        assert result.verdict == "TLE"  # by our own timer
        assert (
            await asyncio.wait_for(runner.run(bash("echo x"), Heard()), 10)
        ).verdict == "UNAVAILABLE"
        proxy.heal()
        await works_again(runner)
    await nothing_left("room-test-hang", monkeypatch)


async def test_an_engine_without_disk_space_is_said_and_comes_back(proxied, monkeypatch):
    proxy, host = proxied
    async with Runner.open(
        docker_host=host, warm=0, worker="room-test-full", chores=False
    ) as runner:
        assert (await runner.run(bash("echo x"), Heard())).verdict == "OK"
        proxy.errors = True
        result = await runner.run(bash("echo x"), Heard())
        assert (result.verdict, result.signal) == ("UNAVAILABLE", None)
        proxy.heal()
        await works_again(runner)
    await nothing_left("room-test-full", monkeypatch)


async def nothing_left(worker, monkeypatch):
    """Sweep as the next life would, then look."""
    async with Runner.open(warm=0, worker=worker, chores=False) as runner:
        await runner._driver.sweep(frozenset())
    async with aiodocker.Docker() as docker:
        found = await docker.containers.list(all=True)
    assert [
        c.id for c in found if (c._container.get("Labels") or {}).get(WORKER_LABEL) == worker
    ] == []


class SlowEngine:
    """A proxy that understands just enough of the engine's words to be slow, or to refuse, at one kind of request."""

    def __init__(self, path, target):
        self.path, self.target = path, target
        self.refused = {}  # start of a request line -> [how often, answer]
        self.gates = {}  # start of a request line -> Event: the engine's answer is held back until it is set
        self.asked = asyncio.Event()
        self._tasks = set()

    async def __aenter__(self):
        self._server = await asyncio.start_unix_server(self._serve, self.path)
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        asyncio.current_task().add_done_callback(self._tasks.discard)
        far_reader, far_writer = await asyncio.open_unix_connection(self.target)
        gate = asyncio.Event()
        gate.set()
        held = [gate]

        async def there():
            while data := await reader.read(65536):
                held[0] = next((g for start, g in self.gates.items() if start in data), gate)
                if held[0] is not gate:
                    self.asked.set()
                refusal = next((r for start, r in self.refused.items() if start in data), None)
                if refusal and refusal[0] > 0:
                    refusal[0] -= 1
                    body = b'{"message": "removal is already in progress"}'
                    writer.write(
                        b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                        % (refusal[1], len(body), body)
                    )
                    continue
                far_writer.write(data)
                await far_writer.drain()
            with contextlib.suppress(OSError):
                far_writer.write_eof()

        async def back():
            while data := await far_reader.read(65536):
                await held[0].wait()
                writer.write(data)
                await writer.drain()

        going = asyncio.ensure_future(there()), asyncio.ensure_future(back())
        try:
            await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in going:
                task.cancel()
            await asyncio.gather(*going, return_exceptions=True)
            far_writer.close()
            writer.close()


@pytest_asyncio.fixture(loop_scope="session")
async def slow(runner, tmp_path):
    path = str(tmp_path / "slow.sock")
    target = os.environ.get("ROOM_DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix(
        "unix://"
    )
    async with SlowEngine(path, target) as proxy:
        yield proxy, f"unix://{path}"


async def boxes_of(worker):
    async with aiodocker.Docker() as docker:
        found = await docker.containers.list(all=True)
    return [c for c in found if (c._container.get("Labels") or {}).get(WORKER_LABEL) == worker]


@pytest.mark.parametrize("end", ["a stop", "the deadline", "closing"])
async def test_a_box_that_was_only_being_made_is_removed_when_nobody_wants_it_any_more(
    slow, monkeypatch, end
):
    proxy, host = slow
    proxy.gates[b"/containers/create"] = answer = asyncio.Event()
    worker = "room-test-" + secrets.token_hex(4)
    if end == "the deadline":
        monkeypatch.setattr(engine, "START_S", 0.5)
    async with Runner.open(docker_host=host, warm=0, worker=worker, chores=False) as runner:
        stop = asyncio.Event()
        running = asyncio.ensure_future(runner.run(bash("echo x"), Heard(), stop=stop))
        await asyncio.wait_for(proxy.asked.wait(), 20)
        if end != "the deadline":
            stop.set()
        assert (await running).verdict == ("UNAVAILABLE" if end == "the deadline" else "CANCELLED")
        answer.set()
        if end == "a stop":
            while runner._driver._tasks:
                await asyncio.wait(runner._driver._tasks)
            assert await boxes_of(worker) == []
    assert await boxes_of(worker) == []


async def test_a_removal_that_the_engine_puts_off_is_asked_for_until_the_box_is_gone(slow):
    proxy, host = slow
    proxy.refused[b"DELETE /"] = [4, b"409 Conflict"]
    worker = "room-test-" + secrets.token_hex(4)
    async with Runner.open(docker_host=host, warm=0, worker=worker, chores=False) as runner:
        assert (await runner.run(bash("echo x"), Heard())).verdict == "OK"
        while runner._pool._tasks:
            await asyncio.wait(runner._pool._tasks)
        assert await boxes_of(worker) == []
        assert proxy.refused[b"DELETE /"][0] == 0


async def test_closing_removes_even_what_could_not_be_removed_before(slow, monkeypatch):
    proxy, host = slow
    monkeypatch.setattr("room.sandbox.pool.DESTROY_WAITS_S", (0.01,))
    proxy.refused[b"DELETE /"] = [1, b"500 Internal Server Error"]
    worker = "room-test-" + secrets.token_hex(4)
    async with Runner.open(docker_host=host, warm=0, worker=worker, chores=False) as runner:
        assert (await runner.run(bash("echo x"), Heard())).verdict == "OK"
        while runner._pool._tasks:
            await asyncio.wait(runner._pool._tasks)
        assert len(await boxes_of(worker)) == 1
    assert await boxes_of(worker) == []


async def test_runs_that_end_in_every_way_leave_no_descriptor_and_no_task(runner):
    async def all_ways():
        gone = asyncio.Event()
        gone.set()
        await asyncio.gather(
            runner.run(bash("echo x"), Heard()),
            runner.run(bash("yes", Limits(output_bytes=1000)), Heard()),
            runner.run(bash("sleep 9", Limits(wall_s=0.3)), Heard()),
            runner.run(bash("sleep 9"), Heard(), stop=gone),
            runner.interactive(bash("exit 3"), Heard()).result(),
            runner.run_tests(TestRequest("bash", (SourceFile("main.sh", "echo 1"),), "main.sh", TestSuite("stdio", (TestCase("a", "s1", "1"),)))),
        )  # fmt: skip
        while runner._pool._tasks:
            await asyncio.wait(runner._pool._tasks)

    def held():
        return len(list(Path("/proc/self/fd").iterdir())), len(asyncio.all_tasks())

    await all_ways()
    before = held()
    for _ in range(3):
        await all_ways()
    after = held()
    assert after[0] <= before[0] + 2  # the client keeps a few connections open
    assert after[1] <= before[1]
