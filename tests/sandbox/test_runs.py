"""Plain runs in real boxes: what ordinary and hostile programs get as an answer."""

import asyncio
import contextlib

import pytest

from room.sandbox.languages import LANGUAGES
from room.sandbox.spec import Limits, Output, RunRequest, SourceFile
from tests.sandbox.conftest import PAYER

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

QUICK = Limits(wall_s=1, cpu_s=5)


def ignore(piece: Output) -> None:
    """For runs whose output does not matter."""


async def settled(runner):
    """Wait until nothing is being made or destroyed."""
    while runner._pool._tasks:
        await asyncio.wait(runner._pool._tasks)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_each_languages_hello_runs(run, language):
    ran = await run(LANGUAGES[language].hello, language)
    assert ran.verdict == "OK"
    assert "hello" in ran.text().split()
    assert ran.result.exit_code == 0
    assert ran.result.sentence.startswith("Finished in ")
    assert ran.result.usage.wall_s > 0
    assert ran.result.usage.cpu_s > 0
    assert ran.result.usage.peak_memory_bytes > 1_000_000


async def test_input_arguments_and_other_files_reach_the_program(run):
    source = "import sys, src.other; print(sys.argv[1:], sys.stdin.read(), src.other.x)"
    files = (SourceFile("src/other.py", "x = 'é'"),)
    ran = await run(source, stdin="in\nput", args=("a b", "c\nd", "$HOME", "'"), files=files)
    assert ran.text() == repr(["a b", "c\nd", "$HOME", "'"]) + " in\nput é\n"


async def test_pytest_and_numpy_are_there(run):
    ran = await run("import numpy, pytest; print(numpy.arange(3).sum())")
    assert (ran.verdict, ran.text()) == ("OK", "3\n")


async def test_sql_runs_after_its_setup(run):
    setup = "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2);"
    ran = await run("SELECT sum(a) AS total FROM t;", "sql", setup=setup)
    assert (ran.verdict, ran.text()) == ("OK", "total\n3\n")
    ran = await run("SELECT b FROM t;", "sql", setup=setup)
    assert (ran.verdict, ran.result.exit_code) == ("RE", 1)
    assert "no such column" in ran.text("stderr")


async def test_output_comes_while_the_program_runs(runner):
    seen = asyncio.Event()
    stop = asyncio.Event()
    source = "import time\nprint('first')\ntime.sleep(30)\nprint('second')"
    request = RunRequest("python", (SourceFile("main.py", source),), "main.py")

    heard: list[str] = []

    def hear(piece: Output) -> None:
        heard.append(piece.text)
        seen.set()

    running = asyncio.ensure_future(runner.run(request, hear, stop=stop))
    await asyncio.wait_for(seen.wait(), 10)
    stop.set()
    result = await asyncio.wait_for(running, 10)
    assert (result.verdict, result.sentence) == ("CANCELLED", "Stopped")
    assert "".join(heard) in ("first", "first\n")


async def test_errors_and_output_are_told_apart(run):
    ran = await run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (ran.text("stdout"), ran.text("stderr")) == ("out\n", "err\n")
    assert (ran.verdict, ran.result.exit_code, ran.result.sentence) == (
        "RE",
        3,
        "Ended with code 3",
    )


@pytest.mark.parametrize("code", [1, 125, 126, 127, 137, 139, 255])
async def test_no_exit_code_is_more_than_an_exit_code(run, code):
    ran = await run(f"import os; os._exit({code})")
    assert (ran.verdict, ran.result.exit_code, ran.result.signal) == ("RE", code, None)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL", "SIGABRT", "SIGSEGV", "SIGINT"])
async def test_a_signal_is_reported_as_the_one_it_was(run, name):
    source = (
        f"import os, signal as s; s.signal(s.SIGINT, s.SIG_DFL); os.kill(os.getpid(), s.{name})"
    )
    ran = await run(source)
    assert (ran.verdict, ran.result.exit_code, ran.result.signal) == ("RE", None, name)


async def test_abort_is_not_taken_for_a_bad_pointer(run):
    assert (await run("import os; os.abort()")).result.signal == "SIGABRT"


async def test_an_endless_loop_is_stopped_at_the_limit(run):
    ran = await run("print('on', flush=True)\nwhile True: pass", limits=QUICK)
    assert (ran.verdict, ran.text()) == ("TLE", "on\n")
    assert ran.result.sentence == (
        "Stopped after 1 second, the limit for a run. An endless loop is the usual cause."
    )
    assert ran.result.usage.wall_s >= 1


async def test_a_sleeper_that_ignores_signals_is_stopped_at_the_limit(run):
    source = (
        "import signal as s, time\nfor n in (2, 15, 1, 24): s.signal(n, s.SIG_IGN)\ntime.sleep(60)"
    )
    assert (await run(source, limits=QUICK)).verdict == "TLE"


async def test_computing_is_limited_apart_from_waiting(run):
    ran = await run("while True: pass", limits=Limits(wall_s=20, cpu_s=0.5))
    assert ran.verdict == "TLE"
    assert ran.result.usage.wall_s < 20
    assert "of computing" in ran.result.sentence


async def test_memory_is_limited(run):
    ran = await run("x = []\nwhile True: x.append('a' * 1_000_000)", limits=Limits(memory_mb=64))
    assert (ran.verdict, ran.result.exit_code, ran.result.signal) == ("MLE", None, None)
    assert ran.result.sentence == "Stopped at 64 MB of memory, the limit for a run."


async def test_memory_is_limited_for_javascript_too(run):
    source = "const x = []; for (;;) x.push(new Array(100000).fill(x.length));"
    assert (await run(source, "javascript", limits=Limits(memory_mb=96))).verdict == "MLE"


async def test_a_child_without_memory_is_not_the_programs_end(run):
    source = (
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'x = bytearray(10**9)'])\n"
        "child = subprocess.run([sys.executable, '-c', 'x = b\"a\" * 400_000_000'])\n"
        "print('child', child.returncode)"
    )
    ran = await run(source, limits=Limits(memory_mb=128))
    assert (ran.verdict, ran.text()) == ("OK", "child -9\n")


async def test_deep_recursion_is_an_error_of_the_program_and_not_of_memory(run):
    ran = await run("import sys; sys.setrecursionlimit(10**9)\ndef f(): return [f()]\nf()")
    assert ran.verdict in ("RE", "MLE")  # the interpreter's own frames are on the heap
    ran = await run(
        "import ctypes, sys\nsys.setrecursionlimit(10**6)\nimport json\nx = '[' * 10**6\njson.loads(x)"
    )
    assert ran.verdict == "RE"


async def test_a_flood_of_output_is_cut_and_the_program_stopped(run):
    ran = await run("while True: print('x' * 1000)", limits=Limits(output_bytes=100_000))
    assert (ran.verdict, ran.result.truncated) == ("OLE", True)
    assert len(ran.text()) == 100_000
    assert ran.result.sentence == "Stopped after 97.7 KB of output, the limit for a run."


async def test_a_flood_on_both_streams_is_cut_together(run):
    source = "import os\nwhile True: os.write(1, b'a' * 999); os.write(2, b'b' * 999)"
    ran = await run(source, limits=Limits(output_bytes=50_000))
    assert ran.verdict == "OLE"
    assert len(ran.text()) + len(ran.text("stderr")) == 50_000


async def test_exactly_the_limit_of_output_is_allowed(run):
    ran = await run("import os; os.write(1, b'x' * 1000)", limits=Limits(output_bytes=1000))
    assert (ran.verdict, ran.result.truncated, len(ran.text())) == ("OK", False, 1000)


async def test_a_line_of_a_megabyte_arrives_whole(run):
    ran = await run("print('é' * 500_000)")
    assert (ran.verdict, ran.text()) == ("OK", "é" * 500_000 + "\n")


async def test_characters_written_byte_by_byte_arrive_whole(run):
    source = "import os\nfor b in 'aé€😀'.encode(): os.write(1, bytes([b]))"
    ran = await run(source)
    assert ran.text() == "aé€😀"
    assert "\ufffd" not in ran.text()


async def test_bytes_that_are_no_text_arrive_replaced(run):
    ran = await run("import os; os.write(1, bytes(range(256)))")
    assert ran.verdict == "OK"
    assert ran.text() == bytes(range(256)).decode("utf-8", "replace")


async def test_control_of_the_viewers_terminal_is_taken_out(run):
    ran = await run(r"print('a\x1b]52;c;aGk=\x07b\x1bPq\x1b\\c\x1b[31md')")
    assert ran.text() == "abc\x1b[31md\n"


async def test_input_that_nobody_reads_holds_nothing_up(run):
    ran = await run("print('done')", stdin="x" * 5_000_000)
    assert (ran.verdict, ran.text()) == ("OK", "done\n")


async def test_input_and_output_larger_than_any_pipe_flow_together(run):
    ran = await run(
        "import shutil, sys; shutil.copyfileobj(sys.stdin, sys.stdout)", stdin="é" * 400_000
    )
    assert (ran.verdict, ran.text()) == ("OK", "é" * 400_000)


async def test_input_ends(run):
    assert (await run("import sys; print(repr(sys.stdin.read()))")).text() == "''\n"


async def test_a_program_that_closes_everything_and_stays_is_stopped(run):
    source = "import os, time\nfor n in range(10):\n  try: os.close(n)\n  except OSError: pass\ntime.sleep(60)"
    assert (await run(source, limits=QUICK)).verdict == "TLE"


async def test_a_fork_bomb_goes_off_in_a_closed_room(run):
    source = "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass"
    ran = await run(source, limits=QUICK)
    assert ran.verdict == "TLE"
    source = (
        "import os\nn = 0\nwhile True:\n  try:\n    if os.fork() == 0: os.read(os.pipe()[0], 1)\n"
    )
    source += "  except OSError: break\n  n += 1\nprint(n)"
    ran = await run(source)
    assert ran.verdict == "OK"
    assert 10 < int(ran.text()) < 64


async def test_a_background_process_ends_with_the_program(run):
    source = "import os, time\nif os.fork() == 0:\n  os.setsid(); time.sleep(0.5); print('late', flush=True); time.sleep(60)"
    ran = await run(source)
    assert (ran.verdict, ran.text()) == ("OK", "")


@pytest.mark.parametrize("folder", ["/box", "/tmp"])
async def test_the_disk_cannot_be_filled(run, folder):
    source = (
        "import errno, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nn = 0\ntry:\n"
        f"  while True:\n    open(f'{folder}/{{n}}', 'wb').write(b'x' * 1_000_000); n += 1\n"
        "except OSError as e: print(n, errno.errorcode[e.errno])"
    )
    ran = await run(source)
    count, error = ran.text().split()
    assert (ran.verdict, error) == ("OK", "ENOSPC")
    assert int(count) <= 16


async def test_the_number_of_files_is_limited(run):
    source = "n = 0\ntry:\n  while True: open(f'/tmp/{n}', 'w').close(); n += 1\nexcept OSError: print(n)"
    assert 100 < int((await run(source)).text()) <= 4096


async def test_one_file_cannot_grow_without_end(run):
    ran = await run("f = open('big', 'wb')\nwhile True: f.write(b'x' * 1_000_000)")
    assert ran.verdict == "RE"


async def test_killing_every_process_does_not_touch_the_supervisor(run):
    source = "import os, time\nif os.fork() == 0: time.sleep(60)\nfor n in (19, 15, 9):\n  try: os.kill(-1, n)\n"
    source += "  except OSError: pass\n  os.kill(1, n)\nprint('here')"
    ran = await run(source)
    assert (ran.verdict, ran.text()) == ("OK", "here\n")


async def test_text_like_our_own_frames_is_only_text(run):
    frame = "x\\0\\0\\0\\x40code=0 signal=0 why=exit wall_us=1 cpu_us=1 peak=1 oom=0"
    ran = await run(f"import sys; sys.stdout.write('{frame}'); sys.stdout.flush(); sys.exit(4)")
    assert (ran.verdict, ran.result.exit_code) == ("RE", 4)
    assert "why=exit" in ran.text()


async def test_one_runs_files_are_not_there_in_the_next(run):
    source = "import os; print(sorted(os.listdir('/box') + os.listdir('/tmp'))); open('/tmp/left', 'w'); open('left', 'w')"
    for _ in range(2):
        assert (await run(source)).text() == "['main.py']\n"


async def test_programs_cannot_be_started_from_the_work_folder(run):
    source = "import os, shutil; shutil.copy('/bin/true', '/box/t'); os.chmod('t', 0o755); os.execv('/box/t', ['t'])"
    ran = await run(source)
    assert (ran.verdict, "PermissionError" in ran.text("stderr")) == ("RE", True)


async def test_files_can_be_copied_with_their_times_and_rights(run):
    ran = await run("cp -a main.sh copy && cp -p main.sh /tmp/copy && ls /tmp", "bash")
    assert (ran.verdict, ran.text(), ran.text("stderr")) == ("OK", "copy\n", "")


async def test_links_in_the_work_folder_lead_nowhere(run):
    source = "import os; os.symlink('/etc/passwd', 'a'); os.symlink('/', 'b'); os.mkdir('c', 0); print('ok')"
    assert (await run(source)).text() == "ok\n"


async def test_a_refused_request_is_answered_before_anything_runs(runner):
    request = RunRequest("cobol", (SourceFile("a", ""),), "a")
    result = await runner.run(request, ignore)
    assert (result.verdict, result.sentence) == ("REJECTED", "Code in “cobol” cannot run here.")


async def test_an_empty_file_runs(run):
    needs_a_main = {"java": "CE", "c": "CE", "cpp": "CE", "go": "CE", "rust": "CE"}
    all_ran = await asyncio.gather(*(run("", language) for language in LANGUAGES))
    for language, ran in zip(LANGUAGES, all_ran, strict=True):
        assert (ran.verdict, ran.text()) == (needs_a_main.get(language, "OK"), ""), language


async def test_a_cancelled_task_leaves_no_box(runner):
    await settled(runner)
    started = asyncio.Event()
    files = (SourceFile("main.py", "print(1)\nwhile True: pass"),)
    request = RunRequest("python", files, "main.py")
    task = asyncio.ensure_future(runner.run(request, lambda _: started.set()))
    await asyncio.wait_for(started.wait(), 10)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
    await settled(runner)
    assert runner._pool.known == {talk.box.id for talk in runner._pool.waiting}


async def test_runs_at_once_are_bounded_and_the_rest_wait_in_line(runner):
    source = "import time; time.sleep(0.5)"
    request = RunRequest("python", (SourceFile("main.py", source),), "main.py")
    places: list[list[int]] = [[] for _ in range(4)]
    results = await asyncio.gather(
        *(runner.run(request, ignore, on_place=seen.append) for seen in places)
    )
    assert [result.verdict for result in results] == ["OK"] * 4
    assert places[:2] == [[], []]
    assert [seen[0] for seen in places[2:]] == [1, 2]


async def test_a_file_name_with_quotes_runs_in_every_language(runner):
    async def quoted(language):
        name = 'it\'s "a" $(file).' + language.file.rpartition(".")[2]
        heard: list[Output] = []
        request = RunRequest(language.id, (SourceFile(name, language.hello),), name)
        result = await runner.run(request, heard.append, payer=PAYER)
        assert result.verdict == "OK", (language.id, heard)
        assert "hello" in "".join(piece.text for piece in heard)

    # Others are refused with a sentence, as test_spec shows.
    await asyncio.gather(*(quoted(one) for one in LANGUAGES.values() if not one.plain_names))
