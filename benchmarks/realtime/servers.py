"""The servers that are measured, each started as its documentation says and pinned to one core."""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

HERE = Path(__file__).parent
PEERS = HERE / "peers"
TICK = os.sysconf("SC_CLK_TCK")


FIRST = ("sh", "-c", 'echo -19 >/proc/self/autogroup; exec nice -n -19 "$@"', "sh")
"""Before a command in a session of its own: it goes before the machine's other work, which still goes on beside it."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process under measurement. ``addresses(rooms)``: for each room the places of its three members."""

    name = dialect = ""

    def __init__(self, core, before=()):
        self.core, self.before = core, before
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self.process = None

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def start(self):
        pinned = [*self.before, "taskset", "-c", str(self.core)]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [*pinned, *self.command()],
                cwd=HERE.parents[1],
                env=os.environ | self.environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + 90
        while time.monotonic() < until and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        raise RuntimeError((self.folder / "log").read_text()[-2000:])

    def addresses(self, rooms):
        raise NotImplementedError

    def settled(self, at_least_s=7, at_most_s=40):
        """Wait until what it starts besides itself (Room: the layout engine's process, after five seconds) is idle."""
        began, before = time.monotonic(), None
        while (now := self._children_cpu()) != before or time.monotonic() < began + at_least_s:
            if time.monotonic() > began + at_most_s:
                return
            before = now
            time.sleep(1)

    def _children_cpu(self):
        spent = {}
        for listed in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            for child in listed.read_text().split():
                with contextlib.suppress(OSError):
                    fields = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()
                    spent[child] = int(fields[11]) + int(fields[12])
        return spent

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.keep()
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep(self):
        pass

    def cpu_s(self):
        """Seconds of CPU so far, all threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def rss_mb(self):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024


class YWebsocket(Server):
    name, dialect = "y-websocket 2.1.0", "y"

    def command(self):
        return ["node", str(PEERS / "node_modules/y-websocket/bin/server.cjs")]

    def environment(self):
        return {"HOST": "127.0.0.1", "PORT": str(self.port)}

    def addresses(self, rooms):
        return [
            [{"host": "127.0.0.1", "port": self.port, "path": f"/room-{n}", "root": "code"}] * 3
            for n in range(rooms)
        ]


class Hocuspocus(Server):
    name, dialect = "Hocuspocus 4.7.0", "hocuspocus"

    def command(self):
        return ["node", str(PEERS / "hocuspocus.mjs")]

    def environment(self):
        return {"PORT": str(self.port)}

    def addresses(self, rooms):
        return [
            [
                {"host": "127.0.0.1", "port": self.port, "path": "/", "name": f"room-{n}", "root": "code"}
            ] * 3
            for n in range(rooms)
        ]  # fmt: skip


class Room(Server):
    """`room serve` as it is shipped: cookies, checks, the sealed journal with every commit synced."""

    name, dialect = "Room", "room"

    def command(self):
        return [sys.executable, "-m", "room", "serve"]

    def environment(self):
        data = self.folder / "data"
        data.mkdir(mode=0o700, exist_ok=True)
        (data / "demo-played").touch(mode=0o600)  # The finished demo interview is not part of this.
        return {
            "ROOM_DATA_DIR": str(data), "ROOM_PORT": str(self.port), "ROOM_DEMO": "on",
            "ROOM_PUBLIC_URL": f"http://127.0.0.1:{self.port}",
        }  # fmt: skip

    kept = None
    """A data folder with interviews and their members' cookies, made once for all runs of a benchmark."""

    def start(self):
        if Room.kept is not None and Room.kept.exists():
            shutil.copytree(Room.kept, self.folder / "data")
        return super().start()

    def demo(self, count):
        """Ready interviews, started and open."""
        made = subprocess.run(
            [sys.executable, "-m", "room", "demo", "--json", "--count", str(count)],
            cwd=HERE.parents[1], env=os.environ | self.environment(), check=True, capture_output=True,
        ).stdout  # fmt: skip
        return json.loads(made)["interviews"]

    def addresses(self, rooms):
        entered = self.folder / "data" / "entered.json"
        known = json.loads(entered.read_text()) if entered.exists() else []
        if len(known) < rooms:
            # The candidate types; the lead and the observer read.
            known += [
                [self._enter(one, role) for role in ("candidate", "lead", "observer")]
                for one in self.demo(rooms - len(known))
            ]
            entered.write_text(json.dumps(known))
        return [[one | {"port": self.port} for one in room] for room in known[:rooms]]

    def keep(self):
        """Keep what was made for the runs to come; to be called when the server is stopped."""
        if Room.kept is not None and not Room.kept.exists():
            shutil.copytree(self.folder / "data", Room.kept)

    def _enter(self, one, role):
        """Open a member's link as a browser does, and keep the cookie."""
        web = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        origin, _, path = one[f"{role}_url"].partition("/join/")
        web.request("GET", "/join/" + path)
        lobby = web.getresponse()
        first = [value.split(";")[0] for name, value in lobby.getheaders() if name == "set-cookie"]
        form = dict(
            re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', lobby.read().decode())
        )
        body = urllib.parse.urlencode(form | {"name": role.title(), "agree": "on"})
        web.request(
            "POST", "/join/" + path, body,
            {
                "Origin": origin, "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": "; ".join(first),
            },
        )  # fmt: skip
        answer = web.getresponse()
        if answer.status != 303:
            raise RuntimeError(f"{answer.status} {answer.read()[:300]!r}")
        given = [value.split(";")[0] for name, value in answer.getheaders() if name == "set-cookie"]
        web.close()
        return {
            "host": "127.0.0.1", "path": "/" + one["live_url"].split("/", 3)[3],
            "headers": {"Cookie": "; ".join((*first, *given))}, "root": "f:" + one["file_id"],
        }  # fmt: skip


def core_busy_s(core):
    """Seconds that a core has been busy, whoever it was."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _iowait, irq, softirq, steal, *_ = map(int, fields)
            return (user + nice + system + irq + softirq + steal) / TICK
    raise LookupError(core)


@contextlib.contextmanager
def running(kind, core, before=()):
    server = kind(core, before)
    try:
        yield server.start()
    finally:
        server.stop()
