"""Prints as JSON all that a program can find of one that was in this box before it. It is started there, not here."""

# ruff: noqa: PTH116, PTH118, PTH123, PTH208, T201 (as a candidate might write it)

import contextlib
import fcntl
import json
import os
import socket
import stat


def lines(path):
    with open(path) as file:
        return file.read().splitlines()


def below(folder):
    return sorted(
        os.path.join(top, name)
        for top, folders, files in os.walk(folder)
        for name in folders + files
    )


def is_listening(family, address):
    with contextlib.closing(socket.socket(family)) as one:
        one.settimeout(1)
        try:
            one.connect(address)
        except OSError:
            return False
    return True


def bytes_left(folder):
    room = os.statvfs(folder)
    return [room.f_bfree * room.f_frsize, room.f_ffree]


def is_own(namespace):
    """Whether it belongs to this program's own namespace of users (ioctl_ns(2), NS_GET_USERNS)."""
    try:
        with open(f"/proc/self/ns/{namespace}") as file:
            users = fcntl.ioctl(file, 0xB701)
    except OSError:
        return False
    return os.fstat(users).st_ino == os.stat("/proc/self/ns/user").st_ino


status = dict(line.split(":\t", 1) for line in lines("/proc/self/status") if ":\t" in line)
print(
    json.dumps(
        {
            "box": next(line for line in lines("/proc/self/mountinfo") if "/etc/hostname" in line),
            "own": [name for name in ("mnt", "pid", "ipc", "net", "uts") if is_own(name)],
            "users": lines("/proc/self/uid_map")[0].split(),
            "seen": {
                "files": {
                    d: below(d) for d in ("/box", "/tmp", "/dev/shm", "/dev/mqueue", "/dev/pts")
                },
                "left": {d: bytes_left(d) for d in ("/box", "/tmp", "/dev/shm")},
                "modes": {
                    d: oct(stat.S_IMODE(os.stat(d).st_mode)) for d in ("/box", "/tmp", "/dev/shm")
                },
                "processes": sorted(int(p) for p in os.listdir("/proc") if p.isdigit()),
                "number": os.getpid(),
                "sockets": {
                    kind: len(lines(f"/proc/net/{kind}"))
                    for kind in ("tcp", "tcp6", "udp", "udp6", "unix", "raw")
                },
                "answers": [
                    is_listening(socket.AF_INET, ("127.0.0.1", 4444)),
                    is_listening(socket.AF_UNIX, "\0left"),
                ],
                "shared memory": {
                    kind: len(lines(f"/proc/sysvipc/{kind}")) for kind in ("shm", "sem", "msg")
                },
                "locks": [
                    line.split(None, 1)[1] for line in lines("/proc/locks") if "OFDLCK" not in line
                ],
                "descriptors": sorted(map(int, os.listdir("/proc/self/fd"))),
                "environment": sorted(os.environ.items()),
                "rights": {
                    k: status[k]
                    for k in sorted(status)
                    if k.startswith(("Cap", "NoNew", "Seccomp"))
                },
                "host": [socket.gethostname(), os.getpriority(0, 0), oct(os.umask(0o22))],
                "mounts": sorted(line.split()[1:4] for line in lines("/proc/mounts")),
                "traffic": [line.split()[:3] for line in lines("/proc/net/dev")[2:]],
                "limits": lines("/proc/self/limits"),
                "score": lines("/proc/self/oom_score_adj"),
            },
        }
    )
)
