"""What is the same for all tests: a test whose part is missing here is skipped with the reason, and in CI it fails."""

import os
import shutil
from functools import cache
from pathlib import Path

import pytest

from room import config, doctor

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@cache
def missing_part(mark: str) -> str | None:
    """Why tests with this mark cannot run here; None: they can."""
    match mark:
        case "docker":
            findings = doctor.engine(config.load({}))
            return next((f.sentence for f in findings if f.state == "missing"), None)
        case "browser":
            return (
                None
                if chromium()
                else f"No Chromium here: none of {', '.join(BROWSERS)} is on the path."
            )
        case "strace":
            return None if shutil.which("strace") else "No strace here (package strace)."
        case "pdf":
            lacking = [f.sentence for f in doctor.paper(config.load({})) if f.state == "missing"]
            if not shutil.which("pdftotext"):
                lacking.append("No pdftotext here (package poppler-utils).")
            return " ".join(lacking) or None
    raise ValueError(mark)


@cache
def chromium() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take long come first: several workers then end at about the same time."""
    items.sort(
        key=lambda item: not any(map(item.get_closest_marker, ("browser", "docker", "strace")))
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in ("docker", "browser", "pdf", "strace"):
        if item.get_closest_marker(mark) and (reason := missing_part(mark)):
            if os.environ.get("CI") == "true":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser for Playwright's `executable_path`; tests that take it carry the mark `browser`."""
    path = chromium()
    assert path is not None
    return path


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty data folder of the test's own."""
    return tmp_path / "data"


@pytest.fixture
def settings(data_dir: Path) -> config.Settings:
    """The settings of a new installation, in a folder of the test's own."""
    return config.load({"ROOM_DATA_DIR": str(data_dir)})
