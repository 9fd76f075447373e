"""The public page that checks a report's file and publishes the fingerprints of the site's keys. Nothing of a file is kept."""

import asyncio
from typing import Any

import structlog
from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.response import Response

from room.scoring import limited, trust
from room.scoring.trust import Verdict
from room.store import reports, signing
from room.store.signing import Keys
from room.web.templating import page

Req = Request[Any, Any, Any]

log = structlog.get_logger()

UPLOAD_MAX = trust.FILE_MAX + 100_000


def keys_of(request: Req) -> Keys:
    """The site's keys; the first is made when there is none yet."""
    state = request.app.state
    folder = state.settings.report_keys_dir
    return signing.open_keys(folder, state.clock.wall_ms(), state.settings.public_url)


@get("/verify", sync_to_thread=True)
def show(request: Req) -> Response[Any]:
    return _page(request, None)


def _page(
    request: Req, verdict: Verdict | None, message: str = "", status: int = 200
) -> Response[Any]:
    return page(
        request,
        "report/verify.html",
        status=status,
        verdict=verdict,
        message=message,
        keys=keys_of(request).all(),
        most=trust.FILE_MAX // 1_000_000,
    )


@post(
    "/verify",
    status_code=200,
    opt={"csrf": "origin"},
    request_max_body_size=UPLOAD_MAX,
)
async def check(request: Req) -> Response[Any]:
    """Say what holds of the file that was sent."""
    sent = (await request.form()).get("file")
    content = await sent.read(UPLOAD_MAX) if isinstance(sent, UploadFile) else b""

    def work() -> Response[Any]:
        if not content:
            return _page(request, None, "Choose a file first.", 422)
        state = request.app.state
        with state.store.read() as conn:
            try:
                verdict = trust.verify(
                    content,
                    keys_of(request).all(),
                    standing=lambda hash_: reports.find_standing(conn, hash_),
                )
            except limited.Busy:
                sentence = "Another file is being checked just now. Try again in a moment."
                return _page(request, None, sentence, 503)
        log.info("report.verified", kind=verdict.kind, holds=verdict.holds)
        return _page(request, verdict)

    return await asyncio.to_thread(work)


ROUTES = [show, check]
