"""Random households for test_second_reading.py: seeded, on the boundaries of the law more often than chance would be.

A household is first made as it is in truth, with an answer to every question; from it come the answers of an interview:
only to what is asked, or with stale answers left behind questions that are no longer asked; whole or not.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

from tests.poverty.second_reading import INCOME_PARTS, heard

NAMES = "An Bình Chung Dung Én Giang Hà Inh Khánh Lan Mai Nam Oanh Phương Quý Sơn Thào Uyên Vừ Xuân".split()
REVIEWS = [date(2026, 10, 15)] * 4 + [
    date(2026, 9, 1),
    date(2026, 8, 31),
    date(2026, 12, 14),
    date(2026, 12, 31),
    date(2026, 2, 28),
    date(2026, 3, 1),
    date(2024, 2, 29),
    date(2025, 1, 1),
    date(2025, 11, 30),
]
BIRTHDAYS = (3, 5, 6, 11, 15, 16, 17, 18, 30, 31, 35, 56, 57, 60, 61, 62)
SCHOOL_YEARS = (3, 4, 5, 6, 10, 11, 12, 14, 15, 16)
MONTHS_OF_RETIREMENT = (56 * 12 + 4, 56 * 12 + 8, 57 * 12, 61 * 12, 61 * 12 + 3, 61 * 12 + 6, 62 * 12)
ETHNIC = "thai mong muong kinh dao kho_mu xinh_mun".split()
LEVELS = "mam_non tieu_hoc thcs thpt ngan_han trung_cap cao_dang dai_hoc".split()
THINGS = "xe_may o_to tu_lanh may_giat binh_nong_lanh dieu_hoa may_nong_nghiep may_che_bien".split()
GIVEN_ALWAYS = ("ngay_ra_soat", "ma_ho", "cach_b1", "vung")  # by the office, not by the household

Household = dict[str, Any]


def household(rng: Random) -> Household:
    """One as it is in truth: an answer to every question, also to those that will not be asked."""
    on = rng.choice(REVIEWS)
    good = rng.choice((0.5, 0.75, 0.9, 0.97))  # how often an answer is one that deprives nobody
    size = rng.choice((1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 7))
    half = rng.random() < 0.15  # one half of the household are dependants, or one more
    names = rng.sample(NAMES, size)
    people = [_person(rng, on, good, name, half and at < (size + 1) // 2) for at, name in enumerate(names)]
    for person in people:
        person["quan_he"] = rng.choice("vo_chong con dau_re chau bo_me ong_ba anh_chi_em khac".split())
    rng.choice(people)["quan_he"] = "chu_ho"

    def pick(best: str, others: str) -> str:
        return best if rng.random() < good else rng.choice([best, *others.split()])

    near = rng.choice((-1, -0.1, -0.01, 0, 0.01, 0.1, 1))
    area = max(size * 8 + near if rng.random() < 0.5 else rng.randint(5, 40) * size, 1)
    return {
        "ngay_ra_soat": on.isoformat(),
        "ma_ho": "03757-01-001",
        "khu_vuc": rng.choice(("nong_thon", "nong_thon", "thanh_thi")),
        "vung": rng.choice(("mien_nui_phia_bac", "mien_nui_phia_bac", "tay_nguyen", "dong_nam_bo")),
        "cach_b1": rng.choice(("nhap_tong", "nhap_tong", "thu_nhap", "bang_diem")),
        "thong_tin_ho": {
            "dong_y": "khong" if rng.random() < 0.01 else "co",
            "ly_do_tu_choi": "Đi vắng",
            "so_khau_khai": size if rng.random() < 0.9 else rng.randint(1, 9),
        },
        "thanh_vien": people,
        "nha_o": {
            "tuong": pick("gach_da", "be_tong go_kim_loai dat_voi phen_van khac"),
            "cot": pick("be_tong", "gach_da thep_go tre_go_tap khac"),
            "mai": pick("ngoi", "be_tong tam_lop la_ranh khac"),
            "dien_tich": round(area, 2),
        },
        "dien_nuoc": {
            "nguon_dien": rng.choice("luoi luoi luoi thuy_dien_may_no mat_troi khong".split()),
            "dien_kwh": rng.choice((0, 49, 50, 99, 100, 149, 150, 400)),
            "nguon_nuoc": pick(
                rng.choice(("may", "mua", "khe_mo_bv")),
                "gieng_khoan gieng_dao_bv dong_chai gieng_dao_kbv khe_mo_kbv song_suoi",
            ),
            "loai_nha_tieu": pick(
                "tu_hoai", "ban_tu_hoai tham_doi hai_ngan ong_thong_hoi dao_be_ngoi khong_hvs khong_co"
            ),
        },
        "tai_san_ho": _belongings(rng),
        "thong_tin": {"phuong_tien": _several(rng, "tivi radio may_tinh dien_thoai".split(), none=1 - good)},
        "thu_nhap": {
            "b1_nhap": rng.choice((0, 100, 139, 139.5, 140, 140, 140.5, 141, 174, 175, 175.5, 176)),
            "thu_nhap_nguoi": rng.choice(
                (0, 900_000, 1_499_999, 1_500_000, 1_500_001, 1_999_999, 2_000_000, 2_000_001)
            ),
            "cach_thu_nhap": rng.choice(("cac_khoan", "cac_khoan", "giay")),
            **_income_parts(rng, size),
            "nguyen_nhan": "von",
        },
        "xac_nhan": {"doc_lai": rng.choice("da_doc da_doc chua_dong_y chua_doc".split())},
    }


def _income_parts(rng: Random, size: int) -> dict[str, int]:
    """What twelve months brought, seldom far from a line; some parts brought nothing."""
    line = rng.choice((1_500_000, 1_500_000, 2_000_000)) * 12 * size
    left = max(0, line + rng.choice((-line // 3, -12 * size, -1, 0, 0, 1, 12 * size - 1, 12 * size, line)))
    found = {}
    for part in INCOME_PARTS[1:]:
        found[part] = rng.choice((0, 0, rng.randint(0, left)))
        left -= found[part]
    return found | {INCOME_PARTS[0]: left}


def _person(rng: Random, on: date, good: float, name: str, dependant: bool) -> Household:
    born = _born(rng, on)
    if dependant and rng.random() < 0.7:
        born = on - timedelta(days=rng.choice((16 * 365, 9 * 365, 300)))
    age = (on.year - born.year) - ((on.month, on.day) < (born.month, born.day))

    def pick(best: str, others: str) -> str:
        return best if rng.random() < good else rng.choice([best, *others.split()])

    allowance = "cao_tuoi" if age >= 80 else "khuyet_tat" if dependant and age >= 16 else "khong"
    work, job, contract = rng.choice(
        (
            ("dang_lam", "khac", "khong_cong_an_luong"),
            ("dang_lam", "doanh_nghiep", "co"),
            ("di_hoc", "khac", "khong"),
            ("huu_noi_tro", "thue_ho", "khong"),
        )
    )
    if rng.random() > good:
        work = rng.choice(
            "dang_lam dang_lam khong_viec khong_viec khong_kha_nang di_hoc khong_muon huu_noi_tro".split()
        )
        job = rng.choice("cong_chuc doanh_nghiep thue_ho lam_cong_khac khac khac".split())
        # the questionnaire refuses «no wages» of an official and of an employee
        more = {"cong_chuc": ["quyet_dinh"], "doanh_nghiep": []}.get(job, ["khong_cong_an_luong"])
        contract = rng.choice(["co", "khong", *more])
    person: Household = {
        "ho_ten": name,
        "gioi_tinh": rng.choice(("nam", "nu")),
        "nam_sinh": born.year,
        "thang_sinh": born.month,
        "ngay_sinh": born.day,
        "dan_toc": rng.choice(ETHNIC),
        "tro_cap_xa_hoi": pick(allowance, "khong cao_tuoi khuyet_tat mo_coi"),
        "the_bhyt": pick("co", "khong"),
        "suy_dinh_duong": pick("khong", "co khong_biet"),
        "dang_di_hoc": pick("co" if age < 16 or rng.random() < 0.5 else "khong", "khong khong"),
        "cap_hoc": pick(_level(rng, age), " ".join(LEVELS)),
        "trinh_do_van_hoa": pick(rng.choice(("thcs", "thpt")), "chua_tieu_hoc tieu_hoc thcs"),
        "trinh_do_dao_tao": pick(
            rng.choice(("so_cap", "chua_qua", "chua_qua")),
            "chua_qua chua_qua chua_qua so_cap trung_cap cao_dang dai_hoc sau_dai_hoc",
        ),
        "vua_hoc_vua_lam": rng.choice(("co", "khong", "khong")),
        "internet": pick("co", "khong khong khong"),
        "tinh_trang_viec_lam": work,
        "loai_viec_lam": job,
        "hop_dong": contract,
        "luong_huu": rng.choice("khong khong khong luong_huu bhxh nguoi_co_cong".split()),
    }
    if 16 <= age <= 30 and rng.random() < 0.25:  # behind the age, where every other way to be trained decides
        person |= {
            "trinh_do_van_hoa": rng.choice(("chua_tieu_hoc", "tieu_hoc", "thcs")),
            "trinh_do_dao_tao": "chua_qua",
        }
        person["cap_hoc"] = rng.choice(("tieu_hoc", "thcs", "thcs", "thpt", "ngan_han"))
    unknown = rng.random()
    if unknown < 0.14:
        del person["ngay_sinh"]
    if unknown < 0.07 or unknown > 0.99:  # now and then a day without its month
        del person["thang_sinh"]
    return person


def _level(rng: Random, age: int) -> str:
    """Mostly the level of the age, or one of those beside it."""
    at = 0 if age < 6 else 1 if age < 11 else 2 if age < 15 else 3 if age < 18 else 7
    return LEVELS[min(max(at + rng.choice((-1, 0, 0, 0, 0, 1)), 0), 7)] if rng.random() < 0.9 else "ngan_han"


def _born(rng: Random, on: date) -> date:
    """A day of birth, seldom far from a day that the law looks at."""
    kind = rng.random()
    if kind < 0.4:
        born = _months_before(on, 12 * rng.choice(BIRTHDAYS)) + timedelta(days=rng.choice((-1, 0, 0, 1, 2)))
    elif kind < 0.55:
        born = _months_before(on, rng.choice(MONTHS_OF_RETIREMENT)) + timedelta(days=rng.choice((-40, -1, 0, 1, 40)))
    elif kind < 0.7:
        born = date(on.year - rng.choice(SCHOOL_YEARS), *rng.choice(((1, 1), (12, 31), (2, 28), (10, 16), (3, 1))))
    elif kind < 0.75:
        born = date(rng.choice((2020, 2008, 1996, 1964)), 2, 29)
    elif kind < 0.9:
        born = on - timedelta(days=rng.randint(0, 31 * 365))
    else:
        born = on - timedelta(days=rng.randint(0, 110 * 365))
    return min(born, on)


def _months_before(on: date, months: int) -> date:
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    first = date(year, month + 1, 1)
    return first + timedelta(days=on.day - 1)  # 31 April is 1 May: a day near it is all that is wanted


def _belongings(rng: Random) -> Household:
    few: Household = {"tai_san": _several(rng, THINGS, 0.2), "thuy_san": rng.choice(("co", "khong"))}
    few["dat"] = _several(rng, "hang_nam lau_nam rung".split(), 0.2)
    few["vat_nuoi"] = _several(rng, "trau_bo lon_de gia_cam".split(), 0.2)
    few |= {f"sl_{thing}": rng.choice((1, 2, 3)) for thing in THINGS}
    few |= {
        f"dt_{land}": rng.choice((100, 4999, 5000, 9999, 10000, 14999, 15000))
        for land in ("hang_nam", "lau_nam", "rung")
    }
    few |= {
        f"con_{animal}": rng.choice((1, 2, 3, 4, 5, 6, 19, 20, 49, 50)) for animal in ("trau_bo", "lon_de", "gia_cam")
    }
    return few | {"mat_nuoc": 100}


def _several(rng: Random, names: list[str], none: float) -> str:
    """Some of the names in their order, or «khong»."""
    some = [name for name in names if rng.random() < 0.3] or [rng.choice(names)]
    return "khong" if rng.random() < none else " ".join(some)


# --- Interviews of a household -----------------------------------------------------------------------------------


def interview(truth: Household, rng: Random, missing: bool, stale: bool) -> Household:
    """What was answered: some of it `missing`, and `stale` answers behind questions that are not asked, or none."""
    answers = copy.deepcopy(truth)
    if missing:
        _forget(answers, rng)
    return answers if stale else heard(answers)


def _forget(answers: Household, rng: Random) -> None:
    """One answer, or each by a chance; hidden ones too, where nobody can miss them."""
    places = [
        (at, name)
        for at in placed(answers)
        for name in at
        if not isinstance(at[name], (dict, list)) and name != "ho_ten"
    ]
    places = [(at, name) for at, name in places if name not in GIVEN_ALWAYS]
    kind = rng.random()
    if kind < 0.02:
        answers["thanh_vien"] = []
    asked = {id(at): heard_at for at, heard_at in zip(placed(answers), placed(heard(answers)), strict=False)}
    if kind < 0.5:
        places = [(at, name) for at, name in places if name in asked.get(id(at), {})]
        gone = [rng.choice(places)]
    else:
        chance = rng.choice((0.03, 0.15))
        gone = [place for place in places if rng.random() < chance]
    for at, name in gone:
        at.pop(name, None)


def placed(answers: Household) -> Iterator[Household]:
    """The household's own answers, each group's, each member's."""
    yield answers
    for value in answers.values():
        if isinstance(value, dict):
            yield value
        elif isinstance(value, list):
            yield from value
