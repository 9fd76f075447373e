"""The cookies: one for a sign-in, one for each member that this browser came in as."""

from litestar.datastructures import Cookie

from room.config import Settings

SESSION = "room_session"
MEMBER = "room_"
"""Followed by the member's id."""


def sign_in(settings: Settings, value: str, max_age_s: int) -> Cookie:
    return _cookie(settings, SESSION, value, max_age_s)


def sign_out(settings: Settings) -> Cookie:
    return _cookie(settings, SESSION, "", 0)


def member(settings: Settings, member_id: str, value: str, max_age_s: int) -> Cookie:
    return _cookie(settings, MEMBER + member_id, value, max_age_s)


def _cookie(settings: Settings, name: str, value: str, max_age_s: int) -> Cookie:
    return Cookie(
        key=name,
        value=value,
        max_age=max_age_s,
        path="/",
        httponly=True,
        secure=settings.is_https,
        samesite="lax",
    )
