"""What the tables by group, ethnicity, reason and child ask of a poor or near-poor household: read of its answers once,
kept as a few words beside its fact, so that no page reads answers. Pure.

A word is `KIND.WHAT`, with `:NUMBER` where it is of so many of its persons and not of all:

    who.LETTERS      a letter each of WHO, in that order: 1 it is so, 0 it is not, - nobody knows
    reason.NAME      a reason that the family named, of REASONS; `reason.-`: none
    own.PEOPLE:N     members of a people; `own.-`: of none that was said
    child.all:N      children under 16; of these, `child.WHAT:N`, WHAT one of CHILD
    ageless:N        members of whom nobody knows how old they are: they are among no children

Whoever is not known is told as such: which reading of the texts counts, and what becomes of the unknown, is the
tables' to say (`survey/layouts`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from math import isfinite
from typing import Any

from survey.members import PEOPLE, RELATION, SEX, head_in, is_minority, members_in

# head, couple: the head, the head or the spouse is of a minority; unable, some_unable: nobody of working age, or all of
# them, one of them, lost the ability to work; merit: somebody has the monthly merit allowance; woman: the head is one.
WHO = ("head", "couple", "unable", "some_unable", "merit", "woman")
REASONS = ("dat", "von", "lao_dong", "cong_cu", "kien_thuc", "ky_nang", "om_dau", "khac")
# bhyt: from six on, without insurance; bhyt_young: before; bhyt_unknown; thin: found malnourished, thin_unknown;
# school: not at school or at the wrong level, school_unknown.
CHILD = ("bhyt", "bhyt_young", "bhyt_unknown", "thin", "thin_unknown", "school", "school_unknown")
SPOUSE, WOMAN, MERIT, UNABLE, OTHER = "vo_chong", "nu", "nguoi_co_cong", "khong_kha_nang", "khac"
ADULT, CARD_FROM = 16, 6  # years
_CODE = re.compile(r"[a-z0-9_]{1,32}")
_LETTERS = {True: "1", False: "0", None: "-"}


def told_of(values: Any) -> str:
    """The words of an interview's values."""
    members = members_in(values)
    words = ["who." + "".join(_LETTERS[one] for one in _who(members))]
    words += [f"reason.{name}" for name in _reasons(values)]
    numbers = Counter(f"own.{_code(one.get(PEOPLE)) or '-'}" for one in members)
    for one in members:
        age = _number(one, "tuoi")
        if age is None:
            numbers["ageless"] += 1
        elif age < ADULT:
            numbers.update(_child(one, age))
    return " ".join(words + [f"{word}:{number}" for word, number in sorted(numbers.items())])


def counted(told: str | None, persons: int | None) -> Iterator[tuple[str, int]]:
    """(word without its number, how many persons) of each word."""
    for one in (told or "").split():
        word, _, number = one.partition(":")
        yield word, int(number) if number else persons or 0


def _who(members: list[dict[str, Any]]) -> list[bool | None]:
    head = head_in(members)
    spouse = next((one for one in members if one.get(RELATION) == SPOUSE), {})
    of_head = _minority(head)
    couple = _any([of_head, _minority(spouse)]) if spouse else of_head
    working = [_works(one) for one in members]
    unable = None if not members else _not(_any(able for able in working if able != "too_young_or_old"))
    merit = _any(_has_merit(one) for one in members) if members else None
    sex = head.get(SEX)
    return [of_head, couple, unable, _some_unable(members, working), merit, sex == WOMAN if sex else None]


def _works(one: dict[str, Any]) -> bool | str | None:
    """Whether somebody of working age is able to work; "too_young_or_old" is nobody of it."""
    of_age, said = _number(one, "tuoi_ld"), one.get("tinh_trang_viec_lam")
    if of_age == 0:
        return "too_young_or_old"
    if said == UNABLE:
        return False
    return None if of_age is None or not said else True


def _some_unable(members: list[dict[str, Any]], working: list[bool | str | None]) -> bool | None:
    """Of who is of working age one lost the ability; or nobody is of it. Somebody unable of unknown age may be."""
    of_age = [able for one, able in zip(members, working, strict=True) if able != "too_young_or_old"]
    if not members:
        return None
    if not of_age:
        return True
    sure = [able for one, able in zip(members, working, strict=True) if _number(one, "tuoi_ld") == 1]
    return True if False in sure else None if None in of_age or len(sure) < len(of_age) else False


def _has_merit(one: dict[str, Any]) -> bool | None:
    said, age = one.get("luong_huu"), _number(one, "tuoi")
    if said:
        return bool(said == MERIT)
    return False if age is not None and age < ADULT else None


def _minority(one: dict[str, Any]) -> bool | None:
    people = _code(one.get(PEOPLE))
    return is_minority(people) if people else None


def _reasons(values: Any) -> list[str]:
    """Those that were named, each once; one that is none of the list is another. A form may ask it in any group."""
    said = _said(values, "nguyen_nhan")
    named = {one if one in REASONS else OTHER for one in (said.split() if isinstance(said, str) else ())}
    return [one for one in REASONS if one in named] or ["-"]


def _said(values: Any, name: str) -> Any:
    if not isinstance(values, dict):
        return None
    if name in values:
        return values[name]
    return next((found for one in values.values() if (found := _said(one, name)) is not None), None)


def _child(one: dict[str, Any], age: int) -> list[str]:
    card, thin, school = one.get("the_bhyt"), one.get("suy_dinh_duong"), _number(one, "m_gd_tre_em")
    found = ["all"]
    if card not in ("co", "khong"):
        found.append("bhyt_unknown")
    elif card == "khong":
        found.append("bhyt" if age >= CARD_FROM else "bhyt_young")
    if thin not in ("co", "khong"):
        found.append("thin_unknown")
    elif thin == "co":
        found.append("thin")
    if school is None:
        found.append("school_unknown")
    elif school > 0:
        found.append("school")
    return [f"child.{what}" for what in found]


def _any(those: Iterable[bool | str | None]) -> bool | None:
    found = set(those)
    return True if True in found else None if None in found else False


def _not(one: bool | None) -> bool | None:
    return None if one is None else not one


def _number(one: dict[str, Any], name: str) -> int | None:
    said = one.get(name)
    if isinstance(said, bool) or not isinstance(said, int | float) or not isfinite(said):
        return None
    return int(said)


def _code(said: Any) -> str:
    """The name of a choice; "" for what is none."""
    return said if isinstance(said, str) and _CODE.fullmatch(said) else ""
