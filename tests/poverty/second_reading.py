"""The law, read a second time: answers → ages, dependants, the twelve indicators and who causes them, points, class.

Written from the tables of `shared/domain` alone (named in each clause below), by somebody who did not look at the
sheet's rules, in plain Python without anything of ours: that is what makes it a witness (test_second_reading.py).
It knows the questionnaire's vocabulary only: names of questions, codes of answers, which question is asked of whom.

Three-valued throughout: True, False, or None while an answer that decides is missing. Where the texts leave a choice
open, the choice is a row of READINGS and every function takes it from there; nothing is chosen in passing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import inf
from typing import Any

Truth = bool | None
Answers = Mapping[str, Any]

# --- Three values ------------------------------------------------------------------------------------------------


def any_of(parts: Iterable[Truth]) -> Truth:
    """True when one is; False when all are; otherwise not known."""
    found: Truth = False
    for part in parts:
        if part:
            return True
        if part is None:
            found = None
    return found


def opposite(part: Truth) -> Truth:
    return None if part is None else not part


def all_of(parts: Iterable[Truth]) -> Truth:
    return opposite(any_of(opposite(part) for part in parts))


def is_one_of(answer: Any, wanted: Iterable[str]) -> Truth:
    return None if answer is None else answer in set(wanted)


# --- What the texts leave open, and what they close --------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """A choice: its `values`, the first `chosen`. `closed` says that the clause settles it (the others are mistakes);
    else it is open, and a class that hangs on it is to say so."""

    name: str
    values: tuple[str, ...]
    clause: str
    status: str
    closed: bool = False

    @property
    def chosen(self) -> str:
        return self.values[0]


READINGS = {
    reading.name: reading
    for reading in (
        # Closed: one value is the law, the others are how it has been misread.
        Reading(
            "contract_asked_of",
            ("wage_work", "any_work"),
            "indicators.csv 1: «có việc làm công ăn lương nhưng không có hợp đồng lao động»",
            "corroborated",
            closed=True,
        ),
        Reading(
            "short_course_under_15",
            ("wrong_level", "right_level"),
            "indicators.csv 6: «không được học đúng bậc, cấp học phù hợp với độ tuổi»: a short course is neither",
            "corroborated",
            closed=True,
        ),
        Reading(
            "trained_on_the_job",
            ("stands_alone", "only_out_of_school"),
            "b2_items_1_12_update.csv 5: «hoặc người từ 16 tuổi đến 30 tuổi được doanh nghiệp tuyển dụng …»",
            "second-hand, parenthesis only in the note",
            closed=True,
        ),
        # Open: the first is what the issue or the tables name, else what the product chose.
        Reading(
            "insurance_of",
            ("anybody_from_6", "children_6_to_16"),
            "b2_items_1_12_update.csv 4: one source «một người từ đủ 6 tuổi trở lên», two «một trẻ em trên 6 tuổi»",
            "CONFLICT OPEN",
        ),
        Reading(
            "late_at_school",
            ("lower_secondary_to_16", "never", "one_year_at_each_level"),
            "indicators.csv 6: «đúng bậc, cấp học phù hợp với độ tuổi»; no age of a level is in the texts found",
            "MISSING",
        ),
        Reading(
            "early_at_school",
            ("right", "wrong"),
            "indicators.csv 6: whether a level above the age's is «đúng bậc, cấp học»: not said",
            "MISSING",
        ),
        Reading(
            "school_age",
            ("school_year", "completed_years"),
            "indicators.csv 6: «phù hợp với độ tuổi»: counted by the school year (September) or by birthdays: not said",
            "MISSING",
        ),
        Reading(
            "short_course_at_15",
            ("right_level", "wrong_level"),
            "indicators.csv 6; a short course after lower secondary at 15: not said",
            "MISSING",
        ),
        Reading(
            "short_course_from_16",
            ("training", "no_training"),
            "indicators.csv 5: «không tham gia các khoá đào tạo»; the list in brackets has no short course",
            "second-hand",
        ),
        Reading(
            "basic_vocational_at_16_17",
            ("enough", "not_enough"),
            "b2_items_1_12_update.csv 5: «sơ cấp» is named for 18-30 only",
            "second-hand, parenthesis only in the note",
        ),
        Reading(
            "working_age_from",
            ("16", "15"),
            "indicators.csv 1: «trong độ tuổi lao động»; the lower end is not said",
            "chưa có văn bản",
        ),
        Reading(
            "working_age_to",
            ("table_of_review_year", "table_of_own_year", "61_and_56"),
            "retirement_age.csv (Bộ luật Lao động 2019 Đ169, NĐ 135/2020); README: «to the month, as a parameter»",
            "from memory",
        ),
        Reading(
            "contract_beyond_working_age",
            ("not_asked", "asked"),
            "indicators.csv 1: whether «hoặc có việc làm công ăn lương …» is of working age too: not said",
            "corroborated, unclear",
        ),
        Reading(
            "appointed_by_decision",
            ("enough", "no_contract"),
            "indicators.csv 1; phieu_b_fields.csv job_type «công chức viên chức»: appointed, not hired: not said",
            "corroborated, unclear",
        ),
        Reading(
            "hired_but_not_for_wages",
            ("no_wage_work", "no_contract"),
            "phieu_b_fields.csv has_contract «không làm công ăn lương» with job_type «làm thuê cho hộ gia đình»",
            "inferred",
        ),
        Reading(
            "malnutrition_not_known",
            ("no", "yes", "unknown"),
            "indicators.csv 3: «không biết» is an answer of the questionnaire, not of the texts",
            "chưa có văn bản",
        ),
        Reading(
            "roof_of_sheets",
            ("durable", "not_durable"),
            "indicators.csv 7: «vật liệu không bền chắc»: sheet metal or fibre cement: not said",
            "THRESHOLD from memory",
        ),
        Reading(
            "other_material",
            ("not_durable", "durable"),
            "indicators.csv 7: «khác» is an answer of the questionnaire, not of the texts",
            "chưa có văn bản",
        ),
        Reading(
            "area_shared_by",
            ("roster", "stated_size"),
            "b2_items_1_12_update.csv 8: «bình quân đầu người của hộ»",
            "second-hand, two sources",
        ),
        Reading(
            "birth_not_known",
            ("earliest", "latest", "unknown"),
            "phieu_b_fields.csv: birth in three numbers, «so a partial date is possible»; how it counts: not said",
            "chưa có văn bản",
        ),
        Reading(
            "elderly_allowance",
            ("any_age", "from_60"),
            "indicators.csv 2: «người cao tuổi … đang hưởng trợ cấp xã hội hằng tháng»",
            "corroborated, unclear",
        ),
    )
}


@dataclass(frozen=True)
class Law:
    """The readings in force: the chosen ones but for `other`."""

    other: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.other.items():
            assert value in READINGS[name].values, (name, value)

    def __getitem__(self, name: str) -> str:
        return self.other.get(name, READINGS[name].chosen)


CHOSEN = Law()

# --- Figures -----------------------------------------------------------------------------------------------------

# score_thresholds.csv, income_lines.csv (ND07-2021, 2022-01-01 to 2026-12-31): inside means "≤".
POINTS_LINE = {"nong_thon": 140, "thanh_thi": 175}
INCOME_LINE = {"nong_thon": 1_500_000, "thanh_thi": 2_000_000}
# The parts in which a household's income of twelve months is asked: the questionnaire's, in no text found.
INCOME_PARTS = ("tn_nong_san", "tn_tien_cong", "tn_luong", "tn_tro_cap", "tn_khac")
IN_PARTS = "cac_khoan"
POOR_FROM = 3  # deprivations; income_lines.csv deprivation_min
POINTS_EACH = 10  # score_thresholds.csv: 10 điểm = 01 chỉ số thiếu hụt
AREA_EACH = 8  # m² a person: «nhỏ hơn 8m2»

# retirement_age.csv, in months: year → (men, women). Before the first and after the last row, that row.
RETIREMENT = {
    year: (men * 12 + men_months, women * 12 + women_months)
    for year, men, men_months, women, women_months in (
        (2021, 60, 3, 55, 4),
        (2022, 60, 6, 55, 8),
        (2023, 60, 9, 56, 0),
        (2024, 61, 0, 56, 4),
        (2025, 61, 3, 56, 8),
        (2026, 61, 6, 57, 0),
        (2027, 61, 9, 57, 4),
        (2028, 62, 0, 57, 8),
        (2029, 62, 0, 58, 0),
        (2030, 62, 0, 58, 4),
        (2031, 62, 0, 58, 8),
        (2032, 62, 0, 59, 0),
        (2033, 62, 0, 59, 4),
        (2034, 62, 0, 59, 8),
        (2035, 62, 0, 60, 0),
    )
}

# b2_items_1_12_update.csv 9, 10, 12: what is named is clean, hygienic, a means; nothing else is.
CLEAN_WATER = {"may", "gieng_khoan", "gieng_dao_bv", "khe_mo_bv", "mua", "dong_chai"}
OTHER_WATER = {"gieng_dao_kbv", "khe_mo_kbv", "song_suoi"}
HYGIENIC = {"tu_hoai", "ban_tu_hoai", "tham_doi", "ong_thong_hoi", "dao_be_ngoi", "hai_ngan"}
OTHER_LATRINE = {"khong_hvs", "khong_co"}
MEANS = {"tivi", "radio", "may_tinh", "dien_thoai"}
NO_MEANS = {"khong"}

# indicators.csv 7 names the three structures, not the materials: the answers' own words («bền chắc», «tạp») decide.
DURABLE = {
    "tuong": {"be_tong", "gach_da", "go_kim_loai"},
    "cot": {"be_tong", "gach_da", "thep_go"},
    "mai": {"be_tong", "ngoi"},
}
NOT_DURABLE = {"tuong": {"dat_voi", "phen_van"}, "cot": {"tre_go_tap"}, "mai": {"la_ranh"}}

# phieu_b_fields.csv education_level, in order of height; the short course stands apart.
LEVELS = ("mam_non", "tieu_hoc", "thcs", "thpt", "trung_cap", "cao_dang", "dai_hoc")
SHORT_COURSE = "ngan_han"
SCHOOLING = ("chua_tieu_hoc", "tieu_hoc", "thcs", "thpt")  # culture_level: finished
VOCATIONAL = {"so_cap", "trung_cap", "cao_dang", "dai_hoc", "sau_dai_hoc"}  # training_level; the rest: chua_qua

# The age at which a level begins: grades 1-5, 6-9, 10-12 are the answers' words; grade 1 at 6 is in no text found.
FIRST_AGE = {"mam_non": 3, "tieu_hoc": 6, "thcs": 11, "thpt": 15}
SCHOOL_YEAR_BEGINS = 9  # September

WAGE_JOBS = {"cong_chuc", "doanh_nghiep", "thue_ho", "lam_cong_khac"}  # job_type; «khác» is one's own fields and work

INDICATORS = (
    "viec_lam",
    "nguoi_phu_thuoc",
    "dinh_duong",
    "bhyt",
    "gd_nguoi_lon",
    "gd_tre_em",
    "nha_o_chat_luong",
    "nha_o_dien_tich",
    "nuoc",
    "nha_tieu",
    "vien_thong",
    "phuong_tien_tt",
)

# --- Age ---------------------------------------------------------------------------------------------------------


def months_lived(born: date, on: date) -> int:
    """Completed months; born on 29 February, a year is completed on 1 March where there is no 29 February."""
    return (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)


@dataclass(frozen=True)
class Person:
    """A member as heard: answers to questions that are asked, on the day of the review."""

    said: Answers
    on: date | None
    law: Law

    def __getitem__(self, question: str) -> Any:
        answer = self.said.get(question)
        return None if answer == "" else answer

    @property
    def name(self) -> str:
        return str(self["ho_ten"])

    @property
    def births(self) -> tuple[date, ...]:
        """The day of birth; by the reading in force the first or the last that what is known allows, or both; none
        without the year."""
        year, month, day = self["nam_sinh"], self["thang_sinh"], self["ngay_sinh"]
        if year is None:
            return ()
        first = date(year, month or 1, day or 1)
        last = date(year, month or 12, day or _last_day(year, month or 12))
        return {"earliest": (first,), "latest": (last,), "unknown": (first, last)}[self.law["birth_not_known"]]

    def whether(self, holds: Callable[[date, date], bool]) -> Truth:
        """What holds for (birth, review) whatever of it is not known; the reading's days must agree."""
        on = self.on
        found = set() if on is None else {holds(born, on) for born in self.births}
        return found.pop() if len(found) == 1 else None

    def aged(self, first: int, below: int = 200) -> Truth:
        """first ≤ completed years < below."""
        return self.whether(lambda born, on: first * 12 <= months_lived(born, on) < below * 12)

    @property
    def age(self) -> int | None:
        on = self.on
        found = set() if on is None else {months_lived(born, on) // 12 for born in self.births}
        return found.pop() if len(found) == 1 else None


def school_age(born: date, on: date, law: Law) -> int:
    if law["school_age"] == "completed_years":
        return months_lived(born, on) // 12
    return on.year - (on.month < SCHOOL_YEAR_BEGINS) - born.year


def _last_day(year: int, month: int) -> int:
    return (date(year + month // 12, month % 12 + 1, 1) - date(year, month, 1)).days


# --- One member --------------------------------------------------------------------------------------------------


def is_dependant(person: Person) -> Truth:
    """indicators.csv 2: a child under 16; an elderly or disabled person on monthly social assistance (an orphan of 16
    or more, a pensioner, are not named)."""
    allowance = person["tro_cap_xa_hoi"]
    as_elderly = is_one_of(allowance, {"cao_tuoi"})
    if person.law["elderly_allowance"] == "from_60":
        as_elderly = all_of([as_elderly, person.aged(60)])
    return any_of([person.aged(0, 16), is_one_of(allowance, {"khuyet_tat"}), as_elderly])


def is_of_working_age(person: Person) -> Truth:
    return all_of([person.aged(int(person.law["working_age_from"])), opposite(is_past_work(person))])


def is_past_work(person: Person) -> Truth:
    """The age of retirement under normal conditions is reached; without the sex, known where both agree."""
    sexes = {"nam": (0,), "nu": (1,)}.get(person["gioi_tinh"], (0, 1))
    found = {person.whether(lambda born, on, sex=sex: _is_past(born, on, sex, person.law)) for sex in sexes}
    return found.pop() if len(found) == 1 else None


def _is_past(born: date, on: date, sex: int, law: Law) -> bool:
    first, last = min(RETIREMENT), max(RETIREMENT)
    if law["working_age_to"] == "61_and_56":
        return months_lived(born, on) // 12 > (61, 56)[sex]
    if law["working_age_to"] == "table_of_review_year":
        return months_lived(born, on) >= RETIREMENT[min(max(on.year, first), last)][sex]
    # Of one's own year: whoever reached in an earlier year the age that this year asked has retired in it.
    by_year = ((min(on, date(year, 12, 31)), RETIREMENT[min(year, last)][sex]) for year in range(first, on.year + 1))
    return any(months_lived(born, day) >= months for day, months in by_year)


def lacks_work(person: Person) -> Truth:
    """indicators.csv 1: of working age, able and willing, without work; or in wage work without a contract."""
    no_work = all_of([is_of_working_age(person), is_one_of(person["tinh_trang_viec_lam"], {"khong_viec"})])
    asked = is_of_working_age(person)
    if person.law["contract_beyond_working_age"] == "asked":
        asked = person.aged(int(person.law["working_age_from"]))
    return any_of([no_work, all_of([asked, works_without_contract(person)])])


def works_without_contract(person: Person) -> Truth:
    at_work = is_one_of(person["tinh_trang_viec_lam"], {"dang_lam"})
    job, contract = person["loai_viec_lam"], person["hop_dong"]
    none = is_one_of(contract, {"khong"})
    if person.law["hired_but_not_for_wages"] == "no_contract":
        none = is_one_of(contract, {"khong", "khong_cong_an_luong"})
    if person.law["appointed_by_decision"] == "no_contract":
        none = any_of([none, is_one_of(contract, {"quyet_dinh"})])
    for_wages = is_one_of(job, WAGE_JOBS)
    if person.law["contract_asked_of"] == "any_work":
        for_wages = True
    return all_of([at_work, for_wages, none])


def is_malnourished(person: Person) -> Truth:
    """indicators.csv 3: a child under 16, by height or by weight for the age."""
    found = person["suy_dinh_duong"]
    if found == "khong_biet":
        said = {"no": False, "yes": True, "unknown": None}[person.law["malnutrition_not_known"]]
    else:
        said = is_one_of(found, {"co"})
    return all_of([person.aged(0, 16), said])


def is_uninsured(person: Person) -> Truth:
    """indicators.csv 4: of 6 completed years or more, now without health insurance."""
    below = 16 if person.law["insurance_of"] == "children_6_to_16" else 200
    return all_of([person.aged(6, below), is_one_of(person["the_bhyt"], {"khong"})])


def level_attended(person: Person) -> str | None:
    """The level attended; "" for nobody's pupil; None while it is not known."""
    attends = is_one_of(person["dang_di_hoc"], {"co"})
    if attends is None:
        return None
    level = person["cap_hoc"] if attends else ""
    return None if level is None else str(level)


def is_unschooled_adult(person: Person) -> Truth:
    """indicators.csv 5, b2_items_1_12_update.csv 5: 16 to 30 (30 completed years included), neither in training nor
    with the certificate of the age, nor hired by an enterprise and certified as trained on the job."""
    on_the_job = is_one_of(person["vua_hoc_vua_lam"], {"co"})
    if person.law["trained_on_the_job"] == "only_out_of_school":
        on_the_job = all_of([on_the_job, is_one_of(person["dang_di_hoc"], {"khong"})])
    return all_of([person.aged(16, 31), opposite(any_of([is_schooled_for_age(person), on_the_job]))])


def is_schooled_for_age(person: Person) -> Truth:
    """16-17: at or through lower secondary; 18-30: at or through upper secondary or vocational; or in training."""
    younger, older = _is_schooled(person, "thcs"), _is_schooled(person, "thpt")
    young = person.aged(0, 18)
    if young is None:
        return younger if younger == older else None
    return younger if young else older


def _is_schooled(person: Person, needed: str) -> Truth:
    law, course, enough = person.law, set(), VOCATIONAL
    if law["short_course_from_16"] == "training":
        course = {SHORT_COURSE}
    if needed == "thcs" and law["basic_vocational_at_16_17"] == "not_enough":
        enough = VOCATIONAL - {"so_cap"}
    learns = is_one_of(level_attended(person), course.union(LEVELS[LEVELS.index(needed) :]))
    finished = is_one_of(person["trinh_do_van_hoa"], SCHOOLING[SCHOOLING.index(needed) :])
    return any_of([learns, finished, is_one_of(person["trinh_do_dao_tao"], enough)])


def is_child_not_at_level(person: Person) -> Truth:
    """indicators.csv 6: 3 to under 16 (completed years), not studying at the level that is right for the age."""
    level, law = level_attended(person), person.law
    right: Truth = None
    if level == "":
        right = False
    elif level is not None:
        right = person.whether(lambda born, on: _is_right_level(level, school_age(born, on, law), law))
    return all_of([person.aged(3, 16), opposite(right)])


def _is_right_level(level: str, age: int, law: Law) -> bool:
    if level == SHORT_COURSE:
        return law["short_course_at_15" if age >= FIRST_AGE["thpt"] else "short_course_under_15"] == "right_level"
    expected = _level_of(age)
    if LEVELS.index(level) > LEVELS.index(expected):
        return expected == "thpt" or law["early_at_school"] == "right"  # trung cấp follows lower secondary too
    lowest = {
        "never": expected,
        "lower_secondary_to_16": "thcs" if expected == "thpt" else expected,
        "one_year_at_each_level": _level_of(age - 1),
    }[law["late_at_school"]]
    return LEVELS.index(level) >= LEVELS.index(lowest)


def _level_of(age: int) -> str:
    return max((level for level, first in FIRST_AGE.items() if first <= max(age, 3)), key=LEVELS.index)


def uses_no_internet(person: Person) -> Truth:
    """indicators.csv 11. A child under 6 is not asked and counts as not using."""
    return any_of([person.aged(0, 6), is_one_of(person["internet"], {"khong"})])


# --- What is asked -----------------------------------------------------------------------------------------------

# The questionnaire's vocabulary, not the law: of whom a question is asked. An answer to another is not heard.
MEMBER_QUESTIONS: dict[str, Callable[[Person], Truth]] = {
    "chieu_cao": lambda p: p.aged(0, 16),
    "can_nang": lambda p: p.aged(0, 16),
    "suy_dinh_duong": lambda p: p.aged(0, 16),
    "dang_di_hoc": lambda p: p.aged(3, 31),
    "cap_hoc": lambda p: p["dang_di_hoc"] == "co",
    "trinh_do_van_hoa": lambda p: any_of([p.aged(16), all_of([p.aged(11), p["dang_di_hoc"] == "khong"])]),
    "trinh_do_dao_tao": lambda p: p.aged(16),
    "vua_hoc_vua_lam": lambda p: all_of([p.aged(16, 31), opposite(is_schooled_for_age(p))]),
    "internet": lambda p: p.aged(6),
    "tinh_trang_viec_lam": lambda p: p.aged(15),  # whichever age is in force
    "loai_viec_lam": lambda p: p["tinh_trang_viec_lam"] == "dang_lam",
    "hop_dong": lambda p: any_of(
        [is_one_of(p["loai_viec_lam"], WAGE_JOBS), p["loai_viec_lam"] and p.law["contract_asked_of"] == "any_work"]
    ),
    "luong_huu": lambda p: p.aged(16),
}
HOUSEHOLD_QUESTIONS: dict[str, Callable[[Callable[[str], Any]], bool]] = {
    "dien_nuoc/dien_kwh": lambda say: say("dien_nuoc/nguon_dien") == "luoi",
    "tai_san_ho/mat_nuoc": lambda say: say("tai_san_ho/thuy_san") == "co",
    "thu_nhap/b1_nhap": lambda say: say("cach_b1") == "nhap_tong",
    "thu_nhap/cach_thu_nhap": lambda say: say("cach_b1") == "thu_nhap",
    "thu_nhap/thu_nhap_nguoi": lambda say: say("cach_b1") == "thu_nhap" and say("thu_nhap/cach_thu_nhap") != IN_PARTS,
    **{
        f"thu_nhap/{part}": lambda say: say("cach_b1") == "thu_nhap" and say("thu_nhap/cach_thu_nhap") == IN_PARTS
        for part in INCOME_PARTS
    },
} | {
    f"tai_san_ho/{counted}": lambda say, among=among, name=name: name in str(say(f"tai_san_ho/{among}") or "").split()
    for among, counted, name in (
        *(("tai_san", f"sl_{name}", name) for name in "xe_may o_to tu_lanh may_giat binh_nong_lanh dieu_hoa".split()),
        *(("tai_san", f"sl_{name}", name) for name in "may_nong_nghiep may_che_bien".split()),
        *(("dat", f"dt_{name}", name) for name in "hang_nam lau_nam rung".split()),
        *(("vat_nuoi", f"con_{name}", name) for name in "trau_bo lon_de gia_cam".split()),
    )
}
GROUPS = ("thong_tin_ho", "nha_o", "dien_nuoc", "tai_san_ho", "thong_tin", "thu_nhap", "xac_nhan")


def heard(answers: Answers, law: Law = CHOSEN) -> dict[str, Any]:
    """The answers to questions that are asked; the rest stays unheard, as if it had not been given."""
    if _say(answers, "thong_tin_ho/dong_y") == "khong":
        kept = {name: answer for name, answer in answers.items() if name not in (*GROUPS, "thanh_vien")}
        consent = {"dong_y": "khong", "ly_do_tu_choi": _say(answers, "thong_tin_ho/ly_do_tu_choi")}
        return kept | {"thong_tin_ho": consent, "thanh_vien": []}
    on = review_day(answers)
    members = [_heard_of(member, on, law) for member in answers.get("thanh_vien") or ()]
    found = {**answers, "thanh_vien": members}
    for group in GROUPS:
        if group in answers:
            found[group] = {
                name: answer
                for name, answer in answers[group].items()
                if HOUSEHOLD_QUESTIONS.get(f"{group}/{name}", lambda say: True)(lambda path: _say(answers, path))
            }
    return found


def _heard_of(member: Answers, on: date | None, law: Law) -> dict[str, Any]:
    """In the order of the sheet, so that a question hangs only on answers that were heard themselves."""
    said = {name: answer for name, answer in member.items() if name not in MEMBER_QUESTIONS}
    for name, is_asked in MEMBER_QUESTIONS.items():
        if name in member and is_asked(Person(said, on, law)):
            said[name] = member[name]
    return said


def _say(answers: Answers, path: str) -> Any:
    group, _, name = path.rpartition("/")
    within = answers.get(group) or {} if group else answers
    answer = within.get(name)
    return None if answer == "" else answer


def review_day(answers: Answers) -> date | None:
    day = _say(answers, "ngay_ra_soat")
    return None if day is None else date.fromisoformat(str(day))


# --- The household -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """What the law says of a household. `causes`: the members for whom a deprived indicator is."""

    ages: tuple[int | None, ...]
    dependants: tuple[int, int]  # at least, at most
    deprived: dict[str, Truth]
    causes: dict[str, frozenset[str]]
    b1: float | None
    household_class: str | None

    @property
    def count(self) -> int | None:
        return None if None in self.deprived.values() else sum(map(bool, self.deprived.values()))

    @property
    def b2(self) -> int | None:
        return None if self.count is None else POINTS_EACH * self.count


def judge(answers: Answers, points: Mapping[tuple[str, str, str], float], law: Law = CHOSEN) -> Finding:
    """The finding for the answers of one interview. `points`: (item, answer, region) → points of B1."""
    given = heard(answers, law)
    on = review_day(given)
    people = [Person(said, on, law) for said in given["thanh_vien"]]

    flags = {
        "viec_lam": [lacks_work(person) for person in people],
        "dinh_duong": [is_malnourished(person) for person in people],
        "bhyt": [is_uninsured(person) for person in people],
        "gd_nguoi_lon": [is_unschooled_adult(person) for person in people],
        "gd_tre_em": [is_child_not_at_level(person) for person in people],
        "nguoi_phu_thuoc": [is_dependant(person) for person in people],
        "vien_thong": [uses_no_internet(person) for person in people],
    }
    nobody = not people  # a household without a person is one that nobody has listed yet
    one_is_enough = ("viec_lam", "dinh_duong", "bhyt", "gd_nguoi_lon", "gd_tre_em")
    deprived: dict[str, Truth] = {name: None if nobody else any_of(flags[name]) for name in one_is_enough}
    deprived["vien_thong"] = None if nobody else all_of(flags["vien_thong"])
    at_least = sum(flag is True for flag in flags["nguoi_phu_thuoc"])
    at_most = sum(flag is not False for flag in flags["nguoi_phu_thuoc"])
    deprived["nguoi_phu_thuoc"] = None if nobody else _is_over_half(at_least, at_most, len(people))
    deprived["nha_o_chat_luong"] = has_weak_house(given, law)
    deprived["nha_o_dien_tich"] = is_crowded(given, len(people), law)
    deprived["nuoc"] = opposite(_named(_say(given, "dien_nuoc/nguon_nuoc"), CLEAN_WATER, OTHER_WATER))
    deprived["nha_tieu"] = opposite(_named(_say(given, "dien_nuoc/loai_nha_tieu"), HYGIENIC, OTHER_LATRINE))
    means = _say(given, "thong_tin/phuong_tien")
    deprived["phuong_tien_tt"] = opposite(means and any_of(_named(one, MEANS, NO_MEANS) for one in means.split()))

    # An infant, who is not asked about the internet, is not why nobody uses it.
    because = flags | {"vien_thong": [is_one_of(person["internet"], {"khong"}) for person in people]}
    causes = {
        name: frozenset(person.name for person, flag in zip(people, of, strict=True) if flag and deprived[name])
        for name, of in because.items()
    }
    b1, inside = income(given, people, points, law, (at_least, at_most))
    return Finding(
        ages=tuple(person.age for person in people),
        dependants=(at_least, at_most),
        deprived={name: deprived[name] for name in INDICATORS},
        causes=causes,
        b1=b1,
        household_class=class_of(inside, deprived.values()),
    )


def _named(answer: str | None, good: set[str], other: set[str]) -> Truth:
    """Whether an answer is one that the texts name; an answer that this reading has never seen is an error."""
    if answer is None:
        return None
    assert answer in good | other, f"an answer without a judgement: {answer}"
    return answer in good


def _is_over_half(at_least: int, at_most: int, people: int) -> Truth:
    """indicators.csv 2: strictly more than one half."""
    if at_least * 2 > people:
        return True
    return False if at_most * 2 <= people else None


def has_weak_house(given: Answers, law: Law) -> Truth:
    """indicators.csv 7: at least two of wall, column and roof of material that does not last."""
    weak = [opposite(_is_durable(part, _say(given, f"nha_o/{part}"), law)) for part in ("tuong", "cot", "mai")]
    at_least, at_most = sum(w is True for w in weak), sum(w is not False for w in weak)
    return True if at_least >= 2 else None if at_most >= 2 else False


def _is_durable(part: str, material: str | None, law: Law) -> Truth:
    if material == "khac":
        return law["other_material"] == "durable"
    if part == "mai" and material == "tam_lop":
        return law["roof_of_sheets"] == "durable"
    return _named(material, DURABLE[part], NOT_DURABLE[part])


def is_crowded(given: Answers, listed: int, law: Law) -> Truth:
    """indicators.csv 8: strictly less than 8 m² a person."""
    people = listed or None
    if law["area_shared_by"] == "stated_size":
        people = _say(given, "thong_tin_ho/so_khau_khai")
    area = _say(given, "nha_o/dien_tich")
    return None if area is None or people is None else area < AREA_EACH * people


def class_of(inside: Truth, deprived: Iterable[Truth]) -> str | None:
    """score_thresholds.csv, income_lines.csv: poor when inside the line with three deprivations or more; near-poor when
    inside with fewer; else neither, whatever the deprivations. Given as soon as no missing answer can change it."""
    if inside is not True:
        return "khong_ngheo" if inside is False else None
    counted = list(deprived)
    at_least, at_most = sum(d is True for d in counted), sum(d is not False for d in counted)
    if at_least >= POOR_FROM:
        return "ho_ngheo"
    return "ho_can_ngheo" if at_most < POOR_FROM else None


def income(
    given: Answers,
    people: list[Person],
    points: Mapping[tuple[str, str, str], float],
    law: Law,
    dependants: tuple[int, int],
) -> tuple[float | None, Truth]:
    """The B1 total (None for a stated income, or while it is not known) and whether the household is inside its line;
    where the area is not known, inside or outside both lines decides, and of a total that is not known its least and
    its most."""
    area, method = _say(given, "khu_vuc"), _say(given, "cach_b1")
    figures: tuple[float | Fraction | None, ...]
    if method == "bang_diem":
        figures, lines = b1_range(given, people, points, dependants), POINTS_LINE
    elif method == "thu_nhap":
        figures, lines = income_each(given, people), INCOME_LINE
    else:
        figures, lines = (_say(given, "thu_nhap/b1_nhap") if method == "nhap_tong" else None,), POINTS_LINE
    if None in figures or _say(given, "thong_tin_ho/dong_y") == "khong":
        return None, None
    found = {figure <= line for figure in figures for name, line in lines.items() if area in (None, name)}  # type: ignore[operator]
    total = figures[0] if method != "thu_nhap" and len(set(figures)) == 1 else None
    if method == "bang_diem" and None in b1_answers(given, people, dependants).values():
        total = None  # certain by its figures alone, and still to be answered
    return total, found.pop() if len(found) == 1 else None


def income_each(given: Answers, people: list[Person]) -> tuple[float | Fraction | None, ...]:
    """Đồng a person and month («bình quân đầu người», income_lines.csv): as a paper says, or all the parts of twelve
    months together, divided by the months and by the persons. While a part is not known: the least and the most."""
    if _say(given, "thu_nhap/cach_thu_nhap") != IN_PARTS:
        return (_say(given, "thu_nhap/thu_nhap_nguoi"),)
    if not people:
        return (None,)
    parts = [_say(given, f"thu_nhap/{part}") for part in INCOME_PARTS]
    least = Fraction(sum(filter(None, parts)), 12 * len(people))
    return (least, inf if None in parts else least)


# --- B1, by whatever table is loaded -------------------------------------------------------------------------------

Bands = tuple[tuple[float, str], ...]  # from this figure on → the answer of the table
PER_PERSON: Bands = ((0, "duoi_8"), (8, "8_15"), (15, "15_25"), (25, "25_tro_len"))
POWER: Bands = ((0, "duoi_50"), (50, "50_99"), (100, "100_149"), (150, "150_tro_len"))
FIELDS: Bands = ((0, "khong"), (1, "duoi_5000"), (5000, "5000_14999"), (15000, "15000_tro_len"))
FOREST: Bands = ((0, "khong"), (1, "duoi_10000"), (10000, "10000_tro_len"))
CATTLE: Bands = ((0, "0"), (1, "1_2"), (3, "3_5"), (6, "6_tro_len"))
PIGS: Bands = ((0, "0"), (1, "1_4"), (5, "5_19"), (20, "20_tro_len"))
POULTRY: Bands = ((0, "0"), (1, "1_49"), (50, "50_tro_len"))


def band(figure: float | None, bands: Bands) -> str | None:
    return None if figure is None else [answer for first, answer in bands if figure >= first][-1]


def up_to(figure: int | None, last: int) -> str | None:
    """0, 1, … and "last_tro_len" from `last` on."""
    return None if figure is None else str(figure) if figure < last else f"{last}_tro_len"


def b1_range(
    given: Answers, people: list[Person], points: Mapping[tuple[str, str, str], float], dependants: tuple[int, int]
) -> tuple[float | None, float | None]:
    """The least and the most that the items of the table can add up to: its keys are items and answers of the
    questionnaire; the urban column in an urban village, else the region's. An item that is not answered may be any of
    its answers that what is known allows."""
    area = _say(given, "khu_vuc")
    region = None if area is None else "thanh_thi" if area == "thanh_thi" else _say(given, "vung")
    if region is None or not people:
        return None, None
    known, open_to = b1_answers(given, people, dependants), b1_possible(given, people, dependants)
    least = most = 0.0
    for item, answer in known.items():
        offered = {one for of, one, where in points if of == item and where == region}
        allowed = {answer} if answer is not None else {one for one in offered if open_to.get(item, _anything)(one)}
        worth = [points[item, str(one), region] for one in allowed]
        least, most = least + min(worth), most + max(worth)
    return least, most


def _anything(answer: str) -> bool:
    return True


def b1_possible(given: Answers, people: list[Person], dependants: tuple[int, int]) -> dict[str, Callable[[str], bool]]:
    """What an item may still be where an answer about it is given: things owned whose number is missing are not none,
    counts of members lie between the members known and those that may be."""

    def some(question: str, none: str) -> Callable[[str], bool]:
        return _anything if _say(given, question) is None else lambda answer: answer != none

    def between(least: int, most: int) -> Callable[[str], bool]:
        return lambda answer: least <= int(answer[0]) <= most

    waged = [works_for_wages(person) for person in people]
    schooled = max(_schooling_known(people), key=SCHOOLING_IN_ORDER.index)
    return {
        "phu_thuoc": between(*dependants),
        "cong_luong": between(sum(flag is True for flag in waged), sum(flag is not False for flag in waged)),
        "bang_cap": lambda answer: SCHOOLING_IN_ORDER.index(answer) >= SCHOOLING_IN_ORDER.index(schooled),
        "dien_kwh": some("dien_nuoc/nguon_dien", "khong"),
        "xe_may": some("tai_san_ho/tai_san", "0"),
        "dat_nong_nghiep": some("tai_san_ho/dat", "khong"),
        "dat_rung": some("tai_san_ho/dat", "khong"),
        **{animal: some("tai_san_ho/vat_nuoi", "0") for animal in ("trau_bo", "lon_de", "gia_cam")},
    }


def b1_answers(given: Answers, people: list[Person], dependants: tuple[int, int]) -> dict[str, str | None]:
    def say(path: str) -> Any:
        return _say(given, path)

    def has(question: str, name: str) -> str | None:
        chosen = say(question)
        return None if chosen is None else "co" if name in chosen.split() else "khong"

    def how_many(question: str, name: str, counted: str) -> float | None:
        owned = has(question, name)
        return None if owned is None else say(counted) if owned == "co" else 0

    fields = [how_many("tai_san_ho/dat", kind, f"tai_san_ho/dt_{kind}") for kind in ("hang_nam", "lau_nam")]
    power = say("dien_nuoc/nguon_dien")
    area = say("nha_o/dien_tich")
    owned = "o_to tu_lanh may_giat binh_nong_lanh dieu_hoa may_nong_nghiep may_che_bien".split()
    return {
        "so_nguoi": up_to(len(people) or None, 7),
        "phu_thuoc": same(up_to(dependants[0], 3), up_to(dependants[1], 3)),
        "bang_cap": best_schooling(people),
        "cong_luong": counted((works_for_wages(person) for person in people), 2),
        "luong_huu": counted((has_pension(person) for person in people), 1),
        "tuong": say("nha_o/tuong"),
        "cot": say("nha_o/cot"),
        "mai": say("nha_o/mai"),
        "dien_tich": band(None if area is None or not people else area / len(people), PER_PERSON),
        "nguon_dien": power,
        "dien_kwh": None if power is None else band(say("dien_nuoc/dien_kwh"), POWER) if power == "luoi" else "khong",
        "nguon_nuoc": say("dien_nuoc/nguon_nuoc"),
        "loai_nha_tieu": say("dien_nuoc/loai_nha_tieu"),
        "tivi": has("thong_tin/phuong_tien", "tivi"),
        "may_tinh": has("thong_tin/phuong_tien", "may_tinh"),
        "xe_may": up_to(_whole(how_many("tai_san_ho/tai_san", "xe_may", "tai_san_ho/sl_xe_may")), 2),
        **{thing: has("tai_san_ho/tai_san", thing) for thing in owned},
        "dat_nong_nghiep": band(None if None in fields else sum(filter(None, fields)), FIELDS),
        "dat_rung": band(how_many("tai_san_ho/dat", "rung", "tai_san_ho/dt_rung"), FOREST),
        "trau_bo": band(how_many("tai_san_ho/vat_nuoi", "trau_bo", "tai_san_ho/con_trau_bo"), CATTLE),
        "lon_de": band(how_many("tai_san_ho/vat_nuoi", "lon_de", "tai_san_ho/con_lon_de"), PIGS),
        "gia_cam": band(how_many("tai_san_ho/vat_nuoi", "gia_cam", "tai_san_ho/con_gia_cam"), POULTRY),
        "thuy_san": say("tai_san_ho/thuy_san"),
    }


def _whole(figure: float | None) -> int | None:
    return None if figure is None else int(figure)


def counted(flags: Iterable[Truth], last: int) -> str | None:
    """How many, as the table has it; known when those that are not known cannot change it."""
    found = list(flags)
    return same(*(up_to(sum(flag in sure for flag in found), last) for sure in ((True,), (True, None))))


def same(least: str | None, most: str | None) -> str | None:
    return least if least == most else None


def works_for_wages(person: Person) -> Truth:
    """A convention of the table that is loaded, not of the texts: at work with a contract, of those who are asked."""
    at_work = is_one_of(person["tinh_trang_viec_lam"], {"dang_lam"})
    for_wages = is_one_of(person["loai_viec_lam"], WAGE_JOBS)
    return all_of([person.aged(16), at_work, for_wages, is_one_of(person["hop_dong"], {"co", "quyet_dinh"})])


def has_pension(person: Person) -> Truth:
    """Of those who are asked: from 16 years on."""
    return all_of([person.aged(16), is_one_of(person["luong_huu"], {"luong_huu", "bhxh", "nguoi_co_cong"})])


SCHOOLING_IN_ORDER = (*SCHOOLING, "so_trung_cap", "cao_dang_tro_len")
TRAINING_AS = {
    "chua_qua": SCHOOLING[0],
    **dict.fromkeys(("so_cap", "trung_cap"), "so_trung_cap"),
    **dict.fromkeys(("cao_dang", "dai_hoc", "sau_dai_hoc"), "cao_dang_tro_len"),
}


def best_schooling(people: list[Person]) -> str | None:
    """The highest of the household, of those who are asked; known when what is missing cannot be higher."""
    known, possible = _schooling_known(people), [SCHOOLING[0]]
    for person in people:
        for question, highest in (("trinh_do_van_hoa", SCHOOLING[-1]), ("trinh_do_dao_tao", SCHOOLING_IN_ORDER[-1])):
            is_asked = MEMBER_QUESTIONS[question](person)
            if is_asked is not False and (not is_asked or person[question] is None):
                possible.append(highest)
    best = max(known, key=SCHOOLING_IN_ORDER.index)
    return best if best == max([*known, *possible], key=SCHOOLING_IN_ORDER.index) else None


def _schooling_known(people: list[Person]) -> list[str]:
    known = [SCHOOLING[0]]
    for person in people:
        for question in ("trinh_do_van_hoa", "trinh_do_dao_tao"):
            if MEMBER_QUESTIONS[question](person) and person[question] is not None:
                known.append(TRAINING_AS.get(person[question], person[question]))
    return known
