"""What a page says when the key of its recording was destroyed: the promise was kept, nothing went wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

from room.store.sealing import KeyDestroyed
from room.web.errors import Gone


@contextmanager
def unless_deleted() -> Iterator[None]:
    """Raises `Gone` in the house's words where the recording was deleted."""
    try:
        yield
    except KeyDestroyed as error:
        raise deleted() from error


def deleted() -> Gone:
    return Gone(
        "This was deleted, as promised.",
        "The recording and everything made from it are gone. Only the date remains.",
    )
