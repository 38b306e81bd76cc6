"""The villages of the demo commune and the accounts that work there. The villages' names are invented."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from survey.demo.names import KHO_MU, KINH, MONG, THAI
from survey.terms import Area, Role

PROVINCE, REGION = "14", "mien_nui_phia_bac"
COMMUNE = "03757"  # xã Mường Khiêng


@dataclass(frozen=True)
class Village:
    """`means`: how well off its households are on average, 0 (highland, no road) to 1 (on the market road)."""

    name: str
    division: str
    area: Area
    people: str
    households: int
    means: float


VILLAGES = (
    Village("Bản Nà Xa", "Bản", Area.RURAL, THAI, 30, 0.87),
    Village("Bản Huổi Pột", "Bản", Area.RURAL, THAI, 26, 0.77),
    Village("Bản Co Hạ", "Bản", Area.RURAL, THAI, 28, 0.82),
    Village("Bản Noong Lán", "Bản", Area.RURAL, THAI, 24, 0.92),
    Village("Bản Phiêng Ban", "Bản", Area.RURAL, THAI, 27, 0.82),
    Village("Bản Hin Phá", "Bản", Area.RURAL, THAI, 22, 0.77),
    Village("Bản Nong Ten", "Bản", Area.RURAL, THAI, 25, 0.87),
    Village("Bản Huổi Lạnh", "Bản", Area.RURAL, KHO_MU, 20, 0.62),
    Village("Bản Pha Tém", "Bản", Area.RURAL, MONG, 24, 0.52),
    Village("Bản Pú Nọng", "Bản", Area.RURAL, MONG, 22, 0.57),
    Village("Bản Pá Sàng", "Bản", Area.RURAL, MONG, 24, 0.62),
    Village("Tiểu khu Chợ", "Tiểu khu", Area.URBAN, KINH, 28, 0.95),
)


@dataclass(frozen=True)
class DemoAccount:
    """`villages`: numbers of the enumerator's villages, from 1."""

    username: str
    display_name: str
    role: Role
    place_id: str | None
    villages: tuple[int, ...] = ()


ACCOUNTS = (
    DemoAccount("ban-na-xa", "Lò Văn Piềng", Role.ENUMERATOR, COMMUNE, (1, 2)),
    DemoAccount("ban-co-ha", "Quàng Thị Hoa", Role.ENUMERATOR, COMMUNE, (3, 4)),
    DemoAccount("ban-phieng-ban", "Tòng Văn Thoan", Role.ENUMERATOR, COMMUNE, (5, 6, 7)),
    DemoAccount("ban-pha-tem", "Giàng A Páo", Role.ENUMERATOR, COMMUNE, (8, 9, 10)),
    DemoAccount("tieu-khu-cho", "Nguyễn Thị Thảo", Role.ENUMERATOR, COMMUNE, (11, 12)),
    DemoAccount("can-bo-xa", "Cà Văn Chính", Role.SUPERVISOR, COMMUNE),
    DemoAccount("can-bo-xa-2", "Vì Thị Xuân", Role.SUPERVISOR, COMMUNE),
    DemoAccount("can-bo-tinh", "Hoàng Thị Hạnh", Role.PROVINCE, PROVINCE),
    DemoAccount("quan-tri", "Quản trị bản dùng thử", Role.ADMIN, None),
)

# Of communes that are made in any number (`simulate.py`).
SIMULATED_ADMIN = "quan-tri", "Quản trị bản mô phỏng"
NAMED_AFTER = ("Nà", "Huổi", "Co", "Pá", "Phiêng", "Noong", "Pú", "Hin")  # streams, fields and hills


def invented_village(random: Random, number: int) -> tuple[str, str, Area]:
    """Name, division and area; every eighth is urban."""
    if number % 8 == 0:
        return f"Tiểu khu {number}", "Tiểu khu", Area.URBAN
    return f"Bản {random.choice(NAMED_AFTER)} {number}", "Bản", Area.RURAL


def title_of(year: int) -> str:
    """What the yearly round is called."""
    return f"Rà soát định kỳ {year}"
