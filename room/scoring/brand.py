"""A client's name, colour and logo on a report. Pure, but for the logo's bytes, which were drawn by `logo`.

The colour is a line above the report and nothing else, never under or as text. It is drawn as light or dark as it must be to
be seen on the page (WCAG 2.2, 1.4.11: a contrast of 3 to 1).
"""

import base64
import re

import msgspec

LIGHT_PAGE, DARK_PAGE = "#ffffff", "#191a1d"
SEEN = 3.0


class Brand(msgspec.Struct, frozen=True):
    name: str = ""
    light: str = ""
    """The colour on a white page, ``#rrggbb``; empty: none."""
    dark: str = ""
    logo: bytes | None = None

    @property
    def logo_address(self) -> str:
        """The picture itself, for a page on the screen."""
        return f"data:image/png;base64,{base64.b64encode(self.logo or b'').decode()}"


def make(name: str, colour: str, logo: bytes | None) -> Brand:
    return Brand(
        name,
        seen_on(colour, LIGHT_PAGE) if colour else "",
        seen_on(colour, DARK_PAGE) if colour else "",
        logo,
    )


def read_colour(written: str) -> str | None:
    """``#rrggbb`` from what was typed (``#abc``, ``AABBCC``); empty for nothing, None when it is no colour."""
    typed = written.strip().lower().removeprefix("#")
    if not typed:
        return ""
    if re.fullmatch(r"[0-9a-f]{3}", typed):
        typed = "".join(c * 2 for c in typed)
    return f"#{typed}" if re.fullmatch(r"[0-9a-f]{6}", typed) else None


def contrast(one: str, other: str) -> float:
    """Of two colours, 1 to 21 (WCAG 2.2, contrast ratio)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def seen_on(colour: str, page: str) -> str:
    """The colour, moved towards black or white until it is seen on the page."""
    goal = 0 if _luminance(page) > 0.5 else 255
    channels = _channels(colour)
    for step in range(21):
        moved = "#" + "".join(f"{round(c + (goal - c) * step / 20):02x}" for c in channels)
        if contrast(moved, page) >= SEEN:
            return moved
    raise AssertionError("black and white are seen on every page")  # pragma: no cover


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in _channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
