"""Rounds on their page: opened by the administrator, closed only when nothing stands in the way."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from sqlalchemy import select

from models import Household, RegisterEntry, Round, RoundCommune
from survey.questionnaires.published import publish
from survey.rounds import cancelling
from tests.interviews import SOURCE, small_form
from tests.working import led
from tests.world import NOW

FIELDS = {
    "title": "Rà soát thường xuyên 2026",
    "kind": "thuong_xuyen",
    "year": "2026",
    "questionnaire": "phieu_thu 1",
    "b1_method": "nhap_tong",
    "opens_on": "2026-10-01",
    "closes_on": "2026-12-31",
}


def test_the_page_says_what_stands_in_the_way_and_closing_is_refused_with_the_same_words(
    login_as: Any, small_round: str
) -> None:
    assert "<li>5 hộ chưa đến</li>" in login_as("supervisor").get("/rounds/").text
    refused = login_as("admin").post(f"/rounds/{small_round}/close")
    assert refused.status_code == 409
    assert "<li>5 hộ chưa đến</li>" in refused.text


def test_an_administrator_opens_a_round_and_closes_one_without_households(login_as: Any, session: Any) -> None:
    publish(session, small_form(), SOURCE, NOW)
    session.commit()
    admin = login_as("admin")
    assert admin.post("/rounds/new", data=FIELDS).status_code == 303
    assert admin.post("/rounds/new", data=FIELDS).status_code == 409  # one of its kind and year is open
    opened = session.scalars(select(Round)).one()
    assert (opened.title, opened.b1_method, opened.form_version) == (FIELDS["title"], "nhap_tong", "1")
    assert led(admin, admin.post(f"/rounds/{opened.id}/close")).status_code == 200
    assert "Đã đóng" in admin.get("/rounds/").text


def test_a_round_is_listed_for_whom_it_reaches_and_says_that_it_was_cancelled(login_as: Any, session: Any) -> None:
    publish(session, small_form(), SOURCE, NOW)
    session.commit()
    for title, commune in (("Đợt ở đây", "03757"), ("Đợt ở xã khác", "03664")):
        fields = FIELDS | {"title": title, "communes": [commune], "plan": "y"}
        assert login_as("admin").post("/rounds/new", data=fields).status_code == 303
    supervisor = login_as("supervisor")
    page = supervisor.get("/rounds/").text
    assert ("Đợt ở đây" in page, "Đợt ở xã khác" in page) == (True, False)
    for link in re.findall(r'href="(/rounds/[0-9a-f-]{36})"', page):
        assert supervisor.get(link).status_code in (200, 303)  # on to their one commune
    assert "Đợt ở xã khác" in login_as("province").get("/rounds/").text
    session.rollback()
    mine = session.scalars(select(Round).where(Round.title == "Đợt ở đây")).one()
    cancelling.cancel(session, mine, "mở nhầm", NOW)
    session.commit()
    page = supervisor.get("/rounds/").text
    assert ("Đã huỷ" in page, "Đã đóng" in page) == (True, False)


def test_a_new_round_begins_with_every_household_as_it_was_last_accepted(
    login_as: Any, session: Any, small_round: str
) -> None:
    periodic = FIELDS | {"kind": "dinh_ky", "year": "2027"}
    admin = login_as("admin")
    answer = admin.post("/rounds/new", data=periodic)
    assert answer.status_code == 303
    new = session.scalars(select(Round.id).where(Round.year == 2027)).one()
    states = select(RoundCommune.state).where(RoundCommune.round_id == new).distinct()
    assert session.scalars(states).all() == ["planned"]
    assert "Đợt đã mở ở 120 xã, phường." in led(admin, answer).text
    session.rollback()
    assert session.scalars(states).all() == ["open"]
    new = session.scalars(select(Round.id).where(Round.year == 2027)).one()
    entries = session.scalars(select(RegisterEntry).where(RegisterEntry.round_id == new)).all()
    assert len(entries) == len(session.scalars(select(Household)).all())
    assert {entry.state for entry in entries} == {"to_visit"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "Hãy nhập tên đợt."),
        ({"closes_on": "2026-08-01"}, "Ngày kết thúc trước ngày bắt đầu."),
        ({"opens_on": "hôm nay"}, ""),
        ({"questionnaire": "khong_co 1"}, ""),
    ],
)
def test_what_does_not_fit_is_said(
    login_as: Any, session: Any, small_round: str, changes: dict[str, str], words: str
) -> None:
    answer = login_as("admin").post("/rounds/new", data=FIELDS | changes)
    assert answer.status_code == 422
    assert words in answer.text


def test_what_phones_download_goes_out_compressed(login_as: Any, client: Any, small_round: str) -> None:
    browser, asked = login_as("enumerator"), {"Accept-Encoding": "gzip"}
    pages = ("/", "/kinds.html", "/later.html", "/language/en.html", "/manifest.webmanifest")
    scripts = ("/sw.js", "/static/style.css", "/static/app/engine/record.js")
    for address in (*pages, *scripts, "/api/v1/register", "/api/v1/forms/phieu_thu/1"):
        with browser.get(address) as plain, browser.get(address, headers=asked) as packed:
            assert packed.headers["Content-Encoding"] == "gzip", address
            assert "Accept-Encoding" in packed.headers["Vary"]
            assert gzip.decompress(packed.data) == plain.data
            again = {**asked, "If-None-Match": packed.headers["ETag"]} if "ETag" in packed.headers else None
        if again:
            with browser.get(address, headers=again) as unchanged:
                assert unchanged.status_code == 304
    assert "Content-Encoding" not in browser.get("/api/v1/hello", headers=asked).headers  # it holds a token
