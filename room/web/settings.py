"""Settings of an account: name and zone, password, where it is signed in."""

from typing import Any

from litestar import Request, get, post
from litestar.response import Redirect, Response

from room.desk import accounts as desk_accounts
from room.store import accounts, members, throttle, web_sessions
from room.web import sockets
from room.web.auth import TRIES, TRIES_WINDOW_MS, find_session, require_account
from room.web.forms import Fields, Form
from room.web.templating import page


@get("/settings", sync_to_thread=True)
def show(request: Request[Any, Any, Any]) -> Response[Any]:
    return _page(request, {}, {})


def _page(
    request: Request[Any, Any, Any],
    typed: dict[str, Any],
    faults: dict[str, str],
    status: int = 200,
) -> Response[Any]:
    account = require_account(request)
    session = find_session(request)
    state = request.app.state
    with state.store.read() as conn:
        sessions = web_sessions.list_for(conn, account.id, state.clock.wall_ms())
    return page(
        request,
        "settings/settings.html",
        status=status,
        section="settings",
        typed={"name": account.name, "zone": account.zone} | typed,
        faults=faults,
        sessions=sessions,
        current=session.cookie_hash if session else "",
        said=request.query_params.get("said", ""),
    )


@post("/settings/profile", sync_to_thread=True, status_code=200)
def change_profile(request: Request[Any, Any, Any], data: Form) -> Response[Any]:
    account = require_account(request)
    fields = Fields(data)
    name = fields.name("name", "What are you called?")
    zone = fields.zone("zone")
    if fields.faults:
        return _page(request, fields.typed, fields.faults, 422)
    with request.app.state.store.begin() as conn:
        accounts.set_profile(conn, account.id, name=name, zone=zone)
    return Redirect("/settings?said=profile", status_code=303)


@post("/settings/password", sync_to_thread=True, status_code=200)
def change_password(request: Request[Any, Any, Any], data: Form) -> Response[Any]:
    """Change the password and sign out everywhere else. Guessing the old one is throttled like signing in."""
    account = require_account(request)
    session = find_session(request)
    state = request.app.state
    now_ms = state.clock.wall_ms()
    fields = Fields(data)
    old, new = fields.raw("old_password"), fields.raw("new_password")
    key = f"password:{account.id}"
    with state.store.read() as conn:
        wait_ms = throttle.wait_ms(conn, key, now_ms)
    if wait_ms:
        fields.fault("old_password", f"Too many tries. Wait {-(-wait_ms // 60_000)} minutes.")
    elif not desk_accounts.is_password(account, old):
        with state.store.begin() as conn:
            throttle.count_failure(conn, key, now_ms, limit=TRIES, window_ms=TRIES_WINDOW_MS)
        fields.fault("old_password", "That is not your password.")
    fault = desk_accounts.password_fault(new)
    if fault:
        fields.fault("new_password", fault)
    if fields.faults:
        return _page(request, {}, fields.faults, 422)
    new_hash = desk_accounts.hash_password(new)
    with state.store.begin() as conn:
        accounts.set_password(conn, account.id, new_hash)
        throttle.forget(conn, key)
    _end_others(request, account.id, session.cookie_hash if session else "")
    return Redirect("/settings?said=password", status_code=303)


@post("/settings/sign-out-elsewhere", sync_to_thread=True, status_code=200)
def sign_out_elsewhere(request: Request[Any, Any, Any]) -> Response[Any]:
    account = require_account(request)
    session = find_session(request)
    _end_others(request, account.id, session.cookie_hash if session else "")
    return Redirect("/settings?said=signed-out", status_code=303)


def _end_others(request: Request[Any, Any, Any], owner_id: str, keep: str) -> None:
    """End every other sign-in, and close the rooms that were entered with them."""
    state = request.app.state
    with state.store.begin() as conn:
        others = [
            one.cookie_hash
            for one in web_sessions.list_for(conn, owner_id, state.clock.wall_ms())
            if one.cookie_hash != keep
        ]
        ways_in = [
            way for one in others for way in members.sessions_of_sign_in(conn, owner_id, one)
        ]
        web_sessions.end_others(conn, owner_id, keep)
    for way in ways_in:
        sockets.close_member(request, way.interview_id, way.member_id, sockets.SIGNED_OUT)


ROUTES = [show, change_profile, change_password, sign_out_elsewhere]
