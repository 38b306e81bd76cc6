"""The register mended at the server's terminal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models import Assessment, Household, PlacePeriod, RegisterEntry, RegisterEvent, RoundProof
from survey.terms import Action
from tests.commands.test_commands import run
from tests.interviews import ROUND, accept_all, entry, push
from tests.review.test_review_and_rebuild import decide, snapshot
from tests.world import COMMUNE, OTHER_COMMUNE, OTHER_VILLAGE, VILLAGE, VILLAGE_2

ONE, TWO, THREE = (f"03757-01-{number:03d}" for number in (1, 2, 3))
WHERE = ("--commune", COMMUNE)
WHY = ("--reason", "họp thôn ngày 20", "--by", "supervisor")
pytestmark = pytest.mark.usefixtures("small_round")


def register(app: Flask, *words: str) -> tuple[int, str]:
    return run(app, "register", *words)


def told(app: Flask, *words: str) -> tuple[int, dict[str, Any]]:
    code, said = register(app, *words, "--json")
    return code, json.loads(said)


def events(session: Session) -> list[RegisterEvent]:
    session.rollback()
    query = select(RegisterEvent).where(RegisterEvent.commune_id == COMMUNE).order_by(RegisterEvent.seq)
    return list(session.scalars(query))


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        (("correct", ONE, "--head", "Lò Văn Hoà"), {"head_name": ["Chủ hộ cũ", "Lò Văn Hoà"]}),
        (("correct", ONE, "--class", "khong_ngheo"), {"household_class": ["ho_ngheo", "khong_ngheo"]}),
        (("correct", ONE, "--address", "Số 7"), {"address": [None, "Số 7"]}),
        (("move", ONE, "--village", VILLAGE_2), {"village_id": [VILLAGE, VILLAGE_2]}),
        (("merge", ONE, TWO), {"state": ["present", "merged"], "same_as": [None, "ho-2"]}),
        (
            ("end", ONE, "--as", "duplicate", "--of", TWO),
            {"state": ["present", "duplicate"], "same_as": [None, "ho-2"]},
        ),
        (("end", ONE, "--as", "test"), {"state": ["present", "test"]}),
        (("end", ONE, "--as", "died_out"), {"state": ["present", "died_out"]}),
        (("end", ONE, "--as", "dissolve"), {"state": ["present", "dissolved"]}),
    ],
    ids=lambda one: "-".join(one) if isinstance(one, tuple) else "",
)
def test_an_act_is_shown_done_and_undone(
    app: Flask, session: Session, words: tuple[str, ...], changes: dict[str, Any]
) -> None:
    before, known = snapshot(session), len(events(session))
    code, tried = told(app, *words, *WHERE, "--dry-run")
    assert (code, tried["done"], tried["rule"]) == (0, False, None)
    assert [one["changes"] for one in tried["changed"] if one["changes"]] == [changes]
    assert all(one["people"] for one in tried["changed"] if not one["changes"])  # whose members alone are others
    assert (snapshot(session), len(events(session))) == (before, known)
    code, done = told(app, *words, *WHERE, *WHY)
    assert (code, done["done"], done["changed"]) == (0, True, tried["changed"])
    last = events(session)[-1]
    assert (last.reason, last.seq) == ("họp thôn ngày 20", known + 1)
    assert last.account_id is not None
    code, undone = told(app, "undo", str(last.seq), *WHERE, *WHY)
    assert code == 0
    back = {key: both[::-1] for key, both in changes.items()}
    assert [one["changes"] for one in undone["changed"] if one["changes"]] == [back]
    code, history = told(app, "history", ONE, *WHERE)
    assert code == 0
    assert [(one["kind"], one["undone_by"]) for one in history] == [  # type: ignore[index]
        ("void", None), (last.kind, last.seq + 1), ("enter", None),
    ]  # fmt: skip
    assert register(app, "verify", *WHERE) == (0, f"{known + 2} việc đã ghi, việc nào cũng đúng như lúc ghi.\n")


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (("merge", ONE, ONE), "register_itself"),
        (("merge", ONE, TWO, "--on", "2026-11-24"), "register_future"),
        (("merge", ONE, TWO, "--on", "2026-11-22"), "register_not_there"),
        (("split", ONE, "--member", "Lò Văn Đông", "--member", "Quàng Thị Ước"), "register_nobody_stays"),
        (("split", ONE), "register_nobody_goes"),
        (("split", ONE, "--member", "Ai"), "register_member_unknown"),
        (("unmerge", ONE), "register_not_merged"),
        (("restore", ONE), "register_not_ended"),
        (("correct", ONE), "register_nothing_given"),
        (("move", ONE, "--village", VILLAGE), "register_changes_nothing"),
        (("move", ONE, "--village", "03757-77"), "register_village_unknown"),
        (("move", ONE, "--village", "99999-01"), "register_village_unknown"),
        (("undo", "77"), "not_found"),
    ],
    ids=lambda one: "-".join(one) if isinstance(one, tuple) else "",
)
@pytest.mark.parametrize("dry", [("--dry-run",), ()], ids=["tried", "done"])
def test_bad_input_is_refused_by_a_rule_with_the_way_out(
    app: Flask, session: Session, words: tuple[str, ...], rule: str, dry: tuple[str, ...]
) -> None:
    before = snapshot(session)
    code, said = told(app, *words, *WHERE, *WHY, *dry)
    assert (code, said["rule"], said["done"]) == (1, rule, False)
    assert said["title"]
    assert said["next"]
    code, plain = register(app, *words, *WHERE, *WHY, *dry)
    assert code == 1
    assert f"({rule})" in plain
    assert snapshot(session) == before


def test_what_is_not_there_is_said_in_words_of_the_register_and_as_json(app: Flask) -> None:
    for words, rule in (
        (("merge", "03757-01-999", ONE, *WHERE, *WHY), "household_unknown"),
        (("merge", ONE, "03757-01-999", *WHERE, *WHY, "--dry-run"), "household_unknown"),
        (("history", "03757-01-999", *WHERE), "household_unknown"),
        (("merge", ONE, "03664-01-099", *WHERE, *WHY), "household_unknown"),
        (("merge", ONE, "99999-01-001", *WHERE, *WHY, "--dry-run"), "household_unknown"),
        (("end", ONE, "--as", "duplicate", "--of", "03664-01-001", *WHERE, "--dry-run"), "register_other_commune"),
        (("merge", ONE, TWO, *WHERE, "--by", "khong-co", "--reason", "x"), "account_unknown"),
        (("person", "history", "03757-01-999", "Ai", *WHERE), "household_unknown"),
        (("duplicates", "--commune", "99999"), "place_unknown"),
        (("table", "--commune", "99999"), "commune_unknown"),
    ):
        code, output = register(app, *words, "--json")
        said = json.loads(output.splitlines()[0])
        assert (code, said["done"], said["rule"]) == (1, False, rule), words
        assert said["title"] in output
    code, output = register(app, "end", ONE, "--as", "duplicate", "--of", "03664-01-001", *WHERE, *WHY)
    first = f"{ONE} ← register move 03664-01-001 --commune 03664 --village {VILLAGE} --reason …"
    assert (code, first in output) == (1, True)  # the way out, with both numbers
    code, output = register(app, "undo", "999", *WHERE, *WHY)
    assert (code, "trang" in output, "không có việc" in output.lower()) == (1, False, True)


def test_a_preview_names_the_closed_round_and_the_proof_that_had_decided(
    app: Flask, login_as: Any, session: Session
) -> None:
    merge = ("merge", ONE, TWO, *WHERE)
    assert all(one["decided"] == [] for one in told(app, *merge, "--dry-run")[1]["changed"])
    accept_all(session, login_as, COMMUNE)
    assert run(app, "round", "close", ROUND, "--commune", COMMUNE)[0] == 0
    session.rollback()
    proof = session.scalars(select(RoundProof)).one()
    [changed] = [one for one in told(app, *merge, "--dry-run")[1]["changed"] if one["code"] == ONE]
    [decided] = changed["decided"]
    assert (decided["round_id"], decided["state"], decided["proof"]) == (ROUND, "closed", [1, proof.anchor])
    listed = session.scalars(select(RegisterEntry).join(Household, Household.id == RegisterEntry.household_id)
                            .where(Household.code == ONE, RegisterEntry.round_id == ROUND)).one()  # fmt: skip
    counted = session.get_one(Assessment, (COMMUNE, listed.submission_id))
    assert decided["household_class"] == counted.household_class is not None
    output = register(app, *merge, "--dry-run")[1]
    assert f"giữ nguyên như đã quyết định (bản chứng thực số 1, {proof.anchor})" in output
    page = login_as("supervisor").post(
        f"/desk/{COMMUNE}/households/{listed.household_id}", data={"kind": "merge", "other": TWO, "since": "2026-11-23"}
    )
    assert "Đã quyết định trong đợt đã đóng" in page.text


def test_a_household_whose_entering_was_undone_is_brought_back(app: Flask) -> None:
    entered = json.loads(register(app, "history", ONE, *WHERE, "--json")[1])[-1]["seq"]
    assert register(app, "undo", str(entered), *WHERE, *WHY)[0] == 0
    code, back = told(app, "restore", ONE, *WHERE, *WHY)
    assert (code, back["done"], back["rule"]) == (0, True, None)
    assert told(app, "restore", ONE, *WHERE, *WHY)[1]["rule"] == "register_not_ended"


def test_a_cycle_of_merges_and_an_undoing_under_something_newer_name_what_is_in_the_way(app: Flask) -> None:
    assert register(app, "merge", ONE, TWO, *WHERE, *WHY)[0] == 0
    assert told(app, "merge", TWO, ONE, *WHERE, *WHY)[1]["rule"] == "register_cycle"
    assert register(app, "unmerge", ONE, *WHERE, *WHY)[0] == 0
    assert register(app, "end", ONE, "--as", "test", *WHERE, *WHY)[0] == 0
    history = json.loads(register(app, "history", ONE, *WHERE, "--json")[1])
    merge = next(one for one in history if one["kind"] == "merge")
    assert merge["rule_against_undoing"] == "register_rests_on_it"
    code, refused = told(app, "undo", str(merge["seq"]), *WHERE, *WHY)
    assert (code, refused["rule"]) == (1, "register_rests_on_it")
    assert [(one["kind"], one["seq"]) for one in refused["broken"]] == [("unmerge", merge["seq"] + 1)]
    assert f"{merge['seq'] + 1} unmerge" in register(app, "undo", str(merge["seq"]), *WHERE, *WHY)[1]


def test_without_a_reason_nothing_is_done(app: Flask) -> None:
    code, said = told(app, "merge", ONE, TWO, *WHERE)
    assert (code, said["rule"]) == (1, "register_reason_needed")
    assert register(app, "merge", ONE, TWO, *WHERE, "--reason", "x", "--by", "ai-do")[0] == 1
    assert register(app, "merge", ONE, TWO, "--reason", "x")[0] == 2  # which commune?
    assert register(app, "correct", ONE, *WHERE, "--class", "giau")[0] == 2
    assert register(app, "merge", ONE, TWO, *WHERE, "--on", "hôm nay")[0] == 2
    assert "03757-01-099" in register(app, "merge", ONE, "03757-01-099", *WHERE)[1]


def test_a_split_and_a_move_to_another_commune(app: Flask, session: Session) -> None:
    code, said = told(app, "split", ONE, "--member", "Quàng Thị Ước", *WHERE, *WHY)
    assert code == 0
    left, new = said["changed"]
    assert (left["code"], left["changes"]) == (ONE, {})
    assert [one["name"] for one in left["people"]] == ["Quàng Thị Ước"]
    assert (new["code"], new["changes"]["head_name"]) == ("03757-01-004", [None, "Quàng Thị Ước"])
    code, said = told(app, "move", ONE, "--village", OTHER_VILLAGE, *WHERE, *WHY)
    assert code == 0
    assert [(one["commune"], one["code"]) for one in said["changed"]] == [
        (OTHER_COMMUNE, "03664-01-002"), (COMMUNE, ONE),
    ]  # fmt: skip
    assert session.get_one(Household, (COMMUNE, "ho-1")).state == "moved"


@pytest.mark.parametrize("undone_at", [COMMUNE, OTHER_COMMUNE])
def test_a_merge_into_a_household_of_another_commune_is_one_act_and_one_undoing(
    app: Flask, session: Session, undone_at: str
) -> None:
    there, before = "03664-01-001", snapshot(session)
    [target] = session.scalars(select(Household).where(Household.code == there))
    target_id = target.id

    def states() -> list[tuple[str, str, str | None]]:
        session.rollback()
        query = select(Household).where(Household.id.in_(["ho-1", target_id])).order_by(Household.commune_id.desc())
        return [(one.commune_id, one.state, one.same_as) for one in session.scalars(query.order_by(Household.code))]

    at_first = [(COMMUNE, "present", None), (OTHER_COMMUNE, "present", None)]
    assert states() == at_first
    code, tried = told(app, "merge", ONE, there, *WHERE, "--dry-run")
    assert (code, tried["done"], tried["rule"], snapshot(session)) == (0, False, None, before)
    came = {"state": [None, "merged"], "same_as": [None, target_id]}
    assert [(one["commune"], one["code"]) for one in tried["changed"]] == [
        (OTHER_COMMUNE, there), (OTHER_COMMUNE, "03664-01-002"), (COMMUNE, ONE),
    ]  # fmt: skip
    survivor, new, left = (one["changes"] for one in tried["changed"])
    assert (survivor, left) == ({}, {"state": ["present", "moved"]})  # of the survivor its members alone are others
    assert new.items() >= came.items()
    code, done = told(app, "merge", ONE, there, *WHERE, *WHY)
    assert (code, done["done"], done["changed"]) == (0, True, tried["changed"])
    both = [(COMMUNE, "moved", None), (OTHER_COMMUNE, "present", None), (OTHER_COMMUNE, "merged", target_id)]
    assert states() == both
    rows = list(session.scalars(select(RegisterEvent).order_by(RegisterEvent.commune_id.desc(), RegisterEvent.seq)))
    written = [row for row in rows if row.act == events(session)[-1].act]
    assert [(row.commune_id, row.kind) for row in written] == [
        (COMMUNE, "move"), (OTHER_COMMUNE, "enter"), (OTHER_COMMUNE, "merge"),
    ]  # fmt: skip
    seq = next(str(row.seq) for row in written if row.commune_id == undone_at)
    code, undone = told(app, "undo", seq, "--commune", undone_at, *WHY)
    assert (code, len(undone["changed"])) == (0, 3)
    assert states() == [*at_first, (OTHER_COMMUNE, "withdrawn", None)]
    for commune_id in (COMMUNE, OTHER_COMMUNE):
        assert register(app, "verify", "--commune", commune_id)[0] == 0


def test_the_whole_is_said_in_words_too(app: Flask, login_as: Any, session: Session) -> None:
    sent = entry()
    push(login_as("enumerator"), sent)
    decide(session, sent["id"], Action.ACCEPT)
    code, said = register(app, "merge", ONE, TWO, *WHERE, "--dry-run")
    assert code == 0
    assert said.splitlines()[:2] == ["Làm thử, chưa ghi gì.", f"  {ONE}"]
    assert "Đang có trong danh sách → Đã gộp vào hộ khác" in said
    assert "ra khỏi danh sách của Rà soát định kỳ 2026 (Đã duyệt phiếu)" in said
    assert "phiếu ngày 2026-11-22, Đã duyệt phiếu, Hộ nghèo" in said
    assert "Ghi vào danh sách" in register(app, "history", ONE, *WHERE)[1]


def test_a_village_becomes_urban_with_a_recount_before(app: Flask, login_as: Any, session: Session) -> None:
    sent = entry()
    push(login_as("enumerator"), sent)
    words = ("area", VILLAGE, *WHERE, "--area", "thanh_thi", "--on", "2026-11-01")
    code, tried = told(app, *words, "--dry-run")
    assert (code, tried["done"], tried["households"], len(tried["judged"])) == (0, False, 0, 1)
    assert len(session.scalars(select(PlacePeriod).where(PlacePeriod.place_id == VILLAGE)).all()) == 1
    assert told(app, *words)[1]["rule"] == "register_reason_needed"
    assert told(app, *words, *WHY)[1]["done"] is True
    session.rollback()
    assert len(session.scalars(select(PlacePeriod).where(PlacePeriod.place_id == VILLAGE)).all()) == 2
    assert told(app, *words, *WHY)[1]["rule"] == "register_changes_nothing"
    assert told(app, "area", OTHER_VILLAGE, *WHERE, "--area", "nong_thon", *WHY)[1]["rule"] == "not_found"
    assert "phiếu" in register(app, "area", VILLAGE, *WHERE, "--area", "nong_thon", *WHY)[1]


def test_a_log_that_somebody_changed_is_named(app: Flask, session: Session) -> None:
    with app.extensions["engine"].begin() as connection:
        connection.execute(text("UPDATE register_event SET reason = 'x' WHERE commune_id = '03757' AND seq = 2"))
    code, said = register(app, "verify", *WHERE)
    assert code == 1
    assert "2" in said
    assert register(app, "verify", "--commune", "99999")[0] == 1
