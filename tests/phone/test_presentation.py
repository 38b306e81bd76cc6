"""What a question looks like on a phone: appearances, pictures and sounds, groups and lists, languages, a preview."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.chromium import width_of
from tests.databases import Fill
from tests.phone import showcase
from tests.phone.conftest import Handed
from tests.phone.phone import HEIGHT, WIDTH, Phone, Server

pytestmark = pytest.mark.phone

FINGER = 48  # pixels
# What is tapped and too small for it. An answer is its whole row; the names above a table are not tapped.
SMALL = """finger => [...document.querySelectorAll('main :is(button, a.button, select, input, label.choice)')]
  .filter(one => one.checkVisibility() && !one.matches('[data-look=label] *, label.choice *'))
  .filter(one => {
    const { width, height } = one.getBoundingClientRect()
    return Math.min(width, height) < finger
  })
  .map(one => one.outerHTML.slice(0, 120))"""
AT = "path => document.activeElement.closest('.question')?.dataset.path === path"
SECTIONS = ["ten_thon", "chon", "bang", "dong", "so_nhom", "anh"]


@pytest.fixture(scope="module")
def built(filled: Callable[[Fill], Path]) -> Path:
    """Asked with the questionnaire of showcase.py."""
    return filled(showcase.build)


@pytest.fixture
def asked(used_phone: Phone) -> Phone:
    """A phone with an interview open."""
    used_phone.begin(next(used_phone.households))
    return used_phone


def place(phone: Phone, path: str) -> None:
    phone.page.wait_for_selector(f"[data-screen=section][data-place='{path}']")


def labels(question: Locator) -> list[str]:
    return [label.strip() for label in question.locator("label.choice [data-part=label]").all_inner_texts()]


def box(element: Locator) -> dict[str, float]:
    found = element.bounding_box()
    assert found is not None
    return dict(found)


@pytest.mark.parametrize("text", ["", "200"])
def test_nothing_sticks_out_and_a_finger_hits_every_answer(asked: Phone, text: str) -> None:
    for section in SECTIONS:
        asked.section(section)
        asked.page.evaluate("size => { document.documentElement.dataset.text = size }", text)
        assert width_of(asked.page) <= WIDTH, section
        small = asked.page.evaluate(SMALL, FINGER)
        assert small == [], section
        out = asked.page.evaluate(
            """() => [...document.querySelectorAll('label.choice')].filter(one => one.checkVisibility())
              .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.innerText)"""
        )
        assert out == [], section
    asked.page.evaluate("delete document.documentElement.dataset.text")


def test_words_are_drawn_as_written_and_a_link_leads_out(asked: Phone) -> None:
    asked.section("ten_thon")
    question = asked.question("ten_thon")
    assert question.locator(".question-label strong").inner_text() == "thôn"
    link = question.locator(".hint a")
    assert link.get_attribute("href") == "https://vanban.chinhphu.vn/"
    assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener noreferrer")
    guidance = question.locator(".guidance")
    assert not guidance.locator("li").first.is_visible()
    guidance.locator("summary").click()
    assert guidance.locator("li").all_inner_texts() == ["ghi tên mới", "ghi tên cũ trong ngoặc"]
    note = asked.question("ghi_chu")
    assert note.locator("[role=heading]").inner_text() == "Phần 1"
    assert note.locator(".tone-danger").inner_text() == "không gợi ý"
    # What was answered is quoted as letters, whatever it looks like.
    asked.answer("ten_thon", "<img src=x onerror=alert(1)> <script>")
    assert "<script>" in asked.question("so_ho").locator(".question-label").inner_text()
    assert asked.page.locator(".question-label :is(img, script)").count() == 0


def test_a_message_quotes_the_answers(asked: Phone) -> None:
    asked.section("ten_thon")
    asked.answer("ten_thon", "Bản Phủ")
    asked.answer("so_ho", 700)
    asked.question("ten_thon").locator("input").focus()
    assert "Thôn Bản Phủ không thể có 700 hộ. Xin xem lại." in asked.question("so_ho").inner_text()


def test_choices_stand_as_the_appearance_says(asked: Phone) -> None:
    asked.section("chon")
    rows = asked.question("chon/likert").locator("label.choice")
    assert len({box(row)["y"] for row in rows.all()}) == 1, "five answers of a scale stand on one line"
    columns = asked.question("chon/cot").locator("label.choice")
    assert len({box(row)["x"] for row in columns.all()}) == 2
    bare = asked.question("chon/khong_nut").locator("input").first
    assert bare.evaluate("one => getComputedStyle(one).opacity") == "0"
    menu = asked.question("chon/menu").locator("select")
    menu.select_option("dat")
    asked.saved()
    assert sorted(labels(asked.question("chon/tron"))) == sorted(labels(asked.question("chon/ban_do")))
    shuffled = labels(asked.question("chon/tron"))
    asked.section("bang")
    asked.section("chon")
    assert labels(asked.question("chon/tron")) == shuffled, "their order stays during an interview"
    assert asked.question("chon/menu").locator("select").input_value() == "dat"


def test_several_of_many_are_found_and_ticked(asked: Phone) -> None:
    asked.section("chon")
    question = asked.question("chon/cac_dan_toc")
    assert not question.locator("[data-part=searching]").is_visible()
    question.locator("[data-action=change]").click()
    for typed in ("mong", "thai"):
        question.locator("[data-action=search-choice]").fill(typed)
        question.locator("label.choice").first.click()
    question.locator("[data-action=change]").click()
    assert question.locator("[data-part=answer]").inner_text() == "Thái, Mông"


def test_thousands_of_choices_draw_only_what_is_seen(asked: Phone) -> None:
    asked.section("chon")
    question = asked.question("chon/cho")
    assert question.locator("label.choice").count() == 50
    assert "2.950" in question.locator("[data-part=more]").inner_text()
    question.locator("[data-action=search-choice]").fill("cho so 2999")
    question.locator("label.choice").click()
    assert question.locator("[data-part=answer]").inner_text() == "Chợ số 2999"


def test_one_tap_goes_on_and_there_is_a_way_back(asked: Phone) -> None:
    asked.section("chon")
    asked.question("chon/tinh").locator("label.choice").first.click()
    asked.until(AT, "chon/huyen")
    options = asked.question("chon/huyen").locator("option").all_inner_texts()
    assert options[1:] == ["Mường Ảng", "Tuần Giáo"], "the district follows the province"
    asked.question("chon/nhanh").locator("label.choice").nth(2).click()
    place(asked, "bang")
    asked.page.click("[data-action=quick-back]")
    place(asked, "chon")
    asked.until(AT, "chon/nhanh")
    assert asked.value("chon/nhanh") == "dat"


def test_a_table_names_its_answers_once(asked: Phone) -> None:
    asked.section("bang")
    head = asked.page.locator(".grid-head span")
    assert head.all_inner_texts() == ["Rất không hài lòng", "Không hài lòng", "Bình thường", "Hài lòng", "Rất hài lòng"]
    for question in asked.page.locator(".question").all():
        for cell, choice in zip(head.all(), question.locator("label.choice").all(), strict=True):
            assert abs(box(cell)["x"] - box(choice)["x"]) < 2
    asked.answer("bang/nuoc", "4")
    assert asked.value("bang/nuoc") == "4"
    # Somebody who does not see the line hears the answer's name.
    assert asked.page.get_by_role("radio", name="Hài lòng", exact=True).count() == 3


def test_pictures_and_sounds_come_along_without_network(asked: Phone, handed: Handed) -> None:
    handed.server.stop()
    asked.section("chon")
    pictures = asked.question("chon/hinh").locator("label.choice img")
    pictures.nth(1).wait_for()
    loaded = "() => [...document.querySelectorAll('label.choice img')].every(one => one.naturalWidth === 64)"
    asked.until(loaded)
    asked.section("anh")
    question = asked.question("anh")
    assert question.locator("[data-part=media] img").get_attribute("alt") == "Ảnh nhà văn hoá"
    question.locator("[data-action=play]").click()
    asked.until("() => document.querySelector('audio').played.length > 0")
    question.locator("[data-action=enlarge]").click()
    asked.until("() => document.querySelector('#dialog img')?.naturalWidth === 640")
    asked.page.click("#dialog button")
    assert not asked.page.locator("#dialog").is_visible()


@pytest.mark.further
def test_a_missing_picture_leaves_the_words(new_phone: Phone, server: Server) -> None:
    new_phone.context.route("**/api/v1/forms/*/*/files/*", lambda route: route.fulfill(body=b"something else"))
    new_phone.enrol()
    new_phone.begin("ho-0")
    new_phone.section("chon")
    assert labels(new_phone.question("chon/hinh")) == ["Nhà sàn", "Nhà đất"]
    assert new_phone.question("chon/hinh").locator("img").count() == 0, "what is not the file meant is not shown"
    new_phone.section("anh")
    expect(new_phone.question("anh")).to_contain_text("chưa có trên máy")


def test_lists_lie_in_lists_and_the_way_back_is_the_way_there(asked: Phone) -> None:
    asked.section("so_nhom")
    asked.answer("so_nhom", 2)
    asked.section("nhom")
    assert asked.page.locator("[data-action=instance]").count() == 2
    assert not asked.page.locator("[data-action=add]").is_visible(), "the form says how many there are"
    assert asked.page.locator("[data-part=counted]").is_visible()
    asked.page.locator("[data-action=instance]").nth(1).click()
    place(asked, "nhom[2]")
    assert not asked.page.locator("[data-action=remove]").is_visible()
    asked.page.click("[data-action=add]")
    place(asked, "nhom[2]/ho[1]")
    asked.answer("nhom[2]/ho[1]/ten_ho", "Lò Văn Một")
    asked.page.click("[data-action=add]")
    place(asked, "nhom[2]/ho[1]/ruong/thua[1]")
    asked.answer("nhom[2]/ho[1]/ruong/thua[1]/dien_tich", "360.5")
    asked.saved()
    asked.reload()
    place(asked, "nhom[2]/ho[1]/ruong/thua[1]")
    assert asked.value("nhom[2]/ho[1]/ruong/thua[1]/dien_tich") == "360,5"
    for around in ("nhom[2]/ho[1]", "nhom[2]", "nhom"):
        asked.page.click("[data-action=back]")
        place(asked, around)
    asked.page.click("[data-action=back]")
    asked.page.wait_for_selector("[data-screen=overview]")
    asked.section("nhom[2]/ho[1]")
    asked.page.click("[data-action=remove]")
    asked.page.click("#dialog [data-action=yes]")
    place(asked, "nhom[2]")
    assert asked.page.locator("[data-action=instance]").count() == 0


def test_the_language_changes_under_the_hand_and_stays(asked: Phone) -> None:
    asked.section("chon")
    question = asked.question("chon/likert")
    question.scroll_into_view_if_needed()
    question.locator("label.choice").nth(3).click()
    before = asked.page.evaluate("scrollY")
    asked.page.select_option("[data-action=form-language]", "en")
    assert "Satisfied with water?" in question.inner_text()
    assert labels(question)[3] == "Satisfied"
    assert asked.value("chon/likert") == "4"
    assert abs(asked.page.evaluate("scrollY") - before) < HEIGHT
    asked.page.select_option("[data-action=form-language]", "blt")
    assert "Xầu?" in question.inner_text()
    assert asked.page.inner_text("[data-action=overview]") == "Tất cả các mục", "the page keeps its own language"
    asked.saved()
    asked.reload()
    place(asked, "chon")
    assert "Xầu?" in question.inner_text()
    asked.page.select_option("[data-action=form-language]", "vi")  # the phone goes on to the next test


def test_the_check_list_goes_by_place_and_says_nothing_twice(asked: Phone) -> None:
    asked.section("so_nhom")
    asked.answer("so_nhom", 2)
    asked.saved()
    asked.check()
    groups = asked.page.locator("[data-part=errors-list] details")
    names = groups.locator("summary [data-part=name]").all_inner_texts()
    assert names == ["Tên thôn là gì?", "Thôn có đủ các thứ sau không?", "Nhãn và danh sách", "Nhóm hộ 1", "Nhóm hộ 2"]
    jump = asked.page.locator("[data-jump='dong/trong/y_kien']")
    assert "Xin ghi ý kiến, hoặc ghi “không”." in jump.inner_text()
    assert asked.page.locator("[data-jump='nhom[1]/ten_nhom']").inner_text().strip() == "Tên nhóm"
    jump.click()
    place(asked, "dong")
    asked.until(AT, "dong/trong/y_kien")


def test_a_form_that_decides_no_class_is_finished_under_its_own_name(asked: Phone) -> None:
    asked.section("ten_thon")
    asked.answer("ten_thon", "Bản Phủ")
    asked.section("bang")
    asked.answer("bang/nuoc", "4")
    asked.section("dong")
    asked.answer("dong/trong/y_kien", "không")
    asked.check()
    asked.page.click("[data-screen=check] .actions [data-action=result]")
    assert asked.page.inner_text(".verdict b") == "Đã xong"
    assert "Thôn Bản Phủ" in asked.page.inner_text(".verdict")
    asked.page.click("[data-action=finalise]")
    asked.page.click("#dialog [data-action=yes]")
    asked.page.wait_for_selector("[data-screen=sent][data-state=received]")
    assert asked.page.inner_text("[data-screen=sent] .verdict b") == "Đã xong"
    assert asked.page.inner_text("[data-screen=sent] h1") == "Thôn Bản Phủ"


def preview(page: Page, server: Server, address: str) -> None:
    page.goto(f"{server.address}/#/preview/{quote(address, safe='')}")
    page.wait_for_selector("html[data-ready='1']")


def test_a_preview_keeps_nothing(new_phone: Phone, server: Server) -> None:
    new_phone.page.goto(f"{server.address}/login")
    new_phone.page.fill("[name=username]", "supervisor")
    new_phone.page.fill("[name=password]", showcase.world.PASSWORD)
    new_phone.page.press("[name=password]", "Enter")
    new_phone.page.wait_for_url("**/desk/**")
    preview(new_phone.page, server, "/questionnaires/forms/khao_sat_thon/2026.1/preview.json")
    new_phone.page.wait_for_selector("[data-screen=overview]")
    assert "Xem thử – không lưu gì" in new_phone.page.inner_text("main")
    new_phone.page.locator("[data-action=section]").first.click()
    new_phone.answer("ten_thon", "Bản Phủ")
    new_phone.page.click("[data-action=next]")
    place(new_phone, "chon")
    new_phone.until("() => document.querySelector('label.choice img')?.naturalWidth === 64")
    new_phone.page.go_back()
    place(new_phone, "ten_thon")
    assert new_phone.value("ten_thon") == "Bản Phủ"
    kept = new_phone.page.evaluate("indexedDB.databases().then(all => all.map(one => one.name))")
    assert set(kept) <= {"so-ho"}, "no account's store was even made"
    new_phone.page.click("[data-action=restart]")
    new_phone.page.wait_for_selector("[data-screen=overview]")
    new_phone.page.locator("[data-action=section]").first.click()
    assert new_phone.value("ten_thon") == ""


@pytest.mark.further
def test_a_preview_reads_nothing_but_questionnaires(new_phone: Phone, server: Server) -> None:
    asked: list[str] = []
    new_phone.page.on("request", lambda request: asked.append(request.url))
    for address in (
        "//evil.example/x",
        "/questionnaires/../login",
        "/static/app/engine/record.js",
        "https://evil.example/",
    ):
        preview(new_phone.page, server, address)
        new_phone.page.wait_for_selector("[data-screen=welcome]")
        assert not any("evil" in one or one.endswith(("/login", "record.js?")) for one in asked), address
        new_phone.page.goto("about:blank")
