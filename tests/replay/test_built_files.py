"""The player's scripts travel small: what was compressed at the build is what is sent."""

import gzip

import pytest
from litestar.testing import TestClient

from room import config
from room.app import create_app
from room.web import assets

SOURCE = b"export const replay = 'the same words again';\n" * 400


@pytest.fixture
def client(tmp_path, monkeypatch):
    dist = tmp_path / "dist"
    dist.mkdir()
    (dist / "replay-ABCD.js").write_bytes(SOURCE)
    (dist / "replay-ABCD.js.gz").write_bytes(gzip.compress(SOURCE))
    (dist / "letters-ABCD.woff2").write_bytes(b"wOF2")
    (tmp_path / "secret.js").write_bytes(b"no")
    monkeypatch.setattr(assets, "DIST", dist)
    settings = config.load(
        {"ROOM_DATA_DIR": str(tmp_path / "data"), "ROOM_DOCKER_HOST": "unix:///nowhere"}
    )
    with TestClient(create_app(settings)) as client:
        yield client


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [("gzip, br", "gzip"), ("br", None), ("gzip;q=0", None), ("identity", None), ("GZIP", "gzip")],
)
def test_a_browser_gets_the_smallest_form_that_it_takes(client, accepts, encoding):
    answer = client.get("/static/dist/replay-ABCD.js", headers={"accept-encoding": accepts})
    assert answer.headers.get("content-encoding") == encoding
    assert answer.content == SOURCE
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]


def test_fonts_are_sent_as_they_are_and_nothing_outside_the_folder_is(client):
    font = client.get("/static/dist/letters-ABCD.woff2")
    assert (font.content, font.headers["content-type"]) == (b"wOF2", "font/woff2")
    for name in ("..%2Fsecret.js", "%2e%2e/secret.js", "nothing.js", "a%00b.js", "."):
        assert client.get(f"/static/dist/{name}").status_code == 404
    assert client.head("/static/dist/letters-ABCD.woff2").content == b""
