"""Who imports whom: the house's table, held by walking the imports of every module."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]

# What each part may import of the others, besides what its own folder holds. `config` and `clock` are values and
# may be known to whoever does I/O; `session` decides and knows nobody.
GROUND = {"config", "clock", "content"}
LOW = {"session", "yjs", "sandbox", "store"} | GROUND
MIDDLE = {"realtime", "replay", "scoring", "desk"} | LOW
MAY_IMPORT: dict[str, set[str]] = {
    "session": set(),
    "yjs": set(),
    "clock": set(),
    "content": set(),
    "logs": {"config"},
    "native": set(),
    "memory": set(),
    "pauses": set(),
    "config": set(),
    "store": {"session", "yjs"} | GROUND,
    "sandbox": {"session"} | GROUND,
    "realtime": LOW,
    "replay": LOW,
    "scoring": LOW,
    "desk": LOW,
    "doctor": LOW | {"native"},
    "web": MIDDLE,
    "demo": MIDDLE | {"web"},
    "app": MIDDLE | {"web", "demo", "pauses", "memory"},
    "__main__": MIDDLE | {"web", "demo", "app", "doctor", "logs"},
}

# Programs that are sent into a container; they are no modules of this process.
IN_THE_BOX = PROJECT / "room" / "sandbox" / "drivers"

# Libraries with a home: nobody else imports them.
HOMES: dict[str, tuple[str, ...]] = {
    "pycrdt": ("realtime", "replay", "demo"),
    "aiodocker": ("sandbox.docker", "sandbox.images"),
    "docker": (),
    "sqlalchemy": ("store",),
    "alembic": ("store",),
    "sqlite3": ("store", "doctor"),
    "weasyprint": ("scoring.render",),
    "fontTools": ("scoring.render",),
    "pydyf": ("scoring.render",),
    "pyhanko": ("scoring.pdfseal",),
    "PIL": ("scoring.logo",),
    "litestar": ("web", "app"),
    "uvicorn": ("app", "web.socket"),
    "jinja2": ("web", "scoring.render", "desk"),
    "icalendar": ("desk",),
    "cryptography": ("store",),
    "argon2": ("desk", "store"),
}

# A transaction is handed down from whoever opened it; statements are made in the store alone.
HANDED_DOWN = {"sqlalchemy.Connection"}

# What a pure package may use of the standard library is everything but the doors to the world.
PURE = ("session", "yjs")
DOORS = {
    "asyncio", "concurrent", "datetime", "http", "io", "multiprocessing", "os", "pathlib", "random", "secrets",
    "shutil", "socket", "sqlite3", "subprocess", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
# Where new ids are drawn; whoever decides is given them.
OPENED = {("session.ids", "secrets")}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted((PROJECT / "room").rglob("*.py")):
        if IN_THE_BOX in path.parents:
            continue
        parts = path.relative_to(PROJECT / "room").with_suffix("").parts
        if parts != ("__init__",):
            yield ".".join(part for part in parts if part != "__init__"), path


def imports(source: str) -> Iterator[tuple[int, str]]:
    """Every imported name in full, wherever it stands; `from room import x` counts as `room.x`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=0):
                yield from ((node.lineno, f"{module}.{alias.name}") for alias in names)
            case ast.ImportFrom(level=level) if level > 0:
                yield node.lineno, "." * level


def violations(name: str, source: str) -> list[str]:
    part = name.partition(".")[0]
    found = []
    for line, imported in imports(source):
        where = f"room.{name}:{line} imports {imported}"
        top, _, rest = imported.partition(".")
        if top == "":
            found.append(f"{where}: write the whole name")
        elif top == "room":
            other = rest.partition(".")[0]
            if other not in {part, "", "__version__"} and other not in MAY_IMPORT.get(part, set()):
                found.append(f"{where}: {part} may not know {other}")
        elif (
            top in HOMES
            and imported not in HANDED_DOWN
            and not any(f"{name}.".startswith(f"{home}.") for home in HOMES[top])
        ):
            found.append(f"{where}: {top} lives in {', '.join(HOMES[top]) or 'nobody'}")
        if part in PURE and top in DOORS and (name, top) not in OPENED:
            found.append(f"{where}: {part} is pure")
        if part in PURE and top not in {"room", "msgspec"} and top not in sys.stdlib_module_names:
            found.append(f"{where}: {part} needs only the standard library and msgspec")
    return found


@pytest.mark.parametrize(
    ("name", "path"), list(modules()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_module_imports_only_what_lies_below_it(name, path):
    assert name.partition(".")[0] in MAY_IMPORT, (
        f"room.{name} has no place in the table of this test"
    )
    assert violations(name, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("session.decide", "import time"),
        ("session.decide", "from pathlib import Path"),
        ("session.decide", "from room import config"),
        ("session.decide", "import pycrdt"),
        ("sandbox.spec", "from room.store import engine"),
        ("store.journal", "def f():\n    from room.realtime.room import Room"),
        ("realtime.room", "from room.web.auth import require_account"),
        ("realtime.room", "import aiodocker"),
        ("sandbox.judge", "from aiodocker import Docker"),
        ("web.desk", "from sqlalchemy import select"),
        ("web.desk", "from sqlalchemy import Connection, select"),
        ("scoring.report", "import weasyprint"),
        ("scoring.report", "from . import render"),
        ("desk.plan", "from room.scoring import rubric"),
    ],
)
def test_the_table_catches_a_wrong_import(name, source):
    assert violations(name, source)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("session.decide", "import dataclasses, msgspec\nfrom room.session.events import Event"),
        ("sandbox.docker", "import aiodocker"),
        ("realtime.journal", "from room.store import journal\nimport pycrdt"),
        ("scoring.filing", "from sqlalchemy import Connection"),
        ("app", "from room import demo, config\nfrom room.web.auth import x"),
    ],
)
def test_the_table_allows_what_points_down(name, source):
    assert violations(name, source) == []
