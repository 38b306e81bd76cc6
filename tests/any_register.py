"""Any register of two communes, as the office writes it: every event was tried first. Villages are renamed, merged,
split and re-zoned, households entered, moved, merged, split, asked. Invented codes and classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from models import FormerCommune
from survey.borders import villages
from survey.borders.former_communes import Borders
from survey.borders.villages import Change
from survey.register import ledger
from survey.register.ledger import Event, Interview
from survey.register.persons import Row
from survey.submissions.register_table import Table, ground, lying_in, rows_of
from survey.tallies.deprivations import Lacks
from survey.terms import HouseholdState, PlaceChange, RegisterKind

K, C = RegisterKind, PlaceChange
HERE, THERE = "03757", "03664"
A, B, Z = "03757-01", "03757-02", "03664-01"
FIRST, LAST = date(2026, 1, 1), 60
CLASSES = ("ho_ngheo", "ho_can_ngheo", "khong_ngheo", None)
PATTERNS: tuple[Lacks, ...] = (
    (None,) * 12, (False,) * 12, (True,) + (False,) * 11, (None,) * 3 + (True,) + (None,) * 8, (True, None) * 6,
)  # fmt: skip


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def former_commune(code: str, district: str, commune_id: str) -> FormerCommune:
    return FormerCommune(
        province_id="14", code=code, valid_to=date(2025, 7, 1), commune_id=commune_id, valid_from=None,
        name=f"Xã {code}", district_code=district, district=f"Huyện {district}", status="thử", source="bài thử",
    )  # fmt: skip


def former_borders() -> Borders:
    """HERE is of two former communes of two districts, THERE of one alone."""
    one, two, three = (
        former_commune("F1", "D1", HERE),
        former_commune("F2", "D2", HERE),
        former_commune("F3", "D1", THERE),
    )
    of_commune = {HERE: [one, two], THERE: [three]}
    return Borders(date(2025, 7, 1), {row.code: row for row in (one, two, three)}, {THERE: "F3"}, of_commune)


@dataclass
class AnyRegister:
    """By commune what was written down of its households; of all villages; by interview what it says of indicators."""

    events: dict[str, list[Event]] = field(default_factory=lambda: {HERE: [], THERE: []})
    interviews: dict[str, list[Interview]] = field(default_factory=lambda: {HERE: [], THERE: []})
    changes: list[Change] = field(default_factory=list)
    lacks: dict[str, Lacks] = field(default_factory=dict)

    def found(self, village_id: str) -> None:
        given = {"name": f"Bản {village_id}", "division": "Bản", "area": "nong_thon"}
        self.changes.append(Change(len(self.changes) + 1, C.FOUND, village_id[:5], village_id, date(2025, 7, 1), given))

    def act(
        self, commune_id: str, kind: RegisterKind, id: str, on: int, other: str | None = None, **given: Any
    ) -> bool:
        rows = given.pop("rows", ())
        event = Event(len(self.events[commune_id]) + 1, kind, id, day(on), given, other, rows=rows)
        return self._write([(commune_id, event)])

    def enter(self, id: str, village_id: str, named: str | None, persons: int, on: int = 0) -> bool:
        rows = tuple(Row(at, {"ho_ten": f"{id} {at}"}, f"{id}-{at}") for at in range(persons))
        given = {"code": f"{village_id}-{id}", "village": village_id, "head": id, "class": named}
        return self.act(village_id[:5], K.ENTER, id, on, rows=rows, **given)

    def ask(self, commune_id: str, id: str, on: int, named: str | None, persons: int, lacks: Lacks) -> None:
        rows = tuple(Row(at, {"ho_ten": f"{id} {at}"}, f"{id}-{at}") for at in range(persons))
        after, at = len(self.events[commune_id]), datetime(2026, 12, 1, tzinfo=UTC)
        name = f"{id} {on} {len(self.interviews[commune_id])}"
        self.interviews[commune_id].append(Interview(name, id, day(on), after, at, id, named, rows=rows))
        self.lacks[name] = lacks

    def change(self, kind: PlaceChange, village_id: str, on: int, other: str | None = None, **given: Any) -> bool:
        one = Change(len(self.changes) + 1, kind, village_id[:5], village_id, day(on), given, other)
        if villages.attempt(self.changes, [one]).rule is not None:
            return False
        self.changes.append(one)
        return True

    def move_out(self, id: str, commune_id: str, village_id: str, on: int) -> bool:
        """To the other commune."""
        pair = self._moving(id, commune_id, village_id, on)
        return pair is not None and self._write(pair)

    def rezone(self, village_id: str, on: int) -> bool:
        """To the other commune, with all who live there."""
        of = village_id[:5]
        to = THERE if of == HERE else HERE
        new = f"{to}-{max(int(one.village_id[-2:]) for one in self.changes) + len(self.changes):02d}"
        seq = len(self.changes) + 1
        given = {"name": f"Bản {new}", "division": "Bản", "area": "nong_thon", "origin": village_id, "from": of}
        added = [
            Change(seq, C.REZONED, of, village_id, day(on), {"commune": to}, new),
            Change(seq + 1, C.FOUND, to, new, day(on), given),
        ]
        if villages.attempt(self.changes, added).rule is not None:
            return False
        there = ledger.fold(self.events[of], self.interviews[of], day=day(on)).households.values()
        moving = villages.live(self.changes)
        pairs = [
            self._moving(one.id, of, new, on)
            for one in there
            if one.state is HouseholdState.PRESENT
            and villages.lies_in(moving, one.id, one.village_id, one.village_since, day(on)) == village_id
        ]
        known = {of: self.events[of][:], to: self.events[to][:]}
        for pair in pairs:
            numbered = [
                (commune_id, _numbered(event, len(self.events[commune_id]) + 1)) for commune_id, event in pair or ()
            ]
            if not self._write(numbered):
                self.events |= known
                return False
        self.changes += added
        return True

    def _moving(self, id: str, commune_id: str, village_id: str, on: int) -> list[tuple[str, Event]] | None:
        one = ledger.fold(self.events[commune_id], self.interviews[commune_id], day=day(on))
        standing, to = one.households.get(id), village_id[:5]
        if standing is None or to == commune_id:
            return None
        rows = tuple(Row(at, person.said, person.id) for at, person in enumerate(one.people.members(id)))
        given = {"code": standing.code, "village": village_id, "head": standing.head_name,
                 "class": standing.household_class, "from": commune_id}  # fmt: skip
        return [
            (commune_id, Event(len(self.events[commune_id]) + 1, K.MOVE, id, day(on), {"commune": to})),
            (to, Event(len(self.events[to]) + 1, K.ENTER, id, day(on), given, rows=rows)),
        ]

    def _write(self, added: list[tuple[str, Event]]) -> bool:
        for commune_id, event in added:
            tried = ledger.attempt(self.events[commune_id], self.interviews[commune_id], [event])
            if tried.rule not in (None, "register_changes_nothing"):
                return False
        for commune_id, event in added:
            self.events[commune_id].append(event)
        return True

    def table(self, on: int, borders: date | Borders | None = None, today: int = LAST) -> Table:
        """As `register_table.state` makes it of what it read."""
        former = borders if isinstance(borders, Borders) else None
        at = borders if isinstance(borders, date) else date(2025, 6, 30) if former else None
        rows, standings = [], {}
        for commune_id in (THERE, HERE):
            land = ground(commune_id, day(today), villages.live(self.changes), at, former)
            folded = ledger.fold(self.events[commune_id], self.interviews[commune_id], day=day(on))
            rows += rows_of(land, lying_in(folded), day(on), self.lacks)
            standings |= {(commune_id, id): one for id, one in folded.households.items()}
        return Table({}, [former] if former else [], rows, standings)


def _numbered(event: Event, seq: int) -> Event:
    return Event(
        seq, event.kind, event.household_id, event.effective_on, event.payload, event.other_id, rows=event.rows
    )


def begun() -> AnyRegister:
    """Three villages, and nobody in them."""
    made = AnyRegister()
    for village_id in (A, B, Z):
        made.found(village_id)
    return made


IDS, DAYS = st.sampled_from("abcdef"), st.integers(0, LAST)


@st.composite
def registers(draw: st.DrawFn) -> AnyRegister:
    made = begun()
    for id in "abcd":
        made.enter(id, draw(st.sampled_from((A, B, Z))), draw(st.sampled_from(CLASSES)), draw(st.integers(0, 3)))
    for number in range(draw(st.integers(3, 14))):
        _something(draw, made, number)
    return made


def _something(draw: st.DrawFn, made: AnyRegister, number: int) -> None:
    """Something is written down, or refused."""
    commune_id, id, on = draw(st.sampled_from((HERE, THERE))), draw(IDS), draw(DAYS)
    there = villages.fold(made.changes).in_commune(commune_id)
    village_id = draw(st.sampled_from(there)).id if there else Z
    what = draw(st.sampled_from((0, 0, 1, 2, 3, 3, 3, 4, 5, 6, 7)))
    if what == 0:
        folded = ledger.fold(made.events[commune_id], made.interviews[commune_id])
        if id in folded.households:
            made.ask(
                commune_id,
                id,
                on,
                draw(st.sampled_from(CLASSES)),
                draw(st.integers(0, 3)),
                draw(st.sampled_from(PATTERNS)),
            )
    elif what == 1:
        made.rezone(village_id, on)
    elif what == 2:
        other = villages.fold(made.changes).in_commune(THERE if commune_id == HERE else HERE)
        if other:
            made.move_out(id, commune_id, draw(st.sampled_from(other)).id, on)
    elif what == 3:
        kind = draw(st.sampled_from((C.MERGED, C.FORMER, C.SPLIT, C.RENAMED)))
        others = [one.id for one in there if one.id != village_id]
        into = draw(st.sampled_from(others)) if others else Z
        new = f"{commune_id}-{40 + number:02d}"
        given: dict[str, Any] = {"name": f"Bản {number}", "division": "Bản", "area": "thanh_thi"}
        given = {"former": draw(st.sampled_from(("F1", "F2")))} if kind is C.FORMER else given
        given |= {"households": [id]} if kind is C.SPLIT else {}
        other_id = into if kind is C.MERGED else new if kind is C.SPLIT else None
        made.change(kind, village_id, on, other_id, **({} if kind is C.MERGED else given))
    elif what == 4:
        made.act(commune_id, K.MOVE, id, on, village=village_id)
    elif what == 5:
        made.act(commune_id, K.CORRECT, id, on, **{"class": draw(st.sampled_from(CLASSES))})
    elif what == 6:
        given = {
            "code": f"{village_id}-s{number}",
            "village": village_id,
            "head": "x",
            "class": draw(st.sampled_from(CLASSES)),
        }
        made.act(commune_id, K.SPLIT, id, on, draw(IDS), **given)
    else:
        kind_of = draw(st.sampled_from((K.MERGE, K.UNMERGE, K.DUPLICATE, K.DIED_OUT, K.TEST, K.DISSOLVE, K.RESTORE)))
        made.act(commune_id, kind_of, id, on, draw(IDS) if kind_of in (K.MERGE, K.UNMERGE, K.DUPLICATE) else None)
