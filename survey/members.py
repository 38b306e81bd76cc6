"""The members in the answers of a household, and what the questionnaire calls what it says of them. Pure."""

from __future__ import annotations

from typing import Any

CODE, NAME, SEX, RELATION, NUMBER, PEOPLE = "ma_nk", "ho_ten", "gioi_tinh", "quan_he", "cccd", "dan_toc"
DAY, MONTH, YEAR = BIRTH = ("ngay_sinh", "thang_sinh", "nam_sinh")
HEAD = "chu_ho"  # the relation of a head to the head
KINH = "kinh"  # of the peoples, the one that is no minority


def members_in(answers: Any) -> list[dict[str, Any]]:
    """The members of the answers, wherever a form has them: the first list of people with names."""
    if isinstance(answers, dict):
        return next((found for one in answers.values() if (found := members_in(one))), [])
    named = isinstance(answers, list) and all(isinstance(one, dict) and one.get(NAME) for one in answers)
    return answers if named else []


def is_minority(people: str) -> bool:
    """Of another people than Kinh; "" is not known."""
    return people not in ("", KINH)


def head_in(members: list[dict[str, Any]]) -> dict[str, Any]:
    """The first who is head of the household; {} where nobody is."""
    return next((one for one in members if one.get(RELATION) == HEAD), {})
