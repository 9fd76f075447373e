"""Building the languages' images, one Dockerfile each, on a base that is pulled or made from Debian's packages."""

from __future__ import annotations

import asyncio
import hashlib
import io
import shutil
import tarfile
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import aiodocker
import aiohttp

from room.sandbox.docker import VERSION_LABEL, image_name
from room.sandbox.languages import LANGUAGES
from room.sandbox.runner import Runner, version_in
from room.sandbox.spec import Output, RunRequest, SourceFile

PUBLIC_BASE = "debian:bookworm-slim"
OWN_BASE = "room-base:bookworm"
SUITE = "bookworm"
RECIPE_LABEL = "room.recipe"
PULL_S = 60.0

Log = Callable[[str], None]


class BuildFailed(Exception):
    """An image could not be made; the text says which and why, and ends with the engine's last words."""


async def build(
    languages: Iterable[str] | None = None, *, log: Log, docker_host: str | None = None
) -> None:
    """Build the images of these languages, or of all, and try each. Minutes the first time, then seconds.

    Raises:
        BuildFailed: an unknown language, no engine, no base, a step of a Dockerfile or a first program that failed.
    """
    wanted = list(LANGUAGES) if languages is None else list(languages)
    for language in wanted:
        if language not in LANGUAGES:
            raise BuildFailed(f"There is no language “{language}”; known: {', '.join(LANGUAGES)}.")
    async with _engine(docker_host) as docker:
        base = await _base(docker, log)
        for language in wanted:
            log(f"Building {image_name(language)}")
            recipe = _recipe(language)
            await _build(
                docker,
                _context({"Dockerfile": recipe}),
                tag=image_name(language),
                base=base,
                recipe=recipe,
                log=log,
            )
            await _note_version(docker, language, log)
    await try_out(wanted, log=log, docker_host=docker_host)
    log("Done.")


async def try_out(languages: Iterable[str], *, log: Log, docker_host: str | None = None) -> None:
    """Run each language's hello program as a candidate's would be run, which also makes its first real run quick.

    Raises:
        BuildFailed: one does not print hello.
    """
    async with Runner.open(docker_host=docker_host, warm=0, chores=False) as runner:
        for key in languages:
            language = LANGUAGES[key]
            said: list[Output] = []
            request = RunRequest(key, (SourceFile(language.file, language.hello),), language.file)
            result = await runner.run(request, said.append)
            text = "".join(piece.text for piece in said)
            if result.verdict != "OK" or "hello" not in text.split():
                raise BuildFailed(
                    f"{image_name(key)} is there, but its first program failed: {result.sentence}\n{text}"
                )
            log(f"{language.label} runs.")


async def _note_version(docker: aiodocker.Docker, language: str, log: Log) -> None:
    """Write the version on the image, so that nobody has to start a box to learn it."""
    container = await docker.containers.create(
        {
            "Image": image_name(language),
            "Entrypoint": list(LANGUAGES[language].version),
            "Cmd": [],
            "NetworkDisabled": True,
            "HostConfig": {"NetworkMode": "none"},
        }
    )
    try:
        await container.start()
        await container.wait(timeout=60)
        said = "".join(await container.log(stdout=True, stderr=True))
    finally:
        await container.delete(force=True)
    version = version_in(said)
    if version:
        label = f"FROM {image_name(language)}\nLABEL {VERSION_LABEL}={version}\n"
        await _build(
            docker,
            _context({"Dockerfile": label.encode()}),
            tag=image_name(language),
            base=None,
            recipe=_recipe(language),
            log=lambda _: None,
        )
        log(f"  {LANGUAGES[language].label} {version}")


async def missing(*, docker_host: str | None = None) -> list[str]:
    """Languages without an image, or with one that an older Dockerfile of ours made.

    An image that carries no label of ours is somebody's own, and taken as it is.

    Raises:
        BuildFailed: no engine answers.
    """
    async with _engine(docker_host) as docker:
        found = await docker.images.list()
    labels = {tag: image.get("Labels") or {} for image in found for tag in image["RepoTags"] or ()}
    return [
        language
        for language in LANGUAGES
        if image_name(language) not in labels
        or labels[image_name(language)].get(RECIPE_LABEL, _digest(_recipe(language)))
        != _digest(_recipe(language))
    ]


@asynccontextmanager
async def _engine(docker_host: str | None) -> AsyncIterator[aiodocker.Docker]:
    try:
        async with aiodocker.Docker(url=docker_host) as docker:
            yield docker
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise BuildFailed(f"The Docker engine does not answer: {error}") from error
    except aiodocker.DockerError as error:
        raise BuildFailed(f"The Docker engine refused: {error.message}") from error


async def _base(docker: aiodocker.Docker, log: Log) -> str:
    """The base's tag: one that is there, else a pulled one, else one made here."""
    found = await docker.images.list()
    tags = {tag for image in found for tag in image["RepoTags"] or ()}
    for base in (OWN_BASE, PUBLIC_BASE):
        if base in tags:
            log(f"The base is {base}.")
            return base
    try:
        async with asyncio.timeout(PULL_S):
            await docker.images.pull(PUBLIC_BASE)
    except (aiodocker.DockerError, TimeoutError) as error:
        why = str(error) or "no answer"
        log(f"{PUBLIC_BASE} cannot be pulled ({why}); making a base from Debian's packages.")
    else:
        return PUBLIC_BASE
    await _make_base(docker, log)
    return OWN_BASE


async def _make_base(docker: aiodocker.Docker, log: Log) -> None:
    program = shutil.which("mmdebstrap")
    if program is None:
        raise BuildFailed(
            "No base image: no registry answers and mmdebstrap is not installed (apt install mmdebstrap)."
        )
    with tempfile.TemporaryDirectory(prefix="room-base-") as folder:
        archive = Path(folder) / "base.tar"
        made = await asyncio.create_subprocess_exec(
            program, "--quiet", "--variant=minbase", SUITE, str(archive),
            stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, complaint = await made.communicate()
        if made.returncode:
            raise BuildFailed(f"mmdebstrap failed: {complaint.decode(errors='replace')[-800:]}")
        context = Path(folder) / "context.tar"
        with tarfile.open(context, "w") as tar:
            tar.add(archive, "base.tar")
            _add(tar, "Dockerfile", b'FROM scratch\nADD base.tar /\nCMD ["/bin/sh"]\n')
        with context.open("rb") as file:
            await _build(docker, file, tag=OWN_BASE, base=None, recipe=b"", log=log)


async def _build(
    docker: aiodocker.Docker, context: Any, *, tag: str, base: str | None, recipe: bytes, log: Log
) -> None:
    last: list[str] = []
    try:
        async for step in docker.images.build(
            fileobj=context,
            encoding="identity",
            tag=tag,
            buildargs={"BASE": base} if base else None,
            labels={RECIPE_LABEL: _digest(recipe)},
            forcerm=True,
            stream=True,
        ):
            text = step.get("stream", "").strip()
            if text:
                last = [*last[-9:], text]
            if text.startswith("Step "):
                log(f"  {text}")
    except aiodocker.DockerError as error:
        raise BuildFailed(
            "\n".join([f"{tag} could not be built: {error.message}", *last])
        ) from error


def _recipe(language: str) -> bytes:
    return (files("room.sandbox") / "images" / language / "Dockerfile").read_bytes()


def _digest(recipe: bytes) -> str:
    return hashlib.sha256(recipe).hexdigest()[:16]


def _context(entries: dict[str, bytes]) -> io.BytesIO:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in entries.items():
            _add(tar, name, data)
    out.seek(0)
    return out


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))
