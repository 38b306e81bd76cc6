"""What the words of a list mean: kin, peoples, sexes, classes. Pure.

Compared without tones, case and punctuation. What a commune was asked about once it remembers (`models.ListWord`), and
that goes before what stands here; what neither knows is asked. Peoples are those of the questionnaire's own list; the
other names they go by lead to the name there. A kin word's meaning is a choice of the questionnaire's own.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from survey.names import name_key
from survey.register.csv_rows import folded
from survey.terms import HouseholdClass

CLASS, RELATION, ETHNIC, SEX = "class", "relation", "ethnic", "sex"
CLASSES = {folded(word): found for found in HouseholdClass for word in (found.value, found.vi, found.en)} | {
    "ngheo": HouseholdClass.POOR,
    "can ngheo": HouseholdClass.NEAR_POOR,
    "khong thuoc ho ngheo can ngheo": HouseholdClass.NOT_POOR,
}
LIST_CLASSES = CLASSES | {
    "hn": HouseholdClass.POOR,
    "hcn": HouseholdClass.NEAR_POOR,
    "cn": HouseholdClass.NEAR_POOR,
    "kn": HouseholdClass.NOT_POOR,
    "hkn": HouseholdClass.NOT_POOR,
    "khong ngheo": HouseholdClass.NOT_POOR,
    "ho khong ngheo": HouseholdClass.NOT_POOR,
    "khong thuoc dien ngheo": HouseholdClass.NOT_POOR,
    "khong thuoc dien ho ngheo ho can ngheo": HouseholdClass.NOT_POOR,
}
_RELATIONS = {
    "chu_ho": "chu ho, ch, chu gia dinh",
    "vo_chong": "vo, chong, vo chong, vo chu ho, chong chu ho",
    "con": "con, con de, con ruot, con trai, con gai, con nuoi, con rieng, con ca, con ut, con chung, con de trai, "
    "con de gai, con trai de, con gai de, con vo, con chong",
    "dau_re": "con dau, con re, dau, re, con dau con re, dau re",
    "chau": "chau, chau noi, chau ngoai, chau ruot, chau trai, chau gai, chau dau, chau re, chau de",
    "bo_me": "bo, me, bo de, me de, bo me, cha, cha de, cha me, bo ruot, me ruot, bo vo, me vo, bo chong, me chong, "
    "bo nuoi, me nuoi, cha chong, cha vo, me ke, bo duong",
    "ong_ba": "ong, ba, ong noi, ba noi, ong ngoai, ba ngoai, ong ba",
    "anh_chi_em": "anh, chi, em, anh chi em, anh trai, chi gai, em trai, em gai, anh ruot, chi ruot, em ruot, em vo, "
    "em chong, anh vo, anh chong, chi vo, chi chong, anh re, chi dau, em dau, em re",
    "khac": "khac, khong quan he, nguoi giup viec",
}
RELATIONS = {word.strip(): meaning for meaning, words in _RELATIONS.items() for word in words.split(",")}
# A people's name in the list of 54, folded → other names that it goes by.
_PEOPLES = {
    "mong": "hmong, h mong, mong trang, mong den, mong do, mong hoa, mong xanh, h mong trang, h mong den, h mong hoa, "
    "h mong do, hmong hoa, hmong trang, hmong den, meo, hmoong",
    "thai": "thai den, thai trang, thai do",
    "kho mu": "k mu, kmu, khmu, kh mu, kho mu, khomu, xa cau",
    "xinh mun": "sinh mun, xin mun, sin mun, xinhmun, xing mun, puoc",
    "kinh": "viet, nguoi kinh",
    "la ha": "laha, xa khao, khla phlao",
    "khang": "xa khang, khang xua",
    "dao": "dao do, dao tien, dao den, dao quan chet, dao lan ten, dao thanh y, dao ao dai, man",
    "lao": "lao bop, lao noi",
    "hoa": "han, nguoi hoa",
    "khmer": "kho me, khome, kho mer, cam pu chia",
    "san chay": "cao lan, san chi, cao lan san chi",
    "gia rai": "jarai, gia lai, j rai",
    "e de": "ede, ra de, rha de",
    "ba na": "bana, bahnar, ba nah",
    "co ho": "k ho, koho",
    "xo dang": "xe dang, sedang, xo dang",
    "ra glai": "raglai, roglai, ra g lai",
    "bru van kieu": "bru, van kieu, bru van kieu",
    "co tu": "ka tu, katu, co tu",
    "xtieng": "stieng, x tieng, xtieng",
    "ta oi": "pa co, ta oi, pacoh",
    "cho ro": "chau ro, choro",
    "chu ru": "churu",
    "mnong": "m nong, mo nong",
    "gie trieng": "gie, trieng, ve, t riang",
    "hre": "h re",
    "si la": "sila, cu de xu",
    "ha nhi": "hanhi, u ni, xa u ni",
    "o du": "odu",
    "lu": "lu, nhuon, duon",
}
PEOPLES = {word.strip(): people for people, words in _PEOPLES.items() for word in words.split(",")}
SEXES = {
    **dict.fromkeys(("nam", "male", "m", "trai", "nam gioi", "con trai"), "nam"),
    **dict.fromkeys(("nu", "female", "f", "gai", "nu gioi", "con gai"), "nu"),
}
_BUILT_IN = {RELATION: RELATIONS, ETHNIC: PEOPLES, SEX: SEXES}


class Meanings:
    """The meanings of one kind of word: a choice of the questionnaire's list."""

    def __init__(self, kind: str, choices: Sequence[Mapping[str, Any]], remembered: Mapping[str, str]) -> None:
        self.choices = {str(one["name"]): str(one["label"].get("vi", one["name"])) for one in choices}
        self._exact: dict[str, str] = {}
        self._bare: dict[str, str] = {}
        self._known = {word: name for word, name in remembered.items() if name in self.choices}
        for name, label in self.choices.items():
            for text in (*(piece for piece in label.split(",") if "," in label), label, name):
                self._exact[name_key(text)] = name
                self._bare.setdefault(folded(text), name)
        for word, meaning in _BUILT_IN[kind].items():
            name = meaning if meaning in self.choices else self._bare.get(meaning, "")
            if name:
                self._bare.setdefault(word, name)

    def of(self, text: str) -> str | None:
        """The choice that a word means; None when nobody knows."""
        return self._known.get(word_key(text)) or self._exact.get(name_key(text)) or self._bare.get(folded(text))

    def near(self, text: str) -> str | None:
        """What a misspelt word probably means."""
        close = difflib.get_close_matches(folded(text)[:40], self._bare, 1, 0.84)
        return self._bare[close[0]] if close else None


def word_key(text: str) -> str:
    """Under which a word is compared with those that are remembered."""
    return name_key(text)[:60]
