"""A phone whose clock is wrong: asked about before an interview begins, held at the office when somebody goes on, and
put right on the phone when the date is."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from tests.phone.phone import Phone, Server

pytestmark = pytest.mark.phone
DAY = 86_400_000
WRONG_CLOCK = """globalThis.RealDate ??= Date
Date = class extends RealDate {
  constructor(...said) { said.length ? super(...said) : super(Date.now()) }
  static now() { return RealDate.now() + OFF }
}"""
YEARS = 11 * 365 * DAY


def off(phone: Phone, milliseconds: int) -> None:
    """Somebody sets the phone's clock, or its battery was out; the app is opened anew, without network."""
    phone.context.add_init_script(WRONG_CLOCK.replace("OFF", str(milliseconds)))
    phone.context.set_offline(True)
    phone.reload()


def asked_to_begin(phone: Phone) -> str:
    """What the dialog says after a tap on «Bắt đầu»."""
    phone.go_home()
    phone.page.click("[data-household='ho-0'] >> nth=0")
    phone.page.click("[data-screen=household] [data-action=interview]")
    phone.page.wait_for_selector("#dialog[open]")
    return phone.page.inner_text("#dialog")


def review_day(phone: Phone) -> str | None:
    days = [event["value"] for event in phone.events() if event.get("path") == "ngay_ra_soat"]
    return days[-1] if days else None


@pytest.mark.further
@pytest.mark.parametrize(("wrong", "words"), [(-YEARS, "quá sớm"), (-3 * DAY, "quá sớm"), (365 * DAY, "quá muộn")])
def test_before_an_interview_begins_a_date_that_cannot_be_is_asked_about(phone: Phone, wrong: int, words: str) -> None:
    off(phone, wrong)
    said = asked_to_begin(phone)
    shown = datetime.now(UTC) + timedelta(milliseconds=wrong, hours=7)
    assert words in said and f"{shown:%d/%m/%Y}" in said and "Cài đặt" in said
    phone.page.click("#dialog [data-action=no]")
    assert phone.page.locator("[data-screen=household]").count() == 1
    phone.go_home()
    assert phone.counts()["saved"] == 0  # nothing was begun


@pytest.mark.further
def test_a_right_clock_is_asked_nothing_also_days_after_the_last_contact(phone: Phone) -> None:
    off(phone, 9 * DAY)
    phone.begin("ho-0")
    off(phone, 9 * DAY - DAY // 2)
    phone.begin("ho-1")
    off(phone, 6 * DAY)  # but not three days before what it began last
    phone.go_home()
    phone.page.click("[data-household='ho-2'] >> nth=0")
    phone.page.click("[data-screen=household] [data-action=interview]")
    phone.page.wait_for_selector("#dialog[open]")


def finished(phone: Phone) -> None:
    """The shortest interview there is: the household does not want to answer."""
    phone.section("thong_tin_ho")
    phone.answer("thong_tin_ho/dong_y", "khong")
    phone.finish_answers()
    phone.finalise()


def test_who_goes_on_is_not_stopped_and_the_office_asks_for_the_day(phone: Phone, server: Server) -> None:
    off(phone, -YEARS)
    phone.begin(says_right=True)
    finished(phone)
    phone.context.set_offline(False)
    phone.go_home()
    phone.sync()
    assert phone.counts() == {"saved": 1, "unsent": 0, "received": 1}
    with sqlite3.connect(server.folder / "so-ho.sqlite3") as database:
        ((state, reason, said),) = database.execute(
            "SELECT state, reason, content FROM submission_status JOIN submission ON submission.id = submission_id"
        )
    assert (state, reason) == ("quarantined", "doubtful_date")
    assert '"date_doubted": "behind"' in said.replace('":"', '": "')


def test_once_the_date_is_right_the_day_of_an_interview_is_put_right_with_its_ages(phone: Phone) -> None:
    off(phone, -YEARS)
    phone.begin(says_right=True)
    draft = phone.page.evaluate("location.hash")
    phone.section("thanh_vien[3]")  # born in 2004
    assert phone.question("thanh_vien[3]/trinh_do_dao_tao").count() == 0  # a child by that clock
    off(phone, 0)
    phone.page.evaluate("address => { location.hash = address }", draft)
    phone.page.wait_for_selector("#dialog[open]")
    assert "lấy ngày hôm nay" in phone.page.inner_text("#dialog")
    phone.page.click("#dialog [data-action=yes]")
    phone.page.wait_for_selector("[data-screen=check]")
    assert review_day(phone) == f"{datetime.now(UTC) + timedelta(hours=7):%Y-%m-%d}"
    phone.section("thanh_vien[3]")
    phone.question("thanh_vien[3]/trinh_do_dao_tao").wait_for()
