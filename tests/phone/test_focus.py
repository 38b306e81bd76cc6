"""Where the finger, the keyboard and a screen reader stand after a tap."""

from __future__ import annotations

import pytest

from tests.phone.phone import HEIGHT, WIDTH, Phone

pytestmark = pytest.mark.phone

KEYBOARD = 270  # pixels that an on-screen keyboard takes


def test_a_jump_from_the_check_list_lands_on_the_answer_that_is_missing(used_phone: Phone) -> None:
    phone = used_phone
    phone.begin()
    phone.check()
    jump = phone.page.locator("[data-jump='thong_tin_ho/dong_y']")
    jump.click()
    phone.until(
        "() => document.activeElement.closest('[data-part=control]')?.closest('.question').dataset.path"
        " === 'thong_tin_ho/dong_y'"
    )


def test_choosing_from_a_long_list_stays_at_its_question(used_phone: Phone) -> None:
    phone = used_phone
    phone.begin()
    phone.section("thanh_vien[2]")
    question = phone.question("thanh_vien[2]/dan_toc")
    question.locator("[data-action=change]").click()
    question.locator("[data-action=search-choice]").fill("mong")
    question.locator("label.choice").first.click()
    assert question.locator("[data-part=answer]").inner_text() == "Mông"
    assert phone.page.evaluate("document.activeElement.dataset.action") == "change"
    box = question.bounding_box()
    assert box and 0 <= box["y"] < HEIGHT


def test_the_found_household_stands_above_the_keyboard(used_phone: Phone) -> None:
    phone = used_phone
    phone.page.set_viewport_size({"width": WIDTH, "height": HEIGHT - KEYBOARD})
    phone.page.fill("[data-action=search]", "ca thi doi")
    row = phone.page.locator("[data-part=households] [data-household]")
    box = row.bounding_box()
    assert box and box["y"] + box["height"] <= HEIGHT - KEYBOARD
    assert phone.page.locator("[data-part=states]").is_hidden()  # what is found does not heed that filter


def test_a_tap_counts_although_the_screen_is_drawn_again_under_the_finger(used_phone: Phone) -> None:
    phone = used_phone
    phone.begin("ho-0")
    phone.go_home()
    row = phone.page.locator("[data-part=open-list] [data-household]")
    row.scroll_into_view_if_needed()
    box = row.bounding_box()
    assert box
    phone.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    phone.page.mouse.down()
    runs = int(phone.page.get_attribute("[data-part=sync]", "data-runs") or 0)
    phone.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # a sync, and all anew
    phone.synced(runs + 1)
    phone.page.mouse.up()
    phone.page.wait_for_selector("[data-screen=household], [data-screen=overview]")
