"""What each person has for themselves: keys, Vim, a plain field of text, a place to practise, a list that finds everything."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from room.store import links, members
from tests.frontend.conftest import PASSWORD
from tests.frontend.test_room_browser import saved, text, type_in_editor

pytestmark = pytest.mark.browser

FIELD = ".plaintext"


def choose(page: Page, **settings: Any) -> None:
    """Chooses in the dialog, as a person does."""
    page.locator("[data-dialog=settings]").first.click()
    for name, value in settings.items():
        field = page.locator(f"#settings [name={name}]")
        if isinstance(value, bool):
            field.set_checked(value)
        elif field.evaluate("(one) => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(str(value))
            field.blur()
    page.keyboard.press("Escape")
    expect(page.locator("#settings")).to_be_hidden()
    if "keymap" in settings:  # Its code is fetched when it is chosen.
        expect(page.locator(f".cm-editor[data-keys={settings['keymap']}]")).to_be_attached()


def test_vim_keys_edit_and_undo_takes_back_ones_own_changes_alone(pair: tuple[Page, Page]) -> None:
    iris, cal = pair
    type_in_editor(iris, "iris wrote this\n")
    saved(iris)
    choose(cal, keymap="vim")
    cal.locator(".cm-content").focus()
    cal.keyboard.press("Control+End")
    cal.keyboard.type("ione two three")
    cal.keyboard.press("Escape")
    cal.keyboard.type("bdw")
    assert text(cal) == "iris wrote this\none two "
    type_in_editor(iris, "!")
    saved(iris)
    expect(cal.locator(".cm-content")).to_contain_text("one two !")
    cal.keyboard.type("u")
    expect(iris.locator(".cm-content")).to_contain_text("three")
    cal.keyboard.type("9u")
    saved(cal)
    expect(iris.locator(".cm-content")).not_to_contain_text("one")
    assert text(cal) == text(iris) == "iris wrote this\n!"
    cal.reload()
    expect(cal.locator(".cm-vim-panel")).to_be_visible()


def test_emacs_keys_keep_their_own_and_undo_in_the_document(pair: tuple[Page, Page]) -> None:
    _, cal = pair
    choose(cal, keymap="emacs")
    cal.locator(".cm-content").focus()
    cal.keyboard.type("first line")
    cal.keyboard.press("Control+a")
    cal.keyboard.press("Control+k")
    assert text(cal) == ""
    expect(cal.locator("#palette")).to_have_count(0)
    cal.keyboard.press("Control+/")
    assert text(cal) == "first line"
    cal.keyboard.press("Alt+w")
    expect(cal.locator("[data-part=files] [role=tab]")).to_have_text(["scratch"])


def test_a_plain_field_of_text_edits_the_same_document_and_keeps_the_caret(
    pair: tuple[Page, Page],
) -> None:
    iris, cal = pair
    choose(cal, plain_editor=True)
    field = cal.locator(FIELD)
    expect(cal.locator(".cm-editor")).to_be_hidden()
    field.focus()
    cal.keyboard.type("cal 😀 writes")
    saved(cal)
    expect(iris.locator(".cm-content")).to_contain_text("cal 😀 writes")
    cal.keyboard.press("Home")
    for _ in range(4):
        cal.keyboard.press("ArrowRight")
    iris.locator(".cm-content").focus()
    iris.keyboard.press("Control+Home")
    iris.keyboard.type("iris before. ")
    saved(iris)
    expect(field).to_have_value("iris before. cal 😀 writes")
    cal.keyboard.type("HERE ")
    saved(cal)
    assert field.input_value() == text(iris) == "iris before. cal HERE 😀 writes"
    # How many steps it takes depends on how quickly the keys came: what follows within half a second is one step.
    steps = 0
    while field.input_value() != "iris before. " and steps < 30:
        cal.keyboard.press("Control+z")
        steps += 1
    expect(field).to_have_value("iris before. ")
    for _ in range(steps):
        cal.keyboard.press("Control+y")
    expect(iris.locator(".cm-content")).to_contain_text("cal HERE 😀 writes")
    expect(iris.locator(".caret b")).to_have_text("Cal")
    cal.keyboard.press("Tab")
    expect(field).not_to_be_focused()
    choose(cal, plain_editor=False)
    expect(cal.locator(".cm-content")).to_contain_text("cal HERE 😀 writes")


def test_a_plain_field_takes_input_that_is_composed_while_others_type(
    pair: tuple[Page, Page],
) -> None:
    iris, cal = pair
    choose(cal, plain_editor=True)
    cal.locator(FIELD).click()
    expect(cal.locator(FIELD)).to_be_focused()
    session = cal.context.new_cdp_session(cal)
    session.send("Input.imeSetComposition", {"text": "に", "selectionStart": 1, "selectionEnd": 1})
    expect(cal.locator(FIELD)).to_have_value("に")
    type_in_editor(iris, "before ")
    saved(iris)
    expect(cal.locator(FIELD)).to_have_value("に")
    session.send("Input.insertText", {"text": "日本"})
    saved(cal)
    expect(cal.locator(FIELD)).to_have_value(text(iris))
    assert sorted(text(iris)) == sorted("before 日本")


def test_size_lines_and_tabs_are_remembered_and_brackets_close_only_if_wished(
    pair: tuple[Page, Page],
) -> None:
    _, cal = pair
    choose(
        cal, editor_size=20, line_height=1.8, tab_size="8", close_brackets=False, completion=False
    )
    cal.reload()
    look = (
        "(one) => { const s = getComputedStyle(one); return [s.fontSize, s.lineHeight, s.tabSize] }"
    )
    expect(cal.locator(".cm-content")).to_have_attribute("contenteditable", "true")
    assert cal.locator(".cm-content").evaluate(look) == ["20px", "36px", "8"]
    type_in_editor(cal, "f(")
    assert text(cal) == "f("
    choose(cal, close_brackets=True)
    type_in_editor(cal, "[")
    assert text(cal) == "f([]"


def test_words_of_the_text_and_of_the_language_are_offered_once_each_if_wished(
    pair: tuple[Page, Page],
) -> None:
    _, cal = pair
    offered = cal.locator(".cm-tooltip-autocomplete li")
    type_in_editor(cal, "frozen_assets = 1\nprint(frozen_assets)\n")
    cal.keyboard.press("Escape")
    cal.keyboard.type("froz")
    expect(offered.filter(has_text="frozen_assets")).to_have_count(1)
    expect(offered.filter(has_text="frozenset")).to_have_count(1)
    cal.keyboard.press("Escape")
    choose(cal, completion=False)
    type_in_editor(cal, "en_a")
    expect(cal.locator(".cm-tooltip-autocomplete")).to_have_count(0)


def test_what_cannot_be_read_as_code_is_underlined_if_wished(pair: tuple[Page, Page]) -> None:
    _, cal = pair
    cal.keyboard.press("F2")
    cal.keyboard.type("a.py")
    cal.keyboard.press("Enter")
    type_in_editor(cal, "def good():\n    return 1\n")
    type_in_editor(cal, "class 7\n")
    expect(cal.locator(".cm-lintRange-warning").first).to_be_visible(timeout=20_000)
    assert cal.locator(".cm-line").first.locator(".cm-lintRange-warning").count() == 0
    choose(cal, lint=False)
    expect(cal.locator(".cm-lintRange-warning")).to_have_count(0)


def test_a_key_is_changed_switched_off_and_given_back(pair: tuple[Page, Page]) -> None:
    _, cal = pair
    cal.locator("[data-dialog=help]").first.click()
    cal.get_by_role("button", name="Change the key: Go to the chat").click()
    cal.keyboard.press("Control+Enter")
    expect(cal.locator("[data-part=keysay]")).to_contain_text("is there already: Run the open file")
    cal.keyboard.press("Alt+j")
    expect(cal.locator("[data-part=keysay]")).to_have_text("Go to the chat: Alt J")
    cal.get_by_role("button", name="Switch the key off: Say who is where").click()
    cal.keyboard.press("Escape")
    cal.locator(".cm-content").focus()
    cal.keyboard.press("Alt+j")
    expect(cal.locator("#chat-text")).to_be_focused()
    cal.locator(".cm-content").focus()
    cal.keyboard.press("Alt+u")
    expect(cal.locator("[data-part=notices]")).not_to_contain_text("else is in a file")
    cal.locator("[data-dialog=help]").first.click()
    cal.get_by_role("button", name="The key that it had: Say who is where").click()
    cal.keyboard.press("Escape")
    cal.locator(".cm-content").focus()
    cal.keyboard.press("Alt+u")
    expect(cal.locator("[data-part=notices]")).to_contain_text("Iris is in scratch.")


def test_one_list_finds_and_does_anything(
    pair: tuple[Page, Page], axe: Callable[[Page], list[str]]
) -> None:
    iris, cal = pair
    iris.locator(".cm-content").focus()
    iris.keyboard.press("Control+k")
    iris.keyboard.type("next part")
    assert axe(iris) == []
    iris.keyboard.press("Enter")
    expect(iris.locator("#show-part")).to_be_visible()
    iris.keyboard.press("Escape")
    iris.keyboard.press("Control+k")
    iris.keyboard.type("zzz")
    expect(iris.locator("#palette")).to_contain_text("Nothing found for 'zzz'.")
    iris.keyboard.press("Escape")
    expect(iris.locator(".cm-content")).to_be_focused()
    cal.keyboard.press("Control+k")
    expect(cal.locator("#palette")).to_contain_text("Run the tests")
    for words in ("Pin", "private", "note", "part", "stage"):
        cal.locator("#palette input").fill(words)
        assert not [
            one
            for one in cal.locator("#palette li").all_inner_texts()
            if words.lower() in one.lower().split()
        ]


def test_one_list_goes_anywhere_from_the_desk(held: Any, axe: Callable[[Page], list[str]]) -> None:
    page = held.fresh()
    page.goto(f"{held.site.settings.public_url}/sign-in")
    page.get_by_label("Email").fill(held.email)
    page.locator("[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/desk"))
    page.wait_for_load_state()
    page.keyboard.press("Control+k")
    page.keyboard.type("questions")
    expect(page.locator("#palette li").first).to_have_text("Go to Questions")
    assert axe(page) == []
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/questions"))


def test_the_practice_editor_has_the_same_keys_and_keeps_nothing(
    held: Any, axe: Callable[[Page], list[str]]
) -> None:
    store = held.site.app.state.store
    with store.read() as conn:
        member = members.candidate_of(conn, held.owner, held.interview)
        link = links.current_for(conn, held.owner, member.id)
        assert link is not None
        token = links.token_of(link, store.link_key)
    page = held.fresh()
    page.goto(f"{held.site.settings.public_url}/join/{token}")
    page.get_by_role("link", name="Try the editor first").click()
    page.locator(".cm-content").focus()
    page.keyboard.type("hello")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-part=said]")).to_contain_text("Code does not run here.")
    choose(page, keymap="vim")
    page.locator(".cm-content").focus()
    page.keyboard.type("ddu")
    expect(page.locator(".cm-line")).to_have_text(["hello"])
    choose(page, plain_editor=True)
    expect(page.locator(FIELD)).to_have_value("hello")
    assert axe(page) == []
    assert page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    page.reload()
    expect(page.locator(FIELD)).to_have_value("")
    page.get_by_role("link", name="Back").click()
    expect(page.locator("h1")).to_contain_text("Cal")
