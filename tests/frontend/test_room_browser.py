"""The live room in real browsers: what each role sees, by keyboard, offline, and what the candidate never receives."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from room import content

pytestmark = pytest.mark.browser

PAGE = "document.querySelector('live-room').page"
TEXT = f"{PAGE}.room.connection.doc.getText('f:' + {PAGE}.editor.file.id).toString()"
PASTE = """([text]) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.querySelector(".cm-content").dispatchEvent(event);
}"""


def text(page: Page) -> str:
    found: str = page.evaluate(TEXT)
    return found


def saved(page: Page) -> None:
    expect(page.locator("[data-part=saved]")).to_have_text("All changes saved")


def type_in_editor(page: Page, words: str) -> None:
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(words)


def show_next_part(page: Page) -> None:
    page.locator(".cm-content").focus()
    page.keyboard.press("Alt+r")
    expect(page.locator("#show-part")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#show-part")).to_be_hidden()


def cut(page: Page) -> None:
    """The network goes away."""
    page.context.set_offline(True)
    # The browser tells of a lost line when it notices; waiting for that is its own time, not the page's.
    page.evaluate(
        f"{{const ws = {PAGE}.room.connection.provider.ws; ws.close();"
        " ws.onclose?.(new CloseEvent('close', {code: 1006}))}"
    )


def test_cal_waits_until_iris_lets_him_in_and_both_see_one_text(held: Any) -> None:
    iris, cal = held.come("lead"), held.come("candidate")
    expect(cal.locator("#screen")).to_contain_text("Iris will let you in.")
    expect(iris.locator("[data-part=notices]")).to_contain_text("Cal is waiting to be let in.")
    iris.get_by_role("button", name="Admit").click()
    expect(cal.locator("#screen")).to_be_hidden()
    type_in_editor(cal, "cal writes")
    saved(cal)
    type_in_editor(iris, " and iris too")
    saved(iris)
    expect(cal.locator(".cm-content")).to_contain_text("cal writes and iris too")
    assert text(cal) == text(iris)


def test_what_is_said_before_the_room_answers_is_said_when_it_does(held: Any) -> None:
    iris = held.come(
        "lead",
        script=f"""customElements.whenDefined("live-room").then(async () => {{
          const connection = {PAGE}.room.connection;
          window.was = connection.link;
          window.answer = await connection.do({{ type: "SendChat", text: "Good morning" }});
        }})""",
    )
    expect(iris.locator("[data-part=chatlog]")).to_contain_text("Good morning")
    assert iris.evaluate("[was, answer]") == ["connecting", None]


def test_a_part_is_shown_after_one_question_and_brings_its_file(pair: tuple[Page, Page]) -> None:
    iris, cal = pair
    expect(cal.locator("#problem")).to_contain_text("Your interviewer will show the problem here.")
    show_next_part(iris)
    expect(cal.locator("#problem h3")).to_contain_text("1. One calendar")
    expect(cal.get_by_role("tab", name="main.py")).to_have_attribute("aria-selected", "true")
    assert text(cal) == text(iris) != ""


def private_words() -> list[str]:
    """The rubric's competencies: only interviewers may read them."""
    story = content.load("demo_session")["session"]
    rubric = next(r for r in content.load("rubrics")["rubrics"] if r["id"] == story["rubric"])
    return [competency["name"] for competency in rubric["competencies"]]


def test_nothing_private_reaches_the_candidate(held: Any, pair: tuple[Page, Page]) -> None:
    iris, cal = pair
    show_next_part(iris)
    expect(cal.locator("#problem h3")).to_contain_text("1. One calendar")
    iris.locator(".cm-content").focus()
    iris.keyboard.press("Alt+p")
    expect(iris.locator(".pinpop input")).to_be_focused()
    iris.keyboard.type("a secret pin")
    iris.keyboard.press("Enter")
    iris.keyboard.press("Alt+n")
    iris.keyboard.type("a secret note")
    iris.keyboard.press("Enter")
    expect(iris.locator("[data-part=notes]")).to_contain_text("a secret note")
    expect(iris.locator("[data-part=notes]")).to_contain_text("a secret pin")
    iris.get_by_role("tab", name="Guide").click()
    iris.get_by_role("button", name="I gave this hint").first.click()
    expect(iris.locator(".ladder .given")).to_have_count(1)
    type_in_editor(cal, "# end")
    saved(cal)
    told = "\n".join(held.frames) + cal.content()
    assert "One calendar" in told
    hidden_part = iris.locator(".hiddenp h3 span").first.inner_text().split(". ", 1)[1]
    secrets = ["a secret pin", "a secret note", hidden_part, "PinPlaced", "NoteAdded", "HintGiven"]
    secrets += ["QuestionPlanned", "CompetenciesPlanned", *private_words()]
    assert [word for word in secrets if word in told] == []
    scripts = cal.evaluate("[...document.scripts].map((one) => one.src)")
    assert not [one for one in scripts if "private" in one]


def test_typing_goes_on_offline_and_nothing_is_lost(pair: tuple[Page, Page]) -> None:
    iris, cal = pair
    type_in_editor(cal, "before ")
    saved(cal)
    cut(cal)
    type_in_editor(cal, "offline")
    expect(cal.locator("[data-part=saved]")).to_contain_text("Reconnecting", timeout=30_000)
    expect(iris.locator("[data-part=notices]")).to_contain_text("Cal lost connection")
    type_in_editor(iris, " meanwhile")
    cal.keyboard.press("Control+Enter")
    expect(cal.locator("[data-part=notices]")).to_contain_text("You are offline.")
    cal.context.set_offline(False)
    saved(cal)
    expect(iris.locator(".cm-content")).to_contain_text("offline")
    assert sorted(text(cal)) == sorted("before offline meanwhile")
    assert text(cal) == text(iris)


def test_a_tab_that_crashed_while_offline_gives_back_what_was_typed(
    held: Any, pair: tuple[Page, Page]
) -> None:
    iris, cal = pair
    cut(cal)
    type_in_editor(cal, "typed before the crash")
    cal.wait_for_function("indexedDB.databases().then((all) => all.length > 0)")
    cal.wait_for_timeout(300)
    context = cal.context
    cal.close(run_before_unload=False)
    context.set_offline(False)
    again = held.tab(context, "candidate")
    saved(again)
    expect(iris.locator(".cm-content")).to_contain_text("typed before the crash")


def test_a_second_tab_waits_and_use_it_here_moves_the_member(
    held: Any, pair: tuple[Page, Page]
) -> None:
    _, cal = pair
    second = held.tab(cal.context, "candidate")
    expect(second.locator("#screen")).to_contain_text("This room is open in another tab.")
    second.get_by_role("button", name="Use it here").click()
    expect(second.locator("#screen")).to_be_hidden()
    expect(cal.locator("#screen")).to_contain_text("This room is open in another tab.")
    cal.get_by_role("button", name="Use it here").click()
    expect(cal.locator("#screen")).to_be_hidden()
    expect(second.locator("#screen")).to_be_visible()


def test_a_large_paste_is_refused_before_it_enters_and_signs_that_reorder_are_shown(
    pair: tuple[Page, Page],
) -> None:
    iris, cal = pair
    type_in_editor(cal, "x")
    cal.evaluate(PASTE, ["y" * 5_000_000])
    expect(cal.locator("[data-part=edproblem]")).to_contain_text("5.0 MB")
    assert text(cal) == "x"
    cal.evaluate(PASTE, ["a\r\nb\u202edc\u202c"])
    expect(iris.locator(".unseen")).to_have_text(["U+202E", "U+202C"])
    assert text(cal) == text(iris) == "xa\nb\u202edc\u202c"
    expect(cal.locator("[data-part=edproblem]")).to_be_hidden()
    cal.keyboard.press("Control+z")
    saved(cal)
    assert "\u202e" not in text(iris)


def test_files_are_made_renamed_moved_deleted_and_brought_back_by_keyboard(
    pair: tuple[Page, Page],
) -> None:
    iris, cal = pair
    tabs = cal.locator("[data-part=files] [role=tab]")
    cal.get_by_role("button", name="New file").click()
    cal.keyboard.type("b.py")
    cal.keyboard.press("Enter")
    expect(tabs).to_have_text(["scratch", "b.py"])
    expect(cal.locator(".cm-content")).to_be_focused()
    expect(cal.locator("[data-part=naming]")).to_be_hidden()
    expect(cal.locator("#file-error")).to_be_hidden()
    cal.keyboard.press("F2")
    cal.keyboard.press("Control+a")
    cal.keyboard.type("scratch")
    cal.keyboard.press("Enter")
    expect(cal.locator("#file-error")).to_contain_text("already a file called scratch")
    cal.keyboard.press("Control+a")
    cal.keyboard.type("c.py")
    cal.keyboard.press("Enter")
    expect(tabs).to_have_text(["scratch", "c.py"])
    expect(cal.locator(".cm-content")).to_be_focused()
    cal.keyboard.press("Alt+Shift+ArrowLeft")
    expect(tabs).to_have_text(["c.py", "scratch"])
    cal.keyboard.press("Alt+w")
    expect(tabs).to_have_text(["scratch"])
    cal.get_by_role("button", name="Undo").click()
    expect(tabs).to_have_text(["c.py", "scratch"])
    expect(iris.locator("[data-part=files] [role=tab]")).to_have_text(["c.py", "scratch"])


def test_a_pin_is_stored_at_once_filed_by_digit_worded_withdrawn_and_restored(
    pair: tuple[Page, Page],
) -> None:
    iris, _ = pair
    notes = iris.locator("[data-part=notes]")
    iris.locator(".cm-content").focus()
    iris.keyboard.press("Alt+p")
    expect(notes).to_contain_text("Unfiled")
    expect(iris.locator(".pinpop input")).to_be_focused()
    iris.keyboard.press("2")
    expect(notes).not_to_contain_text("Unfiled")
    iris.keyboard.type("asked about overlaps")
    iris.keyboard.press("Enter")
    expect(notes).to_contain_text("asked about overlaps")
    expect(iris.locator(".cm-content")).to_be_focused()
    iris.get_by_role("button", name="Change the pin").click()
    iris.get_by_role("button", name="Withdraw").click()
    expect(notes).to_contain_text("Withdrawn")
    iris.get_by_role("button", name="Restore").click()
    expect(notes).to_contain_text("asked about overlaps")


def test_the_private_side_stays_hidden_over_a_reload_and_pins_still_work(
    pair: tuple[Page, Page],
) -> None:
    iris, _ = pair
    iris.locator(".cm-content").focus()
    iris.keyboard.press("Alt+h")
    for part in ("#private", ".hiddenp >> nth=0", "#problem h2"):
        expect(iris.locator(part)).to_be_hidden()
    iris.keyboard.press("Alt+p")
    iris.reload()
    expect(iris.locator("[data-part=saved]")).to_have_text("All changes saved")
    expect(iris.locator("#private")).to_be_hidden()
    expect(iris.locator(".pinpop")).to_have_count(0)
    iris.keyboard.press("Alt+h")
    expect(iris.locator("[data-part=notes]")).to_contain_text("Unfiled")


def test_the_clock_pauses_gets_five_minutes_and_goes_to_the_next_stage(
    pair: tuple[Page, Page],
) -> None:
    iris, cal = pair
    now = iris.locator(".stage.now")
    now.click()
    iris.get_by_role("button", name="Pause the clock").click()
    expect(now).to_contain_text("Paused")
    expect(cal.locator("[data-part=notices]")).to_contain_text("Clock paused by Iris.")
    iris.locator("[data-part=notices]").get_by_role("button", name="Resume").click()
    expect(now).to_contain_text(" of ")
    before = int(now.inner_text().split("of ")[1].split()[0])
    now.click()
    iris.get_by_role("button", name="Five minutes more").click()
    expect(now).to_contain_text(f"of {before + 5} min")
    first = now.inner_text().split("\n")[0]
    iris.keyboard.press("Alt+s")
    expect(now).not_to_contain_text(first)
    expect(cal.locator(".stage.now")).to_have_text(now.inner_text().replace("\n", ""))


def test_another_question_takes_the_place_of_the_planned_one(pair: tuple[Page, Page]) -> None:
    iris, cal = pair
    show_next_part(iris)
    iris.get_by_role("tab", name="Guide").click()
    iris.get_by_role("button", name="Add or swap a question").click()
    iris.locator("#question-list input:not([disabled])").nth(2).check()
    iris.locator("#replaces").select_option(index=1)
    iris.get_by_role("button", name="Use it").click()
    expect(iris.locator("#question-dialog")).to_be_hidden()
    expect(iris.locator("#problem h2")).not_to_have_text("Gaps in the calendar")
    expect(cal.locator("#problem h2")).to_have_text("Gaps in the calendar")
    expect(cal.get_by_role("tab", name="main.py")).to_be_visible()


def test_the_end_is_the_end_for_everybody_and_can_be_taken_back(pair: tuple[Page, Page]) -> None:
    iris, cal = pair
    iris.get_by_role("button", name="End…").click()
    iris.get_by_role("button", name="End for everyone").click()
    expect(cal.locator("#screen")).to_contain_text("That was it. Thank you, Cal.")
    expect(cal.get_by_role("link", name="Save your files")).to_be_visible()
    expect(iris.locator("[data-part=notices]")).to_contain_text("Interview ended")
    expect(iris.locator(".cm-content")).to_have_attribute("contenteditable", "false")
    iris.get_by_role("button", name="Reopen").click()
    expect(cal.locator("#screen")).to_be_hidden()
    type_in_editor(cal, "goes on")
    saved(cal)
    assert text(iris) == "goes on"


def test_nothing_of_the_interview_stays_in_the_browser_once_its_end_is_left(
    held: Any, pair: tuple[Page, Page]
) -> None:
    iris, cal = pair
    kept = "indexedDB.databases().then((all) => all.filter((one) => one.name.startsWith('room:')).length)"
    type_in_editor(cal, "mine")
    saved(cal)
    assert cal.evaluate(kept) == 1
    iris.get_by_role("button", name="End…").click()
    iris.get_by_role("button", name="End for everyone").click()
    expect(cal.locator("#screen")).to_contain_text("That was it.")
    cal.goto(f"{held.site.settings.public_url}/sign-in")
    assert cal.evaluate(kept) == 0


def test_without_an_engine_run_says_why_and_the_rest_works(pair: tuple[Page, Page]) -> None:
    iris, cal = pair
    expect(iris.locator("[data-part=runner]")).to_contain_text("container engine does not answer")
    expect(cal.locator("[data-part=runner]")).to_have_text(
        "Code cannot run just now. It is not your code. Keep writing."
    )
    cal.locator(".cm-content").focus()
    cal.keyboard.press("Control+Enter")
    expect(cal.locator("[data-part=notices]")).to_contain_text("It is not your code.")


def test_chat_shows_markup_as_the_text_it_is(pair: tuple[Page, Page]) -> None:
    iris, cal = pair
    iris.keyboard.press("Alt+c")
    iris.keyboard.type("</script><img src=x onerror=alert(1)>")
    iris.keyboard.press("Enter")
    expect(cal.locator("[data-part=lastchat]")).to_contain_text("</script><img src=x")
    assert cal.locator(".msg img").count() == 0


def test_tab_indents_and_escape_then_tab_leaves_the_editor(pair: tuple[Page, Page]) -> None:
    _, cal = pair
    cal.keyboard.press("Alt+2")
    cal.keyboard.press("Tab")
    cal.keyboard.type("x")
    assert text(cal) == "    x"
    cal.keyboard.press("Escape")
    cal.keyboard.press("Tab")
    expect(cal.locator("#language")).to_be_focused()
    for _ in range(4):
        cal.keyboard.press("F6")
    expect(cal.locator(".cm-content")).to_be_focused()


def test_an_observer_reads_along_and_cannot_type(held: Any, pair: tuple[Page, Page]) -> None:
    _, cal = pair
    olga = held.come("observer")
    type_in_editor(cal, "for all")
    expect(olga.locator(".cm-content")).to_contain_text("for all")
    olga.locator(".cm-content").click()
    olga.keyboard.type("zzz")
    expect(olga.locator(".cm-content")).to_have_attribute("contenteditable", "false")
    assert text(olga) == "for all"
    assert olga.locator("#private").count() == 0


def test_somebody_removed_is_told_and_stays_out(pair: tuple[Page, Page]) -> None:
    iris, cal = pair
    iris.get_by_role("button", name="People in the room").click()
    iris.get_by_role("button", name="Remove…").click()
    iris.get_by_role("button", name="Remove Cal from the room").click()
    expect(cal.locator("#screen")).to_contain_text("You have left the room.")
    cal.reload()
    expect(cal.locator("#screen")).to_contain_text("You are not in this room.")


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_serious_in_the_room(
    held: Any, axe: Callable[[Page], list[str]], *, dark: bool
) -> None:
    iris, cal = held.come("lead", dark=dark), held.come("candidate", dark=dark)
    expect(cal.locator("#screen")).to_be_visible()
    assert axe(cal) == []
    iris.get_by_role("button", name="Admit").click()
    iris.get_by_role("button", name="Start interview").click()
    show_next_part(iris)
    expect(cal.locator("#problem h3")).to_contain_text("1. One calendar")
    iris.keyboard.press("Alt+p")
    expect(iris.locator(".pinpop")).to_be_visible()
    for page in (iris, cal):
        assert axe(page) == []
        for opener in ("people", "help", "settings"):
            page.locator(f"[data-dialog={opener}]").first.click()
            assert axe(page) == []
            page.keyboard.press("Escape")
        page.set_viewport_size({"width": 390, "height": 844})
        for view in page.locator("[data-view-of]").all():
            view.click()
            assert axe(page) == []
