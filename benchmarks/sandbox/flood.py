"""What a program that prints without end does to a browser that looks on: frames, and typing beside it.

    python benchmarks/sandbox/flood.py [--seconds 4]

A real server, a real box, two people in two Chromiums on this machine. The candidate's program prints lines of 200 characters as
fast as it can; the lead types a letter every 100 ms. Printed beside the same without a flood, both of one run.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import saved
from tests.browser.test_bad_input import enter
from tests.browser.test_languages import FLOOD, new_file
from tests.browser.test_story import focus_editor
from tests.chromium import FLAGS
from tests.server import Server

CHROMIUM = "/usr/bin/chromium"
WATCH = """() => {
  window.gaps = []; window.keys = [];
  let last = performance.now();
  const frame = (now) => { window.gaps.push(now - last); last = now; if (window.gaps) requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  document.addEventListener("keydown", (event) => {
    const at = event.timeStamp;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => window.keys.push(performance.now() - at);
      channel.port2.postMessage(null);
    });
  }, true);
}"""


def read(page, seconds):
    page.evaluate("() => { window.gaps = window.gaps.slice(0, 0); window.keys = []; }")
    focus_editor(page)
    for _ in range(int(seconds * 10)):
        page.keyboard.type("k")
        page.wait_for_timeout(100)
    gaps, keys = page.evaluate("[window.gaps, window.keys]")
    return {
        "frames a second": 1000 * len(gaps) / sum(gaps),
        "longest frame ms": max(gaps),
        "frames over 50 ms": sum(gap > 50 for gap in gaps),
        "key to paint p95 ms": statistics.quantiles(keys, n=20)[-1],
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        server = Server(Path(scratch) / "data")
        server.start()
        try:
            one = server.interviews(1)[0]
            browsers = [
                playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS)) for _ in "ab"
            ]
            iris, cal = (browser.new_page() for browser in browsers)
            enter(iris, one["lead_url"], "Iris")
            enter(cal, one["candidate_url"], "Cal")
            new_file(cal, "flood.py", FLOOD)
            new_file(iris, "beside.py", "")
            saved(iris)
            for page in (iris, cal):
                page.evaluate(WATCH)
            calm = read(iris, options.seconds)
            focus_editor(cal)
            cal.keyboard.press("Control+Enter")
            iris.wait_for_selector(".xterm-rows:has-text('xxxxxxxx')")
            flooded = read(iris, options.seconds)
            for browser in browsers:
                browser.close()
        finally:
            server.stop()
    print("| in the lead's browser | calm | beside a flood |\n| --- | --- | --- |")
    for name in calm:
        print(f"| {name} | {calm[name]:.1f} | {flooded[name]:.1f} |")


if __name__ == "__main__":
    main()
