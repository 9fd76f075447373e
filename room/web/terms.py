"""What a client wants of its reports: name, colour and logo on them, letters to candidates, comparing groups."""

import asyncio
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect, Response

from room.desk import names
from room.scoring import brand, limited, logo
from room.scoring.statistics import ENOUGH_A_GROUP
from room.store import clients, report_terms
from room.store.accounts import Account
from room.store.report_terms import Terms
from room.web import auth
from room.web.templating import page

Req = Request[Any, Any, Any]


@get("/clients/{client_id:str}/reports", sync_to_thread=True)
def show(request: Req, client_id: str) -> Response[Any]:
    return _page(request, auth.require_account(request), client_id)


def _page(
    request: Req,
    account: Account,
    client_id: str,
    *,
    terms: Terms | None = None,
    faults: dict[str, str] | None = None,
) -> Response[Any]:
    with request.app.state.store.read() as conn:
        client = clients.load(conn, account.id, client_id)
        terms = terms or report_terms.load(conn, account.id, client_id)
    return page(
        request,
        "report/terms.html",
        status=422 if faults else 200,
        section="clients",
        client=client,
        terms=terms,
        faults=faults or {},
        shown=brand.make(terms.name or client.name, brand.read_colour(terms.colour) or "", terms.logo),
        enough=ENOUGH_A_GROUP,
        is_saved="saved" in request.query_params,
    )  # fmt: skip


@post("/clients/{client_id:str}/reports", status_code=200)
async def change(request: Req, client_id: str) -> Response[Any]:
    """Keep what was said; a picture that cannot be used leaves the old one."""
    sent = await request.form()
    picture = sent.get("logo")
    content = await picture.read(logo.BYTES_MAX + 1) if isinstance(picture, UploadFile) else b""

    def said(field: str) -> str:
        value = sent.get(field, "")
        return names.clean_name(value) if isinstance(value, str) else ""

    def work() -> Response[Any]:
        account = auth.require_account(request)
        faults: dict[str, str] = {}
        with request.app.state.store.read() as conn:
            clients.load(conn, account.id, client_id)
            before = report_terms.load(conn, account.id, client_id)
        colour = brand.read_colour(said("colour"))
        if colour is None:
            faults["colour"] = "Write a colour as #0a6640, or nothing."
        drawn = None if "no_logo" in sent else before.logo
        if content:
            try:
                drawn = logo.draw(content).png
            except logo.BadLogo as error:
                faults["logo"] = str(error)
            except limited.Busy:
                faults["logo"] = "Other pictures are being drawn just now. Try again in a moment."
        terms = msgspec.structs.replace(
            before,
            name=said("name"),
            colour=said("colour")[:20] if colour is None else colour,
            logo=drawn,
            allows_letters="allows_letters" in sent,
            watches_groups="watches_groups" in sent,
        )
        if faults:
            return _page(request, account, client_id, terms=terms, faults=faults)
        with request.app.state.store.begin() as conn:
            report_terms.save(conn, terms)
        return Redirect(f"/clients/{client_id}/reports?saved=1", status_code=303)

    return await asyncio.to_thread(work)


ROUTES = [show, change]
