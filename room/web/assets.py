"""The built front end: which file a page's script or style sheet is in now, and its bytes.

The build leaves each text file in gzip and brotli beside it, so nothing is compressed while somebody waits. These files hold no
secret; answers that do are never compressed together with what a visitor sent.
"""

import functools
import json
import mimetypes
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import structlog
from litestar import Request, route
from litestar.response import Response

import room

log = structlog.get_logger()

PROJECT = Path(room.__file__).parents[1]
DIST = PROJECT / "static" / "dist"
TEMPLATES = PROJECT / "templates"


class Assets:
    """Names of `dist/manifest.json`, read again when the front end was built again."""

    def __init__(self, dist: Path = DIST) -> None:
        self._manifest = dist / "manifest.json"
        self._read_at_ns = -1
        self._files: dict[str, str] = {}
        self._parts: dict[str, list[str]] = {}

    def parts(self, name: str) -> list[str]:
        """The addresses of what a page's script cannot start without, for the page to ask for them at once."""
        self._read()
        return [f"/static/dist/{part}" for part in self._parts.get(name, ())]

    def path(self, name: str) -> str:
        """The address of ``app.css`` and the like; an unbuilt name leads to an address that answers 404."""
        self._read()
        if name not in self._files:
            log.warning(
                "asset.missing", name=name, hint="the front end is not built, or the name is wrong"
            )
        return f"/static/dist/{self._files.get(name, name)}"

    def _read(self) -> None:
        try:
            changed_at_ns = self._manifest.stat().st_mtime_ns
        except FileNotFoundError:
            changed_at_ns = 0
        if changed_at_ns != self._read_at_ns:
            self._read_at_ns = changed_at_ns
            self._files = json.loads(self._manifest.read_bytes()) if changed_at_ns else {}
            parts = self._manifest.with_name("parts.json")
            self._parts = json.loads(parts.read_bytes()) if parts.exists() else {}


FOR_EVER = "public, max-age=31536000, immutable"
"""A name has the hash of its content, but for the lists of names."""
ASK_AGAIN = "no-cache"
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


@functools.lru_cache(maxsize=256)
def _content(path: Path, changed_at_ns: int) -> bytes:
    return path.read_bytes()


def _find(path: Path) -> bytes | None:
    try:
        return _content(path, path.stat().st_mtime_ns) if path.is_file() else None
    except (OSError, ValueError):  # a name that no file can have
        return None


def read_ahead(paths: Iterable[str]) -> None:
    """Hold built files in memory, in all their forms, before somebody asks for them."""
    mimetypes.init()
    for path in paths:
        for suffix in ("", *(suffix for _, suffix in ENCODINGS)):
            _find(DIST / (Path(path).name + suffix))


def accepted(header: str) -> frozenset[str]:
    """The encodings that an Accept-Encoding header takes; those with ``q=0`` are refused."""
    taken = set()
    for one in header.split(","):
        name, _, rest = one.partition(";")
        quality = rest.strip().lower().removeprefix("q=")
        if quality.strip("0.") or not rest:
            taken.add(name.strip().lower())
    return frozenset(taken)


@route("/static/dist/{name:str}", http_method=["GET", "HEAD"], sync_to_thread=True)
def built(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
    """A built file, in the smallest form that the browser takes."""
    ending = Path(name).suffix
    if Path(name).name != name or (body := _find(DIST / name)) is None:
        return Response(b"", status_code=404)
    kind = _KINDS.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_list = ending == ".json"
    headers = {"cache-control": ASK_AGAIN if is_list else FOR_EVER, "vary": "accept-encoding"}
    takes = accepted(request.headers.get("accept-encoding", ""))
    for encoding, suffix in ENCODINGS:
        if encoding in takes and (smaller := _find(DIST / (name + suffix))) is not None:
            body = smaller
            headers["content-encoding"] = encoding
            break
    return Response(body, media_type=kind, headers=headers)


ROUTES = [built]
