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


# What the questionnaire asks of each one's work. Nothing in it says how steady work is.
_WORKING_AGE, _WORK, _FOR_WHOM, _CONTRACT = "tuoi_ld", "tinh_trang_viec_lam", "loai_viec_lam", "hop_dong"
_WORKS, _UNABLE, _OWN = "dang_lam", ("khong_kha_nang", "di_hoc"), "khac"
_HELD = ("co", "quyet_dinh")  # a contract, an official's appointment


def steady_work_in(members: list[dict[str, Any]]) -> str | None:
    """Whether somebody of working age and able to work has steady work: "1", "0", "-" not known; None where nobody is
    able to. A proxy and a reading of ours: work with a contract or an appointment, or on the household's own farm or
    trade; who studies or has lost the ability to work is not asked of."""
    said = {_steady(one) for one in members} - {None}
    return next((letter for letter in "1-0" if letter in said), None)


def _steady(member: dict[str, Any]) -> str | None:
    of_age, work = str(member.get(_WORKING_AGE, "")), member.get(_WORK)
    if of_age in ("0", "0.0") or work in _UNABLE:
        return None
    if of_age not in ("1", "1.0") or not work:
        return "-"
    for_whom, contract = member.get(_FOR_WHOM), member.get(_CONTRACT)
    if work != _WORKS:
        return "0"
    if for_whom == _OWN or contract in _HELD:
        return "1"
    return "0" if contract else "-"
