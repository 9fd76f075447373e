"""The composition root: one process's parts, put together and taken apart again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
import uvicorn
from litestar import Litestar, Router
from litestar.datastructures import CacheControlHeader, State
from litestar.static_files import create_static_files_router

from room.clock import Clock, SystemClock
from room.config import Settings, load_site_key
from room.store.engine import Store
from room.store.sealing import Seals
from room.web import assets, auth, errors, security

log = structlog.get_logger()

PAGES = (auth,)


def create_app(settings: Settings, *, clock: Clock | None = None) -> Litestar:
    """The whole product on these settings. The data folder is taken when it starts and given back when it stops."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        store = await asyncio.to_thread(Store.open, settings)
        app.state.store = store
        app.state.seals = Seals(load_site_key(settings))
        try:
            yield
        finally:
            await asyncio.to_thread(store.close)

    static = create_static_files_router(
        path="/static/dist",
        directories=[assets.DIST],
        cache_control=CacheControlHeader(public=True, max_age=31_536_000, immutable=True),
    )
    # One router for all: a path whose handlers are registered one after the other would call its first ones in two threads.
    pages = Router("/", route_handlers=[route for page in PAGES for route in page.ROUTES])
    app = Litestar(
        route_handlers=[static, pages],
        lifespan=[lifespan],
        before_request=security.check_form,
        exception_handlers=errors.HANDLERS,
        state=State({"settings": settings, "clock": clock or SystemClock()}),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=2 * 1024 * 1024,
    )
    app.asgi_handler = security.SecurityHeaders(app.asgi_handler, is_https=settings.is_https)
    return app


def serve(settings: Settings) -> None:
    """Run until the process is told to stop."""
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        ws="websockets-sansio",
        proxy_headers=False,
        server_header=False,
        access_log=False,
    )
