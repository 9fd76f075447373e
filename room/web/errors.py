"""What went wrong, as a page with the words of the house: what happened, what is safe, what to do next."""

import base64
import secrets
from typing import Any

import structlog
from litestar import Request
from litestar.exceptions import HTTPException
from litestar.response import Redirect, Response

from room.store.engine import NotFound
from room.web.auth import SignInFirst, sign_in_path
from room.web.templating import page

log = structlog.get_logger()


class Gone(HTTPException):
    """A link that was issued once and does not work any more. It names nobody."""

    status_code = 410

    def __init__(self, title: str, sentence: str) -> None:
        super().__init__(title)
        self.title = title
        self.sentence = sentence


def error_code(random: bytes) -> str:
    """A code to say on the phone, such as ``7F3K-22``: six characters from six bytes, without 0, 1, I and O."""
    letters = base64.b32encode(random).decode().replace("I", "8").replace("O", "9")
    return f"{letters[:4]}-{letters[4:6]}"


def _message(
    request: Request[Any, Any, Any], status: int, title: str, sentence: str, **more: Any
) -> Response[Any]:
    template = "errors/part.html" if request.headers.get("hx-request") else "errors/page.html"
    return page(
        request, template, status=status, title=title, sentence=sentence, **({"code": ""} | more)
    )


def on_not_found(request: Request[Any, Any, Any], _error: Exception) -> Response[Any]:
    return _message(
        request,
        404,
        "There is nothing here.",
        "The address may be mistyped, or the page was removed.",
    )


def on_sign_in_first(request: Request[Any, Any, Any], error: SignInFirst) -> Response[Any]:
    target = sign_in_path(error.next_path)
    if request.headers.get("hx-request"):
        return Response(b"", status_code=401, headers={"HX-Redirect": target})
    return Redirect(target, status_code=303)


def on_gone(request: Request[Any, Any, Any], error: Gone) -> Response[Any]:
    return _message(request, 410, error.title, error.sentence)


def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    match error.status_code:
        case 404:
            return on_not_found(request, error)
        case 403:
            return _message(request, 403, "That was not taken.", error.detail)
        case 405:
            return _message(
                request,
                405,
                "That does not work here.",
                "Open the page from the link that led to it.",
            )
        case 413:
            return _message(
                request, 413, "That is too large.", "Send less at once. Nothing was changed."
            )
        case status if status < 500:
            return _message(
                request,
                status,
                "That was not understood.",
                "Go back, look at what you sent, and try again.",
            )
        case _:
            return on_fault(request, error)


def on_fault(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    code = error_code(secrets.token_bytes(6))
    log.error(
        "request.failed", code=code, method=request.method, route=_route(request), exc_info=error
    )
    return _message(
        request,
        500,
        "That did not work, and it is our fault.",
        "Nothing you typed was lost. Try again; if it happens twice, send us this code:",
        code=code,
    )


def _route(request: Request[Any, Any, Any]) -> str:
    """The handler's pattern: an address may hold a token, and tokens are not logged."""
    return str(request.scope.get("path_template", ""))


HANDLERS: dict[Any, Any] = {
    NotFound: on_not_found,
    SignInFirst: on_sign_in_first,
    Gone: on_gone,
    HTTPException: on_http,
    Exception: on_fault,
}
