"""Measures the code runner against a bare interpreter, plain `docker run` and cold boxes, all in one run.

    python benchmarks/sandbox/measure.py            the table of docs/runner.md, as Markdown (2 to 3 minutes)
    python benchmarks/sandbox/measure.py --quick    fewer repetitions
    python benchmarks/sandbox/measure.py --soak N   N runs of every kind of ending; says what was left behind

Everything that is compared is measured in turns, so that what else the machine does falls on all alike. Medians; take the
ratios, the milliseconds are this machine's.
"""

import argparse
import asyncio
import contextlib
import gc
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import aiodocker
import structlog

from room.sandbox.budget import Allowance, Budgets, Payer
from room.sandbox.docker import WORKER_LABEL, image_name
from room.sandbox.interactive import LIMITS
from room.sandbox.languages import LANGUAGES
from room.sandbox.runner import Runner
from room.sandbox.spec import Limits, RunRequest, SourceFile, TestCase, TestRequest, TestSuite

HI = 'print("hi")'
MEBI = 1_048_576
AT_ONCE = 24
"""Runs that are asked for together; more than the line holds would be told BUSY."""


PAYER = Payer("measure", "measure")
"""The interview whose boxes are used again; without one a run gets a box that nobody had."""
RICH = Allowance(*[1e12] * 6)


def source(text, language="python", **more):
    name = LANGUAGES[language].file
    return RunRequest(language, (SourceFile(name, text),), name, **more)


class First:
    """When the first output came."""

    def __init__(self):
        self.began = time.perf_counter()
        self.at = None

    def __call__(self, piece):
        if self.at is None:
            self.at = time.perf_counter()

    def times(self):
        return (self.at or time.perf_counter()) - self.began, time.perf_counter() - self.began


async def process(*argv):
    """(first byte, exit known) of a process of the host, in seconds."""
    began = time.perf_counter()
    child = await asyncio.create_subprocess_exec(
        *argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    await child.stdout.read(1)
    first = time.perf_counter() - began
    await child.stdout.read()
    await child.wait()
    return first, time.perf_counter() - began


async def boxed(runner, request=None, payer=None):
    first = First()
    result = await runner.run(request or source(HI), first, payer=payer)
    assert result.verdict == "OK", result
    return first.times()


async def settled(*runners):
    """Wait until boxes are made and destroyed, so that one measurement does not pay for the one before."""
    for runner in runners:
        while runner._pool._tasks:
            await asyncio.wait(runner._pool._tasks)


def middle(values):
    return statistics.median(values)


async def latency(pool, cold, times):
    bare = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
    docker = [
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        image_name("python"),
        "python3",
        "-u",
        "-c",
        HI,
    ]
    ways = {
        "bare": lambda: process(bare, "-u", "-c", HI),
        "plain docker run": lambda: process(*docker),
        "cold box": lambda: boxed(cold),
        "warm box": lambda: boxed(pool),
        "used box": lambda: boxed(pool, payer=PAYER),
    }
    seen = {name: [] for name in ways}
    for _ in range(times):
        for name, way in ways.items():
            await settled(pool, cold)
            seen[name].append(await way())
    return {
        name: (middle([a for a, _ in s]), middle([b for _, b in s])) for name, s in seen.items()
    }


async def twenty_cases(pool, cold, times):
    suite = TestSuite(
        "stdio", tuple(TestCase(f"t{n}", "s1", f"{n}\n", stdin=f"{n}\n") for n in range(20))
    )
    request = TestRequest("python", (SourceFile("main.py", "print(input())"),), "main.py", suite)
    ours, one = [], []
    for _ in range(times):
        await settled(pool, cold)
        began = time.perf_counter()
        report = await pool.run_tests(request)
        ours.append(time.perf_counter() - began)
        assert report.verdict == "AC", report
        await settled(pool, cold)
        one.append((await boxed(cold))[1])
    return middle(ours), middle(one)


async def keystrokes(pool, count):
    echoed = asyncio.Event()
    program = "import sys\nprint('ready', flush=True)\nsys.stdin.read()"
    handle = pool.interactive(source(program, limits=LIMITS), lambda piece: echoed.set())
    await echoed.wait()
    await asyncio.sleep(0.3)
    waits = []
    for n in range(count):
        echoed.clear()
        began = time.perf_counter()
        handle.write(b"x" if n % 60 else b"\x15x")
        await echoed.wait()
        waits.append(time.perf_counter() - began)
        await asyncio.sleep(0.02 + random.random() / 50)
    handle.stop()
    await handle.result()
    waits.sort()
    return middle(waits), waits[int(len(waits) * 0.95)]


async def flood(pool, times):
    """(seconds from start to the end of a flood at the usual cap, growth of our memory in bytes)."""
    stopped, grown = [], []
    for _ in range(times):
        await settled(pool)
        gc.collect()
        before = resident()
        began = time.perf_counter()
        result = await pool.run(
            source("import os\nwhile True: os.write(1, b'x' * 65536)"), lambda piece: None
        )
        stopped.append(time.perf_counter() - began)
        assert result.verdict == "OLE", result
        grown.append(resident() - before)
    return middle(stopped), max(grown)


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def throughput(runner, runs, payer=None):
    await settled(runner)
    began = time.perf_counter()
    await asyncio.gather(*(boxed(runner, payer=payer) for _ in range(runs)))
    return runs / (time.perf_counter() - began)


async def boxes_of(worker):
    async with aiodocker.Docker() as docker:
        found = await docker.containers.list(all=True)
    return [c.id for c in found if (c._container.get("Labels") or {}).get(WORKER_LABEL) == worker]


async def left_after(worker, seconds):
    """Boxes of a runner that does not keep any warm, so long after ends of every kind."""
    async with Runner.open(warm=0, worker=worker, chores=False) as runner:
        gone = asyncio.Event()
        asyncio.get_running_loop().call_later(0.3, gone.set)
        await asyncio.gather(
            boxed(runner),
            runner.run(
                source("while True: print('x')", limits=Limits(output_bytes=1000)),
                lambda piece: None,
            ),
            runner.run(source("while True: pass", limits=Limits(wall_s=0.5)), lambda piece: None),
            runner.run(source("import time; time.sleep(9)"), lambda piece: None, stop=gone),
        )
        await asyncio.sleep(seconds)
        return len(await boxes_of(worker))


async def compiled(pool):
    rows = []
    for key, language in LANGUAGES.items():
        first = (await boxed(pool, source(language.hello, key)))[1]
        await settled(pool)
        again = middle([(await boxed(pool, source(language.hello, key)))[0] for _ in range(3)])
        await settled(pool)
        rows.append((language.label, first, again, language.is_compiled))
    return rows


def ms(seconds):
    return f"{seconds * 1000:.0f}" if seconds >= 0.0095 else f"{seconds * 1000:.1f}"


async def measure(times):
    async with (
        Runner.open(warm=2, worker="room-measure-pool") as pool,
        Runner.open(warm=0, worker="room-measure-cold", chores=False) as cold,
    ):
        pool._budgets = Budgets(RICH, RICH)
        while pool._versions.keys() != pool._images.keys():  # noqa: ASYNC110 (once, before all)
            await asyncio.sleep(0.2)
        await settled(pool, cold)
        seen = await latency(pool, cold, times)
        bare, box = seen["bare"], seen["cold box"]
        print('| `print("hi")` in Python | first byte, ms | of bare | end known, ms | of bare |')
        print("| --- | --- | --- | --- | --- |")
        for name, (first, end) in seen.items():
            print(
                f"| {name} | {ms(first)} | {first / bare[0]:.1f} | {ms(end)} | {end / bare[1]:.1f} |"
            )
        warm = seen["warm box"]
        print("\n| asked | limit | measured |\n| --- | --- | --- |")

        def row(what, limit, value, is_met):
            print(f"| {what} | {limit} | {value}{'' if is_met else ' **(missed)**'} |", flush=True)

        row(
            "first byte, warm ÷ bare", "≤ 1.5", f"{warm[0] / bare[0]:.2f}", warm[0] <= 1.5 * bare[0]
        )
        row("first byte, warm ÷ cold", "≤ 1/8", f"1/{box[0] / warm[0]:.1f}", warm[0] * 8 <= box[0])
        row("end known, warm ÷ bare", "≤ 5", f"{warm[1] / bare[1]:.2f}", warm[1] <= 5 * bare[1])
        cases, one = await twenty_cases(pool, cold, max(3, times // 3))
        row(
            "20 test cases ÷ one cold start",
            "≤ 3",
            f"{cases / one:.2f} ({ms(cases)} ms)",
            cases <= 3 * one,
        )
        half, most = await keystrokes(pool, times * 10)
        row("keystroke echo, p95", "≤ 10 ms", f"{ms(most)} ms (median {ms(half)})", most <= 0.010)
        stopped, grown = await flood(pool, max(3, times // 3))
        row("a flood of output is stopped in", "< 1 s", f"{ms(stopped)} ms", stopped < 1)
        row(
            "growth of our memory meanwhile", "< 64 MB", f"{grown / MEBI:.1f} MB", grown < 64 * MEBI
        )
        rates = {"pool": [], "cold": [], "used": []}
        for _ in range(3):
            rates["cold"].append(await throughput(cold, AT_ONCE))
            rates["pool"].append(await throughput(pool, AT_ONCE))
            rates["used"].append(await throughput(pool, AT_ONCE, PAYER))
        a, b, used = (middle(rates[kind]) for kind in ("pool", "cold", "used"))
        row(
            "throughput, pool ÷ cold starts",
            "≥ 0.9",
            f"{a / b:.2f} ({a:.1f} and {b:.1f} a second)",
            a >= 0.9 * b,
        )
        row(
            "throughput, boxes of one interview ÷ cold starts",
            "≥ 3",
            f"{used / b:.2f} ({used:.1f} a second)",
            used >= 3 * b,
        )
        left = await left_after("room-measure-left", 2)
        row("boxes left 2 s after ends of every kind", "0", str(left), left == 0)
        print("\n| hello in | first run, ms | warm, first byte, ms |\n| --- | --- | --- |")
        for label, first, again, is_compiled in await compiled(pool):
            print(f"| {label}{' (compiled)' if is_compiled else ''} | {ms(first)} | {ms(again)} |")


async def soak(runs):
    """So many runs that end in every way, some at once; then what is left of boxes, descriptors, tasks and memory."""
    chance = random.Random(1)
    worker = "room-soak"
    payers = [Payer(f"interview {n}", "soak") for n in range(3)]

    def held():
        gc.collect()
        return len(list(Path("/proc/self/fd").iterdir())), len(asyncio.all_tasks()), resident()

    async with Runner.open(warm=1, worker=worker, runs_at_once=2) as runner:
        runner._budgets = Budgets(RICH, RICH)
        ways = [
            lambda: runner.run(source(HI), lambda piece: None),
            lambda: runner.run(source(HI), lambda piece: None, payer=chance.choice(payers)),
            lambda: runner.run(source("yes & echo $$", "bash"), lambda piece: None, payer=PAYER),
            lambda: runner.run(source("raise SystemExit(3)"), lambda piece: None),
            lambda: runner.run(
                source("while True: print('x' * 999)", limits=Limits(output_bytes=100_000)),
                lambda piece: None,
            ),
            lambda: runner.run(
                source("while True: pass", limits=Limits(wall_s=0.2)), lambda piece: None
            ),
            lambda: runner.run(source("yes & echo $$", "bash"), lambda piece: None),
            lambda: stopped(runner),
            lambda: typed(runner),
        ]
        counts = {}

        async def one():
            verdict = (await chance.choice(ways)()).verdict
            counts[verdict] = counts.get(verdict, 0) + 1

        await asyncio.gather(*(one() for _ in range(20)))
        await unused(runner)
        before = held()
        began = time.perf_counter()
        done = 20
        while done < runs:
            await asyncio.gather(*(one() for _ in range(20)))
            done += 20
            if done % 200 == 0:
                print(
                    f"{done} runs, {done / (time.perf_counter() - began):.1f} a second, {held()}",
                    file=sys.stderr,
                    flush=True,
                )
        await unused(runner)
        after, known = held(), len(runner._pool.known)
        there = len(await boxes_of(worker))
    print(f"{done} runs in {time.perf_counter() - began:.0f} s: {dict(sorted(counts.items()))}")
    print(f"descriptors {before[0]} → {after[0]}, tasks {before[1]} → {after[1]}")
    print(f"memory {before[2] / MEBI:.0f} → {after[2] / MEBI:.0f} MB")
    print(
        f"boxes: {there} there, {known} of them warm and known; after closing {len(await boxes_of(worker))}"
    )
    return int(
        there != known
        or after[0] > before[0] + 4
        or after[1] > before[1]
        or bool(await boxes_of(worker))
    )


async def unused(runner):
    """Nothing is made or destroyed any more, and no used box waits: only the warm ones are there."""
    await settled(runner)
    for task in list(runner._pool._own):
        runner._pool._let_go(task)
    await settled(runner)


async def stopped(runner):
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.2, stop.set)
    return await runner.run(source("import time; time.sleep(9)"), lambda piece: None, stop=stop)


async def typed(runner):
    handle = runner.interactive(source("print(input())", limits=LIMITS), lambda piece: None)
    handle.write(b"x\r")
    return await handle.result()


def main():
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true")
    options.add_argument("--soak", type=int, metavar="N")
    asked = options.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with contextlib.suppress(KeyboardInterrupt):
        if asked.soak:
            return asyncio.run(soak(asked.soak))
        asyncio.run(measure(5 if asked.quick else 21))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
