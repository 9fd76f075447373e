"""The built front end: which file a page's script or style sheet is in now."""

import json
from pathlib import Path

import structlog

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

    def path(self, name: str) -> str:
        """The address of ``app.css`` and the like; an unbuilt name leads to an address that answers 404."""
        try:
            changed_at_ns = self._manifest.stat().st_mtime_ns
        except FileNotFoundError:
            changed_at_ns = 0
        if changed_at_ns != self._read_at_ns:
            self._read_at_ns = changed_at_ns
            self._files = json.loads(self._manifest.read_bytes()) if changed_at_ns else {}
        if name not in self._files:
            log.warning(
                "asset.missing", name=name, hint="the front end is not built, or the name is wrong"
            )
        return f"/static/dist/{self._files.get(name, name)}"
