"""The composition root: one process's parts, put together and taken apart again."""

import asyncio
import hashlib
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog
import uvicorn
from litestar import Litestar, Router
from litestar.datastructures import State

from room import memory
from room.clock import Clock, SystemClock
from room.config import Settings
from room.demo.first_start import Welcome, prepare
from room.desk import retention
from room.pauses import Collector
from room.realtime.hub import Hub
from room.replay import keeping
from room.sandbox.runner import Runner
from room.scoring import limited
from room.session.ids import InterviewId
from room.store import interviews, journal
from room.store.engine import Store
from room.store.sealing import KeyDestroyed, Seals
from room.store.signing import open_keys
from room.web import (
    assets,
    auth,
    clients,
    course,
    desk,
    errors,
    health,
    join,
    live,
    people,
    privacy,
    questions,
    recordings,
    replay,
    replay_files,
    replay_rerun,
    report,
    rubrics,
    score,
    security,
    terms,
    verify,
)
from room.web import interviews as interview_pages
from room.web import room as room_page
from room.web import settings as settings_page
from room.web.house import Rows
from room.web.socket import DirectSocket

log = structlog.get_logger()

DELETE_EVERY_S = 3600
TEND_EVERY_S = 20
COLLECT_EVERY_S = 2
SWITCH_S = 0.001
WARM_AFTER_S = 5

PAGES = (
    assets,
    auth,
    desk,
    interview_pages,
    course,
    people,
    clients,
    questions,
    join,
    privacy,
    settings_page,
    health,
    live,
    room_page,
    replay,
    replay_files,
    replay_rerun,
    recordings,
    score,
    report,
    rubrics,
    terms,
    verify,
)


def create_app(
    settings: Settings, *, clock: Clock | None = None, with_demo: bool = False
) -> Litestar:
    """The whole product on these settings. The data folder is taken when it starts and given back when it stops.

    ``with_demo``: prepare the demo before the first request, and print where to go.
    """

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        store = await asyncio.to_thread(Store.open, settings)
        app.state.store = store
        app.state.loop = asyncio.get_running_loop()
        app.state.seals = Seals.open(settings)
        await asyncio.to_thread(_look_after_keys, store, app.state.seals)
        open_keys(settings.report_keys_dir, app.state.clock.wall_ms(), settings.public_url)
        try:
            async with _runner(settings) as runner:
                app.state.runner = runner
                app.state.hub = hub = Hub(
                    store=store,
                    seals=app.state.seals,
                    clock=app.state.clock,
                    runner=runner,
                    house=Rows(store, app.state.clock),
                    data_dir=settings.data_dir,
                )
                hub.start()
                await _finish_ended(store, hub)
                if with_demo:
                    now_ms = app.state.clock.wall_ms()
                    seals = app.state.seals
                    _print_welcome(settings, await prepare(settings, store, seals, runner, now_ms))
                await asyncio.to_thread(replay.prepare, store, app.state.seals)
                tending = [
                    asyncio.create_task(_delete_as_promised(app, hub), name="retention"),
                    asyncio.create_task(_tend_recordings(app), name="recordings"),
                    asyncio.create_task(_tend_memory(hub), name="memory"),
                ]
                try:
                    yield
                finally:
                    for task in tending:
                        task.cancel()
                    await asyncio.gather(*tending, return_exceptions=True)
                    await hub.close()
        finally:
            await asyncio.to_thread(store.close)

    # One router for all: a path whose handlers are registered one after the other would call its first ones in two threads.
    pages = Router("/", route_handlers=[route for page in PAGES for route in page.ROUTES])
    app = Litestar(
        route_handlers=[pages],
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


def _look_after_keys(store: Store, seals: Seals) -> None:
    with store.begin() as conn:
        seals.halve(conn)
        missing = len(seals.without_half(conn))
    if missing:
        log.error(
            "keys.halves_missing",
            sessions=missing,
            hint="These recordings cannot be opened: keys/sessions in the data folder lacks their halves of the keys. After a "
            "restore those deleted since the backup are among them; for the others bring that folder back.",
        )


async def _delete_as_promised(app: Litestar, hub: Hub) -> None:
    """Erase what is due, now and every hour. A failure is logged and tried again."""
    while True:
        try:
            for interview in await asyncio.to_thread(_due, app):
                await hub.put_away(InterviewId(interview.id))
                await asyncio.to_thread(_erase, app, interview)
                log.info("interview.deleted", session=interview.id)
        except Exception:
            log.exception("retention.failed")
        await asyncio.sleep(DELETE_EVERY_S)


async def _tend_recordings(app: Litestar) -> None:
    """Prepare the replay of interviews that ended, and pack the journals of closed ones, block by block.

    Now and every few seconds, so that whoever looks after the interview need not wait. A journal that does not hold stays.
    """
    broken: set[InterviewId] = set()
    without: set[InterviewId] = set()
    while True:
        try:
            await _keep_reels(app, without)
            for session in await asyncio.to_thread(_unpacked, app):
                if session in broken:
                    continue
                try:
                    while await asyncio.to_thread(
                        journal.pack_next, app.state.store, app.state.seals, session
                    ):
                        pass
                except (journal.BrokenChain, KeyDestroyed) as error:
                    broken.add(session)
                    log.warning("packing.refused", session=session, reason=str(error))
            await _keep_reels(app, without)
        except Exception:
            log.exception("packing.failed")
        await asyncio.sleep(TEND_EVERY_S)


async def _tend_memory(hub: Hub) -> None:
    collector = Collector()
    try:
        while True:
            await asyncio.sleep(COLLECT_EVERY_S)
            collector.tend(is_quiet=not hub.seated)
    finally:
        collector.end()


async def _keep_reels(app: Litestar, without: set[InterviewId]) -> None:
    for session in await asyncio.to_thread(keeping.missing, app.state.store):
        if session in without:
            continue
        try:
            await keeping.keep(app.state.store, app.state.seals, session)
        except keeping.NotKept as error:
            without.add(session)
            log.warning("replay.not_prepared", session=session, reason=str(error))


def _unpacked(app: Litestar) -> list[InterviewId]:
    with app.state.store.read() as conn:
        return journal.unpacked(conn)


def _due(app: Litestar) -> list[interviews.Interview]:
    with app.state.store.read() as conn:
        return retention.due(conn, app.state.clock.wall_ms())


def _erase(app: Litestar, interview: interviews.Interview) -> None:
    with app.state.store.begin() as conn:
        retention.erase(conn, app.state.seals, interview)


def _runner(settings: Settings) -> AbstractAsyncContextManager[Runner]:
    return Runner.open(
        docker_host=settings.docker_host or None,
        runtime=settings.sandbox_runtime,
        runs_at_once=settings.runs_at_once,
        reuse=settings.reuse_boxes == "auto",
        worker=hashlib.sha256(str(settings.data_dir.resolve()).encode()).hexdigest()[:16],
    )


def _print_welcome(settings: Settings, welcome: Welcome | None) -> None:
    lines = [f"Room is at {settings.public_url}"]
    if welcome is not None:
        lines += [
            f"  sign in      {settings.public_url}/sign-in",
            f"               {welcome.email}  {welcome.password}",
            f"  lead         {welcome.lead_url}",
            f"  candidate    {welcome.candidate_url}",
        ]
    print("\n".join(lines), flush=True)  # noqa: T201 - what the person who started it waits for


async def _finish_ended(store: Store, hub: Hub) -> None:
    """Open the rooms whose end can still be undone: their journals close when the time is over."""

    def find() -> list[InterviewId]:
        with store.read() as conn:
            return [InterviewId(one) for one in interviews.not_closed(conn)]

    for interview in await asyncio.to_thread(find):
        try:
            await hub.room(interview)
        except LookupError:
            log.warning("app.no_recording", session=interview)


def serve(settings: Settings) -> None:
    """Run until the process is told to stop."""
    memory.share_arenas()
    # The first PDF need not wait for a layout engine; when everything else has started.
    warming = threading.Timer(WARM_AFTER_S, limited.warm)
    warming.daemon = True
    warming.start()
    # A key must not wait five milliseconds while another thread seals what others typed.
    sys.setswitchinterval(SWITCH_S)
    uvicorn.run(
        create_app(settings, with_demo=settings.has_demo),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        ws=DirectSocket,
        ws_max_size=8 * 1024 * 1024,
        ws_per_message_deflate=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=",".join(settings.proxies),
        server_header=False,
        access_log=False,
        log_config=None,
    )
