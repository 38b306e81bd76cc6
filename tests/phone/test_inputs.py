"""The controls of numbers, ranges, orders, dates, times, positions and walked lines, on a phone at 360 × 640."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy.orm import Session

from survey.form.form import Item
from survey.questionnaires.published import publish
from survey.register.entries import import_household
from survey.rounds.rounds import open_round
from survey.xlsform.compile import compile_workbook
from tests import world
from tests.chromium import width_of
from tests.databases import Fill
from tests.phone import village
from tests.phone.phone import Phone

pytestmark = pytest.mark.phone

SOURCE = Path(__file__).with_name("nhap_lieu.md")
SMALL = """() => [...document.querySelectorAll('.question')]
  .flatMap(one => [...one.querySelectorAll('button, a.button, select, input, textarea, summary, label.choice')])
  .filter(one => one.checkVisibility() && !one.matches('label.choice *'))
  .filter(one => Math.min(one.getBoundingClientRect().width, one.getBoundingClientRect().height) < 48)
  .map(one => one.outerHTML.slice(0, 120))"""
# Taps until the phone has seen that it moved: standing still adds no point.
ADDED = """([path, count]) => {
  const question = document.querySelector(`[data-path='${path}']`)
  question.querySelector('[data-action=add-point]').click()
  return question.querySelector('[data-part=answer]').textContent.startsWith(count)
}"""
NAMELESS = """() => [...document.querySelectorAll('.question :is(button, select, input, textarea)')]
  .filter(one => one.checkVisibility() && !one.getAttribute('aria-label') && !one.getAttribute('aria-labelledby'))
  .filter(one => !one.labels?.length && !one.textContent.trim())
  .map(one => one.outerHTML.slice(0, 120))"""


def build(session: Session) -> None:
    """A round that is asked with nhap_lieu.md."""
    now = datetime.now(UTC)
    source = SOURCE.read_text(encoding="utf-8")
    world.build(session)
    compiled = compile_workbook(source, {})
    compiled.children.insert(0, Item("bat_dau", "bat_dau", "start-geopoint"))
    form = publish(session, compiled, source, now)
    for number in range(12):  # one for each test
        import_household(
            session,
            commune_id=world.COMMUNE,
            household_id=f"ho-{number}",
            village_id=world.VILLAGE,
            head_name=village.HEADS[number % 6],
            now=now,
        )
    open_round(
        session,
        round_id=village.ROUND,
        title="Khảo sát 2026",
        year=2026,
        form=form,
        **world.season(session, now),
        now=now,
    )


@pytest.fixture(scope="module")
def built(filled: Callable[[Fill], Path]) -> Path:
    return filled(build)


@pytest.fixture
def asked(used_phone: Phone) -> Phone:
    """A phone with an interview open."""
    used_phone.begin(next(used_phone.households))
    return used_phone


def look(phone: Phone, name: str) -> None:
    """Keep a picture of each question, for a person to look at."""
    folder = os.environ.get("SCREENS")
    if folder:
        phone.page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def again(phone: Phone, section: str) -> None:
    """The page is closed in the middle and opened again."""
    phone.saved()
    phone.reload()
    phone.section(section)


def drawer(phone: Phone, number: int) -> Locator:
    """One of the drawers of answers on the check list, opened; its rows are drawn when they are asked for."""
    element = phone.page.locator("[data-part=answers] details").nth(number)
    element.locator("summary").click()
    element.locator("[data-part=rows] > *").first.wait_for()
    return element


def problem(phone: Phone, path: str) -> str:
    return phone.question(path).locator("[data-part=problems]").inner_text().strip()


def there(phone: Phone, lat: float, lon: float, accuracy: float = 5) -> None:
    phone.context.set_geolocation({"latitude": lat, "longitude": lon, "accuracy": accuracy})


def test_every_control_is_large_enough_and_has_a_name(asked: Phone) -> None:
    for section in ("so", "muc", "luc", "noi"):
        asked.section(section)
        look(asked, f"{section}-blank")
        assert asked.page.evaluate(SMALL) == []
        assert asked.page.evaluate(NAMELESS) == []
        assert width_of(asked.page) == 360


def test_words_and_numbers(asked: Phone) -> None:
    asked.section("so")
    assert asked.question("so/y_kien").locator("textarea").get_attribute("rows") == "5"
    asked.answer("so/y_kien", "Không có gì")
    asked.question("so/trang").locator("input").fill("javascript:alert(1)")
    link = asked.question("so/trang").locator("a")
    assert link.is_hidden()  # only pages of the web are led to
    asked.question("so/trang").locator("input").fill("https://xa.example/ban")
    assert link.get_attribute("href") == "https://xa.example/ban"
    income = asked.question("so/thu_nhap").locator("input")
    income.press_sequentially("1500000")
    assert income.input_value() == "1.500.000"
    hens = asked.question("so/so_ga")
    hens.locator("[data-action=less]").click()
    assert hens.locator("input").input_value() == "0"  # below nought there is no hen
    for _ in range(3):
        hens.locator("[data-action=more]").click()
    hens.locator("[data-action=less]").click()
    cold = asked.question("so/nhiet_do")
    cold.locator("input").fill("12,5")
    cold.locator("[data-action=sign]").click()
    assert cold.locator("input").input_value() == "-12,5"
    assert asked.question("so/so_ga").locator("[data-action=sign]").is_hidden()
    asked.answer("so/ma", "0123")
    masked = asked.question("so/ma").locator("input")
    assert masked.evaluate("one => getComputedStyle(one).webkitTextSecurity") == "disc"
    again(asked, "so")
    look(asked, "so")
    assert [asked.value(f"so/{name}") for name in ("y_kien", "thu_nhap", "so_ga", "nhiet_do")] == [
        "Không có gì",
        "1.500.000",
        "2",
        "-12,5",
    ]
    asked.check()
    answers = drawer(asked, 0).inner_text()
    assert "0123" not in answers and "••••" in answers


def test_what_is_no_number_says_what_to_type(asked: Phone) -> None:
    asked.section("so")
    hens = asked.question("so/so_ga").locator("input")
    hens.fill("1,5")
    hens.blur()
    assert problem(asked, "so/so_ga") == "Gõ một số nguyên, không có phần lẻ."
    cold = asked.question("so/nhiet_do").locator("input")
    cold.fill("1,5,2")
    cold.blur()
    assert problem(asked, "so/nhiet_do") == "Gõ một số, ví dụ 12,5."
    cold.fill("-21")
    cold.blur()
    assert problem(asked, "so/nhiet_do") == "Nhiệt độ từ -20 đến 50."


def test_a_range_is_blank_until_it_is_touched(asked: Phone) -> None:
    asked.section("muc")
    question = asked.question("muc/hai_long")
    shown = question.locator("output")
    expect(shown).to_have_text("Chưa chọn")
    question.locator("[data-action=more]").click()
    expect(shown).to_have_text("0")  # the first tap takes where the thumb stands
    question.locator("[data-action=more]").click()
    expect(shown).to_have_text("1")
    question.locator("input").press("ArrowRight")
    expect(shown).to_have_text("2")
    question.locator("[data-action=clear]").click()
    expect(shown).to_have_text("Chưa chọn")
    track = question.locator("input").bounding_box()
    assert track
    asked.page.touchscreen.tap(track["x"] + track["width"] / 2, track["y"] + track["height"] / 2)
    asked.until("() => document.querySelector('[data-path=\"muc/hai_long\"] output').textContent === '5'")
    weight = asked.question("muc/can").locator("input")
    weight.press("End")
    weight.press("ArrowLeft")
    assert asked.question("muc/can").locator("output").inner_text() == "4,9"
    level = asked.question("muc/muc_nuoc")
    box = level.locator("input").bounding_box()
    assert box and box["height"] > 200  # upright
    asked.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    assert level.locator("output").inner_text() == "10"
    asked.question("muc/sao").locator("label.star").nth(3).click()
    assert asked.question("muc/sao").locator(".is-lit").count() == 4
    asked.question("muc/nam").locator("select").select_option("27")
    again(asked, "muc")
    look(asked, "muc")
    assert [asked.question(f"muc/{name}").locator("output").inner_text() for name in ("hai_long", "can", "sao")] == [
        "5",
        "4,9",
        "4",
    ]
    assert asked.question("muc/nam").locator("select").input_value() == "27"


def test_an_order_is_made_by_buttons_by_pulling_and_taken_back(asked: Phone) -> None:
    asked.section("muc")
    question = asked.question("muc/uu_tien")
    rows = question.locator("li [data-part=label]")
    assert question.locator("[data-part=status]").inner_text().startswith("Xếp quan trọng nhất")
    question.locator("li").nth(2).locator("[data-action=up]").click()
    assert rows.all_inner_texts()[1] == "Đường vào bản được đổ bê tông"
    assert asked.page.evaluate("document.activeElement.dataset.action") == "up"
    asked.page.keyboard.press("Enter")
    assert rows.all_inner_texts()[0] == "Đường vào bản được đổ bê tông"
    assert asked.page.evaluate("document.activeElement.dataset.action") == "down"
    question.scroll_into_view_if_needed()
    handle = question.locator("li").nth(3).locator("[data-part=handle]").bounding_box()
    goal = question.locator("li").nth(1).bounding_box()
    assert handle and goal
    asked.page.mouse.move(handle["x"] + 20, handle["y"] + 20)
    asked.page.mouse.down()
    asked.page.mouse.move(goal["x"] + 60, goal["y"] + 10, steps=12)
    asked.page.mouse.up()
    order = ["Đường vào bản được đổ bê tông", "Trường mẫu giáo", "Nước sạch", "Điện"]
    assert rows.all_inner_texts() == order
    again(asked, "muc")
    assert rows.all_inner_texts() == order
    look(asked, "muc-rank")
    question.locator("[data-action=clear]").click()
    assert rows.all_inner_texts()[0] == "Nước sạch"
    again(asked, "muc")
    assert question.locator(".rank.is-blank").count() == 1


def test_one_tick_says_read_and_agreed(asked: Phone) -> None:
    asked.section("muc")
    asked.question("muc/dong_y").locator("label").click()
    again(asked, "muc")
    assert asked.question("muc/dong_y").locator("input").is_checked()
    asked.question("muc/dong_y").locator("label").click()
    again(asked, "muc")
    assert not asked.question("muc/dong_y").locator("input").is_checked()


def test_dates_and_times_are_small_numbers(asked: Phone) -> None:
    asked.section("luc")
    asked.question("luc/ngay").locator("[data-part=day]").press_sequentially("9")
    asked.page.keyboard.type("112026")  # each box goes on by itself
    asked.question("luc/thang").locator("[data-part=month]").press_sequentially("122025")
    asked.question("luc/nam_lam").locator("[data-part=year]").fill("1979")
    asked.question("luc/gio").locator("[data-part=hour]").press_sequentially("1405")
    flood = asked.question("luc/luc_lu")
    flood.locator("[data-part=day]").press_sequentially("030220262530")
    assert problem(asked, "luc/luc_lu") == ""
    flood.locator("[data-part=minute]").blur()
    assert problem(asked, "luc/luc_lu").startswith("Không có ngày giờ này.")
    flood.locator("[data-part=hour]").fill("23")
    asked.question("luc/gio").locator("[data-part=hour]").focus()
    assert problem(asked, "luc/luc_lu") == ""
    again(asked, "luc")
    look(asked, "luc")
    boxes = {
        name: asked.question(f"luc/{name}").locator("input").evaluate_all("all => all.map(one => one.value).join(' ')")
        for name in ("ngay", "thang", "nam_lam", "gio", "luc_lu")
    }
    assert boxes == {
        "ngay": "09 11 2026",
        "thang": "12 2025",
        "nam_lam": "1979",
        "gio": "14 05",
        "luc_lu": "03 02 2026 23 30",
    }
    asked.check()
    said = re.sub(r"\s+", " ", drawer(asked, 2).inner_text())
    look(asked, "luc-check")
    for words in ("09/11/2026", "12/2025", "1979", "14:05", "23:30 03/02/2026"):
        assert words in said


def test_a_position_is_kept_when_it_is_exact_enough_or_typed(asked: Phone) -> None:
    asked.section("noi")
    question = asked.question("noi/nha")
    there(asked, 21.4, 103.7, 80)
    question.locator("[data-action=read-place]").click()
    reading = question.locator("[data-part=reading]")
    reading.filter(has_text="Sai số còn lớn").wait_for()
    look(asked, "noi-poor")
    there(asked, 21.4001, 103.7, 20)
    reading.filter(has_text="Chờ đến khi còn 8 m").wait_for()
    there(asked, 21.4002, 103.7, 6)
    question.locator("[data-part=answer]").filter(has_text="21.4002, 103.7").wait_for()
    question.locator("[data-part=typing] summary").click()
    question.locator("[data-part=lat]").fill("21.5123456, 103.8123456")  # as maps give it to copy
    assert question.locator("[data-part=lon]").input_value() == "103.8123456"
    again(asked, "noi")
    expect(question.locator("[data-part=answer]")).to_have_text("21.5123456, 103.8123456")


def test_a_line_is_walked_point_by_point_and_survives_the_phone(asked: Phone) -> None:
    asked.section("noi")
    question = asked.question("noi/duong")
    there(asked, 21.4, 103.7)
    question.locator("[data-action=start-trace]").click()
    add = question.locator("[data-action=add-point]")
    add.click()
    expect(question.locator("[data-part=answer]")).to_have_text("Đã ghi 1 điểm")
    for step in (1, 2):
        there(asked, 21.4 + step * 0.001, 103.7)
        asked.until(ADDED, ["noi/duong", step + 1])
    look(asked, "noi-trace")
    expect(question.locator("[data-part=answer]")).to_have_text("3 điểm, dài 223 m")
    asked.saved()
    address = asked.page.url
    asked.kill()
    asked.switch_on()
    asked.open(address)
    asked.section("noi")
    question = asked.question("noi/duong")
    expect(question.locator("[data-part=answer]")).to_have_text("3 điểm, dài 223 m")
    expect(question.locator("[data-action=start-trace]")).to_have_text("Đi tiếp")
    question.locator("[data-action=undo]").click()
    expect(question.locator("[data-part=answer]")).to_have_text("2 điểm, dài 111 m")


def test_an_area_follows_the_walker_and_closes_itself(asked: Phone) -> None:
    asked.section("noi")
    question = asked.question("noi/ruong")
    answer = question.locator("[data-part=answer]")
    there(asked, 21.4, 103.7)
    question.locator("[data-action=start-trace]").click()
    question.locator("[data-part=auto]").select_option("m 20")
    answer.filter(has_text="Đã ghi 1 điểm").wait_for()
    there(asked, 21.4009, 103.7)
    answer.filter(has_text="Đã ghi 2 điểm").wait_for()
    question.locator("[data-action=stop-trace]").click()
    assert problem(asked, "noi/ruong").startswith("Vùng cần ít nhất 3 điểm.")
    again(asked, "noi")
    expect(answer).to_have_text("Đã ghi 2 điểm")
    asked.check()
    expect(asked.page.locator("[data-jump='noi/ruong']")).to_have_count(1)  # nobody finishes with half an area
    asked.section("noi")
    there(asked, 21.4009, 103.70096, 200)
    question.locator("[data-action=start-trace]").click()
    question.locator("[data-part=auto]").select_option("m 20")
    question.locator("[data-part=reading]").filter(has_text="Sai số còn lớn: 200 m").wait_for()
    there(asked, 21.4009, 103.70096, 6)
    answer.filter(has_text="3 điểm, rộng").wait_for()  # the poor reading is no corner
    there(asked, 21.4, 103.70096, 6)
    answer.filter(has_text="4 điểm, rộng").wait_for()
    expect(question.locator("[data-action=stop-trace]")).to_have_text("Khép kín và xong")
    question.locator("[data-action=stop-trace]").click()
    assert problem(asked, "noi/ruong") == ""
    look(asked, "noi-shape")
    said = answer.inner_text()
    assert re.fullmatch(r"4 điểm, rộng (9\.9|10\.0)\d\d m²", said)
    again(asked, "noi")
    expect(answer).to_have_text(said)
    asked.check()
    assert said in drawer(asked, 3).inner_text()
    expect(asked.page.locator("[data-jump='noi/ruong']")).to_have_count(0)


def test_where_the_interview_began_is_kept_without_a_question(used_phone: Phone) -> None:
    phone = used_phone
    there(phone, 21.4567, 103.7, 9)
    phone.begin(next(phone.households))
    phone.saved()
    phone.section("so")
    phone.answer("so/so_ga", 1)
    phone.saved()
    kept = [(event["path"], event["value"]) for event in phone.events() if event["op"] == "set"]
    assert ("bat_dau", "21.4567 103.7 0 9") in kept
