"""For those who run the server: is it alive, can it take people, what does it count."""

import asyncio
import secrets
from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.exceptions import NotFoundException
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest


@get("/health/live", media_type=MediaType.TEXT)
async def live() -> str:
    """The event loop answers."""
    return "alive\n"


@get("/health/ready", media_type=MediaType.TEXT)
async def ready(request: Request[Any, Any, Any]) -> Response[str]:
    """The database answers and the server is not going down; a missing code runner does not count, since rooms work without."""
    state = request.app.state
    if state.hub.is_draining:
        return Response("going down\n", status_code=503)
    if not await asyncio.to_thread(state.store.answers):
        return Response("the database does not answer\n", status_code=503)
    status = await state.runner.status()
    return Response("ready\n" if status.available else "ready, code cannot run\n")


@get("/metrics")
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The counters in Prometheus' text form, for who has the token; for everybody else there is nothing here."""
    token: str = request.app.state.settings.metrics_token
    given = request.headers.get("authorization", "")
    if not token or not secrets.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise NotFoundException
    request.app.state.hub.count()
    return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})


ROUTES = [live, ready, metrics]
