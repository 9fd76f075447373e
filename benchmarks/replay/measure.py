"""Measures the replay in a real Chromium, on both sessions, and prints one table.

    python benchmarks/replay/measure.py [clownschool|long ...] [--json]

The sessions are put into a data folder, packed and prepared as Room does it after an interview; then `room serve` starts on it.
"First" is the first visitor after the start, "next" the one after; both with an empty cache. Seeks go to random moments by the
pointer, one after the other; `frames` are what requestAnimationFrame saw in ten seconds at 32×.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path

import sessions
from playwright.sync_api import sync_playwright
from pycrdt import Doc

sys.path.insert(0, str(sessions.ROOT))

from room import config
from room.replay import index, keeping
from room.replay.copies import see
from room.replay.reel import Reel, extend
from room.session import events as e
from room.session.visibility import INTERVIEWER
from room.store import interviews, journal, reels
from room.store.engine import Store
from room.store.sealing import Seals
from room.web import replay_files
from tests.server import Server

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--enable-precise-memory-info"]  # fmt: skip
SEEKS = 60

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

ROWS = (
    ("edits", "edits", "", None),
    ("minutes", "minutes", "", None),
    ("building all keyframes, in raw passes", "keyframes_x", "", 2),
    ("preparing in the child, with packing", "keep_s", "s", None),
    ("at rest, bytes an edit: journal", "journal_bytes", "B", 12),
    ("at rest, bytes an edit: all", "all_bytes", "B", 24),
    ("verify", "verify_s", "s", None),
    ("page that plays offline", "offline_MB", "MB", 2),
    ("first visitor: first code", "first.code_ms", "ms", 1000),
    ("first visitor: transferred", "first.kB", "kB", 400),
    ("first visitor: server CPU", "first.server_ms", "ms", 50),
    ("next visitor: first code", "next.code_ms", "ms", 1000),
    ("next visitor: server CPU", "next.server_ms", "ms", 50),
    ("seek soon: p50", "soon_p50", "ms", None),
    ("seek soon: p95", "soon_p95", "ms", None),
    ("seek soon: server CPU", "soon_server_ms", "ms", None),
    ("all is here after", "whole_s", "s", None),
    ("seek then: p50", "then_p50", "ms", None),
    ("seek then: p95", "then_p95", "ms", 50),
    ("32×: frames in ten seconds", "frames", "", None),
    ("32×: frames over 50 ms", "frames_late", "", 0),
    ("32×: longest frame", "frame_max", "ms", None),
    ("page's memory", "heap_MB", "MB", 200),
)
"""Words, name, unit and limit."""


def part(values, share):
    return round(sorted(values)[min(len(values) - 1, int(len(values) * share))], 1)


def raw_pass(recorded) -> float:
    began = time.process_time()
    doc = Doc()
    for one in recorded:
        if isinstance(one.event, e.DocEdited):
            doc.apply_update(one.event.update)
    return time.process_time() - began


def cpu_ms(pid: int) -> float:
    """Processor time of all threads of a process."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(one.read_text().split()[0]) for one in tasks) / 1e6


def measure(name: str) -> dict:
    sessions.cast.WALL_MS = int(time.time() * 1000) - 24 * 3600 * 1000
    recorded = sessions.clownschool()[0] if name == "clownschool" else sessions.long_session()[0]
    edits = sum(isinstance(one.event, e.DocEdited) for one in recorded)
    out = {"session": name, "edits": edits, "minutes": round(recorded[-1].at_ms / 60000)}
    passes = [raw_pass(recorded) for _ in range(3)]
    began = time.process_time()
    whole = extend(Reel(), recorded)
    out["keyframes_x"] = round((time.process_time() - began) / sorted(passes)[1], 2)
    out["offline_MB"] = round(offline_bytes(whole) / 1e6, 2)
    del whole
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data")
        held = prepare(Path(folder) / "data", recorded, edits, out)
        server.start()
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=FLAGS
                )
                try:
                    look(browser, server, held, out)
                finally:
                    browser.close()
        finally:
            server.stop()
    return out


def prepare(data_dir: Path, recorded, edits, out):
    """What Room does with a recording after the interview, and what it takes."""
    settings = config.load({"ROOM_DATA_DIR": str(data_dir)})
    store, seals = Store.open(settings), Seals.open(settings)
    try:
        held = sessions.cast.stage(store, seals, recorded)
        with store.begin() as conn:
            interviews.mark_closed(conn, held.owner, held.interview, sessions.cast.WALL_MS)
        while journal.pack_next(store, seals, held.interview):
            pass
        began = time.monotonic()
        asyncio.run(keeping.keep(store, seals, held.interview))
        out["keep_s"] = round(time.monotonic() - began, 1)
        with store.read() as conn:
            out["journal_bytes"] = round(journal.stored_bytes(conn, held.interview) / edits, 2)
            kept = reels.stored_bytes(conn, held.interview) / edits
            out["all_bytes"] = round(out["journal_bytes"] + kept, 2)
            began = time.process_time()
            journal.verify(conn, seals, held.interview)
            out["verify_s"] = round(time.process_time() - began, 2)
    finally:
        store.close()
    return held


def offline_bytes(whole: Reel) -> int:
    copy = see(INTERVIEWER, whole)
    made = index.make(copy.facts, copy.reel.strokes, copy.plans, {}, typing=True)
    context = {
        "interview": {"role_title": ""}, "candidate_name": "", "client_name": "", "date": "", "side": "interviewer",
        "address": "", "query": "", "can_pin": False, "can_rerun": False, "blind_because": "", "back_url": "",
        "score_url": "", "csrf_token": "", "files": (), "lead_first": "",
    }  # fmt: skip
    content = replay_files.offline_data(made, copy.bare_segments())
    return len(replay_files.offline_page(content, context, "Replay"))


def until_quiet(pid: int) -> None:
    """Waits until the server does nothing of its own any more."""
    until = time.monotonic() + 20
    quiet = 0
    while quiet < 4 and time.monotonic() < until:
        before = cpu_ms(pid)
        time.sleep(0.5)
        quiet = quiet + 1 if cpu_ms(pid) - before < 10 else 0


def look(browser, server, held, out) -> None:
    pid = server.process.pid
    until_quiet(pid)
    for visit in ("first", "next"):
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
        )
        context.add_cookies(
            [{"name": k, "value": v, "url": server.url} for k, v in held.cookies["owner"].items()]
        )
        page = context.new_page()
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        received = []
        network.on(
            "Network.loadingFinished",
            lambda done, received=received: received.append(done["encodedDataLength"]),
        )
        began = cpu_ms(pid)
        page.goto(f"{server.url}/replay/{held.interview}", wait_until="commit")
        opened = page.evaluate(OPENED)
        out[f"{visit}.code_ms"] = round(opened)
        out[f"{visit}.kB"] = round(sum(received) / 1000)
        out[f"{visit}.server_ms"] = round(cpu_ms(pid) - began)
        if visit == "first":
            context.close()
    opened = time.monotonic()
    for when in ("soon", "then"):
        rng = random.Random(11)
        page.wait_for_timeout(1000)
        began = cpu_ms(pid)
        seeks = [page.evaluate(SEEK, rng.random()) for _ in range(SEEKS)]
        out[f"{when}_server_ms"] = round((cpu_ms(pid) - began) / SEEKS, 1)
        out[f"{when}_p50"], out[f"{when}_p95"] = part(seeks, 0.5), part(seeks, 0.95)
        if when == "soon":
            page.wait_for_selector("#replay[data-whole]", timeout=120_000)
            out["whole_s"] = round(time.monotonic() - opened, 1)
    page.keyboard.press("0")
    page.locator("[name=speed][value='32']").evaluate("one => one.click()")
    page.locator("[data-part=play]").focus()
    page.keyboard.press("Space")
    frames = page.evaluate(FRAMES)
    out["frames"] = len(frames)
    out["frames_late"] = sum(gap > 50 for gap in frames)
    out["frame_max"] = part(frames, 1)
    out["heap_MB"] = round(page.evaluate("performance.memory.usedJSHeapSize") / 1e6)


def _is_over(one: dict, name: str, limit: float | None) -> bool:
    """The offline page's limit is that of an hour's interview."""
    is_asked = name != "offline_MB" or one["session"] == "clownschool"
    return limit is not None and is_asked and one.get(name, 0) > limit


def table(found: list[dict]) -> str:
    lines = [f"{'':40}" + "".join(f"{one['session']:>16}" for one in found) + f"{'limit':>10}"]
    for words, name, unit, limit in ROWS:
        cells = "".join(
            f"{str(one.get(name, '')) + ' ' + unit:>15}"
            + ("!" if _is_over(one, name, limit) else " ")
            for one in found
        )
        lines.append(f"{words:40}{cells}{'' if limit is None else f'{limit} {unit}':>10}")
    return "\n".join(lines)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("sessions", nargs="*", default=["clownschool", "long"])
    asked.add_argument("--json", action="store_true", help="figures as JSON instead of a table")
    wanted = asked.parse_args()
    all_found = [measure(name) for name in wanted.sessions]
    print(json.dumps(all_found, indent=1) if wanted.json else table(all_found), flush=True)
