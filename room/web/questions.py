"""The question library, to read: parts, tests, files, guide."""

from typing import Any

from litestar import Request, get
from litestar.response import Response

from room.desk import questions
from room.desk.questions import KIND_WORDS, Question
from room.store import questions as rows
from room.store import rubrics
from room.web.auth import require_account
from room.web.templating import page

TABS = ("parts", "files", "guide", "rubric")


def _matches(question: Question, words: str) -> bool:
    haystack = " ".join(
        (
            question.title,
            question.summary,
            KIND_WORDS[question.kind],
            *question.tags,
            *question.level,
            *question.languages,
        )
    ).casefold()
    return all(word in haystack for word in words.casefold().split())


@get("/questions", sync_to_thread=True)
def show_list(request: Request[Any, Any, Any]) -> Response[Any]:
    account = require_account(request)
    with request.app.state.store.read() as conn:
        listed = questions.list_for(conn, account.id)
    return _page(request, listed, None)


@get("/questions/{question_id:str}", sync_to_thread=True)
def show_one(request: Request[Any, Any, Any], question_id: str) -> Response[Any]:
    account = require_account(request)
    with request.app.state.store.read() as conn:
        row = rows.load(conn, account.id, question_id)
        listed = questions.list_for(conn, account.id)
        question = questions.of_row(row)
        rubric = rubrics.find_by_key(conn, account.id, question.rubric)
    tab = request.query_params.get("tab", TABS[0])
    language = request.query_params.get("language", "")
    chosen = language if language in question.languages else next(iter(question.languages), "")
    return _page(
        request,
        listed,
        question_id,
        question=question,
        version=row.version,
        tab=tab if tab in TABS else TABS[0],
        language=chosen,
        files=questions.starter_files(question, chosen),
        guide=questions.guide_md(question),
        rubric=rubric.body if rubric else None,
    )


def _page(
    request: Request[Any, Any, Any],
    listed: list[tuple[str, Question]],
    chosen: str | None,
    **more: Any,
) -> Response[Any]:
    words = request.query_params.get("q", "").strip()[:200]
    return page(
        request,
        "questions/questions.html",
        section="questions",
        found=[(key, one) for key, one in listed if _matches(one, words)],
        words=words,
        chosen=chosen,
        kinds=KIND_WORDS,
        **({"question": None} | more),
    )


ROUTES = [show_list, show_one]
