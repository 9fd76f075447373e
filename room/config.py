"""Settings: one table says what can be set; parsing, `room --help` and README come from it.

Values come from the environment (`ROOM_PORT=9000`). A secret can also come from a file (`ROOM_SITE_KEY_FILE`), so that
it need not stand in a process list. What is wrong stops the start with a sentence that names the value; a variable that
nobody knows is reported with the nearest name that is known. No other module reads the environment.
"""

import base64
import binascii
import difflib
import os
import secrets
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

KEY_BYTES = 32

DemoMode = Literal["auto", "on", "off"]
LogStyle = Literal["console", "json"]


class BadSetting(ValueError):
    """A setting's value cannot be used. Its text is a sentence for the person who starts Room."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can differ between two installations, parsed and checked."""

    host: str
    port: int
    public_url: str
    """Origin without a trailing slash. It alone makes links, cookies and the check of a socket's origin."""
    data_dir: Path
    database_url: str
    site_key: bytes | None
    """The key from the environment, 32 bytes; None: `load_site_key` reads or makes the one in the data folder."""
    docker_host: str
    sandbox_runtime: str
    runs_at_once: int
    reuse_boxes: Literal["auto", "off"]
    compiled: Literal["auto", "off"]
    """See `room.native`."""
    proxies: tuple[str, ...]
    """Networks whose word on who a visitor is and how they came is believed."""
    demo: DemoMode
    log: LogStyle
    metrics_token: str
    """What Prometheus must send as its bearer token; empty: nobody is told."""

    def __repr__(self) -> str:
        """Without the secrets, since settings end up in logs and tracebacks."""
        secret = {setting.field for setting in SETTINGS if setting.is_secret}
        shown = (
            f"{f}={'…' if f in secret else repr(getattr(self, f))}" for f in self.__struct_fields__
        )
        return f"Settings({', '.join(shown)})"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach Room: it listens on loopback and its links name loopback too."""
        return _is_loopback(self.host) and _is_loopback(urlsplit(self.public_url).hostname or "")

    @property
    def has_demo(self) -> bool:
        """Whether the demo account and interview exist here; `auto` means: where only this machine can reach them."""
        return self.demo == "on" or (self.demo == "auto" and self.is_loopback)

    @property
    def is_https(self) -> bool:
        """Whether people reach Room over TLS, so that cookies can be marked Secure."""
        return self.public_url.startswith("https://")

    @property
    def site_key_path(self) -> Path:
        """Where the key is kept when the environment brings none: apart from the database and its backups."""
        return self.data_dir / "keys" / "site.key"

    @property
    def report_keys_dir(self) -> Path:
        """Where the keys that sign reports are kept, apart from the database and its backups."""
        return self.data_dir / "keys" / "reports"


class Setting(msgspec.Struct, frozen=True):
    """One row of the table. `parse` raises ValueError with the end of a sentence that starts with name and value."""

    name: str
    default: str
    """As one would type it; empty: made from the other settings, as `help` says."""
    help: str
    parse: Callable[[str], object]
    is_secret: bool = False
    """A secret may come from a file named by `<name>_FILE`, and its value is never printed."""

    @property
    def field(self) -> str:
        return self.name.removeprefix("ROOM_").lower()


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            raise ValueError(f"is not a whole number from {lowest} to {highest}")
        return int(text)

    return parse


def _places(text: str) -> int:
    return _whole(1, 256)(text) if text else os.cpu_count() or 1


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"is none of {', '.join(choices)}")
        return text

    return parse


def _host(text: str) -> str:
    if not text or any(character.isspace() or character in "/@[]" for character in text):
        raise ValueError(
            "is not a host name or address to listen on (no scheme, no port, no brackets)"
        )
    return text


def _origin(text: str) -> str:
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError("is not an address such as https://room.example.com") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not an address such as https://room.example.com")
    if parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be only scheme, host and port, without path, query or user name")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    # Browsers leave a scheme's own port out of Origin, so the stored form does too.
    is_usual = port is None or (parts.scheme, port) in {("http", 80), ("https", 443)}
    return f"{parts.scheme}://{host}" if is_usual else f"{parts.scheme}://{host}:{port}"


def _folder(text: str) -> Path:
    if not text:
        raise ValueError("is empty, but must be a folder")
    path = Path(text).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise ValueError("is a file, but must be a folder")
    return path


def _database_url(text: str) -> str:
    if text and (not text.startswith("sqlite:///") or text == "sqlite:///"):
        raise ValueError("is not the address of a SQLite file, such as sqlite:////srv/room/room.db")
    return text


def _key(text: str) -> bytes | None:
    return decode_key(text) if text else None


def _engine(text: str) -> str:
    if text and not text.startswith(("unix://", "tcp://", "http://", "https://")):
        raise ValueError("is not an engine's address; it starts with unix:// or tcp://")
    return text


def _name(text: str) -> str:
    if not text or not all(c.isalnum() or c in "-_.:" for c in text):
        raise ValueError("is not a runtime's name")
    return text


def _networks(text: str) -> tuple[str, ...]:
    named = tuple(one.strip() for one in text.split(",") if one.strip())
    for one in named:
        try:
            ip_network(one)
        except ValueError as error:
            raise ValueError(
                "is no list of addresses and networks, such as 127.0.0.1, 10.0.0.0/8"
            ) from error
    return named


SETTINGS: tuple[Setting, ...] = (
    Setting("ROOM_HOST", "127.0.0.1", "Address to listen on; 0.0.0.0 for every network", _host),
    Setting("ROOM_PORT", "8000", "Port to listen on", _whole(1, 65535)),
    Setting(
        "ROOM_PUBLIC_URL",
        "",
        "Address under which people reach Room, such as https://room.example.com; all links, cookies and the check of "
        "a browser's origin come from it. Without it: http, ROOM_HOST and ROOM_PORT",
        _origin,
    ),
    Setting(
        "ROOM_DATA_DIR",
        ".room",
        "Folder for everything that Room writes, seen from where it is started",
        _folder,
    ),
    Setting(
        "ROOM_DATABASE_URL",
        "",
        "Database. Without it: SQLite, file room.db in the data folder",
        _database_url,
        is_secret=True,
    ),
    Setting(
        "ROOM_SITE_KEY",
        "",
        "Key that seals journals, 32 bytes as hex or base64. Without it: made at the first start, in keys/site.key of "
        "the data folder. Keep a copy apart from the backups: without the key they cannot be read",
        _key,
        is_secret=True,
    ),
    Setting(
        "ROOM_DOCKER_HOST",
        "",
        "Docker engine that runs candidates' code. Without it: DOCKER_HOST, a rootless engine's socket, "
        "or /var/run/docker.sock",
        _engine,
    ),
    Setting(
        "ROOM_SANDBOX_RUNTIME",
        "runc",
        "Container runtime for runs; runsc for gVisor where the engine knows it",
        _name,
    ),
    Setting(
        "ROOM_RUNS_AT_ONCE",
        "",
        "Runs at the same time; more wait in line. Without it: one for each processor",
        _places,
    ),
    Setting(
        "ROOM_REUSE_BOXES",
        "auto",
        "Whether one container may serve several runs of the same interview, each in namespaces of its own: auto (where the "
        "kernel lets it), off (a new container for every run)",
        _one_of("auto", "off"),
    ),
    Setting(
        "ROOM_COMPILED",
        "auto",
        "Whether the live room's inner loop runs compiled: auto (where scripts/setup could compile it), off (as Python)",
        _one_of("auto", "off"),
    ),
    Setting(
        "ROOM_PROXIES",
        "",
        "Addresses of the reverse proxies in front of Room, as 127.0.0.1, 10.0.0.0/8: their X-Forwarded-For says who signs in. "
        "Without it: nobody's does, and all who come through one proxy share its limit of wrong passwords",
        _networks,
    ),
    Setting(
        "ROOM_DEMO",
        "auto",
        "Demo account and interview: auto (only while nobody but this machine can reach Room), on, off",
        _one_of("auto", "on", "off"),
    ),
    Setting("ROOM_LOG", "console", "Form of the log: console, json", _one_of("console", "json")),
    Setting(
        "ROOM_METRICS_TOKEN",
        "",
        "Bearer token that opens /metrics to Prometheus. Without it: /metrics is not there",
        str,
        is_secret=True,
    ),
)

VARIABLES = tuple(
    name for s in SETTINGS for name in ((s.name, s.name + "_FILE") if s.is_secret else (s.name,))
)
"""Every variable that is read, the `_FILE` forms of secrets included."""


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Parse the settings of this process, or of the given variables.

    Raises:
        BadSetting: a value cannot be used.
    """
    environ = os.environ if environ is None else environ
    values = {setting.field: _value(setting, environ) for setting in SETTINGS}
    host, port, data_dir = values["host"], values["port"], values["data_dir"]
    values["public_url"] = values["public_url"] or f"http://{_reachable(str(host))}:{port}"
    values["database_url"] = values["database_url"] or f"sqlite:///{data_dir}/room.db"
    values["docker_host"] = values["docker_host"] or _usual_engine(environ)
    settings = Settings(**values)  # type: ignore[arg-type]
    if settings.demo == "on" and not settings.is_loopback:
        raise BadSetting(
            f"ROOM_DEMO=on, but ROOM_HOST={settings.host} and ROOM_PUBLIC_URL={settings.public_url} "
            "let others reach Room; the demo is for this machine only."
        )
    return settings


def wants_compiled(environ: Mapping[str, str] | None = None) -> bool:
    """Whether compiled modules may be used: asked before any of them is imported, when :func:`load` may still refuse."""
    environ = os.environ if environ is None else environ
    return environ.get("ROOM_COMPILED") != "off"


def unknown_variables(environ: Mapping[str, str] | None = None) -> list[str]:
    """A sentence for every ROOM_* variable that nothing reads, with the name that was probably meant."""
    environ = os.environ if environ is None else environ
    sentences = []
    for name in sorted(environ):
        if not name.startswith("ROOM_") or name in VARIABLES:
            continue
        near = difflib.get_close_matches(name, VARIABLES, n=1, cutoff=0.6)
        hint = f" Did you mean {near[0]}?" if near else ""
        sentences.append(f"{name} is set, but Room has no such setting.{hint}")
    return sentences


def load_site_key(settings: Settings) -> bytes:
    """The 32 bytes that seal everything: from the settings, else from the data folder, made there at the first start.

    Two processes that start at once agree on one key: the file appears complete or not at all.

    Raises:
        BadSetting: the key file is damaged or cannot be read.
    """
    if settings.site_key is not None:
        return settings.site_key
    path = settings.site_key_path
    if not path.exists():
        _create_key(path)
    try:
        return decode_key(path.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise BadSetting(f"The site key in {path} cannot be read: {error}.") from error


def decode_key(text: str) -> bytes:
    """32 bytes from 64 hex digits or from base64 (both alphabets, padding optional).

    Raises:
        ValueError: it is neither; the message never repeats the text.
    """
    text = text.strip()
    for decode in (bytes.fromhex, _from_base64):
        try:
            key = decode(text)
        except (ValueError, binascii.Error):
            continue
        if len(key) == KEY_BYTES:
            return key
    raise ValueError(f"is not {KEY_BYTES} bytes as hex or base64")


def _from_base64(text: str) -> bytes:
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def _create_key(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_bytes(KEY_BYTES).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # fails where another process was quicker: its key counts
        except FileExistsError:
            return
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # what is sealed with the key must not outlive it after a power cut
        finally:
            os.close(folder)
    finally:
        draft.unlink()


def _value(setting: Setting, environ: Mapping[str, str]) -> object:
    name, text = setting.name, environ.get(setting.name)
    if setting.is_secret and (path := environ.get(f"{setting.name}_FILE")):
        if text is not None:
            raise BadSetting(f"{name} and {name}_FILE are both set; keep one of them.")
        name = f"{setting.name}_FILE"
        try:
            text = Path(path).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadSetting(f"{name}={path} cannot be read: {error}.") from error
        if not text:
            raise BadSetting(f"{name}={path} is an empty file.")
    try:
        return setting.parse(setting.default if text is None else text.strip())
    except ValueError as error:
        shown = "its value" if setting.is_secret else f"{name}={text}"
        raise BadSetting(
            f"{name}: {shown} {error}." if setting.is_secret else f"{shown} {error}."
        ) from error


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _reachable(host: str) -> str:
    """A host for links on this machine: "every network" is not an address that a browser can open."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _usual_engine(environ: Mapping[str, str]) -> str:
    if host := environ.get("DOCKER_HOST"):
        return host
    own = Path(environ.get("XDG_RUNTIME_DIR", "/nonexistent")) / "docker.sock"
    return f"unix://{own}" if own.exists() else "unix:///var/run/docker.sock"
