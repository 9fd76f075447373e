"""Behind a reverse proxy: whose word on a visitor's address counts."""

from pathlib import Path

import httpx
import pytest

from room.web import auth
from tests.server import Server


def try_password(server: Server, number: int, visitor: str) -> int:
    answer = httpx.post(
        f"{server.url}/sign-in",
        data={"email": f"nobody{number}@example.org", "password": "guessed"},
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
        for number in range(auth.ADDRESS_TRIES):
            assert try_password(server, number, "203.0.113.1") == 422
        assert try_password(server, 998, "203.0.113.1") == 429
        assert try_password(server, 999, "203.0.113.2") == (422 if proxies else 429)
    finally:
        server.stop()
