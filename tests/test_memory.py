"""Threads share the C library's arenas, so that what each once needed does not stay with each."""

import platform
import subprocess
import sys

import pytest

THREADS = """
import re, sys, threading
import ctypes
from room import memory
assert sys.argv[1] == "own" or memory.share_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
begin = threading.Barrier(12)
def work():
    begin.wait()
    for _ in range(50):
        libc.free(libc.malloc(20_000))  # ctypes lets the interpreter go: all are at it at once
    begin.wait()
threads = [threading.Thread(target=work) for _ in range(12)]
for one in threads: one.start()
for one in threads: one.join()
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.fdopen.restype, libc.fdopen.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_char_p]
libc.fflush.argtypes = [ctypes.c_void_p]
out = libc.fdopen(1, b"w")
libc.malloc_info(0, out)
libc.fflush(out)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="The C library is not glibc.")
def test_many_threads_have_two_arenas():
    told = {
        how: subprocess.run(
            [sys.executable, "-c", THREADS, how], capture_output=True, text=True, check=True
        ).stdout.count("<heap nr=")
        for how in ("own", "shared")
    }
    assert told["shared"] <= 2 < told["own"]
