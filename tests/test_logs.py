import json
import logging

import pytest
import structlog

from room import logs


@pytest.fixture(autouse=True)
def as_before():
    """Other tests find logging as it was."""
    root = logging.getLogger()
    level, handlers, settings = root.level, list(root.handlers), structlog.get_config()
    yield
    root.setLevel(level)
    root.handlers[:] = handlers
    structlog.configure(**settings)


def test_json_lines_hold_the_event_and_its_facts_on_standard_error(capsys):
    logs.configure("json")
    structlog.get_logger().info("run.finished", run="r_1", verdict="ok")
    shown = capsys.readouterr()
    assert shown.out == ""
    line = json.loads(shown.err)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "run.finished", "run": "r_1", "verdict": "ok", "level": "info"}


def test_what_libraries_report_has_the_same_form(capsys):
    logs.configure("json")
    logging.getLogger("asyncio").warning("slow %s", "callback")
    logging.getLogger("uvicorn.error").info("Started server process")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "slow callback"


def test_a_fault_keeps_its_traceback_on_one_line_of_json(capsys):
    logs.configure("json")
    try:
        int("split")
    except ValueError:
        structlog.get_logger().exception("room.broken")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["exception"][0]["exc_type"] == "ValueError"


def test_the_console_form_is_for_people(capsys):
    logs.configure("console")
    structlog.get_logger().info("room.opened", session="i_1")
    shown = capsys.readouterr().err
    assert "room.opened" in shown
    assert "session=i_1" in shown
    assert not shown.startswith("{")


def test_configuring_twice_does_not_double_the_lines(capsys):
    logs.configure("json")
    logs.configure("json")
    logging.getLogger("asyncio").warning("once")
    assert len(capsys.readouterr().err.splitlines()) == 1
