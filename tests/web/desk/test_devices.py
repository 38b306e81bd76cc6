"""The phones of a commune: what would be stranded is named, and a withdrawn phone delivers and learns nothing."""

from __future__ import annotations

import hashlib
import json
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from models import AuditEvent, Device, SubmissionStatus
from survey.evidence.lineage import renew_generation
from tests.interviews import entry, envelope, lose, push
from tests.pictures import picture
from tests.web.office.test_accounts import account_id
from tests.world import COMMUNE, OTHER_COMMUNE, VILLAGE_2

PHONES = f"/desk/{COMMUNE}/phones"


def report(browser: Any, *entries: Any, device: str = "may-1", **changes: Any) -> Any:
    """A push that also says what else the phone holds."""
    sent = envelope(*entries, **changes)
    sent["device"] |= {"id": device, "in_progress": 2, "storage": {"used": 9, "quota": 10, "persisted": False}}
    answer = browser.post("/api/v1/push", json=sent)
    assert answer.status_code == 200, answer.text
    return answer.json


def holding(*households: str) -> list[dict[str, str]]:
    return [{"id": f"e-{household}", "household_id": household} for household in households]


def revoke(session: Any, browser: Any, username: str = "enumerator", device: str = "may-1", **fields: str) -> Any:
    address = f"{PHONES}/{account_id(session, username)}/{device}/revoke"
    return browser.post(address, data={"revoked": "1", "confirmed": "1"} | fields)


@pytest.fixture
def enumerator(login_as: Any, small_round: str) -> Any:
    """A phone that holds two entries and two interviews under way."""
    browser = login_as("enumerator")
    report(browser, unsent=holding("ho-1", "ho-moi"))
    return browser


def test_the_pages_name_what_is_still_on_a_phone(enumerator: Any, login_as: Any, session: Any, clock: Any) -> None:
    clock.advance(days=8)
    office = login_as("supervisor")
    page = office.get(PHONES).text
    assert "2 phiếu</span> Chủ hộ cũ, hộ mới" in page
    assert "8 ngày trước" in page and "lâu chưa liên lạc" in page
    assert "ứng dụng bản cũ" in page and "bộ nhớ sắp đầy" in page and "trình duyệt có thể xoá" in page
    one = office.get(f"{PHONES}/{account_id(session, 'enumerator')}/may-1").text
    assert "Chủ hộ cũ" in one and "Ngừng Sổ Hộ trên máy này" in one
    own = f"{PHONES}/{account_id(session, 'enumerator')}/may-1"
    assert "Ngừng Sổ Hộ trên máy này" in login_as("province").get(own).text
    assert "2 phiếu còn trên máy của Người thử enumerator: Chủ hộ cũ, hộ mới" in office.get(f"/desk/{COMMUNE}/").text
    assert office.get(f"{PHONES}/{account_id(session, 'enumerator')}/may-9").status_code == 404
    assert office.get(f"{PHONES}/{account_id(session, 'enumerator-other')}/may-1").status_code == 404


def test_what_has_arrived_by_another_way_is_not_called_unsent(enumerator: Any, login_as: Any) -> None:
    push(login_as("enumerator-2"), entry("ho-4", id="e-ho-1"))
    assert "1 phiếu</span> hộ mới" in login_as("supervisor").get(PHONES).text


def test_before_anything_is_taken_away_what_would_be_stranded_is_named(
    enumerator: Any, login_as: Any, session: Any
) -> None:
    office, account = login_as("supervisor"), account_id(session, "enumerator")
    villages = {"display_name": "Người thử enumerator", "villages": [VILLAGE_2]}
    for address, fields in (
        (f"/accounts/{account}/active", {"active": "0"}),
        (f"/accounts/{account}/password", {}),
        (f"/accounts/{account}", villages),
        (f"{PHONES}/{account}/may-1/revoke", {"revoked": "1"}),
    ):
        asked = office.post(address, data=fields)
        assert asked.status_code == 409, address
        assert "2 phiếu còn trên máy của Người thử enumerator: Chủ hộ cũ, hộ mới" in asked.text
        assert "2 phỏng vấn đang dở trên máy của Người thử enumerator" in asked.text
        for name, value in fields.items():
            for one in value if isinstance(value, list) else [value]:
                assert f'name="{name}" value="{one}"' in asked.text
    assert enumerator.get("/api/v1/hello").json["revoked"] is False
    assert enumerator.get("/api/v1/register").json["entries"]
    # Giving a village more takes nothing away; nothing on the phone needs no question.
    more = {"display_name": "Người thử enumerator", "villages": ["03757-01", VILLAGE_2]}
    assert office.post(f"/accounts/{account}", data=more).status_code == 303
    report(login_as("enumerator-2"), device="may-2", unsent=[])
    session.rollback()
    session.get_one(Device, ("may-2", account_id(session, "enumerator-2"))).in_progress = 0
    session.commit()
    assert (
        office.post(f"/accounts/{account_id(session, 'enumerator-2')}/active", data={"active": "0"}).status_code == 303
    )
    assert office.post(f"/accounts/{account}/active", data={"active": "0", "confirmed": "1"}).status_code == 303


@pytest.mark.parametrize("how", ["device", "account"])
def test_a_withdrawn_phone_delivers_into_quarantine_and_learns_nothing(
    enumerator: Any, login_as: Any, session: Any, how: str
) -> None:
    office = login_as("supervisor")
    if how == "device":
        assert revoke(session, office).status_code == 303
    else:
        address = f"/accounts/{account_id(session, 'enumerator')}/active"
        assert office.post(address, data={"active": "0", "confirmed": "1"}).status_code == 303
    greeting = enumerator.get("/api/v1/hello").json
    assert (greeting["revoked"], greeting["villages"], greeting["rounds"]) == (True, [], [])
    photo = picture("JPEG")
    sha256 = hashlib.sha256(photo).hexdigest()
    sent = entry(
        answers={"anh_nha": sha256},
        files=[{"path": "anh_nha", "sha256": sha256, "size": len(photo), "type": "image/jpeg"}],
    )
    told = report(enumerator, sent)
    [result] = told["results"]
    assert (told["revoked"], result["outcome"], result["reason"]["code"]) == (True, "held", "revoked")
    assert json.loads(result["receipt"]["body"])["entry_id"] == sent["id"]
    stored = enumerator.put(f"/api/v1/files/{sha256}?commune={COMMUNE}", data=photo, content_type="image/jpeg")
    assert stored.status_code == 200
    assert report(enumerator, sent)["results"][0]["receipt"] == result["receipt"]
    for address in ("/api/v1/register?cursor=0", "/api/v1/forms/phieu_thu/1"):
        refused = enumerator.get(address)
        assert (refused.status_code, refused.json["problem"]["code"]) == (403, "revoked")
    assert enumerator.get("/account/password").status_code == 302  # as who is not signed in
    session.rollback()
    [held] = session.scalars(select(SubmissionStatus))
    assert (held.state, held.reason) == ("quarantined", "revoked")
    records = f"/desk/{COMMUNE}/queue?state=quarantined"
    assert "Tài khoản không còn quyền" in office.get(records).text


def test_a_withdrawn_phone_does_not_talk_itself_out_of_it(enumerator: Any, login_as: Any, session: Any) -> None:
    revoke(session, login_as("supervisor"))
    assert report(enumerator, device="may-khac")["revoked"] is True
    assert enumerator.get("/api/v1/register").status_code == 403
    other = login_as("enumerator")  # signed in again on the same phone: known as soon as it reports
    assert report(other, device="may-1")["revoked"] is True
    assert other.get("/api/v1/register").status_code == 403


def test_a_session_that_never_said_its_phone_counts_as_the_withdrawn_one(
    enumerator: Any, login_as: Any, session: Any, clock: Any
) -> None:
    silent = login_as("enumerator")
    clock.advance(minutes=1)
    revoke(session, login_as("supervisor"))
    assert silent.get("/api/v1/hello").json["revoked"] is True
    assert login_as("enumerator").get("/api/v1/hello").json["revoked"] is False


def test_another_phone_of_the_account_goes_on_and_a_withdrawal_can_be_taken_back(
    enumerator: Any, login_as: Any, session: Any
) -> None:
    office, second = login_as("supervisor"), login_as("enumerator")
    report(second, device="may-2")
    revoke(session, office)
    assert second.get("/api/v1/register").status_code == 200
    assert revoke(session, office, revoked="0").status_code == 303
    assert enumerator.get("/api/v1/register").status_code == 200
    session.rollback()
    told = {event.verb for event in session.scalars(select(AuditEvent))}
    assert told >= {"device_allowed", "device_revoked"}


def test_a_supervisor_withdraws_the_phones_of_enumerators_only(login_as: Any, session: Any, small_round: str) -> None:
    report(login_as("supervisor-2"))
    assert revoke(session, login_as("supervisor"), "supervisor-2").status_code == 404
    assert revoke(session, login_as("admin"), "supervisor-2").status_code == 303
    assert login_as("supervisor-2").get(f"/desk/{COMMUNE}/").status_code == 200


def test_after_a_restore_the_page_says_what_is_missing_and_where_it_is(
    login_as: Any, session: Any, small_round: str, clock: Any
) -> None:
    office, first, second = login_as("supervisor"), login_as("enumerator"), login_as("enumerator-2")
    holes = f"/desk/{COMMUNE}/holes"
    assert "Không thiếu gì." in office.get(holes).text
    kept, lost = entry("ho-1"), entry("ho-2")
    report(first, kept, lost)
    report(second, device="may-2")
    lose(session, lost["id"])
    clock.advance(hours=1)
    renew_generation(session, clock.now, "2026-11-23T01:00:00.000Z")
    session.commit()
    page = office.get(holes).text
    assert "từ bản sao lưu lập lúc 08:00 23/11/2026" in page
    assert "Máy chưa liên lạc từ khi phục hồi" in page and "Không thiếu gì" not in page
    assert holes in office.get(f"/desk/{COMMUNE}/").text
    clock.advance(minutes=1)
    # The first phone sees the new generation, sends again bit by bit, with a photo still to come.
    sha256 = "a" * 64
    with_photo = entry("ho-3", {"anh_nha": sha256}, files=[{"path": "anh_nha", "sha256": sha256}])
    report(first, with_photo, unsent=[{"id": lost["id"], "household_id": "ho-2"}])
    page = office.get(holes).text
    assert "Người thử enumerator-2" in page  # not heard of yet
    assert "Máy đã báo có, chưa về đến đây" in page
    assert "1 tệp" in page and "ở máy của Người thử enumerator, Android" in page
    report(second, device="may-2")
    report(first, lost)
    page = office.get(holes).text
    assert "Máy chưa liên lạc" not in page and "Máy đã báo có" not in page


def test_a_receipt_shown_of_a_record_that_is_gone_adds_to_what_is_missing_until_it_comes_again(
    login_as: Any, session: Any, small_round: str
) -> None:
    office, sent = login_as("supervisor"), entry("ho-1")
    [result] = push(login_as("enumerator"), sent)
    address, holes = f"/desk/{COMMUNE}/receipts", f"/desk/{COMMUNE}/holes"
    text = f"Biên nhận của tôi: {json.dumps(result['receipt'])} (chép từ máy)"
    shown = office.post(address, data={"text": text}).text
    assert 'data-verdict="genuine" data-place="here"' in shown and "Chủ hộ cũ" in shown
    lose(session, sent["id"])
    for _twice in range(2):
        shown = office.post(address, data={"text": json.dumps([result["receipt"]] * 2)}).text
        assert "Phiếu KHÔNG CÒN ở đây" in shown
    page = office.get(holes).text
    assert page.count(sent["id"]) == 1 and "Người thử supervisor đưa ra" in page
    push(login_as("enumerator"), sent)
    assert "Không thiếu gì." in office.get(holes).text


def test_a_receipt_of_another_commune_is_genuine_and_names_nobody(
    login_as: Any, session: Any, small_round: str
) -> None:
    sent = entry("ho-5", commune_id=OTHER_COMMUNE)
    [result] = push(login_as("enumerator-other"), sent)
    shown = login_as("supervisor").post(f"/desk/{COMMUNE}/receipts", data={"text": json.dumps(result["receipt"])}).text
    assert "Của một phiếu ở xã, phường khác." in shown and "Biên nhận thật" in shown
    assert "Chủ hộ cũ" not in shown and sent["id"] not in shown.split("data-verdict")[1].split("</section>")[0]
    forged = result["receipt"] | {"signature": "A" * 86 + "=="}
    assert (
        "Biên nhận giả"
        in login_as("supervisor").post(f"/desk/{COMMUNE}/receipts", data={"text": json.dumps(forged)}).text
    )


@pytest.mark.parametrize("text", ["", "không có gì", "{" * 5000, "[" * 100_000, '{"body": 1}', "\x00"])
def test_what_is_no_receipt_is_said_in_words(login_as: Any, app: Flask, text: str) -> None:
    answer = login_as("supervisor").post(f"/desk/{COMMUNE}/receipts", data={"text": text})
    assert (answer.status_code, "Không thấy biên nhận nào trong này." in answer.text) == (422, True)


def test_a_file_with_receipts_is_read_too(login_as: Any, small_round: str) -> None:
    results = push(login_as("enumerator"), entry("ho-1"), entry("ho-2"))
    given = json.dumps({"format": "so-ho-receipt-1", "receipts": [one["receipt"] for one in results]}).encode()
    shown = login_as("supervisor").post(f"/desk/{COMMUNE}/receipts", data={"file": (BytesIO(given), "bien-nhan.json")})
    assert shown.text.count('data-place="here"') == 2
