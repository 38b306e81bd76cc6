"""Why a household has no interview, told at the door without network, confirmed at the desk, shown on the phone."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime

import pytest
from PIL import Image
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Attachment, HouseholdOutcome, OutcomeFile
from models.database import open_engine
from survey.files.store import path_of
from survey.outcomes import cases
from survey.register.event_log import Done
from survey.review import outcomes
from survey.terms import OutcomeAction, OutcomeKind
from tests.chromium import width_of
from tests.phone.phone import Phone, Server
from tests.phone.test_clock import WRONG_CLOCK
from tests.phone.village import ROUND
from tests.pictures import noise
from tests.world import COMMUNE

pytestmark = pytest.mark.phone
HOUR = 3_600_000
SLOW = """() => {
  const read = createImageBitmap
  globalThis.createImageBitmap = async (...given) => (await new Promise((go) => setTimeout(go, 800)), read(...given))
}"""


def say(phone: Phone, kind: str, reason: str) -> None:
    screen = phone.page.locator("[data-screen=no-interview]")
    screen.locator(f"input[name=kind][value={kind}]").check()
    screen.locator("[data-action=reason]").fill(reason)
    screen.locator("[data-action=say]").click()
    phone.page.locator("#dialog button[value=yes]").click()
    phone.page.wait_for_selector("[data-screen=home]")


def decided(server: Server, action: OutcomeAction, reason: str) -> HouseholdOutcome:
    """What a person at the desk does with the outcome that came last (tests/web/desk/test_outcomes.py goes the
    pages)."""
    engine = open_engine(f"sqlite:///{server.folder}/so-ho.sqlite3")
    with Session(engine, expire_on_commit=False) as session, session.begin():
        desk = session.scalars(select(Account).where(Account.username == "supervisor")).one()
        last = select(HouseholdOutcome).order_by(HouseholdOutcome.received_at.desc()).limit(1)
        said = session.scalars(last).one()
        seen = outcomes.find(session, COMMUNE, said.id).seen
        done = Done(desk.id, datetime.now(UTC), reason)
        outcomes.decide(session, desk, COMMUNE, said.id, action, done, seen=seen)
    engine.dispose()
    return said


def test_told_without_network_sent_back_told_again_and_confirmed(phone: Phone, server: Server) -> None:
    page = phone.page
    phone.context.set_offline(True)
    page.goto(f"{phone.address}/#/h/{ROUND}/ho-0")
    page.locator("[data-action=no-interview]").click()
    screen = page.locator("[data-screen=no-interview]")
    absent = screen.locator("input[value=absent]")
    for visits in range(3):
        page.evaluate(WRONG_CLOCK.replace("OFF", str((visits - 2) * 3 * HOUR)) + "; null")  # the last is now
        expect(absent).to_be_disabled()
        screen.locator("[data-action=visit]").click()
        expect(screen.locator("[data-part=visits] li")).to_have_count(visits + 1)
    expect(absent).to_be_enabled()
    expect(screen.locator("[data-part=visits] li").last).to_contain_text("vị trí")  # the phone gives it
    assert width_of(page) <= 360

    screen.locator("[data-action=say]").click()  # nothing chosen yet
    expect(screen.locator("[data-part=no-kind]")).to_be_visible()
    page.reload()  # what was noted stays
    phone.unlock()
    expect(screen.locator("[data-part=visits] li")).to_have_count(3)

    say(phone, "absent", "Hàng xóm nói đi nương")
    row = page.locator("[data-action=household][data-household=ho-0]")
    page.locator("label.chip", has=page.locator("input[value=done]")).click()
    expect(row.locator(".tag")).to_have_attribute("data-state", "unsent")
    assert phone.counts() == {"saved": 1, "unsent": 1, "received": 0}
    row.click()
    household = page.locator("[data-screen=household]")
    expect(household.locator("[data-part=left]")).to_have_text("Đã ghi lý do, có mạng máy sẽ tự gửi.")
    told = household.locator("[data-action=sent]")
    expect(told).to_have_text("Xem nội dung đã báo")  # no interview
    told.click()
    expect(page.locator("[data-screen=sent] [data-part=entry-label]")).to_have_text("Mã số")
    phone.go_home()
    page.locator("label.chip", has=page.locator("input[value=done]")).click()

    phone.context.set_offline(False)
    phone.sync()
    assert phone.counts() == {"saved": 1, "unsent": 0, "received": 1}
    expect(row.locator(".tag")).to_have_attribute("data-state", "said_waiting")

    kept = decided(server, OutcomeAction.SEND_BACK, "Hãy đến sau 18 giờ")
    assert (kept.kind, kept.household_id, len(kept.attempts), kept.held_for) == ("absent", "ho-0", 3, None)
    assert re.match(r"21\.4 103\.7 ", kept.attempts[-1]["place"])
    phone.sync()
    expect(page.locator("[data-part=returned-list]")).to_contain_text("Hãy đến sau 18 giờ")
    page.locator("[data-part=returned-list] a[data-household=ho-0]").click()
    expect(page.locator("[data-part=comments]")).to_contain_text("Hãy đến sau 18 giờ")
    expect(page.locator("[data-action=interview]")).to_be_visible()  # they may be in after all

    page.locator("[data-action=no-interview]").click()
    taken = {"name": "nha.png", "mimeType": "image/png", "buffer": noise("PNG", 90, 60)}
    screen.locator("[data-action=photo]").set_input_files(files=[taken])  # type: ignore[list-item]
    expect(screen.locator("[data-part=photo-status]")).to_contain_text("kB")
    screen.locator("[data-action=clear]").click()
    expect(screen.locator("[data-part=picture]")).to_be_hidden()
    screen.locator("[data-action=photo]").set_input_files(files=[taken])  # type: ignore[list-item]
    expect(screen.locator("[data-part=picture]")).to_be_visible()
    screen.locator("input[value=moved_away]").check()
    expect(screen.locator("[data-part=place]")).to_contain_text("12 m")
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/no_interview.png", full_page=True)
    page.evaluate(SLOW)  # a weak phone: who has taken a better one and taps at once has told it with that one
    better = taken | {"buffer": noise("PNG", 60, 90)}
    screen.locator("[data-action=photo]").set_input_files(files=[better])  # type: ignore[list-item]
    say(phone, "moved_away", "Cả nhà vào Đắk Lắk từ tháng 9")
    phone.sync()
    assert phone.counts() == {"saved": 2, "unsent": 0, "received": 2}  # the photo too
    decided(server, OutcomeAction.CONFIRM, "")
    phone.sync()
    expect(row.locator(".tag")).to_have_attribute("data-state", "said_confirmed")
    engine = open_engine(f"sqlite:///{server.folder}/so-ho.sqlite3")
    with Session(engine) as session:
        assert cases.confirmed(session, COMMUNE, ROUND) == {"ho-0": OutcomeKind.MOVED_AWAY}
        [file] = session.scalars(select(OutcomeFile))
        kept = session.get_one(Attachment, (COMMUNE, file.sha256))
        assert (kept.media_type, file.path) == ("image/jpeg", "anh")  # made smaller on the phone
        with Image.open(path_of(server.folder / "files", file.sha256)) as picture:
            assert picture.size == (60, 90)
    engine.dispose()
