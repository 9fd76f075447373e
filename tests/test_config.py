import re
import stat
import threading
from pathlib import Path

import pytest

from room import config
from room.__main__ import parser
from room.config import BadSetting, load, load_site_key, unknown_variables

PROJECT = Path(__file__).parents[1]


def test_a_new_installation_needs_no_setting(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = load({})
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.data_dir == tmp_path / ".room"
    assert settings.database_url == f"sqlite:///{tmp_path}/.room/room.db"
    assert settings.has_demo
    assert not settings.is_https
    assert list(tmp_path.iterdir()) == []  # loading writes nothing


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ROOM_PORT", "eighty", "ROOM_PORT=eighty is not a whole number from 1 to 65535."),
        ("ROOM_PORT", "0", "from 1 to 65535"),
        ("ROOM_PORT", "65536", "ROOM_PORT=65536"),
        ("ROOM_PORT", "８０", "ROOM_PORT=８０ is not"),
        ("ROOM_PORT", "", "ROOM_PORT= is not"),
        ("ROOM_HOST", "http://localhost", "ROOM_HOST=http://localhost is not a host name"),
        ("ROOM_PUBLIC_URL", "room.example.com", "is not an address such as"),
        ("ROOM_PUBLIC_URL", "ftp://room.example.com", "is not an address such as"),
        ("ROOM_PUBLIC_URL", "https://room.example.com/app", "without path"),
        ("ROOM_PUBLIC_URL", "https://iris@room.example.com", "user name"),
        ("ROOM_PUBLIC_URL", "https://room.example.com:99999", "is not an address such as"),
        ("ROOM_DATA_DIR", "", "ROOM_DATA_DIR= is empty"),
        (
            "ROOM_DATABASE_URL",
            "mysql://x:pass@y/z",
            "ROOM_DATABASE_URL: its value is not the address",
        ),
        ("ROOM_DATABASE_URL", "sqlite:///", "such as sqlite:////srv/room/room.db"),
        ("ROOM_DOCKER_HOST", "/var/run/docker.sock", "starts with unix://"),
        ("ROOM_SANDBOX_RUNTIME", "run c", "is not a runtime's name"),
        ("ROOM_RUNS_AT_ONCE", "-1", "ROOM_RUNS_AT_ONCE=-1"),
        ("ROOM_DEMO", "yes", "ROOM_DEMO=yes is none of auto, on, off."),
        ("ROOM_LOG", "xml", "ROOM_LOG=xml is none of console, json."),
    ],
)
def test_what_is_wrong_stops_the_start_with_a_sentence(name, value, said):
    with pytest.raises(BadSetting) as caught:
        load({name: value})
    assert said in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("value", ["secret-but-short", "z" * 64, "ab" * 31])
def test_the_value_of_a_secret_is_never_repeated(value):
    with pytest.raises(BadSetting) as caught:
        load({"ROOM_SITE_KEY": value})
    assert value not in str(caught.value)
    assert "ROOM_SITE_KEY" in str(caught.value)
    assert "32 bytes" in str(caught.value)


def test_the_public_address_is_kept_as_browsers_write_an_origin():
    def origin(text: str) -> str:
        return load({"ROOM_PUBLIC_URL": text}).public_url

    assert origin("https://Room.Example.com:443/") == "https://room.example.com"
    assert origin("http://room.example.com:80") == "http://room.example.com"
    assert origin("https://room.example.com:8443") == "https://room.example.com:8443"
    assert origin("http://[::1]:8000") == "http://[::1]:8000"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("::1", "http://[::1]:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("localhost", "http://localhost:8000"),
    ],
)
def test_without_a_public_address_links_name_the_host_and_port(host, url):
    assert load({"ROOM_HOST": host}).public_url == url


@pytest.mark.parametrize(
    "environ",
    [
        {"ROOM_HOST": "0.0.0.0"},
        {"ROOM_PUBLIC_URL": "https://room.example.com"},
        {"ROOM_HOST": "::", "ROOM_PUBLIC_URL": "http://localhost:8000"},
    ],
)
def test_the_demo_is_off_wherever_others_reach_room(environ):
    assert not load(environ).has_demo
    with pytest.raises(BadSetting, match="this machine only"):
        load({**environ, "ROOM_DEMO": "on"})


def test_the_demo_can_be_switched_off():
    assert not load({"ROOM_DEMO": "off"}).has_demo


def test_a_secret_can_come_from_a_file(tmp_path):
    file = tmp_path / "key"
    file.write_text("ab" * 32 + "\n")
    assert load({"ROOM_SITE_KEY_FILE": str(file)}).site_key == b"\xab" * 32


def test_a_secret_in_two_places_is_refused(tmp_path):
    file = tmp_path / "key"
    file.write_text("ab" * 32)
    with pytest.raises(BadSetting, match="both set"):
        load({"ROOM_SITE_KEY_FILE": str(file), "ROOM_SITE_KEY": "cd" * 32})


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_secret_file_that_cannot_be_read_stops_the_start(tmp_path, content):
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadSetting, match="ROOM_SITE_KEY_FILE"):
        load({"ROOM_SITE_KEY_FILE": str(file)})


@pytest.mark.parametrize("text", ["q" * 43, "q" * 43 + "=", "-_" * 21 + "-", "ab" * 32])
def test_a_key_is_read_from_hex_and_from_base64(text):
    assert len(config.decode_key(text)) == 32


def test_the_site_key_is_made_once_for_this_account_alone(settings):
    key = load_site_key(settings)
    assert len(key) == 32
    assert load_site_key(settings) == key
    assert stat.S_IMODE(settings.site_key_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.site_key_path.parent.stat().st_mode) == 0o700
    assert list(settings.site_key_path.parent.iterdir()) == [settings.site_key_path]


def test_two_first_starts_at_once_agree_on_one_key(settings):
    barrier, keys = threading.Barrier(8), []

    def start() -> None:
        barrier.wait()
        keys.append(load_site_key(settings))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_damaged_site_key_is_said_and_not_replaced(settings):
    load_site_key(settings)
    settings.site_key_path.write_text("oops")
    with pytest.raises(BadSetting, match=re.escape(str(settings.site_key_path))):
        load_site_key(settings)
    assert settings.site_key_path.read_text() == "oops"


def test_an_unknown_variable_is_reported_with_the_nearest_name():
    said = unknown_variables({"ROOM_PROT": "9000", "ROOM_PORT": "9000", "PATH": "/bin"})
    assert said == ["ROOM_PROT is set, but Room has no such setting. Did you mean ROOM_PORT?"]


def test_the_file_forms_of_secrets_are_known_names():
    assert unknown_variables({"ROOM_SITE_KEY_FILE": "x", "ROOM_DATABASE_URL_FILE": "x"}) == []


def test_the_engine_is_looked_for_where_docker_looks(tmp_path):
    assert load({}).docker_host == "unix:///var/run/docker.sock"
    assert load({"DOCKER_HOST": "tcp://engine:2375"}).docker_host == "tcp://engine:2375"
    (tmp_path / "docker.sock").touch()
    own = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert load(own).docker_host == f"unix://{tmp_path}/docker.sock"
    assert load({**own, "ROOM_DOCKER_HOST": "unix:///x"}).docker_host == "unix:///x"


def test_help_and_readme_name_every_setting_with_its_default_and_help(capsys):
    shown = parser().format_help()
    readme = (PROJECT / "README.md").read_text()
    for setting in config.SETTINGS:
        assert f"  {setting.name}" in shown
        default = f"`{setting.default}`" if setting.default else ""
        assert f"| `{setting.name}` | {default} | {setting.help} |" in readme, (
            "README's table differs from room/config.py; it wants this row: "
            f"| `{setting.name}` | {default} | {setting.help} |"
        )


def test_settings_and_the_table_name_the_same_fields():
    assert [s.field for s in config.SETTINGS] == list(config.Settings.__struct_fields__)


def test_secrets_are_not_shown_when_settings_are_printed():
    settings = load({"ROOM_SITE_KEY": "ab" * 32, "ROOM_DATABASE_URL": "sqlite:////hush/room.db"})
    assert "hush" not in repr(settings)
    assert "\\xab" not in repr(settings)
