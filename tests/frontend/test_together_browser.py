"""Several people in one room: who leads, who watches, who talks to whom, who is where, and who comes back."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page, expect

from room.store import interviews
from tests.frontend.test_room_browser import (
    PAGE,
    cut,
    saved,
    show_next_part,
    text,
    type_in_editor,
)

pytestmark = pytest.mark.browser

TABS = "[data-part=files] [role=tab]"
NOTICES = "[data-part=notices]"


def make_file(page: Page, name: str) -> None:
    page.get_by_role("button", name="New file").click()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.locator(TABS).last).to_have_text(name)


def test_interviewers_talk_beside_the_common_chat_and_nobody_else_is_sent_a_word(
    held: Any, pair: tuple[Page, Page], axe: Callable[[Page], list[str]]
) -> None:
    iris, cal = pair
    ines = held.come("interviewer")
    ines.locator(".cm-content").focus()
    ines.keyboard.press("Alt+t")
    expect(ines.locator("#team-text")).to_be_focused()
    ines.keyboard.type("ask about the closing time")
    ines.keyboard.press("Enter")
    expect(iris.locator("[data-part=teamunread]")).to_contain_text("1")
    iris.locator("#tab-team").click()
    expect(iris.locator("[data-part=teamlog]")).to_contain_text("ask about the closing time")
    expect(iris.locator("[data-part=teamunread]")).to_be_empty()
    expect(iris.locator("#private .privtag")).to_contain_text("Only interviewers")
    expect(iris.locator(".noting")).to_be_hidden()
    assert axe(iris) == []
    type_in_editor(cal, "end")
    saved(cal)
    told = "\n".join(held.frames) + cal.content()
    assert [word for word in ("closing time", "TeamChat", "team-text") if word in told] == []


def test_the_lead_is_handed_over_and_taken_when_its_holder_is_gone(
    held: Any, pair: tuple[Page, Page]
) -> None:
    iris, _ = pair
    ines = held.come("interviewer")
    expect(ines.locator(".recword")).to_have_text("Recording")
    iris.get_by_role("button", name="People in the room").click()
    iris.get_by_role("button", name="Hand over the lead…").click()
    iris.get_by_role("button", name="Let Ines lead from here").click()
    expect(ines.locator("[data-part=polite]")).to_contain_text("You lead now")
    ines.get_by_role("button", name="People in the room").click()
    expect(ines.get_by_role("button", name="Hand over the lead…")).to_have_count(1)
    ines.context.close()
    held.contexts.remove(ines.context)
    expect(iris.locator(NOTICES)).to_contain_text("Ines lost connection")
    expect(iris.get_by_role("button", name="Take the lead")).to_have_count(0)
    iris.get_by_role("button", name="Take the lead").click(timeout=40_000)
    expect(iris.locator("[data-part=polite]")).to_contain_text("You lead now")
    expect(iris.locator(NOTICES)).not_to_contain_text("Ines")


def test_focus_time_curtains_everybody_but_the_candidate_and_both_sides_are_told(
    held: Any, pair: tuple[Page, Page], axe: Callable[[Page], list[str]]
) -> None:
    iris, cal = pair
    olga = held.come("observer")
    type_in_editor(cal, "before")
    saved(cal)
    iris.locator(".stage.now").click()
    iris.get_by_role("button", name="5 minutes unwatched for Cal").click()
    expect(cal.locator(NOTICES)).to_contain_text(
        re.compile(r"Nobody watches the code until \d\d:\d\d\. Recording goes on\.")
    )
    for page in (iris, olga):
        expect(page.locator(".curtain")).to_contain_text("Cal works unwatched")
        expect(page.locator(".curtain")).to_contain_text(re.compile(r"4:5\d left|5:00 left"))
        for covered in (".cm-content", "#problem", ".term", ".tests"):
            expect(page.locator(covered).first).to_be_hidden()
    expect(olga.get_by_role("button", name="End it now")).to_have_count(0)
    expect(cal.locator(".curtain")).to_have_count(0)
    type_in_editor(cal, " unseen")
    saved(cal)
    assert axe(iris) == []
    iris.keyboard.press("Alt+u")
    expect(iris.locator(NOTICES)).to_contain_text("Nobody's place is told during focus time.")
    iris.keyboard.press("Alt+n")
    iris.keyboard.type("notes go on")
    iris.keyboard.press("Enter")
    expect(iris.locator("[data-part=notes]")).to_contain_text("notes go on")
    iris.get_by_role("button", name="End it now").click()
    expect(iris.locator(".cm-content")).to_be_visible()
    expect(iris.locator(".cm-content")).to_contain_text("before unseen")
    expect(olga.locator(".curtain")).to_be_hidden()
    expect(cal.locator(NOTICES)).not_to_contain_text("Nobody watches")


def test_focus_time_ends_by_itself(pair: tuple[Page, Page]) -> None:
    iris, _ = pair
    iris.evaluate(
        f"{PAGE}.room.state = {{ ...{PAGE}.room.state, focus_until_ms: {PAGE}.room.atMs + 2500 }};"
        f"{PAGE}.room.changed.emit()"
    )
    expect(iris.locator(".curtain")).to_be_visible()
    expect(iris.locator(".curtain")).to_be_hidden(timeout=30_000)
    expect(iris.locator(".cm-content")).to_be_visible()


def test_following_opens_the_file_and_keeps_the_line_in_view_until_one_types(
    pair: tuple[Page, Page],
) -> None:
    iris, cal = pair
    make_file(cal, "long.py")
    cal.locator(".cm-content").focus()
    cal.evaluate(
        f"(() => {{ const p = {PAGE}; p.room.connection.doc.getText('f:' + p.editor.file.id)"
        ".insert(0, Array.from({length: 300}, (_, i) => `line_${i}`).join('\\n')) })()"
    )
    saved(cal)
    cal.keyboard.press("Control+End")
    iris.get_by_role("button", name="People in the room").click()
    iris.get_by_role("button", name="Follow").click()
    expect(iris.locator("[data-part=following]")).to_have_text("Following Cal")
    expect(iris.get_by_role("tab", name="long.py")).to_have_attribute("aria-selected", "true")
    expect(iris.get_by_text("line_299")).to_be_in_viewport()
    cal.keyboard.press("Control+Home")
    expect(iris.get_by_text("line_0", exact=True)).to_be_in_viewport()
    cal.get_by_role("tab", name="scratch").click()
    expect(iris.get_by_role("tab", name="scratch")).to_have_attribute("aria-selected", "true")
    type_in_editor(iris, "x")
    expect(iris.locator("[data-part=following]")).to_be_hidden()
    cal.get_by_role("tab", name="long.py").click()
    cal.locator(".cm-content").focus()
    cal.keyboard.press("Control+Home")
    expect(iris.get_by_role("tab", name="scratch")).to_have_attribute("aria-selected", "true")
    iris.keyboard.press("Alt+u")
    expect(iris.locator(NOTICES)).to_contain_text("Cal is on line 1 of long.py.")
    expect(iris.locator("[data-part=polite]")).to_contain_text("Cal is on line 1 of long.py.")


def test_undo_is_ones_own_and_a_file_that_another_deleted_comes_back(
    pair: tuple[Page, Page],
) -> None:
    iris, cal = pair
    type_in_editor(cal, "cal ")
    saved(cal)
    type_in_editor(iris, "iris ")
    saved(iris)
    expect(cal.locator(".cm-content")).to_contain_text("cal iris")
    cal.keyboard.press("Control+z")
    saved(cal)
    assert text(cal) == "iris "
    make_file(cal, "b.py")
    iris.get_by_role("tab", name="b.py").click()
    iris.locator(".cm-content").focus()
    iris.keyboard.press("Alt+w")
    cal.locator("#toasts").get_by_text("Iris deleted b.py").wait_for()
    cal.get_by_role("button", name="Restore").click()
    expect(iris.locator(TABS)).to_have_text(["scratch", "b.py"])


def test_tabs_are_moved_by_dragging(pair: tuple[Page, Page]) -> None:
    iris, cal = pair
    make_file(cal, "a.py")
    make_file(cal, "b.py")
    cal.get_by_role("tab", name="b.py").drag_to(cal.get_by_role("tab", name="scratch"))
    expect(cal.locator(TABS)).to_have_text(["b.py", "scratch", "a.py"])
    expect(iris.locator(TABS)).to_have_text(["b.py", "scratch", "a.py"])


def test_another_language_brings_its_starter_beside_the_text_that_is_there(
    pair: tuple[Page, Page],
) -> None:
    iris, cal = pair
    show_next_part(iris)
    expect(cal.get_by_role("tab", name="main.py")).to_have_attribute("aria-selected", "true")
    type_in_editor(cal, "# kept")
    saved(cal)
    before = text(cal)
    cal.locator("#language").select_option("javascript")
    expect(cal.get_by_role("tab", name="main.js")).to_have_attribute("aria-selected", "true")
    expect(cal.locator(".cm-content")).to_contain_text(re.compile(r"\S"))
    assert text(cal) not in ("", before)
    expect(iris.locator("#toasts")).to_contain_text("Cal changed the language to JavaScript")
    cal.get_by_role("tab", name="main.py").click()
    expect(cal.locator("#language")).to_have_value("python")
    assert text(cal) == before


def test_what_was_typed_offline_comes_in_and_the_others_can_look(pair: tuple[Page, Page]) -> None:
    iris, cal = pair
    make_file(cal, "a.py")
    expect(iris.locator(TABS)).to_have_count(2)
    cut(cal)
    type_in_editor(cal, "offline")
    expect(cal.locator("[data-part=saved]")).to_contain_text("Reconnecting", timeout=30_000)
    cal.context.set_offline(False)
    saved(cal)
    expect(cal.locator(NOTICES)).to_contain_text("Your changes are in.")
    expect(iris.locator(NOTICES)).to_contain_text(re.compile(r"Cal's \d+ changes came in\."))
    iris.locator("[data-part=notices]").get_by_role("button", name="Show").click()
    expect(iris.get_by_role("tab", name="a.py")).to_have_attribute("aria-selected", "true")
    expect(iris.locator(".cm-content")).to_contain_text("offline")


def test_what_came_after_the_end_is_offered_as_a_copy(pair: tuple[Page, Page]) -> None:
    iris, cal = pair
    type_in_editor(cal, "in time ")
    saved(cal)
    cut(cal)
    type_in_editor(cal, "too late")
    iris.get_by_role("button", name="End…").click()
    iris.get_by_role("button", name="End for everyone").click()
    expect(iris.locator(NOTICES)).to_contain_text("Interview ended")
    cal.context.set_offline(False)
    expect(cal.locator("#screen")).to_contain_text("That was it.")
    cal.get_by_role("button", name="Keep a copy of what was not saved").click()
    expect(cal.locator("#copy-text")).to_have_value(re.compile("in time too late"))
    with cal.expect_download() as saving:
        cal.get_by_role("button", name="Save as a file").click()
    assert "in time too late" in saving.value.path().read_text()
    assert "too late" not in text(iris)


def test_short_storage_is_said_and_edits_that_are_not_taken_are_not_called_saved(
    pair: tuple[Page, Page],
) -> None:
    _, cal = pair
    sentence = "The disk of this server is full."
    hear = f"(message) => {PAGE}.room.connection.messages.emit(message)"
    notice = {"t": "notice", "about": "disk", "level": "full", "sentence": sentence}
    cal.evaluate(hear, notice)
    expect(cal.locator(NOTICES)).to_contain_text(sentence)
    expect(cal.locator("[data-part=polite]")).to_contain_text(sentence)
    cal.evaluate(hear, {**notice, "level": "fine"})
    expect(cal.locator(NOTICES)).not_to_contain_text(sentence)


def test_time_away_is_told_in_neutral_words_if_the_plan_has_it(held: Any) -> None:
    with held.site.app.state.store.begin() as conn:
        row = interviews.load(conn, held.owner, held.interview)
        plan = msgspec.structs.replace(row.plan, signals=("paste", "leave"))
        interviews.save(conn, msgspec.structs.replace(row, plan=plan))
    iris, cal = held.come("lead"), held.come("candidate")
    iris.get_by_role("button", name="Admit").click()
    iris.get_by_role("button", name="Start interview").click()
    expect(cal.locator(".recword")).to_have_text("Recording")
    hide = """(state) => {
      Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    cal.evaluate(hide, "hidden")
    cal.wait_for_timeout(1_200)
    cal.evaluate(hide, "visible")
    expect(iris.locator("[data-part=notes] .sign")).to_contain_text(
        re.compile(r"Cal's page was in the background for 0:0\d")
    )
    type_in_editor(cal, "x")
    saved(cal)
    assert "PageLeft" not in "\n".join(held.frames)


def test_looking_as_the_candidate_puts_everything_private_aside(
    pair: tuple[Page, Page], axe: Callable[[Page], list[str]]
) -> None:
    iris, _ = pair
    show_next_part(iris)
    expect(iris.locator(".hiddenp").first).to_be_visible()
    iris.locator(".cm-content").focus()
    iris.keyboard.press("Alt+l")
    expect(iris.locator(NOTICES)).to_contain_text("This is what Cal sees.")
    for hidden in ("#private", ".hiddenp", "[data-part=hiddentests]"):
        expect(iris.locator(hidden).first).to_be_hidden()
    expect(iris.locator("#problem h3").first).to_be_visible()
    assert axe(iris) == []
    iris.get_by_role("button", name="Back to your view").click()
    expect(iris.locator("#private")).to_be_visible()


def test_the_private_side_works_in_its_own_window_and_comes_back(pair: tuple[Page, Page]) -> None:
    iris, _ = pair
    with iris.context.expect_page() as opening:
        iris.get_by_role("button", name="Private side in its own window").click()
    beside = opening.value
    expect(iris.locator("#private")).to_have_count(0)
    beside.locator("#note-text").fill("said beside")
    beside.keyboard.press("Enter")
    expect(beside.locator("[data-part=notes]")).to_contain_text("said beside")
    iris.locator(".cm-content").focus()
    iris.keyboard.press("Alt+p")
    expect(beside.locator(".pinpop")).to_be_visible()
    beside.get_by_role("tab", name="Guide").click()
    expect(beside.locator("#guide")).to_be_visible()
    beside.close()
    expect(iris.locator("#private")).to_be_visible()
    expect(iris.locator("#guide")).to_be_visible()


def test_the_lead_can_copy_the_link_while_waiting(held: Any) -> None:
    iris = held.come("lead")
    expect(iris.locator(NOTICES)).to_contain_text("Cal is not here yet.")
    iris.context.grant_permissions(["clipboard-read", "clipboard-write"])
    iris.get_by_role("button", name="Copy link").click()
    expect(iris.locator("#toasts")).to_contain_text("Copied")
    assert "/join/" in iris.evaluate("navigator.clipboard.readText()")
