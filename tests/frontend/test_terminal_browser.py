"""Typing into a running program. No engine runs here: the page hears what a room would send, and its wishes are kept."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.test_room_browser import PAGE

pytestmark = pytest.mark.browser

WISHES = f"""() => {{
  const connection = {PAGE}.room.connection;
  window.wishes = [];
  connection.do = (wish) => {{ window.wishes.push(wish); return Promise.resolve(null); }};
}}"""
HEAR = f"""([by, e]) => {{
  const room = {PAGE}.room;
  room.connection.messages.emit({{ t: "event", n: 1, at: room.atMs, wall_ms: Date.now(), by, e }});
}}"""
TERMINAL = "[data-part=terminal] textarea"
SCREEN = "[data-part=terminal] .xterm-rows"


def me(page: Page) -> str:
    found: str = page.evaluate(f"{PAGE}.room.me")
    return found


def start(page: Page, by: str) -> None:
    file = page.evaluate(f"{PAGE}.editor.file.id")
    queued = {"type": "RunQueued", "run": "r_1", "file": file, "language": "python"}
    page.evaluate(WISHES)
    page.evaluate(HEAR, [by, {**queued, "interactive": True}])
    page.evaluate(HEAR, [by, {"type": "RunStarted", "run": "r_1"}])


def says(page: Page, text: str) -> None:
    page.evaluate(HEAR, ["system", {"type": "RunOutput", "run": "r_1", "text": text}])


def wishes(page: Page, kind: str) -> list[dict[str, Any]]:
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 200)))")
    found: list[dict[str, Any]] = page.evaluate(
        "(kind) => window.wishes.filter((one) => one.type === kind)", kind
    )
    return found


def typed(page: Page) -> str:
    return "".join(wish["text"] for wish in wishes(page, "TypeInput"))


def test_keys_and_pastes_go_to_the_program_and_escape_then_tab_leaves(
    pair: tuple[Page, Page],
) -> None:
    _, cal = pair
    start(cal, me(cal))
    says(cal, "Your name? ")
    cal.keyboard.press("Alt+3")
    expect(cal.locator(TERMINAL)).to_be_focused()
    cal.keyboard.type("cal\t")
    cal.keyboard.press("Enter")
    cal.keyboard.press("Control+c")
    cal.keyboard.press("Control+k")
    assert typed(cal) == "cal\t\r\x03\x0b"
    expect(cal.locator("#palette")).to_have_count(0)
    cal.locator(TERMINAL).evaluate(
        """(field) => {
          const data = new DataTransfer();
          data.setData("text/plain", "p".repeat(20000));
          field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
        }"""
    )
    pieces = [wish["text"] for wish in wishes(cal, "TypeInput")]
    assert "".join(pieces).endswith("p" * 20_000)
    assert max(len(piece) for piece in pieces) <= 16_000
    cal.keyboard.press("Escape")
    cal.keyboard.press("Tab")
    expect(cal.locator(TERMINAL)).not_to_be_focused()
    finished = {"type": "RunFinished", "run": "r_1", "verdict": "OK", "sentence": "Finished"}
    cal.evaluate(HEAR, ["system", finished])
    expect(cal.locator(SCREEN)).to_contain_text("Your name? ")
    cal.evaluate("window.wishes.length = 0")
    cal.keyboard.press("Alt+3")
    cal.keyboard.type("too late")
    assert typed(cal) == ""


def test_only_who_started_the_run_answers_for_the_terminal(pair: tuple[Page, Page]) -> None:
    iris, cal = pair
    for page in (iris, cal):
        start(page, me(cal))
        says(page, "\x1b[6n\x1b[c\x1b]11;?\x07")
    assert typed(cal).startswith("\x1b[")
    assert typed(iris) == ""


def test_the_size_is_told_by_who_types_in_it(pair: tuple[Page, Page]) -> None:
    iris, cal = pair
    for page in (iris, cal):
        start(page, me(cal))
    assert len(wishes(cal, "ResizeTerminal")) == 1
    assert wishes(iris, "ResizeTerminal") == []
    iris.locator(TERMINAL).focus()
    (told,) = wishes(iris, "ResizeTerminal")
    assert told["columns"] > 20
    assert told["rows"] > 3


def test_a_program_reaches_neither_the_clipboard_nor_other_kinds_of_links(
    pair: tuple[Page, Page],
) -> None:
    _, cal = pair
    cal.context.grant_permissions(["clipboard-read", "clipboard-write"])
    cal.evaluate("navigator.clipboard.writeText('mine')")
    start(cal, me(cal))
    says(cal, "\x1b]52;c;c3RvbGVu\x07\x1b]8;;javascript:alert(1)\x1b\\click\x1b]8;;\x1b\\\r\n")
    expect(cal.locator(SCREEN)).to_contain_text("click")
    assert cal.evaluate("navigator.clipboard.readText()") == "mine"
    pages = len(cal.context.pages)
    box = cal.locator(SCREEN).get_by_text("click").bounding_box()
    assert box is not None
    cal.mouse.move(box["x"] + 8, box["y"] + 8)
    cal.mouse.click(box["x"] + 8, box["y"] + 8)
    assert len(cal.context.pages) == pages


def test_an_observer_sees_the_program_and_types_nothing(held: Any, pair: tuple[Page, Page]) -> None:
    olga = held.come("observer")
    expect(olga.locator(".recword")).to_have_text("Recording")
    start(olga, held.places["candidate"][0])
    says(olga, "Your name? ")
    olga.locator(TERMINAL).focus()
    olga.keyboard.type("hello")
    expect(olga.locator(SCREEN)).to_contain_text("Your name?")
    assert typed(olga) == ""


def test_a_run_takes_keys_unless_input_was_given(pair: tuple[Page, Page]) -> None:
    _, cal = pair
    cal.evaluate(f"{PAGE}.room.runner = {{ available: true, reason: '', languages: {{}} }}")
    cal.evaluate(f"{PAGE}.room.changed.emit()")
    cal.evaluate(WISHES)
    cal.keyboard.press("Control+Enter")
    cal.get_by_role("button", name="Input").click()
    cal.locator("#stdin").fill("7")
    cal.keyboard.press("Control+Enter")
    first, second = wishes(cal, "RequestRun")
    assert (first["interactive"], first.get("stdin")) == (True, None)
    assert (second.get("interactive"), second["stdin"]) == (None, "7")
