"""A family and what it has → the questionnaire's answers on a day, through the questionnaire's own rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from survey.demo.accounts import COMMUNE, REGION, VILLAGES
from survey.demo.living import Living
from survey.demo.people import Person
from survey.form.form import Form
from survey.form.record import Clock, Evaluation, evaluate
from survey.terms import B1Method

HERE = timezone(timedelta(hours=7))
WORK = {  # how a person's work is answered: situation, for whom, contract
    "farm": ("dang_lam", "khac", None),
    "hired": ("dang_lam", "thue_ho", "khong"),
    "employed": ("dang_lam", "doanh_nghiep", "co"),
    "official": ("dang_lam", "cong_chuc", "quyet_dinh"),
    "none": ("khong_viec", None, None),
    "home": ("huu_noi_tro", None, None),
}


@dataclass
class DemoHousehold:
    """`number`: within its village, from 1."""

    id: str
    number: int
    members: list[Person]
    living: Living

    @property
    def head(self) -> Person:
        return self.members[0]


def context_of(village_number: int, household: DemoHousehold) -> dict[str, Any]:
    """What an interview is given and does not ask."""
    return {
        "ma_ho": f"{COMMUNE}-{village_number:02d}-{household.number:03d}",
        "khu_vuc": VILLAGES[village_number - 1].area.value,
        "vung": REGION,
        "cach_b1": B1Method.TABLE.value,
    }


def interview(
    form: Form, household: DemoHousehold, context: dict[str, Any], day: date
) -> tuple[dict[str, Any], Evaluation]:
    """The answers that a phone would send on `day` (only what is asked of this household), and their evaluation."""
    answers: dict[str, Any] = {
        **context,
        "ngay_ra_soat": day.isoformat(),
        "thong_tin_ho": {
            "dong_y": "co",
            "nguoi_tra_loi": household.head.name,
            "dia_chi": f"Nhà số {household.number}",
            "so_khau_khai": len(household.members),
        },
        "thanh_vien": [member_answers(person, day) for person in household.members],
        **household.living.answers(),
        "xac_nhan": {"doc_lai": "da_doc"},
    }
    clock = Clock(day, datetime.combine(day, time(9), HERE))
    evaluation = evaluate(form, answers, clock)
    return asked(form, evaluation.values), evaluation


def asked(form: Form, values: dict[str, Any], inside: str = "") -> dict[str, Any]:
    """Only answers: what is calculated is left out."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        path = f"{inside}{name}"
        if form.node(path).type == "calculate":
            continue
        if isinstance(value, dict):
            found[name] = asked(form, value, f"{path}/")
        elif isinstance(value, list):
            found[name] = [asked(form, instance, f"{path}/") for instance in value]
        else:
            found[name] = value
    return found


def member_answers(person: Person, day: date) -> dict[str, Any]:
    """Every answer of a person, also those that the form does not ask at this age."""
    age = person.age(day)
    situation, employer, contract = WORK["home" if age >= 70 else person.work]
    studying = is_studying(person, day)
    if studying and age >= 15:
        situation, employer, contract = "di_hoc", None, None
    elif person.disabled and age >= 15:
        situation, employer, contract = "khong_kha_nang", None, None
    level = person.leaves_school
    return {
        "ma_nk": person.id,
        "ho_ten": person.name,
        "gioi_tinh": person.sex,
        "quan_he": person.relation,
        "ngay_sinh": person.born.day if person.born_exactly else None,
        "thang_sinh": person.born.month if person.born_exactly else None,
        "nam_sinh": person.born.year,
        "dan_toc": person.people,
        "cccd": person.cccd,
        "tro_cap_xa_hoi": allowance(person, age),
        "the_bhyt": yes(person.insured or age < 6),
        "suy_dinh_duong": yes(person.malnourished),
        "dang_di_hoc": yes(studying),
        "cap_hoc": school_level(person, day) if studying else None,
        "trinh_do_van_hoa": completed(level if not studying else min(level, person.school_age(day))),
        "trinh_do_dao_tao": "chua_qua" if level < 20 or studying else "trung_cap" if level == 20 else "cao_dang",
        "vua_hoc_vua_lam": "khong",
        "internet": yes(person.online),
        "tinh_trang_viec_lam": situation,
        "loai_viec_lam": employer,
        "hop_dong": contract,
        "luong_huu": "luong_huu" if person.pension else "khong",
        "benh_nang": yes(person.ill),
    }


def allowance(person: Person, age: int) -> str:
    if person.disabled:
        return "khuyet_tat"
    return "cao_tuoi" if age >= 75 and not person.pension else "khong"


def yes(is_so: bool) -> str:
    return "co" if is_so else "khong"


def is_studying(person: Person, day: date) -> bool:
    age = person.school_age(day)
    return person.kindergarten if age < 6 else age < person.leaves_school


def school_level(person: Person, day: date) -> str:
    """The level at which a person of that age studies, or one below for who is behind."""
    age = person.school_age(day)
    if age >= 18:
        return "trung_cap" if person.leaves_school <= 20 else "cao_dang"
    age -= person.behind
    return "mam_non" if age < 6 else "tieu_hoc" if age < 11 else "thcs" if age < 15 else "thpt"


def completed(left_at: int) -> str:
    """The school level completed by who left school at that age."""
    return "chua_tieu_hoc" if left_at < 11 else "tieu_hoc" if left_at < 15 else "thcs" if left_at < 18 else "thpt"
