"""Boxes whose owner died without a word."""

import asyncio
import contextlib
import json
import secrets
import sys

import aiodocker
import pytest

from room.sandbox.docker import BOOT_LABEL, WORKER_LABEL, DockerDriver
from room.sandbox.runner import shape_of
from room.sandbox.spec import Limits

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

OWNER = """
import asyncio, sys
from room.sandbox.runner import Runner
from room.sandbox.spec import Limits, RunRequest, SourceFile

async def main():
    async with Runner.open(worker=sys.argv[1], boot_id="first", warm=1) as runner:
        files = (SourceFile("main.py", "print('STARTED', flush=True)\\nwhile True: pass"),)
        request = RunRequest("python", files, "main.py", limits=Limits(wall_s=600, cpu_s=600))
        await runner.run(request, lambda piece: print(piece.text, end="", flush=True))

asyncio.run(main())
"""


def labelled(worker):
    return json.dumps({"label": [f"{WORKER_LABEL}={worker}"]})


@pytest.fixture
def worker():
    return "room-test-" + secrets.token_hex(4)


async def test_boxes_end_with_their_owner_and_the_next_life_sweeps_them_away(worker):
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, worker, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(20):
            while b"STARTED" not in await owner.stdout.readline():  # the log goes there too
                pass
        owner.kill()
        await owner.wait()
        async with aiodocker.Docker() as docker:
            boxes = await docker.containers.list(all=True, filters=labelled(worker))
            assert boxes
            async with asyncio.timeout(20):
                for box in boxes:  # nobody stops them: they end as their input ends
                    with contextlib.suppress(aiodocker.DockerError):  # its owner just removed it
                        await box.wait()
            boxes = await docker.containers.list(all=True, filters=labelled(worker))
            assert boxes
            driver = DockerDriver(docker_host=None, runtime=None, worker=worker, boot_id="second")
            try:
                assert await driver.sweep(frozenset()) >= 1
            finally:
                await driver.close()
            async with asyncio.timeout(10):  # some may already have been on their way out
                while await docker.containers.list(all=True, filters=labelled(worker)):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
    finally:
        if owner.returncode is None:
            owner.kill()
            await owner.wait()


async def test_a_sweep_leaves_alone_what_is_in_use_here_or_elsewhere(worker):
    mine = DockerDriver(docker_host=None, runtime=None, worker=worker, boot_id="now")
    other = DockerDriver(docker_host=None, runtime=None, worker=worker + "-other", boot_id="now")
    shape = shape_of("sql", Limits())
    boxes = [await mine.create(shape), await other.create(shape)]
    try:
        assert await mine.sweep(frozenset({boxes[0].id})) == 0
        states = [await box.state() for box in boxes]
        assert [state.running for state in states] == [True, True]
    finally:
        for box in boxes:
            await box.destroy()
            await box.destroy()  # twice is fine
        await mine.close()
        await other.close()


async def test_a_box_lost_by_its_own_life_is_swept_once_it_is_old(worker, monkeypatch):
    driver = DockerDriver(docker_host=None, runtime=None, worker=worker, boot_id="now")
    box = await driver.create(shape_of("sql", Limits()))
    try:
        assert await driver.sweep(frozenset()) == 0  # perhaps it is only being made
        monkeypatch.setattr("room.sandbox.docker.STRAY_AGE_S", -1)
        assert await driver.sweep(frozenset()) == 1
        async with aiodocker.Docker() as docker:
            assert await docker.containers.list(all=True, filters=labelled(worker)) == []
    finally:
        await box.destroy()
        await driver.close()


async def test_boxes_carry_both_names():
    driver = DockerDriver(docker_host=None, runtime=None, worker="w", boot_id="b")
    labels = driver.options(shape_of("python", Limits()))["Labels"]
    assert labels == {WORKER_LABEL: "w", BOOT_LABEL: "b"}
