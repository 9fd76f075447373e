"""The same story without a mouse: no click, no tap, only keys."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import EMAIL, PASSWORD, Site, saved, soon, text

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def to(page: Page, target: Locator, *, back: bool = False, most: int = 90) -> None:
    """Tab until the target has the focus; out of editor and terminal by Escape first, as their line says."""
    expect(target).to_be_visible()
    for _ in range(most):
        if target.evaluate("one => one === document.activeElement"):
            return
        if page.evaluate("!!document.activeElement.closest('.cm-content, .xterm')"):
            page.keyboard.press("Escape")
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"not reached by Tab: {target}")


def press(page: Page, target: Locator, key: str = "Enter", **how: int) -> None:
    to(page, target, **how)
    page.keyboard.press(key)


def fill(page: Page, label: str, words: str) -> None:
    to(page, page.get_by_label(label, exact=True))
    page.keyboard.type(words)


def choose(page: Page, select: Locator, words: str) -> None:
    """An option by the letters that it begins with."""
    to(page, select)
    page.keyboard.type(words)
    expect(select.locator("option:checked")).to_contain_text(words)


def planned_by_keys(site: Site, iris: Page) -> str:
    iris.goto(f"{site.url}/sign-in")
    iris.keyboard.type(EMAIL)
    iris.keyboard.press("Tab")
    iris.keyboard.type(PASSWORD)
    iris.keyboard.press("Enter")
    iris.wait_for_url("**/desk")
    iris.keyboard.press("n")
    iris.wait_for_url("**/interviews/new")
    day, time = soon()
    client = iris.get_by_label("Client", exact=True)
    to(iris, client)
    iris.keyboard.press("End")
    fill(iris, "New client’s name", "Northline Freight")
    fill(iris, "Candidate", "Cal Okonkwo")
    fill(iris, "Role", "Backend engineer")
    to(iris, iris.get_by_label("Day", exact=True))
    year, month, of_month = day.split("-")
    iris.keyboard.type(f"{month}{of_month}{year}")
    expect(iris.get_by_label("Day", exact=True)).to_have_value(day)
    to(iris, iris.get_by_label("Time, yours"))
    hour, minute = (int(part) for part in time.split(":"))
    iris.keyboard.type(f"{hour % 12 or 12:02}{minute:02}{'AM' if hour < 12 else 'PM'}")
    expect(iris.get_by_label("Time, yours")).to_have_value(time)
    fill(iris, "Candidate’s city", "Istanbul")
    press(iris, iris.get_by_role("button", name="Create and copy link"))
    iris.wait_for_url(re.compile("/interviews/i_"))
    link = iris.get_by_label("Link of Cal Okonkwo").input_value()
    press(iris, iris.get_by_role("button", name="Open room"), back=True)
    iris.wait_for_url("**/room/**")
    return link


def enters_by_keys(cal: Page, link: str) -> None:
    cal.goto(link)
    full = cal.get_by_text("Where each person's caret is")
    expect(full).to_be_hidden()
    press(cal, cal.get_by_text("Read more: everything that is recorded"))
    expect(full).to_be_visible()
    expect(cal.get_by_role("checkbox", name="I have read")).not_to_be_checked()
    press(cal, cal.get_by_role("checkbox", name="I have read"), "Space")
    press(cal, cal.get_by_role("button", name="Enter the room"))
    cal.wait_for_url("**/room/**")
    expect(cal.locator("#screen")).to_contain_text("will let you in")


def leads_by_keys(iris: Page, cal: Page) -> None:
    press(iris, iris.get_by_role("button", name="Admit"))
    expect(cal.locator("#screen")).to_be_hidden()
    press(iris, iris.get_by_role("button", name="Start interview"))
    expect(cal.locator(".recword")).to_have_text("Recording")
    iris.keyboard.press("Alt+2")
    iris.keyboard.press("Alt+r")
    expect(iris.get_by_role("dialog")).to_be_visible()
    iris.keyboard.press("Enter")
    expect(cal.locator("#problem h3")).to_contain_text("1. One calendar")
    iris.keyboard.press("Alt+2")
    iris.keyboard.press("Alt+p")
    expect(iris.locator(".pinpop input")).to_be_focused()
    iris.keyboard.press("1")
    iris.keyboard.type("asked before writing")
    iris.keyboard.press("Enter")
    expect(iris.locator(".cm-content")).to_be_focused()
    expect(iris.locator("[data-part=notes]")).to_contain_text("Understanding the problem")
    iris.keyboard.press("Alt+n")
    iris.keyboard.type("calm")
    iris.keyboard.press("Enter")
    expect(iris.locator("[data-part=notes]")).to_contain_text("calm")
    iris.keyboard.press("Alt+c")
    iris.keyboard.type("Go on")
    iris.keyboard.press("Enter")
    expect(cal.locator("[data-part=lastchat]")).to_contain_text("Go on")
    iris.keyboard.press("Alt+2")
    iris.keyboard.press("Alt+s")
    expect(cal.locator(".stage.now")).to_contain_text("Problem")


def nobody_is_trapped(cal: Page) -> None:
    """Tab indents; Escape and Tab leave; F6 goes round all panes and comes back; ? opens the keys."""
    cal.keyboard.press("Alt+2")
    cal.keyboard.press("Control+End")
    before = text(cal)
    cal.keyboard.press("Tab")
    cal.keyboard.type("pass")
    assert text(cal) == f"{before}    pass"
    cal.keyboard.press("Escape")
    cal.keyboard.press("Tab")
    expect(cal.get_by_label("Language")).to_be_focused()
    cal.keyboard.press("Alt+2")
    seen = []
    for _ in range(4):
        cal.keyboard.press("F6")
        seen.append(
            cal.evaluate("document.activeElement.closest('.pane').getAttribute('aria-label')")
        )
    assert seen == ["Terminal", "Tests", "Problem and chat", "Editor"]
    cal.keyboard.press("Shift+F6")
    assert cal.evaluate("document.activeElement.closest('.pane').id") == "left"
    cal.keyboard.press("?")
    expect(cal.get_by_role("dialog", name="Keys")).to_be_visible()
    cal.keyboard.press("Escape")
    expect(cal.get_by_role("dialog", name="Keys")).to_be_hidden()
    saved(cal)


def ends_and_scores_by_keys(iris: Page, cal: Page) -> None:
    iris.keyboard.press("Escape")
    press(iris, iris.get_by_role("button", name="End…"), most=150)
    press(iris, iris.get_by_role("button", name="End for everyone"))
    expect(cal.locator("#screen")).to_contain_text("That was it.")
    to(cal, cal.get_by_role("link", name="Save your files"), most=5)
    press(iris, iris.get_by_role("link", name="Score it now"), most=150)
    iris.wait_for_url("**/score/**")
    for level in "332333":
        iris.keyboard.press("j")
        iris.keyboard.press(level)
    iris.keyboard.press("s")
    first = iris.locator("input[name=confidence]").first
    to(iris, first)
    iris.keyboard.press("Space")
    iris.keyboard.press("Control+Enter")
    iris.keyboard.type("Iris Aldana")
    iris.keyboard.press("Control+Enter")
    press(iris, iris.get_by_role("link", name="Go to the report"))
    iris.wait_for_url("**/report")
    fill(iris, "Summary: three sentences a company can decide on", "Careful. Short. More, please.")
    fill(iris, "Your full name", "Iris Aldana")
    iris.keyboard.press("Enter")
    press(iris, iris.get_by_role("button", name="Make a link"))
    press(iris, iris.get_by_role("link", name="Open", exact=True))
    expect(iris.get_by_role("heading", level=1)).to_have_text("Hire")


def test_the_whole_story_goes_by_keyboard_alone(site: Site) -> None:
    iris, cal = site.page(site.context()), site.page(site.context())
    link = planned_by_keys(site, iris)
    enters_by_keys(cal, link)
    leads_by_keys(iris, cal)
    nobody_is_trapped(cal)
    ends_and_scores_by_keys(iris, cal)
