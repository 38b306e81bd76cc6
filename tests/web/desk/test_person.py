"""The persons of a household at the desk: who lives there, what became of them, and the page of each."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from sqlalchemy import select

from models import RosterRow
from survey.members import members_in
from survey.register.entries import import_household
from survey.register.event_log import code_in
from survey.register.persons import Person
from survey.review import person_acts
from survey.review.register_acts import known_of
from survey.terms import Action, HouseholdClass
from tests.pages import hidden, text_of
from tests.web.desk.field import CASES, Field
from tests.web.desk.test_household import SINCE, act, address, confirm, last, work
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, OTHER_VILLAGE, VILLAGE

__all__ = ["work"]


def members(work: Field, number: int = 0) -> list[Person]:
    work.session.rollback()
    return known_of(work.session, work.household(number)).people.members(work.households[number])


def page_of(work: Field, person: Person, number: int = 0) -> str:
    return f"{address(work, number)}/persons/{person.id}"


def told_of_next_year(work: Field, number: int = 0) -> list[str]:
    """The names with which the next interview begins."""
    work.session.rollback()
    return [one["ho_ten"] for one in members_in(work.household(number).current_answers)]


def test_a_household_shows_who_lives_there_and_each_has_a_page(work: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    household = browser.get(address(work))
    for one in members(work):
        assert page_of(work, one) in household.text
        told = text_of(browser.get(page_of(work, one)))
        for words in (one.name, "Đang ở trong hộ", "03757-01-001", "Rà soát định kỳ 2026", one.id):
            assert words in told, words
    head, *others = members(work)
    assert "Chủ hộ" in text_of(browser.get(page_of(work, head)))
    assert others


def test_a_death_is_shown_then_done_then_undone(work: Field, login_as: Any) -> None:
    browser, one = login_as("supervisor"), members(work)[-1]
    known, where = last(work).seq, address(work)
    shown = browser.post(where, data={"kind": "died", "person": one.id} | SINCE)
    assert (shown.status_code, last(work).seq) == (200, known)
    assert f"<h3>{one.name}</h3>" in shown.text
    assert "Trong hộ Đang ở trong hộ Đã mất" in text_of(shown)
    done = confirm(browser, where, shown)
    assert (done.status_code, done.location) == (303, where + "?done=died")
    event = last(work)
    assert (event.kind, event.person_id, event.household_id) == ("died", one.id, work.households[0])
    assert one.name not in told_of_next_year(work)
    told = text_of(browser.get(page_of(work, one)))
    assert "Đã mất" in told
    assert "“họp thôn”" in told
    assert "Người thử supervisor · Qua đời" in told  # who did what, from the log of acts
    undoing = f"{where}/undo/{event.seq}"
    assert confirm(browser, undoing, browser.post(undoing), "ghi nhầm").status_code == 303
    assert one in members(work)
    assert one.name in told_of_next_year(work)


def test_a_head_who_dies_leaves_a_head(work: Field, login_as: Any) -> None:
    browser, (head, heir, *_) = login_as("supervisor"), members(work)
    refused = browser.post(address(work), data={"kind": "died", "person": head.id} | SINCE)
    assert refused.status_code == 409
    assert "Xin cho biết từ ngày đó ai là chủ hộ." in text_of(refused)
    assert f'<option value="{heir.id}">' in browser.get(page_of(work, head)).text
    assert act(browser, work, "died", person=head.id, head=heir.id).status_code == 303
    assert work.household(0).head_name == heir.name
    assert [one.is_head for one in members(work) if one.id == heir.id] == [True]


def test_a_birth_a_marriage_and_a_correction_reach_the_next_interview(work: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    before = told_of_next_year(work)
    assert act(browser, work, "born", name="Lò Thị Mới", sex="nu", relation="con").status_code == 303
    born = next(one for one in members(work) if one.name == "Lò Thị Mới")
    assert [born.said[key] for key in ("nam_sinh", "thang_sinh", "ngay_sinh", "gioi_tinh")] == [2026, 11, 23, "nu"]
    assert act(browser, work, "married_in", name="Quàng Thị Dâu", relation="dau_re", year="2001").status_code == 303
    assert told_of_next_year(work) == [*before, "Lò Thị Mới", "Quàng Thị Dâu"]
    row = members_in(work.household(0).current_answers)[-1]
    assert (row["nam_sinh"], row["quan_he"]) == (2001, "dau_re")
    corrected = {"kind": "person", "person": born.id, "name": "Lò Thị Hoà", "number": "014 326 000 001"} | SINCE
    shown, known = browser.post(address(work), data=corrected), last(work).seq
    assert ("Đề nghị để người khác" in text_of(shown), "Ghi vào sổ" in text_of(shown)) == (True, False)
    alone = confirm(browser, address(work), shown)  # a number is the province's: nobody writes it alone
    assert (alone.status_code, last(work).seq) == (409, known)
    assert "Số định danh do tỉnh quyết định." in text_of(alone)
    asked = browser.post(address(work), data=hidden(shown) | {"reason": "xem thẻ", "ask": "1"})
    where = str(asked.location).partition("?")[0]
    died = browser.post(address(work), data={"kind": "died", "person": born.id} | SINCE)
    assert where in died.text  # what waits for the household stands on the page of what would be done
    province = login_as("province")
    data = hidden(province.get(where)) | {"verdict": "accepted", "reason": "đúng"}
    assert province.post(where, data=data).status_code == 303
    work.session.rollback()
    row = next(one for one in members_in(work.household(0).current_answers) if one["ho_ten"] == "Lò Thị Hoà")
    assert (row["cccd"], row["ma_nk"]) == ("014326000001", born.id)
    assert work.register(0).opening_answers is not None
    assert "Lò Thị Hoà" in [one["ho_ten"] for one in members_in(work.register(0).opening_answers)]


def test_somebody_goes_to_another_household(work: Field, login_as: Any) -> None:
    browser, one = login_as("supervisor"), members(work)[-1]
    assert act(browser, work, "transferred", person=one.id, other="03757-01-002", relation="chau").status_code == 303
    assert one.id not in {each.id for each in members(work)}
    [came] = [each for each in members(work, 1) if each.id == one.id]
    assert (came.said["quan_he"], came.household_id) == ("chau", work.households[1])
    assert one.name in told_of_next_year(work, 1)
    assert "Nay ở hộ khác" in text_of(browser.get(address(work)))
    told = text_of(browser.get(page_of(work, one)))
    assert "03757-01-001" in told
    assert "03757-01-002" in told
    assert "Chuyển sang hộ khác" in told


def test_who_went_at_a_split_or_came_with_a_merge_is_who_phones_ask_about(work: Field, login_as: Any) -> None:
    """Else a person is asked about, and counted, in two households."""
    browser = login_as("supervisor")
    _head, one, *_ = members(work, 1)

    def told(number: int) -> list[str]:
        return [person["ho_ten"] for person in members_in(work.register(number).opening_answers)]

    def lives(number: int) -> list[str]:
        return [person.name for person in members(work, number)]

    before, since = lives(1), work.register(1).change
    assert act(browser, work, "split", 1, member=one.id, head=one.name).status_code == 303
    assert told(1) == lives(1) == [name for name in before if name != one.name]
    assert work.register(1).change > since  # and they are told so
    theirs = lives(2)
    assert act(browser, work, "merge", 2, other="03757-01-002").status_code == 303
    assert told(1) == lives(1)
    assert len(told(1)) == len(before) - 1 + len(theirs)
    assert act(browser, work, "unmerge", 2).status_code == 303
    assert told(1) == lives(1) == [name for name in before if name != one.name]
    assert told(2) == lives(2) == theirs


def test_the_state_of_any_day_can_be_read(work: Field, login_as: Any) -> None:
    browser, one = login_as("supervisor"), members(work)[-1]
    act(browser, work, "left", person=one.id)
    now, then = browser.get(address(work)), browser.get(address(work) + "?as_of=2026-11-22")
    assert "Trước đây ở trong hộ" in text_of(now)
    assert "Tình trạng ngày 22/11/2026" in text_of(then)
    assert 'id="acts"' not in then.text  # nothing is written into the past by looking at it
    assert browser.get(address(work) + "?as_of=hôm-qua").status_code == 400
    assert browser.get(page_of(work, one) + "?as_of=2020-01-01").status_code == 404  # nobody knew them then
    assert "Đang ở trong hộ" in text_of(browser.get(page_of(work, members(work)[0]) + "?as_of=2026-11-23"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "died", "since": "2026-11-24"}, "Ngày này còn ở tương lai."),
        ({"kind": "died", "since": "1900-01-01"}, "Ngày đó"),
        ({"kind": "transferred", "other": "03757-01-001"}, "Không chuyển một người sang chính hộ đang ở."),
        ({"kind": "transferred"}, "Ngày đó hộ chưa có trong danh sách"),
        ({"kind": "transferred", "other": "khong-co"}, "Ngày đó hộ chưa có trong danh sách"),
        ({"kind": "person"}, "Chưa có nội dung nào để ghi."),
        ({"kind": "person", "number": "12345"}, "Số định danh có 12 chữ số."),
        ({"kind": "person", "year": "2027"}, "Ngày này trước ngày sinh"),
        ({"kind": "person", "day": "31", "month": "2", "year": "1990"}, "Ngày sinh này không có thật"),
        ({"kind": "person", "day": "31"}, "Ngày sinh này không có thật"),
        ({"kind": "person", "year": "năm"}, "Ngày sinh này không có thật"),
        ({"kind": "joined"}, "Người này đang là thành viên của một hộ."),
        ({"kind": "born"}, "Người này đã có trong sổ."),
        ({"kind": "born", "person": ""}, "Chưa có họ tên."),
        ({"kind": "born", "person": "", "name": "\u200b"}, "Chưa có họ tên."),
        ({"kind": "born", "person": "", "name": "Lò Thị Mới", "year": "2027"}, "Ngày này trước ngày sinh"),
        ({"kind": "identified", "same": "khong-co"}, "Ngày đó trong sổ chưa có ai mang mã này."),
    ],
    ids=str,
)
def test_bad_input_gets_a_sentence_with_the_next_step(
    work: Field, login_as: Any, given: dict[str, str], said: str
) -> None:
    one, known = members(work)[-1], last(work).seq
    answer = login_as("supervisor").post(address(work), data=SINCE | {"person": one.id} | given)
    assert answer.status_code == 409
    assert said in text_of(answer)
    assert last(work).seq == known


@pytest.mark.parametrize("given", [{"person": "khong-co"}, {"person": ""}, {"person": "a\0"}, {"sex": "x"}], ids=str)
def test_what_no_form_of_ours_sends_is_refused(work: Field, login_as: Any, given: dict[str, str]) -> None:
    person = {"person": members(work)[-1].id}
    answer = login_as("supervisor").post(address(work), data={"kind": "died"} | SINCE | person | given)
    assert answer.status_code in (400, 404)


def test_the_last_who_is_there_does_not_just_go(work: Field, login_as: Any) -> None:
    browser, (head, *others) = login_as("supervisor"), members(work)
    for one in others:
        act(browser, work, "left", person=one.id)
    refused = browser.post(address(work), data={"kind": "died", "person": head.id} | SINCE)
    assert refused.status_code == 409
    assert "Trong hộ sẽ không còn ai." in text_of(refused)


def test_the_province_transfers_across_communes_both_halves_or_none(work: Field, login_as: Any) -> None:
    province, supervisor = login_as("province"), login_as("supervisor")
    assert act(province, work, "move", 1, village=OTHER_VILLAGE).status_code == 303
    one = members(work)[-1]
    wish = {"kind": "transferred", "person": one.id, "commune": OTHER_COMMUNE, "other": "03664-01-001"} | SINCE
    shown = supervisor.post(address(work), data=wish)  # the commune may ask for it, not write it down
    assert ("Đề nghị để người khác" in text_of(shown), "Ghi vào sổ" in text_of(shown)) == (True, False)
    assert confirm(supervisor, address(work), shown).status_code == 409
    assert province.post(address(work), data=wish | {"commune": "11001"}).status_code == 409
    assert province.post(address(work), data={"kind": "died", "person": one.id} | SINCE).status_code == 403
    done = confirm(province, address(work), province.post(address(work), data=wish))
    assert done.status_code == 303
    here, there = last(work), last(work, OTHER_COMMUNE)
    assert (here.act, here.kind, there.kind, there.person_id) == (there.act, "transferred", "joined", one.id)
    assert one.id not in {each.id for each in members(work)}
    elsewhere = login_as("supervisor-other").get(address(work, 1, OTHER_COMMUNE))
    assert one.name in text_of(elsewhere)
    undoing = f"{address(work)}/undo/{here.seq}"
    assert supervisor.post(undoing).status_code == 409
    assert confirm(province, undoing, province.post(undoing)).status_code == 303
    assert one.id in {each.id for each in members(work)}
    assert last(work, OTHER_COMMUNE).kind == "void"


def test_who_is_in_doubt_is_shown_and_a_person_says_who_it_is(work: Field, login_as: Any) -> None:
    one = members(work)[-1]
    other = copy.deepcopy(work.entry(0, CASES[0]))
    row = next(each for each in other["answers"]["thanh_vien"] if each["ho_ten"] == one.name)
    row["nam_sinh"] -= 1
    row.pop("cccd", None)
    row["ma_nk"] = "may-khac"
    other["replaces"] = work.sent[0]
    work.decide(work.sent[0], Action.REOPEN)
    work.decide(work.sent[0], Action.RETURN)
    work.send(other)
    work.decide(other["id"], Action.ACCEPT)
    doubtful = [each for each in members(work) if each.id == "may-khac"]
    assert [(each.id, each.doubts) for each in doubtful] == [("may-khac", (one.id,))]
    browser = login_as("supervisor")
    assert "Cần xác định là ai" in text_of(browser.get(address(work)))
    page = browser.get(page_of(work, doubtful[0])).text
    assert f'name="same" value="{one.id}"' in page
    kept = work.session.scalars(select(RosterRow.person_id).where(RosterRow.doubts != "[]")).all()
    assert "may-khac" in kept
    given = {"person": "may-khac", "same": one.id, "since": "2026-11-23"}
    assert act(browser, work, "identified", **given).status_code == 303
    assert [each.id for each in members(work)][-1] == one.id
    assert "Đây là cùng một người với" in text_of(browser.get(page_of(work, doubtful[0])))
    assert told_of_next_year(work).count(one.name) == 1


def test_others_see_nothing_of_it(work: Field, login_as: Any) -> None:
    where = page_of(work, members(work)[0])
    for name, status in (("enumerator", 403), ("supervisor-other", 404), ("province-other", 404), ("admin", 200)):
        assert login_as(name).get(where).status_code == status, name
    assert login_as("supervisor").get(f"{address(work)}/persons/khong-co").status_code == 404
    assert login_as("supervisor").get(f"/desk/{COMMUNE}/households/khong-co/persons/x").status_code == 404


@pytest.mark.parametrize("code", ["a/b", "..", "014188000001", "máy", "-x", "x" * 65, " x"])
def test_a_phone_chooses_no_code_that_is_none(code: str) -> None:
    assert code_in({"ma_nk": code}) == ""
    assert code_in({"ma_nk": "014188000001-1"}) == "014188000001-1"


def test_the_page_of_a_person_tells_nothing_of_an_account_of_that_id(work: Field, login_as: Any) -> None:
    other = work.account("supervisor-other")
    browser, answers = login_as("supervisor"), copy.deepcopy(work.entry(0, CASES[0])["answers"])
    login_as("supervisor-other")  # which is an act of that account
    answers["thanh_vien"][0]["ma_nk"] = other.id
    import_household(
        work.session, commune_id=COMMUNE, household_id="s-1", village_id=VILLAGE, head_name="Lò Xa", now=NOW,
        base_class=HouseholdClass.POOR, base_answers=answers,
    )  # fmt: skip
    work.session.commit()
    page = browser.get(f"/desk/{COMMUNE}/households/s-1/persons/{other.id}")
    assert page.status_code == 200
    assert other.display_name not in text_of(page)


def test_kin_and_sex_have_words_whatever_the_questionnaire_says(
    work: Field, login_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("survey.register.importing.questionnaire", lambda *_: None)
    page = login_as("supervisor").get(page_of(work, members(work)[-1])).text
    assert '<option value="vo_chong">Vợ hoặc chồng</option>' in page
    assert '<option value="nu">Nữ</option>' in page
    assert {*person_acts.SEXES, *person_acts.RELATIONS} <= set(person_acts.WORDS)
