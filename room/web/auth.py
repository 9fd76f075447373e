"""Sign-in and sign-out of interviewers."""

from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from litestar import Request, get, post
from litestar.connection import ASGIConnection
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException
from litestar.params import Body
from litestar.response import Redirect, Response

from room.desk import accounts as desk_accounts
from room.store import accounts, members, throttle, web_sessions
from room.store.accounts import Account
from room.store.web_sessions import WebSession
from room.web import cookies, sockets
from room.web.templating import page

Form = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]
Connection = ASGIConnection[Any, Any, Any, Any]

TRIES = 5
TRIES_WINDOW_MS = 10 * 60_000
ADDRESS_TRIES = 30
ADDRESS_WINDOW_MS = 60_000


class SignInFirst(HTTPException):
    """The page is for somebody who is signed in."""

    status_code = 401

    def __init__(self, next_path: str) -> None:
        super().__init__("Sign in to open this.")
        self.next_path = next_path


def find_session(connection: Connection) -> WebSession | None:
    """The sign-in of this browser; looked up once a request."""
    state: dict[str, Any] = connection.scope["state"]
    if "web_session" not in state:
        cookie = connection.cookies.get(cookies.SESSION)
        store, now_ms = connection.app.state.store, connection.app.state.clock.wall_ms()
        session = None
        if cookie:
            with store.read() as conn:
                session = web_sessions.find(conn, cookie, now_ms)
        if session is not None and web_sessions.is_stale(session, now_ms):
            with store.begin() as conn:
                web_sessions.touch(conn, session, now_ms)
        state["web_session"] = session
    found: WebSession | None = state["web_session"]
    return found


def find_account(connection: Connection) -> Account | None:
    """Who is signed in; the demo's account is nobody where others can reach this server."""
    state: dict[str, Any] = connection.scope["state"]
    if "account" not in state:
        session = find_session(connection)
        account = None
        if session is not None:
            with connection.app.state.store.read() as conn:
                account = accounts.load(conn, session.owner_id)
            if account.is_demo and not connection.app.state.settings.has_demo:
                account = None
        state["account"] = account
    found: Account | None = state["account"]
    return found


def require_account(request: Request[Any, Any, Any]) -> Account:
    """Who is signed in.

    Raises:
        SignInFirst: nobody; it becomes a redirect to the sign-in page, and from there straight back.
    """
    account = find_account(request)
    if account is None:
        query = f"?{request.url.query}" if request.url.query else ""
        raise SignInFirst(request.url.path + query if request.method == "GET" else "/desk")
    return account


def safe_next(target: str) -> str:
    """A path of ours to go on to; anything else is the desk."""
    parts = urlsplit(target)
    is_ours = (
        target.startswith("/")
        and not target.startswith(("//", "/\\"))
        and not parts.netloc
        and not parts.scheme
    )
    return (
        target
        if is_ours and all(c.isprintable() for c in target) and "\\" not in target
        else "/desk"
    )


@get("/", sync_to_thread=True)
def front(request: Request[Any, Any, Any]) -> Response[Any]:
    return Redirect("/desk" if find_account(request) else "/sign-in", status_code=303)


@get("/sign-in", sync_to_thread=True)
def show_sign_in(request: Request[Any, Any, Any]) -> Response[Any]:
    target = safe_next(request.query_params.get("next", "/desk"))
    if find_account(request) is not None:
        return Redirect(target, status_code=303)
    return _sign_in_page(request, target=target, was_sent="next" in request.query_params)


@post("/sign-in", opt={"csrf": "origin"}, sync_to_thread=True, status_code=200)
def sign_in(request: Request[Any, Any, Any], data: Form) -> Response[Any]:
    """Check e-mail and password. An unknown address and a wrong password get the same answer after the same work."""
    target = safe_next(data.get("next", "/desk"))
    email, password = accounts.normal_email(data.get("email", ""))[:320], data.get("password", "")
    state = request.app.state
    now_ms = state.clock.wall_ms()
    by_address = f"address:{request.client.host if request.client else ''}"
    by_account = f"account:{email}"
    with state.store.read() as conn:
        address_wait_ms = throttle.wait_ms(conn, by_address, now_ms)
        account_wait_ms = throttle.wait_ms(conn, by_account, now_ms)
        account = accounts.find_by_email(conn, email)
    if account is not None and account.is_demo and not state.settings.has_demo:
        account = None
    if address_wait_ms:
        seconds = -(-address_wait_ms // 1000)
        return _sign_in_page(
            request,
            target=target,
            email=email,
            status=429,
            error=f"That was a lot at once. You can try again in {seconds} seconds.",
        )
    if account_wait_ms:
        minutes = -(-account_wait_ms // 60_000)
        unit = "minute" if minutes == 1 else "minutes"
        return _sign_in_page(
            request,
            target=target,
            email=email,
            status=429,
            error=f"Too many tries. Wait {minutes} {unit}.",
        )
    if not desk_accounts.is_password(account, password) or account is None:
        with state.store.begin() as conn:
            throttle.count_failure(conn, by_account, now_ms, limit=TRIES, window_ms=TRIES_WINDOW_MS)
            throttle.count_failure(
                conn, by_address, now_ms, limit=ADDRESS_TRIES, window_ms=ADDRESS_WINDOW_MS
            )
        return _sign_in_page(
            request,
            target=target,
            email=email,
            status=422,
            error="Email and password do not match.",
        )
    new_hash = (
        desk_accounts.hash_password(password) if desk_accounts.needs_new_hash(account) else None
    )
    old = find_session(request)
    with state.store.begin() as conn:
        throttle.forget(conn, by_account)
        web_sessions.end_expired(conn, now_ms)
        throttle.forget_old(conn, now_ms - 24 * 3600 * 1000)
        if new_hash:
            accounts.set_password(conn, account.id, new_hash)
        if old is not None:
            web_sessions.end(conn, old.cookie_hash)
        cookie = web_sessions.start(
            conn, account.id, browser=request.headers.get("user-agent", ""), now_ms=now_ms
        )
    response = Redirect(target, status_code=303)
    response.set_cookie(cookies.sign_in(state.settings, cookie, web_sessions.LIFETIME_MS // 1000))
    return response


@post("/sign-out", sync_to_thread=True, status_code=200)
def sign_out(request: Request[Any, Any, Any]) -> Response[Any]:
    """End this browser's sign-in, and with it the rooms that it is in."""
    session = find_session(request)
    if session is not None:
        with request.app.state.store.begin() as conn:
            ways_in = members.sessions_of_sign_in(conn, session.owner_id, session.cookie_hash)
            web_sessions.end(conn, session.cookie_hash)
        for way_in in ways_in:
            sockets.close_member(request, way_in.interview_id, way_in.member_id, sockets.SIGNED_OUT)
    response = Redirect("/sign-in", status_code=303)
    response.set_cookie(cookies.sign_out(request.app.state.settings))
    return response


def sign_in_path(next_path: str) -> str:
    """The address of the sign-in page that leads back to ``next_path``."""
    return f"/sign-in?next={quote(next_path, safe='/')}"


def _sign_in_page(
    request: Request[Any, Any, Any],
    *,
    target: str,
    email: str = "",
    error: str = "",
    status: int = 200,
    was_sent: bool = False,
) -> Response[Any]:
    return page(
        request,
        "auth/sign_in.html",
        status=status,
        next=target,
        email=email,
        error=error,
        was_sent=was_sent,
    )


ROUTES = [front, show_sign_in, sign_in, sign_out]
