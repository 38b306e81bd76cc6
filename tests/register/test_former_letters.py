"""Texts of before Unicode are recognised, and say what they said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.register import former_letters as letters
from tests.examples import examples

SAID = [
    "Quàng Văn Thuỷ",
    "Cà Thị Tỉnh",
    "Sồng A Dếnh",
    "Lường Văn Ấm".replace("Ấ", "ấ"),
    "Vừ Thị Mỷ",
    "Nguyễn Đình Chiểu",
    "Khơ Mú, Xinh Mun",
    "Đinh Thị Nguyệt",
    "Bản Pha Tém",
    "Hộ nghèo, hộ cận nghèo",
]
TCVN3 = {said: old for old, said in letters._TCVN3.items()}
ALPHABET = "abcdeghiklmnopqrstuvxyàảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ "  # one by one


def in_tcvn3(text: str) -> str:
    return "".join(TCVN3.get(letter, letter) for letter in text)


def test_a_list_in_tcvn3_is_recognised_and_read_back() -> None:
    old = [in_tcvn3(text) for text in SAID]
    assert letters.guessed(old) == letters.TCVN3
    assert [letters.converted(text, letters.TCVN3) for text in old] == SAID


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ("Quaøng Vaên Thuûy", "Quàng Văn Thủy"),
        ("Ñinh Thò Nguyeät", "Đinh Thị Nguyệt"),
        ("Söøng A Deánh", "Sừng A Dếnh"),
        ("Hoä caän ngheøo", "Hộ cận nghèo"),
        ("LOØ VAÊN HOAØ", "LÒ VĂN HOÀ"),
        ("Nguyeãn Ñöùc Myõ", "Nguyễn Đức Mỹ"),
        ("Baûn Ñaéc Tyø, Kyø", "Bản Đắc Tỳ, Kỳ"),
        ("Lyù Thò Tæ", "Lý Thị Tỉ"),
    ],
)
def test_vni_is_read(old: str, said: str) -> None:
    assert letters.converted(old, letters.VNI) == said


def test_vni_and_text_encoded_twice_are_recognised() -> None:
    assert letters.guessed(["Hoï vaø teân chuû hoä", "Quaøng Vaên Thuûy", "Ñinh Thò Nguyeät"]) == letters.VNI
    twice = [text.encode().decode("cp1252", "ignore") for text in ("Lò Văn Hoà", "Quàng Văn Thuỷ", "Tòng Thị Mỷ")]
    assert letters.guessed(twice) in (letters.TWICE, None)


def test_unicode_stays_as_it_is() -> None:
    assert letters.guessed(SAID) is None
    assert letters.guessed(["Ka Să", "Y Blơi Niê Kđăm", "H'Hen Niê", "Rơ Châm Ơi", "Lo Van Hoa"]) is None
    assert [letters.converted(text, letters.TCVN3) for text in SAID] == SAID


@pytest.mark.parametrize("page", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1258"])
def test_each_code_page_is_recognised(page: str) -> None:
    text = "Ba\u0309n,Chu\u0309 hô\u0323\r\nBa\u0309n Nà Ca,Lo\u0300 Văn Hoà\r\n"
    data = text.encode(page)
    found, _is_certain = letters.page_of(data)
    assert letters.decoded(data, found) == "Bản,Chủ hộ\r\nBản Nà Ca,Lò Văn Hoà\r\n"
    assert found == {"utf-8-sig": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}.get(page, page)


@settings(max_examples=examples(100), derandomize=True, deadline=None)
@given(
    st.text(
        alphabet=ALPHABET,
        max_size=40,
    )
)
def test_whatever_is_written_in_tcvn3_comes_back(text: str) -> None:
    assert letters.converted(in_tcvn3(text), letters.TCVN3) == text or text.isascii()


@settings(max_examples=examples(100), derandomize=True, deadline=None)
@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    for kind in (letters.TCVN3, letters.VNI, letters.TWICE):
        assert isinstance(letters.converted(text, kind), str)
    letters.guessed([text])
