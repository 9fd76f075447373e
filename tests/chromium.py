"""A real Chromium for tests, and what axe-core finds on its pages."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

STATIC: Final = Path(__file__).parents[1] / "static"
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# A name that is fading out has no contrast for a moment, nor has a terminal that takes up another theme in its next frame. That is
# nobody's fault: a page is judged by what it comes to rest at.
AXE_AT_REST: Final = """async () => {
  const still = new CSSStyleSheet();
  still.replaceSync("*, *::before, *::after { transition: none !important; animation: none !important }");
  document.adoptedStyleSheets.push(still);
  try {
    const frame = () => new Promise((done) => { requestAnimationFrame(done); setTimeout(done, 1000); });
    for (let left = 3; left > 0; left--) await frame();
    return await axe.run(document, { resultTypes: ["violations"] });
  } finally {
    document.adoptedStyleSheets.splice(document.adoptedStyleSheets.indexOf(still), 1);
  }
}"""
SERIOUS: Final = ("serious", "critical")


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    """One browser. Not longer than a file's tests: Playwright keeps an event loop running in this thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


def axe_finds(page: Page, impacts: Collection[str] = SERIOUS) -> list[str]:
    """What axe-core finds on a page, as sentences."""
    page.evaluate((STATIC / "node_modules" / "axe-core" / "axe.min.js").read_text())
    found = page.evaluate(AXE_AT_REST)
    return [
        f"{page.url.split('/', 3)[-1][:40]} {one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in impacts
        for node in one["nodes"]
    ]
