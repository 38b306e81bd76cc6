"""Why a household has no interview goes the way of an interview: exactly once, never refused, never lost."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from models import Device, HouseholdOutcome, Receipt, RegisterEntry, RoundCommune, Submission
from survey.outcomes import cases
from survey.rounds import log
from survey.submissions.log import Act
from survey.terms import RoundAction
from tests.examples import examples
from tests.interviews import ROUND, content_hash, entry, envelope, outcome, push
from tests.pictures import picture
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, VILLAGE

pytestmark = pytest.mark.usefixtures("small_round")


def rows(session: Any, table: Any) -> int:
    session.rollback()
    return int(session.scalar(select(func.count()).select_from(table)))


def told(browser: Any, household_id: str = "ho-1") -> Any:
    """What a phone hears of an outcome with its household."""
    entries = browser.get("/api/v1/register").json["entries"]
    return next(one["outcome"] for one in entries if one["household_id"] == household_id)


def test_it_is_kept_as_it_came_and_answered_by_a_receipt(login_as: Any, session: Any) -> None:
    browser, sent = login_as("enumerator"), outcome()
    assert "outcomes" in browser.get("/api/v1/hello").json["offers"]
    [result] = push(browser, sent)
    assert (result["id"], result["outcome"], result["reason"], result["missing_files"]) == (
        sent["id"], "stored", None, [],
    )  # fmt: skip
    body = json.loads(result["receipt"]["body"])
    assert (body["entry_id"], body["content_hash"], body["files"]) == (sent["id"], content_hash(sent), [])
    row = session.scalars(select(HouseholdOutcome)).one()
    assert json.loads(row.content) == sent
    assert (row.kind, row.household_id, row.round_id, row.said_at) == ("absent", "ho-1", ROUND, sent["finalised_at"])
    assert row.attempts == sent["no_interview"]["attempts"]
    assert row.received_at == NOW and row.clock_skew_seconds == 3
    assert rows(session, Submission) == 0


def test_the_same_again_is_the_same_row_and_the_very_same_receipt(login_as: Any, session: Any, clock: Any) -> None:
    browser, sent = login_as("enumerator"), outcome()
    first = push(browser, sent)
    clock.advance(hours=2)
    assert push(browser, sent, sent) == first * 2
    assert rows(session, HouseholdOutcome) == rows(session, Receipt) == 1
    asked = {"id": sent["id"], "content_hash": content_hash(sent), "commune_id": COMMUNE}
    assert browser.post("/api/v1/receipts", json={"entries": [asked]}).json["results"] == first
    other = login_as("enumerator-2")  # another account hears nothing of it
    assert other.post("/api/v1/receipts", json={"entries": [asked]}).json["results"] == []


@pytest.mark.thorough
def test_twenty_pushes_at_once_make_one_row(login_as: Any, session: Any) -> None:
    sent = outcome()
    browsers = [login_as("enumerator") for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(lambda browser: push(browser, sent), browsers))
    assert all(result == results[0] for result in results)
    assert rows(session, HouseholdOutcome) == rows(session, Receipt) == 1


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("outside_area", {"household_id": "ho-4"}),
        ("outside_area", {"household_id": "ho-5", "commune_id": OTHER_COMMUNE}),
        ("unknown_household", {"household_id": "chua-tung-co"}),
        (
            "unknown_household",
            {"household_id": "chua-tung-co", "new_household": {"village_id": VILLAGE, "head_name": "Lò Ma"}},
        ),
        ("round_closed", {"round_id": "dot-nao"}),
        ("bad_shape", {"said": {"kind": "flown_away"}}),
        ("bad_shape", {"said": {"attempts": [{"at": "hôm qua"}]}}),
        ("bad_shape", {"said": {"place": "sau nhà"}}),
        ("bad_shape", {"no_interview": "đi vắng"}),
        ("bad_shape", {"finalised_at": None}),
        ("too_large", {"said": {"reason": "x" * 30_000}}),
    ],
)
def test_what_cannot_count_is_held_in_words_and_says_nothing_of_the_household(
    login_as: Any, session: Any, reason: str, changes: dict[str, Any]
) -> None:
    browser = login_as("enumerator")
    [held, good] = push(browser, outcome(**changes), outcome("ho-2"))
    assert (held["outcome"], held["reason"]["code"]) == ("held", reason)
    assert held["reason"]["title"] and held["reason"]["next"] and held["receipt"]
    assert good["outcome"] == "stored"
    assert rows(session, HouseholdOutcome) == 2
    assert told(browser, "ho-1") is None
    assert not [case for case in cases.of_round(session, COMMUNE, ROUND) if case.of.household_id != "ho-2"
                and case.standing.which]  # fmt: skip


def test_a_closed_commune_holds_it_and_a_cancelled_round_too(login_as: Any, session: Any) -> None:
    browser, first = login_as("enumerator"), outcome()
    push(browser, first)
    row = session.get(RoundCommune, (COMMUNE, ROUND))
    log.take(session, row, RoundAction.CLOSE, Act(None, NOW))
    session.commit()
    [late, again] = push(browser, outcome("ho-2"), first)
    assert (late["outcome"], late["reason"]["code"]) == ("held", "round_closed")
    assert again["outcome"] == "stored"  # what was answered once is answered so again


def test_an_id_that_was_used_for_something_else_holds_it(login_as: Any, session: Any) -> None:
    browser, first = login_as("enumerator"), outcome()
    push(browser, first)
    [reused] = push(browser, outcome("ho-2", id=first["id"]))
    assert reused["reason"]["code"] == "id_reused"
    of_interview = entry("ho-2")
    push(browser, of_interview)
    assert push(browser, outcome("ho-3", id=of_interview["id"]))[0]["reason"]["code"] == "id_reused"


def test_phones_hear_what_stands(login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    before = browser.get("/api/v1/register").json
    assert told(browser) is None
    sent = outcome()
    push(browser, sent)
    after = browser.get(f"/api/v1/register?cursor={before['cursor']}").json["entries"]
    assert [(one["household_id"], one["outcome"]["entry_id"], one["outcome"]["state"]) for one in after] == [
        ("ho-1", sent["id"], "waiting")
    ]
    assert after[0]["state"] == "to_visit"  # nobody was interviewed
    push(browser, entry("ho-1"))
    assert told(browser)["state"] == "waiting"  # both wait, and a person sees both


def test_what_a_phone_still_holds_is_settled_when_it_arrives(login_as: Any, session: Any) -> None:
    browser, sent = login_as("enumerator"), outcome()
    holding = envelope(unsent=[{"id": sent["id"], "household_id": "ho-1"}])
    assert browser.post("/api/v1/push", json=holding).status_code == 200
    push(browser, sent)
    session.rollback()
    assert session.scalars(select(Device)).one().unsent == []
    # The phone was cleared before it was heard of: missed until it comes, from wherever.
    late = outcome("ho-2")
    browser.post("/api/v1/push", json=envelope(unsent=[{"id": late["id"], "household_id": "ho-2"}]))
    gone = browser.post("/api/v1/push", json=envelope()).json["gone"]
    assert [one["id"] for one in gone] == [late["id"]]
    push(browser, late)
    assert browser.post("/api/v1/push", json=envelope()).json["gone"] == []


def test_an_interview_with_a_stray_word_is_an_interview(login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    browser.is_of_a_phone = False
    [result] = push(browser, entry("ho-1") | {"no_interview": None})
    assert result["outcome"] == "stored"
    assert (rows(session, Submission), rows(session, HouseholdOutcome)) == (1, 0)


def test_a_photo_comes_after_it_like_one_of_an_interview(login_as: Any, session: Any) -> None:
    browser, photo = login_as("enumerator"), picture("JPEG")
    digest = hashlib.sha256(photo).hexdigest()
    sent = outcome(files=[{"path": "anh", "sha256": digest, "size": len(photo), "type": "image/jpeg"}])
    [result] = push(browser, sent)
    assert (result["outcome"], result["missing_files"]) == ("stored", [digest])
    assert json.loads(result["receipt"]["body"])["files"] == [digest]
    # A phone that lost its storage meanwhile misses the photo alone.
    holding = [{"id": sent["id"], "household_id": "ho-1", "photos": True}]
    gone = browser.post("/api/v1/push", json=envelope(lost=holding)).json["gone"]
    assert [(one["id"], one["photos"]) for one in gone] == [(sent["id"], True)]
    answer = browser.put(f"/api/v1/files/{digest}?commune={COMMUNE}", data=photo, content_type="image/jpeg")
    assert answer.status_code == 200
    assert push(browser, sent)[0]["missing_files"] == []
    assert browser.post("/api/v1/push", json=envelope()).json["gone"] == []
    desk = login_as("supervisor")
    said = session.scalars(select(HouseholdOutcome)).one()
    page = desk.get(f"/desk/{COMMUNE}/outcomes/{said.id}").text
    address = f"/desk/{COMMUNE}/photos/{digest}"
    assert f'src="{address}"' in page
    with desk.get(address) as shown:
        assert shown.data == photo
    assert login_as("enumerator").get(address).status_code == 403
    assert login_as("supervisor-other").get(address).status_code == 404


TEXT = st.text(max_size=6) | st.sampled_from(["\u0000", "\ud83d", "x" * 600])
LEAF = st.none() | st.booleans() | st.integers() | TEXT
JSON = st.recursive(LEAF, lambda one: st.lists(one, max_size=3) | st.dictionaries(TEXT, one, max_size=3), max_leaves=6)


@pytest.mark.thorough
@settings(
    max_examples=examples(12),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    said=st.lists(
        st.dictionaries(st.sampled_from(["kind", "reason", "attempts", "place"]), JSON, max_size=3)
        | JSON.map(lambda value: {"no_interview": value}),
        min_size=3,
        max_size=6,
    )
)
def test_anything_is_stored_and_answered(login_as: Any, session: Any, said: list[Any]) -> None:
    browser, good = login_as("enumerator"), outcome("ho-3")
    browser.is_of_a_phone = False
    sent = [outcome(**one) if "no_interview" in one else outcome(said=one) for one in said]
    counts = []
    for _ in range(2):
        answer = browser.post("/api/v1/push", data=json.dumps(envelope(*sent, good)), content_type="application/json")
        assert answer.status_code == 200, answer.text
        assert [one["id"] for one in answer.json["results"]] == [one["id"] for one in (*sent, good)]
        counts.append(rows(session, HouseholdOutcome))
    assert counts[0] == counts[1]
    assert session.get(RegisterEntry, (COMMUNE, ROUND, "ho-3")) is not None


def test_nothing_is_an_end_state_while_nobody_confirmed(login_as: Any, session: Any) -> None:
    push(login_as("enumerator"), outcome(), outcome("ho-2", "refused"))
    assert len(cases.of_round(session, COMMUNE, ROUND)) == 2
    assert cases.confirmed(session, COMMUNE, ROUND) == {}
