"""Names, code and links as Mallory would give them: shown as the text they are, refused with words, harmful to nobody."""

import re
import subprocess
import sys
import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, saved, soon, text

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

SCRIPT = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"
HIDDEN = "\u202e\u2066\u200f"
NAMES = {
    "markup": SCRIPT,
    "signs that reorder": f"Cal{HIDDEN}gnp.exe",
    "200 letters": "Wolfeschlegelstein" * 11 + "ab",
    "right to left": "محمد بن عبد الله",
}
PASTE = """text => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
  document.querySelector(".cm-content").dispatchEvent(event);
}"""
WIDE = """[...document.querySelectorAll('main *, header *')].filter(one => one.getBoundingClientRect().right > innerWidth)
  .slice(0, 5).map(one => `${one.tagName}.${one.className} ${one.textContent.slice(0, 30)}`)"""
EXPIRE = """
import sys
from sqlalchemy import update
from room import config
from room.store import links
from room.store.engine import Store
store = Store.open(config.load(), is_server=False)
with store.begin() as conn:
    conn.execute(update(links.links).values(expires_at_ms=1_700_000_000_000).where(links.links.c.interview_id == sys.argv[1]))
store.close()
"""


def fits(page: Page) -> None:
    """Nothing makes the page wider than its window, and nothing of Mallory's ran."""
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window, f"{page.url} is {wide} wide in {window}: {page.evaluate(WIDE)}"
    assert page.title() != "owned"
    assert page.locator("img[src=x]").count() == 0


def enter(page: Page, url: str, name: str) -> None:
    page.goto(url)
    page.get_by_label("Your name").fill(name)
    page.get_by_role("checkbox", name="I have read").check()
    page.locator("form.fields button[type=submit]").first.click()
    page.wait_for_url("**/room/**")
    saved(page)


@pytest.mark.parametrize("kind", NAMES)
def test_a_name_is_only_a_name(site: Site, kind: str) -> None:
    name, iris = NAMES[kind], site.page(site.context())
    plain = re.sub(f"[{HIDDEN}]", "", name)
    site.sign_in(iris)
    iris.goto(f"{site.url}/interviews/new")
    day, at = soon()
    iris.get_by_label("Client", exact=True).select_option("new")
    iris.get_by_label("New client’s name").fill(name)
    iris.get_by_label("Candidate", exact=True).fill(name)
    iris.get_by_label("Role").fill(name)
    iris.get_by_label("Day").fill(day)
    iris.get_by_label("Time, yours").fill(at)
    iris.get_by_label("Candidate’s city").fill("Istanbul")
    iris.get_by_role("button", name="Create and copy link").click()
    iris.wait_for_url(re.compile("/interviews/i_"))
    expect(iris.get_by_role("heading", level=1)).to_contain_text(plain)
    assert not re.search(f"[{HIDDEN}]", iris.locator("main").inner_text())
    link = iris.locator("input[id^=link-]").nth(1).input_value()
    cal = site.page(site.context())
    cal.goto(link)
    expect(cal.get_by_label("Your name")).to_have_value(plain)
    for page in (iris, cal):
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            fits(page)
    for address in ("/desk", "/interviews", "/clients"):
        iris.goto(f"{site.url}{address}")
        expect(iris.locator("main")).to_contain_text(plain)
        fits(iris)


def test_a_file_and_code_with_markup_are_text_in_the_room(
    site: Site, started: dict[str, Any]
) -> None:
    iris, cal = site.page(site.context()), site.page(site.context())
    enter(iris, started["lead_url"], SCRIPT)
    enter(cal, started["candidate_url"], f"Cal{HIDDEN}")
    cal.get_by_role("button", name="New file").click()
    cal.keyboard.type("</script>.py")
    cal.keyboard.press("Enter")
    tab = cal.get_by_role("tab", name="script")
    refused = cal.locator("#file-error")
    expect(tab.or_(refused.filter(has_text=re.compile(".+")))).to_be_visible()
    if tab.count() == 0:  # the name was refused, with words
        cal.keyboard.press("Escape")
    cal.locator(".cm-content").focus()
    cal.evaluate(PASTE, f"print('''{SCRIPT}''')")
    saved(cal)
    iris.keyboard.press("Alt+c")
    iris.keyboard.type(SCRIPT)
    iris.keyboard.press("Enter")
    expect(cal.locator("[data-part=lastchat]")).to_contain_text(SCRIPT)
    for page in (iris, cal):
        fits(page)
        page.reload()
        saved(page)
        fits(page)


def test_five_megabytes_are_refused_before_they_enter_the_document(
    site: Site, started: dict[str, Any]
) -> None:
    cal = site.page(site.context())
    enter(cal, started["candidate_url"], "Cal")
    before = text(cal)
    cal.locator(".cm-content").focus()
    began = time.monotonic()
    cal.evaluate(PASTE, "y" * 5_000_000)
    expect(cal.locator("[data-part=edproblem]")).to_contain_text("5.0 MB")
    assert time.monotonic() - began < 10
    assert text(cal) == before
    cal.keyboard.type("z")
    saved(cal)
    assert len(text(cal)) == len(before) + 1


def test_an_expired_and_a_switched_off_link_say_so_and_name_nobody(
    site: Site, started: dict[str, Any]
) -> None:
    owner, mallory = site.page(site.context()), site.page(site.context())
    site.sign_in(owner, site.demo["email"], site.demo["password"])
    owner.goto(f"{site.url}/interviews/{started['id']}?tab=people")
    person = owner.get_by_role("region", name=re.compile("^Observer"))
    person.get_by_role("button", name="Switch off").click()
    owner.get_by_role("dialog").get_by_role("button", name="Switch off").click()
    expect(person).to_contain_text("The link is switched off.")
    subprocess.run(
        [sys.executable, "-c", EXPIRE, started["id"]],
        env=site.server.environment,
        check=True,
    )
    for role, words in (
        ("observer", "This link was switched off."),
        ("candidate", "This link has expired."),
    ):
        mallory.goto(started[f"{role}_url"])
        expect(mallory.get_by_role("heading", level=1)).to_have_text(words)
        for name in ("Candidate ", "Ternway", "Marisol"):
            assert name not in mallory.content()
    mallory.goto(f"{site.url}/join/nothing-like-a-token")
    expect(mallory.get_by_role("heading", level=1)).to_have_text("There is nothing here.")
