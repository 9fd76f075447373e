"""Copies opened where people open them: the page from disk with the network cut, the terminal in asciinema's own player."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from litestar.testing import TestClient
from playwright.sync_api import expect

from room import config
from room.app import create_app
from room.clock import ManualClock
from room.replay import authorship, exports
from room.session import events as e
from tests.chromium import launched

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
WALL_MS = 1_780_000_000_000
TEXT = "document.querySelector('.cm-content').cmTile.view.state.doc.toString()"
EVIL = '</script><script>document.title="owned"</script><!-- \u202e nwo'


@pytest.fixture(scope="module")
def browser(chromium_path):
    with launched(chromium_path) as running:
        yield running


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    if not (ROOT / "static/dist/manifest.json").exists():
        pytest.skip("the front end is not built; scripts/setup builds it")
    installed = config.load(
        {
            "ROOM_DATA_DIR": str(tmp_path_factory.mktemp("site") / "data"),
            "ROOM_DOCKER_HOST": "unix:///nowhere",
        }
    )
    with TestClient(create_app(installed, clock=ManualClock(WALL_MS))) as client:
        yield client


@pytest.fixture
def opened(browser, client, put, tmp_path):
    """Takes the page of a recording away and opens it from disk, with no network at all."""
    faults, contexts = [], []

    def opened(recorded, moment="", **more):
        held = put(client, recorded, **more)
        client.cookies.clear()
        answer = client.get(f"/replay/{held.interview}/export/html", cookies=held.cookies["owner"])
        assert answer.status_code == 200
        file = tmp_path / "replay.html"
        file.write_bytes(answer.content)
        context = browser.new_context(viewport={"width": 1440, "height": 900}, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on(
            "request",
            lambda one: None if one.url.startswith(("file:", "data:", "blob:")) else faults.append(one.url),
        )  # fmt: skip
        page.goto(f"file://{file}{moment}")
        page.wait_for_selector("#replay[data-ready]")
        return page, file

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def test_the_file_plays_from_disk_without_a_network(opened, opening, played):
    recorded = played(opening()).recorded
    page, _ = opened(recorded, "#t=100")
    expect(page.locator("[data-part=now]")).to_have_text("01:40")
    assert page.evaluate(TEXT) == authorship.texts_at(recorded, 100_000)["f_main"]
    page.keyboard.press("3")
    page.keyboard.press("6")
    page.keyboard.press("]")
    expect(page.locator(".evl .cur")).to_contain_text("Read the failing test")
    expect(page.locator(".xterm-rows")).to_contain_text("booked 08:30")
    for _ in range(6):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    expect(page.locator("[data-part=now]")).to_have_text("06:48", timeout=20_000)
    assert page.evaluate(TEXT) == authorship.texts_at(recorded)["f_main"]
    expect(page.locator("[data-dialog=take-away]")).to_have_count(0)
    assert "no-referrer" in page.content()


def test_what_people_wrote_cannot_leave_its_place(opened, opening):
    script = opening()
    script.edit("m_cal", 0, EVIL, at_ms=1000).do("m_cal", e.ChatSent("c_9", EVIL), 2000)
    script.do("m_cal", e.FileCreated("f_9", EVIL[:60]), 3000)
    script.do("m_iris", e.InterviewEnded(), 9000)
    page, _file = opened(script.recorded, "#t=9", candidate=EVIL)
    assert page.title().startswith("Replay, </script>")
    assert page.evaluate(TEXT).startswith("</script><script>")
    page.get_by_role("tab", name="Chat").click()
    expect(page.locator(".chatlist")).to_contain_text('document.title="owned"')
    policy = page.locator("meta[http-equiv]").get_attribute("content")
    assert "default-src 'none'" in policy
    assert "'unsafe-inline'" not in policy.split("style-src")[0]
    assert page.locator("script").count() == 2


def test_only_the_script_that_the_policy_names_runs_and_nothing_is_fetched(
    opened, browser, opening, tmp_path
):
    """The one page with a script in it: its policy lists that script by its hash, so that no other one runs, changed or added."""
    whole, file = opened(opening().edit("m_cal", 0, "code", at_ms=1000).recorded)
    policy = whole.locator("meta[http-equiv='Content-Security-Policy']").get_attribute("content")
    (script,) = re.findall(r'<script type="module">(.*?)</script>', file.read_text(), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules
    text = file.read_text()
    assert text.index("Content-Security-Policy") < text.index("<script")
    added = (
        '<script>document.title = "added"</script><img src="x" onerror="document.title=1"></body>'
    )
    for name, changed in (
        ("changed", text.replace(script, f'document.title = "changed";{script}')),
        ("added", added.join(text.rsplit("</body>", 1))),
    ):
        assert changed != text
        other = tmp_path / f"{name}.html"
        other.write_text(changed)
        page = browser.new_page()
        refused = []
        page.on("console", lambda said, refused=refused: refused.append(said.text))
        page.goto(f"file://{other}")
        runs = name == "added"
        expect(page.locator("#replay[data-ready]")).to_have_count(1 if runs else 0)
        assert page.title().startswith("Replay, ")
        assert any("Content Security Policy" in words for words in refused)
        sent = page.evaluate(
            """() => fetch('https://example.org/').then(() => 'sent', () => 'refused')"""
        )
        assert sent == "refused"
        page.close()


def test_a_real_session_is_two_megabytes_at_most_and_plays(opened, clownschool):
    page, file = opened(clownschool.recorded, "#t=999999")
    assert file.stat().st_size <= 2_000_000
    assert page.evaluate(TEXT) == clownschool.end
    page.keyboard.press("5")
    half = clownschool.recorded[-1].at_ms // 2
    page.wait_for_function(f"!document.querySelector('#replay.waiting') && {TEXT}.length > 0")
    near = {authorship.texts_at(clownschool.recorded, half + off)["f_main"] for off in (-1, 0, 1)}
    page.wait_for_function(f"texts => texts.includes({TEXT})", arg=list(near))


def test_asciinema_plays_the_terminal(browser, opening, played, tmp_path):
    bundle = ROOT / "static/node_modules/asciinema-player/dist/bundle"
    if not bundle.exists():
        pytest.skip(
            "the packages for tests of the front end are not here; scripts/setup test brings them"
        )
    recorded = played(opening()).recorded
    cast = exports.asciicast(recorded, "T").decode()
    page = browser.new_page()
    page.set_content('<div id="it"></div>')
    page.add_script_tag(path=bundle / "asciinema-player.min.js")
    page.evaluate(
        """cast => { window.player = AsciinemaPlayer.create({data: cast}, document.getElementById('it'), {preload: true, idleTimeLimit: 2}); }""",
        cast,
    )
    page.wait_for_function("async () => (await player.getDuration()) > 0")
    page.evaluate("async () => { await player.play(); await player.seek('99%'); }")
    expect(page.locator(".ap-terminal, .ap-term").first).to_contain_text("NameError")
    assert json.loads(cast.splitlines()[0])["version"] == 3
    page.close()
