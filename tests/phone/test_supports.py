"""A year of the programme as people go it: what a village needs, what was given at its doors without network, a double
that is refused, what moved at the desk, and what the next year's review says has changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import FormVersion, Support
from models.database import open_engine
from survey.clocks import day_of
from survey.review import register_acts
from survey.rounds.rounds import open_round
from survey.supports import giving
from survey.terms import B1Method, RegisterKind
from tests.axe import violations
from tests.chromium import width_of
from tests.databases import Fill
from tests.phone import reviewed
from tests.phone.phone import HEIGHT, WIDTH, Phone, Server
from tests.phone.reviewed import by
from tests.phone.test_carry import desk, open_carry
from tests.phone.test_clock import DAY, off
from tests.phone.test_proposals import pictured
from tests.world import COMMUNE

__all__ = ["desk"]
pytestmark = pytest.mark.phone
NEXT = "dot-nay"
# Answered otherwise a year later: there is water, and the mother has a card; the latrine is still to come.
ANEW = {"thanh_vien[2]": {"the_bhyt": "co"}, "dien_nuoc": {"nguon_nuoc": "may"}}


@pytest.fixture(scope="module")
def built(filled: Callable[[Fill], Path]) -> Path:
    return filled(reviewed.build)


@contextmanager
def office(server: Server) -> Iterator[Session]:
    """A person at the desk."""
    engine = open_engine(f"sqlite:///{server.folder}/so-ho.sqlite3")
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session
    engine.dispose()


def take_back(server: Server, kind: str, reason: str) -> None:
    with office(server) as session:
        row = session.scalars(select(Support).filter_by(kind=kind)).one()
        giving.reverse(session, COMMUNE, row.id, by(session, "supervisor", datetime.now(UTC), reason))


def died(server: Server, household: str, person: str, day: date) -> None:
    """The commune hears of a death before the phone does."""
    with office(server) as session:
        wish = register_acts.Wish(RegisterKind.DIED, household, day, person_id=person)
        register_acts.carry_out(session, COMMUNE, wish, by(session, "supervisor", datetime.now(UTC)))


def next_year(server: Server) -> None:
    """The round of this year begins."""
    now = datetime.now(UTC)
    with office(server) as session:
        open_round(
            session, round_id=NEXT, title="Rà soát năm nay", year=day_of(now).year, now=now, b1_method=B1Method.TOTAL,
            form=session.scalars(select(FormVersion)).one(), opens_on=day_of(now),
            closes_on=day_of(now + timedelta(days=30)), communes=[COMMUNE],
        )  # fmt: skip


class Door:
    """The household's page in hand, and the screen of a support."""

    def __init__(self, phone: Phone, household: str = "ho-0") -> None:
        self.phone, self.page, self.household = phone, phone.page, household
        self.screen, self.dialog = self.page.locator("[data-screen=support]"), self.page.locator("#dialog")
        self.given = self.page.locator("[data-screen=household] [data-part=supports] [data-part=list] .card")
        self.fault = self.screen.locator("[data-part=fault]")
        self.double = self.screen.locator("[data-part=double]")

    def come(self) -> None:
        """By the list: between two rounds a household stands under no round."""
        self.phone.go_home()
        self.page.locator(f"[data-household={self.household}]").first.click()
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


def plain(words: str) -> str:
    return words.replace("\N{NO-BREAK SPACE}", " ").strip()


class Desk:
    """The officer's pages. What other tests of pages in Chromium do not come to is looked at on both widths, once."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.address = page, f"{server.address}/desk/{COMMUNE}"

    def see(self, path: str) -> None:
        self.page.goto(f"{self.address}/{path}")

    def look(self, name: str) -> None:
        for width, height in ((WIDTH, HEIGHT), (1280, 800)):
            self.page.set_viewport_size({"width": width, "height": height})
            assert width_of(self.page) <= width, (name, width)
            assert violations(self.page, [(width, height)]) == [], name
            pictured(self, f"{name}-{width}")

    def row(self, head: str, within: str = "main") -> Locator:
        """The row of a table whose title begins so."""
        title = self.page.locator("th[scope=row]", has_text=re.compile(rf"^\s*{re.escape(head)}"))
        return self.page.locator(f"{within} tbody tr", has=title).first

    def figures(self, head: str, within: str = "main") -> list[str]:
        return [plain(one) for one in self.row(head, within).locator("td.figure").all_inner_texts()]

    def light(self, target: str) -> list[str]:
        """What a target's row says: reached (without by which month), and how it stands."""
        _wanted, reached, stands = self.row(target).locator("td").all_inner_texts()
        return [plain(reached.partition(" (")[0]), plain(stands)]

    def gap(self, target: str) -> str:
        facts = self.page.locator(".plan-target", has=self.page.locator(f"h3[id='target-{target}']"))
        told = facts.locator("dt", has_text="Còn cách chỉ tiêu").locator("+ dd")
        return plain(told.inner_text())


def test_a_year_of_the_programme_from_what_is_needed_to_what_has_changed(
    phone: Phone, server: Server, desk: Page, tmp_path: Path
) -> None:
    seat = Desk(desk, server)
    what_is_needed(seat)
    door = given_without_network(phone, server)
    carried_by_hand(phone, desk, door, tmp_path)
    the_office_has_the_last_word(seat)
    what_has_moved(seat)
    told_on_the_phone(phone, server, door)
    asked_again(phone, server, door)
    what_followed(seat)
    assert phone.errors == []


def what_is_needed(seat: Desk) -> None:
    """Before anything is given: needs by project, the money for it, and a plan that is behind."""
    seat.see("needs")
    seat.look("needs")
    assert seat.figures("Nguồn nước sinh hoạt")[0] == "3"
    expect(seat.row("Nguồn nước sinh hoạt")).to_contain_text("Dự án 1: Nước sạch, nhà tiêu")
    expect(seat.row("Bảo hiểm y tế")).to_contain_text("chưa có dự án trong chương trình")
    assert seat.figures("Bản Nà Ca") == ["3", "1", "2"]  # by project 1, project 2, and what none serves
    seat.row("Bản Nà Ca").locator("a").first.click()
    expect(seat.page.locator("h1")).to_contain_text("Nước sạch, nhà tiêu")
    expect(seat.page.locator("main tbody th a")).to_have_text([*reviewed.HEADS])
    seat.look("needs-households")
    seat.see("funds")
    assert seat.figures("Vốn nước sạch")[-1] == "10.000.000 đồng"
    seat.see("coverage")
    assert [seat.figures(one) for one in ("Nguồn nước sinh hoạt", "Bảo hiểm y tế")] == [["0", "3"], ["0", "2"]]
    seat.see("plan")
    assert seat.light("2.") == ["0,00 %", "Chậm nhiều so với lộ trình"]  # of one worker, and he is not poor
    assert [seat.gap(one) for one in ("1", "2")] == ["1 người", "50,00 điểm phần trăm"]


def given_without_network(phone: Phone, server: Server) -> Door:
    """At the doors, between two rounds."""
    today = day_of(datetime.now(UTC))
    phone.context.set_offline(True)
    died(server, "ho-1", "nk-1-1", today - timedelta(days=20))

    # The phone knows what the household lacks and what was given: the house, 200 days ago.
    door = Door(phone)
    door.come()
    expect(phone.page.locator("[data-screen=household] [data-part=needs-list] li")).to_have_text(
        [
            "Bảo hiểm y tếchưa có dự án nào trong chương trình",
            "Nguồn nước sinh hoạtDự án 1: Nước sạch, nhà tiêu · Chương trình giảm nghèo",
            "Nhà tiêu hợp vệ sinhDự án 1: Nước sạch, nhà tiêu · Chương trình giảm nghèo",
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
    door.choose("Quàng Thị Ước")
    door.send()
    expect(door.fault).to_contain_text("Hãy chọn dự án.")
    projects = door.screen.locator("[data-part=of-project] label")
    expect(projects).to_contain_text(["Dự án 1:", "Dự án 2:", "Dự án 3:"])  # first what serves a lack of theirs
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
    for told in ("Lò Văn Đức: Thẻ bảo hiểm y tế, Quàng Thị Ước", "1 triệu 500 nghìn đồng; số lượng 1"):
        expect(door.dialog).to_contain_text(told)
    pictured(phone, "support-sure")
    door.dialog.locator("button[value=yes]").click()
    door.stand("unsent", "accepted")
    door.begin("be_nuoc", project=1)
    door.fill("of-amount", "3000000")
    door.sure()
    door.stand("unsent", "unsent", "accepted")

    # The browser is closed and opened again, still without network: it is there, and told of as given.
    phone.switch_off()
    phone.switch_on()
    phone.context.set_offline(True)
    door = Door(phone)
    phone.open(phone.address)
    door.come()
    door.stand("unsent", "unsent", "accepted")
    door.begin("be_nuoc", project=1)
    expect(door.double).to_contain_text("Mỗi hộ chỉ nhận một lần duy nhất.")
    expect(door.double.locator("[data-state]")).to_have_attribute("data-state", "unsent")
    door.send()
    expect(door.fault).to_contain_text("Hãy viết vì sao nhận thêm lần nữa")
    door.screen.locator("[data-action=note]").fill("Bể cũ bị nứt, xã cấp lại")
    pictured(phone, "support-double-reason")
    door.send()
    expect(door.dialog).to_contain_text("cán bộ xã, phường xem trước khi ghi")
    door.dialog.locator("button[value=yes]").click()
    door.stand("unsent", "unsent", "unsent", "accepted")
    pictured(phone, "support-unsent")

    # A job for one of the third household, and a card for a woman whose death the phone has not heard of.
    for household, kind, project in (("ho-2", "viec_lam", 2), ("ho-1", "the_bhyt", 3)):
        other = Door(phone, household)
        other.come()
        other.begin(kind, "Quàng Thị Ước", project)
        other.sure()
        other.stand("unsent")
    return door


def carried_by_hand(phone: Phone, desk: Page, door: Door, folder: Path) -> None:
    """They go in a file, and a file of receipts comes back; then the network is there again."""
    open_carry(phone)
    with phone.page.expect_download() as waiting:
        phone.page.click("[data-action=carry-file]")
    waiting.value.save_as(folder / "a.shb")
    desk.goto(f"{phone.address}/exchange/")
    chosen = desk.locator("[name=bundles]")
    with desk.expect_file_chooser() as choosing:
        desk.get_by_text("Chọn các tệp", exact=True).click()  # our words, whatever language the browser speaks
    expect(chosen).to_have_attribute("data-empty", "")
    choosing.value.set_files(folder / "a.shb")
    expect(chosen).not_to_have_attribute("data-empty", "")  # now the browser names it
    desk.click("form.stack button.button")
    desk.wait_for_selector("[data-bundle=taken]")
    with desk.expect_download() as waiting:
        desk.click("[data-action=receipts]")
    waiting.value.save_as(folder / "a.json")
    phone.page.set_input_files("[data-action=take-file]", folder / "a.json")
    phone.page.get_by_text("Mọi phiếu đã có biên nhận").wait_for()
    door.come()
    door.stand("held", "received", "received", "accepted")
    expect(door.given.first).to_contain_text("đã được nhận")
    phone.context.set_offline(False)
    phone.go_home()
    phone.sync()
    assert phone.counts() == {"saved": 5, "unsent": 0, "received": 5}
    door.come()
    door.stand("held", "accepted", "accepted", "accepted")
    pictured(phone, "support-held")
    door.given.first.locator("[data-action=sent]").click()
    expect(phone.page.locator("[data-screen=sent]")).to_contain_text("Mã số")
    pictured(phone, "support-sent")


def the_office_has_the_last_word(seat: Desk) -> None:
    seat.see("supports")
    seat.look("supports")
    for what, why, reason in (
        ("Thẻ bảo hiểm y tế", "Đến ngày đó người này đã mất.", "Bà đã mất, thẻ trả lại"),
        ("Bể nước, nhà tiêu", "Hỗ trợ này đã được nhận rồi", "Bể cấp tháng trước còn dùng được"),
    ):
        seat.page.locator("#held + ul a", has_text=what).click()
        expect(seat.page.locator(".notice-warn")).to_contain_text(why)
        if "nhận rồi" in why:
            expect(seat.page.locator(".notice-warn")).to_contain_text("Lò Văn Đức")  # which one it would repeat
            seat.look("held")
        seat.page.fill("#reason", reason)
        seat.page.click("button[value=refuse]")
        expect(seat.page.locator("main [role=status]").first).to_contain_text("Không ghi")
    expect(seat.page.locator("#held")).to_have_count(0)


def what_has_moved(seat: Desk) -> None:
    """By the water, by a job for a poor household and by the money, and by nothing that was refused."""
    seat.see("funds")
    assert seat.figures("Vốn nước sạch")[-2:] == ["3.000.000 đồng", "7.000.000 đồng"]
    seat.see("coverage")
    assert seat.figures("Nguồn nước sinh hoạt") == ["1", "2"]  # served, and not yet
    assert seat.figures("Việc làm") == ["1", "0"]
    assert seat.figures("Bảo hiểm y tế") == ["0", "2"]  # a card came under a project that serves it no more than others
    expect(seat.row(reviewed.HEADS[0], "#waiting ~ table")).to_contain_text("Bảo hiểm y tế")
    seat.see("plan")
    seat.look("plan")
    tops = "all => new Set(all.map((one) => one.getBoundingClientRect().top)).size"
    assert seat.page.locator(".desk-nav-pages li").evaluate_all(tops) == 1  # all pages of the subject stand in one row
    assert seat.light("1.") == ["2 người", "Đúng hoặc vượt lộ trình"]
    assert seat.light("2.") == ["50,00 %", "Chậm ít so với lộ trình"]  # half is not more than half
    assert [seat.gap(one) for one in ("1", "2")] == ["vừa đúng chỉ tiêu"] * 2


def told_on_the_phone(phone: Phone, server: Server, door: Door) -> None:
    today = day_of(datetime.now(UTC))
    take_back(server, "nha_o", "Ghi nhầm hộ")
    take_back(server, "the_bhyt", "Hộ chưa nhận thẻ")
    phone.go_home()
    phone.sync()
    door.come()
    door.stand("refused", "accepted", "reversed")  # the house was another household's
    expect(door.given.last).to_contain_text("Hộ chưa nhận thẻ")
    expect(door.given.first).to_contain_text("còn dùng được")
    pictured(phone, "support-refused")
    door.begin("nha_o", project=3)
    expect(door.double).to_be_hidden()
    door.sure()
    door.stand("accepted", "refused", "accepted", "reversed")  # in the talk that took it

    # Of a clock that cannot be right no day is taken; who goes on all the same is looked at by the commune.
    off(phone, -3 * DAY)
    door.come()
    door.begin("dao_tao", reviewed.HEADS[0])
    expect(door.screen.locator("[data-part=of-day] [data-part=year]")).to_have_value("")
    door.on(today - timedelta(days=10))
    door.choose("Dự án 1:")
    door.send()
    expect(door.dialog).to_contain_text("quá sớm")
    door.dialog.locator("button[value=yes]").click()
    expect(door.dialog).to_contain_text(f"Đào tạo nghề, {reviewed.HEADS[0]}")
    door.dialog.locator("button[value=yes]").click()
    door.stand("accepted", "refused", "accepted", "unsent", "reversed")
    off(phone, 0)


def asked_again(phone: Phone, server: Server, door: Door) -> None:
    """The next year's interview, without network: it says the same by a tap, and what is otherwise."""
    next_year(server)
    phone.context.set_offline(False)
    phone.go_home()
    phone.sync()
    door.come()
    door.stand("accepted", "refused", "accepted", "held", "reversed")
    phone.context.set_offline(True)
    phone.begin("ho-0")
    for section, said in ANEW.items():
        phone.section(section)
        for name, value in said.items():
            phone.answer(f"{section}/{name}", value)
    phone.finish_answers()
    phone.page.click("[data-screen=check] .actions [data-action=result]")
    assert phone.page.get_attribute(".verdict", "data-class") == "ho_can_ngheo"
    pictured(phone, "result")
    phone.page.click("[data-action=finalise]")
    phone.page.click("#dialog [data-action=yes]")
    expect(phone.page.locator("[data-screen=sent]")).to_be_visible()
    phone.go_home()
    phone.context.set_offline(False)
    phone.sync()
    assert phone.counts()["unsent"] == 0


def what_followed(seat: Desk) -> None:
    seat.page.goto(f"{seat.address}/queue?round={NEXT}")
    seat.page.locator("main a", has_text=reviewed.HEADS[0]).click()
    seat.page.click("button[value=accept]")
    seat.page.wait_for_selector(".notice-ok")
    seat.see(f"coverage?round={reviewed.ROUND}")
    seat.look("coverage")
    # Served and not served, each: how many, still lacking, no more, not known. The other two were not asked yet.
    assert seat.figures("Nguồn nước sinh hoạt") == ["1", "0", "1", "0", "2", "0", "0", "2"]
    assert seat.figures("Nhà tiêu hợp vệ sinh") == ["1", "1", "0", "0", "2", "0", "0", "2"]
    assert seat.figures("Bảo hiểm y tế") == ["0", "0", "0", "0", "2", "0", "1", "1"]
    assert seat.figures("được hỗ trợ ít nhất") == ["2", "1", "0", "0", "1"]
    seat.page.get_by_role("link", name="Xem thay đổi của tất cả các hộ").click()
    expect(seat.page.locator("h1")).to_have_text("Toàn cảnh đợt rà soát")
    expect(seat.page.locator("#flow + ul li").first).to_have_text("1 hộ năm trước nghèo, nay không còn là hộ nghèo")
    assert seat.figures("Nguồn nước sinh hoạt", "#lacks + div") == ["0", "0,0 %", "−100", "0", "0", "0,0 %"]
    seat.see(f"report?round={NEXT}")
    assert seat.figures("Tổng số", "#classes + div")[:9] == ["3", "1", "1", "0", "0,0 %", "1", "100,0 %", "0", "3"]
    seat.see("households/ho-0")
    water = seat.page.locator(".years tbody tr", has_text="Nguồn nước sinh hoạt").locator("td")
    expect(water).to_have_text(["không thiếu hụt", "thiếu hụt"])  # now, and a year ago
