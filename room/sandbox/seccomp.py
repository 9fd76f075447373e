"""The system calls a box may make: a list of what programs need, everything else answers EPERM. Pure.

The keeper of a box that is used again needs two more, to make namespaces and to mount in them. No program is started
under that profile alone: the keeper closes both with a filter of its own first (`closing_filters`).

Compared with the engine's own default it also refuses tracing and reading other processes, keys, io_uring, System V
and POSIX message queues and shared memory by id (they would outlive a test case), and every socket family but UNIX,
INET and INET6 (so no VSOCK to the host and no NETLINK). The meaning of a profile: seccomp(2), the OCI runtime
specification, "Seccomp".
"""

from __future__ import annotations

import struct
from typing import Any

_ALLOWED = """
read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek sendfile splice tee vmsplice
copy_file_range open openat openat2 creat close close_range dup dup2 dup3 fcntl flock ioctl pipe pipe2
stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2 getdents getdents64 readlink readlinkat
mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat chmod fchmod fchmodat
chown fchown lchown fchownat utime utimes utimensat futimesat truncate ftruncate fallocate fadvise64 readahead
fsync fdatasync sync_file_range umask chdir fchdir getcwd
getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr
inotify_init inotify_init1 inotify_add_watch inotify_rm_watch
poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2
signalfd signalfd4 timerfd_create timerfd_settime timerfd_gettime
mmap mprotect munmap mremap msync madvise mincore brk mlock mlock2 munlock mlockall munlockall memfd_create membarrier
pkey_alloc pkey_free pkey_mprotect
execve execveat exit exit_group fork vfork wait4 waitid kill tkill tgkill pidfd_open pidfd_send_signal
rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait
rt_tgsigqueueinfo sigaltstack pause restart_syscall alarm getitimer setitimer nanosleep clock_nanosleep
timer_create timer_delete timer_getoverrun timer_gettime timer_settime
clock_gettime clock_getres gettimeofday time times
getpid getppid gettid getpgid getpgrp setpgid getsid setsid getuid geteuid getgid getegid getresuid getresgid
getgroups setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capget capset
getrlimit setrlimit prlimit64 getrusage getpriority setpriority ioprio_get ioprio_set
sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_getparam sched_getscheduler
sched_get_priority_max sched_get_priority_min sched_rr_get_interval getcpu rseq
futex futex_waitv set_robust_list get_robust_list set_tid_address arch_prctl prctl seccomp
uname sysinfo getrandom
bind connect listen accept accept4 getsockname getpeername getsockopt setsockopt shutdown socketpair
sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg
""".split()  # noqa: SIM905 (a list of words reads better than a page of quotes)

_FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6
_NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag, clone(2)
_CHANGING_ATTRIBUTES = [
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "removexattr",
    "lremovexattr",
    "fremovexattr",
]
_ENOTSUP = 95  # as a file system without attributes answers, so that cp -p goes on
_ENOSYS = 38  # makes a C library fall back from clone3, whose flags a filter cannot see


def profile(*, keeper: bool = False) -> dict[str, Any]:
    """The profile in the form that the Docker engine reads; `keeper` for boxes that are used again."""
    allow = "SCMP_ACT_ALLOW"
    clone: dict[str, Any] = {"names": ["clone"], "action": allow}
    if keeper:
        clone["names"].append("mount")
    else:
        clone["args"] = [{"index": 0, "value": _NEW_NAMESPACES, "op": "SCMP_CMP_MASKED_EQ"}]
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 1,
        "archMap": [
            {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": []},
            {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": []},
        ],
        "syscalls": [
            {"names": _ALLOWED, "action": allow},
            *(
                {
                    "names": ["socket"],
                    "action": allow,
                    "args": [{"index": 0, "value": family, "op": "SCMP_CMP_EQ"}],
                }
                for family in _FAMILIES
            ),
            clone,
            {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": _ENOSYS},
            {"names": _CHANGING_ATTRIBUTES, "action": "SCMP_ACT_ERRNO", "errnoRet": _ENOTSUP},
            {
                "names": ["personality"],
                "action": allow,
                "args": [{"index": 0, "value": 0xFFFFFFFF, "op": "SCMP_CMP_EQ"}],
            },
        ],
    }


def closing_filters() -> dict[str, bytes]:
    """What the keeper puts on top for everything that a submission starts, as code for each machine.

    It refuses exactly what `profile(keeper=True)` allows beyond `profile()`. The form: seccomp(2), bpf(4).
    """
    return {
        "x86_64": _refusing(0xC000003E, mount=165, clone=56),
        "aarch64": _refusing(0xC00000B7, mount=40, clone=220),
    }


def _refusing(machine: int, *, mount: int, clone: int) -> bytes:
    load, equal, any_bit, end = 0x20, 0x15, 0x45, 0x06
    number_at, machine_at, flags_at = 0, 4, 16
    allow, refuse, kill = 0x7FFF0000, 0x00050001, 0x80000000
    lines = [
        (load, 0, 0, machine_at),
        (equal, 1, 0, machine),
        (end, 0, 0, kill),
        (load, 0, 0, number_at),
        (equal, 4, 0, mount),
        (equal, 0, 2, clone),
        (load, 0, 0, flags_at),
        (any_bit, 1, 0, _NEW_NAMESPACES),
        (end, 0, 0, allow),
        (end, 0, 0, refuse),
    ]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)
