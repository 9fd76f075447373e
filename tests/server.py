"""A real server process on a port of its own, for tests that need one."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.ports import free_port


class Server:
    """``room serve`` in a process of its own, on a data folder that outlives it."""

    def __init__(
        self, data_dir: Path, *, under: tuple[str, ...] = (), has_demo: bool = False
    ) -> None:
        """``under``: a command that runs the server's process, such as a tracer. ``has_demo``: the finished demo is
        played at the start, which takes some seconds; otherwise it is as if its owner had thrown it away."""
        self.under = under
        self.has_demo = has_demo
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | {
            "ROOM_DATA_DIR": str(data_dir),
            "ROOM_PORT": str(self.port),
            "ROOM_DEMO": "on",
        }
        self.environment.pop("ROOM_PUBLIC_URL", None)
        data_dir.mkdir(mode=0o700)
        if not has_demo:
            (data_dir / "demo-played").touch()
        self.log = data_dir.parent / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.under, sys.executable, "-m", "room", "serve"],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + (120 if self.has_demo else 40)
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.kill()
        raise RuntimeError(self.log.read_text())

    def kill(self) -> None:
        assert self.process is not None
        if self.process.poll() is None:  # A tracer that is killed would leave the server running.
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)

    def interviews(self, count: int = 1) -> list[dict[str, Any]]:
        """Ready interviews, started and open."""
        done = subprocess.run(
            [sys.executable, "-m", "room", "demo", "--json", "--count", str(count)],
            env=self.environment,
            check=True,
            capture_output=True,
        )
        return json.loads(done.stdout)["interviews"]
