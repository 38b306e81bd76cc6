"""Common names of the peoples of Sơn La, drawn from at random: family names, then what men and women are called."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

THAI, MONG, KINH, KHO_MU = "thai", "mong", "kinh", "kho_mu"  # choices of the list dan_toc


@dataclass(frozen=True)
class PeopleNames:
    families: tuple[str, ...]
    man: str  # the middle name of a man
    woman: str
    men: tuple[str, ...]
    women: tuple[str, ...]


NAMES = {
    THAI: PeopleNames(
        ("Lò", "Cà", "Quàng", "Lường", "Tòng", "Vì", "Bạc", "Cầm", "Lèo", "Hà"),
        "Văn",
        "Thị",
        (
            "Ánh", "Biên", "Bun", "Chiến", "Chính", "Dọn", "Hặc", "Hiêng", "Inh", "Khụt", "Lả", "Muôn", "Nọi", "Pánh",
            "Phong", "Piềng", "Quyết", "Sương", "Thoan", "Tưởng", "Ún", "Xiên", "Xôm", "Yên",
        ),
        (
            "Ban", "Bánh", "Chựa", "Diên", "Dung", "Hoa", "Hương", "Ín", "Khiêm", "Lả", "Lún", "Mai", "Nguyệt", "Pản",
            "Phiêu", "Pỏm", "Sum", "Thương", "Toan", "Xuân", "Yêu",
        ),
    ),
    MONG: PeopleNames(
        ("Giàng", "Vàng", "Mùa", "Sồng", "Thào", "Hạng", "Lầu", "Vừ", "Cứ", "Sùng", "Phàng"),
        "A",
        "Thị",
        (
            "Chìa", "Chống", "Chu", "Của", "Dế", "Dơ", "Hồng", "Ký", "Lử", "Lứ", "Ly", "Mang", "Nênh", "Nủ", "Páo",
            "Sềnh", "Sở", "Súa", "Tủa", "Vảng",
        ),
        ("Chía", "Chư", "Dở", "Dợ", "Dua", "Gánh", "Khua", "Ly", "Mai", "Mỷ", "Pàng", "Sua", "Súa", "Vá", "Xúa"),
    ),
    KINH: PeopleNames(
        ("Nguyễn", "Trần", "Phạm", "Lê", "Vũ", "Đỗ", "Hoàng", "Bùi"),
        "Văn",
        "Thị",
        ("Bình", "Cường", "Dũng", "Đức", "Hải", "Hùng", "Long", "Nam", "Quân", "Sơn", "Thành", "Tuấn"),
        ("Anh", "Bích", "Hà", "Hạnh", "Hiền", "Lan", "Loan", "Nga", "Ngọc", "Thảo", "Thu", "Yến"),
    ),
    KHO_MU: PeopleNames(
        ("Cút", "Lường", "Quàng", "Mè", "Moong", "Lèo"),
        "Văn",
        "Thị",
        ("Khoan", "Dọn", "Hợi", "Kẻo", "Luông", "Nghĩa", "Ốm", "Thắng", "Xay"),
        ("Bán", "Chom", "Liên", "Lả", "Nhung", "Sen", "Thêm", "Xeng"),
    ),
}  # fmt: skip


def family_name(random: Random, people: str, unlike: str = "") -> str:
    """A family name; `unlike`: the husband's, since spouses come from different families."""
    return random.choice([name for name in NAMES[people].families if name != unlike])


def full_name(random: Random, people: str, sex: str, family: str, taken: set[str]) -> str:
    """A full name that nobody in the household has yet."""
    names = _names_of(people, sex, family)
    found = random.choice(names if taken.isdisjoint(names) else [name for name in names if name not in taken])
    taken.add(found)
    return found


@cache
def _names_of(people: str, sex: str, family: str) -> tuple[str, ...]:
    names = NAMES[people]
    middle, given = (names.man, names.men) if sex == "nam" else (names.woman, names.women)
    return tuple(f"{family} {middle} {name}" for name in given)
