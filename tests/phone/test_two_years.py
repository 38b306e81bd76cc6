"""Two years of a commune (tests/two_years.py) by hand: the desk in a real Chromium, one village on a real phone. What
other tests in Chromium do one by one is one story here, and its proofs hold at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, Playwright, expect
from sqlalchemy.orm import Session

from survey import clocks
from survey.rounds.proof_file import holds
from tests.axe import violations
from tests.chromium import chromium, page_of, width_of
from tests.conftest import Clock
from tests.phone.phone import PATIENCE, TYPED, Phone
from tests.phone.test_clock import WRONG_CLOCK
from tests.phone.test_outcomes import say
from tests.serving import serving
from tests.two_years import NOT_POOR, Commune, Stand, between, first_year, second_year, settle
from tests.working import work
from tests.world import COMMUNE, OTHER_COMMUNE, VILLAGE

__all__ = ["chromium"]
pytestmark = pytest.mark.phone
# Done by hand in another test of `make test`, each: here by the client of tests/two_years.py.
ELSEWHERE = frozenset({"accept_all", "born", "confirm", "died", "duplicate", "look", "merge", "phone", "test", "undo"})
HOURS = 3_600_000
SAID = "[role=status]:not([data-notice])"  # and not that the clock of the story is of another year
FLOW = ".figures-table tbody tr"
FIGURES = "all => all.map((row) => [...row.querySelectorAll('.figure')].map((one) => Number(one.innerText)))"


@dataclass(kw_only=True)
class InChromium(Commune):
    """The same commune; each act is done on the page where people do it, and its end is read there."""

    chromium: Browser
    playwright: Playwright
    address: str
    by_client: frozenset[str] = frozenset()
    windows: dict[str, Page] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    looked_at: set[str] = field(default_factory=set)
    phone: Phone | None = None

    def window(self, username: str) -> Page:
        """Where somebody sits, signed in; the next time with a cookie of that day."""
        if username not in self.windows:
            context = self.chromium.new_context(viewport={"width": 1280, "height": 800}, base_url=self.address)
            context.set_default_timeout(PATIENCE)
            self.windows[username] = page_of(context, username, self.complaints)
            self.windows[username].wait_for_url("**/desk/**")
        page = self.windows[username]
        self.sign_in_today(page, username)
        return page

    def sign_in_today(self, page: Page, username: str) -> None:
        page.goto("about:blank")  # what is still coming would bring the cookie of the day before
        name = self.app.config["SESSION_COOKIE_NAME"]
        value = self.login_as(username).get_cookie(name).value
        page.context.add_cookies([{"name": name, "value": value, "url": self.address}])

    def look(self, page: Page, name: str) -> None:
        """The first page of each name has no violation, and is no wider than a small phone or a desk's screen."""
        if "look" in self.by_client or name in self.looked_at:
            return
        self.looked_at.add(name)
        page.wait_for_load_state()
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert width_of(page) <= width, (name, width)
        assert violations(page) == [], name

    def led(self, page: Page) -> None:
        """The work that a page waits for is done, and it says so: it looks again by itself."""
        page.wait_for_url("**/jobs/*")
        work(self.app)
        expect(page.locator("[data-job=queued], [data-job=running]")).to_have_count(0, timeout=30_000)

    # -- rounds --

    def fill_in_round(self, fields: dict[str, Any]) -> None:
        page = self.window("admin")
        page.goto("/rounds/new")
        for name in ("kind", "questionnaire", "b1_method"):
            page.select_option(f"[name={name}]", fields[name])
        for name in ("title", "year", "opens_on", "closes_on"):
            page.fill(f"[name={name}]", fields[name])
        page.locator("details summary").click()
        for commune in fields["communes"]:
            page.check(f"[name=communes][value='{commune}']")
        self.look(page, "round")
        page.get_by_role("button", name="Mở đợt").click()
        if fields["kind"] == "dinh_ky":
            self.led(page)
        else:  # it begins with nobody, at once
            page.wait_for_url("**/rounds/*-*")

    def cancel(self, round_id: str, reason: str) -> None:
        page = self.window("admin")
        page.goto(f"/rounds/{round_id}")
        page.get_by_role("link", name="Huỷ đợt").click()
        self.look(page, "cancel")
        page.fill("[name=reason]", reason)
        page.get_by_role("button", name="Huỷ đợt").click()
        expect(page.locator(SAID).first).to_be_visible()

    def ask_in(self, code: str, passed: str) -> None:
        page = self.window("supervisor")
        page.goto(f"/rounds/{self.round_id}/{COMMUNE}/")
        page.get_by_role("link", name="Mẫu số 01").click()
        for name, said in (("code", code), ("asked_by", "Chủ hộ"), ("asked_on", self.today), ("reason", "mất mùa")):
            page.fill(f"#{name}", said)
        page.get_by_role("button", name="Nhập", exact=True).click()
        row = page.locator("tbody tr", has_text=code)
        row.locator("summary").first.click()
        self.look(page, "requests")
        row.locator(f"[name$=passed][value={passed}]").check()
        for name, said in (("found_on", self.today), ("found_by", "Trưởng bản"), ("reason", "như giấy")):
            row.locator(f"form >> nth=0 >> [name$={name}]").fill(said)
        row.locator("form >> nth=0 >> button").click()
        expect(row.locator(".tag")).to_contain_text("rà soát tiếp" if passed == "yes" else "không rà soát")

    def close(self, commune: str = COMMUNE, by: str = "supervisor") -> None:
        page = self.window(by)
        page.goto(f"/rounds/{self.round_id}/{commune}/")
        self.look(page, "commune")
        page.get_by_role("button", name="Đóng đợt ở xã, phường này").click()
        self.led(page)

    def accept(self) -> None:
        page = self.window("province")
        page.goto(f"/rounds/{self.round_id}")
        for commune in (COMMUNE, OTHER_COMMUNE):
            page.check(f"[name=commune][value='{commune}']")
        self.look(page, "province")
        page.locator("button[form=accept]").click()
        expect(page.locator(SAID).first).to_contain_text("2 xã")

    def download(self, where: str) -> bytes:
        page = self.window("supervisor")
        page.goto(where.removesuffix("/file"))
        self.look(page, "proof")
        with page.expect_download() as coming:
            page.locator(f"a[href='{where}']").click()
        return coming.value.path().read_bytes()

    # -- the register --

    def act_on(
        self, commune: str, household_id: str, kind: str, by: str = "supervisor", ask: bool = False, **given: Any
    ) -> Any:
        if kind in self.by_client:
            return super().act_on(commune, household_id, kind, by, ask, **given)
        page, where = self.window(by), f"/desk/{commune}/households/{household_id}"
        page.goto(where)
        self.look(page, f"household of {by}")
        if person := given.pop("person", None):
            page.locator(f".people a[href$='/{person}']").first.click()
            self.look(page, "person")
        form = page.locator("form", has=page.locator(f"input[name=kind][value={kind}]"))
        part = page.locator("details", has=form)
        if part.get_attribute("open") is None:
            part.locator("summary").click()
        if form.locator("input[name=kind]").first.get_attribute("type") == "radio":
            form.locator(f"[name=kind][value={kind}]").check()
        for member in given.pop("member", []):
            name = page.locator(f".people a[href$='/{member}']").inner_text()
            form.get_by_label(name).check()
        self.fill(form, {"since": self.today} | given)
        form.get_by_role("button").click()
        self.write_down(page, "họp thôn", ask)
        return SimpleNamespace(location=urlsplit(page.url).path)

    def fill(self, form: Locator, given: dict[str, str]) -> None:
        for name, value in given.items():
            control = form.locator(f"[name={name}]")
            if control.evaluate("one => one.tagName") == "SELECT":
                control.select_option(value)
            else:
                control.fill(value)

    def write_down(self, page: Page, reason: str, ask: bool = False) -> None:
        """What would happen is on the screen: do it, or ask for it."""
        expect(page.locator("h1")).to_contain_text("Sẽ thay đổi")
        self.look(page, "what would happen")
        page.locator("#reason").fill(reason)
        name = "Đề nghị để người khác quyết định" if ask else "Ghi vào sổ"
        page.get_by_role("button", name=name).click()
        expect(page.locator("h1")).not_to_contain_text("Sẽ thay đổi")
        expect(page.locator(f"{SAID}, h1 .tag-ok").first).to_contain_text("người khác sẽ quyết định" if ask else "Đ")

    def undo(self, code: str, kind: str) -> None:
        if "undo" in self.by_client:
            return super().undo(code, kind)
        page = self.window("supervisor")
        page.goto(self.desk(code))
        page.locator(".story li").get_by_role("button", name="Hoàn tác…").first.click()
        self.write_down(page, f"ghi nhầm {kind}")
        return None

    def decide_request(self, asked: Any, by: str = "supervisor-2") -> None:
        own, page = self.window("supervisor"), self.window(by)
        own.goto(asked.location)
        expect(own.get_by_role("button", name="Đồng ý")).to_have_count(0)  # nobody decides on their own
        page.goto(asked.location)
        self.look(page, "request")
        page.locator("#reason").fill("đúng")
        page.locator("button[name=verdict][value=accepted]").click()
        expect(page.locator("h1 .tag-ok")).to_be_visible()

    def search(self) -> None:
        page = self.window("supervisor")
        page.goto(f"/desk/{COMMUNE}/duplicates")
        page.locator("form[action$='/duplicates/search'] button").click()
        self.led(page)

    def judge(self, pair: dict[str, str], verdict: str) -> None:
        page = self.window("supervisor")
        page.goto(f"/desk/{COMMUNE}/duplicates")
        self.look(page, "duplicates")
        card = page.locator("[data-pair]")
        for name in ("one", "other"):
            card = card.filter(has=page.locator(f"input[name={name}][value='{pair[name]}']"))
        card.locator(f"button[value={verdict}]").click()
        expect(card).to_have_attribute("data-pair", "open" if verdict == "asked_again" else "decided")

    # -- interviews --

    def confirm(self, sent: dict[str, Any], **more: str) -> None:
        if "confirm" in self.by_client:
            return super().confirm(sent, **more)
        page = self.window("supervisor")
        page.goto(self.page_of(sent))
        self.look(page, "outcome")
        form = page.locator("form", has=page.locator("input[name=action][value=confirm]"))
        leaves = form.locator("[name=since]").count()
        self.fill(form, {"reason": "đã hỏi trưởng bản"} | ({"since": self.today} if leaves else {}) | more)
        form.get_by_role("button").click()
        if leaves:  # the act on the register is shown first
            self.write_down(page, "đã hỏi trưởng bản")
        expect(page.locator("h1 .tag")).to_have_text("Đã xác nhận")
        return None

    def accept_all(self, by: str = "supervisor", commune: str = COMMUNE) -> int:
        """One by hand, the others by the client."""
        if "accept_all" in self.by_client:
            return super().accept_all(by, commune)
        page = self.window(by)
        page.goto(f"/desk/{commune}/queue?round={self.round_id}&state=submitted")
        self.look(page, "queue")
        page.locator("tbody a[href*='/records/']").first.click()
        self.look(page, "record")
        page.locator("button[value=accept]").click()
        expect(page.locator(SAID).first).to_contain_text("Đã duyệt")
        return 1 + super().accept_all(by, commune)

    def in_hand(self) -> Phone:
        """The phone of the first village, on the day of the story; it signs in once, and again after a year."""
        off = self.clock.now - timedelta(minutes=30) - datetime.now(UTC)
        script = WRONG_CLOCK.replace("OFF", str(int(off / timedelta(milliseconds=1))))
        if self.phone is None:
            self.phone = Phone(self.playwright, self.folder / "profile", self.address)
            self.phone.context.add_init_script(script)
            self.phone.enrol()
        else:
            self.phone.context.add_init_script(script)
            self.sign_in_today(self.phone.page, "enumerator")
            self.phone.open()
            self.phone.synced()
        return self.phone

    def visit(self, village: str, but: Iterable[str] = (), only: Iterable[str] | None = None, **classes: str) -> int:
        """In the first village some by the phone, at the doors and without network; who has one class is asked there.
        The others are sent by the client."""
        if village == VILLAGE and only is None and classes and "phone" not in self.by_client:
            left = [one for one in self.told(village) if one["state"] == "to_visit"]
            some = [one for one in left if one["code"] not in {*but, *classes}][:3]
            if some:
                self.ask_at_doors(some)
                now = {one["household_id"]: one["state"] for one in self.told(village)}
                assert {now[one["household_id"]] for one in some} == {"received"}
        return super().visit(village, but, only, **classes)

    def ask_at_doors(self, some: list[dict[str, Any]]) -> None:
        phone = self.in_hand()
        phone.context.set_offline(True)
        for one in some:
            phone.begin(one["household_id"])
            phone.finish_answers()
            phone.finalise()
            before = one["last_answers"]  # who was asked last year says the same again, by a tap for each question
            found = one["last_class"] if "diem_b1" in before else NOT_POOR
            self.book[one["household_id"]] = Stand(VILLAGE, found, len(before["thanh_vien"]))
        phone.go_home()
        assert phone.counts()["unsent"] == len(some)
        phone.context.set_offline(False)
        phone.sync()
        assert phone.counts()["unsent"] == 0

    def say(self, village: str, code: str, kind: str, **more: Any) -> dict[str, Any]:
        if "phone" in self.by_client or kind == "refused":
            return super().say(village, code, kind, **more)
        phone, household_id = self.in_hand(), self.ids[code]
        phone.context.set_offline(True)
        phone.page.goto(f"{phone.address}/#/h/{self.round_id}/{household_id}")
        phone.page.locator("[data-action=no-interview]").click()
        screen = phone.page.locator("[data-screen=no-interview]")
        for back in (6, 3, 0) if kind == "absent" else ():
            expect(screen.locator(f"input[value={kind}]")).to_be_disabled()
            now = phone.page.evaluate("Date.now() - RealDate.now()")
            phone.page.evaluate(WRONG_CLOCK.replace("OFF", str(int(now - back * HOURS))) + "; null")
            screen.locator("[data-action=visit]").click()
            phone.page.evaluate(WRONG_CLOCK.replace("OFF", str(int(now))) + "; null")
        say(phone, kind, "Hàng xóm nói")
        phone.context.set_offline(False)
        phone.sync()
        assert phone.counts()["unsent"] == 0
        return {"household_id": household_id}


@pytest.fixture
def by_hand(
    app: Flask, login_as: Callable[[str], Any], clock: Clock, session: Session, tmp_path: Path, chromium: Browser,
    playwright: Playwright, monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., InChromium]]:  # fmt: skip
    """`by_hand(30)`: a commune of thirty households in which nothing has happened yet."""
    monkeypatch.setitem(TYPED, "diem_b1", 200)  # who answers so is not poor
    released = date(2025, 9, 1)  # before that a phone believes no clock
    monkeypatch.setattr(clocks, "RELEASED", released)
    monkeypatch.setitem(app.jinja_env.globals, "released", released)
    app.extensions.update(app_version=None, kept_hashes={})  # the shell says it, so it is another one
    made: list[InChromium] = []
    with serving(app) as port:

        def settled(size: int, by_client: frozenset[str] = frozenset()) -> InChromium:
            it = InChromium(
                app, login_as, clock, tmp_path, size, chromium=chromium, playwright=playwright,
                address=f"http://localhost:{port}", by_client=by_client,
            )  # fmt: skip
            settle(it, session)
            made.append(it)
            return it

        yield settled
        for it in made:
            for page in it.windows.values():
                page.context.close()
            if it.phone is not None:
                it.phone.switch_off()
    assert [one for it in made for one in it.complaints] == []
    assert [one for it in made if it.phone for one in it.phone.errors] == []


def test_a_year_and_what_is_asked_for_between_by_hand(by_hand: Callable[..., InChromium]) -> None:
    it = by_hand(30, ELSEWHERE)
    first_year(it)
    assert it.stands_in_database(between(it))


@pytest.mark.journey
def test_two_years_by_hand_on_desk_and_phone(by_hand: Callable[..., InChromium]) -> None:
    it = by_hand(150)
    path, said = first_year(it)
    asked_path = between(it)
    second_path, _ = second_year(it, said)
    for one in (path, asked_path, second_path):
        assert it.verified(one)[0] == 0
        assert it.stands_in_database(one), one
    page = it.window("province")
    for commune in (COMMUNE, OTHER_COMMUNE):  # the identity, by the figures that stand on the sheet
        page.goto(f"/rounds/{it.round_id}/{commune}/proof")
        rows = page.eval_on_selector_all(FLOW, FIGURES)
        flow = [row for row in rows if len(row) == 9]  # the ends, by where they began, are two each
        assert flow, commune
        assert all(holds(row) for row in flow), flow
