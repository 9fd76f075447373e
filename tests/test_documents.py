"""What the documents say is what the code does, as far as a program can compare them."""

import re
from pathlib import Path

import pytest

from room.realtime import frames, protocol

PROJECT = Path(__file__).parents[1]
DOCUMENTS = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *(PROJECT / "docs").rglob("*.md")]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(path):
    targets = re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
    own = [target for target in targets if "://" not in target]
    assert [target for target in own if not (path.parent / target).exists()] == []


def test_the_wire_document_names_every_close_code_and_no_other():
    said = re.findall(r"^\| (\d{4}) \|", wire(), re.MULTILINE)
    assert sorted(map(int, said)) == sorted(int(code) for code in frames.CloseCode)


def test_the_wire_document_names_every_room_message_of_a_client():
    tags = [kind.__struct_config__.tag for kind in frames.RoomMessage.__args__]
    assert len(tags) >= 5
    assert [tag for tag in tags if f'"t":"{tag}"' not in wire()] == []


def test_the_wire_document_names_every_room_message_of_the_server():
    source = (PROJECT / "room" / "realtime" / "room.py").read_text(encoding="utf-8")
    tags = set(re.findall(r'"t": "(\w+)"', source))
    assert len(tags) >= 8
    assert [
        tag for tag in sorted(tags) if f"`{tag}`" not in wire() and f'"{tag}"' not in wire()
    ] == []


def test_the_wire_document_tells_the_bounds():
    for bound, said in (
        (protocol.FRAME_MAX, "2 MiB a frame"),
        (protocol.ROOM_MESSAGE_MAX, "256 KiB a room message"),
        (protocol.AWARENESS_MAX, "8 KiB an awareness frame"),
    ):
        number, unit = said.split()[:2]
        assert int(number) * {"KiB": 2**10, "MiB": 2**20}[unit] == bound
        assert said in wire()


def test_readme_names_every_command():
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    for command in ("user create", "images build", "backup", "restore", "doctor"):
        assert f"room {command}" in readme, command


def wire() -> str:
    return (PROJECT / "docs" / "wire.md").read_text(encoding="utf-8")
