"""What a register is: any sequence of events, folded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.register.ledger import Event, Folded, Interview, Standing, attempt, fold, live, overriding
from survey.terms import HouseholdState, RegisterKind
from tests.examples import examples

K, H = RegisterKind, HouseholdState
FIRST = date(2026, 1, 1)
VILLAGES = ("03757-01", "03757-02")


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def given_of(id: str, village: str = VILLAGES[0], **more: Any) -> dict[str, Any]:
    return {"code": f"{village}-{id}", "village": village, "head": f"Lò Văn {id}", "class": "ho_ngheo"} | more


def enter(seq: int, id: str, on: int = 0, **more: Any) -> Event:
    return Event(seq, K.ENTER, id, day(on), given_of(id, **more))


def event(seq: int, kind: RegisterKind, id: str, on: int, other: str | None = None, **payload: Any) -> Event:
    return Event(seq, kind, id, day(on), payload, other)


def void(seq: int, of: Event, on: int = 200) -> Event:
    return Event(seq, K.VOID, of.household_id, day(on), {}, of.other_id, of.seq)


def interview(id: str, on: int, after: int = 0, **more: Any) -> Interview:
    at = datetime(2026, 12, 1, tzinfo=UTC)
    return Interview(f"phieu-{id}-{on}", id, day(on), after, at, **{"head_name": "Quàng Thị Ước", **more})


A_AND_B = [enter(1, "a"), enter(2, "b")]


def rules(found: Folded) -> list[str]:
    return [one.rule for one in found.failing]


def standing(events: Sequence[Event], id: str = "a", interviews: Sequence[Interview] = (), **as_of: Any) -> Standing:
    return fold(events, interviews, **as_of).households[id]


def test_what_holds_later_wins_whenever_it_was_written_down() -> None:
    late = event(3, K.CORRECT, "a", 50, head="Lò Văn Sau")
    early = event(4, K.CORRECT, "a", 20, head="Lò Văn Trước", address="Số 7")
    found = standing([*A_AND_B, late, early])
    assert (found.head_name, found.address) == ("Lò Văn Sau", "Số 7")
    assert standing([*A_AND_B, late, early], day=day(30)).head_name == "Lò Văn Trước"
    assert standing([*A_AND_B, late, early], day=day(30), seq=3).head_name == "Lò Văn a"
    assert standing([*A_AND_B, late, event(4, K.CORRECT, "a", 50, head="Lò Văn Khác")]).head_name == "Lò Văn Khác"


def test_an_interview_counts_by_its_day_and_not_by_its_decision() -> None:
    of_2027 = interview("a", 100, after=2, household_class="khong_ngheo")
    of_2026 = interview("a", 10, after=9, household_class="ho_ngheo")
    assert standing(A_AND_B, interviews=[of_2027, of_2026]).household_class == "khong_ngheo"
    assert standing(A_AND_B, interviews=[of_2027, of_2026], day=day(50)).submission_id == "phieu-a-10"


def test_an_interview_and_a_correction_of_one_day_by_what_was_written_down_later() -> None:
    mended = event(3, K.CORRECT, "a", 10, head="Lò Văn Đúng")
    assert standing([*A_AND_B, mended], interviews=[interview("a", 10, after=2)]).head_name == "Lò Văn Đúng"
    assert standing([*A_AND_B, mended], interviews=[interview("a", 10, after=3)]).head_name == "Quàng Thị Ước"


def test_an_interview_may_be_older_than_the_day_on_which_its_household_was_listed() -> None:
    found = fold([enter(1, "a", on=30)], [interview("a", 10, household_class="ho_can_ngheo")])
    assert found.failing == []
    assert found.households["a"].household_class == "ho_can_ngheo"
    assert "a" not in fold([enter(1, "a", on=30)], [interview("a", 10)], day=day(20)).households


def test_an_interview_without_a_name_keeps_the_head_that_is_known() -> None:
    assert standing(A_AND_B, interviews=[interview("a", 10, head_name="")]).head_name == "Lò Văn a"


@pytest.mark.parametrize(
    ("added", "rule"),
    [
        (enter(3, "a"), "register_there_already"),
        (event(3, K.MERGE, "a", 10, "a"), "register_itself"),
        (event(3, K.MERGE, "a", 10, "nobody"), "register_not_there"),
        (event(3, K.MOVE, "nobody", 10, village=VILLAGES[1]), "register_not_there"),
        (Event(3, K.CORRECT, "a", FIRST - timedelta(days=1), {"head": "x"}), "register_not_there"),
        (event(3, K.UNMERGE, "a", 10, "b"), "register_not_merged"),
        (event(3, K.RESTORE, "a", 10), "register_not_ended"),
        (event(3, K.SPLIT, "a", 10, "b", **given_of("b")), "register_there_already"),
        (event(3, K.SPLIT, "a", 10, "c", **given_of("c"), leaving=["x"], staying=0), "register_nobody_stays"),
        (event(3, K.SPLIT, "a", 10, "c", **given_of("c"), leaving=[], staying=2), "register_nobody_goes"),
        (event(3, K.CORRECT, "a", 10, head="Lò Văn a"), "register_changes_nothing"),
    ],
)
def test_what_cannot_be_is_refused_by_a_rule(added: Event, rule: str) -> None:
    tried = attempt(A_AND_B, [], [added])
    assert tried.rule == rule
    assert tried.changed == {}


def test_a_cycle_of_merges_is_refused_and_a_code_names_the_survivor() -> None:
    events = [*A_AND_B, enter(3, "c"), event(4, K.MERGE, "a", 10, "b"), event(5, K.MERGE, "b", 20, "c")]
    found = fold(events)
    assert [found.survivor(id) for id in "abc"] == ["c", "c", "c"]
    assert attempt(events, [], [event(6, K.MERGE, "c", 30, "a")]).rule == "register_cycle"
    ended = [*events[:3], event(4, K.DIED_OUT, "b", 10)]
    assert attempt(ended, [], [event(6, K.MERGE, "a", 30, "b")]).rule == "register_target_ended"


def test_an_ended_household_is_brought_back_before_anything_else_is_done_to_it() -> None:
    for kind, state in (
        (K.DISSOLVE, H.DISSOLVED),
        (K.DIED_OUT, H.DIED_OUT),
        (K.TEST, H.TEST),
        (K.DUPLICATE, H.DUPLICATE),
    ):
        ended = [*A_AND_B, event(3, kind, "a", 10)]
        assert standing(ended).state is state
        assert attempt(ended, [], [event(4, K.MOVE, "a", 20, village=VILLAGES[1])]).rule == "register_ended"
        assert standing([*ended, event(4, K.RESTORE, "a", 20)]).state is H.PRESENT
        assert standing([*ended, event(4, K.RESTORE, "a", 20)], day=day(15)).state is state


def test_an_undoing_under_something_newer_is_refused_exactly_when_that_needs_it() -> None:
    split = event(3, K.SPLIT, "a", 10, "c", **given_of("c"))
    moved, merged = event(4, K.MOVE, "a", 20, village=VILLAGES[1]), event(5, K.MERGE, "c", 30, "b")
    events = [*A_AND_B, split, moved, merged]
    refused = attempt(events, [], [void(6, split)])
    assert (refused.rule, [one.item for one in refused.broken]) == ("register_rests_on_it", [merged])
    assert attempt(events, [], [void(6, moved)]).rule is None
    asked = interview("c", 15)
    refused = attempt([*A_AND_B, split], [asked], [void(6, split)])
    assert (refused.rule, [one.item for one in refused.broken]) == ("register_rests_on_it", [asked])


def test_a_wrong_death_followed_by_an_interview_can_be_undone() -> None:
    death, after = event(3, K.DIED_OUT, "a", 10), interview("a", 40, after=3, household_class="ho_can_ngheo")
    found = fold([*A_AND_B, death], [after])
    assert (found.households["a"].state, rules(found)) == (H.DIED_OUT, ["register_ended"])
    tried = attempt([*A_AND_B, death], [after], [void(4, death)])
    assert tried.rule is None
    assert tried.changed["a"][1] == standing(A_AND_B, interviews=[after])
    assert attempt([*A_AND_B], [after], [death]).broken[0].item == after  # nobody died before they were asked


def test_a_merge_that_ends_leaves_both_as_they_were_and_keeps_what_came_since() -> None:
    merged = [*A_AND_B, event(3, K.MERGE, "a", 10, "b")]
    ended = [*merged, event(4, K.UNMERGE, "a", 40, "b")]
    assert fold(ended).households == fold(A_AND_B).households
    since = [interview("b", 20, after=3)]
    assert fold(ended, since).households["b"].submission_id == "phieu-b-20"
    assert fold(ended, since).households["a"] == standing(A_AND_B)


ids = st.sampled_from("abcd")
kinds = st.sampled_from([kind for kind in K if kind is not K.ENTER])


@st.composite
def registers(draw: st.DrawFn) -> tuple[list[Event], list[Interview]]:
    """A log as the office writes it: each event was tried first; some of what was done is undone."""
    events: list[Event] = []
    interviews: list[Interview] = []
    for _ in range(draw(st.integers(1, 14))):
        seq, id, on = len(events) + 1, draw(ids), draw(st.integers(0, 60))
        if draw(st.integers(0, 3)) == 0:
            came = interview(id, on, seq - 1, household_class=draw(st.sampled_from(["ho_ngheo", "khong_ngheo", None])))
            if came.submission_id not in {one.submission_id for one in interviews}:
                interviews += [came] if id in fold(events, interviews).households else []
            continue
        kind = draw(st.sampled_from([K.ENTER, draw(kinds)]))
        if kind is K.VOID:
            undone = draw(st.sampled_from(live(events))) if live(events) else None
            added = void(seq, undone) if undone else enter(seq, id)
        elif kind in (K.ENTER, K.SPLIT):
            village = draw(st.sampled_from(VILLAGES))
            other = draw(ids) if kind is K.SPLIT else None
            added = Event(seq, kind, id, day(on), given_of(other or id, village), other)
        else:
            payload: dict[str, Any] = {"head": f"Lò Thị {draw(ids)}"} if kind is K.CORRECT else {}
            payload |= {"village": draw(st.sampled_from(VILLAGES))} if kind is K.MOVE else {}
            other = draw(ids) if kind in (K.MERGE, K.UNMERGE, K.DUPLICATE) else None
            added = Event(seq, kind, id, day(on), payload, other)
        if attempt(events, interviews, [added]).rule in (None, "register_changes_nothing"):
            events.append(added)
    return events, interviews


@settings(max_examples=examples(300), deadline=None)
@given(registers())
def test_each_household_is_in_exactly_one_state_and_nothing_of_a_tried_log_fails(
    log: tuple[list[Event], list[Interview]],
) -> None:
    events, interviews = log
    found = fold(events, interviews)
    assert [one for one in found.failing if isinstance(one.item, Event)] == []
    assert set(found.households) == {one.enters for one in live(events)} - {""}
    for id, one in found.households.items():
        assert one.id == id
        assert (one.state is H.MERGED) <= (one.same_as in found.households)
        assert (one.same_as is None) or one.state in (H.MERGED, H.DUPLICATE)
        survivor = found.households[found.survivor(id)]  # no circle: it comes to an end
        assert survivor.state is not H.MERGED
        assert one.village_id in VILLAGES


@settings(max_examples=examples(300), deadline=None)
@given(registers(), ids, kinds, st.integers(0, 60))
def test_undoing_the_last_act_gives_the_state_as_it_was(
    log: tuple[list[Event], list[Interview]], id: str, kind: RegisterKind, on: int
) -> None:
    events, interviews = log
    seq = len(events) + 1
    added = Event(seq, kind, id, day(on), given_of("z") | {"head": "Khác"}, "z" if kind is K.SPLIT else None)
    if kind is K.VOID or attempt(events, interviews, [added]).rule is not None:
        return
    undone = void(seq + 1, added)
    tried = attempt([*events, added], interviews, [undone])
    assert tried.rule is None
    before, after = fold(events, interviews), fold([*events, added, undone], interviews)
    assert (after.households, after.failing) == (before.households, before.failing)


@settings(max_examples=examples(300), deadline=None)
@given(registers(), st.integers(0, 60), st.integers(0, 14))
def test_as_of_is_a_replay_of_what_was_known_and_held_then(
    log: tuple[list[Event], list[Interview]], on: int, seq: int
) -> None:
    events, interviews = log
    known = [one for one in events if one.seq <= seq]
    undone = {one.voids for one in known}
    replayed = fold(
        [one for one in known if one.effective_on <= day(on) and one.seq not in undone and one.kind is not K.VOID],
        [one for one in interviews if one.after < seq and one.day <= day(on)],
    )
    assert fold(events, interviews, day=day(on), seq=seq).households == replayed.households


@settings(max_examples=examples(200), deadline=None)
@given(registers(), st.randoms())
def test_the_order_in_which_rows_are_read_decides_nothing(
    log: tuple[list[Event], list[Interview]], chance: Any
) -> None:
    events, interviews = map(list, log)
    before = fold(events, interviews)
    chance.shuffle(events)
    chance.shuffle(interviews)
    after = fold(events, interviews)
    assert (after.households, after.failing) == (before.households, before.failing)


@settings(max_examples=examples(300), deadline=None)
@given(registers(), ids, ids, st.integers(0, 60))
def test_a_merge_ended_with_nothing_since_is_as_if_there_had_been_none(
    log: tuple[list[Event], list[Interview]], id: str, other: str, on: int
) -> None:
    events, interviews = log
    seq = len(events) + 1
    merge = Event(seq, K.MERGE, id, day(on), {}, other)
    if attempt(events, interviews, [merge]).rule is not None:
        return
    ended = Event(seq + 1, K.UNMERGE, id, day(on), {}, other)
    assert attempt([*events, merge], interviews, [ended]).rule is None
    assert fold([*events, merge, ended], interviews).households == fold(events, interviews).households


def test_a_correction_overrides_the_interviews_before_it_until_another_says_it_anew() -> None:
    def corrected(on: int, **said: str) -> Event:
        return event(3, K.CORRECT, "a", on, **(said or {"class": "khong_ngheo"}))

    one, other = interview("a", 10, household_class="ho_ngheo"), interview("a", 15, household_class="ho_ngheo")
    later = corrected(20)
    assert overriding([*A_AND_B, later], [one], one) == later  # whichever of the two came first
    assert overriding([*A_AND_B, later], [one, other], one) is None  # the second interview says it anew
    assert overriding([*A_AND_B, later], [one, other], other) == later
    assert overriding([*A_AND_B, later, void(4, later)], [one], one) is None
    for nothing in (corrected(9), corrected(20, head="Lò Văn Hoà"), corrected(20, **{"class": "ho_ngheo"})):
        assert overriding([*A_AND_B, nothing], [one], one) is None


def test_what_is_said_anew_since_is_another_on_its_own_day() -> None:
    one = interview("a", 10, after=2, household_class="ho_can_ngheo")
    before = event(3, K.CORRECT, "a", 5, **{"class": "khong_ngheo"})
    tried = attempt(A_AND_B, [one], [before])
    was, will = tried.changed["a"]
    assert (tried.rule, was) == (None, will)
    assert was is not None
    assert was.household_class == "ho_can_ngheo"
    on, was, will = tried.then["a"]
    assert was is not None
    assert will is not None
    assert (on, was.household_class, will.household_class) == (day(5), "ho_ngheo", "khong_ngheo")
    again = event(4, K.CORRECT, "a", 5, **{"class": "khong_ngheo"})
    assert attempt([*A_AND_B, before], [one], [again]).rule == "register_changes_nothing"
    undone = attempt([*A_AND_B, before], [one], [void(4, before)])
    assert (undone.rule, list(undone.then)) == (None, ["a"])
