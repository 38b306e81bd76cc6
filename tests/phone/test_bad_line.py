"""What can go goes: a line that breaks again and again, and a part of the office that is out, hold up nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.phone.line import Line
from tests.phone.phone import Phone, Server
from tests.phone.test_media import built  # noqa: F401 - a fixture
from tests.phone.test_sending import at_the_server, count, line, nudge, phone, photographed, queue  # noqa: F401
from tests.pictures import noise

pytestmark = pytest.mark.phone
HEADERS = {"X-So-Ho": "1"}
PROBLEM = {"problem": {"code": "not_found", "title": "Không có.", "next": "Báo xã.", "detail": None}}
# What waits for an answer loses patience at once; nothing else is faster.
IMPATIENT = """{ const wait = globalThis.setTimeout
  const soon = (after) => after >= 20_000 && after < 100_000 ? 700 : after
  globalThis.setTimeout = (work, after, ...more) => wait(work, soon(after), ...more)
}"""


def refuse(route: Route) -> None:
    route.fulfill(status=404, headers=HEADERS, json=PROBLEM)


def crash(route: Route) -> None:
    route.fulfill(status=500, headers=HEADERS, json=PROBLEM)


def gateway(route: Route) -> None:
    route.fulfill(status=502, content_type="text/html", body="<h1>Bad Gateway</h1>")


def stall(_route: Route) -> None:
    """Never answered."""


def another_form(route: Route) -> None:
    """The round's questionnaire has a version that this phone must fetch, and the next round one as well."""
    answer = route.fetch()
    told: dict[str, Any] = answer.json()
    for one in told["rounds"]:
        one["form"] |= {"version": "9", "url": one["form"]["url"].rpartition("/")[0] + "/9"}
    route.fulfill(response=answer, json=told)


def received(phone: Phone, number: int) -> None:  # noqa: F811
    phone.until("number => document.querySelector('[data-count=received]').textContent === number", str(number))


OUT = {"forms": "Chưa tải được mẫu phiếu", "register": "Chưa tải được danh sách hộ"}
# Each part and each answer; the other pairs are the long way.
PAIRS = [("forms", refuse), ("register", crash), ("forms", gateway), ("register", stall)]
OTHERS = [("register", refuse), ("forms", crash), ("register", gateway), ("forms", stall)]


@pytest.mark.further
@pytest.mark.parametrize(
    ("part", "answer"), [*PAIRS, *(pytest.param(*one, marks=pytest.mark.journey) for one in OTHERS)]
)
def test_a_part_that_is_out_holds_up_neither_interviews_nor_photos(
    phone: Phone,  # noqa: F811
    line: Line,  # noqa: F811
    server: Server,
    part: str,
    answer: Any,
) -> None:
    if answer is stall:
        phone.context.add_init_script(IMPATIENT)
        phone.open()
        phone.synced()
    line.breaks_after(0)
    photographed(phone)
    phone.page.wait_for_selector("[data-part=sync][data-state=wait]")
    if part == "forms":
        phone.context.route("**/api/v1/hello", another_form)
    phone.context.route(f"**/api/v1/{part}*/**" if part == "forms" else f"**/api/v1/{part}*", answer)
    line.mend()
    phone.page.click("[data-action=sync]")
    received(phone, 1)
    assert len(at_the_server(server)) == 1
    shown = phone.page.locator("[data-part=sync]")
    expect(shown).to_have_attribute("data-state", "refused" if answer is refuse else "wait")
    expect(phone.page.locator("[data-screen=home] [data-action=sync]")).to_be_enabled()
    if answer is not stall:
        expect(shown).to_contain_text(OUT[part])
    queue(phone)
    expect(phone.page.locator("[data-part=standing][data-why=none]")).to_have_count(1)


def test_a_line_that_breaks_again_and_again_brings_everything_bit_by_bit(
    phone: Phone,  # noqa: F811
    line: Line,  # noqa: F811
    server: Server,
) -> None:
    line.breaks_after(0)
    photographed(phone, "ho-0")
    photographed(phone, "ho-1", noise("PNG", 640, 480))
    before = line.up
    line.mend()
    line.breaks_every(60_000)  # less than half of what one part was
    nudge(phone)
    received(phone, 2)
    assert line.breaks >= 5
    assert line.up - before < 1.6 * sum(at_the_server(server)) + 60_000
    assert count(server, "submission") == 2


@pytest.mark.further
def test_an_interview_that_a_proxy_refuses_holds_up_none_of_the_others(
    phone: Phone,  # noqa: F811
    line: Line,  # noqa: F811
    server: Server,
) -> None:
    line.breaks_after(0)
    photographed(phone, "ho-0", noise("PNG", 90, 60))
    photographed(phone, "ho-1", noise("PNG", 80, 60))

    def mind(route: Route) -> None:
        if '"household_id":"ho-0","form"' in (route.request.post_data or "").replace(" ", ""):
            route.fulfill(status=403, content_type="text/html", body="<h1>Forbidden</h1>")
        else:
            route.continue_()

    phone.context.route("**/api/v1/push", mind)
    line.mend()
    nudge(phone)
    received(phone, 1)
    assert phone.counts() == {"saved": 2, "unsent": 1, "received": 1}
    phone.context.unroute("**/api/v1/push")
    nudge(phone)
    received(phone, 2)


def test_an_answer_that_was_lost_is_asked_for_and_the_interview_is_not_sent_again(
    phone: Phone,  # noqa: F811
    line: Line,  # noqa: F811
    server: Server,
) -> None:
    sent: list[str] = []

    def lose(route: Route) -> None:
        said = route.request.post_data or ""
        if '"entries":[{' in said:
            sent.append(said)
            route.fetch()
            route.abort()
        else:
            route.continue_()

    phone.context.route("**/api/v1/push", lose)
    photographed(phone, data=noise("PNG", 90, 60))
    received(phone, 1)
    assert len(sent) == 1
    assert count(server, "submission") == 1
