"""Who is perhaps in another household already is told before the interview ends, and asked about once."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.phone.phone import Phone
from tests.phone.village import HEADS

pytestmark = pytest.mark.phone


def test_somebody_of_another_household_is_told_of_at_the_check_and_asked_about_once(phone: Phone) -> None:
    phone.begin("ho-1")
    phone.section("thanh_vien[1]")
    phone.answer("thanh_vien[1]/ho_ten", HEADS[0].upper())
    phone.check()
    told = phone.page.locator("[data-notice=alike]")
    other = told.locator("[data-alike=ho-0]")
    expect(other).to_contain_text(f"Hộ {HEADS[0]}")
    expect(other).to_contain_text(f"{HEADS[0].upper()}, sinh năm 1979")
    other.locator("[data-action=household]").click()
    expect(phone.page.locator("[data-screen=household] h1")).to_have_text(HEADS[0])
    phone.page.go_back()
    other.locator("[data-action=other-people]").click()
    expect(other).to_have_count(0)
    phone.reload()
    phone.check()
    expect(told).to_be_visible()  # the families of this village are called alike
    expect(other).to_have_count(0)
