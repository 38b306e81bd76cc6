"""«Kết nối Excel»: a key is made with the password, shown once, kept as a hash, ended at once."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import AuditEvent, FeedKey
from tests.pages import text_of
from tests.web.feed.feed import EVERY, Reader, account_of
from tests.world import COMMUNE, OTHER_COMMUNE, PASSWORD

OWN = "/account/feed"


def wanted(**said: Any) -> dict[str, Any]:
    return {
        "name": "Báo cáo tuần",
        "area": "",
        "sets": ["Rounds", "Tallies"],
        "days": "30",
        "password": PASSWORD,
    } | said


def key_on(answer: Any) -> str:
    found = re.search(r'<dd class="address">([\w-]{43})</dd>', answer.text)
    assert found is not None
    return found[1]


def test_a_key_is_made_shown_once_and_ended(app: Flask, login_as: Any, session: Session) -> None:
    browser = login_as("supervisor")
    page = browser.get(OWN)
    assert "http://localhost/odata/" in text_of(page)
    answer = browser.post(OWN, data=wanted())
    assert answer.headers["Cache-Control"] == "no-store"
    text = key_on(answer)
    reader = Reader(app, "supervisor", text)
    assert [one["name"] for one in reader.get().json["value"]] == ["Rounds", "Tallies"]
    assert text not in browser.get(OWN).text
    session.rollback()
    [key] = session.scalars(select(FeedKey)).all()
    assert (key.name, key.sets, key.place_id) == ("Báo cáo tuần", ["Rounds", "Tallies"], None)
    assert browser.post(f"{OWN}/{key.id}/revoke").status_code == 303
    assert reader.get().status_code == 401
    session.rollback()
    verbs = set(session.scalars(select(AuditEvent.verb)))
    assert {"feed_key_made", "feed.read", "feed_key_revoked", "feed_refused"} <= verbs
    assert "Rounds, Tallies" in text_of(browser.get(OWN))


def test_what_no_key_can_be_is_told_at_its_field(login_as: Any, session: Session) -> None:
    browser = login_as("supervisor")
    for wrong in (
        {"name": " "}, {"name": "a\x00"}, {"sets": []}, {"sets": ["Accounts"]}, {"area": OTHER_COMMUNE},
        {"days": "4000"}, {"password": "không phải"}, {"password": ""},
    ):  # fmt: skip
        answer = browser.post(OWN, data=wanted(**wrong))
        assert answer.status_code == 422, wrong
        assert 'class="error-message"' in answer.text, wrong
    session.rollback()
    assert session.scalars(select(FeedKey)).all() == []


def test_a_desk_left_open_makes_no_key_by_guessing(login_as: Any) -> None:
    browser = login_as("supervisor")
    told = [browser.post(OWN, data=wanted(password="đoán mò mười chữ")).status_code for _ in range(6)]
    assert told == [422] * 4 + [401, 401]  # the sign-in is ended


def test_an_administrator_makes_and_ends_keys_of_others(app: Flask, login_as: Any, session: Session) -> None:
    province, enumerator = (account_of(session, name).id for name in ("province", "enumerator"))
    admin = login_as("admin")
    of_province = f"/accounts/{province}/feed"
    text = key_on(admin.post(of_province, data=wanted(area=COMMUNE, sets=list(EVERY))))
    assert Reader(app, "province", text).get("Rounds").status_code == 200
    session.rollback()
    [key] = session.scalars(select(FeedKey)).all()
    assert (key.account_id, key.made_by, key.place_id) == (province, account_of(session, "admin").id, COMMUNE)
    assert login_as("supervisor").post(f"{OWN}/{key.id}/revoke").status_code == 404  # another's
    assert admin.post(f"{of_province}/{key.id}/revoke").status_code == 303
    assert Reader(app, "province", text).get("Rounds").status_code == 401
    assert admin.get(f"/accounts/{enumerator}/feed").status_code == 404  # who reads no figures
    assert login_as("supervisor").get(of_province).status_code == 404


def test_an_area_narrows_a_key_within_what_its_account_reaches(login_as: Any) -> None:
    page = login_as("province").get(OWN).text
    assert f'value="{COMMUNE}"' in page
    assert 'value="14"' in page
    assert 'value="11"' not in page
