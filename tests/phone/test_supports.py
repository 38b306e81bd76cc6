"""A support is written down on the phone without network; what was given before is told; the office has the last
word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import FormVersion, HouseholdFact, Round, Support
from models.database import open_engine
from survey.accounts.accounts import find_account
from survey.clocks import day_of
from survey.programmes import versions
from survey.programmes.versions import WantedKind, WantedProgramme, WantedProject, WantedServes
from survey.questionnaires.published import Given as Sheet
from survey.questionnaires.published import publish
from survey.register.entries import import_household
from survey.register.event_log import Done
from survey.rounds.rounds import open_round
from survey.support_terms import ProgrammeKind, Provenance, SupportOrigin, SupportSubject, SupportWindow
from survey.supports import from_phones, giving
from survey.terms import B1Method, HouseholdClass, Indicator, RegisterState, RoundKind, RoundState, SourceKind
from survey.xlsform.compile import compile_workbook
from tests import world
from tests.axe import violations
from tests.chromium import width_of
from tests.databases import Fill
from tests.phone import village
from tests.phone.phone import HEIGHT, WIDTH, Phone, Server
from tests.phone.test_carry import desk, open_carry
from tests.phone.test_clock import DAY, off
from tests.phone.test_proposals import pictured
from tests.phone.village import ROUND
from tests.poverty.households import BESIDE, WORKBOOK
from tests.world import COMMUNE

__all__ = ["desk"]
pytestmark = pytest.mark.phone
# Eight: above them stands a box to seek in.
KINDS = [
    ("dao_tao", "Đào tạo nghề", SupportSubject.PERSON, SupportWindow.PROGRAMME),
    ("giao_duc", "Hỗ trợ giáo dục", SupportSubject.PERSON, SupportWindow.NONE),
    ("khac", "Hỗ trợ khác", SupportSubject.HOUSEHOLD, SupportWindow.NONE),
    ("nha_o", "Hỗ trợ nhà ở", SupportSubject.HOUSEHOLD, SupportWindow.LIFE),
    ("san_xuat", "Hỗ trợ sản xuất", SupportSubject.HOUSEHOLD, SupportWindow.NONE),
    ("tin_dung", "Hỗ trợ tín dụng", SupportSubject.HOUSEHOLD, SupportWindow.NONE),
    ("y_te", "Hỗ trợ y tế", SupportSubject.PERSON, SupportWindow.NONE),
    ("the_bhyt", "Thẻ bảo hiểm y tế", SupportSubject.PERSON, SupportWindow.YEAR),
]


def build(session: Session) -> None:
    """Two households whose members have codes, a round that asks for them, a programme with two projects, and a house
    that the first of them was given in spring."""
    world.build(session)
    now = datetime.now(UTC)
    source = WORKBOOK.read_text(encoding="utf-8")
    given = Sheet(WORKBOOK.name, SourceKind.MARKDOWN, source.encode(), BESIDE)
    form = publish(session, compile_workbook(source, BESIDE), source, now, given=given)
    for number, head in enumerate(village.HEADS[:2]):
        answers = village.last_year(head)
        for at, one in enumerate(answers["thanh_vien"]):
            one["ma_nk"] = f"nk-{number}-{at}"
        import_household(
            session,
            commune_id=COMMUNE,
            household_id=f"ho-{number}",
            village_id=world.VILLAGE,
            head_name=head,
            now=now,
            base_class=HouseholdClass.POOR,
            base_answers=answers,
        )
    open_round(
        session,
        round_id=ROUND,
        title="Rà soát định kỳ 2026",
        year=2026,
        form=form,
        **world.season(session, now),
        now=now,
    )
    last_review(session, form, now)
    catalogue(session, now)
    house = giving.Given(COMMUNE, "nha_o", "ct", "1", day_of(now - timedelta(days=200)), "ho-0", amount=40_000_000)
    giving.give(session, house, SupportOrigin.DESK, by(session, "supervisor", now))


def last_review(session: Session, form: FormVersion, now: datetime) -> None:
    """What last year's accepted interview of the first household left behind: poor, without good water and latrine."""
    opened = day_of(now - timedelta(days=365))
    session.add(
        Round(
            id="dot-truoc", kind=RoundKind.PERIODIC, year=opened.year, title="Rà soát năm trước", standard="ND07-2021",
            b1_method=B1Method.TABLE, form_id=form.form_id, form_version=form.version, opens_on=opened,
            closes_on=opened, state=RoundState.CLOSED,
        )
    )  # fmt: skip
    session.flush()  # the row refers to it
    session.add(
        HouseholdFact(
            commune_id=COMMUNE, round_id="dot-truoc", household_id="ho-0", village_id=world.VILLAGE,
            state=RegisterState.ACCEPTED, household_class=HouseholdClass.POOR, lacks="000000001100",
        )
    )  # fmt: skip


def by(session: Session, username: str, now: datetime, reason: str = "theo văn bản") -> Done:
    account = find_account(session, username)
    assert account is not None
    return Done(account.id, now, reason)


def catalogue(session: Session, now: datetime) -> None:
    said: dict[str, Any] = {"status": Provenance.DECIDED, "source": "QĐ 12/QĐ-UBND", "province_id": "14"}
    wanted: list[Any] = [
        WantedProgramme(
            code="ct", name="Chương trình giảm nghèo", kind=ProgrammeKind.NATIONAL, legal_basis="QĐ 12/QĐ-UBND",
            since=day_of(now - timedelta(days=300)), until=None, **said,
        ),
        WantedProject(programme="ct", code="1", name="Dự án 1: Nhà ở", **said),
        WantedProject(
            programme="ct", code="2", name="Dự án 2: Việc làm", opens=day_of(now - timedelta(days=30)), **said
        ),
    ]  # fmt: skip
    wanted.append(WantedServes(programme="ct", project="2", indicator=Indicator.WATER, **said))
    wanted += [
        WantedKind(code=code, label=label, benefit_group=code, subject=subject, once_in=window, **said)
        for code, label, subject, window in KINDS
    ]
    versions.write(session, wanted, by(session, "province", now))


@pytest.fixture(scope="module")
def built(filled: Callable[[Fill], Path]) -> Path:
    return filled(build)


@contextmanager
def office(server: Server) -> Iterator[Session]:
    """A person at the desk."""
    engine = open_engine(f"sqlite:///{server.folder}/so-ho.sqlite3")
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session
    engine.dispose()


def refuse_held(server: Server, reason: str) -> None:
    with office(server) as session:
        [held] = from_phones.held(session, COMMUNE)
        done = by(session, "supervisor", datetime.now(UTC), reason)
        from_phones.refuse(session, COMMUNE, held.row.id, done)


def take_back(server: Server, kind: str, reason: str) -> None:
    with office(server) as session:
        row = session.scalars(select(Support).filter_by(kind=kind)).one()
        giving.reverse(session, COMMUNE, row.id, by(session, "supervisor", datetime.now(UTC), reason))


class Door:
    """The household's page in hand, and the screen of a support."""

    def __init__(self, phone: Phone, household: str = "ho-0") -> None:
        self.phone, self.page, self.household = phone, phone.page, household
        self.screen, self.dialog = self.page.locator("[data-screen=support]"), self.page.locator("#dialog")
        self.given = self.page.locator("[data-screen=household] [data-part=supports] [data-part=list] .card")
        self.fault = self.screen.locator("[data-part=fault]")
        self.double = self.screen.locator("[data-part=double]")

    def come(self) -> None:
        self.page.goto(f"{self.phone.address}/#/h/{ROUND}/{self.household}")
        self.phone.unlock()
        expect(self.page.locator("[data-screen=household]")).to_be_visible()

    def begin(self, kind: str, person: str | None = None, project: int | None = None) -> None:
        self.page.locator("[data-screen=household] a[data-action=support]").click()
        self.screen.locator(f"input[name=kind][value={kind}]").check()
        if person:
            self.choose(person)
        if project:
            self.choose(f"Dự án {project}:")

    def choose(self, label: str) -> None:
        self.screen.locator("label.choice", has_text=label).click()

    def fill(self, part: str, value: str) -> None:
        self.screen.locator(f"[data-part={part}] input").fill(value)

    def on(self, day: date) -> None:
        for name, value in (("day", f"{day.day:02}"), ("month", f"{day.month:02}"), ("year", str(day.year))):
            self.screen.locator(f"[data-part=of-day] [data-part={name}]").fill(value)

    def send(self) -> None:
        self.screen.locator("button[data-action=support]").click()

    def sure(self) -> None:
        self.send()
        self.dialog.locator("button[value=yes]").click()

    def stand(self, *states: str) -> None:
        """What became of each, from the newest on."""
        expect(self.given).to_have_count(len(states))
        for card, state in zip(self.given.all(), states, strict=True):
            expect(card.locator("[data-state]")).to_have_attribute("data-state", state)

    def fits(self) -> None:
        assert width_of(self.page) <= 360


def test_a_support_is_told_without_network_a_double_before_it_is_saved_and_the_office_has_the_last_word(
    phone: Phone, server: Server, desk: Page, tmp_path: Path
) -> None:
    today = day_of(datetime.now(UTC))
    door = Door(phone)

    # Without network the phone knows what the household lacks and what was given: the house, 200 days ago.
    phone.context.set_offline(True)
    door.come()
    expect(phone.page.locator("[data-screen=household] [data-part=needs-list] li")).to_have_text(
        [
            "Nguồn nước sinh hoạtDự án 2: Việc làm · Chương trình giảm nghèo",
            "Nhà tiêu hợp vệ sinhchưa có dự án nào trong chương trình",
        ]
    )
    door.stand("accepted")
    pictured(phone, "support-household")
    door.begin("nha_o")
    expect(door.double).to_contain_text("Mỗi hộ chỉ nhận một lần duy nhất.")
    then = today - timedelta(days=200)
    for told in ("Hỗ trợ nhà ở", f"{then.day:02}/{then.month:02}/{then.year}", "Mường Khiêng"):
        expect(door.double.locator(".card")).to_contain_text(told)
    door.fits()
    pictured(phone, "support-double")
    door.double.locator("[data-action=stop]").click()
    door.stand("accepted")  # nothing was sent

    # What is missing is asked for, one thing after the other.
    door.begin("the_bhyt")
    kinds, seek = door.screen.locator("[data-part=of-kind] label"), door.screen.locator("[data-part=of-kind] input")
    expect(kinds).to_have_count(8)
    seek.first.press_sequentially("tin dung")  # without tones
    expect(kinds).to_have_text(["Thẻ bảo hiểm y tế", "Hỗ trợ tín dụng"])  # what was chosen stays
    seek.first.press("Enter")
    expect(door.fault).to_be_hidden()
    seek.first.fill("")
    expect(kinds).to_have_count(8)
    door.send()
    expect(door.fault).to_have_text("Hãy chọn người nhận.")
    pictured(phone, "support-begun")
    door.choose("Lò Thị Bua")
    door.send()
    expect(door.fault).to_contain_text("Hãy chọn dự án.")
    projects = door.screen.locator("[data-part=of-project] label")
    expect(projects).to_contain_text(["Dự án 2:", "Dự án 1:"])  # first what serves a lack of theirs
    door.choose("Dự án 2:")
    year = door.screen.locator("[data-part=of-day] [data-part=year]")
    expect(year).to_have_value(str(today.year))  # today stands there
    year.fill(str(today.year + 1))
    door.send()
    expect(door.fault).to_have_text("Ngày này chưa đến. Hãy ghi hôm nay hoặc ngày trước đó.")
    door.on(today - timedelta(days=60))
    expect(door.screen.locator("[data-part=of-project]")).to_be_hidden()  # one alone ran on that day
    door.screen.locator("[data-part=of-amount] input").press_sequentially("1500000")
    expect(door.screen.locator("[data-part=of-amount] input")).to_have_value("1.500.000")
    expect(door.screen.locator("[data-part=amount-words]")).to_have_text("1 triệu 500 nghìn đồng")
    door.fill("of-quantity", "1")
    door.screen.locator("[data-action=document]").fill("Thẻ số 5/2026")
    door.fits()
    assert violations(phone.page) == []
    phone.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})  # it looked on a desk's too
    pictured(phone, "support-filled")
    door.send()
    for told in ("Lò Văn Đức: Thẻ bảo hiểm y tế, Lò Thị Bua", "1 triệu 500 nghìn đồng; số lượng 1"):
        expect(door.dialog).to_contain_text(told)
    pictured(phone, "support-sure")
    door.dialog.locator("button[value=yes]").click()
    door.stand("unsent", "accepted")
    expect(phone.page.locator("button[data-action=interview]")).to_be_visible()  # it says nothing of the round

    # The browser is closed and opened again, still without network: it is there, and told of as given.
    phone.switch_off()
    phone.switch_on()
    phone.context.set_offline(True)
    door = Door(phone)
    door.come()
    door.stand("unsent", "accepted")
    door.begin("the_bhyt", "Lò Thị Bua", 1)
    expect(door.double).to_contain_text("Mỗi người chỉ nhận một lần trong năm.")
    expect(door.double.locator("[data-state]")).to_have_attribute("data-state", "unsent")
    door.send()
    expect(door.fault).to_contain_text("Hãy viết vì sao nhận thêm lần nữa")
    door.screen.locator("[data-action=note]").fill("Thẻ cũ bị mất, xã cấp lại")
    pictured(phone, "support-double-reason")
    door.send()
    expect(door.dialog).to_contain_text("cán bộ xã, phường xem trước khi ghi")
    door.dialog.locator("button[value=yes]").click()
    door.stand("unsent", "unsent", "accepted")
    pictured(phone, "support-unsent")

    # They go by hand in a file, and a file of receipts comes back: the second is held, with the rule.
    open_carry(phone)
    with phone.page.expect_download() as waiting:
        phone.page.click("[data-action=carry-file]")
    waiting.value.save_as(tmp_path / "a.shb")
    desk.set_input_files("[name=bundles]", tmp_path / "a.shb")
    desk.click("form.stack button.button")
    desk.wait_for_selector("[data-bundle=taken]")
    with desk.expect_download() as waiting:
        desk.click("[data-action=receipts]")
    waiting.value.save_as(tmp_path / "a.json")
    phone.page.set_input_files("[data-action=take-file]", tmp_path / "a.json")
    phone.page.get_by_text("Mọi phiếu đã có biên nhận").wait_for()
    door.come()
    door.stand("held", "received", "accepted")
    expect(door.given.first).to_contain_text("đã được nhận")
    phone.context.set_offline(False)
    phone.go_home()
    phone.sync()
    assert phone.counts() == {"saved": 2, "unsent": 0, "received": 2}
    door.come()
    door.stand("held", "accepted", "accepted")
    pictured(phone, "support-held")
    door.given.first.locator("[data-action=sent]").click()
    expect(phone.page.locator("[data-screen=sent]")).to_contain_text("Mã số")
    pictured(phone, "support-sent")

    refuse_held(server, "Thẻ đã cấp tháng trước, không cấp lại")
    take_back(server, "nha_o", "Ghi nhầm hộ")
    phone.go_home()
    phone.sync()
    door.come()
    door.stand("refused", "accepted")  # the house was another household's
    expect(door.given.first).to_contain_text("không cấp lại")
    pictured(phone, "support-refused")
    door.begin("nha_o", project=1)
    expect(door.double).to_be_hidden()
    door.sure()
    door.stand("accepted", "refused", "accepted")  # in the talk that took it
    take_back(server, "the_bhyt", "Hộ chưa nhận thẻ")
    phone.go_home()
    phone.sync()
    door.come()
    door.stand("accepted", "refused", "reversed")
    expect(door.given.last).to_contain_text("Hộ chưa nhận thẻ")

    # Of a clock that cannot be right no day is taken; who goes on all the same is looked at by the commune.
    off(phone, -3 * DAY)
    door.come()
    door.begin("dao_tao", "Lò Văn Minh")
    expect(door.screen.locator("[data-part=of-day] [data-part=year]")).to_have_value("")
    door.on(today - timedelta(days=10))
    door.choose("Dự án 1:")
    door.send()
    expect(door.dialog).to_contain_text("quá sớm")
    door.dialog.locator("button[value=yes]").click()
    expect(door.dialog).to_contain_text("Đào tạo nghề, Lò Văn Minh")
    door.dialog.locator("button[value=yes]").click()
    door.stand("accepted", "refused", "unsent", "reversed")
    off(phone, 0)
    phone.context.set_offline(False)
    phone.go_home()
    phone.sync()
    door.come()
    door.stand("accepted", "refused", "held", "reversed")
    assert phone.errors == []
