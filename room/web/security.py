"""What stands around every answer: the security headers with a fresh nonce, and who may send a form.

A form is taken when two things hold: it comes from our own pages (Origin, or Sec-Fetch-Site where `no-referrer` made the browser
send `Origin: null`), and it carries the token of a session that the browser has. Lobby and sign-in, where there is no session
yet, set `opt={"csrf": "origin"}` and are held by the first alone.
"""

import asyncio
import secrets
from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.exceptions import PermissionDeniedException
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from room.web import access, auth

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
INLINE_STYLES = ("/room/", "/replay/", "/recordings/")
"""Pages whose editor and terminal write `<style>` elements by themselves."""


class SecurityHeaders:
    """The outermost ASGI layer: it also covers answers to addresses that no handler has."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self._app = app
        self._is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope["state"]["nonce"] = nonce
        added = self._headers(scope["path"], nonce)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(h for h in added if h[0] not in present),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _headers(self, path: str, nonce: str) -> list[tuple[bytes, bytes]]:
        inline = " 'unsafe-inline'" if path.startswith(INLINE_STYLES) else f" 'nonce-{nonce}'"
        policy = (
            f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'{inline}; img-src 'self' data:; "
            "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
            "manifest-src 'self'; object-src 'none'"
        )
        headers = [
            (b"content-security-policy", policy.encode()),
            (b"referrer-policy", b"no-referrer"),
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"DENY"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (
                b"permissions-policy",
                b"camera=(), microphone=(), geolocation=(), display-capture=()",
            ),
            (b"cache-control", b"no-store"),
        ]
        if self._is_https:
            headers.append((b"strict-transport-security", b"max-age=31536000"))
        return headers


async def check_form(request: Request[Any, Any, Any]) -> None:
    """Runs before every handler. Raises PermissionDeniedException for a form that is not ours."""
    if request.method in SAFE_METHODS:
        return
    if not is_from_here(request):
        address = request.app.state.settings.public_url
        raise PermissionDeniedException(
            f"This was sent from another page than Room’s own at {address}. Open it there."
        )
    if request.route_handler.opt.get("csrf") == "origin":
        return
    token = request.headers.get("x-csrf") or await _form_token(request)
    if not await asyncio.to_thread(_is_token_of, request, token):
        raise PermissionDeniedException(
            "This page was open too long, or you signed in again meanwhile. Reload it and try again."
        )


def is_from_here(request: Request[Any, Any, Any]) -> bool:
    """Whether the browser says that one of our own pages sent this; a program that is no browser says nothing."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    if origin is None:
        return site in {None, "same-origin"}
    if origin == "null":  # our own pages send it with a form, because they say no-referrer
        return site == "same-origin"
    return bool(origin == request.app.state.settings.public_url)


async def _form_token(request: Request[Any, Any, Any]) -> str:
    kind = request.headers.get("content-type", "")
    if not kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        return ""
    return str((await request.form()).get("csrf", ""))


def _is_token_of(request: Request[Any, Any, Any], token: str) -> bool:
    if not token:
        return False
    session = auth.find_session(request)
    expected = [session.csrf] if session else []
    expected += [member_session.csrf for _, member_session in access.all_members(request)]
    return any(secrets.compare_digest(token.encode(), one.encode()) for one in expected)
