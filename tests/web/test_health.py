"""What the server tells those who run it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from litestar.testing import AsyncTestClient

from room import config
from room.app import create_app


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[AsyncTestClient]:
    settings = config.load(
        {
            "ROOM_DATA_DIR": str(tmp_path / "data"),
            "ROOM_METRICS_TOKEN": "a-token-of-iris",
            "ROOM_DOCKER_HOST": f"unix://{tmp_path}/no-engine.sock",
        }
    )
    async with AsyncTestClient(create_app(settings)) as running:
        yield running


async def test_a_server_without_an_engine_is_alive_and_ready(client: AsyncTestClient) -> None:
    assert (await client.get("/health/live")).text == "alive\n"
    answer = await client.get("/health/ready")
    assert (answer.status_code, answer.text) == (200, "ready, code cannot run\n")


async def test_a_draining_server_takes_nobody_new(client: AsyncTestClient) -> None:
    client.app.state.hub.is_draining = True
    assert (await client.get("/health/ready")).status_code == 503


async def test_metrics_are_for_who_has_the_token(client: AsyncTestClient) -> None:
    assert (await client.get("/metrics")).status_code == 404
    assert (
        await client.get("/metrics", headers={"authorization": "Bearer wrong"})
    ).status_code == 404
    answer = await client.get("/metrics", headers={"authorization": "Bearer a-token-of-iris"})
    assert answer.status_code == 200
    assert "room_open_rooms 0.0" in answer.text
    assert "room_journal_commit_seconds_bucket" in answer.text
