"""Reports: the owner's draft and signed versions, the links to them, and the page that a link opens."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import structlog
from litestar import Request, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect, Response

from room.desk import schedule
from room.replay import authorship, glimpses
from room.scoring import blind, brand, filing, form, limited, pdfseal, render, score, trust
from room.scoring import report as reports_pure
from room.scoring.brand import Brand
from room.scoring.filing import Case, Lacking, NotYet, Stale
from room.scoring.pdfshelf import Shelf
from room.scoring.render import Paper, PdfBusy, PdfFailed, View
from room.scoring.report import Report
from room.scoring.score import Lack, Words
from room.session.ids import InterviewId
from room.store import interviews, journal, letters, report_terms, reports, shares, throttle
from room.store.accounts import Account
from room.store.clients import load as load_client
from room.store.engine import NotFound
from room.store.interviews import DAY_MS
from room.store.report_terms import Terms
from room.store.reports import Signed
from room.store.shares import Share
from room.web import auth
from room.web.errors import Gone
from room.web.sealed import deleted, unless_deleted
from room.web.templating import page
from room.web.verify import keys_of

Req = Request[Any, Any, Any]

READER = "reader_"
"""Followed by the interview's id: the cookie of a browser that watches the replay by a report's link."""

log = structlog.get_logger()

LABEL_MAX = 200
PASSCODE_MIN = 6
OPENER = "share_"
"""Followed by the share's id: the cookie of a browser that gave the passcode."""
TRIES, TRIES_WINDOW_MS = 5, 15 * 60_000
EXPIRY_DAYS = (7, 30, 90, 180, 365)


# ------------------------------------------------------------------------------------------------ the owner's page


@get("/interviews/{interview_id:str}/report", sync_to_thread=True)
def show_own(request: Req, interview_id: str) -> Response[Any]:
    account = auth.require_account(request)
    return _own(request, account, interview_id, writing="new" in request.query_params)


def _own(
    request: Req,
    account: Account,
    interview_id: str,
    *,
    status: int = 200,
    words: Words | None = None,
    lacks: tuple[Lack, ...] = (),
    message: str = "",
    writing: bool = False,
    given: dict[str, str] | None = None,
    refused: str = "",
) -> Response[Any]:
    """The owner's page: words and draft before signing; the frozen report and its links after."""
    state = request.app.state
    with state.store.read() as conn, unless_deleted():
        interview = interviews.load(conn, account.id, interview_id)
        versions = reports.list_for(conn, state.seals, account.id, interview_id)
        links = shares.list_for(conn, account.id, interview_id)
        opened = {s.id: shares.openings(conn, account.id, s.id) for s in links}
        client = load_client(conn, account.id, interview.client_id)
        letter = letters.find(conn, state.seals, account.id, interview_id)
        terms = report_terms.load(conn, account.id, interview.client_id)
        kept, version, saved_at_ms = filing.find_words(conn, state.seals, account.id, interview_id)
        is_draft = not versions or writing
        case = (
            filing.load_case(conn, state.seals, account.id, interview_id)
            if is_draft and interview.is_over
            else None
        )
        _, last = journal.last_hash(conn, InterviewId(interview_id))
    common: dict[str, Any] = {
        "section": "scorecards",
        "interview": interview,
        "client": client,
        "message": message,
        "zone": account.zone,
    }
    if is_draft and (case is None or case.rubric is None):
        return page(request, "report/wait.html", status=status, **common)
    report, sheet = None, ""
    if case is not None:
        if not version and words is None:
            kept = _first_words(case, versions)
        words = words or kept
        report = filing.draft_report(case, words, written(case), last.hex())
        sheet = render.sheet(
            report, View(replay=f"/replay/{interview_id}", brand=_brand(terms, client.name))
        )
    else:
        newest = versions[-1]
        report = reports_pure.read(newest.body)
        view = View(
            hash=newest.hash, replay=f"/replay/{interview_id}", brand=_brand(terms, client.name)
        )
        sheet = render.sheet(report, view)
    base = state.settings.public_url
    return page(
        request,
        "report/own.html",
        status=status,
        sheet=sheet,
        report=report,
        case=case,
        words=words,
        version=version,
        saved_at_ms=saved_at_ms,
        lacks=defaultdict(str, {lack.field: lack.sentence for lack in lacks}),
        versions=versions,
        letter=letter,
        terms=terms,
        refused=refused,
        write_points=form.write_points,
        given=given or {},
        expiry_days=_days(client.retention_days),
        default_days=client.retention_days,
        links=[
            {
                "share": share,
                "address": f"{base}/r/{token}"
                if (token := shares.token_of(share, state.store.link_key))
                else "",
                "standing": share.standing(state.clock.wall_ms()),
                "opened": opened[share.id],
            }
            for share in links
        ],
        **common,
    )


def _first_words(case: Case, signed: Sequence[Signed]) -> Words:
    """What the words start from: the newest version's, before the first one the scorecard's."""
    return reports_pure.read(signed[-1].body).words if signed else case.raters[0].scorecard.words


def written(case: Case) -> filing.Written:
    """What was typed, and where at each moment."""
    return filing.Written(
        authorship.lines(case.recorded),
        glimpses.starters(case.recorded),
        glimpses.around(case.recorded, [(m.id, m.at_ms) for m in case.moments]),
    )


def _brand(terms: Terms, client: str) -> Brand:
    return brand.make(terms.name or client, brand.read_colour(terms.colour) or "", terms.logo)


def _days(retention_days: int) -> list[int]:
    return sorted({*EXPIRY_DAYS, retention_days})


async def _posted(
    request: Req, work: Callable[[Account, form.Fields], Response[Any]]
) -> Response[Any]:
    sent = await request.form()
    fields: dict[str, list[str]] = {}
    for name, value in sent.multi_items():
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)
    return await asyncio.to_thread(lambda: work(auth.require_account(request), fields))


def _words(request: Req, case: Case, fields: form.Fields, account: Account) -> Words:
    state = request.app.state
    with state.store.read() as conn:
        before, version, _ = filing.find_words(conn, state.seals, account.id, case.interview.id)
        signed = reports.list_for(conn, state.seals, account.id, case.interview.id)
    if not version:
        before = _first_words(case, signed)
    return form.read_words(fields, case.seen_by(case.raters[0].member.id), before)


def _case(request: Req, account: Account, interview_id: str) -> Case:
    state = request.app.state
    with state.store.read() as conn, unless_deleted():
        return filing.load_case(conn, state.seals, account.id, interview_id)


@post("/interviews/{interview_id:str}/report/words", status_code=200)
async def save_words(request: Req, interview_id: str) -> Response[Any]:
    """Keep the words of the report; answers with the line that says so."""

    def work(account: Account, fields: form.Fields) -> Response[Any]:
        state = request.app.state
        case = _case(request, account, interview_id)
        words = _words(request, case, fields, account)
        based_on = _number(form.text(fields, "over") or form.text(fields, "version"))
        now_ms = state.clock.wall_ms()
        problem = score.words_too_long(words) or ""
        status, newer = (422 if problem else 200), None
        if not problem:
            try:
                with state.store.begin() as conn:
                    based_on = filing.save_words(
                        conn,
                        state.seals,
                        account.id,
                        interview_id,
                        words,
                        based_on=based_on,
                        now_ms=now_ms,
                    )
            except Stale as error:
                status, newer = 409, error.version
                problem = "These words were changed on another page."
        return page(
            request,
            "report/saved.html",
            status=status,
            version=based_on,
            problem=problem,
            newer=newer,
            saved_at_ms=None if problem else now_ms,
            interview=case.interview,
            zone=account.zone,
        )

    return await _posted(request, work)


def _number(written: str) -> int:
    return int(written) if re.fullmatch(r"[0-9]{1,8}", written) else 0


@post("/interviews/{interview_id:str}/report/sign", status_code=200)
async def sign(request: Req, interview_id: str) -> Response[Any]:
    """Freeze the report, or a later version of it."""

    def work(account: Account, fields: form.Fields) -> Response[Any]:
        state = request.app.state
        now_ms = state.clock.wall_ms()
        case = _case(request, account, interview_id)
        words = _words(request, case, fields, account)
        zone = form.text(fields, "zone")
        correction = form.text(fields, "correction")
        again: dict[str, Any] = {
            "words": words,
            "writing": "correction" in fields,
            "given": {"name": form.text(fields, "name"), "correction": correction},
        }
        problem = score.words_too_long(words)
        if problem:
            return _own(request, account, interview_id, status=422, message=problem, **again)
        try:
            with state.store.begin() as conn:
                _, version, _ = filing.find_words(conn, state.seals, account.id, interview_id)
                filing.save_words(
                    conn,
                    state.seals,
                    account.id,
                    interview_id,
                    words,
                    based_on=version,
                    now_ms=now_ms,
                )
            with state.store.begin() as conn:
                filing.sign_report(
                    conn,
                    state.seals,
                    account.id,
                    interview_id,
                    words=words,
                    written=written(case),
                    name=form.text(fields, "name"),
                    zone=zone if schedule.is_zone(zone) else account.zone,
                    at_ms=now_ms,
                    correction=correction,
                    alone="alone" in fields,
                    follows=_number(form.text(fields, "follows")),
                    signer=keys_of(request).signer(),
                )
        except Lacking as error:
            return _own(
                request,
                account,
                interview_id,
                status=422,
                lacks=error.lacks,
                message="Something is still missing. It is marked below.",
                **again,
            )
        except NotYet as error:
            return _own(request, account, interview_id, status=409, message=str(error), **again)
        except Stale:
            words_of_house = (
                "This report was signed on another page just now. Nothing was signed twice."
            )
            return _own(request, account, interview_id, status=409, message=words_of_house)
        return Redirect(f"/interviews/{interview_id}/report", status_code=303)

    return await _posted(request, work)


@post("/interviews/{interview_id:str}/report/shares", status_code=200)
async def share(request: Req, interview_id: str) -> Response[Any]:
    """Make a link to the signed report."""

    def work(account: Account, fields: form.Fields) -> Response[Any]:
        state = request.app.state
        now_ms = state.clock.wall_ms()
        passcode = form.text(fields, "passcode")
        if passcode and not PASSCODE_MIN <= len(passcode) <= LABEL_MAX:
            refused = f"A passcode has at least {PASSCODE_MIN} characters."
            return _own(request, account, interview_id, status=422, refused=refused)
        is_blind = "blind" in fields
        with state.store.begin() as conn, unless_deleted():
            interview = interviews.load(conn, account.id, interview_id)
            if reports.find_newest(conn, state.seals, account.id, interview_id) is None:
                raise NotFound(interview_id)
            client = load_client(conn, account.id, interview.client_id)
            days = _number(form.text(fields, "days")) or client.retention_days
            shares.create(
                conn,
                state.store.link_key,
                account.id,
                interview_id,
                label=(form.text(fields, "label") or client.name)[:LABEL_MAX],
                # A replay shows the name beside every caret.
                with_replay="with_replay" in fields and not is_blind,
                passcode_hash=shares.hash_passcode(passcode) if passcode else None,
                blind=is_blind,
                expires_at_ms=min(now_ms + min(days, 3650) * DAY_MS, interview.delete_at_ms),
                now_ms=now_ms,
            )
        return Redirect(f"/interviews/{interview_id}/report#links", status_code=303)

    return await _posted(request, work)


@post("/interviews/{interview_id:str}/report/shares/{share_id:str}/off", status_code=200)
async def switch_off(request: Req, interview_id: str, share_id: str) -> Response[Any]:
    """Switch a link off at once."""

    def work(account: Account, fields: form.Fields) -> Response[Any]:
        state = request.app.state
        with state.store.begin() as conn:
            if shares.load(conn, account.id, share_id).interview_id != interview_id:
                raise NotFound(share_id)
            shares.revoke(conn, account.id, share_id, state.clock.wall_ms())
        return Redirect(f"/interviews/{interview_id}/report#links", status_code=303)

    return await _posted(request, work)


@post("/interviews/{interview_id:str}/report/letter", status_code=200)
async def save_letter(request: Req, interview_id: str) -> Response[Any]:
    """Keep the letter to the candidate, and show it to them or take it back."""

    def work(account: Account, fields: form.Fields) -> Response[Any]:
        state = request.app.state
        try:
            with state.store.begin() as conn, unless_deleted():
                filing.save_letter(
                    conn,
                    state.seals,
                    account.id,
                    interview_id,
                    subject=form.text(fields, "subject"),
                    text=form.text(fields, "letter"),
                    at_ms=state.clock.wall_ms(),
                    is_shown="shown" in fields,
                )
        except Lacking as error:
            return _own(request, account, interview_id, status=422, message=error.lacks[0].sentence)
        return Redirect(f"/interviews/{interview_id}/report#letter", status_code=303)

    return await _posted(request, work)


@get("/interviews/{interview_id:str}/report.pdf", sync_to_thread=True)
def own_pdf(request: Req, interview_id: str) -> Response[Any]:
    account = auth.require_account(request)
    state = request.app.state
    with state.store.read() as conn, unless_deleted():
        interviews.load(conn, account.id, interview_id)
        found = reports.find_newest(conn, state.seals, account.id, interview_id)
    if found is None:
        raise NotFound(interview_id)
    return _pdf(request, found)


@get("/interviews/{interview_id:str}/report.json", sync_to_thread=True)
def own_json(request: Req, interview_id: str) -> Response[Any]:
    """The newest version as a signed file; its `report` is, byte for byte, what the hash is over."""
    account = auth.require_account(request)
    state = request.app.state
    with state.store.read() as conn, unless_deleted():
        interviews.load(conn, account.id, interview_id)
        found = reports.find_newest(conn, state.seals, account.id, interview_id)
    if found is None:
        raise NotFound(interview_id)
    return Response(
        _envelope(request, found),
        media_type="application/json",
        headers={
            "content-disposition": f'attachment; filename="report-{interview_id}-{found.version}.json"'
        },
    )


def _envelope(request: Req, row: Signed) -> bytes:
    keys = keys_of(request)
    return trust.envelope(row, keys.signer(), keys.find)


def pdf_shelf(state: Any) -> Shelf:
    if "pdf_shelf" not in state:
        state.pdf_shelf = Shelf()
    shelf: Shelf = state.pdf_shelf
    return shelf


def _pdf(request: Req, row: Signed, *, is_blind: bool = False) -> Response[Any]:
    state = request.app.state
    with state.store.read() as conn:
        interview = interviews.load(conn, row.owner_id, row.interview_id)
        terms = report_terms.load(conn, row.owner_id, interview.client_id)
    paper: Paper = "letter" if request.query_params.get("print") == "letter" else "a4"
    signer = keys_of(request).signer()

    def make() -> bytes:
        report, hash_ = reports_pure.read(row.body), row.hash
        if is_blind:
            report, hash_ = blind.of(report), ""
        look = _brand(terms, report.occasion.client)
        view = View(hash=hash_, address=state.settings.public_url, brand=look, blind=is_blind)
        html = render.pdf_page(report, view, paper)
        if is_blind:
            # What was signed has the name in it: neither the data nor the site's signature goes along.
            return render.pdf(html, logo=look.logo)
        return pdfseal.sign(render.pdf(html, _envelope(request, row), look.logo), signer)

    key = (row.id, row.hash, paper, is_blind, terms, signer.public.id)
    try:
        made = pdf_shelf(state).get(key, make)
    except (PdfBusy, limited.Busy):
        return page(
            request,
            "errors/page.html",
            status=503,
            title="The PDF is not ready.",
            sentence="Several are being made just now. Try again in half a minute; the report itself is on its page.",
            code="",
        )
    except (PdfFailed, limited.Failed) as error:
        log.exception("report.pdf_failed", report=row.id, why=str(error))
        return page(
            request,
            "errors/page.html",
            status=500,
            title="The PDF could not be made, and it is our fault.",
            sentence="The report itself is on its page, and your browser can print it from there.",
            code="",
        )
    return Response(
        made,
        media_type="application/pdf",
        headers={
            "content-disposition": 'inline; filename="interview-report.pdf"',
            "x-robots-tag": "noindex",
        },
    )


# ------------------------------------------------------------------------------------------------ the reader's page


class Opened(msgspec.Struct, frozen=True):
    """What a link opens now."""

    share: Share
    row: Signed
    report: Report
    newest: int
    """The number of the version that counts."""
    versions: tuple[int, ...]
    brand: Brand


class Locked(Exception):
    """The link has a passcode that this browser has not given."""


def _open(request: Req, token: str) -> Opened:
    """Raises NotFound for a token that was never issued, Gone for one that has ended, Locked before the passcode."""
    state = request.app.state
    now_ms = state.clock.wall_ms()
    with state.store.read() as conn:
        found = shares.find(conn, token)
        if found is None:
            raise NotFound(token)
        standing = found.standing(now_ms)
        if standing == "expired":
            day = schedule.date_in_words(found.expires_at_ms, "UTC")
            raise Gone(
                "This link has expired.",
                f"It worked until {day}. Ask the person who sent it for a new one.",
            )
        if standing == "revoked":
            raise Gone(
                "This link was switched off.", "The person who sent it may have sent a newer one."
            )
        if not shares.is_unlocked(conn, found, request.cookies.get(OPENER + found.id)):
            raise Locked
        with unless_deleted():
            versions = reports.list_for(conn, state.seals, found.owner_id, found.interview_id)
            interview = interviews.load(conn, found.owner_id, found.interview_id)
            terms = report_terms.load(conn, found.owner_id, interview.client_id)
    if not versions:
        raise deleted() if interview.state == "deleted" else NotFound(token)
    wanted = _number(request.query_params.get("version", ""))
    chosen = next((v for v in versions if v.version == wanted), versions[-1])
    report = reports_pure.read(chosen.body)
    return Opened(
        found,
        chosen,
        blind.of(report) if found.blind else report,
        versions[-1].version,
        tuple(v.version for v in versions),
        _brand(terms, report.occasion.client),
    )


def _ask_passcode(request: Req, token: str, message: str = "", status: int = 200) -> Response[Any]:
    response = page(request, "report/passcode.html", status=status, token=token, message=message)
    response.headers["x-robots-tag"] = "noindex, nofollow, noarchive"
    return response


@post("/r/{token:str}/open", status_code=200, opt={"csrf": "origin"})
async def give_passcode(request: Req, token: str) -> Response[Any]:
    """Trade the passcode for the cookie that opens the link. After a few wrong ones the link waits."""
    passcode = str((await request.form()).get("passcode", ""))[:LABEL_MAX]

    def work() -> Response[Any]:
        state = request.app.state
        now_ms = state.clock.wall_ms()
        with state.store.read() as conn:
            found = shares.find(conn, token)
            if found is None:
                raise NotFound(token)
            key = f"share/{found.id}"
            wait_ms = throttle.wait_ms(conn, key, now_ms)
        if found.standing(now_ms) != "valid" or found.passcode_hash is None:
            return Redirect(f"/r/{token}", status_code=303)
        if wait_ms:
            minutes = max(1, -(-wait_ms // 60_000))
            said = f"Too many tries. Try again in {minutes} minute{'s' if minutes != 1 else ''}."
            return _ask_passcode(request, token, said, 429)
        if not shares.is_passcode(found, passcode):
            with state.store.begin() as conn:
                throttle.count_failure(conn, key, now_ms, limit=TRIES, window_ms=TRIES_WINDOW_MS)
            return _ask_passcode(request, token, "That is not the passcode.", 422)
        with state.store.begin() as conn:
            throttle.forget(conn, key)
            cookie = shares.unlock(conn, found, now_ms)
        response: Response[Any] = Redirect(f"/r/{token}", status_code=303)
        response.set_cookie(
            Cookie(
                key=OPENER + found.id,
                value=cookie,
                max_age=max(1, (found.expires_at_ms - now_ms) // 1000),
                path=f"/r/{token}",
                httponly=True,
                secure=state.settings.is_https,
                samesite="lax",
            )
        )
        return response

    return await asyncio.to_thread(work)


@get("/r/{token:str}", sync_to_thread=True)
def show_shared(request: Req, token: str) -> Response[Any]:
    """The report by a link. That it was opened is logged, as a time."""
    try:
        opened = _open(request, token)
    except Locked:
        return _ask_passcode(request, token)
    limited.warm()  # readers who open the page often want the PDF next
    state = request.app.state
    with state.store.begin() as conn:
        shares.note_opened(conn, opened.share, state.clock.wall_ms())
    is_old = opened.report.version != opened.newest
    asked = request.query_params.get("print")
    paper = asked if asked in render.PAPERS else ""
    sheet = render.sheet(
        opened.report,
        View(
            hash="" if opened.share.blind else opened.row.hash,
            # What is printed may be handed on: its times are no links, so it carries no token.
            replay=f"/r/{token}/replay" if opened.share.with_replay and not paper else "",
            replaced_by=opened.newest if is_old else None,
            brand=opened.brand,
            blind=opened.share.blind,
        ),
    )
    response = page(
        request,
        "report/shared.html",
        sheet=sheet,
        report=opened.report,
        opened=opened,
        token=token,
        paper=paper,
    )
    response.headers["x-robots-tag"] = "noindex, nofollow, noarchive"
    return response


@get("/r/{token:str}/report.pdf", sync_to_thread=True)
def shared_pdf(request: Req, token: str) -> Response[Any]:
    try:
        opened = _open(request, token)
    except Locked:
        return _ask_passcode(request, token)
    state = request.app.state
    with state.store.begin() as conn:
        shares.note_opened(conn, opened.share, state.clock.wall_ms())
    return _pdf(request, opened.row, is_blind=opened.share.blind)


def _second(written: str) -> str:
    """The query that starts a replay at this second."""
    return f"?t={written}" if re.fullmatch(r"[0-9]{1,6}", written) else ""


@get("/r/{token:str}/replay", sync_to_thread=True)
def ask_replay(request: Req, token: str) -> Response[Any]:
    """A time in the report leads here: on to the replay, or to the one press that lets this browser in."""
    try:
        opened = _open(request, token)
    except Locked:
        return _ask_passcode(request, token)
    if not opened.share.with_replay:
        raise NotFound(token)
    state = request.app.state
    interview_id = opened.share.interview_id
    at = request.query_params.get("t", "")
    cookie = request.cookies.get(READER + interview_id)
    if cookie:
        with state.store.read() as conn:
            if shares.find_reader(conn, interview_id, cookie, state.clock.wall_ms()) is not None:
                return Redirect(f"/replay/{interview_id}{_second(at)}", status_code=303)
    response = page(
        request,
        "report/replay.html",
        token=token,
        at=at if _second(at) else "",
        report=opened.report,
    )
    response.headers["x-robots-tag"] = "noindex, nofollow, noarchive"
    return response


@post("/r/{token:str}/replay", status_code=200, opt={"csrf": "origin"})
async def watch_replay(request: Req, token: str) -> Response[Any]:
    """Trade the link's token for the cookie that the replay asks for."""
    sent = await request.form()
    at = str(sent.get("t", ""))

    def work() -> Response[Any]:
        try:
            opened = _open(request, token)
        except Locked:
            return _ask_passcode(request, token)
        state = request.app.state
        now_ms = state.clock.wall_ms()
        with state.store.begin() as conn:
            cookie = shares.admit_reader(conn, opened.share, now_ms)
        interview_id = opened.share.interview_id
        response: Response[Any] = Redirect(f"/replay/{interview_id}{_second(at)}", status_code=303)
        response.set_cookie(
            Cookie(
                key=READER + interview_id,
                value=cookie,
                max_age=max(1, (opened.share.expires_at_ms - now_ms) // 1000),
                path="/",
                httponly=True,
                secure=state.settings.is_https,
                samesite="lax",
            )
        )
        return response

    return await asyncio.to_thread(work)


ROUTES = [
    show_own, save_words, sign, share, switch_off, save_letter, own_pdf, own_json,
    show_shared, give_passcode, shared_pdf, ask_replay, watch_replay,
]  # fmt: skip
