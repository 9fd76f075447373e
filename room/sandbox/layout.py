"""Which files lie in the work folder when a program starts, and which words an argv may name. Pure.

Files of ours lie in `.room/`, a folder that no program of a person can be called into: `setup.sql` (what runs before an
SQL program), `main.sql` (the program under a name that needs no quoting), the caller of function-style cases, and
`out`, where compilers leave what they made.
"""

from __future__ import annotations

import re

from room.sandbox.languages import LANGUAGES, Values
from room.sandbox.spec import RunRequest, SourceFile, TestCase, TestRequest

OUT = ".room/out"
_VIRTUAL_MACHINE_MB = 80
"""What Java's own memory takes beside the heap."""

_PUBLIC_TYPE = re.compile(
    r"^\s*public\s+(?:(?:final|abstract|sealed|non-sealed|strictfp|static)\s+)*"
    r"(?:class|record|enum|interface)\s+([A-Za-z_$][\w$]*)",
    re.MULTILINE,
)
_ANY_TYPE = re.compile(r"\b(?:class|record|enum|interface)\s+([A-Za-z_$][\w$]*)")
_MAIN_METHOD = re.compile(r"\bstatic\s+void\s+main\s*\(")
_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)\s*;", re.MULTILINE)
_NOT_PLAIN = re.compile(r"^-|[^A-Za-z0-9_-]")
_GO_MAIN = re.compile(r"^func\s+main\s*\(", re.MULTILINE)


def run_files(request: RunRequest) -> tuple[SourceFile, ...]:
    """The files of a plain run."""
    if "sql" not in LANGUAGES[request.language].tests:
        return _laid(request.language, request.files, request.entry)
    setup = SourceFile(".room/setup.sql", request.setup)
    return (*request.files, setup, _main(request.files, request.entry))


def trial_files(request: TestRequest) -> tuple[SourceFile, ...]:
    """The files that all cases of a submission share."""
    files = _laid(request.language, request.files, request.entry_file)
    match request.suite.kind:
        case "stdio":
            return files
        case "function":
            return (*files, _caller(request))
        case "sql":
            return (*files, _main(files, request.entry_file))


def case_files(request: TestRequest, case: TestCase) -> tuple[SourceFile, ...]:
    """The files of one case alone; each replaces the one of the case before it."""
    if request.suite.kind != "sql":
        return ()
    seed = request.suite.seeds.get(case.seed or "", "")
    return (SourceFile(".room/setup.sql", f"{request.suite.schema}\n{seed}"),)


def words(
    language_id: str,
    files: tuple[SourceFile, ...],
    entry: str,
    *,
    memory_mb: int,
    function: str = "",
) -> Values:
    """What the names in an argv of languages.toml stand for; `files` are those of the request."""
    language = LANGUAGES[language_id]
    text = next(file.text for file in files if file.name == entry)
    is_sheet = _is_sheet(language_id, entry)
    entry = _named(language_id, _ended(language_id, entry), text)
    folder = entry.rpartition("/")[0]
    sources = tuple(
        _named(language_id, file.name, file.text)
        for file in files
        if file.name.endswith(language.endings or ("",))
    )
    if is_sheet:
        sources = (entry,)
    return {
        "entry": entry,
        "stem": entry.rpartition(".")[0] or entry,
        "function": function,
        "caller": _caller_name(language_id, entry),
        "memory_mb": str(memory_mb),
        "heap_mb": str(max(16, memory_mb - _VIRTUAL_MACHINE_MB)),
        "class": _main_class(text) if language_id == "java" else "",
        "sources": sources,
        "beside": tuple(name for name in sources if name.rpartition("/")[0] == folder),
        "others": tuple(name for name in sources if name != entry),
    }


def _main(files: tuple[SourceFile, ...], entry: str) -> SourceFile:
    text = next(file.text for file in files if file.name == entry)
    return SourceFile(".room/main.sql", text)


def _caller_name(language_id: str, entry: str) -> str:
    language = LANGUAGES[language_id]
    if language.caller_beside:
        folder, slash, _ = entry.rpartition("/")
        return folder + slash + language.caller_beside
    return f".room/{language.caller}"


def _caller(request: TestRequest) -> SourceFile:
    language = LANGUAGES[request.language]
    text = language.caller_text()
    if request.language == "go":
        # Go has no look-up by name and allows one main: the caller names the function and works before main begins.
        text = text.replace("ROOM_FUNCTION", request.suite.entry or "")
        if not any(_GO_MAIN.search(file.text) for file in request.files):
            text += "\nfunc main() {}\n"
    return SourceFile(_caller_name(request.language, request.entry_file), text)


def _is_sheet(language_id: str, entry: str) -> bool:
    """Whether the file to start lacks its language's ending, as the first file of every room does: it is compiled alone."""
    endings = LANGUAGES[language_id].endings
    return bool(endings) and not entry.endswith(endings)


def _ended(language_id: str, entry: str) -> str:
    """The name of the file to start as compilers take it: they tell languages by endings, and read some characters."""
    if not _is_sheet(language_id, entry):
        return entry
    return (
        "/".join(_NOT_PLAIN.sub("_", part) for part in entry.split("/"))
        + (LANGUAGES[language_id].endings[0])
    )


def _laid(language_id: str, files: tuple[SourceFile, ...], entry: str) -> tuple[SourceFile, ...]:
    """The files under the names that their language wants; two that would then be one keep their own.

    A sheet goes before a file of the name that it gets: it is the one that was asked for.
    """
    named = tuple(
        SourceFile(_named(language_id, file.name, file.text), file.text)
        for file in files
        if file.name != entry
    )
    text = next(file.text for file in files if file.name == entry)
    first = SourceFile(_named(language_id, _ended(language_id, entry), text), text)
    if _is_sheet(language_id, entry):
        return (first, *(file for file in named if file.name != first.name))
    return (first, *named) if len({file.name for file in (first, *named)}) == len(files) else files


def _named(language_id: str, name: str, text: str) -> str:
    """Java wants a public class in a file of its name, and nobody in an interview should have to think of it."""
    if language_id != "java" or not name.endswith(".java"):
        return name
    public = _PUBLIC_TYPE.search(text)
    folder, slash, _ = name.rpartition("/")
    return f"{folder}{slash}{public.group(1)}.java" if public else name


def _main_class(text: str) -> str:
    """The class that Java starts: the public one, else the one before the main method, else the first."""
    package = _PACKAGE.search(text)
    before = f"{package.group(1)}." if package else ""
    public = _PUBLIC_TYPE.search(text)
    if public:
        return before + public.group(1)
    method = _MAIN_METHOD.search(text)
    found = _ANY_TYPE.findall(text[: method.start()] if method else text)
    if not found:
        return before + "Main"
    return before + str(found[-1] if method else found[0])
