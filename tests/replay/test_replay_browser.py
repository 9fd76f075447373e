"""The player in a real browser: what is on the screen, by keyboard alone, and that it can be used by everybody."""

import asyncio
import random
import threading
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import expect
from pycrdt import Doc, Text

from room import config
from room.app import create_app
from room.clock import ManualClock
from room.replay import authorship, keeping
from room.session.events import DocEdited
from tests.chromium import axe_finds, launched
from tests.ports import free_port

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
FILE, WALL_MS = "f_main", 1_780_000_000_000
TEXT = "document.querySelector('.cm-content').cmTile.view.state.doc.toString()"


class Site:
    """The app on a port of its own, in a thread."""

    def __init__(self, data_dir):
        port = free_port()
        self.settings = config.load(
            {
                "ROOM_DATA_DIR": str(data_dir),
                "ROOM_PORT": str(port),
                "ROOM_DOCKER_HOST": "unix:///nowhere",
            }
        )
        self.app = create_app(self.settings, clock=ManualClock(WALL_MS))
        self.server = uvicorn.Server(
            uvicorn.Config(self.app, host="127.0.0.1", port=port, log_level="error")
        )
        self.thread = threading.Thread(target=self.server.run)

    def __enter__(self):
        self.thread.start()
        while not self.server.started and self.thread.is_alive():
            self.thread.join(0.02)
        return self

    def __exit__(self, *_):
        self.server.should_exit = True
        self.thread.join()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if not (ROOT / "static/dist/manifest.json").exists():
        pytest.skip("the front end is not built; scripts/setup builds it")
    with Site(tmp_path_factory.mktemp("site") / "data") as site:
        yield site


@pytest.fixture(scope="module")
def browser(chromium_path):
    with launched(chromium_path) as running:
        yield running


@pytest.fixture(scope="module")
def told(opening, played):
    return played(opening()).recorded


class Wrapped:
    def __init__(self, app):
        self.app = app


@pytest.fixture(scope="module")
def held(site, told, put):
    return put(Wrapped(site.app), told)


@pytest.fixture
def see(site, browser):
    """Opens the replay as somebody; fails the test on any error in the page."""
    opened, faults = [], []

    def see(
        held,
        who="owner",
        *,
        query="",
        width=1440,
        height=900,
        dark=False,
        ready=True,
        segments=None,
        answered=None,
    ):
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        opened.append(context)
        url = site.settings.public_url
        context.add_cookies(
            [{"name": k, "value": v, "url": url} for k, v in held.cookies[who].items()]
        )
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        if ready:
            page.on(
                "console", lambda said: faults.append(said.text) if said.type == "error" else None
            )
        if answered:
            page.on("response", answered)
        if segments:
            page.route("**/segments/*", segments)
        page.goto(f"{url}/replay/{held.interview}{query}")
        if ready:
            page.wait_for_selector("#replay[data-ready]")
        return page

    yield see
    for context in opened:
        context.close()
    assert faults == []


def shows(page, clock):
    expect(page.locator("[data-part=now]")).to_have_text(clock, timeout=20_000)


def test_a_link_opens_at_its_moment_and_clamps_to_the_end(see, held, told):
    page = see(held, query="?t=100")
    shows(page, "01:40")
    assert page.evaluate(TEXT) == authorship.texts_at(told, 100_000)[FILE]
    page = see(held, query="?t=999999")
    assert page.evaluate(TEXT) == authorship.texts_at(told)[FILE]
    expect(page.locator("#playhead")).to_have_attribute(
        "aria-valuetext", "6 minutes 48 seconds, Dock planner"
    )
    for nonsense in ("?t=-5", "?t=NaN", "?t=abc", "?t=1e999"):
        shows(see(held, query=nonsense), "00:00")


def course_of(recorded):
    """Each text that the file had, with the time from and until which it had it."""
    doc, course = Doc(), []
    for one in recorded:
        if isinstance(one.event, DocEdited):
            doc.apply_update(one.event.update)
            text = str(doc.get(f"f:{FILE}", type=Text))
            if course:
                course[-1][1] = one.at_ms
            course.append([one.at_ms, recorded[-1].at_ms, text])
    return course


def keep(state, interview):
    """In a thread of its own: Playwright has an event loop in this one."""
    keeper = threading.Thread(
        target=lambda: asyncio.run(keeping.keep(state.store, state.seals, interview))
    )
    keeper.start()
    keeper.join()


@pytest.mark.parametrize("is_kept", [False, True])
def test_seeks_at_random_show_the_text_of_the_moment(see, site, told, put, is_kept):
    """Where a reel is kept its chronicle tells the text; where none is, documents do until the page has made one."""
    held = put(Wrapped(site.app), told)
    asked = []
    if is_kept:
        keep(site.app.state, held.interview)
    page = see(held, answered=lambda answer: asked.append((answer.status, answer.url)))
    if is_kept:
        page.wait_for_selector("#replay[data-chronicled]")
    box = page.locator(".headbox").bounding_box()
    duration = told[-1].at_ms
    course = course_of(told)
    rng = random.Random(4)
    for turn in range(25):
        if turn == 12:  # from here on the chronicle tells the text, before it documents did
            page.wait_for_selector("#replay[data-whole]")
        at = rng.randrange(int(box["width"]))
        page.mouse.click(box["x"] + at, box["y"] + box["height"] - 6)
        page.wait_for_function("() => !document.querySelector('#replay.waiting')")
        page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        ms = at / box["width"] * duration
        minutes, seconds = page.locator("[data-part=now]").inner_text().split(":")
        assert abs(int(minutes) * 60 + int(seconds) - ms / 1000) < 2
        if page.locator(".files .tab.on").inner_text() == "main.py":
            near = {
                text for since, until, text in course if since <= ms + 700 and until >= ms - 700
            }
            assert page.evaluate(TEXT) in near
    documents = [url for _, url in asked if "/segments/" in url and not url.endswith("bare")]
    statuses = [status for status, url in asked if url.endswith("/chronicle")]
    assert statuses == [200 if is_kept else 204]
    if is_kept:
        assert len(documents) == 1, "once the chronicle is here no document is asked for"


def test_the_whole_player_works_by_keyboard(see, held, told):
    page = see(held, query="?t=60")
    page.keyboard.press("ArrowRight")
    shows(page, "01:05")
    page.keyboard.press("Shift+ArrowRight")
    shows(page, "01:35")
    page.keyboard.press("ArrowLeft")
    shows(page, "01:30")
    before = page.evaluate(TEXT)
    page.keyboard.press(".")
    page.wait_for_function(f"before => {TEXT} !== before", arg=before)
    assert len(page.evaluate(TEXT)) == len(before) + 1
    page.keyboard.press(",")
    page.wait_for_function(f"before => {TEXT} === before", arg=before)
    page.keyboard.press("5")
    shows(page, "03:24")
    page.keyboard.press("]")
    shows(page, "04:14")
    expect(page.locator(".evl .cur")).to_contain_text("Read the failing test")
    page.keyboard.press("[")
    shows(page, "01:02")
    page.keyboard.press("r")
    shows(page, "03:27")
    page.keyboard.press("Shift+C")
    shows(page, "01:10")
    page.keyboard.press("r")
    shows(page, "03:27")
    page.keyboard.press("d")
    expect(page.locator("#difference")).to_contain_text("lines more")
    expect(page.locator("[data-part=difference-lines] .gone").first).to_contain_text("def book():")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowUp")
    expect(page.locator("[name=speed]:checked")).to_have_value("2")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("f")
    expect(page.locator("[data-part=follow]")).to_have_text("Following Iris")
    page.keyboard.press("f")
    expect(page.locator("[data-part=follow]")).to_have_text("Staying in main.py")
    page.keyboard.press("1")
    expect(page.locator("[data-part=problem] h4")).to_contain_text("Book a slot")
    page.keyboard.press("3")
    expect(page.locator("[data-part=terminal-words]")).to_contain_text("Cal, 03:27")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".xterm-rows")).to_contain_text("booked 08:30")
    page.keyboard.press("9")
    expect(page.locator("[data-part=tests]")).to_contain_text("expected 1290, got 1310")
    expect(page.locator("[data-part=tests] .hid")).to_be_visible()


def test_playing_moves_on_and_skips_quiet_time(see, held, told):
    page = see(held, query="?t=300")
    for _ in range(6):
        page.keyboard.press("ArrowUp")
    expect(page.locator("[name=speed]:checked")).to_have_value("32")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    shows(page, "06:48")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert page.evaluate(TEXT) == authorship.texts_at(told)[FILE]


def test_a_pin_is_put_on_the_replay_without_a_mouse(see, held):
    page = see(held, query="?t=120")
    page.keyboard.press("p")
    expect(page.locator("#pin-text")).to_be_focused()
    page.keyboard.type("Named the class <b>first</b>")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    pin = page.locator(".evl .note", has_text="Named the class <b>first</b>")
    expect(pin).to_contain_text("02:00")
    expect(page.locator("[data-part=pin-button]")).to_be_focused()
    expect(pin.locator(".chip")).not_to_have_text("Unfiled")
    page.reload()
    expect(pin).to_contain_text("in replay")


def test_a_rater_is_told_why_there_is_no_evidence(see, held):
    page = see(held, "rater", query=f"?as={held.rater}&t=270")
    expect(page.locator("[data-part=evidence]")).to_contain_text(
        "Iris’s evidence is hidden until you submit yours."
    )
    assert "Read the failing" not in page.content()
    page.get_by_role("tab", name="All events").click()
    expect(page.locator(".eventlist")).not_to_contain_text("Would hire")


def test_chat_is_as_it_was_at_the_moment(see, held):
    page = see(held, query="?t=65")
    page.get_by_role("tab", name="Chat").click()
    expect(page.locator(".chatlist li:visible")).to_have_count(1)
    expect(page.locator(".later")).to_have_text("One message later")
    page.keyboard.press("Escape")
    page.locator("#playhead").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".chatlist li:visible")).to_have_count(2)
    expect(page.locator(".chatlist")).to_contain_text("<b>No</b> time zones.")


def test_another_account_sees_no_replay(see, held):
    page = see(held, "mallory", ready=False)
    expect(page.locator("h1")).to_have_text("There is nothing here.")


@pytest.mark.parametrize(
    ("width", "height", "dark"), [(1440, 900, False), (1280, 720, True), (390, 844, False)]
)
def test_nothing_serious_for_axe(see, held, width, height, dark):
    page = see(held, query="?t=262", width=width, height=height, dark=dark)
    if width > 700:
        page.keyboard.press("1")
        page.keyboard.press("3")
        page.wait_for_selector(".xterm-rows")
    nothing_serious(page, width)
    expect(page.locator("header.topbar")).to_be_in_viewport()
    if width > 700:
        page.get_by_role("button", name="Take a copy").click()
        expect(page.locator("#take-away")).to_be_visible()
        nothing_serious(page, width)


def nothing_serious(page, width):
    assert axe_finds(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_recording_is_brought_and_deleted_on_a_telephone_too(see, held, site, tmp_path):
    page = see(held, width=390, height=844)
    url = site.settings.public_url
    file = tmp_path / "cal.room.zip"
    file.write_bytes(page.request.get(f"{url}/replay/{held.interview}/export/recording").body())
    page.goto(f"{url}/desk")
    page.get_by_role("link", name="Recordings").click()
    expect(page.get_by_text("None yet.")).to_be_visible()
    page.get_by_label("A file that ends in .room.zip").set_input_files(file)
    page.get_by_role("button", name="Bring").click()
    there = page.get_by_role("link", name="Cal Lindqvist, Backend engineer")
    expect(there).to_be_in_viewport()
    expect(page.get_by_text("Signed by this site")).to_be_visible()
    nothing_serious(page, 390)
    by_day = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="dark")
    nothing_serious(page, 390)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != by_day
    page.get_by_role("button", name="Delete").click()
    nothing_serious(page, 390)
    page.get_by_role("button", name="Keep it").click()
    page.emulate_media(color_scheme="light")
    expect(there).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    nothing_serious(page, 390)
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("None yet.")).to_be_visible()


def test_a_list_that_is_opened_shows_where_the_playhead_is(see, held):
    page = see(held, query="?t=262", width=1280, height=720)
    page.get_by_role("tab", name="All events").click()
    expect(page.locator(".eventlist .cur")).to_be_in_viewport()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#panel-evidence")).to_be_visible()


def test_the_plot_has_its_numbers_as_a_table(see, held):
    page = see(held)
    page.get_by_role("button", name="Show numbers").click()
    table = page.locator("[data-part=typing-table]")
    expect(table.locator("thead")).to_contain_text("Cal")
    sums = page.evaluate(
        "[...document.querySelectorAll('[data-part=typing-table] tbody tr')].map(r => +r.cells[1].textContent).reduce((a, b) => a + b)"
    )
    assert sums > 500
    expect(page.locator("[data-part=typing-summary]")).to_contain_text(
        f"Cal made {sums} edits from 01:00 to"
    )


def test_who_may_not_look_any_more_is_told_that_a_moment_could_not_be_loaded(
    see, site, put, clownschool
):
    held = put(Wrapped(site.app), clownschool.recorded)

    def ended(route):
        """As for a link that was switched off meanwhile: a page that says so."""
        if "/segments/0" in route.request.url:
            route.continue_()
        else:
            route.fulfill(content_type="text/html", body="<!doctype html><h1>Switched off</h1>")

    page = see(held, segments=ended)
    page.locator("#playhead").focus()
    page.keyboard.press("End")
    expect(page.locator("[data-part=notices]")).to_contain_text(
        "This moment could not be loaded.", timeout=20_000
    )


def test_real_typing_shows_its_final_text(see, site, put, clownschool):
    held = put(Wrapped(site.app), clownschool.recorded)
    page = see(held, query="?t=99999")
    assert page.evaluate(TEXT) == clownschool.end
    page.locator("#playhead").focus()
    for key in "719402538":
        page.keyboard.press(key)
        page.wait_for_function("() => !document.querySelector('#replay.waiting')")
    page.keyboard.press("End")
    page.wait_for_function(f"end => {TEXT} === end", arg=clownschool.end)
    page.wait_for_selector("#replay[data-whole]")
    for key in ("0", "End"):
        page.keyboard.press(key)
    page.wait_for_function(f"end => {TEXT} === end", arg=clownschool.end)
    expect(page.locator(".cm-content [class*=tok-]").first).to_be_attached()
    edges = page.evaluate(
        "new Set([...document.querySelectorAll('.cm-authors .by')].map(e => e.className)).size"
    )
    assert edges == 2
