"""The live socket of a real server process, spoken to as browsers do."""

import asyncio
import contextlib
import random
from typing import Any

import httpx
import pytest
from pycrdt import Doc, Text
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from room.realtime import protocol
from room.yjs.encoding import write_bytes
from tests.realtime.conftest import Browser, Meeting, Server, enter


def append(words: str):
    return lambda text: text.insert(len(str(text).encode()), words)


async def test_two_browsers_see_each_others_text(meeting: Meeting) -> None:
    lead, candidate = await meeting.browser("lead"), await meeting.browser("candidate")
    await candidate.edit(meeting.file, append("print('é😀')\n"))
    await lead.until(lambda: lead.text(meeting.file) == "print('é😀')\n")
    await lead.edit(meeting.file, append("# nice\n"))
    await candidate.until(lambda: candidate.text(meeting.file).endswith("# nice\n"))
    await candidate.all_saved()
    await lead.all_saved()


async def test_a_stock_client_that_says_no_room_message_is_sent_none(meeting: Meeting) -> None:
    lead, stock = await meeting.browser("lead"), await meeting.browser("candidate", hello=False)
    await lead.edit(meeting.file, append("x"))
    await stock.until(lambda: stock.text(meeting.file) == "x")
    await lead.do(type="SendChat", text="hello")
    assert stock.messages == []


async def test_a_command_is_told_to_everybody_who_may_see_it(meeting: Meeting) -> None:
    lead, candidate = await meeting.browser("lead"), await meeting.browser("candidate")
    await candidate.do(type="SendChat", text="hello Iris")
    told = await lead.event("ChatSent", text="hello Iris")
    assert told["by"] != ""
    await lead.do(type="AddNote", text="says hello first")
    await lead.event("NoteAdded")
    await lead.do(type="SendChat", text="hello Cal")
    await candidate.event("ChatSent", text="hello Cal")
    assert b"says hello first" not in b"".join(candidate.frames)
    assert b"NoteAdded" not in b"".join(candidate.frames)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ({"type": "StartInterview"}, "not_allowed"),
        ({"type": "AddNote", "text": "x"}, "not_allowed"),
        ({"type": "Join", "member": "m_x"}, "unknown_command"),
        ({"type": "Nonsense"}, "unknown_command"),
        ({"type": "SendChat", "text": 7}, "unknown_command"),
        ({"type": "SendChat", "text": "   "}, "empty"),
        ({"type": "ChooseLanguage", "language": "cobol"}, "unknown_language"),
        ({"type": "RequestRun", "file": "f_nowhere"}, "unknown"),
    ],
)
async def test_what_cannot_be_done_is_refused_with_a_sentence(
    meeting: Meeting, command: dict[str, Any], reason: str
) -> None:
    candidate = await meeting.browser("candidate")
    answer = await candidate.do(**command)
    assert (answer["t"], answer["reason"]) == ("refused", reason)
    assert answer["sentence"].endswith(".")
    assert candidate.closed is None


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"", 4400),
        (b"\x07", 4400),
        (b"\x00\x02\x05abc", 4400),
        (bytes((100,)) + write_bytes(b'{"t":"shout"}'), 4400),
        (bytes((100,)) + write_bytes(b"[" * 50_000), 4400),
        ("text", 4400),
        (protocol.update(b"\xff" * 64), 4400),
        (protocol.step1(bytes.fromhex("ffffff7f")), 4400),
        (protocol.update(bytes(protocol.FRAME_MAX)), 4413),
    ],
)
async def test_a_frame_that_says_nothing_closes_its_sender_and_nobody_else(
    meeting: Meeting, frame: bytes | str, code: int
) -> None:
    lead, candidate = await meeting.browser("lead"), await meeting.browser("candidate")
    await candidate.send(frame)  # type: ignore[arg-type]
    await candidate.until(lambda: candidate.closed is not None)
    assert candidate.closed == code
    answer = await lead.do(type="SendChat", text="still here")
    assert answer["t"] == "done"


async def test_random_bytes_never_bring_the_server_down(server: Server, meeting: Meeting) -> None:
    dice = random.Random(7)
    lead = await meeting.browser("lead")
    cookie, _ = await asyncio.to_thread(enter, meeting.told["candidate_url"], "Cal")
    doc: Doc[Text] = Doc()
    doc.get(f"f:{meeting.file}", type=Text).insert(0, "hello")
    honest = protocol.update(doc.get_update())
    for _ in range(60):
        async with connect(
            meeting.told["live_url"], additional_headers={"cookie": cookie}, compression=None
        ) as socket:
            for _ in range(10):
                frame = bytearray(
                    honest if dice.random() < 0.7 else dice.randbytes(dice.randint(1, 80))
                )
                for _ in range(dice.randint(0, 3)):
                    frame[dice.randrange(len(frame))] = dice.randrange(256)
                with contextlib.suppress(ConnectionClosed):
                    await socket.send(bytes(frame))
    answer = await lead.do(type="SendChat", text="still here")
    assert answer["t"] == "done"
    assert lead.closed is None


async def test_without_a_cookie_the_socket_is_closed_for_good(
    server: Server, meeting: Meeting
) -> None:
    for cookie in ("", "room_m_aaaaaaaaaaaaaaaaaaaaaaaaaa=forged"):
        mallory = await Browser(meeting.told["live_url"], cookie).connect()
        await mallory.until(lambda: mallory.closed is not None)  # noqa: B023
        assert mallory.closed == 4401
        assert mallory.messages == []
        await mallory.close()


async def test_a_cookie_of_one_interview_opens_no_other(stock: list[dict[str, Any]]) -> None:
    one, other = stock.pop(), stock.pop()
    cookie, _ = await asyncio.to_thread(enter, one["candidate_url"], "Mallory")
    mallory = await Browser(other["live_url"], cookie).connect()
    await mallory.until(lambda: mallory.closed is not None)
    assert mallory.closed == 4401
    assert all(frame[0] != protocol.SYNC for frame in mallory.frames)
    await mallory.close()


async def test_a_foreign_page_is_refused_before_the_upgrade(meeting: Meeting) -> None:
    cookie, _ = await asyncio.to_thread(enter, meeting.told["candidate_url"], "Cal")
    with pytest.raises(InvalidStatus) as refused:
        await connect(
            meeting.told["live_url"],
            additional_headers={"cookie": cookie},
            origin="https://evil.example",
        )
    assert refused.value.response.status_code == 403


async def test_both_links_work_in_one_browser_when_the_address_names_the_member(
    meeting: Meeting,
) -> None:
    lead_cookie, lead_room = await asyncio.to_thread(enter, meeting.told["lead_url"], "Iris")
    candidate_cookie, candidate_room = await asyncio.to_thread(
        enter, meeting.told["candidate_url"], "Cal"
    )
    both = f"{lead_cookie}; {candidate_cookie}"
    for room, role in ((lead_room, "lead"), (candidate_room, "candidate")):
        member = room.rsplit("/", 1)[1]
        browser = await Browser(f"{meeting.told['live_url']}?member={member}", both).connect()
        welcome = await browser.heard(lambda m: m["t"] == "welcome")
        assert welcome["role"] == role
        await browser.close()


async def test_the_candidates_page_and_partials_hold_nothing_private(meeting: Meeting) -> None:
    lead = await meeting.browser("lead")
    welcome = await lead.heard(lambda m: m["t"] == "welcome")
    question = welcome["state"]["questions"][0]
    await lead.do(type="ShowPart", question=question["id"], part="s1")
    await lead.do(type="AddNote", text="wonderful-private-note")
    cookie, room = await asyncio.to_thread(enter, meeting.told["candidate_url"], "Cal")
    async with httpx.AsyncClient(headers={"cookie": cookie}) as browser:
        page = (await browser.get(room)).text
        problem = (await browser.get(f"{room}/problem")).text
        guide = await browser.get(f"{room}/guide")
        questions = await browser.get(f"{room}/questions")
    assert "A freelance interviewer wants to show clients when she is free" in problem
    assert guide.status_code == questions.status_code == 404
    for text in (page, problem):
        for private in (
            "wonderful-private-note",
            "furthest end",
            "long one hides short one",
            "Only interviewers",
            "Time to rest",
            "hint",
        ):
            assert private not in text.replace("which hints were given", ""), private


async def test_an_interview_is_unknown_to_who_has_another_ones_cookie(
    server: Server, stock: list[dict[str, Any]]
) -> None:
    one, other = stock.pop(), stock.pop()
    cookie, room = await asyncio.to_thread(enter, one["lead_url"], "Mallory")
    member = room.rsplit("/", 1)[1]
    async with httpx.AsyncClient(headers={"cookie": cookie}, base_url=server.url) as browser:
        for address in ("", "/problem", "/guide", "/questions", "/files.zip"):
            answer = await browser.get(f"/room/{other['id']}/{member}{address}")
            assert answer.status_code == 404, address


@pytest.mark.docker
async def test_a_run_streams_to_everybody_and_uses_the_text_that_its_clicker_saw(
    meeting: Meeting,
) -> None:
    lead, candidate = await meeting.browser("lead"), await meeting.browser("candidate")
    await candidate.edit(meeting.file, append("print(sum(map(int, input().split())))\n"))
    answer = await candidate.do(type="RequestRun", file=meeting.file, stdin="20 22\n")
    assert answer["t"] == "done", answer
    for browser in (lead, candidate):
        finished = await browser.event("RunFinished")
        assert finished["e"]["verdict"] == "OK"
        output = "".join(
            m["e"]["text"] for m in browser.messages if m.get("e", {}).get("type") == "RunOutput"
        )
        assert output == "42\n"


@pytest.mark.docker
async def test_both_type_into_a_running_program_and_both_see_all_of_it(meeting: Meeting) -> None:
    lead, candidate = await meeting.browser("lead"), await meeting.browser("candidate")
    await candidate.edit(
        meeting.file, append("print('Hello', input('first? '), input('second? '))\n")
    )
    await candidate.do(type="RequestRun", file=meeting.file, interactive=True)
    started = await candidate.event("RunStarted")
    run = started["e"]["run"]
    await candidate.do(type="ResizeTerminal", run=run, columns=100, rows=30)
    await candidate.do(type="TypeInput", run=run, text="Cal\r")
    await lead.do(type="TypeInput", run=run, text="Iris\r")
    for browser in (lead, candidate):
        finished = await browser.event("RunFinished")
        assert finished["e"]["verdict"] == "OK"
        output = "".join(
            m["e"]["text"] for m in browser.messages if m.get("e", {}).get("type") == "RunOutput"
        )
        assert "Hello Cal Iris" in output
        typed = [m for m in browser.messages if m.get("e", {}).get("type") == "RunInput"]
        assert [m["e"]["text"] for m in typed] == ["Cal\r", "Iris\r"]
    late = await meeting.browser("observer")
    welcome = await late.heard(lambda m: m["t"] == "welcome")
    assert "Hello Cal Iris" in welcome["terminal"]["text"]


@pytest.mark.docker
async def test_hidden_tests_leave_no_trace_on_the_candidates_socket(meeting: Meeting) -> None:
    lead, candidate = await meeting.browser("lead"), await meeting.browser("candidate")
    welcome = await lead.heard(lambda m: m["t"] == "welcome")
    question = welcome["state"]["questions"][0]["id"]
    await lead.do(type="ShowPart", question=question, part="s1")
    created = await candidate.event("FileCreated")
    await candidate.do(type="RequestTests", file=created["e"]["file"])
    hidden = await lead.event("HiddenTestsFinished")
    visible = await candidate.event("TestsFinished")
    assert len(hidden["e"]["outcomes"]) == 7
    assert len(visible["e"]["outcomes"]) == 2
    everything = b"".join(candidate.frames)
    for outcome in hidden["e"]["outcomes"]:
        assert outcome["name"].encode() not in everything
    assert b"Hidden" not in everything
    assert hidden["e"]["run"].encode() not in everything


@pytest.mark.docker
async def test_a_stopped_run_says_who_stopped_it(meeting: Meeting) -> None:
    lead, candidate = await meeting.browser("lead"), await meeting.browser("candidate")
    await candidate.edit(meeting.file, append("while True: pass\n"))
    await candidate.do(type="RequestRun", file=meeting.file)
    started = await lead.event("RunStarted")
    refused = await candidate.do(type="RequestRun", file=meeting.file)
    assert refused["reason"] == "run_active"
    await lead.do(type="StopRun", run=started["e"]["run"])
    finished = await candidate.event("RunFinished")
    assert finished["e"]["verdict"] == "CANCELLED"
    assert finished["e"]["stopped_by"] == (await lead.heard(lambda m: m["t"] == "welcome"))["me"]


@pytest.mark.docker
async def test_the_end_stops_a_program_that_waits_for_somebody_to_type(meeting: Meeting) -> None:
    lead, candidate = await meeting.browser("lead"), await meeting.browser("candidate")
    await candidate.edit(meeting.file, append("input()\n"))
    await candidate.do(type="RequestRun", file=meeting.file, interactive=True)
    await lead.event("RunStarted")
    await lead.do(type="EndInterview")
    finished = await candidate.event("RunFinished")
    assert finished["e"]["verdict"] == "CANCELLED"


def test_nothing_that_people_typed_is_in_the_servers_log(server: Server) -> None:
    log = server.log.read_text()
    for private in (
        "says hello first",
        "wonderful-private-note",
        "hello Iris",
        "room_m_",
        "/join/",
    ):
        assert private not in log
