"""A phone that did not hear the answer asks by id before it sends anything twice, and says once what else it holds."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from sqlalchemy import select

from models import AuditEvent, Submission
from tests.interviews import content_hash, entry, push
from tests.pictures import picture
from tests.web.desk.test_devices import report, revoke
from tests.web.phone.test_cleared_phone import ids, kept, unsent
from tests.world import COMMUNE, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
PHOTO = picture("JPEG")
PHOTO_HASH = hashlib.sha256(PHOTO).hexdigest()


def asked(*entries: Any, **changes: Any) -> dict[str, Any]:
    return {
        "entries": [
            {"id": one["id"], "content_hash": content_hash(one), "commune_id": one["commune_id"]} | changes
            for one in entries
        ]
    }


def ask(browser: Any, *entries: Any, **changes: Any) -> list[dict[str, Any]]:
    answer = browser.post("/api/v1/receipts", json=asked(*entries, **changes))
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json["results"]
    return results


def test_what_is_here_is_answered_as_the_push_was_and_nothing_else(login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    names = {"files": [{"path": "anh_nha", "sha256": PHOTO_HASH}]}
    photographed, held, never = entry("ho-1", **names), entry("ho-99"), entry("ho-2")
    heard = push(browser, photographed, held)
    assert [one["outcome"] for one in heard] == ["stored", "held"]
    assert ask(browser, photographed, never, held) == heard
    browser.put(f"/api/v1/files/{PHOTO_HASH}?commune={COMMUNE}", data=PHOTO, content_type="image/jpeg")
    [result] = ask(browser, photographed)
    assert (heard[0]["missing_files"], result["missing_files"]) == ([PHOTO_HASH], [])
    assert len(session.scalars(select(Submission)).all()) == 2


def test_another_content_under_the_same_id_is_not_here(login_as: Any) -> None:
    browser, sent = login_as("enumerator"), entry()
    push(browser, sent)
    assert ask(browser, sent | {"finalised_at": "2026-11-22T01:43:00.000Z"}) == []
    assert ask(browser, sent, content_hash="0" * 64) == []


def test_one_that_names_no_commune_of_ours_is_found_where_it_was_put(login_as: Any) -> None:
    browser, sent = login_as("enumerator"), entry(commune_id="99999")
    assert ask(browser, sent) == []
    assert ask(browser, sent) == [] != push(browser, sent)
    assert [one["id"] for one in ask(browser, sent)] == [sent["id"]]


def test_nobody_asks_for_what_others_sent(login_as: Any, client: Any) -> None:
    sent = entry()
    push(login_as("enumerator"), sent)
    for other in ("enumerator-2", "supervisor", "enumerator-other"):
        assert ask(login_as(other), sent) == []
        assert ask(login_as(other), sent, commune_id=OTHER_COMMUNE) == []
    assert client.post("/api/v1/receipts", json=asked(sent)).status_code == 401


def test_a_withdrawn_phone_still_hears_of_what_it_delivered(login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    sent = entry()
    heard = push(browser, sent)
    assert revoke(session, login_as("supervisor")).status_code == 303
    assert ask(browser, sent) == heard


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b'{"entries": {}}', 400),
        (b'{"entries": [1, null, "x", {}, {"id": 7, "content_hash": [], "commune_id": {}}]}', 200),
        (b'{"entries": [{"id": "a\\u0000b", "content_hash": "x", "commune_id": "03757"}]}', 200),
        (b'{"entries": [' + b",".join([b"{}"] * 51) + b"]}", 413),
        (b'{"entries": [' + b"[" * 3000 + b"]" * 3000 + b"]}", 200),
    ],
)
def test_a_malformed_question_is_refused_or_answered_with_nothing(login_as: Any, body: bytes, status: int) -> None:
    browser = login_as("enumerator")
    browser.is_of_a_phone = False
    answer = browser.post("/api/v1/receipts", data=body, content_type="application/json")
    assert answer.status_code == status
    assert status != 200 or answer.json["results"] == []


def test_hello_says_that_it_may_be_asked(login_as: Any) -> None:
    offers = ["brief", "receipts", "outcomes", "proposals", "supports"]
    assert login_as("enumerator").get("/api/v1/hello").json["offers"] == offers


def test_a_brief_call_takes_entries_and_leaves_standing_what_the_phone_holds(login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    first, second = entry("ho-1"), entry("ho-2")
    report(browser, unsent=unsent((first["id"], "ho-1"), ("e-9", "ho-9")))
    told = report(browser, first, brief=True, unsent=None, lost=unsent(("e-8", "ho-8")), formerly=["may-0"])
    assert [one["outcome"] for one in told["results"]] == ["stored"]
    assert (ids(told), ids(told, "elsewhere"), ids({"gone": kept(session)})) == ([], [], [first["id"], "e-9"])
    told = report(browser, second, brief=True, unsent=[])
    assert ids({"gone": kept(session)}) == [first["id"], "e-9"]
    assert session.scalars(select(AuditEvent).where(AuditEvent.verb == "storage_cleared")).all() == []
    told = report(browser, unsent=unsent(("e-9", "ho-9")))  # said at the end, as by every phone until now
    assert (ids(told), ids({"gone": kept(session)})) == ([], ["e-9"])
    assert ids(report(browser)) == ["e-9"]


def test_a_phone_that_nobody_knows_may_begin_with_a_brief_call(login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    told = report(browser, entry(), brief=True, device="may-9")
    assert [one["outcome"] for one in told["results"]] == ["stored"]
    assert kept(session, "may-9") == []
