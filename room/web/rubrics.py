"""Rubrics: the list, one to read, the editor with its preview, and YAML in and out."""

import asyncio
from collections.abc import Callable
from typing import Any

from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect, Response

from room.scoring import drafting, form, shelf
from room.scoring.rubric import MAX_LEVELS, MIN_LEVELS, BadRubric, Rubric, parse
from room.store import rubrics
from room.store.accounts import Account
from room.web import auth
from room.web.templating import page

Req = Request[Any, Any, Any]


@get("/rubrics", sync_to_thread=True)
def show_list(request: Req) -> Response[Any]:
    account = auth.require_account(request)
    return _list(request, account)


def _list(
    request: Req, account: Account, message: str = "", typed: str = "", status: int = 200
) -> Response[Any]:
    with request.app.state.store.read() as conn:
        entries = shelf.entries(conn, account.id)
    return page(
        request,
        "rubrics/list.html",
        status=status,
        section="rubrics",
        entries=entries,
        message=message,
        yaml=typed,
    )


@get("/rubrics/new", sync_to_thread=True)
def show_new(request: Req) -> Response[Any]:
    auth.require_account(request)
    return _editor(request, None, drafting.blank())


@get("/rubrics/{rubric_id:str}", sync_to_thread=True)
def show_one(request: Req, rubric_id: str) -> Response[Any]:
    account = auth.require_account(request)
    return _one(request, account, rubric_id)


def _one(
    request: Req, account: Account, rubric_id: str, message: str = "", status: int = 200
) -> Response[Any]:
    with request.app.state.store.read() as conn:
        row = rubrics.load(conn, account.id, rubric_id)
        versions = rubrics.versions(conn, account.id, row.key)
        is_used = row.id in shelf.used(conn, account.id)
        is_deletable = shelf.is_deletable(conn, account.id, row)
        starters = shelf.starters(conn, account.id, row)
    return page(
        request,
        "rubrics/one.html",
        status=status,
        section="rubrics",
        message=message,
        is_deletable=is_deletable,
        starters=starters,
        row=row,
        rubric=parse(row.body),
        versions=versions,
        is_newest=versions[0].id == row.id,
        is_shipped=shelf.is_shipped(row),
        is_used=is_used,
        zone=account.zone,
    )


@get("/rubrics/{rubric_id:str}/rubric.yaml", sync_to_thread=True)
def export(request: Req, rubric_id: str) -> Response[Any]:
    account = auth.require_account(request)
    with request.app.state.store.read() as conn:
        row = rubrics.load(conn, account.id, rubric_id)
    name = drafting.free_id(row.key, set())
    return Response(
        drafting.to_yaml(parse(row.body)).encode(),
        media_type="application/yaml",
        headers={"content-disposition": f'attachment; filename="{name}-{row.version}.yaml"'},
    )


@get("/rubrics/{rubric_id:str}/edit", sync_to_thread=True)
def show_editor(request: Req, rubric_id: str) -> Response[Any]:
    account = auth.require_account(request)
    with request.app.state.store.read() as conn:
        row = rubrics.load(conn, account.id, rubric_id)
        newest = rubrics.versions(conn, account.id, row.key)[0]
    if shelf.is_shipped(row):
        return Redirect(f"/rubrics/{row.id}", status_code=303)
    if newest.id != row.id:
        return Redirect(f"/rubrics/{newest.id}/edit", status_code=303)
    return _editor(request, row.id, drafting.document(parse(row.body)))


def _editor(
    request: Req,
    rubric_id: str | None,
    document: dict[str, Any],
    *,
    message: str = "",
    preview: Rubric | None = None,
    status: int = 200,
) -> Response[Any]:
    return page(
        request,
        "rubrics/edit.html",
        status=status,
        section="rubrics",
        rubric_id=rubric_id,
        document=document,
        message=message,
        preview=preview,
        fewest=MIN_LEVELS,
        most=MAX_LEVELS,
    )


async def _posted(
    request: Req, work: Callable[[Account, form.Fields], Response[Any]]
) -> Response[Any]:
    fields: dict[str, list[str]] = {}
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            sent = (await value.read(drafting.YAML_MAX * 4 + 4)).decode("utf-8", "replace")
            if sent:
                fields[name] = [sent]
        elif value or name not in fields:
            fields.setdefault(name, []).append(value)
    return await asyncio.to_thread(lambda: work(auth.require_account(request), fields))


@post("/rubrics/import", status_code=200)
async def take_in(request: Req) -> Response[Any]:
    """Add the rubric of a YAML text or file."""

    def work(account: Account, fields: form.Fields) -> Response[Any]:
        typed = (fields.get("file") or fields.get("yaml") or [""])[-1]
        state = request.app.state
        try:
            rubric = drafting.from_yaml(typed)
        except BadRubric as error:
            return _list(request, account, str(error), typed[: drafting.YAML_MAX], 422)
        with state.store.begin() as conn:
            row = shelf.add(conn, account.id, rubric, state.clock.wall_ms())
        return Redirect(f"/rubrics/{row.id}", status_code=303)

    return await _posted(request, work)


@post("/rubrics/{rubric_id:str}/copy", status_code=200)
async def copy(request: Req, rubric_id: str) -> Response[Any]:
    def work(account: Account, fields: form.Fields) -> Response[Any]:
        state = request.app.state
        with state.store.begin() as conn:
            row = shelf.copy(conn, account.id, rubric_id, state.clock.wall_ms())
        return Redirect(f"/rubrics/{row.id}/edit", status_code=303)

    return await _posted(request, work)


@post("/rubrics/{rubric_id:str}/delete", status_code=200)
async def delete(request: Req, rubric_id: str) -> Response[Any]:
    """Take a rubric of one's own away that nobody used."""

    def work(account: Account, fields: form.Fields) -> Response[Any]:
        try:
            with request.app.state.store.begin() as conn:
                shelf.delete(conn, account.id, rubric_id)
        except shelf.Shipped:
            said = "A rubric that came with Room stays."
        except shelf.Used:
            said = "This rubric was used, so it stays: what was scored with it must be readable."
        else:
            return Redirect("/rubrics", status_code=303)
        return _one(request, account, rubric_id, said, 409)

    return await _posted(request, work)


@post("/rubrics", status_code=200)
async def create(request: Req) -> Response[Any]:
    """The editor's buttons for a rubric that is not kept yet."""
    return await _posted(request, lambda account, fields: _act(request, account, None, fields))


@post("/rubrics/{rubric_id:str}", status_code=200)
async def change(request: Req, rubric_id: str) -> Response[Any]:
    """The editor's buttons: keep, preview, and what they do to the rows."""
    return await _posted(request, lambda account, fields: _act(request, account, rubric_id, fields))


def _act(
    request: Req, account: Account, rubric_id: str | None, fields: form.Fields
) -> Response[Any]:
    state = request.app.state
    before = drafting.blank()
    if rubric_id is not None:
        with state.store.read() as conn:
            before = drafting.document(parse(rubrics.load(conn, account.id, rubric_id).body))
    document = drafting.read_fields(fields, before)
    deed = form.text(fields, "do") or "save"
    if deed not in ("save", "preview"):
        drafting.act(document, deed)
        return _editor(request, rubric_id, document)
    try:
        rubric = drafting.finish(document, before.get("id") or "new", int(before.get("version", 1)))
        if deed == "preview":
            return _editor(request, rubric_id, document, preview=rubric)
        now_ms = state.clock.wall_ms()
        with state.store.begin() as conn:
            if rubric_id is None:
                row = shelf.add(conn, account.id, rubric, now_ms)
            else:
                row = shelf.save(conn, account.id, rubric_id, rubric, now_ms)
    except BadRubric as error:
        return _editor(request, rubric_id, document, message=str(error), status=422)
    except shelf.Shipped:
        said = "A rubric that came with Room is not changed. Copy it first."
        return _editor(request, rubric_id, document, message=said, status=409)
    except shelf.Overtaken:
        said = (
            "There is a newer version of this rubric. Open that one; what you wrote here is below."
        )
        return _editor(request, rubric_id, document, message=said, status=409)
    return Redirect(f"/rubrics/{row.id}", status_code=303)


ROUTES = [show_list, show_new, show_one, export, show_editor, take_in, copy, delete, create, change]
