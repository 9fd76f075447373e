"""Work on files from outside, or with a layout engine, in a child process of its own: bytes in, bytes out, then it is gone.

A small server process imports the libraries once and prepares the fonts; it does no job itself. Each job is a fork of it that
first takes limits of processor time, wall time, memory, output and open files. It gets nothing but its bytes, no variable of
the environment, and no network code runs in it. The server starts with the first job, or with `warm`, and ends with us.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Literal, Never

import msgspec

ROOT = Path(__file__).parents[2]

Job = Literal["pdf", "sign", "read", "logo"]


class Limits(msgspec.Struct, frozen=True):
    cpu_s: int = 40
    wall_s: float = 60
    memory_bytes: int = 2_000_000_000
    """Of address space, the libraries included."""
    output_bytes: int = 40_000_000
    file_bytes: int = 0
    """Of a file that the child may write: the layout engine puts fonts into a folder of its own."""
    open_files: int = 64
    at_once: int = 2
    wait_s: float = 20
    """How long a job may stand in line."""


WORK: dict[Job, tuple[str, Limits]] = {
    "pdf": ("room.scoring.render:lay_out", Limits(file_bytes=2_000_000)),
    "sign": ("room.scoring.pdfseal:sign_in_child", Limits(cpu_s=20, wall_s=30)),
    "read": ("room.scoring.pdfseal:read_in_child", Limits(cpu_s=10, wall_s=15, at_once=1, wait_s=5)),
    "logo": ("room.scoring.logo:draw_in_child", Limits(cpu_s=5, wall_s=10, memory_bytes=1_000_000_000, at_once=1)),
}  # fmt: skip
"""Each job's function, bytes to bytes, and its limits. The modules' `prepare` runs in the server before the first job."""


class Busy(RuntimeError):
    """Too many of these are being worked on; it works again in a moment."""


class Failed(RuntimeError):
    """The child did not deliver: it hit a limit, or the work itself failed. The text is for the log."""


_places = {job: threading.BoundedSemaphore(limits.at_once) for job, (_, limits) in WORK.items()}
_starting = threading.Lock()
_control: socket.socket | None = None


def run(job: Job, payload: bytes) -> bytes:
    """Do the job in a child process.

    Raises:
        Busy: all places are taken for longer than one waits.
        Failed: see there.
    """
    limits = WORK[job][1]
    if not _places[job].acquire(timeout=limits.wait_s):
        raise Busy(job)
    try:
        return _ask(job, payload, limits)
    finally:
        _places[job].release()


def _ask(job: Job, payload: bytes, limits: Limits) -> bytes:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            _hand_over(json.dumps({"job": job, "limits": msgspec.to_builtins(limits)}), theirs)
        ours.settimeout(limits.wall_s + 15)  # the server may still be starting
        answer = bytearray()
        try:
            ours.sendall(payload)
            ours.shutdown(socket.SHUT_WR)
            while piece := ours.recv(1 << 20):
                answer += piece
                if len(answer) > limits.output_bytes + 1:
                    raise Failed(f"{job}: more than {limits.output_bytes} bytes")
        except OSError as error:
            raise Failed(f"{job}: {error}") from error
    if answer[:1] == b"+":
        return bytes(answer[1:])
    why = answer[1:].decode("utf-8", "replace")[-2_000:]
    raise Failed(f"{job}: {why or 'it took too long or too much and was stopped'}")


def _hand_over(order: str, end: socket.socket) -> None:
    for is_again in (False, True):
        try:
            socket.send_fds(_server(), [order.encode()], [end.fileno()])
        except OSError:
            if is_again:
                raise
            _forget()  # the server was ended from outside: another one takes its place
        else:
            return


def warm() -> None:
    """Start the server now, so that the first job need not wait for its imports. Returns at once."""
    with contextlib.suppress(OSError):
        _server()


def _server() -> socket.socket:
    global _control  # noqa: PLW0603 -- one server a process
    with _starting:
        if _control is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                process = subprocess.Popen(  # noqa: S603 -- our own module
                    [sys.executable, "-I", "-c", _program(theirs.fileno())],
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    cwd="/",
                    env={"LANG": "C.UTF-8", "HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent"},
                )  # fmt: skip
            threading.Thread(target=process.wait, name="limited", daemon=True).start()
            _control = ours
        return _control


def _forget() -> None:
    global _control  # noqa: PLW0603
    with _starting:
        if _control is not None:
            _control.close()
            _control = None


atexit.register(_forget)


def _program(descriptor: int) -> str:
    site = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    return (
        f"import sys; sys.path[:0] = {json.dumps([str(ROOT), *site])}; "
        f"from room.scoring.limited import serve; serve({descriptor})"
    )


# ------------------------------------------------------------------------------------------------ in the server process


def serve(descriptor: int) -> None:
    """Fork a child for each job until the other side is gone. One thread only: a fork copies no other."""
    control = socket.socket(fileno=descriptor)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: our parent decides when to end
    for name in dict.fromkeys(place.partition(":")[0] for place, _ in WORK.values()):
        importlib.import_module(name).prepare()
    gc.collect()
    gc.freeze()
    while True:
        order, descriptors, _, _ = socket.recv_fds(control, 4096, 1)
        if not order:
            return
        if not descriptors:
            continue
        if os.fork() == 0:
            control.close()
            _work(json.loads(order), socket.socket(fileno=descriptors[0]))
        os.close(descriptors[0])


def _work(order: dict[str, object], end: socket.socket) -> Never:
    try:
        limits = msgspec.convert(order["limits"], Limits)
        take(limits)
        payload = bytearray()
        while piece := end.recv(1 << 20):
            payload += piece
        module, _, function = WORK[order["job"]][0].partition(":")  # type: ignore[index]
        made: bytes = getattr(importlib.import_module(module), function)(bytes(payload))
        if len(made) > limits.output_bytes:
            raise ValueError("the result is too large")  # noqa: TRY301
        end.sendall(b"+" + made)
    except BaseException as error:  # noqa: BLE001 -- the last line of a process
        with contextlib.suppress(BaseException):
            end.sendall(
                b"-" + f"{type(error).__name__}: {error}".encode("utf-8", "replace")[:2_000]
            )
    finally:
        end.close()
        os._exit(0)


def take(limits: Limits) -> None:
    """Bind this process to the limits. The clock's end is a signal that nothing in Python can hold up."""
    gc.disable()  # a job is short and its process ends with it
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.wall_s)
    for what, limit in (
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))
