"""What the phone does when the line, the session or the server is not as it should be."""

from __future__ import annotations

import pytest

from tests.phone.phone import Phone, Server
from tests.phone.test_without_network import entries

pytestmark = pytest.mark.phone


def refuse(phone: Phone) -> None:
    """The shortest interview there is: the family does not agree to answer."""
    phone.section("thong_tin_ho")
    phone.answer("thong_tin_ho/dong_y", "khong")
    phone.answer("thong_tin_ho/ly_do_tu_choi", "Gia đình đi làm xa")
    phone.finish_answers()
    phone.finalise()


def test_an_expired_session_asks_to_sign_in_and_leaves_the_queue_intact(phone: Phone, server: Server) -> None:
    phone.context.clear_cookies()
    phone.begin()
    refuse(phone)
    assert "Chưa đồng ý trả lời" in phone.page.inner_text("[data-screen=sent] .verdict")
    phone.go_home()
    phone.page.wait_for_selector("[data-notice=sign-in]")
    assert phone.counts() == {"saved": 1, "unsent": 1, "received": 0}
    phone.page.click("[data-notice=sign-in] [data-action=sign-in]")
    phone.sign_in()
    phone.synced()
    assert phone.counts() == {"saved": 1, "unsent": 0, "received": 1}


@pytest.mark.further
def test_the_page_of_a_captive_portal_is_not_taken_for_the_server(phone: Phone, server: Server) -> None:
    phone.context.route(
        "**/api/v1/**", lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>Wi-Fi</h1>")
    )
    phone.begin()
    refuse(phone)
    phone.go_home()
    phone.page.wait_for_selector("[data-part=sync][data-state=wait]")
    assert phone.counts() == {"saved": 1, "unsent": 1, "received": 0}
    phone.context.unroute("**/api/v1/**")
    phone.sync()
    assert phone.counts() == {"saved": 1, "unsent": 0, "received": 1}
    assert len(entries(server)) == 1


@pytest.mark.further
def test_an_answer_lost_on_the_way_back_sends_the_same_record_again_and_it_stays_one(
    phone: Phone, server: Server
) -> None:
    lost = []

    def lose(route):  # type: ignore[no-untyped-def]
        if not lost and '"entries":[{' in (route.request.post_data or ""):
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    phone.context.route("**/api/v1/push", lose)
    phone.begin()
    refuse(phone)
    phone.go_home()
    phone.page.wait_for_selector("[data-part=sync][data-state=wait]")
    assert lost == [200]
    assert phone.counts() == {"saved": 1, "unsent": 1, "received": 0}
    phone.sync()
    assert phone.counts() == {"saved": 1, "unsent": 0, "received": 1}
    assert len(entries(server)) == 1


def test_a_household_found_in_the_field_is_interviewed_and_comes_back_on_the_list(phone: Phone, server: Server) -> None:
    server.stop()
    phone.page.click("[data-action=new-household]")
    phone.page.click("[data-screen=new-household] [data-action=interview]")
    phone.page.wait_for_selector("[data-screen=overview]")
    phone.section("thong_tin_ho")
    phone.fill_in()
    phone.section("thanh_vien")
    phone.page.click("[data-action=add]")
    phone.question("thanh_vien[1]/ho_ten").wait_for()
    phone.answer("thanh_vien[1]/ho_ten", "Mùa Thị Dợ")
    phone.fill_in()
    phone.section("thong_tin_ho")
    phone.answer("thong_tin_ho/so_khau_khai", 1)
    phone.finish_answers()
    phone.finalise()
    server.start()
    phone.go_home()
    phone.sync()
    (entry,) = entries(server)
    assert entry["new_household"] == {"village_id": "03757-01", "head_name": "Mùa Thị Dợ"}
    phone.page.fill("[data-action=search]", "mua thi do")
    found = phone.page.locator("[data-part=households] [data-household]")
    assert found.count() == 1
    assert found.locator("[data-part=tag]").get_attribute("data-state") == "received"


def test_a_second_tap_takes_an_answer_back_that_may_be_left_out(phone: Phone) -> None:
    phone.begin()
    phone.section("thanh_vien[1]")
    ill = phone.question("thanh_vien[1]/benh_nang").locator("label.choice").first
    ill.click()
    assert phone.value("thanh_vien[1]/benh_nang") == "co"
    ill.click()
    assert phone.value("thanh_vien[1]/benh_nang") == ""
    sex = phone.question("thanh_vien[1]/gioi_tinh").locator("input:checked")
    sex.click(force=True)
    assert phone.value("thanh_vien[1]/gioi_tinh") == "nam"  # must be answered: stays
