"""`room doctor`: looks at the machine, one part after another, and says in sentences what is there and what is missing.

It changes nothing. A finding is `well`, a `warning` (the product works, but somebody should know) or `missing` (a part
of the product does not work). Parts that only the tests need are warnings at most.
"""

import asyncio
import http.client
import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from room import native
from room.config import BadSetting, Settings, load_site_key

PROJECT = Path(__file__).resolve().parents[1]
ENGINE_DEADLINE_S = 5
FREE_BYTES_WANTED = 1_000_000_000
OLDEST_SQLITE = (3, 35, 0)  # RETURNING

State = Literal["well", "warning", "missing"]


class Finding(msgspec.Struct, frozen=True):
    part: str
    state: State
    sentence: str


Check = Callable[[Settings], Iterator[Finding]]


def examine(settings: Settings, only: str | None = None) -> list[Finding]:
    """Every finding, or those of one part. A part's name is its function's name."""
    chosen = [check for check in CHECKS if only in {None, check.__name__}]
    return [finding for check in chosen for finding in check(settings)]


def report(settings: Settings, *, as_json: bool, only: str | None = None) -> int:
    """Print the findings; the exit code is 0 when nothing is missing that the product needs."""
    if only is not None and only not in {check.__name__ for check in CHECKS}:
        print(
            f"room: There is no part {only}. Parts: {', '.join(c.__name__ for c in CHECKS)}.",
            file=sys.stderr,
        )
        return 2
    findings = examine(settings, only)
    is_well = all(finding.state != "missing" for finding in findings)
    if as_json:
        print(msgspec.json.encode({"well": is_well, "findings": findings}).decode())
    else:
        for finding in findings:
            print(f"{MARKS[finding.state]} {finding.sentence}")
        warnings = sum(finding.state == "warning" for finding in findings)
        missing = sum(finding.state == "missing" for finding in findings)
        print()
        print(_closing(missing, warnings))
    return 0 if is_well else 1


MARKS: dict[State, str] = {"well": "✓", "warning": "!", "missing": "✗"}


def _closing(missing: int, warnings: int) -> str:
    if missing:
        return f"{_count(missing, 'part')} missing: see ✗ above. `make run` sets up what it can."
    if warnings:
        return f"All that Room needs is there. {_count(warnings, 'remark')} above (!)."
    return "All well."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def python(settings: Settings) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", "well", f"Python {version}.")


def inner_loop(settings: Settings) -> Iterator[Finding]:
    if settings.compiled == "off":
        yield Finding("inner_loop", "well", "The live room runs uncompiled, as ROOM_COMPILED says.")
    elif why := native.why_not():
        yield Finding(
            "inner_loop",
            "warning",
            f"The live room runs uncompiled and needs more of the processor. {why}",
        )
    else:
        yield Finding("inner_loop", "well", "The live room's inner loop is compiled.")


def front_end(settings: Settings) -> Iterator[Finding]:
    manifest = PROJECT / "static" / "dist" / "manifest.json"
    if not manifest.exists():
        yield Finding("front_end", "missing", "The front end is not built; `make run` builds it.")
        return
    if _newest(PROJECT / "static" / "src", PROJECT / "static" / "css") > manifest.stat().st_mtime:
        yield Finding(
            "front_end",
            "warning",
            "The front end is built, but older than its sources; `make run` renews it.",
        )
    else:
        yield Finding("front_end", "well", "The front end is built.")


def _newest(*folders: Path) -> float:
    """When a file in these folders was last changed; 0 where there is none."""
    times = (
        path.stat().st_mtime for folder in folders for path in folder.rglob("*") if path.is_file()
    )
    return max(times, default=0.0)


def database(settings: Settings) -> Iterator[Finding]:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        yield Finding(
            "database",
            "missing",
            f"SQLite {sqlite3.sqlite_version} is too old; Room needs {wanted} or newer.",
        )
    else:
        yield Finding("database", "well", f"SQLite {sqlite3.sqlite_version}.")


def data_folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        yield Finding(
            "data_folder", "missing", f"The data folder {folder} cannot be written by this account."
        )
        return
    free = shutil.disk_usage(nearest).free
    there = (
        "is writable" if folder.exists() else "does not exist yet; it is made at the first start"
    )
    if free < FREE_BYTES_WANTED:
        yield Finding(
            "data_folder",
            "warning",
            f"The data folder {folder} {there}, but only {_size(free)} are free.",
        )
    else:
        yield Finding(
            "data_folder", "well", f"The data folder {folder} {there}; {_size(free)} are free."
        )


def site_key(settings: Settings) -> Iterator[Finding]:
    path = settings.site_key_path
    if settings.site_key is not None:
        yield Finding("site_key", "well", "The site key comes from the settings.")
        return
    if not path.exists():
        yield Finding(
            "site_key",
            "well",
            f"There is no site key yet; it is made at the first start in {path}.",
        )
        return
    try:
        load_site_key(settings)
    except BadSetting as error:
        yield Finding("site_key", "missing", str(error))
        return
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield Finding(
            "site_key",
            "warning",
            f"Other accounts of this machine can read the site key. Type: chmod 600 {path}",
        )
    else:
        yield Finding(
            "site_key",
            "well",
            "The site key is there, and only this account can read it. Keep a copy elsewhere.",
        )


class EngineInfo(msgspec.Struct, frozen=True, rename="pascal"):
    """What is read of the engine's `GET /info`. Old engines leave out the cgroup version, which is then 1."""

    runtimes: dict[str, object]
    security_options: list[str] | None = None
    cgroup_version: str = "1"


class _UnixConnection(http.client.HTTPConnection):
    """HTTP to a socket file, which the standard library leaves to be made in three lines."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=ENGINE_DEADLINE_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _ask_engine(address: str, path: str) -> Any:
    parts = urlsplit(address)
    connection: http.client.HTTPConnection
    if parts.scheme == "unix":
        connection = _UnixConnection(parts.path)
    elif parts.scheme == "https":
        connection = http.client.HTTPSConnection(parts.netloc, timeout=ENGINE_DEADLINE_S)
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=ENGINE_DEADLINE_S)
    try:
        connection.request("GET", path)
        return msgspec.json.decode(connection.getresponse().read())
    finally:
        connection.close()


def engine(settings: Settings) -> Iterator[Finding]:
    address = settings.docker_host
    try:
        version = str(_ask_engine(address, "/version")["Version"])
        info = msgspec.convert(_ask_engine(address, "/info"), EngineInfo)
    except PermissionError:
        yield Finding(
            "engine",
            "missing",
            f"A Docker engine is at {address}, but this account may not use it. "
            "Type: sudo usermod -aG docker $(id -un)",
        )
        return
    except (OSError, http.client.HTTPException, msgspec.DecodeError, LookupError, TypeError):
        yield Finding(
            "engine",
            "missing",
            f"No Docker engine answers at {address}. Room works, but nobody can run code.",
        )
        return
    yield Finding(
        "engine",
        "well",
        f"Docker engine {version} answers, with cgroup version {info.cgroup_version}.",
    )
    options = info.security_options or []
    if not any(name in option for option in options for name in ("name=rootless", "name=userns")):
        yield Finding(
            "engine",
            "warning",
            "The Docker engine is neither rootless nor user-remapped: a flaw in the kernel or the engine would give a "
            "candidate's program root's powers here. Prefer an engine of its own without root, or userns-remap.",
        )
    if settings.sandbox_runtime not in info.runtimes:
        known = ", ".join(sorted(info.runtimes))
        yield Finding(
            "engine",
            "missing",
            f"The engine has no runtime {settings.sandbox_runtime} (ROOM_SANDBOX_RUNTIME); it knows {known}.",
        )


def images(settings: Settings) -> Iterator[Finding]:
    from room.sandbox import images as language_images

    try:
        missing = asyncio.run(language_images.missing(docker_host=settings.docker_host))
    except language_images.BuildFailed:
        yield Finding(
            "images", "warning", "Language images were not looked for, as no engine answers."
        )
        return
    if missing:
        yield Finding(
            "images",
            "missing",
            f"No image for {', '.join(missing)}. `room images build` makes them (minutes, once).",
        )
    else:
        yield Finding("images", "well", "Every language has its image.")


def paper(settings: Settings) -> Iterator[Finding]:
    # In a process of its own: WeasyPrint prints advice of its own when a library is missing, and importing it is slow.
    made = subprocess.run(
        [
            sys.executable,
            "-c",
            "import weasyprint; weasyprint.HTML(string='<p>é 漢 ह').write_pdf('/dev/null')",
        ],
        capture_output=True,
        timeout=60,
        check=False,
    )
    if made.returncode != 0:
        yield Finding(
            "paper",
            "missing",
            "WeasyPrint finds no Pango, so reports cannot be made into PDF files. "
            "Type: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        )
        return
    yield Finding("paper", "well", "WeasyPrint and Pango make PDF files.")
    fonts = Path("/usr/share/fonts")
    wanted = {"fonts-noto-core": "NotoSans-Regular.*", "fonts-noto-cjk": "NotoSansCJK-Regular.*"}
    lacking = [package for package, name in wanted.items() if not any(fonts.rglob(name))]
    if lacking:
        yield Finding(
            "paper",
            "warning",
            f"Names in some scripts would be empty boxes in a PDF. Type: apt-get install {' '.join(lacking)}",
        )


def browser(settings: Settings) -> Iterator[Finding]:
    found = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if found:
        yield Finding("browser", "well", f"A browser for the tests: {found}.")
    else:
        yield Finding(
            "browser",
            "warning",
            "No Chromium: the tests with a browser are skipped. Room does not need it.",
        )


def address(settings: Settings) -> Iterator[Finding]:
    if settings.is_loopback:
        yield Finding(
            "address",
            "well",
            f"People reach Room at {settings.public_url}, from this machine only.",
        )
    elif not settings.is_https:
        yield Finding(
            "address",
            "warning",
            f"People reach Room at {settings.public_url}, without TLS: code and passwords can be read on the way, and "
            "browsers refuse clipboard access. Put a proxy with a certificate in front and set ROOM_PUBLIC_URL.",
        )
    else:
        yield Finding("address", "well", f"People reach Room at {settings.public_url}.")


def clock(settings: Settings) -> Iterator[Finding]:
    # A clock behind the newest file of the program itself is certainly wrong; links would expire at strange times.
    if time.time() < _newest(Path(__file__).parent) - 60:
        yield Finding(
            "clock", "warning", "This machine's clock is behind the program's own files; set it."
        )
    else:
        yield Finding(
            "clock", "well", f"The clock says {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}."
        )


def _size(count_bytes: int) -> str:
    return f"{count_bytes / 1e9:.1f} GB" if count_bytes >= 1e9 else f"{count_bytes / 1e6:.0f} MB"


CHECKS: tuple[Check, ...] = (
    python,
    inner_loop,
    front_end,
    database,
    data_folder,
    site_key,
    engine,
    images,
    paper,
    browser,
    address,
    clock,
)
