"""Villages are renamed, merged, split, re-zoned: what each is on a day, and where that leaves a household."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.borders import villages
from survey.borders.villages import Change, attempt, fold, former_of, in_borders, lies_in, live, periods
from survey.terms import Area, PlaceChange
from tests.examples import examples

C = PlaceChange
HERE, THERE = "03757", "03664"
A, B, D, NEW = "03757-01", "03757-02", "03757-03", "03757-04"
ALONE = {THERE: "03670"}


def day(number: int) -> date:
    return date(2026, 1, number)


def found(seq: int, id: str, name: str, area: str = "nong_thon", on: date = date(2025, 7, 1), **more: Any) -> Change:
    commune_id = id.rsplit("-", 1)[0]
    return Change(seq, C.FOUND, commune_id, id, on, {"name": name, "division": "Bản", "area": area, **more})


def change(seq: int, kind: PlaceChange, id: str, on: int, other: str | None = None, **given: Any) -> Change:
    return Change(seq, kind, id.rsplit("-", 1)[0], id, day(on), given, other)


BASE = [found(1, A, "Bản Một"), found(2, B, "Bản Hai"), found(3, D, "Tổ Ba", "thanh_thi")]


def test_a_name_and_an_area_hold_for_a_period() -> None:
    log = [
        *BASE,
        change(4, C.RENAMED, A, 10, name="Bản Mới", division="Bản"),
        change(5, C.AREA, A, 5, area="thanh_thi"),
    ]
    assert [(one.since, one.until, one.name, one.area) for one in periods(fold(log), A)] == [
        (date(2025, 7, 1), day(5), "Bản Một", Area.RURAL),
        (day(5), day(10), "Bản Một", Area.URBAN),
        (day(10), None, "Bản Mới", Area.URBAN),
    ]
    assert fold(log, day=day(4)).known[A].area is Area.RURAL
    assert fold(log, seqs={HERE: 4}).known[A].area is Area.RURAL


def test_a_code_of_what_was_merged_names_what_it_is_a_part_of() -> None:
    log = live([*BASE, change(4, C.MERGED, A, 10, B), change(5, C.MERGED, B, 20, D)])
    assert [lies_in(log, "h", A, day(1), day(at)) for at in (9, 10, 19, 20)] == [A, B, B, D]
    assert lies_in(log, "h", A, day(25)) == D  # written of a village that was no more
    assert fold(log).known[A].until == day(10)
    assert villages.survivor(fold(log), A) == D
    assert [one.id for one in fold(log).in_commune(HERE)] == [D]


def test_who_was_named_lies_in_what_was_split_off() -> None:
    given = {"name": "Bản Bốn", "division": "Bản", "area": "nong_thon", "households": ["h"]}
    log = live([*BASE, change(4, C.SPLIT, A, 10, NEW, **given)])
    assert [lies_in(log, one, A, day(1)) for one in ("h", "i")] == [NEW, A]
    assert lies_in(log, "h", A, day(1), day(9)) == A
    assert lies_in(log, "h", A, day(11)) == A  # who came back to it later
    known = fold(log)
    assert (known.known[NEW].origin, known.known[NEW].area) == (A, Area.RURAL)
    assert [in_borders(known, log, "j", NEW, day(12), day(at)) for at in (9, 10)] == [A, NEW]


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (change(9, C.MERGED, A, 10, A), "place_itself"),
        (change(9, C.MERGED, A, 10, "03757-77"), "place_not_there"),
        (change(9, C.RENAMED, "03757-77", 10, name="X"), "place_not_there"),
        (Change(9, C.RENAMED, HERE, A, date(2025, 6, 30), {"name": "X"}), "place_not_there"),
        (change(9, C.MERGED, B, 10, A), "place_over"),
        (change(9, C.MERGED, D, 10, B), "place_target_over"),
        (change(9, C.MERGED, A, 10, B), "place_cycle"),
        (change(9, C.MERGED, A, 10, "03664-01"), "place_other_commune"),
        (change(9, C.RENAMED, A, 10, name="tổ  ba"), "place_name_taken"),
        (change(9, C.SPLIT, A, 10, NEW, name="Tổ Ba", division="Tổ"), "place_name_taken"),
        (change(9, C.SPLIT, A, 10, D, name="Mới", division="Tổ"), "place_there_already"),
        (found(9, A, "Nữa"), "place_there_already"),
    ],
)
def test_what_cannot_be_is_refused_with_its_rule(wrong: Change, rule: str) -> None:
    log = [*BASE, found(1, "03664-01", "Tổ 1"), change(4, C.MERGED, B, 2, A)]
    assert attempt(log, [wrong]).rule == rule


def test_nothing_is_undone_that_something_newer_needs() -> None:
    given = {"name": "Bản Bốn", "division": "Bản", "area": None, "households": ["h"]}
    log = [
        *BASE,
        change(4, C.SPLIT, A, 10, NEW, **given),
        change(5, C.RENAMED, NEW, 12, name="Bản Năm", division="Bản"),
    ]
    undo = Change(6, C.VOID, HERE, A, day(20), voids=4)
    tried = attempt(log, [undo])
    assert (tried.rule, [one.change.seq for one in tried.broken]) == ("place_rests_on_it", [5])
    log.append(Change(6, C.VOID, HERE, NEW, day(20), voids=5))
    assert attempt(log, [Change(7, C.VOID, HERE, A, day(20), voids=4)]).rule is None


def test_a_merger_written_down_for_an_earlier_day_breaks_what_came_since() -> None:
    log = [*BASE, change(4, C.AREA, A, 12, area="thanh_thi")]
    assert attempt(log, [change(5, C.MERGED, A, 10, B)]).rule == "place_rests_on_it"
    assert attempt(log, [change(5, C.MERGED, A, 13, B)]).rule is None
    assert attempt(log, [change(5, C.AREA, A, 12, area="thanh_thi")]).rule == "register_changes_nothing"


def test_a_former_commune_is_entered_follows_alone_or_is_not_known() -> None:
    log = [
        *BASE,
        found(1, "03664-01", "Tổ 1"),
        change(4, C.FORMER, A, 1, former="03760"),
        change(5, C.FORMER, B, 1, former="03763"),
        change(6, C.MERGED, A, 10, B),
        found(2, "03664-02", "Tổ Ba", on=day(20), origin=D, **{"from": HERE}),
    ]
    known = fold(log)
    assert former_of(known, A, day(1), ALONE) == "03760"
    assert former_of(known, B, day(1), ALONE) == "03763"
    assert former_of(known, B, day(12), ALONE) is None  # on the land of either
    assert former_of(known, D, day(1), ALONE) is None
    assert former_of(known, "03664-01", day(1), ALONE) == "03670"
    assert former_of(known, "03664-02", day(25), ALONE) is None  # it came from a commune of several


KINDS = st.sampled_from([C.RENAMED, C.AREA, C.MERGED, C.SPLIT, C.VOID])


@st.composite
def logs(draw: Any) -> list[Change]:
    """Whatever is written down, one after another, each only where nothing stands against it."""
    log, ids = list(BASE), [A, B, D]
    for seq in range(4, 4 + draw(st.integers(0, 12))):
        kind, id, on = draw(KINDS), draw(st.sampled_from(ids)), draw(st.integers(1, 28))
        new = f"{HERE}-{len(ids) + 1:02d}"
        other: str | None = None
        more: dict[str, Any] = {}
        if kind is C.RENAMED:
            more = {"name": f"Bản {seq}", "division": "Bản"}
        elif kind is C.AREA:
            more = {"area": draw(st.sampled_from(list(Area))).value}
        elif kind is C.MERGED:
            other = draw(st.sampled_from(ids))
        elif kind is C.SPLIT:
            other, households = new, draw(st.sets(st.sampled_from("hij"), min_size=1))
            more = {"name": f"Bản {seq}", "division": "Bản", "area": None, "households": sorted(households)}
        one = change(seq, kind, id, on, other, **more)
        if kind is C.VOID:
            voidable = [each for each in live(log) if each.seq > 3]
            if not voidable:
                continue
            gone = draw(st.sampled_from(voidable))
            one = Change(seq, kind, HERE, gone.village_id, day(28), {}, gone.other_id, gone.seq)
        if attempt(log, [one]).rule is None:
            log.append(one)
            ids += [new] if kind is C.SPLIT else []
    return log


@pytest.mark.thorough
@given(logs())
@settings(max_examples=examples(60), deadline=None, derandomize=True)
def test_whatever_happens_a_household_lies_in_one_village_that_is_there(log: list[Change]) -> None:
    assert fold(log).failing == []
    for at in (1, 14, 28):
        then, lived = fold(log, day=day(at)), {one.id for one in fold(log, day=day(at)).in_commune(HERE)}
        for id in fold(log).known:
            if then.known.get(id) is None:
                continue
            assert lies_in(live(log), "h", id, date(2025, 7, 1), day(at)) in lived
        for id, one in then.known.items():
            shown = [each for each in periods(fold(log), id) if each.since <= day(at) < (each.until or date.max)]
            assert [(each.name, each.area) for each in shown] == ([(one.name, one.area)] if one.is_there else [])


@pytest.mark.thorough
@given(logs())
@settings(max_examples=examples(40), deadline=None, derandomize=True)
def test_undoing_what_came_last_is_as_if_it_had_never_been(log: list[Change]) -> None:
    for one in [each for each in live(log) if each.seq > 3]:
        undo = Change(99, C.VOID, HERE, one.village_id, day(28), {}, one.other_id, one.seq)
        tried = attempt(log, [undo])
        assert tried.rule in (None, "place_rests_on_it", "register_changes_nothing")
        if tried.rule is None:
            assert tried.after == fold([each for each in log if each.seq != one.seq])


@pytest.mark.thorough
@given(logs(), st.integers(1, 15))
@settings(max_examples=examples(40), deadline=None, derandomize=True)
def test_as_was_known_then_is_the_log_cut_off_there(log: list[Change], seq: int) -> None:
    for at in (None, day(14)):
        assert fold(log, day=at, seqs={HERE: seq}) == fold([one for one in log if one.seq <= seq], day=at)
