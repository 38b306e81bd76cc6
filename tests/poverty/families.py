"""Made-up households for properties: every question answered, those that the form does not ask as well (they are stale
answers then), with ages and figures around the boundaries of the rules."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from survey.form.form import CONTAINERS, Form, Item
from survey.terms import B1Method

DAY = date(2026, 10, 15)  # of the review
BIRTH = ("ngay_sinh", "thang_sinh", "nam_sinh")
EDGES = (3, 6, 11, 15, 16, 18, 30, 31, 55, 57, 60, 61, 62, 75)  # ages at which a rule begins or ends
FIGURES = {
    "dien_tich": (7, 10, 15, 16, 24, 31.9, 32, 40, 64, 100, 130), "b1_nhap": (0, 100, 139, 140, 141, 175, 176),
    **dict.fromkeys(("tn_nong_san", "tn_tien_cong", "tn_luong", "tn_tro_cap", "tn_khac"), (0, 18_000_000, 60_000_000)),
    "thu_nhap_nguoi": (0, 1_500_000, 1_500_001, 2_000_000, 2_000_001), "dien_kwh": (0, 49, 50, 99, 100, 160),
    "chieu_cao": (100,), "can_nang": (20,), "mat_nuoc": (100,),
}  # fmt: skip


def household(random: Random, form: Form, persons: int | None = None) -> dict[str, Any]:
    """Answers of a household, whole; the class may come out as anything."""
    repeat = form.node("thanh_vien")
    size = persons or random.choice((1, 1, 2, 3, 4, 5, 8))
    answers: dict[str, Any] = {"ngay_ra_soat": DAY.isoformat(), "thanh_vien": []}
    _fill(random, form, form.children, answers)
    answers["thanh_vien"] = [member(random, form, repeat, number) for number in range(size)]
    answers |= {
        "ma_ho": "03757-01-001", "vung": "mien_nui_phia_bac", "khu_vuc": random.choice(("nong_thon", "thanh_thi")),
        "cach_b1": random.choice(list(B1Method)).value, "phan_loai_nam_truoc": None,
    }  # fmt: skip
    answers["thong_tin_ho"] |= {"dong_y": "co", "so_khau_khai": random.choice((size, size, size + 1))}
    return answers


def member(random: Random, form: Form, repeat: Item, number: int) -> dict[str, Any]:
    person: dict[str, Any] = {}
    _fill(random, form, repeat.children, person)
    if random.random() < 0.4:  # by chance alone almost everybody is schooled enough
        person |= {"trinh_do_van_hoa": random.choice(("chua_tieu_hoc", "tieu_hoc", "thcs")), "vua_hoc_vua_lam": "khong"}
        person |= {"trinh_do_dao_tao": random.choice(("chua_qua", "chua_qua", "so_cap"))}
        person["cap_hoc"] = random.choice(("tieu_hoc", "thcs", "thpt"))
    names = {"ho_ten": f"Người {chr(65 + number)}", "quan_he": "con" if number else "chu_ho", "cccd": None}
    return person | names | birth(random)


def birth(random: Random) -> dict[str, Any]:
    """Around the day on which some age is reached, or anywhere; at times the year alone."""
    if random.random() < 0.6:
        born = date(DAY.year - random.choice(EDGES), DAY.month, DAY.day)
        born += timedelta(days=random.choice((-1, 0, 1, 183)))
    else:
        born = DAY - timedelta(days=random.randrange(1, 90 * 365))
    parts = dict(zip(BIRTH, (born.day, born.month, born.year), strict=True))
    known = random.choice((3, 3, 3, 3, 2, 1))
    return {name: value if at >= 3 - known else None for at, (name, value) in enumerate(parts.items())}


def value_of(random: Random, form: Form, item: Item) -> Any:
    if item.list is not None:
        names = [choice["name"] for choice in form.choices[item.list]]
        several = item.type == "select_multiple"
        picked = [name for name in names if name != "khong" and random.random() < 0.4] if several else []
        return " ".join(picked) or ("khong" if several else random.choice(names))
    if item.name in FIGURES:
        return random.choice(FIGURES[item.name])
    return random.choice((1, 2, 3, 6, 50, 6000)) if item.type == "integer" else "x" if item.type == "text" else None


def _fill(random: Random, form: Form, items: list[Item], answers: dict[str, Any]) -> None:
    for item in items:
        if item.type == "group":
            answers[item.name] = {}
            _fill(random, form, item.children, answers[item.name])
        elif item.type not in ("calculate", "note", "hidden", "today", "image", "geopoint", *CONTAINERS):
            answers[item.name] = value_of(random, form, item)


def questions(form: Form, answers: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, Item]]:
    """Each question that has an answer: where it lies, its path as the record has it, its row."""
    for name, value in answers.items():
        item = form.node(name)
        if item.type == "group":
            for inner in value:
                yield value, f"{name}/{inner}", form.node(f"{name}/{inner}")
        elif item.type == "repeat":
            for number, person in enumerate(value, 1):
                for inner in person:
                    yield person, f"{name}[{number}]/{inner}", form.node(f"{name}/{inner}")


def changed(answers: dict[str, Any]) -> dict[str, Any]:
    """A copy to be changed."""
    return copy.deepcopy(answers)
