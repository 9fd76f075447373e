"""A client's logo: whatever is sent becomes a small PNG, drawn anew in the limited child, or is refused with a sentence.

SVG is refused, not drawn: it can hold script and addresses. What the picture carried besides its pixels is gone.
"""

import io

import msgspec

from room.scoring import limited

BYTES_MAX = 1_500_000
WIDTH_MAX, HEIGHT_MAX = 600, 160
"""Pixels of the PNG; a larger picture is made smaller."""
PIXELS_MAX = 40_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


class BadLogo(ValueError):
    """It cannot be used. Its text is a sentence for the person who sent it."""


class Logo(msgspec.Struct, frozen=True):
    png: bytes
    width: int
    height: int


_decoder = msgspec.msgpack.Decoder(Logo)


def draw(sent: bytes) -> Logo:
    """The picture as a PNG of our own.

    Raises:
        BadLogo: it is too large, or none of the four formats.
        limited.Busy: others are being drawn.
    """
    if len(sent) > BYTES_MAX:
        raise BadLogo("A logo has 1.5 MB at most. Send a smaller picture.")
    if not sent:
        raise BadLogo("The file is empty.")
    try:
        return _decoder.decode(limited.run("logo", sent))
    except limited.Failed as error:
        raise BadLogo("This is no picture that can be used. Send a PNG, JPEG, WebP or GIF.") from error  # fmt: skip


def prepare() -> None:
    """Import the picture library once, for all children that are forked from here."""
    from PIL import Image  # noqa: PLC0415 -- loaded in that process only

    Image.preinit()
    Image.init()


def draw_in_child(sent: bytes) -> bytes:
    """The work of `draw`, without trust in what was sent."""
    from PIL import Image  # noqa: PLC0415

    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    with Image.open(io.BytesIO(sent), formats=FORMATS) as picture:
        if picture.width * picture.height > PIXELS_MAX:
            raise ValueError("too many pixels")
        picture.load()
        drawn = picture.convert("RGBA")
    drawn.thumbnail((WIDTH_MAX, HEIGHT_MAX))
    # Only pixels go on: no profile, no comment, no date.
    plain = Image.frombytes("RGBA", drawn.size, drawn.tobytes())
    out = io.BytesIO()
    plain.save(out, "PNG", optimize=True)
    return msgspec.msgpack.encode(Logo(out.getvalue(), *plain.size))
