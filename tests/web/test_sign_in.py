"""Sign-in, sign-out, forms from elsewhere, headers."""

import re
from pathlib import Path

import pytest

from room.desk import accounts as desk_accounts
from room.store import accounts
from tests.web.people import PASSWORD, World, world


def test_iris_signs_in_and_comes_straight_back_to_the_page_she_wanted(house: World) -> None:
    browser = house.browser()
    asked = browser.get("/clients")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=/clients")
    page = browser.get(asked.headers["location"]).text
    assert "Then you come straight back here." in page
    answer = browser.post(
        "/sign-in", {"email": " IRIS@example.org ", "password": PASSWORD, "next": "/clients"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/clients")
    assert browser.get("/clients").status_code == 200


def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(house: World) -> None:
    wrong = house.browser().sign_in("iris@example.org", "not the password")
    unknown = house.browser().sign_in("nobody@example.org", "not the password")

    def plain(text: str) -> str:
        return re.sub(r"nonce=\"[^\"]+\"|value=\"[^\"]*\"", "", text)

    assert wrong.status_code == unknown.status_code == 422
    assert plain(wrong.text) == plain(unknown.text)
    assert "Email and password do not match." in wrong.text


def test_an_unknown_address_costs_the_same_work(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = []
    real = desk_accounts._hasher

    class Counting:
        def verify(self, hashed: str, password: str) -> bool:
            verified.append(hashed)
            return real.verify(hashed, password)

    monkeypatch.setattr(desk_accounts, "_hasher", Counting())
    house.browser().sign_in("nobody@example.org", "x")
    house.browser().sign_in("iris@example.org", "x")
    assert len(verified) == 2


def test_five_wrong_passwords_lock_the_account_for_ten_minutes(house: World) -> None:
    for _ in range(5):
        assert house.browser().sign_in("iris@example.org", "wrong").status_code == 422
    locked = house.browser().sign_in("iris@example.org")
    assert (locked.status_code, "Too many tries. Wait 10 minutes." in locked.text) == (429, True)
    house.clock.advance(10 * 60_000)
    assert house.browser().sign_in("iris@example.org").status_code == 303


def test_a_machine_that_tries_many_accounts_has_to_wait(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_accounts, "is_password", lambda _account, _password: False)
    for number in range(30):
        house.browser().sign_in(f"person{number}@example.org", "x")
    answer = house.browser().sign_in("somebody@example.org", "x")
    assert (
        answer.status_code,
        "That was a lot at once. You can try again in 60 seconds." in answer.text,
    ) == (429, True)


def test_signing_in_changes_the_cookie_and_ends_the_old_one(house: World) -> None:
    browser = house.signed_in()
    before = dict(browser.cookies)
    assert browser.sign_in("iris@example.org").status_code == 303
    assert browser.cookies["room_session"] != before["room_session"]
    stale = house.browser()
    stale.cookies = before
    assert stale.get("/desk").status_code == 303


def test_signing_out_ends_the_way_into_the_room_as_well(house: World) -> None:
    interview, _ = house.interview()
    browser = house.signed_in()
    entered = browser.post(f"/interviews/{interview.id}/enter")
    room = entered.headers["location"]
    assert browser.get(room).status_code == 200
    kept = dict(browser.cookies)
    assert browser.post("/sign-out").status_code == 303
    stale = house.browser()
    stale.cookies = kept
    assert stale.get(room).status_code != 200
    assert stale.get("/desk").status_code == 303


def test_cookies_are_kept_from_scripts_and_from_other_sites(house: World) -> None:
    line = house.browser().sign_in("iris@example.org").headers["set-cookie"]
    assert "HttpOnly" in line
    assert "samesite=lax" in line.lower()
    assert "Secure" not in line  # the public address is http here


def test_cookies_are_secure_behind_https(tmp_path: Path) -> None:
    with world(tmp_path / "data", ROOM_PUBLIC_URL="https://room.example.com") as secure:
        answer = secure.browser().sign_in("iris@example.org")
        assert "Secure" in answer.headers["set-cookie"]
        assert "strict-transport-security" in answer.headers


def test_a_form_without_its_token_is_not_taken(house: World) -> None:
    browser = house.signed_in()
    for data in ({"csrf": ""}, {"csrf": "a" * 32}):
        answer = browser.post(
            "/clients", {"name": "Evil", "zone": "UTC", "retention_days": "1"} | data
        )
        assert answer.status_code == 403
    assert "Evil" not in browser.get("/clients").text


def test_a_form_from_another_site_is_not_taken(house: World) -> None:
    browser = house.signed_in()
    for headers in (
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
    ):
        assert (
            browser.post(
                "/clients", {"name": "Evil", "zone": "UTC", "retention_days": "1"}, headers=headers
            ).status_code
            == 403
        )
    sign_in = house.browser().post(
        "/sign-in",
        {"email": "iris@example.org", "password": PASSWORD},
        headers={"origin": "https://evil.example"},
    )
    assert sign_in.status_code == 403


def test_only_paths_of_ours_are_gone_on_to(house: World) -> None:
    for target in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a\r\nb",
    ):
        answer = house.browser().post(
            "/sign-in", {"email": "iris@example.org", "password": PASSWORD, "next": target}
        )
        assert answer.headers["location"] == "/desk"


def test_every_answer_carries_the_headers_and_a_fresh_nonce(house: World) -> None:
    first, second = house.browser().get("/sign-in"), house.browser().get("/no/such/page")
    for answer in (first, second):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "'unsafe-inline'" not in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
    nonces = [
        nonce
        for one in (first, second)
        for nonce in re.findall(
            r"script-src 'self' 'nonce-([^']+)'", one.headers["content-security-policy"]
        )
    ]
    assert len(nonces) == 2
    assert nonces[0] != nonces[1]
    assert f'nonce="{nonces[0]}"' in first.text


def test_a_page_that_is_not_there_says_so_in_the_words_of_the_house(house: World) -> None:
    answer = house.browser().get("/no/such/page")
    assert (answer.status_code, "There is nothing here." in answer.text) == (404, True)


def test_our_own_fault_is_said_with_a_code_and_without_details(
    house: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise RuntimeError("a secret detail")

    browser = house.signed_in()
    monkeypatch.setattr("room.web.clients.clients.list_for", fail)
    answer = browser.get("/clients")
    assert answer.status_code == 500
    assert "it is our fault" in answer.text
    assert re.search(r"[A-Z2-9]{4}-[A-Z2-9]{2}", answer.text)
    assert "secret detail" not in answer.text


def test_the_password_can_be_changed_and_other_browsers_are_out(house: World) -> None:
    browser, other = house.signed_in(), house.signed_in()
    new = "a much longer password"
    wrong = browser.post("/settings/password", {"old_password": "nope", "new_password": "short"})
    assert wrong.status_code == 422
    assert "That is not your password." in wrong.text
    assert "Use 12 or more characters." in wrong.text
    assert (
        browser.post(
            "/settings/password", {"old_password": PASSWORD, "new_password": new}
        ).status_code
        == 303
    )
    assert other.get("/desk").status_code == 303
    assert browser.get("/desk").status_code == 200
    assert house.browser().sign_in("iris@example.org", new).status_code == 303


def test_the_demo_account_is_nobody_where_others_can_reach_the_server(tmp_path: Path) -> None:
    with world(
        tmp_path / "data", ROOM_HOST="0.0.0.0", ROOM_PUBLIC_URL="https://room.example.com"
    ) as open_house:
        with open_house.store.begin() as conn:
            desk_accounts.create(
                conn,
                email="demo@example.org",
                name="Demo",
                zone="UTC",
                password=PASSWORD,
                now_ms=1,
                is_demo=True,
            )
            assert accounts.find_demo(conn) is not None
        assert open_house.browser().sign_in("demo@example.org").status_code == 422
