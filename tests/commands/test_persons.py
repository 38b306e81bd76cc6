"""The persons of a household at the server's terminal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from survey.terms import Action
from tests.commands.test_commands import run
from tests.commands.test_households import ONE, TWO, WHERE, WHY, events, register, told
from tests.interviews import entry, push
from tests.review.test_review_and_rebuild import decide, snapshot
from tests.world import OTHER_COMMUNE

FATHER, MOTHER = "Lò Văn Đông", "Quàng Thị Ước"
pytestmark = pytest.mark.usefixtures("small_round")


@pytest.mark.parametrize(
    ("words", "person", "changes"),
    [
        (("leave", ONE, MOTHER, "--how", "died"), MOTHER, {"state": ["member", "dead"]}),
        (("leave", ONE, FATHER, "--how", "left", "--head", MOTHER), FATHER, {"state": ["member", "left"]}),
        (("add", ONE, "Lò Thị Mới", "--how", "born", "--sex", "nu"), "Lò Thị Mới", None),
        (("correct", ONE, MOTHER, "--year", "1988"), MOTHER, {"birth": [None, "1988"]}),
        (("transfer", ONE, MOTHER, TWO), MOTHER, {"household_id": ["ho-1", "ho-2"]}),
    ],
    ids=lambda one: "-".join(one[:1]) if isinstance(one, tuple) else "",
)
def test_an_act_is_shown_done_and_undone(
    app: Flask, login_as: Any, session: Session, words: tuple[str, ...], person: str, changes: dict[str, Any] | None
) -> None:
    sent = entry()
    push(login_as("enumerator"), sent)
    decide(session, sent["id"], Action.ACCEPT)
    before, known = snapshot(session), len(events(session))
    code, tried = told(app, "person", *words, *WHERE, "--dry-run")
    assert (code, tried["done"], tried["rule"]) == (0, False, None)
    shown = {one["name"]: one["changes"] for one in tried["changed"][0]["people"]}
    assert changes is None or shown[person] == changes
    assert (snapshot(session), len(events(session))) == (before, known)
    code, done = told(app, "person", *words, *WHERE, *WHY)
    assert (code, done["done"]) == (0, True)
    last = events(session)[-1]
    assert (last.reason, last.seq, bool(last.person_id)) == ("họp thôn ngày 20", known + 1, True)
    code, history = told(app, "person", "history", ONE, last.person_id or "", *WHERE)
    assert code == 0
    assert [one["kind"] for one in history["events"]] == [last.kind]
    assert register(app, "verify", *WHERE)[0] == 0
    after = snapshot(session)
    assert run(app, "rebuild")[0] == 0
    assert snapshot(session) == after
    assert told(app, "undo", str(last.seq), *WHERE, *WHY)[0] == 0
    assert run(app, "rebuild")[0] == 0


def test_a_number_is_taken_back_by_the_province_alone(app: Flask, login_as: Any, session: Session) -> None:
    sent = entry()
    push(login_as("enumerator"), sent)
    decide(session, sent["id"], Action.ACCEPT)
    assert told(app, "person", "correct", ONE, MOTHER, "--number", "014188000001", *WHERE, *WHY, "--ask")[0] == 0
    waiting: Any = told(app, "request", "list", *WHERE)[1]
    by_province = ("--by", "province")
    assert told(app, "request", "accept", waiting[0]["request"], *WHERE, *by_province)[0] == 0
    number = events(session)[-1].seq
    for who in (("--by", "supervisor"), ("--by", "province-other"), ()):
        for tried in (("--dry-run",), ()):
            code, said = told(app, "undo", str(number), *WHERE, "--reason", "ghi nhầm", *who, *tried)
            assert (code, said["rule"]) == (1, "undo_by_province"), (who, tried)
    assert events(session)[-1].seq == number
    assert told(app, "undo", str(number), *WHERE, "--reason", "xem lại thẻ", *by_province)[0] == 0
    assert events(session)[-1].voids == number


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (("leave", ONE, MOTHER, "--how", "died", "--on", "2026-11-24"), "register_future"),
        (("leave", ONE, FATHER, "--how", "died"), "person_head_goes"),
        (("leave", ONE, "Ai Đó", "--how", "died"), "person_unclear"),
        (("leave", ONE, MOTHER, "--how", "died", "--on", "2020-01-01"), "register_not_there"),
        (("transfer", ONE, MOTHER, ONE), "person_lives_there"),
        (("correct", ONE, MOTHER), "register_nothing_given"),
        (("correct", ONE, MOTHER, "--number", "123"), "person_number_wrong"),
        (("correct", ONE, MOTHER, "--year", "2027"), "person_before_birth"),
        (("add", ONE, "Mới", "--day", "30", "--month", "2", "--year", "1990"), "person_birth_wrong"),
        (("add", ONE, " "), "person_name_missing"),
        (("identify", ONE, MOTHER, "--as", MOTHER), "person_itself"),
    ],
    ids=lambda one: "-".join(one) if isinstance(one, tuple) else "",
)
def test_what_cannot_be_is_refused_by_a_rule(
    app: Flask, login_as: Any, session: Session, words: tuple[str, ...], rule: str
) -> None:
    sent = entry()
    push(login_as("enumerator"), sent)
    decide(session, sent["id"], Action.ACCEPT)
    known = len(events(session))
    code, said = told(app, "person", *words, *WHERE, *WHY)
    assert (code, said["done"], said["rule"]) == (1, False, rule)
    assert said["next"]
    assert len(events(session)) == known


def test_the_state_of_a_day_and_a_person_are_said_in_words_too(app: Flask, session: Session) -> None:
    assert told(app, "person", "leave", ONE, MOTHER, "--how", "left", *WHERE, *WHY)[0] == 0
    code, said = register(app, "history", ONE, *WHERE, "--as-of", "2026-11-23")
    assert code == 0
    assert FATHER in said
    assert MOTHER not in said
    assert "chưa có hoặc không có" in register(app, "history", ONE, *WHERE, "--as-of", "2020-01-01")[1]
    code, said = register(app, "person", "history", ONE, MOTHER, *WHERE)
    assert code == 0
    assert "Đã rời hộ" in said
    assert register(app, "person", "history", ONE, "Ai Đó", *WHERE)[0] == 1
    refused = (
        app.test_cli_runner().invoke(args=["register", "person", "history", ONE, "Ai Đó", *WHERE, "--json"]).stdout
    )
    assert json.loads(refused)["rule"] == "person_unclear"
    assert register(app, "history", ONE, *WHERE, "--as-of", "hôm qua")[0] == 2


def test_one_asks_and_another_decides(app: Flask, session: Session) -> None:
    known = len(events(session))
    asking = ("person", "correct", ONE, MOTHER, "--year", "1988", "--ask", *WHERE)
    assert told(app, *asking, "--dry-run", *WHY)[0] == 0
    assert told(app, "request", "list", *WHERE)[1] == []
    assert told(app, *asking, "--reason", "x")[1]["rule"] == "bad_request"  # nobody asks
    assert told(app, *asking, "--reason", "x", "--dry-run")[1]["rule"] == "bad_request"
    assert told(app, *asking, *WHY)[0] == 0
    assert told(app, *asking, *WHY)[1]["rule"] == "request_same"
    assert told(app, *asking, *WHY, "--dry-run")[1]["rule"] == "request_same"
    [waiting] = told(app, "request", "list", *WHERE)[1]
    waits = dict(waiting)  # type: ignore[call-overload]
    assert (waits["kind"], waits["code"], waits["contradicted"]) == ("person", ONE, False)
    assert MOTHER not in register(app, "request", "list", *WHERE)[1]
    assert len(events(session)) == known
    own = told(app, "request", "accept", waits["request"], *WHERE, "--by", "supervisor")
    assert (own[0], own[1]["rule"]) == (1, "request_own")
    tried = told(app, "request", "accept", waits["request"], *WHERE, "--by", "supervisor", "--dry-run")
    assert (tried[0], tried[1]["rule"]) == (1, "request_own")  # as the deed
    by = (*WHERE, "--by", "supervisor-2")
    no_reason = told(app, "request", "refuse", waits["request"], *by, "--dry-run")
    assert no_reason[0] == told(app, "request", "refuse", waits["request"], *by)[0] == 1
    assert told(app, "request", "accept", waits["request"], *by, "--dry-run")[0] == 0
    assert len(events(session)) == known
    code, said = told(app, "request", "accept", waits["request"], *by)
    assert (code, said["verdict"]) == (0, "accepted")
    assert len(events(session)) == known + 1
    assert told(app, "request", "refuse", waits["request"], *by, "--reason", "x")[1]["rule"] == "request_decided"
    assert told(app, "request", "withdraw", "khong-co", *by)[1]["rule"] == "not_found"
    assert register(app, "undo", "1", "--ask", *WHERE, *WHY)[0] == 2


def test_a_transfer_to_another_commune(app: Flask, session: Session) -> None:
    assert told(app, "move", TWO, "--village", "03664-01", *WHERE, *WHY)[0] == 0
    there = ("--to-commune", OTHER_COMMUNE)
    code, said = told(app, "person", "transfer", ONE, MOTHER, "03664-01-002", *there, *WHERE, *WHY)
    assert code == 0
    assert {one["commune"] for one in said["changed"]} == {WHERE[1], OTHER_COMMUNE}
    members = told(app, "history", "03664-01-002", "--commune", OTHER_COMMUNE, "--as-of", "2026-11-23")[1]["members"]
    assert MOTHER in [one["said"]["ho_ten"] for one in members]
