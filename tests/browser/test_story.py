"""The whole story in two browsers at once, desk to PDF, as Iris and Cal live it."""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import pypdf
import pytest
from playwright.sync_api import Error, Locator, Page, Response, expect

from room import content
from tests.browser.conftest import Site, saved, soon, text

pytestmark = [pytest.mark.browser, pytest.mark.docker, pytest.mark.timeout(240)]

CALL = "https://call.example.org/iris"
PROGRAM = 'print("half of 84 is", 84 // 2)\n'
PASTE = """text => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.querySelector(".cm-content").dispatchEvent(event);
}"""


def challenge() -> dict[str, Any]:
    return next(c for c in content.load("challenges")["challenges"] if c["id"] == "booking-gaps")


def phrases(told: Any) -> Iterator[str]:
    """Runs of plain words out of a guide: markup and punctuation may be written otherwise on a page."""
    if isinstance(told, str):
        yield from (run for run in re.findall(r"[A-Za-z][A-Za-z ,]{14,}", told) if " " in run)
    elif told:
        for part in told.values() if isinstance(told, dict) else told:
            yield from phrases(part)


def private_words() -> set[str]:
    """What a candidate must never be sent: hidden tests, the guide with its hints, the rubric's names and anchors."""
    question = challenge()
    rubric = next(r for r in content.load("rubrics")["rubrics"] if r["id"] == question["rubric"])
    words = {test["name"] for part in question["stages"] for test in part.get("tests", {}).get("hidden", [])}  # fmt: skip
    words |= set(phrases({k: question["guide"][k] for k in ("good_looks_like", "hints", "common_mistakes")}))  # fmt: skip
    words |= {c["name"] for c in rubric["competencies"]}
    words |= set(phrases([c["anchors"] for c in rubric["competencies"]]))
    words |= {part["title"] for part in question["stages"][1:3]}
    # What the part that is shown says itself is no secret.
    return {w.strip() for w in words} - {"Talk"}


class Heard:
    """Everything that came to a browser: pages, answers, and what its sockets carried."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self._answers: list[Response] = []

    def listen(self, page: Page) -> None:
        page.on("response", self._answer)
        page.on("websocket", lambda ws: ws.on("framereceived", self._frame))

    def _answer(self, answer: Response) -> None:
        self._answers.append(answer)

    def _frame(self, frame: bytes | str) -> None:
        self.told.append(frame if isinstance(frame, str) else frame.decode(errors="replace"))

    def take(self, page: Page) -> None:
        """Reads what was answered so far, while its page is still there."""
        for answer in self._answers:
            kind = answer.headers.get("content-type", "")
            if answer.status == 200 and ("html" in kind or "json" in kind):
                try:
                    self.told.append(answer.text())
                except Error:  # the browser has let go of it; the same address once more
                    self.told.append(page.context.request.get(answer.url).text())
        self._answers.clear()
        self.told.append(page.content())


def terminal(page: Page) -> Locator:
    return page.locator(".xterm-rows")


def focus_editor(page: Page) -> None:
    page.locator(".cm-content").focus()


def planned(site: Site, iris: Page) -> str:
    """Iris plans the interview in the form; the address of its page."""
    iris.get_by_role("link", name="New interview").click()
    iris.wait_for_url("**/interviews/new")
    day, time = soon()
    iris.get_by_label("Client", exact=True).select_option("new")
    iris.get_by_label("New client’s name").fill("Northline Freight")
    iris.get_by_label("Client’s city").fill("Oslo")
    iris.get_by_label("Candidate", exact=True).fill("Cal Okonkwo")
    iris.get_by_label("Role").fill("Backend engineer")
    iris.get_by_label("Day").fill(day)
    iris.get_by_label("Time, yours").fill(time)
    iris.get_by_label("Candidate’s city").fill("Istanbul")
    iris.get_by_text("Question, rubric, call link").click()
    question = iris.get_by_label("Question", exact=True)
    gaps = question.locator("option", has_text="Gaps in the calendar").get_attribute("value")
    question.select_option(gaps)
    iris.get_by_label("Call link").fill(CALL)
    expect(iris.locator("[data-preview]")).to_contain_text("for you, ")
    iris.get_by_role("button", name="Create and copy link").click()
    iris.wait_for_url(re.compile("/interviews/i_"))
    expect(iris.get_by_role("heading", level=1)).to_contain_text("Cal Okonkwo")
    return iris.url


def invitation(iris: Page) -> str:
    """What Iris can send, from the clipboard; the link in it."""
    link = iris.evaluate("navigator.clipboard.readText()")
    iris.get_by_role("button", name="Copy invitation").click()
    expect(iris.get_by_role("status").filter(has_text="Invitation copied")).to_be_visible()
    message = iris.evaluate("navigator.clipboard.readText()")
    assert link in message
    for words in ("Cal", "Madrid", "Istanbul", CALL, "recorded"):
        assert words in message
    return str(link)


def arrives(cal: Page, link: str) -> None:
    """The lobby: nothing is ticked beforehand, and without it nobody comes in."""
    cal.goto(link)
    box = cal.get_by_role("checkbox", name="I have read what is recorded")
    expect(box).not_to_be_checked()
    for words in ("Iris Aldana", "Istanbul", "What is recorded", "Northline Freight", "Deleted on"):
        expect(cal.locator("main")).to_contain_text(words)
    expect(cal.get_by_role("link", name="the call")).to_have_attribute("href", CALL)
    cal.get_by_role("button", name="Enter the room").click()
    expect(cal.get_by_text("Please tick that you have read what is recorded.")).to_be_visible()
    box = cal.get_by_role("checkbox", name="I have read what is recorded")
    expect(box).not_to_be_checked()
    expect(box).to_be_focused()
    box.check()
    cal.get_by_role("button", name="Enter the room").click()
    cal.wait_for_url("**/room/**")
    expect(cal.locator("#screen")).to_contain_text("Iris will let you in.")


def prepares_and_admits(iris: Page, cal: Page) -> None:
    iris.get_by_role("button", name="Open room").click()
    iris.wait_for_url("**/room/**")
    iris.get_by_label("Private note", exact=True).fill("prepared: ask about the ferry job")
    iris.keyboard.press("Enter")
    expect(iris.locator("[data-part=notes]")).to_contain_text("ask about the ferry job")
    expect(iris.locator("[data-part=notices]")).to_contain_text("Cal is waiting to be let in.")
    expect(cal.locator("#screen")).to_be_visible()
    iris.get_by_role("button", name="Admit").click()
    expect(cal.locator("#screen")).to_be_hidden()
    expect(cal.locator(".recword")).to_have_text("Not recording yet")
    iris.get_by_role("button", name="Start interview").click()
    expect(cal.locator(".recword")).to_have_text("Recording")
    expect(iris.locator(".recword")).to_have_text("Recording")


def type_at_once(iris: Page, cal: Page) -> None:
    """Both write in one file, a key in turn, each on a line of their own."""
    focus_editor(iris)
    iris.keyboard.type("# iris: \n# cal: ")
    expect(cal.locator(".cm-content")).to_contain_text("# cal:")
    saved(iris)
    iris.keyboard.press("Control+Home")
    iris.keyboard.press("End")
    focus_editor(cal)
    cal.keyboard.press("Control+End")
    for left, right in zip("reads the question", "thinks of the ends", strict=True):
        iris.keyboard.type(left)
        cal.keyboard.type(right)
    for page in (iris, cal):
        saved(page)
        expect(page.locator(".cm-content")).to_contain_text("# iris: reads the question")
        expect(page.locator(".cm-content")).to_contain_text("# cal: thinks of the ends")
    assert text(iris) == text(cal) == "# iris: reads the question\n# cal: thinks of the ends"
    expect(iris.locator(".caret b")).to_have_text("Cal")
    expect(cal.locator(".caret b")).to_have_text("Iris")


def runs(iris: Page, cal: Page) -> None:
    """Cal's choice of language is everybody's, and so is the output."""
    iris.get_by_label("Language").select_option("javascript")
    expect(cal.get_by_label("Language")).to_have_value("javascript")
    cal.get_by_label("Language").select_option("python")
    expect(iris.get_by_label("Language")).to_have_value("python")
    focus_editor(cal)
    cal.keyboard.press("Control+a")
    cal.keyboard.type(PROGRAM)
    cal.keyboard.press("Control+Enter")
    for page in (iris, cal):
        expect(terminal(page)).to_contain_text("half of 84 is 42")
        expect(page.locator("[data-part=runchip]")).to_contain_text("Finished in")


def shows_part_one(iris: Page, cal: Page) -> None:
    expect(cal.locator("#problem")).to_contain_text("Your interviewer will show the problem here.")
    iris.locator(".hiddenp").first.get_by_role("button", name="Show").click()
    dialog = iris.get_by_role("dialog")
    expect(dialog).to_contain_text("What is shown cannot be hidden again.")
    dialog.get_by_role("button", name="Show").click()
    expect(cal.locator("#problem h3")).to_contain_text("1. One calendar")
    expect(cal.get_by_role("tab", name="main.py")).to_have_attribute("aria-selected", "true")
    expect(iris.get_by_role("tab", name="main.py")).to_have_attribute("aria-selected", "true")


def runs_tests(iris: Page, cal: Page) -> None:
    """First as given, then solved; the hidden ones reach Iris alone."""
    cal.get_by_role("button", name="Run tests").click()
    visible = cal.locator("[data-part=tests]")
    expect(visible.locator(".test")).to_have_count(2)
    expect(visible).to_contain_text("expected 570 600 ↵ 720 1020, got NONE")
    expect(iris.locator("[data-part=hiddentests] .test")).to_have_count(7)
    focus_editor(cal)
    cal.keyboard.press("Control+a")
    cal.evaluate(PASTE, challenge()["reference"]["python"])
    saved(cal)
    cal.keyboard.press("Control+Shift+Enter")
    for page in (iris, cal):
        expect(page.locator("[data-part=tests] .tgroup")).to_contain_text("2 of 2")
    hidden = iris.locator("[data-part=hiddentests]")
    expect(hidden.locator(".tgroup")).to_contain_text("7 of 7")
    expect(hidden).to_contain_text("touching bookings")
    expect(cal.locator("[data-part=testchips]")).to_have_text("2 passed")
    assert cal.locator("[data-part=hiddentests]").count() == 0


def leads(iris: Page, cal: Page) -> None:
    """Hint, note with a competency, pin by keys and its new words; chat both ways."""
    iris.get_by_role("tab", name="Guide").click()
    iris.get_by_role("button", name="I gave this hint").first.click()
    expect(iris.locator(".ladder .given")).to_have_count(1)
    focus_editor(iris)
    iris.keyboard.press("Alt+n")
    iris.keyboard.type("sorted at once #checking")
    expect(iris.get_by_role("option", name="Checking own work")).to_be_visible()
    iris.keyboard.press("Enter")
    iris.keyboard.press("Enter")
    notes = iris.locator("[data-part=notes]")
    expect(notes.locator(".note", has_text="sorted at once")).to_contain_text("Checking own work")
    focus_editor(iris)
    iris.keyboard.press("Alt+p")
    expect(iris.locator(".pinpop input")).to_be_focused()
    iris.keyboard.press("2")
    iris.keyboard.type("named the furthest end")
    iris.keyboard.press("Enter")
    expect(iris.locator(".cm-content")).to_be_focused()
    pin = notes.locator(".pinned")
    expect(pin).to_contain_text("Choosing an approach")
    pin.get_by_role("button", name="Change the pin").click()
    iris.keyboard.press("Control+a")
    iris.keyboard.type("said why the furthest end matters")
    iris.keyboard.press("Enter")
    expect(pin).to_contain_text("said why the furthest end matters")
    expect(pin).not_to_contain_text("named the furthest end")

    iris.keyboard.press("Alt+c")
    iris.keyboard.type("What is the cost of that?")
    iris.keyboard.press("Enter")
    expect(cal.locator("[data-part=lastchat]")).to_contain_text("What is the cost of that?")
    cal.keyboard.press("Alt+c")
    cal.keyboard.type("n log n, from the sort")
    cal.keyboard.press("Enter")
    expect(iris.locator("[data-part=lastchat]")).to_contain_text("n log n, from the sort")


def keeps_time(iris: Page, cal: Page) -> None:
    now = iris.locator(".stage.now")
    expect(now).to_contain_text("Hello")
    iris.keyboard.press("Escape")
    iris.keyboard.press("Alt+s")
    for page in (iris, cal):
        expect(page.locator(".stage.now")).to_contain_text("Problem")
    now.click()
    iris.get_by_role("button", name="Five minutes more").click()
    expect(now).to_contain_text("of 30 min")
    now.click()
    iris.get_by_role("button", name="Pause the clock").click()
    expect(cal.locator("[data-part=notices]")).to_contain_text("Clock paused by Iris.")
    iris.locator("[data-part=notices]").get_by_role("button", name="Resume").click()
    expect(cal.locator("[data-part=notices]")).not_to_contain_text("Clock paused")


def adds_a_question(iris: Page, cal: Page) -> None:
    iris.get_by_role("tab", name="Guide").click()
    iris.get_by_role("button", name="Add or swap a question").click()
    iris.get_by_role("radio", name="Night shift at the print shop").check()
    iris.get_by_role("button", name="Use it").click()
    expect(iris.get_by_role("dialog")).to_be_hidden()
    expect(iris.locator("#problem summary")).to_have_text("Night shift at the print shop")
    expect(cal.locator("#problem h2")).to_have_text("Gaps in the calendar")
    assert "Night shift" not in cal.content()


def hides_the_private_side(iris: Page) -> None:
    focus_editor(iris)
    iris.keyboard.press("Alt+h")
    for part in ("#private", ".hiddenp >> nth=0", "[data-part=hiddentests]"):
        expect(iris.locator(part)).to_be_hidden()
    iris.reload()
    saved(iris)
    expect(iris.locator("#private")).to_be_hidden()
    expect(iris.locator("[data-part=hiddentests]")).to_be_hidden()
    iris.keyboard.press("Alt+h")
    expect(iris.locator("#private")).to_be_visible()


def second_tab(site: Site, cal: Page, heard: Heard) -> Page:
    """Cal opens the room again; the newer tab waits, then takes over."""
    second = site.page(cal.context)
    heard.listen(second)
    second.goto(cal.url)
    expect(second.locator("#screen")).to_contain_text("This room is open in another tab.")
    second.get_by_role("button", name="Use it here").click()
    expect(second.locator("#screen")).to_be_hidden()
    expect(cal.locator("#screen")).to_contain_text("This room is open in another tab.")
    heard.take(cal)
    cal.close()
    saved(second)
    return second


def loses_nothing(site: Site, iris: Page, cal: Page) -> None:
    """First Cal's network goes, then the server is killed; both keep typing."""
    focus_editor(cal)
    cal.keyboard.press("Control+End")
    cal.context.set_offline(True)
    cal.evaluate("document.querySelector('live-room').page.room.connection.provider.ws.close()")
    cal.keyboard.type("# in the tunnel\n")
    expect(cal.locator("[data-part=saved]")).to_contain_text("Reconnecting")
    expect(cal.locator("[data-part=saved]")).to_contain_text("safe on this device")
    expect(iris.locator("[data-part=notices]")).to_contain_text("Cal lost connection")
    focus_editor(iris)
    iris.keyboard.press("Control+Home")
    iris.keyboard.type("# meanwhile\n")
    cal.context.set_offline(False)
    saved(cal)
    expect(iris.locator("[data-part=notices]")).not_to_contain_text("lost connection")

    site.server.kill()
    for page, words in ((iris, "# iris goes on\n"), (cal, "# cal goes on\n")):
        page.keyboard.type(words)
        expect(page.locator("[data-part=saved]")).to_contain_text("Reconnecting")
    site.server.start()
    cal.keyboard.type("# and on\n")
    for page in (iris, cal):
        saved(page)
    expect(iris.locator(".cm-content")).to_contain_text("# and on")
    expect(cal.locator(".cm-content")).to_contain_text("# iris goes on")
    assert text(iris) == text(cal)
    for words in ("in the tunnel", "meanwhile", "iris goes on", "cal goes on", "and on"):
        assert text(cal).count(f"# {words}\n") == 1


def ends(iris: Page, cal: Page) -> None:
    """Undone once, then for good; Cal takes the files along and reads what is kept."""
    for again in (False, True):
        iris.get_by_role("button", name="End…").click()
        iris.get_by_role("button", name="End for everyone").click()
        expect(cal.locator("#screen")).to_contain_text("That was it. Thank you, Cal.")
        expect(iris.locator("[data-part=notices]")).to_contain_text("Interview ended")
        if not again:
            iris.get_by_role("button", name="Reopen").click()
            expect(cal.locator("#screen")).to_be_hidden()
    with cal.expect_download() as download:
        cal.get_by_role("link", name="Save your files").click()
    with zipfile.ZipFile(download.value.path()) as kept:
        names = [name.rsplit("/", 1)[-1] for name in kept.namelist()]
        assert "main.py" in names
        whole = b"".join(kept.read(name) for name in kept.namelist()).decode()
    assert "# in the tunnel" in whole
    assert "half of 84" in whole
    cal.get_by_role("link", name="What is kept, until when").click()
    expect(cal.get_by_role("heading", level=1)).to_have_text("What is kept about you")
    expect(cal.locator("main")).to_contain_text("Kept until")
    expect(cal.locator("main")).to_contain_text("you agreed to the recording")


def scores_by_keyboard(iris: Page) -> None:
    iris.locator("[data-part=notices]").get_by_role("link", name="Score it now").click()
    iris.wait_for_url("**/score/**")
    expect(iris.locator("#scored")).to_have_text("0 of 6")
    assert iris.locator("input[name=decision]:checked").count() == 0
    for level in "332333":
        iris.keyboard.press("j")
        iris.keyboard.press(level)
    expect(iris.locator("#scored")).to_have_text("6 of 6")
    approach = iris.locator("[data-competency=approach]")
    approach.get_by_role("checkbox", name=re.compile("^Use ")).first.focus()
    if not approach.get_by_role("checkbox", name=re.compile("^Use ")).first.is_checked():
        iris.keyboard.press("Space")
    iris.keyboard.press("c")
    iris.keyboard.type("Found the furthest end alone.")
    expect(iris.locator("#saved")).to_contain_text("Draft saved")
    iris.keyboard.press("Tab")
    iris.keyboard.press("s")
    iris.locator("input[name=confidence][value=high]").focus()
    iris.keyboard.press("Space")
    iris.keyboard.press("Control+Enter")
    iris.keyboard.type("Iris Aldana")
    iris.keyboard.press("Control+Enter")
    expect(iris.locator("main")).to_contain_text("Signed, locked")


def signs_the_report(iris: Page) -> str:
    """Draft, signature and link; the link's address."""
    iris.get_by_role("link", name="Go to the report").click()
    expect(iris.locator(".sheet")).to_contain_text("Only you can see this")
    iris.get_by_label("Summary").fill(
        "Cal is careful. The code is short. We would gladly see more."
    )
    expect(iris.locator("#saved")).to_contain_text("Draft saved")
    iris.get_by_label("Your full name").fill("Iris Aldana")
    iris.get_by_role("button", name="Sign the report").click()
    iris.get_by_label("The replay too").check()
    iris.get_by_role("button", name="Make a link").click()
    iris.get_by_role("button", name="Copy link").click()
    expect(iris.get_by_role("status").filter(has_text="Link copied")).to_be_visible()
    return str(iris.evaluate("navigator.clipboard.readText()"))


def reader_reads(site: Site, shared: str) -> Page:
    """The client, in a browser that has never been here: page, PDF, and the replay from a piece of evidence."""
    context = site.context()
    reader = site.page(context)
    reader.goto(shared)
    expect(reader.get_by_role("heading", level=1)).to_have_text("Hire")
    sheet = reader.locator(".sheet")
    for words in ("Cal Okonkwo", "We would gladly see more.", "said why the furthest end matters",
                  "touching bookings", "Found the furthest end alone."):  # fmt: skip
        expect(sheet).to_contain_text(words)
    for secret in ("sorted at once", "ferry job"):
        assert secret not in reader.content()
    href = reader.get_by_role("link", name="Print or PDF").get_attribute("href")
    paper = reader.context.request.get(f"{site.url}{href}", timeout=60_000)
    assert paper.headers["content-type"] == "application/pdf"
    told = "\n".join(
        page.extract_text() for page in pypdf.PdfReader(io.BytesIO(paper.body())).pages
    )
    assert "Cal Okonkwo" in told
    assert re.search(r"\bHire\b", told)
    return reader


def replays(reader: Page) -> None:
    """From the evidence into the recording: ten seconds early; the code at the moment itself; play, seek."""
    evidence = reader.locator(".sheet a.t").first
    minutes, seconds = evidence.inner_text().split(":")
    moment_s = int(minutes) * 60 + int(seconds)
    evidence.click()
    reader.wait_for_selector("#replay[data-ready]")
    assert abs(int(reader.url.split("t=")[1]) - max(0, moment_s - 10)) <= 1
    reader.goto(f"{reader.url.split('?')[0]}?t={moment_s + 1}")
    reader.wait_for_selector("#replay[data-ready]")
    code = reader.locator(".cm-content")
    expect(code).to_contain_text("free_slots")
    expect(code).to_contain_text("cursor = max(cursor, e)")
    expect(code).not_to_contain_text("in the tunnel")
    now = reader.locator("[data-part=now]")
    before = now.inner_text()
    reader.get_by_role("button", name="Play").click()
    expect(now).not_to_have_text(before)
    reader.get_by_role("button", name="Pause").click()
    slider = reader.get_by_role("slider")
    slider.focus()
    reader.keyboard.press("End")
    expect(code).to_contain_text("# in the tunnel")
    reader.keyboard.press("Home")
    expect(now).to_have_text("00:00")
    expect(code).not_to_contain_text("free_slots")
    for secret in ("sorted at once", "ferry job"):
        assert secret not in reader.content()


def test_an_interview_from_the_desk_to_the_switched_off_link(site: Site) -> None:
    iris = site.page(site.context(permissions=["clipboard-read", "clipboard-write"]))
    cal = site.page(site.context(accept_downloads=True))
    heard = Heard()
    heard.listen(cal)

    site.sign_in(iris)
    address = planned(site, iris)
    link = invitation(iris)
    arrives(cal, link)
    prepares_and_admits(iris, cal)
    type_at_once(iris, cal)
    runs(iris, cal)
    shows_part_one(iris, cal)
    runs_tests(iris, cal)
    leads(iris, cal)
    keeps_time(iris, cal)
    adds_a_question(iris, cal)
    hides_the_private_side(iris)
    cal = second_tab(site, cal, heard)
    loses_nothing(site, iris, cal)

    heard.take(cal)
    told = "\n".join(heard.told)
    assert "One calendar" in told
    assert "n log n, from the sort" in told
    own = (
        "ferry job",
        "sorted at once",
        "furthest end matters",
        "named the furthest end",
        "Night shift",
    )
    assert [word for word in (*own, *sorted(private_words())) if word in told] == []

    ends(iris, cal)
    scores_by_keyboard(iris)
    shared = signs_the_report(iris)
    reader = reader_reads(site, shared)
    replays(reader)

    iris.get_by_role("button", name="Switch off").click()
    expect(iris.locator(".links")).to_contain_text("Switched off")
    reader.goto(shared)
    expect(reader.get_by_role("heading", level=1)).to_have_text("This link was switched off.")
    iris.goto(f"{address}?tab=after")
    expect(iris.locator("main")).to_contain_text("Held")
