"""What a person writes into the register: shown first, done in one go, undone without a trace in what follows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    AuditEvent,
    FormVersion,
    Household,
    RegisterEntry,
    RegisterEvent,
    RegisterGone,
    Round,
    RoundCommune,
    Submission,
    SubmissionStatus,
)
from survey.accounts.accounts import find_account
from survey.problems import Problem
from survey.register.entries import import_household, on_register
from survey.register.event_log import Done, broken
from survey.review import register_acts as acts
from survey.review import register_preview as preview
from survey.review.register_acts import Wish
from survey.rounds.closing import obstacles
from survey.rounds.rounds import open_round
from survey.submissions.derive import rebuild
from survey.terms import Action, B1Method, HouseholdClass, RegisterKind, RoundKind
from tests.interviews import ROUND, entry, push
from tests.review.test_review_and_rebuild import decide, snapshot
from tests.world import COMMUNE, NOW, OTHER_COMMUNE, OTHER_VILLAGE, VILLAGE, VILLAGE_2

K = RegisterKind
TODAY = date(2026, 11, 23)
pytestmark = pytest.mark.usefixtures("small_round")


def done(session: Session, reason: str | None = "họp thôn") -> Done:
    supervisor = find_account(session, "supervisor")
    assert supervisor is not None
    return Done(supervisor.id, NOW, reason)


def wish(kind: RegisterKind, household: str = "ho-1", other: str | None = None, on: date = TODAY, **given: Any) -> Wish:
    return Wish(kind, household, on, other, given)


def do(session: Session, one: Wish, commune_id: str = COMMUNE) -> acts.Plan:
    session.rollback()
    made = acts.carry_out(session, commune_id, one, done(session))
    session.commit()
    return made


def undo(session: Session, seq: int, commune_id: str = COMMUNE) -> acts.Plan:
    session.rollback()
    made = acts.undo(session, commune_id, seq, done(session))
    session.commit()
    return made


def last(session: Session, commune_id: str = COMMUNE) -> RegisterEvent:
    session.rollback()
    query = select(RegisterEvent).where(RegisterEvent.commune_id == commune_id).order_by(RegisterEvent.seq.desc())
    return session.scalars(query.limit(1)).one()


def household(session: Session, id: str = "ho-1", commune_id: str = COMMUNE) -> Household:
    session.rollback()
    return session.get_one(Household, (commune_id, id))


def without_changes(session: Session) -> dict[str, Any]:
    """What follows from the log, but for the numbers under which phones hear of it."""
    found = snapshot(session)
    place = list(RegisterEntry.__table__.columns).index(RegisterEntry.__table__.c.change)
    found["register_entry"] = [row[:place] + row[place + 1 :] for row in found["register_entry"]]
    # A sum that came back to nothing stays as a row; each change of it has a number too.
    found["place_tally"] = [row[:-1] for row in found["place_tally"] if row[-2]]
    return found


ACTS = [
    wish(K.CORRECT, head="Lò Văn Hoà"),
    wish(K.CORRECT, address="Số 7, đường 6"),
    wish(K.CORRECT, **{"class": "khong_ngheo"}),
    wish(K.CORRECT, village=VILLAGE_2),
    wish(K.MOVE, village=VILLAGE_2, address="Số 8"),
    wish(K.MERGE, other="ho-2"),
    wish(K.DISSOLVE),
    wish(K.DIED_OUT),
    wish(K.TEST),
    wish(K.DUPLICATE, other="ho-2"),
    wish(K.DUPLICATE),
]


@pytest.mark.parametrize("asked", [False, True], ids=["asked before", "waits"])
@pytest.mark.parametrize("one", ACTS, ids=lambda one: f"{one.kind}{'+'.join(one.given)}{one.other_id or ''}")
def test_what_is_done_and_undone_leaves_everything_as_it_was(
    login_as: Any, session: Session, one: Wish, asked: bool
) -> None:
    sent = entry()
    push(login_as("enumerator"), sent)
    if not asked:
        decide(session, sent["id"], Action.ACCEPT)
    before = without_changes(session)
    do(session, one)
    assert without_changes(session) != before
    after = snapshot(session)
    rebuild(session)
    session.commit()
    assert snapshot(session) == after
    undo(session, last(session).seq)
    then = without_changes(session)
    if asked:  # a waiting one was held and let go again, which its log tells
        place = list(SubmissionStatus.__table__.columns).index(SubmissionStatus.__table__.c.updated_at)
        for found in (then, before):
            found["submission_status"] = [row[:place] + row[place + 1 :] for row in found["submission_status"]]
    assert then == before
    assert broken(session, COMMUNE) is None


def test_a_plan_shows_what_rests_on_it_and_changes_nothing(login_as: Any, session: Session) -> None:
    first, second = entry(), entry("ho-2")
    push(login_as("enumerator"), first, second)
    decide(session, first["id"], Action.ACCEPT)
    before = snapshot(session)
    made = acts.plan(session, COMMUNE, wish(K.MERGE, other="ho-2"), TODAY)
    assert made.rule is None
    effect, target = preview.effects(session, made)
    assert (target.household_id, target.before) == ("ho-2", target.after)
    assert (
        [one.name for one in target.people] == [one.name for one in effect.people] == ["Lò Văn Đông", "Quàng Thị Ước"]
    )
    assert (effect.household_id, effect.code) == ("ho-1", "03757-01-001")
    assert effect.before is not None and effect.after is not None
    assert (effect.before.state, effect.after.state, effect.after.same_as) == ("present", "merged", "ho-2")
    assert effect.places == (preview.Place("Rà soát định kỳ 2026", "accepted", True),)  # type: ignore[arg-type]
    [asked] = effect.interviews
    assert (asked.state, asked.day, asked.household_class) == ("accepted", date(2026, 11, 22), "ho_ngheo")
    assert snapshot(session) == before
    assert last(session).kind == "enter"


def test_a_move_to_an_urban_village_shows_the_class_that_follows(login_as: Any, session: Session) -> None:
    sent = entry()
    push(login_as("enumerator"), sent)
    decide(session, sent["id"], Action.ACCEPT)
    made = acts.plan(session, COMMUNE, wish(K.MOVE, village=VILLAGE_2), TODAY)
    assert not preview.effects(session, made)[0].interviews[0].is_judged_anew  # it lived there on that day
    made = acts.plan(session, COMMUNE, wish(K.CORRECT, village=VILLAGE_2), TODAY)
    assert preview.effects(session, made)[0].interviews[0].is_judged_anew  # it was never where it was said to be
    do(session, wish(K.MOVE, village=VILLAGE_2))
    assert household(session).village_id == VILLAGE_2
    entry_row = session.get_one(RegisterEntry, (COMMUNE, ROUND, "ho-1"))
    assert (entry_row.village_id, entry_row.state) == (VILLAGE_2, "accepted")


def test_phones_of_both_villages_hear_of_a_move_and_of_the_way_back(login_as: Any, session: Session) -> None:
    old, new = login_as("enumerator"), login_as("enumerator-2")

    def hears(browser: Any, cursor: int) -> tuple[dict[str, str], int]:
        told = browser.get(f"/api/v1/register?cursor={cursor}&limit=100").json
        return {one["household_id"]: one.get("state", "gone") for one in told["entries"]}, told["cursor"]

    (_, at_old), (_, at_new) = hears(old, 0), hears(new, 0)
    do(session, wish(K.MOVE, village=VILLAGE_2))
    (told_old, at_old), (told_new, at_new) = hears(old, at_old), hears(new, at_new)
    assert (told_old, told_new) == ({"ho-1": "gone"}, {"ho-1": "to_visit"})
    undo(session, last(session).seq)
    (told_old, at_old), (told_new, at_new) = hears(old, at_old), hears(new, at_new)
    assert (told_old, told_new) == ({"ho-1": "to_visit"}, {"ho-1": "gone"})
    do(session, wish(K.TEST))
    assert hears(old, at_old)[0] == {"ho-1": "gone"}
    do(session, wish(K.RESTORE))
    assert hears(old, at_old)[0] == {"ho-1": "to_visit"}
    do(session, wish(K.CORRECT, head="Lò Văn Hoà"))
    told = old.get(f"/api/v1/register?cursor={at_old}&limit=100").json["entries"]
    assert [(one["household_id"], one["head_name"]) for one in told] == [("ho-1", "Lò Văn Hoà")]


def test_what_was_frozen_when_the_round_opened_comes_back_with_a_household(session: Session) -> None:
    before = session.get_one(RegisterEntry, (COMMUNE, ROUND, "ho-1"))
    frozen = before.opening_class, before.opening_answers, before.opening_indicators
    assert frozen[2] is not None
    do(session, wish(K.DIED_OUT))
    assert session.get(RegisterEntry, (COMMUNE, ROUND, "ho-1")) is None
    gone = session.scalars(select(RegisterGone)).one()
    assert (gone.household_id, gone.village_id, gone.opening_class) == ("ho-1", VILLAGE, "ho_ngheo")
    undo(session, last(session).seq)
    after = session.get_one(RegisterEntry, (COMMUNE, ROUND, "ho-1"))
    assert (after.opening_class, after.opening_answers, after.opening_indicators) == frozen


def test_last_years_class_and_address_reach_the_round_that_is_open(login_as: Any, session: Session) -> None:
    do(session, wish(K.CORRECT, **{"class": "khong_ngheo"}, address="Số 7"))
    [told] = [
        one
        for one in login_as("enumerator").get("/api/v1/register?cursor=0&limit=100").json["entries"]
        if one["household_id"] == "ho-1"
    ]
    assert (told["last_class"], told["last_answers"]["thong_tin_ho"]) == ("khong_ngheo", {"dia_chi": "Số 7"})
    assert household(session).current_class == "khong_ngheo"


@pytest.mark.parametrize("since", [date(2026, 8, 20), date(2026, 9, 1), TODAY])
def test_a_class_that_is_corrected_reaches_the_round_whatever_its_day(session: Session, since: date) -> None:
    import_household(
        session, commune_id=COMMUNE, household_id="ho-cu", village_id=VILLAGE, head_name="Lò Văn Cũ",
        base_class=HouseholdClass.POOR, now=datetime(2026, 8, 1, tzinfo=UTC),
    )  # fmt: skip
    on_register(session, COMMUNE, ROUND, "ho-cu")
    session.commit()
    do(session, wish(K.CORRECT, "ho-cu", on=since, **{"class": "khong_ngheo"}))
    assert session.get_one(RegisterEntry, (COMMUNE, ROUND, "ho-cu")).opening_class == "khong_ngheo"
    undo(session, last(session).seq)
    assert session.get_one(RegisterEntry, (COMMUNE, ROUND, "ho-cu")).opening_class == "ho_ngheo"


def test_a_class_found_before_the_round_opened_in_the_commune_is_last_years(login_as: Any, session: Session) -> None:
    session.get_one(RoundCommune, (COMMUNE, ROUND)).opens_on = date(2026, 11, 23)  # later than elsewhere
    form = session.scalars(select(FormVersion)).one()
    open_round(
        session, title="Thường xuyên", year=2026, form=form, opens_on=date(2026, 9, 1), closes_on=date(2026, 12, 14),
        kind=RoundKind.AD_HOC, b1_method=B1Method.TOTAL, now=NOW, round_id="thuong-xuyen",
    )  # fmt: skip
    session.commit()
    sent = entry(round_id="thuong-xuyen", answers={"mang": "co"})
    push(login_as("enumerator"), sent)
    decide(session, sent["id"], Action.ACCEPT)
    do(session, wish(K.CORRECT, **{"class": "ho_ngheo"}))
    undo(session, last(session).seq)
    assert session.get_one(RegisterEntry, (COMMUNE, ROUND, "ho-1")).opening_class == "ho_can_ngheo"


def test_a_closed_round_stays_as_it_was_decided(login_as: Any, session: Session) -> None:
    standing = session.get_one(RoundCommune, (COMMUNE, ROUND))
    standing.state, standing.closed_at = "closed", NOW
    session.commit()
    do(session, wish(K.DIED_OUT))
    assert session.get_one(RegisterEntry, (COMMUNE, ROUND, "ho-1")).opening_class == "ho_ngheo"
    do(session, wish(K.CORRECT, household="ho-2", **{"class": "khong_ngheo"}))
    assert session.get_one(RegisterEntry, (COMMUNE, ROUND, "ho-2")).opening_class == "ho_ngheo"


def test_a_household_that_is_off_the_register_is_in_nobodys_way(login_as: Any, session: Session) -> None:
    for number in (1, 2, 3, 4):
        do(session, wish(K.TEST, household=f"ho-{number}"))
    do(session, wish(K.DISSOLVE, household="ho-5"), OTHER_COMMUNE)
    assert obstacles(session, session.get_one(Round, ROUND)) == []
    form = session.get_one(Round, ROUND)
    version = session.get_one(FormVersion, (form.form_id, form.form_version))
    opened = open_round(
        session, title="Định kỳ 2027", year=2027, form=version, opens_on=form.opens_on, closes_on=form.closes_on,
        now=NOW,
    )  # fmt: skip
    assert session.scalars(select(RegisterEntry).where(RegisterEntry.round_id == opened.id)).all() == []


def test_an_interview_of_a_household_that_is_off_the_register_waits_for_a_person(
    login_as: Any, session: Session
) -> None:
    waiting, late = entry(), entry()
    push(login_as("enumerator"), waiting)
    do(session, wish(K.DISSOLVE))
    assert status(session, waiting) == ("quarantined", "unknown_household")
    [result] = push(login_as("enumerator"), late)
    assert result["reason"]["code"] == "unknown_household"
    undo(session, last(session).seq)  # both are of one household again
    assert {status(session, waiting), status(session, late)} == {("quarantined", "two_interviews")}


def test_a_late_interview_of_a_merged_household_is_one_of_what_it_was_merged_into(
    login_as: Any, session: Session
) -> None:
    do(session, wish(K.MERGE, other="ho-2"))
    do(session, wish(K.MERGE, household="ho-2", other="ho-3"))
    late = entry()
    [result] = push(login_as("enumerator"), late)
    assert push(login_as("enumerator"), late) == [result]  # the same answer however often it is sent
    assert (status(session, late), of_household(session, late)) == (("submitted", None), "ho-3")
    assert session.get_one(RegisterEntry, (COMMUNE, ROUND, "ho-3")).state == "received"
    before = snapshot(session)
    rebuild(session)
    session.commit()
    assert snapshot(session) == before
    decide(session, late["id"], Action.ACCEPT)
    assert household(session, "ho-3").current_answers["thanh_vien"][0]["ho_ten"] == "Lò Văn Đông"
    do(session, wish(K.UNMERGE))  # what came since stays with the survivor until a person attaches it
    assert of_household(session, late) == "ho-3"
    assert household(session).current_submission_id is None


def test_a_late_interview_is_held_where_its_sender_may_not_ask(login_as: Any, session: Session) -> None:
    do(session, wish(K.MERGE, other="ho-4"))  # of a village that is another's
    late = entry()
    push(login_as("enumerator"), late)
    assert (status(session, late), of_household(session, late)) == (("quarantined", "outside_area"), "ho-4")


def of_household(session: Session, sent: dict[str, Any]) -> str | None:
    session.rollback()
    found = session.scalars(select(Submission).where(Submission.entry_id == sent["id"])).one()
    return session.get_one(SubmissionStatus, (COMMUNE, found.id)).household_id


def status(session: Session, sent: dict[str, Any]) -> tuple[str, str | None]:
    session.rollback()
    found = session.scalars(select(Submission).where(Submission.entry_id == sent["id"])).one()
    row = session.get_one(SubmissionStatus, (COMMUNE, found.id))
    return row.state, row.reason


def test_a_split_gives_a_new_number_and_takes_along_who_goes(login_as: Any, session: Session) -> None:
    do(session, wish(K.CORRECT, head="Lò Văn Đông"))
    do(session, wish(K.SPLIT, members=["Quàng Thị Ước"], address="Số 9"))
    event = last(session)
    new = household(session, str(event.other_id))
    assert (new.code, new.head_name, new.village_id, new.current_class) == (
        "03757-01-004", "Quàng Thị Ước", VILLAGE, "ho_ngheo",
    )  # fmt: skip
    assert [one["ho_ten"] for one in new.current_answers["thanh_vien"]] == ["Quàng Thị Ước"]
    assert "diem_b1" not in new.current_answers  # how the other household lives is not how they live
    assert new.current_answers["thong_tin_ho"] == {"dia_chi": "Số 9"}
    asked = session.get_one(RegisterEntry, (COMMUNE, ROUND, new.id))
    assert (asked.state, asked.opening_class) == ("to_visit", "ho_ngheo")
    sent = entry(new.id)
    push(login_as("enumerator"), sent)
    assert acts.plan_undo(session, COMMUNE, event.seq, TODAY).rule is None  # it waits, and would be held
    decide(session, sent["id"], Action.ACCEPT)
    refused = acts.plan_undo(session, COMMUNE, event.seq, TODAY)
    assert refused.rule == "register_rests_on_it"
    [needs] = preview.broken(session, refused)
    assert (needs.code, needs.day, needs.seq) == ("03757-01-004", date(2026, 11, 22), None)
    decide(session, sent["id"], Action.REOPEN)
    undo(session, event.seq)
    assert household(session, new.id).state == "withdrawn"
    assert session.get(RegisterEntry, (COMMUNE, ROUND, new.id)) is None
    do(session, wish(K.SPLIT, members=["Quàng Thị Ước"]))
    assert household(session, str(last(session).other_id)).code == "03757-01-005"  # no number is given twice


def test_a_household_moves_to_another_commune_whole_and_comes_back(login_as: Any, session: Session) -> None:
    sent = entry()
    push(login_as("enumerator"), sent)
    decide(session, sent["id"], Action.ACCEPT)
    before = without_changes(session)
    made = do(session, wish(K.MOVE, commune=OTHER_COMMUNE, village=OTHER_VILLAGE))
    assert [half.commune_id for half in made.halves] == [COMMUNE, OTHER_COMMUNE]
    left, came = household(session), household(session, commune_id=OTHER_COMMUNE)
    assert (left.state, came.state, came.code) == ("moved", "present", "03664-01-002")
    assert (came.head_name, came.current_class) == ("Lò Văn Đông", "ho_ngheo")
    assert session.get(RegisterEntry, (COMMUNE, ROUND, "ho-1")) is None
    assert session.get_one(RegisterEntry, (OTHER_COMMUNE, ROUND, "ho-1")).opening_class == "ho_ngheo"
    assert last(session).act == last(session, OTHER_COMMUNE).act
    undo(session, last(session, OTHER_COMMUNE).seq, OTHER_COMMUNE)
    assert (household(session).state, household(session, commune_id=OTHER_COMMUNE).state) == ("present", "withdrawn")
    after = without_changes(session)
    kept = [row for row in after["household"] if row[:2] != (OTHER_COMMUNE, "ho-1")]
    assert after | {"household": kept} == before
    do(session, wish(K.MOVE, commune=OTHER_COMMUNE, village=OTHER_VILLAGE))  # it did move after all
    came = household(session, commune_id=OTHER_COMMUNE)
    assert (came.state, came.code) == ("present", "03664-01-002")
    assert acts.plan(session, COMMUNE, wish(K.RESTORE), TODAY).rule == "register_across"
    do(session, wish(K.MOVE, commune=COMMUNE, village=VILLAGE_2), OTHER_COMMUNE)  # and came back to another village
    assert household(session, commune_id=OTHER_COMMUNE).state == "moved"
    back = household(session)
    assert (back.state, back.village_id, back.code) == ("present", VILLAGE_2, "03757-01-001")
    assert session.get_one(RegisterEntry, (COMMUNE, ROUND, "ho-1")).village_id == VILLAGE_2
    assert session.get(RegisterEntry, (OTHER_COMMUNE, ROUND, "ho-1")) is None


def test_a_household_is_merged_into_one_of_another_commune_in_one_act(login_as: Any, session: Session) -> None:
    sent = entry()
    push(login_as("enumerator"), sent)
    decide(session, sent["id"], Action.ACCEPT)
    before = without_changes(session)
    merging = wish(K.MERGE, other="ho-5", commune=OTHER_COMMUNE)
    made = do(session, merging)
    kinds = [[event.kind for event in half.events] for half in made.halves]
    assert kinds == [[K.MOVE], [K.ENTER, K.MERGE]]
    left, came = household(session), household(session, commune_id=OTHER_COMMUNE)
    assert (left.state, came.state, came.same_as) == ("moved", "merged", "ho-5")
    assert session.get(RegisterEntry, (COMMUNE, ROUND, "ho-1")) is None
    assert session.get(RegisterEntry, (OTHER_COMMUNE, ROUND, "ho-1")) is None
    there = acts.known_of(session, household(session, "ho-5", commune_id=OTHER_COMMUNE)).people
    assert {"Lò Văn Đông", "Quàng Thị Ước"} <= {one.name for one in there.members("ho-5")}
    assert last(session).act == last(session, OTHER_COMMUNE).act
    assert acts.plan(session, COMMUNE, merging, TODAY).rule == "register_ended"
    undo(session, last(session).seq)  # from either side, all of it
    assert (household(session).state, household(session, commune_id=OTHER_COMMUNE).state) == ("present", "withdrawn")
    after = without_changes(session)
    kept = [row for row in after["household"] if row[:2] != (OTHER_COMMUNE, "ho-1")]
    assert after | {"household": kept} == before
    do(session, merging)  # it was right after all
    assert household(session, commune_id=OTHER_COMMUNE).state == "merged"
    do(session, wish(K.UNMERGE), OTHER_COMMUNE)  # and became one of its own there
    assert (household(session).state, household(session, commune_id=OTHER_COMMUNE).state) == ("moved", "present")
    assert session.get_one(RegisterEntry, (OTHER_COMMUNE, ROUND, "ho-1")).state == "to_visit"


REFUSED = [
    (wish(K.MERGE, other="ho-1"), "register_itself"),
    (wish(K.CORRECT, head="Lò", on=TODAY + timedelta(days=1)), "register_future"),
    (wish(K.CORRECT, head="Lò", on=TODAY - timedelta(days=1)), "register_not_there"),
    (wish(K.CORRECT, head="Chủ hộ cũ"), "register_changes_nothing"),
    (wish(K.CORRECT), "register_nothing_given"),
    (wish(K.CORRECT, head=" \u200b "), "register_nothing_given"),
    (wish(K.CORRECT, **{"class": "giau"}), "bad_request"),
    (wish(K.CORRECT, village=OTHER_VILLAGE), "register_village_unknown"),
    (wish(K.MOVE, village="03757-99"), "register_village_unknown"),
    (wish(K.MOVE, village=7), "register_village_unknown"),
    (wish(K.MOVE), "register_nothing_given"),
    (wish(K.SPLIT, members=[]), "register_nobody_goes"),
    (wish(K.SPLIT, members=["Lò Văn Đông", "Quàng Thị Ước"]), "register_nobody_stays"),
    (wish(K.SPLIT, members=["Ai Đó"]), "register_member_unknown"),
    (wish(K.UNMERGE), "register_not_merged"),
    (wish(K.RESTORE), "register_not_ended"),
    (wish(K.MERGE), "register_not_there"),
    (wish(K.ENTER), "not_allowed_now"),
    (wish(K.VOID), "not_allowed_now"),
]


@pytest.mark.parametrize(("one", "rule"), REFUSED, ids=lambda one: one if isinstance(one, str) else one.kind)
def test_what_cannot_be_is_refused_by_its_rule_and_nothing_is_written(session: Session, one: Wish, rule: str) -> None:
    before = snapshot(session)
    assert acts.plan(session, COMMUNE, one, TODAY).rule == rule
    with pytest.raises(Problem) as refused:
        do(session, one)
    assert refused.value.code == rule
    assert snapshot(session) == before


def test_what_is_not_there_cannot_be_planned(session: Session) -> None:
    for one in (wish(K.TEST, household="nobody"), wish(K.MERGE, other="nobody"), wish(K.MERGE, other="ho-5")):
        with pytest.raises(Problem, match="not_found"):
            acts.plan(session, COMMUNE, one, TODAY)
    with pytest.raises(Problem, match="not_found"):
        acts.plan_undo(session, COMMUNE, 99, TODAY)


def test_nothing_is_done_without_a_reason_or_on_another_ground_than_was_seen(session: Session) -> None:
    with pytest.raises(Problem, match="register_reason_needed"):
        acts.carry_out(session, COMMUNE, wish(K.TEST), done(session, " \n"))
    session.rollback()
    seen = acts.plan(session, COMMUNE, wish(K.TEST), TODAY).basis
    do(session, wish(K.CORRECT, head="Lò Văn Hoà"))
    with pytest.raises(Problem, match="conflict"):
        acts.carry_out(session, COMMUNE, wish(K.TEST), done(session), seen=seen)


def test_the_head_cannot_go_with_those_who_go_and_an_undoing_stays(session: Session) -> None:
    do(session, wish(K.CORRECT, head="Lò Văn Đông"))
    assert acts.plan(session, COMMUNE, wish(K.SPLIT, members=["Lò Văn Đông"]), TODAY).rule == "register_head_goes"
    corrected = last(session).seq
    undo(session, corrected)
    assert acts.plan_undo(session, COMMUNE, corrected, TODAY).rule == "register_undone"
    assert acts.plan_undo(session, COMMUNE, last(session).seq, TODAY).rule == "register_undoing"


def test_another_household_is_named_only_where_there_are_two(session: Session) -> None:
    do(session, wish(K.CORRECT, other="ho-2", head="Lò Văn Hoà"))
    do(session, wish(K.TEST, other="ho-2"))
    assert {row.other_id for row in session.scalars(select(RegisterEvent))} == {None}


def test_a_merge_of_a_merge_and_its_circle(session: Session) -> None:
    do(session, wish(K.MERGE, other="ho-2"))
    told = session.scalars(select(AuditEvent).where(AuditEvent.verb == "register.merge")).one()
    assert (told.subject, told.detail) == ("ho-1", {"commune": COMMUNE, "seq": last(session).seq, "other": "ho-2"})
    do(session, wish(K.MERGE, household="ho-2", other="ho-3"))
    assert acts.plan(session, COMMUNE, wish(K.MERGE, "ho-3", "ho-1"), TODAY).rule == "register_cycle"
    assert acts.plan(session, COMMUNE, wish(K.MERGE, "ho-4", "ho-1"), TODAY).rule == "register_target_ended"
    do(session, wish(K.UNMERGE))
    assert (household(session).state, household(session, "ho-2").state) == ("present", "merged")
