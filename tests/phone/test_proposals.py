"""A change proposed on the phone without network, decided at the office, told on the phone."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Protocol

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Round, RoundCommune
from models.database import open_engine
from survey.register.event_log import Done
from survey.review import requests
from survey.rounds import closing, log
from survey.submissions.log import Act
from survey.terms import RequestVerdict, RoundAction
from tests.chromium import width_of
from tests.phone.phone import Phone, Server
from tests.phone.village import ROUND
from tests.world import COMMUNE

pytestmark = pytest.mark.phone


def decided(server: Server, verdict: RequestVerdict, reason: str) -> None:
    """What a person at the desk does with the only request (tests/web/desk/test_proposals.py goes the pages)."""
    engine = open_engine(f"sqlite:///{server.folder}/so-ho.sqlite3")
    with Session(engine, expire_on_commit=False) as session, session.begin():
        desk = session.scalars(select(Account).where(Account.username == "supervisor")).one()
        [made] = requests.undecided(session, COMMUNE)
        requests.decide(session, COMMUNE, made.id, verdict, Done(desk.id, datetime.now(UTC), reason))
    engine.dispose()


def accepted(server: Server) -> None:
    """A person at the desk agrees to every request."""
    engine = open_engine(f"sqlite:///{server.folder}/so-ho.sqlite3")
    with Session(engine, expire_on_commit=False) as session, session.begin():
        desk = session.scalars(select(Account).where(Account.username == "supervisor")).one()
        for made in requests.undecided(session, COMMUNE):
            requests.decide(session, COMMUNE, made.id, RequestVerdict.ACCEPTED, Done(desk.id, datetime.now(UTC), ""))
    engine.dispose()


class Shown(Protocol):
    page: Page


def pictured(shown: Shown, name: str) -> None:
    """What stands, as a picture, where somebody looks at it."""
    if folder := os.environ.get("PICTURES"):
        shown.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_a_death_is_told_without_network_and_written_down_by_the_office(phone: Phone, server: Server) -> None:
    page = phone.page
    phone.context.set_offline(True)
    page.goto(f"{phone.address}/#/h/{ROUND}/ho-0")
    pictured(phone, "household")
    page.locator("[data-action=propose]").click()
    screen = page.locator("[data-screen=propose]")
    send = screen.locator("button[data-action=propose]")
    send.click()  # nothing chosen yet
    expect(screen.locator("[data-part=fault]")).to_have_text("Hãy chọn điều đã khác.")
    screen.locator("input[name=what][value=died]").check()
    screen.locator("[data-part=people] label", has_text="Lò Văn Đức (chủ hộ)").click()
    expect(screen.locator("[data-part=heirs-of]")).to_be_visible()
    pictured(phone, "head_died")
    screen.locator("[data-part=people] label", has_text="Lò Thị Bua").click()
    expect(screen.locator("[data-part=heirs-of]")).to_be_hidden()
    send.click()
    expect(screen.locator("[data-part=fault]")).to_contain_text("Hãy viết vài lời")
    assert width_of(page) <= 360
    screen.locator("[data-action=reason]").fill("Trưởng bản báo, có giấy chứng tử")
    pictured(phone, "died")
    send.click()
    page.locator("#dialog button[value=yes]").click()

    told = page.locator("[data-screen=household] [data-part=proposed]")
    expect(told).to_contain_text("Qua đời: Lò Thị Bua")
    expect(told.locator("[data-state]")).to_have_attribute("data-state", "unsent")
    expect(page.locator("[data-action=interview]")).to_be_visible()  # it says nothing of the round
    page.reload()
    phone.unlock()
    expect(told.locator("[data-state]")).to_have_attribute("data-state", "unsent")  # sealed, and kept
    expect(told.locator("[data-action=sent]")).to_have_text("Xem nội dung đã báo")  # no interview
    pictured(phone, "unsent")

    phone.context.set_offline(False)
    phone.go_home()
    phone.sync()
    assert phone.counts() == {"saved": 1, "unsent": 0, "received": 1}
    page.locator("[data-household=ho-0]").first.click()
    expect(told.locator("[data-state]")).to_have_attribute("data-state", "waiting")

    decided(server, RequestVerdict.REFUSED, "Bà Bua vẫn khoẻ, tôi vừa gặp")
    phone.go_home()
    phone.sync()
    page.locator("[data-household=ho-0]").first.click()
    expect(told.locator("[data-state]")).to_have_attribute("data-state", "refused")
    expect(told).to_contain_text("Bà Bua vẫn khoẻ, tôi vừa gặp")
    pictured(phone, "refused")

    page.locator("[data-action=propose]").click()
    screen.locator("input[name=what][value=called]").check()
    screen.locator("[data-part=people] label", has_text="Lò Thị Bua").click()
    screen.locator("[data-action=name]").fill("Lò Thị Bùa")
    screen.locator("[data-action=reason]").fill("Xem căn cước")
    pictured(phone, "called")
    send.click()
    page.locator("#dialog button[value=yes]").click()
    expect(told.locator("[data-state]").first).to_have_attribute("data-state", "waiting")  # sent by itself
    decided(server, RequestVerdict.ACCEPTED, "")
    phone.go_home()
    phone.sync()
    page.locator("[data-household=ho-0]").first.click()
    expect(told.locator("[data-state]").first).to_have_attribute("data-state", "accepted")
    page.locator("[data-action=propose]").click()
    screen.locator("input[name=what][value=died]").check()
    expect(screen.locator("[data-part=people]")).to_contain_text("Lò Thị Bùa")
    assert phone.errors == []


def test_a_transfer_and_what_is_written_wrong_are_told_without_network(phone: Phone, server: Server) -> None:
    page = phone.page
    screen, dialog = page.locator("[data-screen=propose]"), page.locator("#dialog")
    told = page.locator("[data-screen=household] [data-part=proposed]")
    fault = screen.locator("[data-part=fault]")

    def choose(what: str, member: str | None = "Lò Thị Bua") -> None:
        page.goto(f"{phone.address}/#/h/{ROUND}/ho-0")
        page.locator("[data-screen=household] [data-action=propose]").click()
        screen.locator(f"input[name=what][value={what}]").check()
        if member:
            screen.locator("[data-part=people] label", has_text=member).click()

    def send(sure: str = "", refused: str | None = None) -> None:
        screen.locator("[data-action=reason]").fill("Trưởng bản báo")
        screen.locator("button[data-action=propose]").click()
        if refused is not None:
            expect(fault).to_contain_text(refused)
            return
        expect(dialog).to_contain_text("Gửi đề nghị này?")
        expect(dialog).not_to_contain_text("lý do")
        expect(dialog).to_contain_text(f"Lò Văn Đức: {sure}")
        pictured(phone, "sure")
        dialog.locator("button[value=yes]").click()
        expect(told.locator("[data-state]").first).to_have_attribute("data-state", "unsent")

    phone.context.set_offline(True)
    choose("transferred")
    pictured(phone, "transferred-begun")
    send(refused="Hãy chọn hộ")
    page.fill("[data-action=sought]", "quang pang")  # by the name of the head, without tones
    found = screen.locator("[data-part=found] label")
    expect(found).to_have_count(2)
    found.first.click()
    page.fill("[data-action=sought]", "chẳng có ai")  # what was chosen stays
    expect(found).to_have_text(["Quàng Văn Pâng · Bản Nà Ca · 003", "Hộ khác, không có trên máy này"])
    expect(found.first.locator("input")).to_be_checked()
    expect(screen.locator("[data-part=of-where]")).to_be_hidden()
    screen.locator("[data-part=of-relation] input[value=bo_me]").check()
    assert width_of(page) <= 360
    pictured(phone, "transferred")
    send()
    expect(told).to_contain_text("Chuyển sang hộ khác: Lò Thị Bua → Quàng Văn Pâng · 03757-01-003")

    choose("transferred", "Lò Văn Minh")
    found.last.click()
    screen.locator("[data-action=where]").fill("Tổ 1, nhà bà Năm")
    pictured(phone, "transferred-where")
    send()
    expect(told).to_contain_text("Lò Văn Minh → Tổ 1, nhà bà Năm")

    choose("class", None)
    known = screen.locator("[data-part=known]")
    expect(known).to_have_text("Danh sách đang ghi: Hộ nghèo")
    screen.locator("[name=class][value=ho_ngheo]").check()
    send(refused="Danh sách đã ghi đúng như vậy rồi")
    screen.locator("[name=class][value=ho_can_ngheo]").check()
    pictured(phone, "class")
    send()

    choose("birth", "Lò Thị Hoa")
    expect(known).to_have_text("Danh sách đang ghi: 2011")
    for name, value in (("day", "31"), ("month", "2"), ("year", "2012")):
        page.fill(f"[data-action=birth-{name}]", value)
    send(refused="Không có ngày này")
    page.fill("[data-action=birth-day]", "3")
    pictured(phone, "birth")
    send("Sửa thông tin thành viên: Lò Thị Hoa → 3/2/2012.")
    expect(told).to_contain_text("Lò Thị Hoa → 3/2/2012")

    choose("relation", "Lò Văn An")
    expect(known).to_have_text("Danh sách đang ghi: Con")
    screen.locator("[data-part=of-relation] input[value=chau]").check()
    send()
    choose("sex", "Lò Văn An")
    expect(known).to_have_text("Danh sách đang ghi: Nam")
    screen.locator("[name=sex][value=nu]").check()
    pictured(phone, "sex")
    send()
    pictured(phone, "all-unsent")

    phone.context.set_offline(False)
    phone.go_home()
    phone.sync()
    page.locator("[data-household=ho-0]").first.click()
    rows = told.locator("[data-state]")
    for place, state in enumerate(["waiting"] * 4 + ["held", "waiting"]):
        expect(rows.nth(place)).to_have_attribute("data-state", state)
    expect(rows).to_have_count(6)
    expect(told).to_contain_text("còn phải tìm trong sổ")
    pictured(phone, "all-sent")
    accepted(server)
    phone.go_home()
    phone.sync()
    page.locator("[data-household=ho-0]").first.click()
    expect(page.locator("[data-part=last-class]")).to_have_text("Hộ cận nghèo")
    choose("relation", "Lò Văn An")
    expect(known).to_have_text("Danh sách đang ghi: Cháu")
    expect(screen.locator("[data-part=people]")).not_to_contain_text("Lò Thị Bua")
    assert phone.errors == []


def is_over(server: Server, over: bool) -> None:
    """The round is closed in the phone's commune, or opened again there."""
    now = datetime.now(UTC)
    engine = open_engine(f"sqlite:///{server.folder}/so-ho.sqlite3")
    with Session(engine, expire_on_commit=False) as session, session.begin():
        if over:
            row = session.get_one(RoundCommune, (COMMUNE, ROUND))
            log.take(session, row, RoundAction.CLOSE, Act(None, now))
            log.tell_phones(session, row)
        else:
            closing.reopen_commune(session, session.get_one(Round, ROUND), COMMUNE, "Còn sót hộ", now)
    engine.dispose()


def test_between_two_rounds_a_death_is_told_without_network_and_written_down(phone: Phone, server: Server) -> None:
    page = phone.page
    phone.begin("ho-1")  # and the round is over before it is done
    phone.go_home()
    is_over(server, True)
    phone.sync()
    notice = page.locator("[data-part=between]")
    expect(notice).to_contain_text("Hiện chưa có đợt rà soát")
    rows = page.locator("[data-part=households] [data-household]")
    expect(rows).to_have_count(4)
    expect(page.locator("[data-part=open-list] [data-household=ho-1]")).to_be_visible()
    for hidden in ("[data-part=states]", "[data-action=new-household]"):
        expect(page.locator(hidden)).to_be_hidden()
    pictured(phone, "between-home")

    phone.context.set_offline(True)
    page.fill("[data-action=search]", "pang")
    expect(rows).to_have_count(1)
    page.fill("[data-action=search]", "")
    page.reload()
    phone.unlock()
    rows.first.click()
    household = page.locator("[data-screen=household]")
    expect(household.locator("[data-part=left]")).to_contain_text("hiện không phải rà soát")
    for hidden in ("button[data-action=interview]", "[data-action=no-interview]", "[data-part=state]"):
        expect(household.locator(hidden)).to_be_hidden()
    pictured(phone, "between-household")
    household.locator("[data-action=propose]").click()
    screen = page.locator("[data-screen=propose]")
    screen.locator("input[name=what][value=died]").check()
    screen.locator("[data-part=people] label", has_text="Lò Thị Bua").click()
    screen.locator("[data-action=reason]").fill("Trưởng bản báo, có giấy chứng tử")
    screen.locator("button[data-action=propose]").click()
    page.locator("#dialog button[value=yes]").click()
    told = household.locator("[data-part=proposed]")
    expect(told).to_contain_text("Qua đời: Lò Thị Bua")
    expect(told.locator("[data-state]")).to_have_attribute("data-state", "unsent")
    assert width_of(page) <= 360
    pictured(phone, "between-unsent")

    phone.context.set_offline(False)
    phone.go_home()
    phone.sync()
    assert phone.counts() == {"saved": 2, "unsent": 0, "received": 1}
    rows.first.click()
    expect(told.locator("[data-state]")).to_have_attribute("data-state", "waiting")
    decided(server, RequestVerdict.ACCEPTED, "")
    phone.go_home()
    phone.sync()
    rows.first.click()
    expect(told.locator("[data-state]")).to_have_attribute("data-state", "accepted")
    expect(told).to_contain_text("Qua đời: Lò Thị Bua")  # who is no member any more
    pictured(phone, "between-accepted")
    household.locator("[data-action=propose]").click()
    screen.locator("input[name=what][value=died]").check()
    expect(screen.locator("[data-part=people]")).not_to_contain_text("Lò Thị Bua")

    is_over(server, False)
    phone.go_home()
    phone.sync()
    expect(notice).to_be_hidden()
    expect(page.locator("[data-part=states]")).to_be_visible()
    rows.first.click()
    expect(household.locator("button[data-action=interview]")).to_be_visible()
    expect(told.locator("[data-state]")).to_have_attribute("data-state", "accepted")
