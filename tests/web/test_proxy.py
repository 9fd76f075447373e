"""Behind a reverse proxy: whose word on a visitor's address counts."""

import time
from pathlib import Path

import httpx
import pytest

from room import config
from room.store import throttle
from room.store.engine import Store
from tests.server import Server

GUESSED_A_LOT, OTHER = "203.0.113.1", "203.0.113.2"


def try_password(server: Server, visitor: str) -> int:
    answer = httpx.post(
        f"{server.url}/sign-in",
        data={"email": "nobody@example.org", "password": "guessed"},
        headers={"origin": server.url, "x-forwarded-for": visitor},
        timeout=30,
    )
    return answer.status_code


@pytest.mark.parametrize("proxies", ["127.0.0.1", ""])
def test_visitors_of_a_known_proxy_have_limits_of_their_own(tmp_path: Path, proxies: str) -> None:
    server = Server(tmp_path / "data")
    server.environment["ROOM_PROXIES"] = proxies
    server.start()
    try:
        store = Store.open(config.load(server.environment), is_server=False)
        with store.begin() as conn:
            key, now_ms = f"address:{GUESSED_A_LOT}", int(time.time() * 1000)
            throttle.count_failure(conn, key, now_ms, limit=1, window_ms=600_000)
        store.close()
        assert try_password(server, GUESSED_A_LOT) == (429 if proxies else 422)
        assert try_password(server, OTHER) == 422
    finally:
        server.stop()
