"""A class that is written down since a day of a round which is open: who does it is told what of the round's interviews
that overrides, before it is done. By the ledger the later day wins, whichever of the two came first."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, RegisterEntry, Submission
from survey.questionnaires.published import publish
from survey.register.entries import import_household
from survey.review import register_acts as acts
from survey.review import register_preview as preview
from survey.review.register_acts import Wish
from survey.review.register_preview import ClassWithin
from survey.rounds.rounds import open_round
from survey.submissions.derive import rebuild
from survey.terms import Action, B1Method, HouseholdClass, RegisterKind
from survey.xlsform.compile import compile_workbook
from tests.commands.test_commands import run
from tests.commands.test_households import told
from tests.interviews import ANSWERS, ROUND, SOURCE, entry, push
from tests.review.test_register_acts import do, last, undo
from tests.review.test_review_and_rebuild import decide, snapshot
from tests.world import COMMUNE, NOW, VILLAGE

CODE = "03757-01-001"
ASKED, TODAY, LAST_YEAR = date(2026, 11, 22), date(2026, 11, 23), date(2026, 8, 31)  # the round opens on the next day
TITLE = "Rà soát định kỳ 2026"


@pytest.fixture(autouse=True)
def asked_before(session: Session) -> None:
    """A poor household that was on the register before the round."""
    form = publish(session, compile_workbook(SOURCE), SOURCE, NOW)
    import_household(
        session, commune_id=COMMUNE, household_id="ho-1", village_id=VILLAGE, head_name="Chủ hộ cũ",
        now=datetime(2026, 8, 1, tzinfo=UTC), base_class=HouseholdClass.POOR, base_answers=ANSWERS,
    )  # fmt: skip
    open_round(
        session, round_id=ROUND, title=TITLE, year=2026, form=form, opens_on=date(2026, 9, 1),
        closes_on=date(2026, 12, 14), b1_method=B1Method.TOTAL, now=NOW,
    )  # fmt: skip
    session.commit()


def corrected(on: date, named: str = "khong_ngheo") -> Wish:
    return Wish(RegisterKind.CORRECT, "ho-1", on, None, {"class": named})


def seen(session: Session, one: Wish) -> tuple[list[date | None], tuple[ClassWithin, ...]]:
    """What the preview says: of each interview since when it is overridden, and of the round."""
    session.rollback()
    [effect] = preview.effects(session, acts.plan(session, COMMUNE, one, TODAY))
    return [asked.overridden for asked in effect.interviews], effect.within


def stands(session: Session) -> tuple[str | None, str | None, str | None]:
    """Of which class the household is, was before the round, and is in it."""
    session.rollback()
    of_round = session.get_one(RegisterEntry, (COMMUNE, ROUND, "ho-1"))
    household = session.get_one(Household, (COMMUNE, "ho-1"))
    return household.current_class, of_round.opening_class, of_round.household_class


def submission_of(session: Session, sent: dict[str, Any]) -> str:
    return session.scalars(select(Submission.id).where(Submission.entry_id == sent["id"])).one()


@pytest.mark.parametrize("first", [True, False], ids=["accepted first", "accepted later"])
@pytest.mark.parametrize(
    ("on", "overridden", "within", "is_then"),
    [
        (TODAY, [TODAY], (ClassWithin(TITLE, TODAY, LAST_YEAR),), "khong_ngheo"),
        (date(2026, 11, 21), [None], (ClassWithin(TITLE, date(2026, 11, 21), LAST_YEAR),), "ho_ngheo"),
        (LAST_YEAR, [None], (), "ho_ngheo"),
    ],
    ids=["today", "in the round before the interview", "before the round"],
)
def test_the_preview_names_the_interview_that_is_overridden(
    session: Session, login_as: Any, first: bool, on: date, overridden: list[date | None],
    within: tuple[ClassWithin, ...], is_then: str,
) -> None:  # fmt: skip
    sent = entry()
    push(login_as("enumerator"), sent)
    if first:
        decide(session, sent["id"], Action.ACCEPT)
    assert seen(session, corrected(on)) == (overridden, within)
    do(session, corrected(on))
    if not first:
        decide(session, sent["id"], Action.ACCEPT)
    assert stands(session) == (is_then, "khong_ngheo", "ho_ngheo")
    page = login_as("supervisor").get(f"/desk/{COMMUNE}/records/{submission_of(session, sent)}").text
    assert ('data-notice="overridden"' in page) == (overridden == [TODAY])
    before = snapshot(session)
    rebuild(session)
    assert snapshot(session) == before
    undo(session, last(session).seq)
    assert stands(session) == ("ho_ngheo", "ho_ngheo", "ho_ngheo")


def test_what_overrides_nothing_is_not_said_to(session: Session, login_as: Any) -> None:
    assert seen(session, corrected(TODAY)) == ([], (ClassWithin(TITLE, TODAY, LAST_YEAR),))  # one may come yet
    sent, other = entry(), Wish(RegisterKind.CORRECT, "ho-1", TODAY, None, {"head": "Lò Văn Hoà"})
    push(login_as("enumerator"), sent)
    decide(session, sent["id"], Action.ACCEPT)
    assert seen(session, other) == ([None], ())
    do(session, corrected(TODAY, "ho_can_ngheo"))
    assert seen(session, corrected(TODAY))[0] == [None]  # it says no more already what the household is
    within = ClassWithin(TITLE, TODAY, None)  # last year's class was written down since today: no earlier day is better
    assert seen(session, corrected(TODAY))[1] == (within,)


def test_one_that_was_sent_back_for_good_is_not_named(session: Session, login_as: Any) -> None:
    held = entry(finalised_at="2026-11-29T01:42:00.000Z")  # of the future
    push(login_as("enumerator"), held)
    decide(session, held["id"], Action.DISCARD, "nhầm")
    assert seen(session, corrected(TODAY))[0] == [None]


def test_last_years_class_is_corrected_though_the_interview_of_this_round_says_another(
    app: Flask, session: Session, login_as: Any
) -> None:
    sent = entry()
    push(login_as("enumerator"), sent)
    decide(session, sent["id"], Action.ACCEPT)
    words = ("correct", CODE, "--commune", COMMUNE, "--class", "khong_ngheo", "--on", "2026-08-31")
    code, tried = told(app, *words, "--dry-run")
    [changed] = tried["changed"]
    then = {"day": "2026-08-31", "changes": {"household_class": ["ho_ngheo", "khong_ngheo"]}}
    assert (code, tried["rule"], changed["changes"], changed["then"]) == (0, None, {}, then)
    assert "Vào ngày 2026-08-31" in run(app, "register", *words, "--dry-run")[1]
    given = {"kind": "correct", "household_class": "khong_ngheo", "since": "2026-08-31"}
    page = login_as("supervisor").post(f"/desk/{COMMUNE}/households/ho-1", data=given).text
    assert "Vào ngày 31/08/2026" in page
    assert told(app, *words, "--reason", "sót", "--by", "supervisor")[0] == 0
    assert stands(session) == ("ho_ngheo", "khong_ngheo", "ho_ngheo")
    assert told(app, *words, "--reason", "sót", "--by", "supervisor")[1]["rule"] == "register_changes_nothing"


def test_page_and_command_say_it_before_it_is_done(app: Flask, session: Session, login_as: Any) -> None:
    sent = entry()
    push(login_as("enumerator"), sent)
    words = ("correct", CODE, "--commune", COMMUNE, "--class", "khong_ngheo", "--dry-run")
    code, shown = told(app, *words)
    [changed] = shown["changed"]
    assert (code, [one["overridden"] for one in changed["interviews"]]) == (0, ["2026-11-23"])
    assert changed["class_within"] == [
        {"round_title": TITLE, "since": "2026-11-23", "of_last_year": "2026-08-31"}
    ]  # fmt: skip
    given = {"kind": "correct", "household_class": "khong_ngheo", "since": "2026-11-23"}
    page = login_as("supervisor").post(f"/desk/{COMMUNE}/households/ho-1", data=given).text
    for output in (page, run(app, "register", *words)[1]):
        assert "không còn là phân loại của hộ kể từ ngày" in output
        assert "hãy ghi ngày 31/08/2026" in output
    given["since"] = "2026-08-31"
    page = login_as("supervisor").post(f"/desk/{COMMUNE}/households/ho-1", data=given).text
    assert "Phiếu của hộ" in page
    assert "hãy ghi ngày" not in page
    assert "hãy ghi ngày" not in run(app, "register", *words, "--on", "2026-08-31")[1]
