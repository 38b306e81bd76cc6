"""Persons who may stand in two households: both sides are shown, a person decides and is not asked again."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Alike, AlikeVerdict, AuditEvent, Household, Job
from survey.problems import Problem
from survey.register import duplicates
from survey.register.entries import import_household
from survey.terms import HouseholdState, LikenessVerdict
from tests import world
from tests.register.alike_people import commune
from tests.working import led, work
from tests.world import COMMUNE, OTHER_COMMUNE, OTHER_VILLAGE, VILLAGE, VILLAGE_2

HOA = {
    "ho_ten": "Lò Văn Hoà",
    "gioi_tinh": "nam",
    "nam_sinh": 1970,
    "thang_sinh": 4,
    "ngay_sinh": 7,
    "cccd": "014070123456",
}
POM = {"ho_ten": "Quàng Thị Pỏm", "gioi_tinh": "nu", "nam_sinh": 1972}
AGAIN = HOA | {"ho_ten": "LÒ VĂN HÒA", "cccd": "014070123465"}
OTHER = {"ho_ten": "Giàng A Súa", "gioi_tinh": "nam", "nam_sinh": 1961}


def enter(session: Session, household_id: str, *people: dict[str, Any], village: str = VILLAGE) -> None:
    import_household(
        session,
        commune_id=village[:5],
        household_id=household_id,
        village_id=village,
        head_name=people[0]["ho_ten"],
        now=world.NOW,
        base_answers={"thanh_vien": [deepcopy(one) for one in people]},
    )


@pytest.fixture
def listed(session: Session) -> Session:
    """A crowd, and a man who stands in two of its villages, once with his wife."""
    crowd: dict[str, list[dict[str, Any]]] = {}
    for one in commune(60, 0, 3).people:
        born = {"nam_sinh": one.year} | ({"thang_sinh": one.month, "ngay_sinh": one.day} if one.day else {})
        crowd.setdefault(one.household, []).append(
            {"ho_ten": one.name, "gioi_tinh": one.sex, "cccd": one.number} | born
        )
    for household, people in crowd.items():
        enter(session, household, *people, village=VILLAGE_2)
    enter(session, "ho-a", HOA, POM)
    enter(session, "ho-b", OTHER, AGAIN, village=VILLAGE_2)
    session.commit()
    return session


def searched(session: Session, *communes: str) -> list[duplicates.Question]:
    duplicates.keep(session, duplicates.search(session, communes or (COMMUNE,), world.NOW))
    session.commit()
    return duplicates.questions(session, communes or (COMMUNE,), across=len(communes) > 1)


def say(session: Session, question: duplicates.Question, verdict: LikenessVerdict, **more: Any) -> None:
    given = {"compared": question.alike.compared} | more
    duplicates.say(session, question, verdict, world.NOW, None, **given)
    session.commit()


def test_a_person_in_two_households_is_asked_about_and_nobody_else(listed: Session) -> None:
    [question] = searched(listed)
    assert (question.one.id, question.other.id, question.is_open) == ("ho-a", "ho-b", True)
    [(ours, theirs, kinds)] = question.persons
    assert (ours.name, theirs.name) == ("Lò Văn Hoà", "LÒ VĂN HÒA")
    assert set(kinds) == {"name", "birthday", "number_near"}


def test_what_was_decided_is_not_asked_again_until_what_was_compared_changes(listed: Session) -> None:
    [question] = searched(listed)
    say(listed, question, LikenessVerdict.TWO, reason="cha và con")
    [question] = searched(listed)
    assert not question.is_open
    household = listed.get_one(Household, (COMMUNE, "ho-b"))
    household.current_answers = {"thanh_vien": [OTHER, AGAIN | {"ho_ten": "Lò  văn Hoà"}]}  # spelt otherwise: the same
    [question] = searched(listed)
    assert not question.is_open
    household.current_answers = {"thanh_vien": [OTHER, AGAIN | {"cccd": HOA["cccd"]}]}
    [question] = searched(listed)
    assert question.is_open
    assert question.was_said_of_other_values


def test_a_decision_is_taken_back_by_another_and_all_of_them_stay(listed: Session) -> None:
    [question] = searched(listed)
    for verdict in (LikenessVerdict.ONE, LikenessVerdict.ASKED_AGAIN, LikenessVerdict.TWO):
        say(listed, question, verdict)
        [question] = duplicates.questions(listed, (COMMUNE,))
        assert question.is_open == (verdict is LikenessVerdict.ASKED_AGAIN)
    rows = listed.scalars(select(AlikeVerdict).order_by(AlikeVerdict.seq))
    assert [row.verdict for row in rows] == ["one", "asked_again", "two"]


def test_of_three_two_pairs_cannot_be_one_and_the_third_not(listed: Session) -> None:
    enter(listed, "ho-c", HOA | {"cccd": ""}, village=VILLAGE_2)
    by_pair = {(one.one.id, one.other.id): one for one in searched(listed)}
    assert set(by_pair) == {("ho-a", "ho-b"), ("ho-a", "ho-c"), ("ho-b", "ho-c")}
    say(listed, by_pair["ho-a", "ho-b"], LikenessVerdict.ONE)
    say(listed, by_pair["ho-b", "ho-c"], LikenessVerdict.ONE)
    with pytest.raises(Problem, match="likeness_contradicts"):
        say(listed, by_pair["ho-a", "ho-c"], LikenessVerdict.TWO)
    say(listed, by_pair["ho-a", "ho-c"], LikenessVerdict.ONE)


def test_who_saw_other_values_decides_nothing(listed: Session) -> None:
    [question] = searched(listed)
    with pytest.raises(Problem, match="conflict"):
        say(listed, question, LikenessVerdict.ONE, compared="0" * 64)
    assert listed.scalars(select(AlikeVerdict)).all() == []


def test_what_changed_since_the_search_is_not_decided_by_what_was_shown_then(listed: Session, login_as: Any) -> None:
    """The same values at other places of the list: the page would show other people under the old words."""
    [question] = searched(listed)
    listed.get_one(Household, (COMMUNE, "ho-b")).current_answers = {"thanh_vien": [AGAIN, OTHER]}
    listed.commit()
    with pytest.raises(Problem, match="conflict"):
        say(listed, question, LikenessVerdict.ONE)
    listed.rollback()
    page = login_as("supervisor").get(f"/desk/{COMMUNE}/duplicates").text
    assert "Hãy tìm lại trước khi quyết định" in page
    assert 'value="one"' not in page
    [question] = searched(listed)
    say(listed, question, LikenessVerdict.ONE)


def test_a_pair_whose_household_moved_is_searched_and_decided_where_it_lives_now(listed: Session) -> None:
    enter(listed, "ho-x", HOA, POM, village=OTHER_VILLAGE)
    [across] = [one for one in searched(listed, COMMUNE, OTHER_COMMUNE) if one.one.id == "ho-a"]
    say(listed, across, LikenessVerdict.TWO)
    listed.get_one(Household, (OTHER_COMMUNE, "ho-x")).state = HouseholdState.MOVED.value
    enter(listed, "ho-x", HOA, POM)
    [here] = [one for one in searched(listed) if (one.one.id, one.other.id) == ("ho-a", "ho-x")]
    assert here.said is not None
    assert not here.is_open
    say(listed, here, LikenessVerdict.ONE)
    rows = listed.scalars(
        select(AlikeVerdict.verdict).where(AlikeVerdict.other_id == "ho-x").order_by(AlikeVerdict.seq)
    )
    assert list(rows) == ["two", "one"]


def test_two_communes_that_numbered_alike_are_no_pair_and_stop_no_search(listed: Session) -> None:
    enter(listed, "ho-a", HOA, village=OTHER_VILLAGE)
    found = searched(listed, COMMUNE, OTHER_COMMUNE)
    assert {(one.one.id, one.other.id) for one in found} <= {("ho-a", "ho-b")}


def test_a_household_that_left_the_register_is_no_question(listed: Session) -> None:
    searched(listed)
    listed.get_one(Household, (COMMUNE, "ho-b")).state = HouseholdState.TEST.value
    assert duplicates.questions(listed, (COMMUNE,)) == []
    assert duplicates.search(listed, (COMMUNE,), world.NOW).found == ()


def test_of_two_communes_the_province_asks_and_the_commune_hears_how_many(listed: Session, login_as: Any) -> None:
    enter(listed, "ho-x", HOA, POM, village=OTHER_VILLAGE)
    listed.commit()
    assert {(one.one.id, one.other.id) for one in searched(listed, COMMUNE, OTHER_COMMUNE)} >= {("ho-a", "ho-x")}
    supervisor, province = login_as("supervisor"), login_as("province")
    page = supervisor.get(f"/desk/{COMMUNE}/duplicates").text
    assert "cặp có hộ kia ở xã" in page
    assert OTHER_VILLAGE not in page
    [compared] = listed.scalars(select(Alike.compared).where(Alike.household_id == "ho-a", Alike.other_id == "ho-x"))
    given = {"one": "ho-a", "other": "ho-x", "compared": compared, "verdict": "one"}
    assert supervisor.post(f"/desk/{COMMUNE}/duplicates", data=given).status_code == 404
    assert "Lò Văn Hoà" in province.get("/desk/duplicates").text
    assert province.post("/desk/duplicates", data=given).status_code == 302
    assert login_as("province-other").post("/desk/duplicates", data=given).status_code == 404


def test_a_supervisor_searches_sees_both_sides_and_decides(listed: Session, login_as: Any) -> None:
    browser: FlaskClient = login_as("supervisor")
    assert "Chưa có cặp hộ nào" in browser.get(f"/desk/{COMMUNE}/duplicates").text
    assert "Đã so " in led(browser, browser.post(f"/desk/{COMMUNE}/duplicates/search")).text
    found = browser.get(f"/desk/{COMMUNE}/duplicates").text
    for word in ("Lò Văn Hoà", "LÒ VĂN HÒA", "07/04/1970", "014070123456", "cùng ngày sinh"):
        assert word in found
    assert f"/desk/{COMMUNE}/households/ho-a" in found
    [pair] = listed.scalars(select(Alike))
    given = {"one": "ho-a", "other": "ho-b", "compared": pair.compared, "verdict": "two", "reason": "anh em họ"}
    page = browser.post(f"/desk/{COMMUNE}/duplicates", data=given, follow_redirects=True).text
    assert "Đã quyết định" in page
    assert "anh em họ" in page
    listed.rollback()
    logged = [(row.verb, row.detail) for row in listed.scalars(select(AuditEvent).order_by(AuditEvent.at))]
    assert ("duplicates.two", {"one": "ho-a", "other": "ho-b"}) in logged
    assert "Hoà" not in str(logged)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"verdict": "maybe"}, 400),
        ({"verdict": ""}, 400),
        ({"one": "ho-b", "other": "ho-a"}, 404),
        ({"one": "\x00"}, 400),
        ({"reason": "a\x00"}, 400),
        ({"compared": ""}, 409),
    ],
)
def test_a_pair_that_is_none_and_words_that_are_none_are_refused(
    listed: Session, login_as: Any, changes: dict[str, str], status: int
) -> None:
    [question] = searched(listed)
    given = {"one": "ho-a", "other": "ho-b", "compared": question.alike.compared, "verdict": "one"} | changes
    assert login_as("supervisor").post(f"/desk/{COMMUNE}/duplicates", data=given).status_code == status
    assert listed.scalars(select(AlikeVerdict)).all() == []


def test_the_command_tells_codes_and_no_names(listed: Session, app: Flask) -> None:
    runner = app.test_cli_runner()
    tried = runner.invoke(args=["register", "duplicates", "--commune", COMMUNE, "--dry-run", "--json"])
    assert tried.exit_code == 0, tried.output
    [pair] = json.loads(tried.output)["pairs"]
    assert (pair["one"], pair["other"]) == ([COMMUNE, "ho-a"], [COMMUNE, "ho-b"])
    assert "Hoà" not in tried.output
    listed.rollback()
    assert listed.scalars(select(Alike)).all() == []
    done = runner.invoke(args=["register", "duplicates", "--province", "14"])
    assert done.exit_code == 0, done.output
    listed.rollback()
    assert len(listed.scalars(select(Alike)).all()) == 1
    assert runner.invoke(args=["register", "duplicates"]).exit_code == 2
    wrong = runner.invoke(args=["register", "duplicates", "--commune", "99999"])
    assert wrong.exit_code == 1
    assert "99999" in wrong.output


def test_a_search_by_command_is_a_job_that_a_worker_goes_on_with(
    listed: Session, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for household_id in ("ho-x", "ho-y"):
        enter(listed, household_id, OTHER, village=OTHER_VILLAGE)
    listed.commit()
    runner, keep_of, written = app.test_cli_runner(), duplicates.keep_of, []

    def die_at_second(session: Session, made: duplicates.Search, commune_id: str) -> None:
        written.append(commune_id)
        if len(written) == 2:
            raise SystemExit(9)
        keep_of(session, made, commune_id)

    monkeypatch.setattr(duplicates, "keep_of", die_at_second)
    words = ["register", "duplicates", "--province", "14"]
    assert runner.invoke(args=words).exit_code == 9
    listed.rollback()
    assert set(listed.scalars(select(Alike.commune_id))) == {OTHER_COMMUNE}
    work(app)
    assert written == [OTHER_COMMUNE, COMMUNE, COMMUNE]  # what was written is not written again
    listed.rollback()
    job = listed.scalars(select(Job)).one()
    assert (job.state, job.account_id, job.parameters["of"], job.result["pairs"]) == ("done", None, "14", 2)
    monkeypatch.setattr(duplicates, "keep_of", keep_of)
    said = json.loads(runner.invoke(args=[*words, "--json"]).output)
    tried = json.loads(runner.invoke(args=[*words, "--json", "--dry-run"]).output)
    assert (said, len(said["pairs"]), said["persons"]) == (tried, 2, job.result["persons"])
