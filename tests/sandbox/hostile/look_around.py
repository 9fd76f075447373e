"""Looks around in the box from inside and prints what it found as JSON. It is started there, not here."""

# ruff: noqa: PTH108, PTH110, PTH115, PTH118, PTH123, PTH208, SIM115, T201 (as a candidate might write it)

import contextlib
import ctypes
import errno
import json
import os
import pathlib
import resource
import socket
import stat
import time

libc = ctypes.CDLL(None, use_errno=True)
# x86_64 numbers; arch/x86/entry/syscalls/syscall_64.tbl
NUMBERS = {
    "ptrace": (101, 16, 1, 0, 0), "process_vm_readv": (310, 1, 0, 0, 0, 0, 0), "keyctl": (250, 0, 0, 0),
    "add_key": (248, 0, 0, 0, 0, 0), "io_uring_setup": (425, 1, 0), "userfaultfd": (323, 1),
    "unshare": (272, 0x10000000), "mount": (165, 0, 0, 0, 0, 0), "bpf": (321, 0, 0, 0),
    "perf_event_open": (298, 0, 0, -1, -1, 0), "shmget": (29, 0, 4096, 0o1600), "msgget": (68, 0, 0o1600),
    "semget": (64, 0, 1, 0o1600), "setns": (308, 0, 0), "kexec_load": (246, 0, 0, 0, 0),
    "init_module": (175, 0, 0, 0), "chroot": (161, b"/"), "personality": (135, 0x0040000),
    "name_to_handle_at": (303, -100, b"/", 0, 0, 0), "open_by_handle_at": (304, 0, 0, 0), "syslog": (103, 3, 0, 0),
    "swapon": (167, b"/x", 0), "reboot": (169, 0, 0, 0, 0), "mq_open": (240, b"queue", 0o102, 0o600, 0),
    "clone_new_user": (56, 0x10000000 | 17, 0, 0, 0, 0),
}  # fmt: skip
FAMILIES = {"unix": 1, "inet": 2, "inet6": 10, "netlink": 16, "packet": 17, "alg": 38, "vsock": 40}


def call(number, *arguments):
    ctypes.set_errno(0)
    done = libc.syscall(number, *arguments)
    if done == 0 and number == 56:  # the child of a clone that should not have been possible
        os._exit(0)
    return "ok" if done >= 0 else errno.errorcode[ctypes.get_errno()]


def attempt(work):
    try:
        work()
    except OSError as error:
        return type(error).__name__
    return "done"


def system_call(name, kind=0):
    try:
        socket.socket(
            FAMILIES[name], socket.SOCK_RAW if name in ("packet", "netlink") else kind or 1
        ).close()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "ok"


def device():
    try:
        os.mknod("/box/device", 0o600 | stat.S_IFBLK, os.makedev(8, 0))
    except OSError as error:
        return errno.errorcode[error.errno]
    return "ok"


def can_write(folder):
    path = os.path.join(folder, "probe")
    try:
        with open(path, "w"):
            pass
        os.unlink(path)
    except OSError:
        return False
    return True


status = dict(
    line.split(":\t", 1)
    for line in pathlib.Path("/proc/self/status").read_text().splitlines()
    if ":\t" in line
)
folders, programs = [], []
for top, names, files in os.walk("/"):
    names[:] = [n for n in names if os.path.join(top, n) not in ("/proc", "/sys")]
    folders.append(top)
    for name in files:
        with contextlib.suppress(OSError):
            mode = os.lstat(os.path.join(top, name)).st_mode
            if stat.S_ISREG(mode) and mode & 0o6000:
                programs.append(os.path.join(top, name))
mounts = {}
for line in pathlib.Path("/proc/mounts").read_text().splitlines():
    _, where, kind, options = line.split()[:4]
    with contextlib.suppress(OSError):
        room = os.statvfs(where)
        mounts[where] = {
            "kind": kind,
            "options": options.split(","),
            "bytes": room.f_blocks * room.f_frsize,
        }

listing = sorted(os.listdir("/box"))
with contextlib.suppress(OSError):
    os.kill(1, 9)
    os.kill(1, 15)
    os.kill(1, 19)
time.sleep(0.05)

print(
    json.dumps(
        {
            "user": [os.getuid(), os.geteuid(), os.getgid(), os.getegid()],
            "groups": [g for g in os.getgroups() if g != 10001],
            "capabilities": [status[k] for k in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
            "no_new_privileges": status["NoNewPrivs"],
            "seccomp": status["Seccomp"],
            "interfaces": sorted(os.listdir("/sys/class/net")),
            "routes": len(pathlib.Path("/proc/net/route").read_text().splitlines()) - 1,
            "core": resource.getrlimit(resource.RLIMIT_CORE),
            "files_open": resource.getrlimit(resource.RLIMIT_NOFILE),
            "file_size": resource.getrlimit(resource.RLIMIT_FSIZE),
            "stack": resource.getrlimit(resource.RLIMIT_STACK),
            "message_queues": resource.getrlimit(12),
            "set_user_id_programs": programs,
            "writable_folders": sorted(filter(can_write, folders)),
            "devices": sorted(
                n
                for n in os.listdir("/dev")
                if stat.S_ISCHR(os.lstat(f"/dev/{n}").st_mode)
                or stat.S_ISBLK(os.lstat(f"/dev/{n}").st_mode)
            ),
            "supervisor_memory": attempt(lambda: open("/proc/1/mem", "rb")),
            "supervisor_pipes": attempt(lambda: os.listdir("/proc/1/fd")),
            "supervisor_folder": attempt(lambda: os.readlink("/proc/1/cwd")),
            "supervisor_survives_kill": os.path.exists("/proc/1/status"),
            "open_descriptors": sorted(int(n) for n in os.listdir("/proc/self/fd"))[:-1],
            "engine_socket": any(
                os.path.exists(p) for p in ("/var/run/docker.sock", "/run/docker.sock")
            ),
            "host_name": socket.gethostname(),
            "home_listing": listing,
            "connect": attempt(lambda: socket.create_connection(("192.0.2.1", 80), 1)),
            "name_lookup": attempt(lambda: socket.getaddrinfo("example.org", 80)),
            "mounts": mounts,
            "calls": {name: call(*words) for name, words in NUMBERS.items()}
            | {f"socket_{name}": system_call(name) for name in FAMILIES}
            | {"mknod_device": device()},
        }
    )
)
