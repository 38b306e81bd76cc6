"""A household's page at the desk: its story, and what its commune writes down, shown before it is done."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from html import unescape
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from models import Assessment, Deprivation, Household, RegisterEntry, RegisterEvent, Round
from survey.review import household_story, register_acts
from survey.terms import Action, HouseholdClass, Indicator
from tests.pages import hidden, text_of
from tests.web.desk.field import CASES, Field
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, OTHER_VILLAGE, VILLAGE, VILLAGE_2

SINCE = {"since": "2026-11-23"}


@pytest.fixture
def work(field: Callable[..., Field]) -> Field:
    """Three households, one of them asked and accepted."""
    return field(3, done=one_accepted)


def one_accepted(work: Field) -> None:
    work.send(work.entry(0, CASES[0]))
    work.decide(work.sent[0], Action.ACCEPT)


def address(work: Field, number: int = 0, commune_id: str = COMMUNE) -> str:
    return f"/desk/{commune_id}/households/{work.households[number]}"


def confirm(browser: Any, where: str, shown: Any, reason: str = "họp thôn") -> Any:
    assert shown.status_code == 200, text_of(shown)
    return browser.post(where, data=hidden(shown) | {"reason": reason})


def act(browser: Any, work: Field, kind: str, number: int = 0, **given: str) -> Any:
    """Look at what would happen, then do it."""
    where = address(work, number)
    done = confirm(browser, where, browser.post(where, data={"kind": kind} | SINCE | given))
    work.session.rollback()
    return done


def last(work: Field, commune_id: str = COMMUNE) -> RegisterEvent:
    work.session.rollback()
    query = select(RegisterEvent).where(RegisterEvent.commune_id == commune_id).order_by(RegisterEvent.seq.desc())
    return work.session.scalars(query.limit(1)).one()


def test_the_page_tells_the_whole_story(work: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    told = text_of(browser.get(address(work)))
    for words in ("03757-01-001", "Lò Văn Đông", "Đang có trong danh sách", "Rà soát định kỳ 2026", "15/10/2026",
                  "Ghi vào danh sách", "có hiệu lực từ 23/11/2026", "Bản Nà Ca"):  # fmt: skip
        assert words in told, words
    assert f"/desk/{COMMUNE}/records/{work.submission(work.sent[0]).id}" in browser.get(address(work)).text
    listed = browser.get(f"/desk/households?commune_id={COMMUNE}").text
    listed = listed if address(work) in listed else browser.get(f"/desk/{COMMUNE}/households").text
    assert address(work) in listed
    assert address(work) in browser.get(f"/desk/{COMMUNE}/records/{work.submission(work.sent[0]).id}").text
    assert address(work, 2) in browser.post(f"/desk/{COMMUNE}/search", data={"wanted": "Lò Văn Đông 3"}).text


def column(page: str, number: int) -> dict[str, str]:
    """What the table over the rounds says of one of them, by the words of its rows."""
    table = page[page.index('<table class="figures-table years">') :]
    rows = re.findall(r"<tr>(.*?)</tr>", table[: table.index("</table>")], re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    said = [[" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in row] for row in cells]
    return {row[0]: row[number] for row in said}


def earlier_round(work: Field, year: int, opening_class: str | None) -> None:
    """A closed round of a year before, in which the first household was on the list and nobody asked it."""
    now = work.session.get_one(Round, work.round_id)
    same = {name: getattr(now, name) for name in ("kind", "standard", "b1_method", "form_id", "form_version")}
    days = {"opens_on": date(year, 9, 1), "closes_on": date(year, 12, 14)}
    work.session.add(Round(id=f"r{year}", year=year, title=f"Rà soát {year}", state="closed", **same, **days))
    work.session.flush()
    of = {"commune_id": COMMUNE, "household_id": work.households[0], "village_id": VILLAGE}
    work.session.add(RegisterEntry(round_id=f"r{year}", state="to_visit", opening_class=opening_class, change=1, **of))
    work.session.commit()


@pytest.mark.miscounts
def test_class_points_and_indicators_stand_by_round(work: Field, login_as: Any) -> None:
    earlier_round(work, 2025, "ho_ngheo")
    lacking = work.session.scalars(select(Deprivation).where(Deprivation.deprived)).all()
    [unknown, *_] = work.session.scalars(select(Deprivation).where(~Deprivation.deprived)).all()
    work.session.delete(unknown)
    work.session.commit()
    page, case = login_as("supervisor").get(address(work)).text, CASES[0]
    now, before = column(page, 1), column(page, 2)
    assert list(now.items())[:6] == [
        ("Đợt rà soát", "Rà soát định kỳ 2026"), ("Trạng thái", "Đã duyệt phiếu"),
        ("Phân loại đầu đợt", HouseholdClass.POOR.vi), ("Kết quả rà soát", HouseholdClass(case.household_class).vi),
        ("Điểm B1", str(case.b1).removesuffix(".0")), ("Điểm B2", str(case.b2).removesuffix(".0")),
    ]  # fmt: skip
    said = {one.vi: "thiếu hụt" if deprived else "không thiếu hụt"
            for one, deprived in zip(Indicator, case.deprived, strict=True)}  # fmt: skip
    assert {one.vi: now[one.vi] for one in Indicator} == said | {Indicator(unknown.indicator).vi: "(chưa rõ)"}
    assert sum(said == "thiếu hụt" for said in now.values()) == len(lacking) > 0
    assert before["Phân loại đầu đợt"] == HouseholdClass.POOR.vi
    assert before["Đợt rà soát"] == "Rà soát 2025"
    assert {before[one.vi] for one in Indicator} == {before["Điểm B1"], before["Điểm B2"]} == {"–"}
    assert "minh hoạ" not in page


def test_an_interview_that_waits_has_a_class_and_no_points_yet(work: Field, login_as: Any) -> None:
    work.send(work.entry(1, CASES[1]))
    now = column(login_as("supervisor").get(address(work, 1)).text, 1)
    assert now["Kết quả rà soát"] == HouseholdClass(CASES[1].household_class).vi
    assert (now["Điểm B1"], now[Indicator.WATER.vi]) == ("–", "–")


@pytest.mark.miscounts
def test_illustrative_points_are_marked_as_such(field: Callable[..., Field], login_as: Any) -> None:
    work = field(1, done=one_accepted)
    of_interview = work.session.scalars(select(Assessment)).one()
    of_interview.illustrative = True
    work.session.commit()
    page = login_as("supervisor").get(address(work))
    assert column(page.text, 1)["Điểm B1"].endswith(" minh hoạ")
    assert "chưa phải kết quả chính thức" in text_of(page)


def statements_of(session: Session, doing: Callable[[], object]) -> list[str]:
    """What is said to the database meanwhile."""
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        said.append(statement)

    session.expire_all()
    event.listen(session.get_bind(), "before_cursor_execute", hear)
    try:
        doing()
    finally:
        event.remove(session.get_bind(), "before_cursor_execute", hear)
    return said


@pytest.mark.miscounts
def test_points_and_indicators_cost_one_query_however_many_the_rounds_are(work: Field) -> None:
    def told() -> object:
        return household_story.story(work.session, COMMUNE, work.households[0])

    once = statements_of(work.session, told)
    assert sum("FROM deprivation" in said for said in once) == 1
    for year in (2023, 2024, 2025):
        earlier_round(work, year, None)
    work.session.expunge_all()
    assert len(statements_of(work.session, told)) == len(once)


def done_by(browser: Any, where: str) -> list[str]:
    """Who did what, as the page lists it, without the time."""
    page = browser.get(where).text
    listed = re.findall(r"<li>(.*?)</li>", page[page.index('id="hands"') :].split("</section>")[0], re.DOTALL)
    said = [" ".join(unescape(re.sub(r"<[^>]+>", " ", one)).split()) for one in listed]
    assert all(re.match(r"\d\d:\d\d \d\d/\d\d/2026 ", one) for one in said), said
    return [one[len("09:00 23/11/2026 ") :] for one in said]


def test_the_page_says_who_interviewed_reviewed_and_changed_it(work: Field, login_as: Any) -> None:
    browser, where = login_as("supervisor"), address(work)
    asked, accepted = "Người thử enumerator – Phỏng vấn hộ", "Người thử supervisor – Phiếu: Duyệt"
    entered = "tại máy chủ – Danh sách hộ: Ghi vào danh sách"
    assert sorted(done_by(browser, where)) == sorted([accepted, asked, entered])
    assert act(browser, work, "correct", head="Lò Văn Hoà").status_code == 303
    work.decide(work.sent[0], Action.REOPEN, comments=[{"path": None, "text": "xem lại"}])
    found = done_by(browser, where)
    assert sorted(found) == sorted([
        accepted, asked, entered,
        "Người thử supervisor – Danh sách hộ: Sửa thông tin", "Người thử supervisor – Phiếu: Mở lại",
    ])  # fmt: skip
    assert "Ai chỉ xem trang này thì không được ghi lại." in text_of(browser.get(where))
    assert done_by(browser, address(work, 2)) == [entered]  # nothing of another household


def test_an_act_is_shown_then_done_then_undone(work: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    known = last(work).seq
    shown = browser.post(address(work, 1), data={"kind": "correct", "head": "Lò Văn Hoà"} | SINCE)
    assert (shown.status_code, last(work).seq) == (200, known)
    assert "Chủ hộ Lò Văn Đông 2 Lò Văn Hoà" in text_of(shown)
    assert "ở lại danh sách" in text_of(shown)
    nothing_said = browser.post(address(work, 1), data=hidden(shown) | {"reason": "  "})
    assert (nothing_said.status_code, last(work).seq) == (422, known)
    assert "Cần ghi lý do." in text_of(nothing_said)
    done = confirm(browser, address(work, 1), nothing_said.status_code and shown)
    assert (done.status_code, done.location) == (303, address(work, 1) + "?done=correct")
    event = last(work)
    assert (event.kind, event.reason, event.payload) == ("correct", "họp thôn", {"head": "Lò Văn Hoà"})
    assert event.account_id == work.account("supervisor").id
    assert work.household(1).head_name == "Lò Văn Hoà"
    story = text_of(browser.get(done.location))
    assert "Đã ghi. Có thể hoàn tác ở dưới." in story
    assert "Người thử supervisor" in story
    assert "“họp thôn”" in story
    where = f"{address(work, 1)}/undo/{event.seq}"
    shown = browser.post(where)
    assert "Hoàn tác “Sửa thông tin”" in text_of(shown)
    done = confirm(browser, where, shown, "ghi nhầm hộ")
    assert done.status_code == 303
    assert last(work).kind == "void"
    assert work.household(1).head_name == "Lò Văn Đông 2"
    assert "đã hoàn tác ở số" in text_of(browser.get(done.location))
    again = browser.post(where)
    assert again.status_code == 409
    assert "Việc này đã được hoàn tác." in text_of(again)


def test_what_was_withdrawn_has_the_way_back_on_its_page(work: Field, login_as: Any) -> None:
    browser, where = login_as("supervisor"), address(work, 1)
    entered = select(RegisterEvent.seq).filter_by(kind="enter", household_id=work.households[1])
    number = f"{where}/undo/{work.session.scalars(entered).one()}"
    assert confirm(browser, number, browser.post(number)).status_code == 303
    assert 'name="kind" value="restore"' in browser.get(where).text
    assert act(browser, work, "restore", 1).status_code == 303
    assert work.household(1).state == "present"
    assert 'name="kind" value="restore"' not in browser.get(where).text


def test_a_merge_shows_what_rests_on_it_and_ends(work: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    shown = browser.post(address(work), data={"kind": "merge", "other": "03757-01-002"} | SINCE)
    told = text_of(shown)
    assert "Đã gộp vào hộ khác" in told
    assert "Hộ kia – 03757-01-002" in told
    assert "ra khỏi danh sách, các máy sẽ được báo" in told
    assert "15/10/2026 Đã duyệt phiếu" in told
    assert confirm(browser, address(work), shown).status_code == 303
    work.session.rollback()
    assert work.session.get(RegisterEntry, (COMMUNE, work.round_id, work.households[0])) is None
    assert "Mã hộ này nay chỉ hộ khác: 03757-01-002" in text_of(browser.get(address(work)))
    over_the_rounds = column(browser.get(address(work)).text, 1)  # what was found stays to be read
    assert over_the_rounds["Trạng thái"] == "không còn trong danh sách đợt này"
    assert over_the_rounds["Điểm B1"] != "–"
    assert "03757-01-001" in text_of(browser.get(address(work, 1)))
    circle = browser.post(address(work, 1), data={"kind": "merge", "other": "03757-01-001"} | SINCE)
    assert circle.status_code == 409
    assert "Chính hộ kia đã gộp vào hộ này." in text_of(circle)
    found = browser.post(f"/desk/{COMMUNE}/search", data={"wanted": "03757-01-001"})
    assert "Đã gộp vào hộ khác" in text_of(found)
    assert act(browser, work, "unmerge").status_code == 303
    assert work.register(0).state == "accepted"


def test_a_split_takes_along_who_is_ticked(work: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    lived = register_acts.known_of(work.session, work.household(0)).people.members(work.households[0])
    members = [one.name for one in lived]
    page = browser.get(address(work)).text
    assert [name for name in members if f'name="member" value="{name}"' in page] == members[1:]
    assert act(browser, work, "split", member=members[1], address="Số 9").status_code == 303
    new = work.session.get_one(Household, (COMMUNE, last(work).other_id))
    assert (new.code, new.head_name) == ("03757-01-004", members[1])
    assert "Tách từ hộ: 03757-01-001" in text_of(browser.get(f"/desk/{COMMUNE}/households/{new.id}"))
    shown = browser.post(f"{address(work)}/undo/{last(work).seq}")
    assert "Đã huỷ việc ghi vào danh sách" in text_of(shown) or "03757-01-004" in text_of(shown)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "merge", "other": "03757-01-001"}, "Không gộp một hộ với chính hộ đó"),
        ({"kind": "merge", "other": "03664-01-001"}, "Cần chuyển hộ 03664-01-001 về xã, phường này trước"),
        ({"kind": "duplicate", "other": "03664-01-001"}, "trên trang của hộ 03757-01-001"),
        ({"kind": "merge", "other": "khong-co"}, "Ngày đó hộ chưa có trong danh sách"),
        ({"kind": "correct"}, "Chưa có nội dung nào để ghi."),
        ({"kind": "correct", "head": "Lò Văn Hoà", "since": "2026-11-24"}, "Ngày này còn ở tương lai."),
        ({"kind": "correct", "head": "Lò Văn Hoà", "since": "2026-11-20"}, "Ngày đó hộ chưa có trong danh sách"),
        ({"kind": "correct", "village": "x"}, "Xã, phường này không có thôn, bản đó."),
        ({"kind": "move", "village": OTHER_VILLAGE}, "là việc của tỉnh"),
        ({"kind": "split"}, "Chưa có ai sang hộ mới."),
        ({"kind": "unmerge"}, "Ngày đó hai hộ này không gộp với nhau."),
        ({"kind": "restore"}, "không cần đưa lại"),
        ({"kind": "enter"}, "Không làm được"),
        ({"kind": "vanish"}, ""),
        ({"kind": "correct", "since": "hôm nay"}, ""),
        ({"kind": "correct", "household_class": "giau"}, ""),
        ({}, ""),
    ],
    ids=str,
)
def test_bad_input_gets_a_sentence_with_the_next_step(
    work: Field, login_as: Any, given: dict[str, str], said: str
) -> None:
    known = last(work).seq
    answer = login_as("supervisor").post(address(work), data=SINCE | given)
    assert answer.status_code in (400, 409)
    assert said in text_of(answer) or given.get("kind") == "enter"
    assert last(work).seq == known


@pytest.mark.parametrize(
    "given",
    [{"kind": "merge", "other": "03757\0"}, {"kind": "move", "village": "03757\0"}],
    ids=lambda one: one["kind"],
)
def test_a_character_that_cannot_be_looked_up_is_refused(work: Field, login_as: Any, given: dict[str, str]) -> None:
    assert login_as("supervisor").post(address(work), data=SINCE | given).status_code == 400


def test_what_changed_meanwhile_is_shown_again_and_not_done(work: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    shown = browser.post(address(work, 1), data={"kind": "test"} | SINCE)
    act(login_as("supervisor-2"), work, "correct", 1, head="Lò Văn Hoà")
    known = last(work).seq
    assert confirm(browser, address(work, 1), shown).status_code == 409
    assert last(work).seq == known


def test_what_something_newer_needs_is_listed_with_a_way_to_it(work: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    act(browser, work, "died_out", 1)
    died = last(work).seq
    act(browser, work, "restore", 1)
    refused = browser.post(f"{address(work, 1)}/undo/{died}")
    assert refused.status_code == 409
    assert "Đưa lại vào danh sách, số" in text_of(refused)
    assert browser.post(f"{address(work, 1)}/undo/{died + 50}").status_code == 404
    assert browser.post(f"{address(work)}/undo/{died}").status_code == 404  # another household's
    assert browser.post(f"{address(work)}/undo/99999999999").status_code == 404


def test_the_province_reads_and_moves_across_communes(work: Field, login_as: Any) -> None:
    browser, supervisor = login_as("province"), login_as("supervisor")
    page = browser.get(address(work, 1)).text
    assert "Sửa chỗ ghi sai" not in unescape(page)
    assert browser.post(address(work, 1), data={"kind": "test"} | SINCE).status_code == 403
    assert browser.post(address(work, 1), data={"kind": "move", "village": VILLAGE_2} | SINCE).status_code == 403
    elsewhere = browser.post(address(work, 1), data={"kind": "move", "village": "11001-01"} | SINCE)
    assert elsewhere.status_code in (403, 409)
    shown = browser.post(address(work, 1), data={"kind": "move", "village": OTHER_VILLAGE} | SINCE)
    assert "Đã chuyển sang xã, phường khác" in text_of(shown)
    assert confirm(browser, address(work, 1), shown).status_code == 303
    moved = last(work)
    there = address(work, 1, OTHER_COMMUNE)
    assert "03664-01-001" in text_of(login_as("supervisor-other").get(there))
    assert supervisor.post(f"{address(work, 1)}/undo/{moved.seq}").status_code == 409  # not the commune's
    shown = browser.post(f"{there}/undo/{last(work, OTHER_COMMUNE).seq}")
    assert confirm(browser, f"{there}/undo/{last(work, OTHER_COMMUNE).seq}", shown).status_code == 303
    work.session.rollback()
    assert work.household(1).state == "present"


def test_the_province_merges_across_communes_in_one_act(work: Field, login_as: Any) -> None:
    browser, there = login_as("province"), {"commune": OTHER_COMMUNE, "other": "03664-01-001"}
    away = {"kind": "move", "village": OTHER_VILLAGE} | SINCE
    assert confirm(browser, address(work, 2), browser.post(address(work, 2), data=away)).status_code == 303
    assert "Gộp vào hộ của xã, phường khác" in text_of(browser.get(address(work, 1)))
    merging = {"kind": "merge"} | there | SINCE
    assert browser.post(address(work, 1), data=merging | {"other": "03664-01-099"}).status_code == 409
    assert browser.post(address(work, 1), data=merging | {"commune": "11001"}).status_code == 409
    shown = browser.post(address(work, 1), data=merging)
    for said in ("Đã chuyển sang xã, phường khác", "03664-01-001"):
        assert said in text_of(shown), said
    assert confirm(browser, address(work, 1), shown).status_code == 303
    work.session.rollback()
    came = work.session.get_one(Household, (OTHER_COMMUNE, work.household(1).id))
    assert (work.household(1).state, came.state, came.same_as) == ("moved", "merged", work.household(2).id)
    supervisor = login_as("supervisor")
    shown = supervisor.post(address(work), data=merging)  # who may not write it may ask for it
    written = confirm(supervisor, address(work), shown)
    assert written.status_code == 409
    asked = supervisor.post(address(work), data=hidden(shown) | {"reason": "cùng một nhà", "ask": "1"})
    assert asked.status_code == 303
    where = asked.location.partition("?")[0]
    page = browser.get(where)
    assert "03664-01-001" in text_of(page)
    assert browser.post(where, data=hidden(page) | {"verdict": "accepted", "reason": ""}).status_code == 303
    work.session.rollback()
    assert work.household(0).state == "moved"


def test_others_see_nothing_of_it(work: Field, login_as: Any) -> None:
    for name, status in (("enumerator", 403), ("supervisor-other", 404), ("province-other", 404), ("admin", 200)):
        assert login_as(name).get(address(work)).status_code == status, name
    for name, status in (("enumerator", 403), ("supervisor-other", 404), ("province-other", 404), ("admin", 403)):
        assert login_as(name).post(address(work), data={"kind": "test"} | SINCE).status_code == status, name
    browser = login_as("supervisor")
    assert browser.get(f"/desk/{COMMUNE}/households/khong-co").status_code == 404
    assert browser.post(f"/desk/{COMMUNE}/households/khong-co", data={"kind": "test"} | SINCE).status_code == 404


def test_a_household_without_a_class_answers_or_a_round_has_a_page_too(work: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    act(browser, work, "test", 2)
    told = text_of(browser.get(address(work, 2)))
    assert "Hộ thử" in told
    assert "Đưa hộ lại vào danh sách" in told
    assert NOW.strftime("%d/%m/%Y") in told
