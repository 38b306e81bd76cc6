"""What a household has: house, water, assets, land, animals; from them the household's part of the answers."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

ANIMALS = {"trau_bo": (1, 6), "lon_de": (1, 12), "gia_cam": (8, 70)}
REASONS = ("dat", "von", "lao_dong", "cong_cu", "kien_thuc", "ky_nang", "om_dau")
NEEDS = ("y_te", "giao_duc", "san_xuat", "tin_dung", "nha_o")
LAND = {"hang_nam": (1500, 14000), "lau_nam": (1000, 9000), "rung": (3000, 20000)}


@dataclass
class Living:
    """The questionnaire's own answers; numbers by the name of their thing."""

    walls: str
    columns: str
    roof: str
    area: int
    power: str
    kwh: int
    water: str
    toilet: str
    media: list[str]
    assets: dict[str, int]
    land: dict[str, int]
    animals: dict[str, int]
    pond: int
    reasons: list[str]
    needs: list[str]

    def answers(self) -> dict[str, dict[str, Any]]:
        """Groups of the form; what the form does not ask of this household is dropped by its own rules later."""
        return {
            "nha_o": {"tuong": self.walls, "cot": self.columns, "mai": self.roof, "dien_tich": self.area},
            "dien_nuoc": {
                "nguon_dien": self.power,
                "dien_kwh": self.kwh,
                "nguon_nuoc": self.water,
                "loai_nha_tieu": self.toilet,
            },
            "tai_san_ho": {
                "tai_san": several(self.assets),
                "dat": several(self.land),
                "vat_nuoi": several(self.animals),
                "thuy_san": "co" if self.pond else "khong",
                "mat_nuoc": self.pond or None,
                **{f"sl_{name}": number for name, number in self.assets.items()},
                **{f"dt_{name}": number for name, number in self.land.items()},
                **{f"con_{name}": number for name, number in self.animals.items()},
            },
            "thong_tin": {"phuong_tien": several(self.media)},
            "thu_nhap": {"nguyen_nhan": several(self.reasons), "nhu_cau": several(self.needs)},
        }


def several(names: Any) -> str:
    """A select_multiple's answer; "khong" when nothing applies."""
    return " ".join(names) or "khong"


def make_living(random: Random, means: float, persons: int, urban: bool) -> Living:
    """What a household of these means has; `means` decides how likely each better thing is."""

    def chance(low: float, high: float) -> bool:
        return random.random() < low + (high - low) * means

    def grade(*steps: str) -> str:
        """One of the steps, worst first; better means, later steps."""
        place = random.gauss(means, 0.22) * len(steps)
        return steps[max(0, min(len(steps) - 1, int(place)))]

    owned = {
        "xe_may": (0.6, 1.0), "tu_lanh": (0.15, 0.95), "may_giat": (-0.1, 0.65), "binh_nong_lanh": (-0.15, 0.6),
        "dieu_hoa": (-0.25, 0.3), "o_to": (-0.15, 0.2), "may_nong_nghiep": (0.15, 0.4), "may_che_bien": (0.05, 0.3),
    }  # fmt: skip
    assets = {name: 1 for name, (low, high) in owned.items() if chance(low, high)}
    if assets.get("xe_may") and persons > 3 and chance(0.1, 0.7):
        assets["xe_may"] = 2
    land = {name: random.randint(*LAND[name]) // 100 * 100 for name in LAND if chance(0.75, 0.5) and not urban}
    animals = {name: random.randint(*ANIMALS[name]) for name in ANIMALS if chance(0.5, 0.7) and not urban}
    return Living(
        walls=grade("phen_van", "dat_voi", "phen_van", "go_kim_loai", "go_kim_loai", "gach_da"),
        columns=grade("tre_go_tap", "tre_go_tap", "thep_go", "thep_go", "be_tong"),
        roof=grade("la_ranh", "la_ranh", "tam_lop", "tam_lop", "ngoi", "be_tong"),
        area=round(persons * max(4.5, random.gauss(3 + 23 * means, 3))),
        power="luoi" if chance(0.9, 1.1) else random.choice(("thuy_dien_may_no", "mat_troi")),
        kwh=max(10, round(random.gauss(25 + 130 * means, 18))),
        water=grade("song_suoi", "khe_mo_kbv", "khe_mo_kbv", "khe_mo_bv", "gieng_khoan", "may"),
        toilet=grade("khong_co", "khong_hvs", "khong_hvs", "dao_be_ngoi", "tham_doi", "tu_hoai"),
        media=[
            name
            for name, (low, high) in {
                "tivi": (0.45, 1.0),
                "radio": (0.05, 0.1),
                "may_tinh": (-0.2, 0.5),
                "dien_thoai": (0.85, 1.1),
            }.items()
            if chance(low, high)
        ],
        assets=assets,
        land=land,
        animals=animals,
        pond=random.randint(1, 8) * 100 if chance(0.05, 0.3) and not urban else 0,
        reasons=random.sample(REASONS, random.choice((1, 2))),
        needs=random.sample(NEEDS, random.choice((1, 2, 2, 3))),
    )
