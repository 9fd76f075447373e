"""The built front end as it is sent."""

from pathlib import Path

import pytest

from room.web import assets
from tests.web.people import World, world

__all__ = ["world"]


def test_a_name_with_a_hash_is_kept_for_ever_and_the_lists_of_names_are_not(
    house: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app-0A1B2C3D.js").write_text("1")
    (tmp_path / "manifest.json").write_text('{"app.js": "app-0A1B2C3D.js"}')
    (tmp_path / "parts.json").write_text('{"app.js": ["part-4E5F6A7B.js"]}')
    monkeypatch.setattr(assets, "DIST", tmp_path)
    browser = house.browser()
    hashed = browser.get("/static/dist/app-0A1B2C3D.js").headers["cache-control"]
    assert "immutable" in hashed
    for name in ("manifest.json", "parts.json"):
        assert browser.get(f"/static/dist/{name}").headers["cache-control"] == "no-cache"
    built = assets.Assets(tmp_path)
    assert built.path("app.js") == "/static/dist/app-0A1B2C3D.js"
    assert built.parts("app.js") == ["/static/dist/part-4E5F6A7B.js"]
    assert assets.Assets(tmp_path / "nowhere").parts("app.js") == []
