"""Recordings from other sites: brought as a file, checked, and played like our own. Nothing in them is believed."""

import asyncio
from typing import Any

import msgspec
import structlog
from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect, Response

from room.replay import index, recording, segments
from room.replay.copies import Copy, copy_of
from room.replay.index import Index
from room.replay.recording import BadRecording, Manifest, Recording
from room.session.events import Recorded
from room.session.ids import InterviewId, MemberId, PartId, QuestionId, new_id
from room.session.visibility import INTERVIEWER
from room.store import imports, signing
from room.store.engine import NotFound
from room.store.imports import Head
from room.web import auth
from room.web.markdown import to_html
from room.web.replay import json_answer, shelf_of
from room.web.templating import page

Req = Request[Any, Any, Any]

log = structlog.get_logger()

UPLOAD_MAX = recording.FILE_MAX + 100_000
BUSY = "Another recording is being read just now. Try again in a moment."


def check(file: bytes) -> tuple[Recording, Index]:
    """The recording, played once to its end. Raises BadRecording."""
    found = recording.read(file)
    try:
        copy = copy_of(INTERVIEWER, found.events)
        made = index_of(found.manifest, copy)
        for segment in copy.segments():
            segments.encode(segment)
    except Exception as error:  # events that each can be read and that no room would have recorded one after another
        raise BadRecording(
            "The recording does not hold together: no room would have recorded this."
        ) from error
    return found, made


def index_of(manifest: Manifest, copy: Copy) -> Index:
    people = {MemberId(person.member): person for person in manifest.people}
    made = index.make(
        copy.facts,
        copy.reel.strokes,
        copy.plans,
        people,
        typing=manifest.typing,
        damaged_ms=copy.damaged_ms,
    )
    if manifest.competencies and not made.competencies:
        made = index.with_competencies(made, dict(manifest.competencies))
    shown = {
        (QuestionId(one.question), PartId(one.part)): str(to_html(one.markdown))
        for one in manifest.statements
    }
    return index.with_statements(index.with_pins(made, manifest.pins, people), shown)


def _open(request: Req, identity: str) -> tuple[Manifest, Copy]:
    """The file of an account's own import, as it is played. Raises NotFound."""
    account = auth.require_account(request)
    state = request.app.state
    with state.store.read() as conn:
        file = imports.load(conn, state.seals, account.id, identity)
    shelf, key = shelf_of(state), InterviewId(identity)
    kept: list[Recording] = []

    def load(after: int) -> list[Recorded]:
        if after:
            return []
        kept.append(recording.read(file))
        return list(kept[0].events)

    copy = shelf.copy(key, INTERVIEWER, load)

    def manifest() -> bytes:
        return msgspec.json.encode((kept[0] if kept else recording.read(file)).manifest)

    packed = shelf.made(key, copy, "manifest", manifest)
    return msgspec.json.decode(packed, type=Manifest), copy


@get("/recordings", sync_to_thread=True)
def show_all(request: Req) -> Response[Any]:
    return _list(request, "")


def _list(request: Req, message: str, status: int = 200) -> Response[Any]:
    account = auth.require_account(request)
    state = request.app.state
    with state.store.read() as conn:
        found = imports.list_for(conn, state.seals, account.id)
    return page(
        request,
        "replay/recordings.html",
        status,
        section="recordings",
        found=found,
        message=message,
    )


@post("/recordings", request_max_body_size=UPLOAD_MAX, status_code=200)
async def bring(request: Req) -> Response[Any]:
    """Take a file in, or say what is wrong with it."""
    await asyncio.to_thread(auth.require_account, request)
    sent = (await request.form()).get("file")
    content = await sent.read(UPLOAD_MAX) if isinstance(sent, UploadFile) else b""
    state = request.app.state
    if "recordings_busy" not in state:
        state.recordings_busy = asyncio.Semaphore(1)
    if state.recordings_busy.locked():
        return await asyncio.to_thread(_list, request, BUSY, 503)
    async with state.recordings_busy:
        return await asyncio.to_thread(_keep, request, content)


def _keep(request: Req, content: bytes) -> Response[Any]:
    if not content:
        return _list(request, "Choose a file first.", 422)
    account = auth.require_account(request)
    state = request.app.state
    try:
        found, made = check(content)
    except BadRecording as error:
        return _list(request, str(error), 422)
    manifest = found.manifest
    key = manifest.key.id if manifest.key and found.is_signed else None
    known = key is not None and signing.Keys(state.settings.report_keys_dir).find(key) is not None
    minutes = max(1, round(made.duration_ms / 60_000))
    head = Head(
        manifest.title[:200], manifest.site[:200], manifest.viewer[:20], minutes, key, known
    )
    identity = new_id("x")
    with state.store.begin() as conn:
        imports.add(conn, state.seals, account.id, identity, head, content, state.clock.wall_ms())
    log.info("recording.imported", recording=identity, events=manifest.events)
    return Redirect("/recordings", status_code=303)


@post("/recordings/{identity:str}/delete", sync_to_thread=True, status_code=200)
def drop(request: Req, identity: str) -> Response[Any]:
    account = auth.require_account(request)
    state = request.app.state
    with state.store.begin() as conn:
        imports.remove(conn, account.id, identity)
    shelf_of(state).forget(InterviewId(identity))
    return Redirect("/recordings", status_code=303)


@get("/recordings/{identity:str}", sync_to_thread=True)
def play(request: Req, identity: str) -> Response[Any]:
    manifest, _ = _open(request, identity)
    context: dict[str, Any] = {
        "interview": {"role_title": "Recording from another site"},
        "candidate_name": manifest.title[:200],
        "client_name": "",
        "date": manifest.site[:200],
        "side": "reader" if manifest.viewer in ("reader", "public") else manifest.viewer[:20],
        "address": f"/recordings/{identity}",
        "query": "",
        "can_pin": False,
        "can_rerun": False,
        "keeps_chronicle": False,
        "blind_because": "",
        "back_url": "/recordings",
        "score_url": "",
        "files": (),
    }
    return page(request, "replay/replay.html", **context)


@get("/recordings/{identity:str}/index.json", sync_to_thread=True)
def play_index(request: Req, identity: str) -> Response[bytes]:
    manifest, copy = _open(request, identity)
    return json_answer(request, index_of(manifest, copy))


@get("/recordings/{identity:str}/segments/{number:int}", sync_to_thread=True)
def play_segment(request: Req, identity: str, number: int) -> Response[bytes]:
    _, copy = _open(request, identity)
    if not 0 <= number < len(copy.plans):
        raise NotFound(identity)
    is_bare = "bare" in request.query_params
    return json_answer(request, segments.encode(copy.segment(number, is_bare=is_bare)))


ROUTES = [show_all, bring, drop, play, play_index, play_segment]
