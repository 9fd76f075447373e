"""Copies of a recording to take away: a page that plays by itself, a recording file, a terminal recording, a repository.

Each is made of what its viewer sees in the replay, and of nothing else.
"""

import base64
import gzip
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from litestar import get
from litestar.response import Response

from room.replay import exports, index, recording, segments
from room.replay.copies import Copy
from room.replay.recording import Key, Manifest
from room.replay.segments import Segment
from room.session.events import Recorded
from room.session.ids import InterviewId, MemberId
from room.session.visibility import INTERVIEWER, PUBLIC, Viewer
from room.store import interviews, members, signing
from room.store.engine import NotFound
from room.web import assets, privacy
from room.web import replay as replay_page
from room.web.replay import FILES, Req, Seat, copy_of, index_of, later_pins, statement, take_seat
from room.web.templating import assets as built
from room.web.templating import environment

TYPES = {
    "html": "text/html",
    "recording": "application/zip",
    "cast": "application/x-asciicast",
    "git": "application/octet-stream",
    "files": "application/zip",
}
VIEWERS = ("interviewer", "candidate")
"""Whose copies the command line makes; the others depend on a link or on scorecards."""
FONTS = ("inter-latin-opsz-normal", "jetbrains-mono-latin-wght-normal")
"""What a file carries of the fonts: the Latin letters."""


class NotBuilt(RuntimeError):
    """The front end was not built, so there is no player to put into a file."""


def make(state: Any, seat: Seat, kind: str) -> tuple[str, bytes]:
    """A file's name and content. ``state`` is the app's.

    Raises:
        NotFound: there is no such kind, or nothing was recorded for this viewer yet.
    """
    copy = copy_of(state, seat)
    ending = next((one[2] for one in FILES if one[0] == kind), None)
    if ending is None or not copy.started:
        raise NotFound(kind)
    return _file_name(seat, ending), _MAKERS[kind](state, seat, copy)


def _file_name(seat: Seat, ending: str) -> str:
    row = seat.interview
    words = re.sub(r"[^a-z0-9]+", "-", row.candidate_name.lower()).strip("-")
    return f"interview-{words or 'candidate'}{ending}"


def _title(seat: Seat) -> str:
    return f"{seat.interview.candidate_name}, {seat.interview.role_title}"


def _events(copy: Copy) -> list[Recorded]:
    duration = index.duration_of(copy.last_ms, copy.state, copy.damaged_ms)
    return [one for one in copy.events() if one.at_ms <= duration]


def _recording(state: Any, seat: Seat, copy: Copy) -> bytes:
    events = recording.of_copy(_events(copy))
    made = index_of(state, seat, copy)
    with state.store.read() as conn:
        shown = {
            (part.question, part.part): statement(conn, seat.interview, part.question, part.part)
            for part in made.parts
        }
        pins = later_pins(state, conn, seat, copy)
    now = state.clock.wall_ms()
    signer = signing.open_keys(
        state.settings.report_keys_dir, now, state.settings.public_url
    ).signer()

    def manifest(blocks: tuple[recording.Block, ...], last_hash: str) -> Manifest:
        return Manifest(
            session=seat.interview.id,
            viewer=seat.viewer.kind,
            title=_title(seat),
            site=state.settings.public_url,
            made_at_ms=now,
            people=made.people,
            pins=tuple(pins),
            competencies=made.competencies,
            statements=recording.statements(shown),
            typing=made.typing is not None,
            events=len(events),
            blocks=blocks,
            last_hash=last_hash,
            key=Key(signer.public.id, signer.public.ed25519),
        )

    return recording.write(events, manifest, signer.sign)


def _html(state: Any, seat: Seat, copy: Copy) -> bytes:
    made = index_of(state, seat, copy)
    content = offline_data(made, copy.bare_segments())
    context = replay_page.player_context(state, seat) | {
        "can_pin": False,
        "blind_because": "",
        "back_url": "",
        "score_url": "",
        "csrf_token": "",
        "can_rerun": False,
        "address": "",
        "query": "",
        "files": (),
    }
    return offline_page(content, context, title=f"Replay, {_title(seat)}")


def offline_data(made: index.Index, parts: Iterable[Segment]) -> bytes:
    """Index and bare segments, gzip, as the player in a file reads them."""
    bare = [msgspec.Raw(segments.encode(segment)) for segment in parts]
    return gzip.compress(msgspec.json.encode({"index": made, "segments": bare}), 9, mtime=0)


def offline_page(content: bytes, context: dict[str, Any], title: str) -> bytes:
    """One page with everything in it. Nothing in it may be fetched, and no script but its own may run."""
    # In a page `<!--` would change where the script ends; within strings and patterns, where it occurs, this is the same.
    script = _built("replay-offline.js").decode().replace("<!--", r"\x3C!--")
    if "</script" in script.lower():
        raise NotBuilt("The player cannot be put into a page.")
    style = _without_addresses(_built("app.css").decode() + _built("replay.css").decode())
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; font-src data:; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    page = environment.get_template("replay/offline.html").render(
        **context,
        title=title,
        policy=policy,
        style=style,
        script=script,
        data=base64.b64encode(content).decode(),
    )
    return page.encode()


def _built(name: str) -> bytes:
    path = assets.DIST / Path(built.path(name)).name
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotBuilt("The front end is not built; scripts/setup builds it.") from error


def _without_addresses(style: str) -> str:
    """The style sheet with its Latin fonts inside; other letters come from the reader's own fonts."""

    def face(found: re.Match[str]) -> str:
        named = re.search(r"url\(\"?\./([^)\"]+)\"?\)", found[0])
        if named is None or not named[1].startswith(FONTS):
            return ""
        font = base64.b64encode((assets.DIST / named[1]).read_bytes()).decode()
        return found[0].replace(named[0], f"url(data:font/woff2;base64,{font})")

    return re.sub(r"@font-face\s*\{[^}]*\}", face, style)


def _cast(state: Any, seat: Seat, copy: Copy) -> bytes:
    return exports.asciicast(_events(copy), _title(seat))


def _git(state: Any, seat: Seat, copy: Copy) -> bytes:
    people = {MemberId(person.member): person for person in index_of(state, seat, copy).people}
    return exports.git_bundle(_events(copy), people)


def _files(state: Any, seat: Seat, copy: Copy) -> bytes:
    return exports.as_zip(exports.files_at(_events(copy)))


_MAKERS = {"html": _html, "recording": _recording, "cast": _cast, "git": _git, "files": _files}


def answer(state: Any, seat: Seat, kind: str) -> Response[bytes]:
    name, content = make(state, seat, kind)
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type=TYPES[kind], headers=headers)


@get("/replay/{interview:str}/export/{kind:str}", sync_to_thread=True)
def export(request: Req, interview: str, kind: str) -> Response[bytes]:
    """A copy of what this viewer sees, as a file."""
    return answer(request.app.state, take_seat(request, interview), kind)


@get("/privacy/{token:str}/copy/{kind:str}", sync_to_thread=True)
def own_copy(request: Req, token: str, kind: str) -> Response[bytes]:
    """The candidate's own copy, from the page of their data, once the interview is over."""
    state = request.app.state
    guest = privacy.open_page(request, token)
    if not guest.interview.is_over:
        raise NotFound(kind)
    with state.store.read() as conn:
        people = tuple(members.list_for(conn, guest.link.owner_id, guest.interview.id))
    return answer(state, Seat(guest.interview, people, PUBLIC), kind)


def seat_for(state: Any, interview_id: str, viewer: str) -> Seat:
    """For the command line, which belongs to who owns the data folder. Raises NotFound."""
    with state.store.read() as conn:
        owner = interviews.owner_of(conn, InterviewId(interview_id))
        if owner is None:
            raise NotFound(interview_id)
        interview = interviews.load(conn, owner, interview_id)
        people = tuple(members.list_for(conn, owner, interview_id))
    if viewer == "candidate":
        return Seat(interview, people, PUBLIC)
    seat = Seat(interview, people, Viewer(INTERVIEWER.kind))
    return msgspec.structs.replace(seat, me=seat.lead, is_owner=True, all_in=True)


ROUTES = [export, own_copy]
