"""A real runner for the tests that carry the mark `docker`, and short ways to run things with it."""

import asyncio
import contextlib
import json
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import aiodocker
import msgspec
import pytest
import pytest_asyncio

from room.sandbox.budget import Allowance, Budgets, Payer
from room.sandbox.docker import WORKER_LABEL
from room.sandbox.languages import LANGUAGES
from room.sandbox.runner import Runner
from room.sandbox.spec import Limits, Output, RunRequest, RunResult, SourceFile

WORKER = "room-test-" + secrets.token_hex(4)
RICH = Allowance(*[float(10**12)] * 6)
PAYER = Payer("tests", "tests")
"""Whose boxes are used again: a run that is given it mostly meets a box that another run was in."""


class Ran(msgspec.Struct, frozen=True):
    result: RunResult
    pieces: tuple[Output, ...]

    def text(self, stream: str = "stdout") -> str:
        return "".join(piece.text for piece in self.pieces if piece.stream == stream)

    @property
    def verdict(self) -> str:
        return self.result.verdict


Run = Callable[..., Awaitable[Ran]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def runner() -> AsyncIterator[Runner]:
    async with Runner.open(worker=WORKER, boot_id=secrets.token_hex(4)) as opened:
        opened._budgets = Budgets(RICH, RICH)
        missing = LANGUAGES.keys() - opened._images
        if missing:
            reason = f"No image for {', '.join(sorted(missing))}: run “room images build”."
            if os.environ.get("CI") == "true":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)
        while opened._versions.keys() != opened._images.keys():  # noqa: ASYNC110 (once, for a second)
            await asyncio.sleep(0.05)
        yield opened
    assert await left() == []


@contextlib.asynccontextmanager
async def ahead(
    request: pytest.FixtureRequest, begin: Mapping[str, Callable[..., Awaitable[Any]]]
) -> AsyncIterator[Mapping[str, asyncio.Future[Any]]]:
    """What the chosen tests of a module will ask for, begun two at a time; by the id of a test's parameters.

    `begin` names the tests and what each asks for, called with its parameters: a machine has two cores, and a test after
    another would use one.
    """
    places = asyncio.Semaphore(2)

    async def one(item: Any) -> Any:
        async with places:
            return await begin[item.originalname](**item.callspec.params)

    running = {
        item.callspec.id: asyncio.ensure_future(one(item))
        for item in request.session.items
        if item.path == request.path and item.originalname in begin
    }
    yield running
    for task in running.values():
        task.cancel()
    await asyncio.gather(*running.values(), return_exceptions=True)


async def left() -> list[str]:
    """Boxes of these tests that are still there."""
    async with aiodocker.Docker() as docker:
        found = await docker.containers.list(
            all=True, filters=json.dumps({"label": [f"{WORKER_LABEL}={WORKER}"]})
        )
    return [container.id for container in found]


@pytest_asyncio.fixture(loop_scope="session")
async def run(runner: Runner) -> Run:
    async def go(source: str, language: str = "python", **more: object) -> Ran:
        more = {"limits": Limits(wall_s=5, cpu_s=5), **more}
        payer = more.pop("payer", PAYER)
        name = LANGUAGES[language].file
        files = (SourceFile(name, source), *more.pop("files", ()))  # type: ignore[misc]
        pieces: list[Output] = []
        result = await runner.run(
            RunRequest(language=language, files=files, entry=name, **more),  # type: ignore[arg-type]
            pieces.append,
            payer=payer,  # type: ignore[arg-type]
        )
        return Ran(result, tuple(pieces))

    return go
