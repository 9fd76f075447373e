"""Nobody reaches another account's rows: every route is called with ids that belong to somebody else.

The routes are read from the application itself, so that a new one cannot be forgotten: a path parameter without an example
here fails the test.
"""

import re

import pytest
from litestar.handlers import HTTPRouteHandler

from room.session.ids import new_id
from room.store import (
    clients,
    imports,
    interviews,
    links,
    members,
    questions,
    requests,
    rubrics,
    shares,
)
from tests.web.people import World

# Addresses that are reached by a secret of their own or by nobody's id; their refusals are tested where they live.
BY_SECRET = ("/join/{token:str}", "/privacy/{token:str}", "/r/{")
EXAMPLES = {"file_path": "x", "number": "1", "kind": "html"}
# What a route wants to be sent before it looks at anything else, where that is not a form.
JSON = {
    "/replay/{interview}/pins": {"at_ms": 0, "text": "", "competency": None},
    "/replay/{interview}/rerun": {"at_ms": 0, "kind": "run"},
}
PUBLIC = {"/", "/sign-in", "/sign-out", "/verify"}


def routes(house: World) -> list[tuple[str, str, HTTPRouteHandler]]:
    found = []
    for route in house.app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if isinstance(handler, HTTPRouteHandler) and not route.path.startswith("/static"):
                found += [
                    (str(getattr(method, "value", method)), route.path_format, handler)
                    for method in sorted(handler.http_methods)
                    if method != "OPTIONS"
                ]
    return found


def strangers_ids(house: World) -> dict[str, str]:
    """One id of each kind of row of an account that is not Iris's, by the names that paths give them."""
    stranger = house.account("rival@example.org", "Rival")
    interview, _ = house.interview(account=stranger)
    with house.store.begin() as conn:
        people = members.list_for(conn, stranger.id, interview.id)
        asked = requests.add(
            conn, stranger.id, interview.id, people[1].id, kind="deletion", text="", now_ms=1
        )
        question = questions.list_for(conn, stranger.id)[0]
        rubric = rubrics.list_for(conn, stranger.id)[0]
        client = clients.list_for(conn, stranger.id)[0]
        share, _ = shares.create(
            conn,
            house.store.link_key,
            stranger.id,
            interview.id,
            expires_at_ms=house.clock.wall_ms() + 1000,
            label="",
            with_replay=True,
            now_ms=house.clock.wall_ms(),
        )
        imports.add(
            conn,
            house.app.state.seals,
            stranger.id,
            (brought := new_id("e")),
            imports.Head("Theirs", "elsewhere", "interviewer", 40, None, is_known=False),
            b"sealed for its owner alone",
            house.clock.wall_ms(),
        )
    return {
        "identity": brought,
        "share_id": share.id,
        "interview_id": interview.id,
        "interview": interview.id,
        "member_id": people[0].id,
        "member": people[0].id,
        "request_id": asked.id,
        "client_id": client.id,
        "question_id": question.id,
        "question": question.id,
        "rubric_id": rubric.id,
    }


def test_every_route_with_anothers_ids_answers_404_and_changes_nothing(house: World) -> None:
    ids = strangers_ids(house)
    browser = house.signed_in()

    def everything() -> list[object]:
        with house.store.read() as conn:
            owner = interviews.owner_of(conn, ids["interview_id"])
            assert owner is not None
            return [
                interviews.list_for(conn, owner),
                members.list_for(conn, owner, ids["interview_id"]),
                links.list_for(conn, owner, ids["interview_id"]),
                requests.list_for(conn, owner, ids["interview_id"]),
                clients.list_for(conn, owner),
                shares.list_for(conn, owner, ids["interview_id"]),
                imports.list_for(conn, house.app.state.seals, owner),
            ]

    before = everything()
    called = 0
    for method, path, _ in routes(house):
        names = re.findall(r"\{(\w+)(?::\w+)?\}", path)
        if not names or path.startswith(BY_SECRET) or "{token}" in path or path.startswith("/r/"):
            continue
        filled = re.sub(
            r"\{(\w+)(?::\w+)?\}", lambda match: EXAMPLES.get(match[1]) or ids[match[1]], path
        )
        if method in {"GET", "HEAD"}:
            answer = browser.get(filled)
        elif path in JSON:
            answer = browser.post_json(filled, JSON[path])
        else:
            answer = browser.post(filled, {"question": ids["question"]})
        assert answer.status_code in {404, 405}, f"{method} {path} answered {answer.status_code}"
        called += 1
    assert called > 20
    assert everything() == before


def test_every_page_of_an_account_asks_for_a_sign_in(house: World) -> None:
    interview, _ = house.interview()
    nobody = house.browser()
    asked = 0
    for method, path, handler in routes(house):
        if (
            path in PUBLIC
            or method != "GET"
            or "token" in path
            or path.startswith(
                ("/r/", "/room/", "/replay/", "/score/", "/live/", "/health/", "/metrics")
            )
        ):
            continue
        filled = re.sub(
            r"\{(\w+)(?::\w+)?\}", lambda match: EXAMPLES.get(match[1], interview.id), path
        )
        answer = nobody.get(filled)
        assert answer.status_code == 303, f"{path} ({handler}) answered {answer.status_code}"
        assert answer.headers["location"].startswith("/sign-in?next=")
        asked += 1
    assert asked > 8


@pytest.mark.parametrize("path", ["/interviews/i_x", "/clients/c_x", "/questions/q_x"])
def test_an_id_that_nobody_has_is_the_same_404(house: World, path: str) -> None:
    ids = strangers_ids(house)
    browser = house.signed_in()
    kind = {"interviews": "interview_id", "clients": "client_id", "questions": "question_id"}[
        path.split("/")[1]
    ]
    theirs = browser.get(path.rpartition("/")[0] + "/" + ids[kind])
    nobodys = browser.get(path)

    def plain(text: str) -> str:
        return re.sub(r'nonce="[^"]+"', "", text)

    assert theirs.status_code == nobodys.status_code == 404
    assert plain(theirs.text) == plain(nobodys.text)


def test_another_accounts_rows_cannot_be_put_into_an_interview_of_ones_own(house: World) -> None:
    ids = strangers_ids(house)
    browser = house.signed_in()
    form = {
        "client": house.acme.id,
        "template": "coding",
        "candidate": "Elena",
        "role_title": "Engineer",
        "level": "",
        "day": "2026-11-26",
        "time": "15:30",
        "candidate_zone": "Warsaw",
        "question": "",
        "rubric": "",
        "call_link": "",
    }
    for field, name in (
        ("client", "client_id"),
        ("question", "question_id"),
        ("rubric", "rubric_id"),
    ):
        assert browser.post("/interviews", form | {field: ids[name]}).status_code == 422
    assert (
        browser.post(
            "/clients",
            {"name": "X", "zone": "UTC", "retention_days": "9", "rubric_id": ids["rubric_id"]},
        ).status_code
        == 422
    )
    mine, _ = house.interview()
    answer = browser.post(f"/interviews/{mine.id}/people/{ids['member_id']}/replace")
    assert answer.status_code == 404
