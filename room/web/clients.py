"""Clients: the list, and one to make or change."""

from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.response import Redirect, Response

from room.desk import overview
from room.store import clients, interviews, rubrics
from room.store.accounts import Account
from room.store.clients import RETENTION_DAYS, Client
from room.store.engine import NotFound
from room.web import sockets
from room.web.auth import require_account
from room.web.forms import Fields, Form
from room.web.templating import page

LONGEST_RETENTION_DAYS = 3650


@get("/clients", sync_to_thread=True)
def show_list(request: Request[Any, Any, Any]) -> Response[Any]:
    account = require_account(request)
    with request.app.state.store.read() as conn:
        rows = clients.list_for(conn, account.id)
        held = [one.client_id for one in interviews.list_for(conn, account.id)]
    counted = [(client, held.count(client.id)) for client in rows]
    return page(request, "clients/list.html", section="clients", clients=counted)


@get("/clients/new", sync_to_thread=True)
def show_new(request: Request[Any, Any, Any]) -> Response[Any]:
    account = require_account(request)
    return _form(request, account, None, {"zone": account.zone, "retention_days": RETENTION_DAYS})


@post("/clients", sync_to_thread=True, status_code=200)
def create(request: Request[Any, Any, Any], data: Form) -> Response[Any]:
    account = require_account(request)
    fields = Fields(data)
    values = _read(request, account, fields)
    if fields.faults:
        return _form(request, account, None, fields.typed, fields.faults)
    with request.app.state.store.begin() as conn:
        client = clients.create(
            conn, account.id, now_ms=request.app.state.clock.wall_ms(), **values
        )
    return Redirect(f"/clients/{client.id}", status_code=303)


@get("/clients/{client_id:str}", sync_to_thread=True)
def show_one(request: Request[Any, Any, Any], client_id: str) -> Response[Any]:
    account = require_account(request)
    with request.app.state.store.read() as conn:
        client = clients.load(conn, account.id, client_id)
    return _form(request, account, client, msgspec.structs.asdict(client))


@post("/clients/{client_id:str}", sync_to_thread=True, status_code=200)
def change(request: Request[Any, Any, Any], client_id: str, data: Form) -> Response[Any]:
    """Change a client; interviews that are planned keep what was agreed for them."""
    account = require_account(request)
    fields = Fields(data)
    values = _read(request, account, fields)
    with request.app.state.store.begin() as conn:
        client = clients.load(conn, account.id, client_id)
        if not fields.faults:
            clients.save(conn, msgspec.structs.replace(client, **values))
    if fields.faults:
        return _form(request, account, client, fields.typed, fields.faults)
    return Redirect(f"/clients/{client.id}?saved=1", status_code=303)


def _read(request: Request[Any, Any, Any], account: Account, fields: Fields) -> dict[str, Any]:
    rubric_id: str | None = fields.raw("rubric_id") or None
    if rubric_id is not None:
        with request.app.state.store.read() as conn:
            try:
                rubrics.load(conn, account.id, rubric_id)
            except NotFound:
                fields.fault("rubric_id", "Choose a rubric from the list.")
    return {
        "name": fields.name("name", "What is the client called?"),
        "city": fields.name("city"),
        "zone": fields.zone("zone"),
        "contact": fields.name("contact"),
        "about": fields.text("about"),
        "retention_days": fields.whole("retention_days", 1, LONGEST_RETENTION_DAYS),
        "rubric_id": rubric_id,
    }


def _form(
    request: Request[Any, Any, Any],
    account: Account,
    client: Client | None,
    typed: dict[str, Any],
    faults: dict[str, str] | None = None,
) -> Response[Any]:
    now_ms = request.app.state.clock.wall_ms()
    with request.app.state.store.read() as conn:
        mine = [
            one
            for one in interviews.list_for(conn, account.id)
            if client and one.client_id == client.id
        ]
        rows = overview.rows_of(
            conn, account, mine, now_ms, lambda one: sockets.open_state(request, one)
        )
        all_rubrics = rubrics.list_for(conn, account.id)
    return page(
        request,
        "clients/one.html",
        status=422 if faults else 200,
        section="clients",
        client=client,
        typed=typed,
        faults=faults or {},
        rubrics=all_rubrics,
        rows=rows,
        is_saved="saved" in request.query_params,
    )


ROUTES = [show_list, show_new, create, show_one, change]
