"""The question library, to read: parts, tests, files, guide."""

from typing import Any

from litestar import Request, get
from litestar.response import Response
from markupsafe import Markup

from room.desk import questions
from room.desk.questions import KIND_WORDS, Question
from room.sandbox.languages import LANGUAGES
from room.store import clients, interviews, rubrics
from room.store import questions as rows
from room.store.accounts import Account
from room.web.auth import require_account
from room.web.markdown import to_html
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
    words = _words(request)
    found = next((key for key, one in listed if _matches(one, words)), None)
    return (
        _page(request, listed, None)
        if found is None
        else _one(request, account, found, is_chosen=False)
    )


@get("/questions/{question_id:str}", sync_to_thread=True)
def show_one(request: Request[Any, Any, Any], question_id: str) -> Response[Any]:
    return _one(request, require_account(request), question_id, is_chosen=True)


def _words(request: Request[Any, Any, Any]) -> str:
    return str(request.query_params.get("q", "")).strip()[:200]


def _one(
    request: Request[Any, Any, Any], account: Account, question_id: str, *, is_chosen: bool
) -> Response[Any]:
    """One question beside the list. A wide window shows the first one before any is chosen."""
    with request.app.state.store.read() as conn:
        row = rows.load(conn, account.id, question_id)
        listed = questions.list_for(conn, account.id)
        question = questions.of_row(row)
        rubric = rubrics.find_by_key(conn, account.id, question.rubric)
        held = [
            one
            for one in interviews.list_for(conn, account.id)
            if one.is_over and not one.is_demo and question_id in one.plan.questions
        ]
        last = max(held, key=lambda one: one.starts_at_ms, default=None)
        last_client = clients.load(conn, account.id, last.client_id).name if last else ""
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
        is_chosen=is_chosen,
        times_used=len(held),
        last_used=last,
        last_client=last_client,
    )


def _page(
    request: Request[Any, Any, Any],
    listed: list[tuple[str, Question]],
    chosen: str | None,
    **more: Any,
) -> Response[Any]:
    words = _words(request)
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


@get("/questions/{question_id:str}/try", sync_to_thread=True)
def try_as_candidate(request: Request[Any, Any, Any], question_id: str) -> Response[Any]:
    """The question as a candidate meets it: its first part beside the starter files' first. Nothing there is kept."""
    account = require_account(request)
    with request.app.state.store.read() as conn:
        question = questions.load(conn, account.id, question_id)
    first = question.parts[0]
    return page(
        request,
        "room/practice.html",
        lobby=f"/questions/{question_id}",
        languages=[
            {
                "key": key,
                "label": LANGUAGES[key].label,
                "text": questions.starter_files(question, key)[0][2],
            }
            for key in question.languages or ("python",)
        ],
        question={
            "title": question.title,
            "part": first.title,
            "html": Markup(to_html(question.statement(first))),  # noqa: S704 - Markdown without raw HTML
        },
        csrf_token="",
    )


ROUTES = [show_list, show_one, try_as_candidate]
