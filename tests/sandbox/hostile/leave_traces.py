"""Leaves behind whatever a program can leave: files, processes, sockets, locks, memory. It is started there, not here."""

# ruff: noqa: PTH101, PTH102, PTH123, PTH211, SIM115 (as a candidate might write it)

import contextlib
import ctypes
import fcntl
import os
import pty
import signal
import socket
import sys
import time

libc = ctypes.CDLL(None)
for folder in ("/box", "/tmp", "/dev/shm"):
    with open(f"{folder}/left", "w") as file:
        file.write("SECRET" * 1000)
    os.mkdir(f"{folder}/closed", 0o000)
    os.symlink("/etc/passwd", f"{folder}/link")
    os.chmod(folder, 0o777)
with contextlib.suppress(OSError):
    open("/dev/mqueue/left", "w").close()
with contextlib.suppress(OSError):
    open("/proc/sys/kernel/hostname", "w").write("left")
with contextlib.suppress(OSError):
    socket.sethostname("left")
libc.shmget(4242, 4096, 0o1666)
libc.msgget(4242, 0o1666)
libc.semget(4242, 1, 0o1666)

served = socket.create_server(("127.0.0.1", 4444))
named = socket.socket(socket.AF_UNIX)
named.bind("\0left")
named.listen()
for _ in range(5):  # connections that linger after both ends are gone
    one = socket.create_connection(("127.0.0.1", 4444))
    other, _ = served.accept()
    one.close()
    other.close()
lock = open("/tmp/lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX)
terminals = [pty.openpty() for _ in range(3)]
os.nice(5)
os.environ["LEFT"] = "left"
os.umask(0)
memory = os.memfd_create("left")
os.write(memory, b"SECRET" * 1_000_000)
for fd in (0, 1, 2, 3):  # descriptors that are kept open by those who stay
    os.set_inheritable(fd, True)
sys.stdout.write("left\n")
sys.stdout.flush()
for sign in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGCHLD):
    signal.signal(sign, signal.SIG_IGN)
for number in range(8):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                with contextlib.suppress(OSError):
                    open(f"/tmp/again{number}", "w").write("x")
                time.sleep(0.01)
        os._exit(0)
time.sleep(0.2)
