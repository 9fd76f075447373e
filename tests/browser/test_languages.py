"""Every language's hello in the room, and a program that floods everybody's terminal."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from room.sandbox.languages import LANGUAGES
from tests.browser.conftest import Site, saved, text
from tests.browser.test_bad_input import enter
from tests.browser.test_story import PASTE, focus_editor, terminal

pytestmark = [pytest.mark.browser, pytest.mark.docker]

FLOOD = 'while True:\n    print("x" * 200)\n'


def new_file(page: Page, name: str, content: str) -> None:
    page.get_by_role("button", name="New file").click()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
    focus_editor(page)
    page.evaluate(PASTE, content)
    saved(page)
    assert text(page).strip() == content.strip()


def test_every_language_says_hello_to_everybody(site: Site, started: dict[str, Any]) -> None:
    iris, cal = site.page(site.context()), site.page(site.context())
    enter(iris, started["lead_url"], "Iris")
    enter(cal, started["candidate_url"], "Cal")
    for name, language in LANGUAGES.items():
        new_file(cal, language.file, language.hello)
        expect(cal.get_by_label("Language")).to_have_value(name)
        cal.keyboard.press("Control+Enter")
        for page in (iris, cal):
            expect(page.locator("[data-part=runchip]")).to_contain_text(
                "Finished in", timeout=60_000
            )
            expect(terminal(page)).to_contain_text("hello")
            expect(terminal(page)).to_contain_text(language.file)


def test_a_flood_stops_nobody_from_typing(site: Site, started: dict[str, Any]) -> None:
    iris, cal = site.page(site.context()), site.page(site.context())
    enter(iris, started["lead_url"], "Iris")
    enter(cal, started["candidate_url"], "Cal")
    new_file(cal, "flood.py", FLOOD)
    new_file(iris, "beside.py", "")
    focus_editor(cal)
    cal.keyboard.press("Control+Enter")
    expect(terminal(iris)).to_contain_text("xxxxxxxxxx")
    focus_editor(iris)
    iris.keyboard.type("# still here")
    saved(iris)
    assert text(iris) == "# still here"
    for page in (iris, cal):
        expect(page.locator("[data-part=runchip]")).not_to_contain_text("Running", timeout=60_000)
        expect(page.locator("[data-part=terminal]")).to_contain_text("cut")
    cal.keyboard.press("Control+Enter")
    expect(cal.locator("[data-part=runchip]")).to_contain_text("Running")
    cal.get_by_role("button", name="Stop").click()
    for page in (iris, cal):
        expect(page.locator("[data-part=runchip]")).not_to_contain_text("Running")
