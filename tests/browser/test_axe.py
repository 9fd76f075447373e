"""axe-core on every page, light and dark, wide and narrow: nothing serious."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, saved

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

WIDTHS = (1440, 1280, 390)
Axe = Callable[[Page], list[str]]

DESK = ["/desk", "/interviews", "/interviews/new", "/scorecards", "/questions", "/clients", "/clients/new", "/settings", "/nothing/here"]  # fmt: skip


@pytest.fixture
def owner(site: Site) -> Page:
    """The demo's owner at the desk, with a finished interview to look at."""
    page = site.page(site.context())
    site.sign_in(page, site.demo["email"], site.demo["password"])
    return page


def finished(page: Page, site: Site) -> str:
    """The id of the demo interview that was held."""
    page.goto(f"{site.url}/scorecards")
    href = page.get_by_role("link", name="Report").first.get_attribute("href")
    assert href is not None
    return href.split("/")[2]


def sideways(page: Page) -> list[str]:
    """That the page must be moved sideways to be read, and what sticks out; nothing when it fits."""
    out: list[str] = page.evaluate(SIDEWAYS)
    return (
        [f"{page.url.split('/', 3)[3][:40]} is wider than the window: {', '.join(out)}"]
        if out
        else []
    )


SIDEWAYS = """() => {
  const wide = document.documentElement;
  if (wide.scrollWidth <= innerWidth) return [];
  const out = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
  return [`${wide.scrollWidth} of ${innerWidth}`, ...out.slice(0, 3).map((one) => one.outerHTML.slice(0, 80))];
}"""


def everywhere(page: Page, axe: Axe, *, widths: tuple[int, ...] = WIDTHS) -> list[str]:
    """What axe finds at all widths, and in the dark at the first."""
    found = []
    for theme, some in (("dark", widths[:1]), ("light", widths)):
        page.emulate_media(color_scheme=theme)
        for width in some:
            page.set_viewport_size({"width": width, "height": 900})
            found += [f"{width} {theme} {one}" for one in (*axe(page), *sideways(page))]
    return found


def test_pages_for_everybody(site: Site, axe: Axe) -> None:
    page, found = site.page(site.context()), []
    page.goto(f"{site.url}/sign-in")
    found += everywhere(page, axe)
    page.get_by_label("Email").fill("nobody@example.org")
    page.get_by_label("Password").fill("not the right one")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_label("Password")).to_have_attribute("type", "text")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Email and password do not match.")
    found += everywhere(page, axe, widths=(1440,))
    for address in ("/join/nothing", "/r/nothing", "/nothing"):
        page.goto(f"{site.url}{address}")
        found += everywhere(page, axe, widths=(390,))
    assert found == []


@pytest.mark.parametrize("address", DESK)
def test_pages_of_the_desk(owner: Page, site: Site, axe: Axe, address: str) -> None:
    owner.goto(f"{site.url}{address}")
    narrow = (1440, 390)
    assert everywhere(owner, axe, widths=WIDTHS if address == "/desk" else narrow) == []


def test_the_pages_of_one_interview_client_and_question(owner: Page, site: Site, axe: Axe) -> None:
    found = []
    interview = f"/interviews/{finished(owner, site)}"
    owner.goto(f"{site.url}/clients")
    client = owner.locator("table a").first.get_attribute("href")
    owner.goto(f"{site.url}/questions")
    question = owner.locator("a.qi").first.get_attribute("href")
    tabs = [f"{interview}?tab={tab}" for tab in ("people", "plan", "disclosure", "after")]
    tabs += [f"{question}?tab={tab}" for tab in ("parts", "files", "guide", "rubric")]
    tabs += [f"{question}/try"]
    for address in (client, *tabs):
        owner.goto(f"{site.url}{address}")
        found += everywhere(owner, axe, widths=(1440, 390))
    assert found == []


def test_scorecard_report_and_replay_of_the_finished_interview(
    owner: Page, site: Site, axe: Axe
) -> None:
    found, interview = [], finished(owner, site)
    owner.goto(f"{site.url}/score/{interview}")
    expect(owner.locator("main")).to_contain_text("Side by side")
    found += everywhere(owner, axe)
    owner.goto(f"{site.url}/score/{interview}?correct=1")
    expect(owner.get_by_role("button", name="Sign the correction")).to_be_visible()
    found += everywhere(owner, axe)
    owner.goto(f"{site.url}/interviews/{interview}/report")
    found += everywhere(owner, axe)
    owner.emulate_media(media="print")
    found += axe(owner)
    owner.emulate_media(media="screen")
    owner.goto(f"{site.url}/replay/{interview}?t=1200")
    owner.wait_for_selector("#replay[data-ready]")
    found += everywhere(owner, axe)
    owner.set_viewport_size({"width": 1440, "height": 900})
    owner.keyboard.press("1")
    owner.keyboard.press("3")
    for tab in ("All events", "Chat"):
        owner.get_by_role("tab", name=re.compile(f"^{tab}")).click()
        found += everywhere(owner, axe, widths=(1440,))
    assert found == []


def test_the_shared_report_and_its_replay(owner: Page, site: Site, axe: Axe) -> None:
    interview, found = finished(owner, site), []
    owner.goto(f"{site.url}/interviews/{interview}/report")
    owner.get_by_label("The replay too").check()
    owner.get_by_role("button", name="Make a link").click()
    href = owner.get_by_role("link", name="Open", exact=True).first.get_attribute("href")
    reader = site.page(site.context())
    reader.goto(str(href))
    found += everywhere(reader, axe)
    reader.emulate_media(media="print")
    found += axe(reader)
    reader.emulate_media(media="screen")
    reader.get_by_role("button", name="Watch the replay").click()
    reader.wait_for_selector("#replay[data-ready]")
    found += everywhere(reader, axe)
    owner.get_by_role("button", name="Switch off").first.click()
    expect(owner.locator(".links")).to_contain_text("Switched off")
    reader.goto(str(href))
    expect(reader.get_by_role("heading", level=1)).to_have_text("This link was switched off.")
    found += everywhere(reader, axe, widths=(390,))
    assert found == []


def test_lobby_room_and_the_page_of_ones_data(site: Site, axe: Axe, started: Any) -> None:
    found = []
    pages = {}
    for role, name in (("lead", "Iris"), ("candidate", "Cal")):
        page = pages[role] = site.page(site.context())
        page.goto(started[f"{role}_url"])
        found += everywhere(page, axe)
        page.get_by_label("Your name").fill(name)
        page.locator("form.fields button[type=submit]").first.click()
        expect(page.locator("[aria-invalid=true]")).to_be_focused()
        found += everywhere(page, axe, widths=(390,))
        page.get_by_role("checkbox", name="I have read").check()
        page.keyboard.press("Enter")
        page.wait_for_url("**/room/**")
        saved(page)
        if role == "lead":
            # Nobody lost a connection who never had one.
            expect(page.locator("[data-part=notices]")).to_contain_text("is not here yet")
    for page in pages.values():
        found += everywhere(page, axe)
    iris, cal = pages["lead"], pages["candidate"]
    cal.set_viewport_size({"width": 1440, "height": 900})
    # Beside the room: whoever reads it has not left.
    with cal.expect_popup() as opened:
        cal.locator("#problem-panel").get_by_role("link", name="Your data").click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text("What is kept about you")
    found += everywhere(opened.value, axe)
    opened.value.close()
    saved(cal)
    iris.set_viewport_size({"width": 1440, "height": 900})
    iris.get_by_role("button", name="End…").click()
    found += everywhere(iris, axe, widths=(1440,))
    iris.get_by_role("button", name="End for everyone").click()
    expect(cal.locator("#screen")).to_contain_text("That was it.")
    found += everywhere(cal, axe)
    assert found == []
