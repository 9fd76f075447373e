"""From a key in one Chromium to the picture in another, over a bad line; and how soon a cut of half a minute is over.

    python benchmarks/realtime/paint.py [--keys 200] [--cut 30]

Each browser has a line of its own with half the latency each way. Where netem is not to be had, a proxy stands for it: what goes
through waits for the latency, keeps its order, and one piece in fifty is lost and comes again after two round trips, all that
follows it waiting, as TCP does it when little is under way.
"""

import argparse
import asyncio
import random
import statistics
import time

from playwright.async_api import async_playwright

from benchmarks.realtime import servers

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
]
MARK = "q"

WATCH = """(mark) => {
  const code = document.querySelector(".cm-content");
  const count = () => code.textContent.split(mark).length - 1;
  window.__keys = []; window.__painted = [];
  if (window.__watched) return;
  window.__watched = true;
  let painted = count();
  const wall = (at) => performance.timeOrigin + at;
  document.addEventListener("keydown", (event) => {
    if (event.key === mark) window.__keys.push(wall(event.timeStamp));
  }, true);
  new MutationObserver(() => {
    requestAnimationFrame(() => {
      const channel = new MessageChannel();  // Its message comes when the frame is painted.
      channel.port1.onmessage = () => {
        const now = count(), at = wall(performance.now());
        for (; painted < now; painted += 1) window.__painted.push(at);
      };
      channel.port2.postMessage(null);
    });
  }).observe(code, { childList: true, subtree: true, characterData: true });
}"""


TEXT = r"""() => [...document.querySelectorAll(".cm-content .cm-line")]
  .map((line) => line.textContent.replaceAll(/\u2060+(Cal|Iris)?\u2060*/g, ""))  // Without the other's caret.
  .join("\n")"""


class Line:
    """A proxy in front of the server for one browser."""

    def __init__(self, target, *, latency_s, loss, seed):
        self.target, self.latency_s, self.loss = target, latency_s, loss
        self.dice = random.Random(seed)
        self.lost = self.pieces = 0
        self.is_slow = False
        self.tasks = set()

    async def open(self, port=0):
        self.server = await asyncio.start_server(self._connect, "127.0.0.1", port)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def cut(self):
        """Nothing goes through any more, and nothing is said about it."""
        self.server.close()
        for task in list(self.tasks):
            task.cancel()

    async def mend(self):
        await self.open(self.port)

    async def _connect(self, reader, writer):
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
        for source, sink in ((reader, there_writer), (there_reader, writer)):
            task = asyncio.create_task(self._carry(source, sink))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _carry(self, source, sink):
        waiting = asyncio.Queue()

        async def deliver():
            while True:
                at, data = await waiting.get()
                await asyncio.sleep(max(0, at - time.monotonic()))
                if data is None:
                    sink.close()
                    return
                sink.write(data)
                await sink.drain()

        delivering = asyncio.create_task(deliver())
        until = 0.0
        try:
            while True:
                data = await source.read(65536)
                at = time.monotonic()
                if self.is_slow:
                    at += self.latency_s / 2
                    self.pieces += 1
                    if self.dice.random() < self.loss:
                        self.lost += 1
                        at += 2 * self.latency_s
                until = max(until, at)
                waiting.put_nowait((until, data or None))
                if not data:
                    await delivering
                    return
        except (ConnectionError, OSError):
            sink.close()
        finally:
            delivering.cancel()


async def enter(browser, url, name):
    page = await (await browser.new_context()).new_page()
    await page.goto(url)
    await page.fill("input[name=name]", name)
    agree = page.locator("input[name=agree]")
    if await agree.count():
        await agree.check()
    await page.locator("form:has(input[name=name]) button[type=submit]").first.click()
    await page.locator(".cm-content").wait_for()
    return page


async def settled(pages):
    for _ in range(400):
        texts = [await page.evaluate(TEXT) for page in pages]
        if texts[0] == texts[1]:
            return texts[0]
        await asyncio.sleep(0.05)
    raise TimeoutError(f"the two do not show the same: {texts}")


def figures(values):
    values = sorted(values)
    return {
        "p50": round(statistics.median(values), 1),
        "p95": round(values[int(len(values) * 0.95)], 1),
        "p99": round(values[int(len(values) * 0.99)], 1),
        "max": round(values[-1], 1),
    }


async def typed(typist, reader, keys, dice):
    """Milliseconds from key to picture: (with oneself, with the other)."""
    for page in (typist, reader):
        await page.evaluate(WATCH, MARK)
    await typist.locator(".cm-content").focus()
    await typist.keyboard.press("Control+Home")
    for _ in range(keys):
        await typist.keyboard.press(MARK)
        await asyncio.sleep(dice.uniform(0.09, 0.16))
    for _ in range(200):
        theirs = await reader.evaluate("window.__painted")
        if len(theirs) >= keys:
            break
        await asyncio.sleep(0.05)
    pressed, own = await typist.evaluate("[window.__keys, window.__painted]")
    assert len(pressed) == len(own) == len(theirs) == keys, (len(pressed), len(own), len(theirs))
    return (
        [a - b for a, b in zip(own, pressed, strict=True)],
        [a - b for a, b in zip(theirs, pressed, strict=True)],
    )


async def cut_off(line, away, other, seconds):
    """Seconds from the end of the cut until each shows what the other typed during it."""
    await line.cut()
    await away.context.set_offline(True)
    await away.keyboard.press("Control+Home")
    await away.keyboard.type("typed while away ", delay=30)
    await other.locator(".cm-content").focus()
    await other.keyboard.press("Control+End")
    await other.keyboard.type("# typed meanwhile", delay=30)
    await asyncio.sleep(seconds - 2)
    await line.mend()
    await away.context.set_offline(False)
    began = time.monotonic()

    async def shows(page, words):
        await page.wait_for_function(
            "(words) => document.querySelector('.cm-content').textContent.includes(words)",
            arg=words,
            polling="raf",
        )
        return time.monotonic() - began

    return await asyncio.gather(shows(other, "typed while away"), shows(away, "# typed meanwhile"))


class Behind(servers.Room):
    """Room as its public address says, which the browsers reach through their lines."""

    public_port = 0

    def environment(self):
        return super().environment() | {"ROOM_PUBLIC_URL": f"http://localhost:{self.public_port}"}


async def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--cut", type=float, default=30)
    parser.add_argument("--cuts", type=int, default=3)
    parser.add_argument(
        "--latency", type=float, default=150, help="ms, there and back, of each browser's line"
    )
    parser.add_argument("--loss", type=float, default=0.02)
    options = parser.parse_args()
    servers.Room.kept = None
    Behind.public_port = servers.free_port()
    server = Behind(0)
    server.before = ("env",)
    try:
        server.start()
        one = (await asyncio.to_thread(server.demo, 1))[0]
        lines = [
            await Line(
                server.port, latency_s=options.latency / 1000, loss=options.loss, seed=n
            ).open()
            for n in (1, 2)
        ]
        async with async_playwright() as playwright:
            browsers = [
                await playwright.chromium.launch(
                    executable_path=CHROMIUM,
                    args=[
                        *FLAGS,
                        f"--host-resolver-rules=MAP localhost:{Behind.public_port} 127.0.0.1:{line.port}",
                    ],
                )
                for line in lines
            ]
            cal = await enter(browsers[0], one["candidate_url"], "Cal")
            iris = await enter(browsers[1], one["lead_url"], "Iris")
            await settled((cal, iris))
            dice = random.Random(1)
            near = await typed(cal, iris, options.keys, dice)
            await settled((cal, iris))
            for line in lines:
                line.is_slow = True
            far = await typed(cal, iris, options.keys, dice)
            returns = []
            for number in range(options.cuts):
                if number:
                    await cal.keyboard.press("Control+a")
                    await cal.keyboard.press("Delete")
                    await settled((cal, iris))
                returns.append(await cut_off(lines[0], cal, iris, options.cut))
                await settled((cal, iris))
            for browser in browsers:
                await browser.close()
        lost = f"{sum(line.lost for line in lines)} of {sum(line.pieces for line in lines)} pieces"
    finally:
        server.stop()
    print("| key to paint, ms | p50 | p95 | p99 | max |\n| --- | --- | --- | --- | --- |")
    slow = f"{options.latency:.0f} ms there and back, {options.loss:.0%} loss"
    for name, values in (
        ("one's own picture", near[0]), ("the other's, no latency", near[1]),
        (f"one's own, {slow}", far[0]), (f"the other's, {slow}", far[1]),
    ):  # fmt: skip
        f = figures(values)
        print(f"| {name} | {f['p50']} | {f['p95']} | {f['p99']} | {f['max']} |")
    print(f"\nLost on the way: {lost}.")
    told = ", ".join(f"{max(pair):.2f}" for pair in returns)
    print(
        f"After a cut of {options.cut:.0f} s both show what the other typed meanwhile within {told} s."
    )


if __name__ == "__main__":
    asyncio.run(main())
