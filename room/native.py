"""The live room's inner loop as machine code, where the set-up could compile it: the same modules, about twice as fast.

`scripts/setup` compiles the modules named here with mypyc into `.setup/native`, with a manifest of what they were compiled
from. They are used only while every source is still the same, for this very Python; otherwise Python reads the sources, as
ever. docs/decisions/the-inner-loop-is-compiled.md says why.
"""

import hashlib
import importlib.util
import json
import sys
import sysconfig
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

PROJECT: Final = Path(__file__).parents[1]
FOLDER: Final = PROJECT / ".setup" / "native"
MODULES: Final = (
    "room.yjs.encoding",
    "room.store.pen",
    "room.realtime.updates",
    "room.realtime.protocol",
    "room.realtime.document",
    "room.realtime.outbox",
    "room.realtime.seat",
    "room.realtime.presence",
    "room.realtime.budget",
    "room.realtime.inbox",
    "room.realtime.session_clock",
    "room.realtime.metrics",
    "room.realtime.room",
    "room.realtime.connection",
    "room.web.stream",
)
"""What a keystroke passes through. They are compiled together and call one another directly."""
GROUP: Final = "room_native"
_SUFFIX: Final = str(sysconfig.get_config_var("EXT_SUFFIX"))


def source_of(module: str) -> Path:
    return PROJECT / (module.replace(".", "/") + ".py")


def file_of(module: str, folder: Path = FOLDER) -> Path:
    """Where a module's compiled form lies; ``module`` may also be the group's common part."""
    return folder / (module.replace(".", "/") + _SUFFIX)


def fingerprint() -> dict[str, Any]:
    """What compiled modules depend on."""
    return {
        "python": [sys.version, _SUFFIX],
        "sources": {
            module: hashlib.sha256(source_of(module).read_bytes()).hexdigest() for module in MODULES
        },
    }


def why_not(folder: Path = FOLDER) -> str | None:
    """Why there is no compiled form to use; None when there is."""
    try:
        made_from = json.loads((folder / "manifest.json").read_text())
    except (OSError, ValueError):
        return "It was not compiled: scripts/setup does that where a C compiler and Python's headers are."
    if made_from != fingerprint():
        return "It was compiled from other sources or for another Python: run scripts/setup."
    return None


class Finder(MetaPathFinder):
    """Finds the compiled modules before their sources."""

    def __init__(self, folder: Path) -> None:
        self._files = {name: file_of(name, folder) for name in (*MODULES, f"{GROUP}__mypyc")}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        file = self._files.get(fullname)
        return importlib.util.spec_from_file_location(fullname, file) if file else None


def install(*, is_wanted: bool) -> None:
    """Have the compiled modules found, if they are there and wanted."""
    if is_wanted and why_not() is None:
        sys.meta_path.insert(0, Finder(FOLDER))
