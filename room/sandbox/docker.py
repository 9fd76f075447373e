"""The Docker engine as a `Driver`. No other module (but `images`) knows it.

A box is a container with everything taken away that a program under interview does not need; docs/threat-model.md
says what each option is for, and tests/sandbox holds one test for each. The API is documented at
https://docs.docker.com/engine/api/ (1.41 and later).
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from typing import Any

import aiodocker
import aiohttp
import msgspec

from room.sandbox.driver import BoxState, EngineDown, Image, ImageMissing, NoNamespaces, Shape
from room.sandbox.languages import LANGUAGES
from room.sandbox.seccomp import closing_filters, profile

USER = 10001
INODES = 4096
SHARED_MEMORY_MB = 1
KEEPER_RUNTIMES = (None, "runc", "crun")
WORKER_LABEL = "room.worker"
BOOT_LABEL = "room.boot"
VERSION_LABEL = "room.version"

CALL_S = 10.0
START_S = 30.0
TAKE_BACK_WAITS_S = (0.2, 1.0, 3.0)
STRAY_AGE_S = 60
"""When a box of this life that the pool does not know counts as lost; before, it may be only being made."""
ENDED_AGE_S = 600
"""When an ended box is taken away whoever owned it."""


def image_name(language: str) -> str:
    """The tag under which a language's image is built and found; swap an image by tagging another one so."""
    return f"room-{language}:local"


class DockerDriver:
    """Boxes as containers. `worker` names this installation on the engine, `boot_id` this life of its process."""

    def __init__(
        self, *, docker_host: str | None, runtime: str | None, worker: str, boot_id: str
    ) -> None:
        self._url = docker_host or None
        self._runtime = runtime or None
        self._worker = worker
        self._boot_id = boot_id
        self._client: aiodocker.Docker | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._supervisor = (files("room.sandbox") / "supervise.pl").read_text("utf-8")
        self._keeper = (files("room.sandbox") / "keep.pl").read_text("utf-8")
        self._seccomp = msgspec.json.encode(profile()).decode()
        self._keeper_seccomp = msgspec.json.encode(profile(keeper=True)).decode()

    async def probe(self) -> None:
        async with self.call(CALL_S) as docker:
            info = await docker.system.info()
        if self._runtime and self._runtime not in info.get("Runtimes", {}):
            raise EngineDown(f"the engine has no runtime called {self._runtime}")

    async def images(self) -> dict[str, Image]:
        async with self.call(CALL_S) as docker:
            found = await docker.images.list()
        tagged = {
            tag: Image(str(image["Id"]), str((image.get("Labels") or {}).get(VERSION_LABEL, "")))
            for image in found
            for tag in image.get("RepoTags") or ()
        }
        return {
            language: tagged[image_name(language)]
            for language in LANGUAGES
            if image_name(language) in tagged
        }

    async def create(self, shape: Shape, *, keeper: bool = False) -> DockerBox:
        if keeper and self._runtime not in KEEPER_RUNTIMES:
            raise NoNamespaces(f"not tried with the runtime {self._runtime}")
        name = f"room-{secrets.token_hex(8)}"
        container: Any = None
        stream: Any = None
        making: asyncio.Future[Any] | None = None
        try:
            async with self.call(START_S) as docker:
                try:
                    # Who goes away now must not leave a container whose name the engine was only about to tell.
                    making = asyncio.ensure_future(
                        docker.containers.create(self.options(shape, keeper=keeper), name=name)
                    )
                    container = await asyncio.shield(making)
                except aiodocker.DockerError as error:
                    if error.status == 404:
                        raise ImageMissing(shape.language) from error
                    raise
                stream = container.attach(stdin=True, stdout=True, stderr=True)
                await stream.__aenter__()
                box = DockerBox(self, container, stream, keeps=keeper)
                await container.start()
                return box
        except BaseException:
            if making is not None:
                self._spawn(self._take_back(making, name, stream))
            raise

    async def sweep(self, known: frozenset[str], *, closing: bool = False) -> int:
        async with self.call(CALL_S) as docker:
            found = await docker.containers.list(
                all=True, filters=msgspec.json.encode({"label": [WORKER_LABEL]}).decode()
            )
        now = time.time()
        gone = 0
        for container in found:
            facts = container._container  # noqa: SLF001 (the only way to what the list said)
            labels = facts.get("Labels") or {}
            ours = labels.get(WORKER_LABEL) == self._worker
            this_life = labels.get(BOOT_LABEL) == self._boot_id
            older_life = ours and not this_life
            age_s = now - facts.get("Created", now)
            lost = ours and (age_s > STRAY_AGE_S or (closing and this_life))
            ended = age_s > ENDED_AGE_S and facts.get("State") in ("exited", "dead", "created")
            if container.id not in known and (older_life or lost or ended):
                await self.remove(container)
                gone += 1
        return gone

    async def close(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)
        if self._client is not None:
            await self._client.close()
            self._client = None

    def options(self, shape: Shape, *, keeper: bool = False) -> dict[str, Any]:
        """The container's whole configuration; a test reads it back for every option that matters."""
        options = self._options(shape)
        if keeper:
            language = LANGUAGES[shape.language]
            filters = (
                word for name, code in closing_filters().items() for word in (name, code.hex())
            )
            sizes = (shape.scratch_mb, INODES, int(language.needs_exec), SHARED_MEMORY_MB)
            options["Entrypoint"] = ["perl", "-e", self._keeper + self._supervisor]
            options["Cmd"] = [*map(str, sizes), *filters]
            host = options["HostConfig"]
            host["SecurityOpt"] = ["no-new-privileges", f"seccomp={self._keeper_seccomp}"]
            # A new /proc may be mounted only where the old one is whole; the keeper hides in each new one what the engine
            # hides, and no program ever sees the old one.
            host["MaskedPaths"] = ["/sys/firmware", "/sys/devices/virtual/powercap"]
            host["ReadonlyPaths"] = []
        return options

    def _options(self, shape: Shape) -> dict[str, Any]:
        language = LANGUAGES[shape.language]
        scratch = (
            f"rw,nosuid,nodev,{'exec' if language.needs_exec else 'noexec'},size={shape.scratch_mb}m,"
            f"nr_inodes={INODES},uid={USER},gid={USER},mode=0700"
        )
        memory = shape.memory_mb * 1_048_576
        limits = {
            "nofile": 256, "fsize": shape.file_mb * 1_048_576, "core": 0, "stack": 64 * 1_048_576,
            "msgqueue": 0, "memlock": 0, "rtprio": 0,
        }  # fmt: skip
        host: dict[str, Any] = {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges", f"seccomp={self._seccomp}"],
            "Memory": memory,
            "MemorySwap": memory,
            "NanoCpus": 1_000_000_000,
            "PidsLimit": shape.processes,
            "Ulimits": [{"Name": k, "Soft": v, "Hard": v} for k, v in limits.items()],
            "Tmpfs": {"/box": scratch, "/tmp": scratch},  # noqa: S108 (inside the box)
            "IpcMode": "private",
            "ShmSize": SHARED_MEMORY_MB * 1_048_576,
            "LogConfig": {"Type": "none"},
            "Init": False,  # the supervisor is process 1 and reaps
            "OomScoreAdj": 500,
            "RestartPolicy": {"Name": "no"},
            "Privileged": False,
        }
        if self._runtime:
            host["Runtime"] = self._runtime
        return {
            "Image": image_name(shape.language),
            "Entrypoint": ["perl", "-e", self._supervisor],
            "Cmd": [],
            "User": f"{USER}:{USER}",
            "WorkingDir": "/box",
            "Hostname": "room",
            "Env": [
                "PATH=/usr/local/bin:/usr/bin:/bin",
                "HOME=/box",
                "TMPDIR=/tmp",
                "LANG=C.UTF-8",
                "PYTHONDONTWRITEBYTECODE=1",
                "OPENBLAS_NUM_THREADS=1",
                "NO_UPDATE_NOTIFIER=1",
            ],
            "OpenStdin": True,
            "StdinOnce": True,  # when we die, its input ends and the supervisor with it
            "AttachStdin": True,
            "AttachStdout": True,
            "AttachStderr": True,
            "Tty": False,
            "NetworkDisabled": True,
            "Labels": {WORKER_LABEL: self._worker, BOOT_LABEL: self._boot_id},
            "HostConfig": host,
        }

    @asynccontextmanager
    async def call(self, seconds: float) -> AsyncIterator[aiodocker.Docker]:
        """A deadline around engine calls; whatever goes wrong with the engine comes out as EngineDown."""
        try:
            async with asyncio.timeout(seconds):
                if self._client is None:
                    self._client = aiodocker.Docker(url=self._url)
                yield self._client
        except TimeoutError as error:
            raise EngineDown(f"no answer within {seconds:g} s") from error
        except aiodocker.DockerError as error:
            raise EngineDown(f"the engine answered {error.status}: {error.message}") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise EngineDown(str(error) or type(error).__name__) from error

    async def remove(self, container: Any) -> None:
        """Remove a container by force; it is gone then. Raises EngineDown, also when another removal is under way."""
        async with self.call(CALL_S):
            try:
                await container.delete(force=True, v=True)
            except aiodocker.DockerError as error:
                if error.status != 404:
                    raise

    async def _take_back(self, making: asyncio.Future[Any], name: str, stream: Any) -> None:
        """Remove a container that nobody will use, as soon as the engine has made it, if it does."""
        if stream is not None:
            await stream.close()
        with suppress(EngineDown):
            async with self.call(START_S):
                await asyncio.wait((making,))
        if not making.done():
            making.cancel()
        elif isinstance(making.exception(), aiodocker.DockerError):
            return  # there is none
        for wait_s in TAKE_BACK_WAITS_S:
            try:
                async with self.call(CALL_S) as docker:
                    await self.remove(docker.containers.container(name))
            except EngineDown:
                if making.cancelled() or making.exception():
                    return  # it was hardly made; else the sweep finds it by its label
                await asyncio.sleep(wait_s)
            else:
                return

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class DockerBox:
    """A container with its attached streams."""

    def __init__(
        self, driver: DockerDriver, container: Any, stream: Any, *, keeps: bool = False
    ) -> None:
        self._driver = driver
        self.keeps = keeps
        self._container = container
        self._stream = stream
        self.complaint = b""

    @property
    def id(self) -> str:
        return str(self._container.id)

    async def write(self, data: bytes) -> None:
        async with self._driver.call(CALL_S):
            try:
                await self._stream.write_in(data)
            except (
                RuntimeError,
                AssertionError,
                AttributeError,
            ) as error:  # its transport is closed
                raise EngineDown("the box is no longer attached") from error

    async def read(self) -> bytes | None:
        try:
            while True:
                message = await self._stream.read_out()
                if message is None:
                    return None
                if message.stream == 1:
                    return bytes(message.data)
                self.complaint = (self.complaint + message.data)[-2000:]
                if self.keeps:  # the keeper speaks only when a supervisor is gone
                    return None
        except (aiohttp.ClientError, OSError) as error:
            raise EngineDown(str(error) or type(error).__name__) from error

    async def word(self) -> bytes:
        try:
            while (message := await self._stream.read_out()) is not None:
                if message.stream == 2:
                    return bytes(message.data)
        except (aiohttp.ClientError, OSError) as error:
            raise EngineDown(str(error) or type(error).__name__) from error
        raise EngineDown("the box has ended")

    async def state(self) -> BoxState:
        async with self._driver.call(CALL_S):
            facts = (await self._container.show())["State"]
        return BoxState(running=bool(facts["Running"]), out_of_memory=bool(facts["OOMKilled"]))

    async def destroy(self) -> None:
        # The attach goes first: a kill does not return while output is unread on it (moby/moby#41827).
        await self._stream.close()
        await self._driver.remove(self._container)
