"""A phone whose storage was cleared: what it held is missed by name, told to it and to the office, till made good."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from sqlalchemy import select

from models import AuditEvent, Device
from survey.devices.cleared import finished_at
from tests.interviews import entry, push
from tests.pictures import picture
from tests.web.desk.test_devices import PHONES, holding, report, revoke
from tests.web.office.test_accounts import account_id
from tests.world import COMMUNE, VILLAGE_2

# A UUIDv7 made at 2026-11-22T01:42:00Z: 08:42 in Vietnam.
FINISHED = "01a200ea-d640-7000-8000-000000000001"
FINISHED_WHOLE = {"open": False, "photos": False}
HOLES = f"/desk/{COMMUNE}/holes"


def unsent(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"id": entry_id, "household_id": household} for entry_id, household in pairs]


def ids(told: Any, what: str = "gone") -> list[str]:
    return [one["id"] for one in told[what]]


def kept(session: Any, device: str = "may-1", username: str = "enumerator") -> list[dict[str, Any]]:
    session.rollback()
    found: list[dict[str, Any]] = session.get_one(Device, (device, account_id(session, username))).unsent
    return found


@pytest.fixture
def cleared(login_as: Any, small_round: str, clock: Any) -> Any:
    """A phone that named two entries, and knows nothing of them the next time."""
    browser = login_as("enumerator")
    assert ids(report(browser, unsent=unsent((FINISHED, "ho-1"), ("e-moi", "ho-moi")))) == []
    clock.advance(hours=1)
    assert ids(report(browser)) == [FINISHED, "e-moi"]
    return browser


def test_when_an_entry_was_finished_stands_in_its_id() -> None:
    moment = finished_at(FINISHED)
    assert moment is not None and moment.isoformat() == "2026-11-22T01:42:00+00:00"
    for other in ("e-1", "", "ffffffff-ffff-7fff-bfff-ffffffffffff", "c56a4180-65aa-42ec-a945-5fd21dec0538"):
        assert finished_at(other) is None, other


def test_the_phone_and_the_office_are_told_what_is_missed(cleared: Any, login_as: Any, session: Any) -> None:
    told = report(cleared)
    assert told["gone"] == [
        {"id": FINISHED, "household_id": "ho-1", "head_name": "Chủ hộ cũ", "finished_at": "2026-11-22T01:42:00.000Z"}
        | FINISHED_WHOLE,
        {"id": "e-moi", "household_id": "ho-moi", "head_name": None, "finished_at": None} | FINISHED_WHOLE,
    ]
    office = login_as("supervisor")
    page = office.get(PHONES).text
    assert "mất 2 phiếu" in page and "Chủ hộ cũ, hộ mới" in page and "bộ nhớ đã bị xoá" in page
    assert "đã gửi hết" not in page
    one = office.get(f"{PHONES}/{account_id(session, 'enumerator')}/may-1").text
    assert "làm xong lúc 08:42 22/11/2026" in one and "phát hiện mất từ 10:00 23/11/2026" in one
    assert "2 phiếu đã mất khi bộ nhớ ứng dụng trên máy của Người thử enumerator bị xoá" in office.get(HOLES).text
    assert "2 phiếu đã mất" in office.get(f"/desk/{COMMUNE}/").text
    session.rollback()
    [event] = session.scalars(select(AuditEvent).where(AuditEvent.verb == "storage_cleared"))
    assert event.detail == {"device": "may-1", "entries": [FINISHED, "e-moi"]}


def test_what_arrives_after_all_is_missed_no_longer(cleared: Any, login_as: Any, session: Any) -> None:
    # Brought in as a file that was carried out before: another hand sends it.
    push(login_as("enumerator-2"), entry("ho-1", id=FINISHED))
    assert "mất 1 phiếu" in login_as("supervisor").get(PHONES).text
    assert ids(report(cleared)) == ["e-moi"]
    assert [one["id"] for one in kept(session)] == ["e-moi"]


def test_a_household_that_is_interviewed_again_is_missed_no_longer(cleared: Any, clock: Any) -> None:
    clock.advance(hours=2)
    assert ids(report(cleared, entry("ho-1"))) == ["e-moi"]


def test_an_earlier_record_of_the_household_does_not_stand_in_for_the_lost_one(
    login_as: Any, small_round: str, clock: Any
) -> None:
    browser = login_as("enumerator")
    report(browser, entry("ho-1"))
    clock.advance(hours=1)
    report(browser, unsent=unsent((FINISHED, "ho-1")))
    clock.advance(hours=1)
    assert ids(report(browser)) == [FINISHED]


def test_a_person_says_that_it_is_settled(cleared: Any, login_as: Any, session: Any) -> None:
    address = f"{PHONES}/{account_id(session, 'enumerator')}/may-1/settle"
    assert login_as("province").post(address, data={"entry": "e-moi"}).status_code == 403
    assert login_as("supervisor-other").post(address, data={"entry": "e-moi"}).status_code == 404
    for _twice in range(2):
        assert login_as("supervisor").post(address, data={"entry": "e-moi"}).status_code == 303
    assert ids(report(cleared)) == [FINISHED]
    session.rollback()
    [event] = session.scalars(select(AuditEvent).where(AuditEvent.verb == "loss_settled"))
    assert event.detail == {"device": "may-1", "entry": "e-moi"}


def test_what_the_phone_still_holds_cannot_be_settled_away(login_as: Any, session: Any, small_round: str) -> None:
    report(login_as("enumerator"), unsent=unsent(("e-1", "ho-1")))
    address = f"{PHONES}/{account_id(session, 'enumerator')}/may-1/settle"
    assert login_as("supervisor").post(address, data={"entry": "e-1"}).status_code == 303
    assert kept(session) == unsent(("e-1", "ho-1"))


def test_a_late_report_takes_nothing_away_for_good(cleared: Any, session: Any) -> None:
    """An older report that came late said less than the phone holds: the next one mends it."""
    assert ids(report(cleared, unsent=unsent((FINISHED, "ho-1")))) == ["e-moi"]
    assert kept(session)[0] == {"id": FINISHED, "household_id": "ho-1"}


def test_a_phone_says_itself_what_it_lost_also_what_nobody_knew(login_as: Any, session: Any, small_round: str) -> None:
    browser = login_as("enumerator")
    lost = [*unsent(("e-offline", "ho-2")), {"id": "d-1", "household_id": "ho-3", "open": True}]
    told = report(browser, lost=lost)
    assert [(one["id"], one["open"]) for one in told["gone"]] == [("e-offline", False), ("d-1", True)]
    assert ids(report(browser, lost=lost)) == ["e-offline", "d-1"]  # said again: still once
    # Asked again: the one under way has an entry of its own now.
    assert ids(report(browser, entry("ho-3"))) == ["e-offline"]
    # It was not lost after all.
    assert ids(report(browser, unsent=unsent(("e-offline", "ho-2")))) == []


def test_photos_that_were_lost_after_their_entry_had_arrived_are_missed_until_they_come(
    login_as: Any, session: Any, small_round: str, clock: Any
) -> None:
    browser, photo = login_as("enumerator"), picture("JPEG")
    sha256 = hashlib.sha256(photo).hexdigest()
    sent = entry("ho-1", {"anh_nha": sha256}, files=[{"path": "anh_nha", "sha256": sha256}])
    report(browser, sent)
    clock.advance(hours=1)
    lost = [{"id": sent["id"], "household_id": "ho-1", "photos": True}]
    [told] = report(browser, lost=lost)["gone"]
    assert (told["id"], told["photos"], told["head_name"]) == (sent["id"], True, "Chủ hộ cũ")
    page = login_as("supervisor").get(f"{PHONES}/{account_id(session, 'enumerator')}/may-1").text
    assert "phiếu đã về đây, ảnh của phiếu đã mất" in page
    address = f"/api/v1/files/{sha256}?commune={COMMUNE}"
    assert browser.put(address, data=photo, content_type="image/jpeg").status_code == 200
    assert ids(report(browser)) == []


def test_what_is_here_already_is_not_lost(login_as: Any, small_round: str) -> None:
    browser, sent = login_as("enumerator"), entry("ho-1")
    report(browser, sent)
    assert ids(report(browser, lost=unsent((sent["id"], "ho-1")))) == []


def test_a_phone_that_names_as_many_as_a_call_takes_has_not_lost_the_others(login_as: Any, small_round: str) -> None:
    browser = login_as("enumerator")
    many = unsent(*((f"e-{number:03d}", "ho-1") for number in range(520)))
    report(browser, unsent=many)
    assert ids(report(browser, unsent=many[10:])) == []
    assert len(ids(report(browser, unsent=many[300:]))) == 290  # e-010 … e-299: named a moment ago


def test_a_phone_cleared_whole_asks_whether_it_was_that_phone(cleared: Any, login_as: Any, session: Any) -> None:
    report(cleared, unsent=unsent(("e-9", "ho-2")))
    again = login_as("enumerator")
    told = report(again, device="may-9")
    assert ids(told) == [FINISHED, "e-moi"]  # the account's, whichever phone it holds now
    [other] = told["elsewhere"]
    assert (other["device"]["id"], other["device"]["label"], ids(other, "entries")) == ("may-1", "Android", ["e-9"])
    told = report(again, device="may-9", formerly=["may-1", "may-9", "may-khac"])
    assert (set(ids(told)), told["elsewhere"]) == ({FINISHED, "e-moi", "e-9"}, [])
    session.rollback()
    assert session.get_one(Device, ("may-1", account_id(session, "enumerator"))).in_progress == 0
    # Both were right: the other phone turns up with it.
    assert set(ids(report(cleared, unsent=unsent(("e-9", "ho-2"))))) == {FINISHED, "e-moi"}


def test_another_account_on_the_phone_hears_nothing(cleared: Any, login_as: Any) -> None:
    told = report(login_as("enumerator-2"), device="may-1", formerly=["may-1"])
    assert (told["gone"], told["elsewhere"]) == ([], [])
    assert ids(report(cleared)) == [FINISHED, "e-moi"]


def test_a_household_of_a_village_that_was_taken_away_is_not_named(cleared: Any, login_as: Any, session: Any) -> None:
    account = account_id(session, "enumerator")
    fields = {"display_name": "Người thử enumerator", "villages": [VILLAGE_2], "confirmed": "1"}
    assert login_as("supervisor").post(f"/accounts/{account}", data=fields).status_code == 303
    told = report(cleared)["gone"]
    assert [(one["id"], one["head_name"]) for one in told] == [(FINISHED, None), ("e-moi", None)]


def test_a_withdrawn_phone_is_told_nothing_and_the_office_still_misses_it(
    cleared: Any, login_as: Any, session: Any
) -> None:
    office = login_as("supervisor")
    revoke(session, office)
    told = report(cleared)
    assert (told["revoked"], told["gone"], told["elsewhere"]) == (True, [], [])
    assert "mất 2 phiếu" in office.get(PHONES).text


@pytest.mark.parametrize("wrong", [{"lost": {}}, {"formerly": "may-1"}])
def test_a_report_of_another_shape_is_refused_whole(login_as: Any, small_round: str, wrong: Any) -> None:
    browser = login_as("enumerator")
    sent = {"device": {"id": "may-1"}, "entries": [], **wrong}
    answer = browser.post("/api/v1/push", json=sent)
    assert (answer.status_code, answer.json["problem"]["code"]) == (400, "malformed")


def test_what_cannot_be_an_id_is_left_out(login_as: Any, session: Any, small_round: str) -> None:
    browser = login_as("enumerator")
    browser.is_of_a_phone = False
    told = report(browser, lost=[None, {"id": 7}, {"id": "e-1", "household_id": ["x"]}], formerly=[None, 7, "\x00"])
    assert [(one["id"], one["household_id"]) for one in told["gone"]] == [("e-1", "")]
    json.dumps(kept(session))


@pytest.mark.parametrize(
    ("storage", "said"),
    [
        ({"persisted": True, "asked": True, "installed": True}, "có (đã cài ra màn hình chính)"),
        ({"persisted": False, "asked": True, "installed": False}, "không, trình duyệt đã từ chối"),
        ({"persisted": False, "asked": False}, "không: trình duyệt có thể xoá khi máy đầy"),
    ],
)
def test_the_office_sees_what_the_browser_answered(
    login_as: Any, session: Any, small_round: str, storage: Any, said: str
) -> None:
    browser = login_as("enumerator")
    browser.is_of_a_phone = False
    sent = {"device": {"id": "may-1", "storage": {"used": 1, "quota": 9, "asked": "x"} | storage}, "entries": []}
    assert browser.post("/api/v1/push", json=sent).status_code == 200
    page = login_as("supervisor").get(f"{PHONES}/{account_id(session, 'enumerator')}/may-1").text
    assert said in " ".join(page.split())


def test_holding_is_as_it_was(login_as: Any, session: Any, small_round: str) -> None:
    """Nothing is missed while the phone names it."""
    browser = login_as("enumerator")
    for _again in range(2):
        assert ids(report(browser, unsent=holding("ho-1"))) == []
