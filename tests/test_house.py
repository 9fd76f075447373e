"""House rules that no other tool holds."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
VAGUE = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "base",
    "misc",
    "manager",
    "service",
    "services",
    "core",
}
# Spelt in pieces, so that this file does not name them itself.
REGISTRIES = re.compile(
    r"https?://[^\s\"']*(?:" + "|".join(("registry" + r"\.npmjs", "registry" + r"\.yarnpkg", "pypi" + r"\.org",
                                         "files" + r"\.pythonhosted", "npm" + r"\.pkg")) + ")",
    re.IGNORECASE,
)  # fmt: skip
# A script without a source, or an on…= attribute: the policy of the pages forbids both, so they would silently not run.
INLINE_SCRIPT = re.compile(
    r"<script(?![^>]*\bsrc\s*=)(?![^>]*\btype\s*=\s*[\"']application/json)", re.IGNORECASE
)
HANDLER = re.compile(r"<[^>]*\s(?:on[a-z]+|hx-on[:\w-]*)\s*=", re.IGNORECASE)


def tracked(*patterns: str) -> list[Path]:
    """The files that git knows (or would take); everything there is where this is no git clone."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git clone")
    paths = (PROJECT / line for line in listed.stdout.splitlines())
    return [path for path in paths if path.is_file()]


def texts(*patterns: str) -> list[tuple[str, str]]:
    read = []
    for path in tracked(*patterns):
        try:
            read.append((str(path.relative_to(PROJECT)), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return read


def as_markup(template: str) -> str:
    """Without comments and Jinja's own words, in which `one == other` would look like a handler."""
    plain = re.sub(r"\{#.*?#\}|<!--.*?-->|\{%.*?%\}", " ", template, flags=re.DOTALL)
    return re.sub(r"\{\{.*?\}\}", "value", plain, flags=re.DOTALL)


def test_no_module_has_a_name_that_says_nothing():
    named = [path for path in tracked("room/*.py", "static/src/*.ts") if path.stem in VAGUE]
    assert named == []


def test_no_tracked_file_names_a_package_registry():
    named = [name for name, text in texts() if REGISTRIES.search(text)]
    assert named == []


def test_locks_hold_a_hash_for_every_package():
    for lock in ("requirements.lock", "requirements-node.lock"):
        text = (PROJECT / lock).read_text(encoding="utf-8")
        entries = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE | re.IGNORECASE)
        assert all(
            re.match(r"[\w.-]+==\S+ .*--hash=sha256:", e, re.DOTALL) for e in entries if e
        ), lock


def test_every_dependency_is_in_the_lock():
    project = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    lists = re.findall(
        r"^(?:dependencies|dev) = \[(.*?)\]", project, flags=re.MULTILINE | re.DOTALL
    )
    wanted = [name.lower() for text in lists for name in re.findall(r'"([\w-]+)', text)]
    lock = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    assert len(wanted) > 20
    assert [
        name for name in wanted if not re.search(rf"^{re.escape(name)}==", lock, re.MULTILINE)
    ] == []


def test_no_template_holds_an_inline_script_or_handler():
    templates = texts("templates/*.html")
    assert templates
    for name, text in templates:
        template = as_markup(text)
        # The page that plays from disk has nobody to ask for a script: it brings its own, under a policy with its hash.
        if not name.endswith("replay/offline.html"):
            assert not INLINE_SCRIPT.search(template), name
        assert not HANDLER.search(template), name


@pytest.mark.parametrize(
    "markup",
    [
        "<script>x()</script>",
        '<script type="module">',
        '<a onclick="x()">',
        '<form\n  hx-on::after-request="x()">',
    ],
)
def test_the_template_rule_catches_what_it_should(markup):
    assert INLINE_SCRIPT.search(markup) or HANDLER.search(markup)


@pytest.mark.parametrize(
    "markup",
    [
        '<script type="module" nonce="n" src="x.js"></script>',
        '<script type="application/json">',
        "<p>on = off</p>",
    ],
)
def test_the_template_rule_allows_what_it_should(markup):
    assert not INLINE_SCRIPT.search(markup)
    assert not HANDLER.search(markup)


def test_every_package_says_what_it_is_for():
    for path in tracked("room/*/__init__.py", "room/__init__.py"):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        assert len(said.splitlines()) >= 3, (
            f"{path} needs a docstring: what it is for, what enters, what leaves"
        )


def test_every_folder_of_modules_is_a_package():
    apart = {"migrations", "drivers"}  # Alembic's form; programs that are sent into a container
    folders = {path.parent for path in tracked("room/*.py") if not apart & set(path.parts)}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_only_the_settings_read_the_environment():
    for name, text in texts("room/*.py"):
        if name == "room/config.py":
            continue
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.Attribute(
                    value=ast.Name(id="os"), attr="environ" | "environb" | "getenv" | "putenv"
                ):
                    pytest.fail(f"{name}:{node.lineno} reads the environment")
                case ast.ImportFrom(module="os", names=names):
                    taken = {alias.name for alias in names}
                    assert not taken & {"environ", "environb", "getenv"}, f"{name}:{node.lineno}"


def test_no_tracked_file_holds_a_path_of_somebodys_machine():
    own = str(PROJECT)
    if len(PROJECT.parts) < 3:
        pytest.skip("the clone's path is too short to be told apart")
    assert [name for name, text in texts() if f"{own}/" in text] == []
