"""Programs in a terminal: typed into, interrupted, resized, flooded; everybody sees the same."""

import asyncio

import msgspec
import pytest

from room.sandbox.interactive import LIMITS, WAITING_FRAMES, InteractiveRun
from room.sandbox.languages import LANGUAGES
from room.sandbox.spec import RunRequest, SourceFile

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]


class Screen:
    """What a viewer sees, and waiting for a text to appear on it."""

    def __init__(self):
        self.text = ""
        self._news = asyncio.Event()

    def hear(self, piece):
        assert piece.stream == "stdout"
        self.text += piece.text
        self._news.set()

    async def shows(self, text):
        async with asyncio.timeout(10):
            while text not in self.text:
                self._news.clear()
                await self._news.wait()


@pytest.fixture
def start(runner):
    begun = []

    def go(source, language="python", limits=LIMITS, **more):
        screen = Screen()
        name = LANGUAGES[language].file
        stdin = more.pop("stdin", "")
        request = RunRequest(
            language, (SourceFile(name, source),), name, stdin=stdin, limits=limits
        )
        handle = runner.interactive(request, screen.hear, **more)
        begun.append(handle)
        return handle, screen

    yield go
    for handle in begun:
        handle.stop()


async def test_it_is_a_terminal_and_what_is_typed_is_read(start):
    handle, screen = start(
        "import os; print(os.isatty(0), os.isatty(1), os.isatty(2), os.ttyname(0)[:9])\nprint('hello', input('who? '))"
    )
    await screen.shows("who? ")
    handle.write("Zoë\r".encode())
    result = await handle.result()
    assert (result.verdict, result.exit_code) == ("OK", 0)
    assert screen.text == "True True True /dev/pts/\r\nwho? Zoë\r\nhello Zoë\r\n"
    assert handle.scrollback.since(0).text == screen.text


async def test_backspace_erases_a_whole_letter(start):
    handle, screen = start("print('hello', ascii(input('who? ')))")
    await screen.shows("who? ")
    handle.write("Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}\x7fe\N{GRINNING FACE}\x7fy\r".encode())
    assert (await handle.result()).verdict == "OK"
    assert screen.text.endswith("hello 'Zoey'\r\n")


async def test_what_is_typed_at_once_waits_for_the_program(start):
    """It may reach the box in one piece with the order to start."""
    for _ in range(4):
        handle, screen = start("import sys; print(repr(sys.stdin.read()))")
        for line in (b"one\n", b"two\n", b"\x04"):
            assert handle.write(line)
        result = await asyncio.wait_for(handle.result(), 10)
        assert result.verdict == "OK"
        assert screen.text.endswith("'one\\ntwo\\n'\r\n")


async def test_control_c_interrupts_and_control_d_ends_the_input(start):
    handle, screen = start(
        "import time\ntry:\n  print('go')\n  while True: time.sleep(0.01)\nexcept KeyboardInterrupt: print('caught')"
    )
    await screen.shows("go")
    handle.write(b"\x03")
    assert (await handle.result()).verdict == "OK"
    assert "^C" in screen.text
    assert "caught" in screen.text
    handle, screen = start("import sys; print('go'); print(repr(sys.stdin.read()))")
    await screen.shows("go")
    handle.write(b"x\r\x04")
    await handle.result()
    assert r"'x\n'" in screen.text


async def test_interrupt_reaches_also_a_program_that_reads_keys_itself(start):
    source = "import signal, sys, tty, time\ntty.setraw(0)\nprint('raw', end='', flush=True)\ntry:\n  while True: sys.stdin.read(1); print('key', end='', flush=True)\nexcept KeyboardInterrupt: print('caught')"
    handle, screen = start(source)
    await screen.shows("raw")
    handle.write(b"\x03")
    await screen.shows("key")  # Ctrl-C is a key like any other here
    handle.interrupt()
    assert (await handle.result()).verdict == "OK"
    assert "caught" in screen.text


async def test_detach_keys_of_an_engine_are_only_keys(start):
    handle, screen = start(
        "import sys, tty; tty.setraw(0); print('raw', end='', flush=True); print(repr(sys.stdin.buffer.read(4)))"
    )
    await screen.shows("raw")
    handle.write(b"\x10\x11\x11\x10")  # Ctrl-P Ctrl-Q
    assert (await handle.result()).verdict == "OK"
    assert r"b'\x10\x11\x11\x10'" in screen.text


async def test_the_size_is_given_and_can_change(start):
    source = "import os, signal\ndef tell(*_): print(os.get_terminal_size(), flush=True)\nsignal.signal(signal.SIGWINCH, tell)\ntell()\nwhile True: signal.pause()"
    handle, screen = start(source, columns=101, rows=33)
    await screen.shows("columns=101, lines=33")
    handle.resize(60, 20)
    await screen.shows("columns=60, lines=20")
    handle.stop()
    assert (await handle.result()).verdict == "CANCELLED"


async def test_a_shell_in_the_box_has_job_control(start):
    handle, screen = start("set -m; sleep 60 & jobs; read line; kill %1; echo got $line", "bash")
    await screen.shows("Running")
    handle.write(b"it\r")
    assert (await handle.result()).verdict == "OK"
    assert "got it" in screen.text
    assert "no job control" not in screen.text


async def test_computing_is_limited_though_waiting_is_not(start):
    limits = msgspec.structs.replace(LIMITS, cpu_s=0.5)
    handle, screen = start(
        "import time\ntime.sleep(1)\nprint('still here')\nwhile True: pass", limits=limits
    )
    result = await handle.result()
    assert "still here" in screen.text
    assert result.verdict == "TLE"
    assert "of computing" in result.sentence


async def test_the_wall_clock_ends_it_too(start):
    handle, _ = start("input()", limits=msgspec.structs.replace(LIMITS, wall_s=0.5))
    result = await handle.result()
    assert (result.verdict, result.sentence[:24]) == ("TLE", "Stopped after 0.5 second")


async def test_a_flood_is_capped_marked_and_kept_within_bounds(start):
    limits = msgspec.structs.replace(LIMITS, output_bytes=2_000_000)
    handle, screen = start("while True: print('€' * 50)", limits=limits)
    result = await handle.result()
    assert (result.verdict, result.truncated) == ("OLE", True)
    assert len(screen.text.encode()) <= 2_000_000
    assert "\ufffd" not in screen.text
    reading = handle.scrollback.since(0)
    assert reading.cut
    assert screen.text.endswith(reading.text)
    assert reading.end == len(screen.text.encode())


async def test_typing_without_a_reader_is_bounded_and_stays_stoppable(start):
    handle, screen = start("import time; print('go', flush=True); time.sleep(60)")
    await screen.shows("go")
    taken = [handle.write(b"x" * 4000) for _ in range(2000)]
    assert False in taken
    assert handle.feed.qsize() <= WAITING_FRAMES
    while not handle.feed.empty():  # noqa: ASYNC110 (only lets it be sent)
        await asyncio.sleep(0.01)
    handle.interrupt()
    result = await handle.result()
    assert (result.verdict, result.signal) == ("RE", "SIGINT")


async def test_what_is_typed_ahead_is_there(start):
    handle, screen = start("print(input() + input())", stdin="a\nb\n")
    await handle.result()
    assert screen.text.endswith("ab\r\n")


async def test_a_program_that_leaves_children_ends_all_the_same(start):
    handle, screen = start(
        "import os, time\nif os.fork() == 0: os.setsid(); time.sleep(60)\nprint('bye')"
    )
    assert (await handle.result()).verdict == "OK"
    assert screen.text == "bye\r\n"


async def test_a_compiled_program_runs_in_a_terminal(start):
    source = '#include <stdio.h>\nint main(void) { int n; printf("n? "); fflush(stdout); scanf("%d", &n); printf("%d\\n", 2 * n); }'
    handle, screen = start(source, "c")
    await screen.shows("n? ")
    handle.write(b"21\r")
    assert (await handle.result()).verdict == "OK"
    assert screen.text == "n? 21\r\n42\r\n"


async def test_a_refused_request_ends_at_once(runner):
    handle = runner.interactive(RunRequest("cobol", (), "x"), Screen().hear)
    assert isinstance(handle, InteractiveRun)
    assert (await handle.result()).verdict == "REJECTED"
    assert handle.is_over
    assert handle.write(b"x") is False
    handle.resize(1, 1)
    handle.interrupt()


async def test_nobody_who_waits_for_the_result_ends_the_run_by_going_away(start):
    handle, screen = start("print('go'); input()")
    await screen.shows("go")
    waiting = asyncio.ensure_future(handle.result())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert not handle.is_over
    handle.write(b"\r")
    assert (await handle.result()).verdict == "OK"
