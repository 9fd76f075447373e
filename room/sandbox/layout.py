"""Which files lie in the work folder when a program starts. Pure.

Files of ours lie in `.room/`, a folder that no program of a person can be called into: `setup.sql` (what runs before an
SQL program), `main.sql` (the program under a name that needs no quoting), and the caller of function-style cases.
"""

from __future__ import annotations

from room.sandbox.languages import LANGUAGES
from room.sandbox.spec import RunRequest, SourceFile, TestCase, TestRequest


def run_files(request: RunRequest) -> tuple[SourceFile, ...]:
    """The files of a plain run."""
    if "sql" not in LANGUAGES[request.language].tests:
        return request.files
    setup = SourceFile(".room/setup.sql", request.setup)
    return (*request.files, setup, _main(request.files, request.entry))


def trial_files(request: TestRequest) -> tuple[SourceFile, ...]:
    """The files that all cases of a submission share."""
    language = LANGUAGES[request.language]
    match request.suite.kind:
        case "stdio":
            return request.files
        case "function":
            caller = SourceFile(f".room/{language.caller}", language.caller_text())
            return (*request.files, caller)
        case "sql":
            return (*request.files, _main(request.files, request.entry_file))


def case_files(request: TestRequest, case: TestCase) -> tuple[SourceFile, ...]:
    """The files of one case alone; each replaces the one of the case before it."""
    if request.suite.kind != "sql":
        return ()
    seed = request.suite.seeds.get(case.seed or "", "")
    return (SourceFile(".room/setup.sql", f"{request.suite.schema}\n{seed}"),)


def _main(files: tuple[SourceFile, ...], entry: str) -> SourceFile:
    text = next(file.text for file in files if file.name == entry)
    return SourceFile(".room/main.sql", text)
