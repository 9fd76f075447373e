"""What was acknowledged survives a killed process; what was not is still in the browsers and comes back."""

import asyncio
import random
import shutil
from pathlib import Path

import pytest
from pycrdt import Text

from room import config
from room.realtime.recovery import fold_all
from room.session.ids import FileId, InterviewId
from room.store import journal
from room.store.engine import Store
from room.store.sealing import Seals
from tests.realtime.conftest import Browser, Meeting, Server
from tests.realtime.power import TRACE, after_power_cut


def fold_of_journal(server: Server, interview: str, file: str) -> tuple[str, int]:
    """The text as the journal tells it, its chain checked; and how many rows there are."""
    settings = config.load({"ROOM_DATA_DIR": server.environment["ROOM_DATA_DIR"]})
    store = Store.open(settings, is_server=False)
    try:
        seals = Seals.open(settings)
        with store.read() as conn:
            rows = journal.verify(conn, seals, InterviewId(interview))
            session = fold_all(journal.load(conn, seals, InterviewId(interview)))
    finally:
        store.close()
    return session.document.text(FileId(file)), rows


async def type_on(
    browser: Browser, file: str, mark: str, typed: list[str], stop: asyncio.Event
) -> None:
    """Type numbered words with a pause as between keys, connected or not."""
    number = 0
    while not stop.is_set():
        word = f"{mark}{number} "
        number += 1

        def put(text: Text, word: str = word) -> None:
            text.insert(random.randint(0, 1) * len(str(text).encode()), word)

        updates = browser.write(file, put)
        typed.append(word)
        for update in updates:
            try:
                await browser.send_update(update)
            except Exception:  # noqa: BLE001 - the server is dead; the text is in the document
                await asyncio.sleep(0)
        await asyncio.sleep(0.01)


async def reconnect(browser: Browser) -> None:
    for _ in range(400):
        try:
            await browser.connect()
        except OSError:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError("the server did not come back")


async def test_no_keystroke_is_lost_when_the_server_is_killed_while_both_type(
    own_server: Server,
) -> None:
    meeting = Meeting((await asyncio.to_thread(own_server.interviews))[0])
    lead, candidate = await meeting.browser("lead"), await meeting.browser("candidate")
    browsers = (lead, candidate)
    words: list[str] = []
    for _ in range(2):
        stop = asyncio.Event()
        typing = [
            asyncio.create_task(type_on(browser, meeting.file, mark, words, stop))
            for browser, mark in ((lead, f"L{len(words)}-"), (candidate, f"C{len(words)}-"))
        ]
        await asyncio.gather(*(b.until(lambda b=b: b.saved > 20) for b in browsers))
        acknowledged = words[: min(browser.saved for browser in browsers) // 2]
        own_server.kill()
        await asyncio.gather(*(b.until(lambda b=b: b.closed is not None) for b in browsers))
        text, rows = await asyncio.to_thread(fold_of_journal, own_server, meeting.id, meeting.file)
        assert rows > 20
        assert all(word in text for word in acknowledged), "what was acknowledged is on disk"
        await asyncio.to_thread(own_server.start)
        await asyncio.gather(*(reconnect(browser) for browser in browsers))
        stop.set()
        await asyncio.gather(*typing)
        await asyncio.gather(*(b.all_saved() for b in browsers))
        await lead.until(lambda: lead.text(meeting.file) == candidate.text(meeting.file))
        text = lead.text(meeting.file)
        assert all(text.count(word) == 1 for word in words), "every keystroke, each once"
    await meeting.close()
    own_server.stop()
    folded, _ = await asyncio.to_thread(fold_of_journal, own_server, meeting.id, meeting.file)
    assert folded == text


@pytest.mark.strace
async def test_what_was_acknowledged_survives_the_loss_of_every_byte_that_was_not_synced(
    tmp_path: Path,
) -> None:
    traces = tmp_path / "traces"
    traces.mkdir()
    server = Server(tmp_path / "data", under=(*TRACE, str(traces / "call")))
    meeting = Meeting((await asyncio.to_thread(server.interviews))[0])
    disk = tmp_path / "disk"
    shutil.copytree(server.data_dir, disk)
    server.start()
    candidate = await meeting.browser("candidate")
    for number in range(40):
        await candidate.edit(meeting.file, lambda text, n=number: text.insert(0, f"<{n}> "))
    await candidate.until(lambda: candidate.saved >= 20)
    acknowledged = candidate.saved
    await asyncio.to_thread(server.kill)
    await meeting.close()

    syncs = after_power_cut(sorted(traces.iterdir()), server.data_dir, disk)
    assert syncs > 0
    server.environment["ROOM_DATA_DIR"] = str(disk)
    text, _ = await asyncio.to_thread(fold_of_journal, server, meeting.id, meeting.file)
    # Of the acknowledged messages one was the answer to the server's step 1, the others one edit each.
    assert all(f"<{number}> " in text for number in range(acknowledged - 1))


async def test_a_server_told_to_stop_tells_everybody_to_come_back_and_loses_nothing(
    own_server: Server,
) -> None:
    meeting = Meeting((await asyncio.to_thread(own_server.interviews))[0])
    candidate = await meeting.browser("candidate")
    await candidate.edit(meeting.file, lambda text: text.insert(0, "the last words"))
    await asyncio.to_thread(own_server.stop)
    await candidate.until(lambda: candidate.closed is not None)
    assert candidate.closed == 1012
    text, _ = await asyncio.to_thread(fold_of_journal, own_server, meeting.id, meeting.file)
    assert text == "the last words"
