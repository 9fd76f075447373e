"""The command line. Each command is a few lines that call the module whose work it is, imported only then."""

import argparse
import asyncio
import difflib
import getpass
import os
import socket
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import available_timezones

from room import __version__, config, logs
from room.config import BadSetting, Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0 well, 1 failed with a sentence, 2 wrong use or setting."""
    options = parser().parse_args(arguments)
    try:
        settings = config.load()
    except BadSetting as error:
        print(f"room: {error}", file=sys.stderr)
        return 2
    for sentence in config.unknown_variables():
        print(f"room: {sentence}", file=sys.stderr)
    logs.configure(settings.log)
    run: Callable[[Settings, argparse.Namespace], int] = options.run
    try:
        return run(settings, options)
    except BadSetting as error:
        print(f"room: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output went away (`room demo --json | head`). Nothing more can be printed, not even by
        # Python's own flush at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="room",
        description="Room: hold a live technical interview and keep its evidence.",
        epilog=_settings_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"room {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(
        name: str, help_text: str, run: Callable[[Settings, argparse.Namespace], int]
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help_text, description=help_text)
        added.set_defaults(run=run)
        return added

    command("serve", "Start Room and print its address.", _serve)

    demo = command(
        "demo", "Make ready demo interviews, started and open, and print their links.", _demo
    )
    demo.add_argument(
        "--count", type=_positive, default=1, metavar="N", help="how many (default 1)"
    )
    demo.add_argument("--json", action="store_true", help="print one JSON object, for scripts")

    run = command("run", "Run a program, or test it, as the room would.", _run)
    run.add_argument("files", nargs="+", type=Path, metavar="FILE", help="the first one is started")
    run.add_argument(
        "--language", required=True, metavar="L", help="such as python; see images list"
    )
    run.add_argument(
        "--stdin", type=Path, metavar="F", help="file that is the input; - for our own"
    )
    run.add_argument(
        "--arg", action="append", default=[], metavar="A", help="a word for the program"
    )
    run.add_argument("--tests", type=Path, metavar="T.json", help="tests, as docs/runner.md says")
    run.add_argument(
        "--limits",
        default="",
        metavar="K=V,...",
        help="such as wall_s=5,memory_mb=256,output_bytes=65536,scratch_mb=16",
    )
    run.add_argument("--json", action="store_true", help="print one JSON object, for scripts")

    question = commands.add_parser("question", help="Look at questions for interviews.")
    question_actions = question.add_subparsers(metavar="ACTION", required=True)
    check = question_actions.add_parser(
        "check", help="run a question's reference solutions against its tests"
    )
    check.add_argument("file", type=Path, help="YAML of a question, or of many")
    check.set_defaults(run=_question_check)

    images = commands.add_parser("images", help="Build or list the Docker images of the languages.")
    actions = images.add_subparsers(metavar="ACTION", required=True)
    build = actions.add_parser(
        "build", help="build images; a base is pulled, or made from Debian packages"
    )
    build.add_argument("languages", nargs="*", metavar="LANGUAGE", help="only these (default: all)")
    build.add_argument("--missing", action="store_true", help="only those that are not there yet")
    build.set_defaults(run=_images_build)
    listed = actions.add_parser("list", help="say of each language whether its image is there")
    listed.set_defaults(run=_images_list)

    user = commands.add_parser("user", help="Make accounts for interviewers.")
    user_actions = user.add_subparsers(metavar="ACTION", required=True)
    create = user_actions.add_parser("create", help="make an account; asks for the password")
    create.add_argument("--email", required=True)
    create.add_argument("--name", required=True, help="as candidates shall read it")
    create.add_argument(
        "--zone",
        default="UTC",
        metavar="IANA",
        help="home time zone, such as Europe/Berlin (default UTC)",
    )
    create.add_argument(
        "--password-stdin", action="store_true", help="read the password from standard input"
    )
    create.set_defaults(run=_user_create)

    command(
        "migrate", "Bring the database to this version's form, with a backup made before.", _migrate
    )

    doctor = command("doctor", "Say what is there and what is missing.", _doctor)
    doctor.add_argument("--json", action="store_true", help="print one JSON object, for scripts")
    doctor.add_argument("--only", metavar="PART", help="look at one part only, such as engine")

    export = command("export", "Write a copy of a recording to a file.", _export)
    export.add_argument("interview", help="its id, as in the address of its page")
    export.add_argument("file", type=Path)
    export.add_argument(
        "--as",
        dest="kind",
        default="recording",
        choices=("recording", "html", "cast", "git", "files"),
    )
    export.add_argument(
        "--viewer", default="interviewer", choices=("interviewer", "candidate"), help="whose copy"
    )

    verify = command(
        "verify", "Say what of a recording, or of a report's PDF or JSON, holds.", _verify
    )
    verify.add_argument("file", type=Path, help="a file, or the id of an interview")
    verify.add_argument(
        "--key", action="append", default=[], metavar="FINGERPRINT",
        help="also trust this key or certificate, as another site publishes it under /verify; may occur several times",
    )  # fmt: skip
    keys = commands.add_parser("keys", help="The keys that sign reports.")
    key_actions = keys.add_subparsers(metavar="ACTION", required=True)
    shown = key_actions.add_parser("show", help="print the fingerprints, the newest first")
    shown.set_defaults(run=_keys_show)
    rotate = key_actions.add_parser(
        "rotate",
        help="sign with a new key from now on; what the old one signed can still be checked",
    )
    rotate.set_defaults(run=_keys_rotate)

    backup = command("backup", "Copy the database to a file. The site key is not in it.", _backup)
    backup.add_argument("file", type=Path)
    restore = command(
        "restore", "Put a backup in the database's place. Room must not be running.", _restore
    )
    restore.add_argument("file", type=Path)
    return top


def _serve(settings: Settings, options: argparse.Namespace) -> int:
    if obstacle := _obstacle(settings):
        return _failed(obstacle)
    from room.app import serve

    serve(settings)
    return 0


def _obstacle(settings: Settings) -> str | None:
    """What would keep the server from starting, as a sentence; the server itself would show a traceback."""
    from room.store.lock import FolderLock

    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FolderLock(settings.data_dir)
        is_free = lock.take()
    except OSError as error:
        return f"The data folder {settings.data_dir} cannot be used: {error.strerror}."
    if not is_free:
        return (
            f"Another process ({lock.holder() or 'unknown'}) uses the data folder {settings.data_dir}. "
            "Stop it first, or set ROOM_DATA_DIR to another folder."
        )
    lock.give_back()
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        return (
            f"Room cannot listen on {settings.host}, port {settings.port}: {error.strerror}. "
            "ROOM_HOST and ROOM_PORT move it."
        )
    return None


def _demo(settings: Settings, options: argparse.Namespace) -> int:
    if not settings.has_demo:
        return _failed("The demo is off here: others can reach Room, or ROOM_DEMO=off.")
    from room.demo.cli import demo
    from room.store.lock import StoreInUse

    try:
        demo(settings, options.count, as_json=options.json)
    except StoreInUse as error:
        return _failed(error)
    return 0


def _run(settings: Settings, options: argparse.Namespace) -> int:
    from room.sandbox import cli

    asked = {
        "paths": options.files,
        "language": options.language,
        "stdin": options.stdin,
        "tests": options.tests,
        "limits": options.limits,
        "args": options.arg,
    }
    return cli.main(
        asked,
        docker_host=settings.docker_host or None,
        runtime=settings.sandbox_runtime or None,
        as_json=options.json,
    )


def _question_check(settings: Settings, options: argparse.Namespace) -> int:
    from room.desk import question_check

    try:
        return question_check.main(
            options.file,
            say=_say,
            docker_host=settings.docker_host or None,
            runtime=settings.sandbox_runtime or None,
        )
    except question_check.BadFile as error:
        return _failed(error)


def _images_build(settings: Settings, options: argparse.Namespace) -> int:
    from room.sandbox import images

    async def build() -> None:
        wanted: list[str] | None = options.languages or None
        if options.missing:
            missing = await images.missing(docker_host=settings.docker_host)
            wanted = [language for language in missing if wanted is None or language in wanted]
            if not wanted:
                return
        await images.build(wanted, log=_say, docker_host=settings.docker_host)

    try:
        asyncio.run(build())
    except images.BuildFailed as error:
        return _failed(error)
    return 0


def _images_list(settings: Settings, options: argparse.Namespace) -> int:
    from room.sandbox import images
    from room.sandbox.languages import LANGUAGES

    try:
        missing = asyncio.run(images.missing(docker_host=settings.docker_host))
    except images.BuildFailed as error:
        return _failed(error)
    for language in LANGUAGES:
        print(f"{language}: {'missing' if language in missing else 'there'}")
    return 1 if missing else 0


def _user_create(settings: Settings, options: argparse.Namespace) -> int:
    from room.clock import SystemClock
    from room.desk import accounts
    from room.store.accounts import EmailTaken, normal_email
    from room.store.engine import Store
    from room.store.lock import StoreInUse

    if fault := _account_fault(options):
        return _failed(fault)
    password = _new_password(from_input=options.password_stdin)
    if fault := accounts.password_fault(password):
        return _failed(f"This password cannot be used. {fault}")
    try:
        store = Store.open(settings, is_server=False)  # also beside a running Room
    except StoreInUse as error:
        return _failed(error)
    try:
        with store.begin() as conn:
            account = accounts.create(
                conn,
                email=options.email,
                name=options.name.strip(),
                zone=options.zone,
                password=password,
                now_ms=SystemClock().wall_ms(),
            )
    except EmailTaken:
        return _failed(f"There is an account for {normal_email(options.email)} already.")
    finally:
        store.close()
    print(f"{account.email} can sign in at {settings.public_url}/sign-in.")
    return 0


def _account_fault(options: argparse.Namespace) -> str | None:
    """What is wrong with the new account's particulars, as a sentence."""
    local, _, domain = options.email.strip().partition("@")
    if not local or not domain or any(c.isspace() for c in options.email.strip()):
        return f"{options.email} is not an e-mail address."
    if not options.name.strip():
        return "The name is empty."
    if options.zone not in available_timezones():
        near = difflib.get_close_matches(options.zone, available_timezones(), n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        return f"{options.zone} is no time zone; one is written like Europe/Berlin.{hint}"
    return None


def _new_password(*, from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    while True:
        password = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") == password:
            return password
        print("These differ. Once again.", file=sys.stderr)


def _migrate(settings: Settings, options: argparse.Namespace) -> int:
    from room.store.engine import Store
    from room.store.lock import StoreInUse

    try:
        store = Store.open(settings)  # which migrates, with a copy made before each step
    except StoreInUse as error:
        return _failed(error)
    store.close()
    print("The database is of this version.")
    return 0


def _doctor(settings: Settings, options: argparse.Namespace) -> int:
    from room import doctor

    return doctor.report(settings, as_json=options.json, only=options.only)


def _export(settings: Settings, options: argparse.Namespace) -> int:
    from room.web import recording_cli

    return recording_cli.export(
        settings, options.interview, options.file, options.kind, options.viewer
    )


def _verify(settings: Settings, options: argparse.Namespace) -> int:
    from room.scoring import checking
    from room.web import recording_cli

    if recording_cli.is_ours(options.file):
        return recording_cli.verify(settings, options.file, options.key)
    return checking.report(settings, options.file, options.key)


def _keys_show(settings: Settings, options: argparse.Namespace) -> int:
    from room.scoring import checking

    return checking.show_keys(settings)


def _keys_rotate(settings: Settings, options: argparse.Namespace) -> int:
    from room.scoring import checking

    return checking.rotate(settings)


def _backup(settings: Settings, options: argparse.Namespace) -> int:
    from room.store import backup

    try:
        backup.back_up(settings, options.file)
    except (backup.BadBackup, OSError) as error:
        return _failed(error)
    print(
        f"Written: {options.file}. The folder {settings.data_dir / 'keys'} is not in it and is needed to read it: mirror that "
        "elsewhere, and let the mirror forget what is deleted."
    )
    return 0


def _restore(settings: Settings, options: argparse.Namespace) -> int:
    from room.store import backup
    from room.store.lock import StoreInUse

    try:
        backup.restore(settings, options.file)
    except (backup.BadBackup, StoreInUse, OSError) as error:
        return _failed(error)
    print(
        f"Restored from {options.file}. What was there is kept beside it. Interviews that were deleted since the backup stay "
        "unreadable; the others need the folder of keys as it is now."
    )
    return 0


def _failed(error: Exception | str) -> int:
    print(f"room: {error}", file=sys.stderr)
    return 1


def _say(line: str) -> None:
    print(line, flush=True)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def _settings_help() -> str:
    lines = ["settings, from the environment (of a secret also NAME_FILE, a file that holds it):"]
    for setting in config.SETTINGS:
        lines.append(
            f"  {setting.name}" + (f" (default {setting.default})" if setting.default else "")
        )
        lines.append(
            textwrap.fill(
                setting.help + ".", 92, initial_indent="      ", subsequent_indent="      "
            )
        )
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
