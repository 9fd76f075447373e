"""The scorecard in a real browser: keys, drafts, signing, and axe on every page of scoring."""

import contextlib
import io
import re
import threading
import time

import msgspec
import pypdf
import pytest
import uvicorn
from playwright.sync_api import Error, expect

from room import config
from room.app import create_app
from room.clock import SystemClock
from room.scoring import trust
from room.store import reports, signing
from tests.chromium import axe_finds, launched
from tests.ports import free_port

pytestmark = pytest.mark.browser

ALL_IMPACTS = ("minor", "moderate", "serious", "critical")


@pytest.fixture(scope="module")
def browser(chromium_path):
    with launched(chromium_path) as running:
        yield running


@pytest.fixture
def site(held, app):
    """The app of `held` under a real address, sharing its store."""
    port = free_port()
    state = app.app.state
    settings = config.load(
        {
            "ROOM_DATA_DIR": str(state.settings.data_dir),
            "ROOM_PORT": str(port),
            "ROOM_DOCKER_HOST": "unix:///nowhere",
        }
    )
    inner = create_app(settings, clock=SystemClock())
    inner.state.update(state.dict() | {"settings": settings})
    server = uvicorn.Server(
        uvicorn.Config(inner, host="127.0.0.1", port=port, log_level="error", lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    held.base = settings.public_url
    yield held
    server.should_exit = True
    thread.join(10)


def page_of(browser, site, who, path, **more):
    context = browser.new_context(**({"viewport": {"width": 1440, "height": 900}} | more))
    if who:
        context.add_cookies(
            [{"name": k, "value": v, "url": site.base} for k, v in site.cookies[who].items()]
        )
    page = context.new_page()
    page.goto(site.base + path)
    return page


def test_a_scorecard_is_filled_and_signed_by_keyboard_alone(browser, site):
    page = page_of(browser, site, "iris", f"/score/{site.id}")
    page.keyboard.press("j")
    for key in ("3", "j", "3", "j", "2", "j", "3", "j", "3", "j", "3"):
        page.keyboard.press(key)
    expect(page.locator("#scored")).to_have_text("6 of 6")
    page.keyboard.press("c")
    page.keyboard.type("jk3 are letters in here")
    expect(page.locator("#saved")).to_contain_text("Draft saved")
    assert page.locator("#comment-collaboration").input_value() == "jk3 are letters in here"
    page.keyboard.press("Tab")
    page.locator("h1").click()
    page.keyboard.press("s")
    assert page.locator('input[name="decision"]:checked').get_attribute("value") == "yes"
    page.keyboard.press("Control+Enter")
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.type("Iris Rey")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".error").first).to_have_text("Say how sure you are.")
    page.locator('input[name="confidence"][value="high"]').press("Space")
    page.locator("#name").press("Control+Enter")
    expect(page.locator("main")).to_contain_text("You have submitted. Ron Adeyemi has not yet.")


def test_what_is_typed_while_the_server_is_away_comes_back_after_a_reload(browser, site):
    page = page_of(browser, site, "iris", f"/score/{site.id}")
    page.context.set_offline(True)
    page.locator("#comment-approach").fill("Typed on the train.")
    expect(page.locator("#saved")).to_contain_text("Saved on this device")
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("#comment-approach")).to_have_value("Typed on the train.")
    expect(page.locator("#saved")).to_contain_text("Draft saved")
    assert "Typed on the train." in site.get(f"/score/{site.id}").text


def test_a_page_that_a_save_has_overtaken_is_asked_for_again_once(browser, site):
    page = page_of(browser, site, "iris", f"/score/{site.id}")
    page.locator("#comment-approach").fill("Typed before the bell.")
    expect(page.locator("#saved")).to_contain_text("Draft saved")
    found = "Object.entries(localStorage).filter(([key]) => key.endsWith('.version'))"
    ((key, version),) = page.evaluate(found)
    assert version == page.locator("#saved input[name=version]").input_value()
    page.evaluate(f"localStorage.setItem('{key}', '{int(version) + 1}')")
    page.add_init_script("sessionStorage.loads = 1 + Number(sessionStorage.loads ?? 0)")
    page.reload(wait_until="commit")
    page.wait_for_function("sessionStorage.loads === '2' && document.readyState === 'complete'")
    expect(page.locator("#comment-approach")).to_have_value("Typed before the bell.")
    assert page.evaluate(found) == []
    assert page.evaluate("sessionStorage.loads") == "2"


def test_signing_out_leaves_no_scorecard_on_the_device(browser, site):
    page = page_of(browser, site, "iris", f"/score/{site.id}")
    page.context.set_offline(True)
    page.locator("#comment-approach").fill("Typed on the train.")
    expect(page.locator("#saved")).to_contain_text("Saved on this device")
    kept = "Object.keys(localStorage).filter(key => key.startsWith('room.scorecard')).length"
    assert page.evaluate(kept) == 1
    page.context.set_offline(False)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    assert page.evaluate(kept) == 0


def reload_again(page):
    """As a person does, with and without a network: on a busy machine Chromium now and then says ERR_FAILED before it asks the page's worker."""
    for _ in range(5):
        with contextlib.suppress(Error):
            page.reload()
            return
    page.reload()


def test_an_opened_scorecard_comes_back_after_a_reload_without_the_server(browser, site):
    page = page_of(browser, site, "iris", f"/score/{site.id}")
    page.wait_for_function(
        f"caches.open('room-scorecards').then(c => c.match('/score/{site.id}')).then(Boolean)"
    )
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(True)
    page.locator("#comment-approach").fill("Typed in the tunnel.")
    expect(page.locator("#saved")).to_contain_text("Saved on this device")
    reload_again(page)
    expect(page.locator("#comment-approach")).to_have_value("Typed in the tunnel.")
    expect(page.locator(".anchors").first).to_have_css("display", "grid")  # with its style
    page.context.set_offline(False)
    reload_again(page)
    expect(page.locator("#saved")).to_contain_text("Draft saved")
    page.goto(site.base + "/desk")  # signing out elsewhere takes the kept page along
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    assert page.evaluate("caches.has('room-scorecards')") is False
    page.context.set_offline(True)
    with pytest.raises(Error):
        page.goto(f"{site.base}/score/{site.id}")


def test_one_competency_at_a_time(browser, site):
    page = page_of(browser, site, "iris", f"/score/{site.id}")
    page.get_by_role("button", name="One at a time").click()
    expect(page.locator(".comp:visible")).to_have_count(1)
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".comp:visible h2")).to_contain_text("2.")
    page.keyboard.press("3")
    page.keyboard.press("j")
    expect(page.locator(".comp:visible h2")).to_contain_text("3.")
    expect(page.locator("#scored")).to_have_text("1 of 6")
    page.reload()
    expect(page.locator(".comp:visible")).to_have_count(1)
    page.get_by_role("button", name="One at a time").click()
    expect(page.locator(".comp:visible")).to_have_count(6)


def test_runs_stand_beside_the_pins_with_watch(browser, site):
    page = page_of(browser, site, "iris", f"/score/{site.id}")
    page.get_by_text("Runs and tests, 2").click()
    tests = page.locator(".runs li", has_text="Tests: 1 of 2 passed")
    assert tests.get_by_text("Watch").get_attribute("href") == f"/replay/{site.id}?t=2390"


def test_a_printed_page_carries_no_token(browser, site, tmp_path):
    site.score(**{"evidence:understanding": ["p_first"]})
    site.score("ron", name="Ron Adeyemi")
    site.sign()
    site.post(f"/interviews/{site.id}/report/shares", fields={"days": "30", "with_replay": "on"})
    token = site.get(f"/interviews/{site.id}/report").text.split("/r/")[1].split('"')[0]
    reader = page_of(browser, site, None, f"/r/{token}")
    reader.evaluate("addEventListener('beforeprint', () => { window.seen = location.pathname })")
    printed = reader.pdf()
    assert reader.evaluate("window.seen") == "/r/report"
    pdf = pypdf.PdfReader(io.BytesIO(printed))
    text = "".join(page.extract_text() for page in pdf.pages)
    assert token not in text.replace("\n", "")
    links = [
        a.get_object().get("/A", {}).get("/URI", "")
        for p in pdf.pages
        for a in p.get("/Annots", ())
    ]
    assert not [uri for uri in links if token in uri]
    expect(reader).to_have_url(f"{site.base}/r/{token}")
    assert reader.locator(f'a[href*="{token}"]').count() > 0
    with reader.expect_request(f"**/r/{token}/report.pdf"):
        reader.keyboard.press("Control+p")


def test_two_devices_stand_side_by_side(browser, site):
    laptop, phone = (page_of(browser, site, "iris", f"/score/{site.id}") for _ in range(2))
    phone.locator("#comment-approach").fill("From the phone.")
    expect(phone.locator("#saved")).to_contain_text("Draft saved")
    laptop.locator("#comment-approach").fill("From the laptop.")
    expect(laptop.locator("#conflict")).to_contain_text("From the phone.")
    expect(laptop.locator("#conflict")).to_contain_text("From the laptop.")
    laptop.get_by_role("button", name="Keep this page").click()
    expect(laptop.locator("#saved")).to_contain_text("Draft saved")
    expect(laptop.locator("#conflict")).to_be_empty()
    assert "From the laptop." in site.get(f"/score/{site.id}").text


def test_a_moment_is_added_and_counts_as_evidence(browser, site):
    page = page_of(browser, site, "iris", f"/score/{site.id}")
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.keyboard.press("j")
    page.keyboard.press("c")
    expect(page.locator("#comment-understanding")).to_be_focused()  # and not the words of a pin
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.keyboard.type("12:30")
    page.keyboard.press("Tab")
    page.keyboard.type("Drops it.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    added = page.locator("#evs-understanding .moment", has_text="Drops it.")
    expect(added).to_be_visible()
    assert added.locator("> input").is_checked()
    # Filed elsewhere and reworded, by keyboard; the tick goes along.
    added.get_by_role("button", name="Change 12:30").press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("Drops the sort.")
    page.keyboard.press("Tab")
    page.keyboard.type("Choosing")
    moved = page.locator("#evs-approach .moment", has_text="Drops the sort.")
    expect(moved).to_be_visible()
    expect(moved.locator("> input")).to_be_checked()
    expect(page.locator("#saved")).to_contain_text("Draft saved")
    moved.get_by_role("button", name="Withdraw").press("Enter")
    expect(moved.locator("> input")).not_to_be_checked()
    moved.get_by_role("button", name="Bring back").press("Enter")
    moved.locator("> input").check()
    # Without the server it is kept here, and sent later.
    red = page.locator("#evs-verification .moment", has_text="Predicts that it will be red.")
    page.context.set_offline(True)
    red.get_by_role("button", name="Change 30:00").click()
    red.get_by_label("What happened").fill("Predicts red.")
    red.get_by_label("Filed under").select_option(label="Thinking together")
    expect(page.locator("#saved")).to_contain_text("Saved on this device")
    page.context.set_offline(False)
    page.reload()
    again = page.locator("#evs-collaboration .moment", has_text="Predicts red.")
    expect(again.locator("> input")).to_be_checked()
    expect(page.locator("#saved")).to_contain_text("Draft saved")
    with page.expect_response(f"**/score/{site.id}"):
        page.locator("#comment-approach").press("x")
    page.reload()
    expect(page.locator("#evs-approach .moment", has_text="Drops the sort.")).to_be_visible()
    expect(again).to_contain_text("reworded")
    expect(again.locator("> input")).to_be_checked()
    assert faults == []


@pytest.mark.pdf
def test_a_reader_goes_from_a_time_to_the_replay_past_a_passcode_and_checks_the_file(
    browser, site, tmp_path
):
    site.score(**{"evidence:understanding": ["p_first"]})
    site.score("ron", name="Ron Adeyemi")
    site.sign()
    site.post(f"/interviews/{site.id}/report/shares", fields={"days": "30", "with_replay": "on"})
    owner = page_of(browser, site, "iris", f"/interviews/{site.id}/report")
    address = owner.locator("[data-copy]").first.get_attribute("data-copy")
    reader = page_of(browser, site, None, "/r/" + address.rpartition("/")[2])
    assert reader.locator("h1").inner_text() == "Hire"
    reader.locator("a.t").first.click()
    reader.wait_for_url(f"**/replay/{site.id}?t=350")
    owner.get_by_role("button", name="Switch off").click()
    reader.goto(site.base + "/r/" + address.rpartition("/")[2])
    expect(reader.locator("h1")).to_have_text("This link was switched off.")
    asks_for_its_passcode(site, owner, reader)
    checks_files(site, reader, tmp_path)


def asks_for_its_passcode(site, owner, reader):
    site.clock.advance(1)
    site.post(
        f"/interviews/{site.id}/report/shares", fields={"days": "30", "passcode": "harbour-7"}
    )
    owner.reload()
    address = owner.locator("[data-copy]").first.get_attribute("data-copy")
    reader.goto(site.base + "/r/" + address.rpartition("/")[2])
    expect(reader.locator("h1")).to_have_text("This report has a passcode")
    for _ in range(5):
        reader.get_by_label("Passcode").fill("harbor-7")
        with reader.expect_navigation():
            reader.get_by_label("Passcode").press("Enter")
        expect(reader.get_by_role("alert")).to_have_text("That is not the passcode.")
    for said, minutes in (
        ("Too many tries. Try again in 15 minutes.", 14),
        ("Too many tries. Try again in 1 minute.", 2),
    ):
        reader.get_by_label("Passcode").fill("harbour-7")
        reader.get_by_role("button", name="Open the report").click()
        expect(reader.get_by_role("alert")).to_have_text(said)
        site.clock.advance(minutes * 60_000)
    reader.get_by_label("Passcode").fill("harbour-7")
    reader.get_by_role("button", name="Open the report").click()
    expect(reader.locator("h1")).to_have_text("Hire")


def checks_files(site, reader, tmp_path):
    """The public page, without an account: a good file, its PDF, the PDF with one byte of a page changed, another's key."""
    report = site.get(f"/interviews/{site.id}/report.json").content
    pdf = site.get(f"/interviews/{site.id}/report.pdf").content
    changed = bytearray(pdf)
    changed[pdf.index(b"stream") + 40] ^= 1
    mallorys = signing.open_keys(tmp_path / "mallory", 1, "room.example")
    with site.store.read() as conn:
        row = reports.find_newest(conn, site.seals, site.owner, site.id)
    row = msgspec.structs.replace(row, key_id=None, signature=None)
    forged = trust.envelope(row, mallorys.signer(), mallorys.find)
    for name, content, verdict, said in (
        ("report.json", report, "It holds", "Signature: holds."),
        ("report.pdf", pdf, "It holds", "Pages: holds."),
        ("report.pdf", bytes(changed), "It does not hold", "Pages: does not hold."),
        ("report.json", forged, "It does not hold", mallorys.signer().public.fingerprint),
    ):
        reader.goto(site.base + "/verify")
        reader.get_by_label("The file").set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        )
        reader.get_by_role("button", name="Check it").click()
        expect(reader.locator("#h-verdict")).to_have_text(verdict)
        expect(reader.locator(".found")).to_contain_text(said)


def test_axe_finds_nothing(browser, site):
    paths = [("iris", "/scorecards"), ("iris", f"/score/{site.id}"), ("ron", f"/score/{site.id}?as={site.ron}"),
             ("iris", f"/interviews/{site.id}/report")]  # fmt: skip
    found = look(browser, site, paths)
    site.score(name="", decision=None)
    site.score(**{"evidence:understanding": ["p_first"]})
    site.score("ron", name="Ron Adeyemi", **{"level:approach": "2"})
    site.sign()
    site.post(f"/interviews/{site.id}/report/shares", fields={"days": "30", "with_replay": "on"})
    text = site.get(f"/interviews/{site.id}/report").text
    token = text.split("/r/")[1].split('"')[0]
    found += look(browser, site, [("iris", f"/score/{site.id}"), ("iris", f"/score/{site.id}?correct=1"),
                                  ("iris", f"/interviews/{site.id}/report"), (None, f"/r/{token}"),
                                  (None, f"/r/{token}/replay")])  # fmt: skip
    copied = site.post(f"/rubrics/{site.rubric.id}/copy").headers["location"]
    site.post(f"/interviews/{site.id}/report/shares", fields={"days": "7", "passcode": "harbour-7"})
    locked = site.get(f"/interviews/{site.id}/report").text.split('data-copy="')[1].split('"')[0]
    found += look(browser, site, [("iris", "/rubrics"), ("iris", copied), ("iris", copied.removesuffix("/edit")),
                                  (None, "/verify"), ("iris", f"/clients/{site.client}/reports"),
                                  (None, "/r/" + locked.rpartition("/")[2])])  # fmt: skip
    assert found == []


def look(browser, site, paths):
    found = []
    for who, path in paths:
        for more in (
            {"color_scheme": "light"},
            {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
        ):
            page = page_of(browser, site, who, path, bypass_csp=True, **more)
            page.evaluate(
                "[...document.querySelectorAll('details')].slice(0, 4).forEach(one => { one.open = true });"
                "document.querySelector('[data-edit]')?.click()"
            )
            assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
            is_printed = more["color_scheme"] == "light" and re.match(
                r"/(score|r|interviews)/", path
            )
            for media in ("screen", "print") if is_printed else ("screen",):
                page.emulate_media(media=media)
                found += [
                    (media, more["color_scheme"], one) for one in axe_finds(page, ALL_IMPACTS)
                ]
            page.context.close()
    return found
