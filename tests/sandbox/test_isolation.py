"""What a program finds when it looks around in its box. Taking away any one option turns one of these red."""

import json
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from room.sandbox.budget import Payer
from room.sandbox.docker import INODES, DockerDriver
from room.sandbox.languages import LANGUAGES
from room.sandbox.runner import Runner, shape_of
from room.sandbox.spec import Limits, RunRequest, SourceFile

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

PROBE = (Path(__file__).parent / "hostile" / "look_around.py").read_text("utf-8")


@pytest_asyncio.fixture(
    scope="module", loop_scope="session", params=["one submission", "used before"]
)
async def seen(runner, request):
    """From a box for one submission, and from one that has served another."""
    pieces = []
    files = (SourceFile("main.py", PROBE),)
    if request.param == "used before":
        payer = Payer("isolation", "tests")
        first = RunRequest("python", (SourceFile("main.py", "print()"),), "main.py")
        await runner.run(first, lambda _: None, payer=payer)
        result = await runner.run(
            RunRequest("python", files, "main.py"), pieces.append, payer=payer
        )
        assert [place for place in runner._pool._own.values() if place.owner == "isolation"]
    else:
        async with Runner.open(warm=0, chores=False, reuse=False) as other:
            result = await other.run(RunRequest("python", files, "main.py"), pieces.append)
    text = "".join(p.text for p in pieces if p.stream == "stdout")
    assert result.verdict == "OK", (result, pieces)
    return json.loads(text)


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("user", [10001, 10001, 10001, 10001]),
        ("groups", []),
        ("capabilities", ["0" * 16] * 5),
        ("no_new_privileges", "1"),
        ("seccomp", "2"),
        ("interfaces", ["lo"]),
        ("routes", 0),
        ("core", [0, 0]),
        ("files_open", [256, 256]),
        ("file_size", [8 * 1_048_576] * 2),
        ("stack", [64 * 1_048_576] * 2),
        ("message_queues", [0, 0]),
        ("set_user_id_programs", []),
        ("writable_folders", ["/box", "/dev/shm", "/tmp"]),
        ("devices", ["full", "null", "random", "tty", "urandom", "zero"]),
        ("supervisor_memory", "PermissionError"),
        ("supervisor_pipes", "PermissionError"),
        ("supervisor_folder", "PermissionError"),
        ("supervisor_survives_kill", True),
        ("open_descriptors", [0, 1, 2, 3]),
        ("engine_socket", False),
        ("host_name", "room"),
        ("home_listing", ["main.py"]),
        ("connect", "OSError"),
        ("name_lookup", "gaierror"),
    ],
)
async def test_the_box_is_as_it_should_be(seen, fact, value):
    assert seen[fact] == value


@pytest.mark.parametrize(
    "call",
    ["ptrace", "process_vm_readv", "keyctl", "add_key", "io_uring_setup", "userfaultfd", "unshare", "mount", "bpf",
     "perf_event_open", "shmget", "msgget", "semget", "mq_open", "setns", "kexec_load", "init_module", "chroot",
     "personality", "name_to_handle_at", "open_by_handle_at", "syslog", "swapon", "reboot", "mknod_device",
     "socket_netlink", "socket_packet", "socket_vsock", "socket_alg", "clone_new_user"],
)  # fmt: skip
async def test_a_system_call_that_no_program_needs_is_refused(seen, call):
    assert seen["calls"][call] in ("EPERM", "EACCES"), call


@pytest.mark.parametrize("family", ["socket_unix", "socket_inet", "socket_inet6"])
async def test_ordinary_sockets_can_be_made(seen, family):
    assert seen["calls"][family] == "ok"


@pytest.mark.parametrize("folder", ["/box", "/tmp"])
async def test_writable_folders_are_small_and_start_no_programs(seen, folder):
    mount = seen["mounts"][folder]
    assert mount["kind"] == "tmpfs"
    assert {"nosuid", "nodev", "noexec", "rw", f"nr_inodes={INODES}"} <= set(mount["options"])
    assert mount["bytes"] == 16 * 1_048_576


async def test_shared_memory_is_tiny_and_the_root_cannot_be_written(seen):
    assert seen["mounts"]["/dev/shm"]["bytes"] == 1_048_576
    assert "ro" in seen["mounts"]["/"]["options"]


async def test_no_file_of_the_host_is_mounted_but_the_engines_own_three(seen):
    own = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"}
    kinds = {
        "overlay",
        "proc",
        "tmpfs",
        "devpts",
        "sysfs",
        "cgroup",
        "cgroup2",
        "mqueue",
        "fuse-overlayfs",
    }
    strange = {p: m for p, m in seen["mounts"].items() if m["kind"] not in kinds and p not in own}
    assert strange == {}


def table(options):
    """Every option by its path, with what is said elsewhere left out."""
    flat = {}

    def walk(path, value):
        if isinstance(value, dict) and value:
            for key, one in value.items():
                walk(f"{path}.{key}" if path else key, one)
        else:
            flat[path] = value

    walk("", options)
    flat["HostConfig.SecurityOpt"] = [
        option.partition("={")[0] for option in flat["HostConfig.SecurityOpt"]
    ]
    flat["HostConfig.Ulimits"] = {
        u["Name"]: (u["Soft"], u["Hard"]) for u in flat["HostConfig.Ulimits"]
    }
    assert flat.pop("Entrypoint")[:2] == ["perl", "-e"]
    return flat


SCRATCH = "rw,nosuid,nodev,noexec,size=16m,nr_inodes=4096,uid=10001,gid=10001,mode=0700"
MEBI = 1_048_576
OPTIONS = {
    "Image": "room-python:local",
    "Cmd": [],
    "User": "10001:10001",
    "WorkingDir": "/box",
    "Hostname": "room",
    "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/box", "TMPDIR=/tmp", "LANG=C.UTF-8",
            "PYTHONDONTWRITEBYTECODE=1", "OPENBLAS_NUM_THREADS=1", "NO_UPDATE_NOTIFIER=1"],
    "OpenStdin": True,
    "StdinOnce": True,
    "AttachStdin": True,
    "AttachStdout": True,
    "AttachStderr": True,
    "Tty": False,
    "NetworkDisabled": True,
    "Labels.room.worker": "w",
    "Labels.room.boot": "b",
    "HostConfig.NetworkMode": "none",
    "HostConfig.ReadonlyRootfs": True,
    "HostConfig.CapDrop": ["ALL"],
    "HostConfig.SecurityOpt": ["no-new-privileges", "seccomp"],
    "HostConfig.Memory": 256 * MEBI,
    "HostConfig.MemorySwap": 256 * MEBI,
    "HostConfig.NanoCpus": 1_000_000_000,
    "HostConfig.PidsLimit": 64,
    "HostConfig.Ulimits": {"nofile": (256, 256), "fsize": (8 * MEBI, 8 * MEBI), "core": (0, 0),
                           "stack": (64 * MEBI, 64 * MEBI), "msgqueue": (0, 0), "memlock": (0, 0), "rtprio": (0, 0)},
    "HostConfig.Tmpfs./box": SCRATCH,
    "HostConfig.Tmpfs./tmp": SCRATCH,
    "HostConfig.IpcMode": "private",
    "HostConfig.ShmSize": MEBI,
    "HostConfig.LogConfig.Type": "none",
    "HostConfig.Init": False,
    "HostConfig.OomScoreAdj": 500,
    "HostConfig.RestartPolicy.Name": "no",
    "HostConfig.Privileged": False,
}  # fmt: skip


async def test_a_box_is_asked_for_with_these_options_and_no_others():
    driver = DockerDriver(docker_host=None, runtime=None, worker="w", boot_id="b")
    assert table(driver.options(shape_of("python", Limits()))) == OPTIONS


async def test_the_engine_has_made_the_box_as_it_was_asked_for(runner):
    driver = DockerDriver(docker_host=None, runtime=None, worker="room-test-look", boot_id="b")
    box = await driver.create(shape_of("python", Limits()))
    try:
        made = await box._container.show()
    finally:
        await box.destroy()
        await driver.close()
    host, asked = made["HostConfig"], driver.options(shape_of("python", Limits()))["HostConfig"]
    # The engine fills in defaults and keeps the rest: what was asked for is what it says it holds.
    same = ["NetworkMode", "ReadonlyRootfs", "CapDrop", "Memory", "MemorySwap", "NanoCpus", "PidsLimit", "Tmpfs",
            "IpcMode", "ShmSize", "OomScoreAdj", "Privileged", "Init"]  # fmt: skip
    assert {key: host[key] for key in same} == {key: asked[key] for key in same}
    assert host["LogConfig"]["Type"] == "none"
    assert host["Binds"] is None
    assert not host.get("Mounts")
    assert made["Mounts"] == []
    assert not host["CapAdd"]
    assert not host["Devices"]
    assert host["PidMode"] == ""
    assert made["Config"]["Tty"] is False


async def test_only_compiled_languages_may_start_programs_of_the_work_folder():
    driver = DockerDriver(docker_host=None, runtime=None, worker="w", boot_id="b")
    may = {
        key
        for key in LANGUAGES
        if any(
            "noexec" not in mount.split(",")
            for mount in driver.options(shape_of(key, Limits()))["HostConfig"]["Tmpfs"].values()
        )
    }
    assert may == {"c", "cpp", "go", "rust"}


async def test_what_a_program_cannot_see_is_set_too():
    driver = DockerDriver(docker_host=None, runtime=None, worker="w", boot_id="b")
    options = driver.options(shape_of("python", Limits(memory_mb=100, processes=7)))
    host = options["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == 100 * 1_048_576
    assert host["PidsLimit"] == 7
    assert host["NanoCpus"] == 1_000_000_000
    assert host["LogConfig"] == {"Type": "none"}
    # What the image or the engine's defaults also give is said all the same.
    assert (host["NetworkMode"], options["NetworkDisabled"]) == ("none", True)
    assert (options["User"], host["IpcMode"], host["Init"]) == ("10001:10001", "private", False)
    assert (options["OpenStdin"], options["StdinOnce"], options["Tty"]) == (True, True, False)
    ulimits = {limit["Name"]: (limit["Soft"], limit["Hard"]) for limit in host["Ulimits"]}
    assert {"memlock": (0, 0), "rtprio": (0, 0), "core": (0, 0)}.items() <= ulimits.items()
    assert all("nosuid,nodev,noexec" in mount for mount in host["Tmpfs"].values())
    assert host["Privileged"] is False
    assert "Binds" not in host
    assert "Mounts" not in host
    assert "Runtime" not in host
    assert options["Labels"] == {"room.worker": "w", "room.boot": "b"}
    chosen = DockerDriver(docker_host=None, runtime="runsc", worker="w", boot_id="b")
    assert chosen.options(shape_of("sql", Limits()))["HostConfig"]["Runtime"] == "runsc"
    assert msgspec.json.encode(options)


async def test_a_runtime_that_the_engine_lacks_is_said(runner):
    async with Runner.open(runtime="no-such-runtime") as other:
        status = await other.status()
    assert not status.available
    assert "no runtime called no-such-runtime" in status.reason
