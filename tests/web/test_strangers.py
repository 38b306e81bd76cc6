"""Who has no session is counted by their address; who has one never is. A proxy may ask whether it holds."""

from __future__ import annotations

from typing import Any

import pytest

from app import BODY_LIMIT
from survey.web.strangers import Buckets
from tests.web.desk.test_devices import report, revoke


def test_a_bucket_fills_by_its_rate_up_to_its_burst() -> None:
    buckets = Buckets(rate=2, burst=3, most=2)
    assert [buckets.take("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert [buckets.take("b", 0.0) for _ in range(2)] == [True, True]
    assert [buckets.take("a", 0.5), buckets.take("a", 0.5)] == [True, False]
    assert [buckets.take("a", 100.0) for _ in range(4)] == [True, True, True, False]
    buckets.take("c", 100.0)  # a third address: who asked the longest ago is forgotten
    assert [buckets.take("b", 100.0) for _ in range(4)] == [True, True, True, False]


def test_a_flood_of_strangers_is_told_to_wait_and_who_is_signed_in_goes_on(app: Any, login_as: Any) -> None:
    signed_in, stranger = login_as("supervisor"), app.test_client()
    app.extensions["strangers"] = Buckets(rate=0.001, burst=2)
    assert [stranger.get("/login").status_code for _ in range(4)] == [200, 200, 429, 429]
    told = stranger.get("/api/v1/hello")
    assert (told.status_code, told.json["problem"]["code"], told.headers["Retry-After"]) == (429, "too_fast", "2")
    assert [signed_in.get("/api/v1/hello").status_code for _ in range(3)] == [200, 200, 200]
    assert stranger.get("/healthz").status_code == 200
    stranger.set_cookie("so_ho", "made-up")
    assert stranger.get("/login").status_code == 429


def test_a_key_that_nobody_has_counts_and_one_that_holds_does_not(app: Any) -> None:
    app.extensions["strangers"] = Buckets(rate=0.001, burst=2)
    stranger = app.test_client()
    assert [stranger.get("/collect/no-such-key/formList").status_code for _ in range(3)] == [404, 404, 429]


def test_a_proxy_hears_whether_the_session_holds(app: Any, login_as: Any) -> None:
    browser = login_as("enumerator")
    told = browser.get("/session/check")
    assert (told.status_code, told.data) == (204, b"")
    nobody = app.test_client().get("/session/check")
    assert (nobody.status_code, nobody.data) == (401, b"")


@pytest.mark.usefixtures("small_round")
def test_a_withdrawn_phone_may_still_deliver(login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    report(browser)
    assert revoke(session, login_as("supervisor")).status_code == 303
    assert browser.get("/session/check").status_code == 204


@pytest.mark.parametrize("address", ["/api/v1/push", "/exchange/", "/questionnaires/new", "/login", "/import/"])
def test_no_request_holds_more_than_one_limit(login_as: Any, address: str) -> None:
    browser = login_as("admin")
    assert browser.application.config["MAX_CONTENT_LENGTH"] == BODY_LIMIT == 9 * 1024 * 1024
    answer = browser.post(address, data=b"x" * (BODY_LIMIT + 1), content_type="multipart/form-data; boundary=a")
    assert answer.status_code in (404, 413)
    assert answer.status_code == 413 or address == "/import/"
