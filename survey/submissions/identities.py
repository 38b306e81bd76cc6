"""Who the members of an interview are: matched with those who were met in their household before. Pure.

By the code that travels with last year's answers; else by the identity number; else by name, birth and sex, and where
those leave two, by the relation to the head. What is still in doubt is shown to a person and never guessed: until it is
said, the member is somebody new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from survey.members import BIRTH, CODE, NAME, NUMBER, RELATION, SEX, YEAR
from survey.names import bare_key, name_key
from survey.register.persons import Person, Row, is_number
from survey.terms import PersonState

MOST_DOUBTS = 5


def match(known: Sequence[Person], rows: Sequence[Row]) -> tuple[dict[int, str], dict[int, tuple[str, ...]]]:
    """By the position of a row: the code of who it is; and of those who are nobody known for sure, whom they may be."""
    found: dict[int, str] = {}
    left, waiting = {one.id: one for one in known}, {row.position: row for row in rows}
    for is_same in (_has_code, _has_number, _is_like, _is_kin):
        for position, person_id in _pairs(left, waiting, is_same):
            found[position] = person_id
            del left[person_id], waiting[position]
    doubts = {
        position: tuple(one.id for one in left.values() if _may_be(one, row))[:MOST_DOUBTS]
        for position, row in waiting.items()
    }
    return found, {position: whom for position, whom in doubts.items() if whom}


def _pairs(
    left: dict[str, Person], waiting: dict[int, Row], is_same: Callable[[Person, Row], bool]
) -> list[tuple[int, str]]:
    """Those that are each other's only one."""
    fits = {at: [id for id, one in left.items() if is_same(one, row)] for at, row in waiting.items()}
    times = Counter(id for ids in fits.values() for id in ids)
    return [(at, ids[0]) for at, ids in fits.items() if len(ids) == 1 and times[ids[0]] == 1]


def _has_code(one: Person, row: Row) -> bool:
    code = row.said.get(CODE)
    return isinstance(code, str) and bool(code) and code in (one.id, one.said.get(CODE))


def _has_number(one: Person, row: Row) -> bool:
    return _number(row.said) != "" and _number(row.said) == _number(one.said)


def _is_like(one: Person, row: Row) -> bool:
    """Named alike, and nothing that is known of both says otherwise. Whoever is dead is known again by code or number
    alone: a child may bear a grandmother's name."""
    return (
        one.state is not PersonState.DEAD
        and name_key(one.name) == name_key(_text(row.said, NAME))
        and not any(_differ(one.said, row.said, key) for key in (SEX, *BIRTH, NUMBER))
    )


def _is_kin(one: Person, row: Row) -> bool:
    return _is_like(one, row) and _text(row.said, RELATION) != "" and not _differ(one.said, row.said, RELATION)


def _may_be(one: Person, row: Row) -> bool:
    """Something speaks for it and something against: the name with other tones, another birth or another number."""
    same_name = bare_key(one.name) == bare_key(_text(row.said, NAME))
    are_known = "" not in (_text(one.said, YEAR), _text(row.said, YEAR))
    same_birth = are_known and not any(_differ(one.said, row.said, key) for key in (SEX, *BIRTH))
    return same_name or (same_birth and _number(one.said) == "" and _shares_a_name(one, row))


def _shares_a_name(one: Person, row: Row) -> bool:
    """The given name, which stands last."""
    ours, theirs = bare_key(one.name).split(), bare_key(_text(row.said, NAME)).split()
    return bool(ours and theirs) and ours[-1] == theirs[-1]


def _differ(one: Any, other: Any, key: str) -> bool:
    ours, theirs = _text(one, key), _text(other, key)
    return ours != "" and theirs != "" and ours != theirs


def _number(said: Any) -> str:
    number = _text(said, NUMBER)
    return number if is_number(number) else ""


def _text(said: Any, key: str) -> str:
    value = said.get(key)
    return str(value) if isinstance(value, str | int) else ""
