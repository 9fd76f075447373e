"""Measures the replay in a real Chromium, on both sessions, and prints one JSON object a session.

    python benchmarks/replay/measure.py [clownschool|long ...]

First frame, bytes and server CPU are of a first visit with an empty cache; seeks go to random moments with a mouse click each;
`frames` are what requestAnimationFrame saw in ten seconds at 32×. "Cold" is the first visit after the server started, when the
viewer's copy is made; "warm" the next visitor.
"""

import json
import random
import resource
import socket
import sys
import tempfile
import threading
import time

import sessions
import uvicorn
from playwright.sync_api import sync_playwright
from pycrdt import Doc

from room import config
from room.app import create_app
from room.clock import ManualClock
from room.replay.reel import Reel, extend
from room.session import events as e
from room.store import interviews, journal

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--enable-precise-memory-info"]  # fmt: skip
WALL_MS = sessions.cast.WALL_MS

OPENED = """() => new Promise(done => {
  const ready = () => document.querySelector('#replay[data-ready] .cm-content');
  const look = () => ready() ? requestAnimationFrame(() => done(performance.now())) : setTimeout(look, 4);
  look(); })"""
SEEK = """at => new Promise(done => {
  const box = document.querySelector('.headbox').getBoundingClientRect();
  const x = box.left + at * box.width, y = box.bottom - 6;
  const target = document.elementFromPoint(x, y);
  const began = performance.now();
  const at_it = {bubbles: true, clientX: x, clientY: y, button: 0, buttons: 1, pointerId: 1, isPrimary: true};
  const say = (type) => target.dispatchEvent(new PointerEvent(type, at_it));
  say('pointerdown'); say('pointerup');
  const waits = () => document.querySelector('#replay.waiting');
  const look = () => requestAnimationFrame(() => waits() ? look() : setTimeout(() => done(performance.now() - began)));
  look(); })"""
FRAMES = """() => new Promise(done => { const gaps = []; let last = performance.now(); const end = last + 10000;
  const step = (now) => { gaps.push(now - last); last = now; now < end ? requestAnimationFrame(step) : done(gaps.slice(1)); };
  requestAnimationFrame(step); })"""


class Wrapped:
    def __init__(self, app):
        self.app = app


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def part(values, share):
    return round(sorted(values)[min(len(values) - 1, int(len(values) * share))], 1)


def raw_pass(recorded) -> float:
    began = time.process_time()
    doc = Doc()
    for one in recorded:
        if isinstance(one.event, e.DocEdited):
            doc.apply_update(one.event.update)
    return time.process_time() - began


def measure(name: str) -> dict:
    recorded = sessions.clownschool()[0] if name == "clownschool" else sessions.long_session()[0]
    edits = sum(isinstance(one.event, e.DocEdited) for one in recorded)
    out = {"session": name, "edits": edits, "minutes": round(recorded[-1].at_ms / 60000)}
    passed = raw_pass(recorded)
    began = time.process_time()
    extend(Reel(), recorded)
    out["raw_pass_s"] = round(passed, 2)
    out["keyframes_x"] = round((time.process_time() - began) / passed, 2)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "ROOM_DATA_DIR": f"{folder}/data",
            "ROOM_PORT": str(port),
            "ROOM_DOCKER_HOST": "unix:///nowhere",
        }
        app = create_app(config.load(environment), clock=ManualClock(WALL_MS))
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        try:
            held = sessions.cast.stage(app.state.store, app.state.seals, recorded)
            pack(app, held, out, edits)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=FLAGS
                )
                try:
                    look(browser, f"http://127.0.0.1:{port}", held, out)
                finally:
                    browser.close()
        finally:
            server.should_exit = True
            thread.join()
    return out


def pack(app, held, out, edits) -> None:
    store, seals = app.state.store, app.state.seals
    with store.begin() as conn:
        before = journal.stored_bytes(conn, held.interview)
        interviews.mark_closed(conn, held.owner, held.interview, WALL_MS)
    began = time.process_time()
    while journal.pack_next(store, seals, held.interview):
        pass
    out["pack_s"] = round(time.process_time() - began, 2)
    with store.read() as conn:
        out["bytes_an_edit"] = [
            round(n / edits, 2) for n in (before, journal.stored_bytes(conn, held.interview))
        ]
        began = time.process_time()
        journal.verify(conn, seals, held.interview)
        out["verify_s"] = round(time.process_time() - began, 2)


def look(browser, url, held, out) -> None:
    for visit in ("cold", "warm"):
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
        )
        context.add_cookies(
            [{"name": k, "value": v, "url": url} for k, v in held.cookies["owner"].items()]
        )
        page = context.new_page()
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        received = []
        network.on(
            "Network.loadingFinished",
            lambda done, received=received: received.append(done["encodedDataLength"]),
        )
        began = cpu_s()
        page.goto(f"{url}/replay/{held.interview}", wait_until="commit")
        opened = page.evaluate(OPENED)
        out[visit] = {
            "first_code_ms": round(opened),
            "kB": round(sum(received) / 1000),
            "server_cpu_ms": round((cpu_s() - began) * 1000),
        }
        if visit == "cold":
            context.close()
    rng = random.Random(11)
    page.wait_for_timeout(2000)
    seeks = [page.evaluate(SEEK, rng.random()) for _ in range(60)]
    out["seek_ms"] = {"p50": part(seeks, 0.5), "p95": part(seeks, 0.95), "max": part(seeks, 1)}
    page.keyboard.press("0")
    page.locator("[name=speed][value='32']").evaluate("one => one.click()")
    page.locator("[data-part=play]").focus()
    page.keyboard.press("Space")
    frames = page.evaluate(FRAMES)
    out["frames_32x"] = {
        "count": len(frames),
        "p95": part(frames, 0.95),
        "max": part(frames, 1),
        "over_50": sum(gap > 50 for gap in frames),
    }
    out["heap_MB"] = round(page.evaluate("performance.memory.usedJSHeapSize") / 1e6)
    out["received_MB"] = round(sum(received) / 1e6, 2)


if __name__ == "__main__":
    for wanted in sys.argv[1:] or ("clownschool", "long"):
        print(json.dumps(measure(wanted), indent=1), flush=True)
