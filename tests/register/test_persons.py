"""Who lives where: any sequence of events and interviews, folded."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.members import CODE
from survey.register.last_year import MEMBER_COLUMNS
from survey.register.ledger import LEAVING, OF_PERSON, Event, Folded, Interview, attempt, fold, live
from survey.register.persons import SAID, Row, is_before_birth
from survey.terms import HouseholdState, PersonState, RegisterKind
from tests.examples import examples
from tests.register.test_ledger import FIRST, day, given_of, void

K, H, P = RegisterKind, HouseholdState, PersonState
KIN = ("chu_ho", "vo_chong", "con", "con")


def rows(*ids: str, head: int = 0) -> tuple[Row, ...]:
    return tuple(
        Row(at, {"ho_ten": f"Lò {id}", "nam_sinh": 1980, "quan_he": KIN[0] if at == head else KIN[2]}, id)
        for at, id in enumerate(ids)
    )


def enter(seq: int, id: str, *people: str, on: int = 0) -> Event:
    return Event(seq, K.ENTER, id, day(on), given_of(id) | {"head": f"Lò {people[0]}"}, rows=rows(*people))


def asked(id: str, on: int, *people: str, after: int = 0) -> Interview:
    at = datetime(2026, 12, 1, tzinfo=UTC)
    return Interview(f"phieu-{id}-{on}", id, day(on), after, at, f"Lò {people[0]}", rows=rows(*people))


def about(seq: int, kind: RegisterKind, id: str, person: str, on: int, other: str | None = None, **said: Any) -> Event:
    return Event(seq, kind, id, day(on), said, other, None, person)


A_AND_B = [enter(1, "a", "p", "q", "r"), enter(2, "b", "s", "t")]


def members(found: Folded, id: str) -> list[str]:
    return [one.id for one in found.people.members(id)]


def test_the_answers_that_say_who_somebody_is_are_those_of_the_lists() -> None:
    assert set(SAID) == {CODE, *(name for name, _ in MEMBER_COLUMNS.values())}


def test_a_death_a_marriage_and_a_birth() -> None:
    events = [
        *A_AND_B,
        about(3, K.DIED, "a", "p", 10, head="q"),
        about(4, K.MARRIED_OUT, "a", "r", 20),
        about(5, K.BORN, "a", "u", 30, said={"ho_ten": "Lò u", "nam_sinh": 2026}),
    ]
    found = fold(events)
    assert members(found, "a") == ["q", "u"]
    assert [found.people.known[id].state for id in "pr"] == [P.DEAD, P.MARRIED]
    assert (found.households["a"].head_name, found.people.known["q"].is_head) == ("Lò q", True)
    assert members(fold(events, day=day(15)), "a") == ["q", "r"]
    assert members(fold(events, seq=3), "a") == ["q", "r"]
    assert members(fold(events, day=day(5)), "a") == ["p", "q", "r"]
    assert members(fold([*events, void(6, events[2])]), "a") == ["p", "q", "u"]


def test_whom_an_interview_lists_is_a_member_and_who_is_missing_has_left() -> None:
    found = fold(A_AND_B, [asked("a", 10, "p", "r", "new")])
    assert members(found, "a") == ["p", "r", "new"]
    assert (found.people.known["q"].state, found.people.known["q"].since) == (P.MISSING, day(10))
    assert found.people.known["new"].met_on == day(10)
    said_since = [*A_AND_B, about(3, K.DIED, "a", "q", 8)]
    assert fold(said_since, [asked("a", 10, "p", "r")]).people.known["q"].state is P.DEAD
    later = [*A_AND_B, about(3, K.LEFT, "a", "q", 12)]
    assert fold(later, [asked("a", 10, "p", "r")]).people.known["q"].state is P.LEFT


def test_an_older_interview_accepted_late_does_not_bring_back_who_left() -> None:
    late = asked("a", 10, "p", "q", "r")
    found = fold(A_AND_B, [asked("a", 300, "p", "q"), late])
    assert (members(found, "a"), found.people.known["r"].state) == (["p", "q"], P.MISSING)
    assert members(fold(A_AND_B, [asked("a", 300, "p", "q"), late], day=day(100)), "a") == ["p", "q", "r"]


def test_a_split_takes_them_along_and_a_merge_ended_gives_them_back() -> None:
    split = Event(3, K.SPLIT, "a", day(5), given_of("c") | {"head": "Lò q", "persons": ["q", "r"]}, "c")
    found = fold([*A_AND_B, split])
    assert (members(found, "a"), members(found, "c")) == (["p"], ["q", "r"])
    assert found.people.known["q"].is_head
    merged = [*A_AND_B, split, Event(4, K.MERGE, "c", day(10), {}, "b")]
    assert members(fold(merged), "b") == ["s", "t", "q", "r"]
    assert sum(one.is_head for one in fold(merged).people.members("b")) == 1
    born = about(5, K.BORN, "b", "u", 20, said={"ho_ten": "Lò u"})
    ended = fold([*merged, born, Event(6, K.UNMERGE, "c", day(30), {}, "b")])
    assert (members(ended, "b"), members(ended, "c")) == (["s", "t", "u"], ["q", "r"])


def test_a_split_of_an_older_log_goes_by_names() -> None:
    split = Event(3, K.SPLIT, "a", day(5), given_of("c") | {"head": "Lò q", "leaving": ["Lò q"]}, "c")
    assert members(fold([*A_AND_B, split]), "c") == ["q"]


def test_who_was_in_doubt_is_said_and_it_can_be_undone() -> None:
    listed = Interview("phieu", "a", day(10), 0, datetime(2026, 12, 1, tzinfo=UTC), "Lò p",
                       rows=(*rows("p", "q"), Row(2, {"ho_ten": "Lò R", "nam_sinh": 1981}, "x", ("r",))))  # fmt: skip
    found = fold(A_AND_B, [listed])
    assert (found.people.known["x"].doubts, found.people.known["r"].state) == (("r",), P.MISSING)
    said = about(3, K.IDENTIFIED, "a", "x", 10, **{"as": "r"})
    now = fold([*A_AND_B, said], [listed])
    assert members(now, "a") == ["p", "q", "r"]
    assert now.people.known["r"].said["nam_sinh"] == 1981
    assert (now.people.known["x"].same_as, now.people.who("x")) == ("r", now.people.known["r"])
    after = fold([*A_AND_B, said], [listed, Interview("next", "a", day(20), 3, listed.accepted_at, "Lò p",
                                                      rows=(*rows("p"), Row(1, {"ho_ten": "Lò R"}, "x")))])  # fmt: skip
    assert members(after, "a") == ["p", "r"]
    nobody = fold([*A_AND_B, about(3, K.IDENTIFIED, "a", "x", 10, **{"as": None})], [listed])
    assert (nobody.people.known["x"].doubts, members(nobody, "a")) == ((), ["p", "q", "x"])
    assert attempt([*A_AND_B, said], [listed], [void(4, said)]).rule is None
    side_by_side = about(3, K.IDENTIFIED, "a", "p", 10, **{"as": "q"})
    assert attempt(A_AND_B, [listed], [side_by_side]).rule == "person_two_of_one"


def test_an_interview_empties_no_other_household_in_silence() -> None:
    split = Event(3, K.SPLIT, "a", day(5), given_of("c") | {"head": "Lò q", "persons": ["q", "r"]}, "c")
    own, old_draft = asked("c", 8, "q", "r", after=3), asked("a", 10, "p", "q", "r", after=3)
    found = fold([*A_AND_B, split], [own, old_draft])
    assert (members(found, "a"), members(found, "c")) == (["p"], ["q", "r"])
    assert [(one.item, one.rule, one.person_id) for one in found.failing] == [
        (old_draft, "person_lives_elsewhere", "q"),
        (old_draft, "person_lives_elsewhere", "r"),
    ]
    ended = Event(4, K.DISSOLVE, "c", day(9))
    freed = fold([*A_AND_B, split, ended], [own, old_draft])
    assert (members(freed, "a"), freed.failing) == (["p", "q", "r"], [])


def test_an_unmerge_leaves_no_head_who_lives_elsewhere() -> None:
    merged = [*A_AND_B, Event(3, K.MERGE, "b", day(5), {}, "a"), about(4, K.HEAD, "a", "s", 6)]
    ended = Event(5, K.UNMERGE, "b", day(7), {}, "a")
    assert attempt(merged, [], [ended]).rule == "person_head_goes"
    again = [*merged, about(5, K.HEAD, "a", "p", 7)]
    found = fold([*again, Event(6, K.UNMERGE, "b", day(8), {}, "a")])
    assert found.failing == []
    assert (found.households["a"].head_name, members(found, "a"), members(found, "b")) == (
        "Lò p", ["p", "q", "r"], ["s", "t"],
    )  # fmt: skip


@pytest.mark.parametrize("order", [("p", "q", "x"), ("p", "x", "q")])
def test_two_who_are_listed_side_by_side_are_not_folded_into_one(order: tuple[str, ...]) -> None:
    first = Interview("first", "a", day(10), 0, datetime(2026, 12, 1, tzinfo=UTC), "Lò p",
                      rows=(*rows("p"), Row(1, {"ho_ten": "Lò x"}, "x", ("q",))))  # fmt: skip
    said = about(3, K.IDENTIFIED, "a", "x", 12, **{"as": "q"})
    both = asked("a", 20, *order, after=3)
    found = fold([*A_AND_B, said], [first, both])
    assert members(found, "a") == list(order)
    assert [(one.item, one.rule, one.person_id) for one in found.failing] == [(both, "person_two_of_one", "x")]
    assert found.people.known["x"].same_as is None


@pytest.mark.parametrize(
    ("added", "rule"),
    [
        (about(3, K.DIED, "a", "nobody", 10), "person_not_there"),
        (Event(3, K.DIED, "a", date(1979, 1, 1), {}, None, None, "p"), "register_not_there"),
        (about(3, K.BORN, "a", "u", 10, said={"ho_ten": "u", "nam_sinh": 2027}), "person_before_birth"),
        (about(3, K.PERSON, "a", "q", 10, said={"nam_sinh": 2030}), "person_before_birth"),
        (about(3, K.TRANSFERRED, "a", "q", 10, "a"), "person_lives_there"),
        (about(3, K.TRANSFERRED, "a", "q", 10, "nobody"), "register_not_there"),
        (about(3, K.TRANSFERRED, "b", "q", 10, "a"), "person_not_member"),
        (about(3, K.JOINED, "b", "q", 10), "person_lives_elsewhere"),
        (about(3, K.BORN, "b", "q", 10), "person_born_already"),
        (about(3, K.HEAD, "a", "s", 10), "person_not_member"),
        (about(3, K.DIED, "b", "q", 10), "person_not_member"),
        (about(3, K.IDENTIFIED, "a", "q", 10, **{"as": "q"}), "person_itself"),
        (about(3, K.IDENTIFIED, "a", "q", 10, **{"as": "z"}), "person_not_there"),
        (about(3, K.PERSON, "a", "q", 10, said={"ho_ten": "Lò q"}), "register_changes_nothing"),
    ],
)
def test_what_cannot_be_is_refused_by_a_rule(added: Event, rule: str) -> None:
    tried = attempt(A_AND_B, [], [added])
    assert (tried.rule, tried.people) == (rule, {})


def test_nobody_dies_twice_nor_acts_after_death() -> None:
    died = [*A_AND_B, about(3, K.DIED, "a", "q", 10)]
    for kind, other in ((K.DIED, None), (K.LEFT, None), (K.JOINED, None), (K.TRANSFERRED, "b"), (K.HEAD, None)):
        assert attempt(died, [], [about(4, kind, "a", "q", 20, other)]).rule == "person_dead", kind
    assert attempt(died, [], [about(4, K.PERSON, "a", "q", 20, said={"ho_ten": "Lò Q"})]).rule is None


def test_a_death_before_an_interview_that_lists_the_person_is_refused_and_a_wrong_one_can_be_undone() -> None:
    after, death = asked("a", 40, "p", "q"), about(3, K.DIED, "a", "q", 10)
    refused = attempt(A_AND_B, [after], [death])
    assert (refused.rule, [one.item for one in refused.broken]) == ("register_rests_on_it", [after])
    found = fold([*A_AND_B, death], [after])  # it was accepted since: the contradiction is told, the rest counts
    assert [(one.item, one.rule) for one in found.failing] == [(after, "person_dead")]
    assert (members(found, "a"), found.households["a"].submission_id) == (["p"], after.submission_id)
    assert attempt([*A_AND_B, death], [after], [void(4, death)]).rule is None


def test_undoing_a_transfer_is_refused_exactly_when_something_newer_needs_it() -> None:
    moved = about(3, K.TRANSFERRED, "a", "q", 10, "b")
    needs = about(4, K.DIED, "b", "q", 20)
    refused = attempt([*A_AND_B, moved, needs], [], [void(5, moved)])
    assert (refused.rule, [one.item for one in refused.broken]) == ("register_rests_on_it", [needs])
    beside = about(4, K.DIED, "a", "r", 20)
    assert attempt([*A_AND_B, moved, beside], [], [void(5, moved)]).rule is None


@pytest.mark.parametrize(
    ("said", "on", "before"),
    [
        ({"nam_sinh": 1980}, date(1980, 1, 1), False),
        ({"nam_sinh": 1980}, date(1979, 12, 31), True),
        ({"nam_sinh": 1980, "thang_sinh": 5}, date(1980, 4, 30), True),
        ({"nam_sinh": 1980, "thang_sinh": 5, "ngay_sinh": 7}, date(1980, 5, 7), False),
        ({"nam_sinh": 1980, "ngay_sinh": 7}, date(1980, 1, 1), False),
        ({}, FIRST, False),
    ],
)
def test_a_birth_counts_as_far_as_it_is_known(said: dict[str, Any], on: date, before: bool) -> None:
    assert is_before_birth(said, on) is before


ids = st.sampled_from("abc")
people = st.sampled_from("pqrstuv")


@st.composite
def registers(draw: st.DrawFn) -> tuple[list[Event], list[Interview]]:
    """A log as the office writes it, about households and persons: each event was tried first; some are undone."""
    events: list[Event] = list(A_AND_B)
    interviews: list[Interview] = []
    for _ in range(draw(st.integers(1, 12))):
        seq, id, on = len(events) + 1, draw(ids), draw(st.integers(0, 60))
        if draw(st.integers(0, 4)) == 0:
            listed = draw(st.lists(people, min_size=1, max_size=4, unique=True))
            came = asked(id, on, *listed, after=seq - 1)
            if id in fold(events, interviews).households and came.submission_id not in {
                one.submission_id for one in interviews
            }:
                interviews.append(came)
            continue
        added = draw(acts(seq, id, on, events))
        if attempt(events, interviews, [added]).rule in (None, "register_changes_nothing"):
            events.append(added)
    return events, interviews


@st.composite
def acts(draw: st.DrawFn, seq: int, id: str, on: int, events: list[Event]) -> Event:
    kind = draw(st.sampled_from([*sorted(OF_PERSON), K.SPLIT, K.MERGE, K.UNMERGE, K.DISSOLVE, K.RESTORE, K.VOID]))
    if kind is K.VOID:
        return void(seq, draw(st.sampled_from(live(events)))) if live(events) else enter(seq, "z", "p")
    if kind is K.SPLIT:
        going = draw(st.lists(people, min_size=1, max_size=2, unique=True))
        return Event(seq, kind, id, day(on), given_of("c") | {"head": f"Lò {going[0]}", "persons": going}, "c")
    if kind not in OF_PERSON:
        return Event(seq, kind, id, day(on), {}, draw(ids) if kind in (K.MERGE, K.UNMERGE) else None)
    said: dict[str, Any] = {"said": {"ho_ten": f"Lò {draw(people)}"}} if draw(st.booleans()) else {}
    said |= {"as": draw(st.one_of(st.none(), people))} if kind is K.IDENTIFIED else {}
    said |= {"head": draw(people)} if kind in LEAVING else {}
    return about(seq, kind, id, draw(people), on, draw(ids) if kind is K.TRANSFERRED else None, **said)


Log = tuple[list[Event], list[Interview]]


@settings(max_examples=examples(300), deadline=None)
@given(registers())
def test_everybody_is_in_one_household_at_most_and_who_lives_in_one_is_there_once(log: Log) -> None:
    found = fold(*log)
    # Only what was accepted after an event was written down can take away what it rests on; it is named.
    lost = [one.item for one in found.failing if isinstance(one.item, Event)]
    assert all(any(came.after >= one.seq for came in log[1]) for one in lost)
    listed = [one.id for id in found.households for one in found.people.members(id)]
    assert len(listed) == len(set(listed))
    living = [id for id, one in found.people.known.items() if one.state is P.MEMBER]
    assert sorted(living) == sorted(listed)
    for id, one in found.people.known.items():
        assert one.id == id
        assert one.household_id in found.households
        assert id in found.people.homes[one.household_id]
        assert (one.same_as is not None) == (one.state is P.SAME)
        now = found.people.who(id)  # no circle: it comes to an end
        assert now is not None
        assert now.state is not P.SAME
    for household in found.households.values():
        assert household.state is not H.MERGED or found.people.members(household.id) == []


@settings(max_examples=examples(300), deadline=None)
@given(registers(), st.data())
def test_undoing_the_last_act_gives_the_state_as_it_was(log: Log, data: st.DataObject) -> None:
    events, interviews = log
    before = fold(events, interviews)
    seq = len(events) + 1
    added = data.draw(acts(seq, data.draw(ids), data.draw(st.integers(0, 60)), events))
    if added.kind is K.VOID or attempt(events, interviews, [added]).rule is not None:
        return
    undone = void(seq + 1, added)
    fail_still = [(one.item, one.person_id) for one in fold([*events, added], interviews).failing]
    if any((one.item, one.person_id) not in fail_still for one in before.failing):
        return  # what the act gives back its effect, an event or an interview, rests on it from then on
    assert attempt([*events, added], interviews, [undone]).rule is None
    after = fold([*events, added, undone], interviews)
    assert (after.households, after.people.known, after.failing) == (
        before.households,
        before.people.known,
        before.failing,
    )


@settings(max_examples=examples(300), deadline=None)
@given(registers(), st.integers(0, 60), st.integers(0, 14))
def test_as_of_is_a_replay_of_what_was_known_and_held_then(log: Log, on: int, seq: int) -> None:
    events, interviews = log
    known = [one for one in events if one.seq <= seq]
    undone = {one.voids for one in known}
    replayed = fold(
        [one for one in known if one.effective_on <= day(on) and one.seq not in undone and one.kind is not K.VOID],
        [one for one in interviews if one.after < seq and one.day <= day(on)],
    )
    assert fold(events, interviews, day=day(on), seq=seq).people == replayed.people


@settings(max_examples=examples(300), deadline=None)
@given(registers(), st.data())
def test_an_undoing_is_refused_exactly_when_the_precondition_of_another_fails_then(
    log: Log, data: st.DataObject
) -> None:
    events, interviews = log
    if not live(events):
        return
    undone = data.draw(st.sampled_from(live(events)))
    tried = attempt(events, interviews, [void(len(events) + 1, undone)])
    failed = {one.item.place for one in fold(events, interviews).failing}
    without = fold([one for one in live(events) if one.seq != undone.seq], interviews)
    newly = [one.item.place for one in without.failing if one.item.place not in failed]
    assert [one.item.place for one in tried.broken] == newly
    assert (tried.rule == "register_rests_on_it") == bool(newly)
