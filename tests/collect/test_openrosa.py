"""OpenRosa submissions: read as they are sent, hostile ones refused, nothing dropped that the form does not know."""

from __future__ import annotations

import string
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survey.collect.openrosa import MAX_DEPTH, MAX_XML, Named, RefusedXml, named_files, parse, read, typed, write
from survey.xlsform.compile import compile_workbook
from tests.examples import examples

FORM = compile_workbook("""
| settings |
| | form_title | form_id | version |
| | Mọi kiểu | moi_kieu | 1 |

| survey |
| | type | name | label | calculation |
| | start | bat_dau | | |
| | text | chu | Chữ | |
| | integer | so | Số | |
| | decimal | le | Số lẻ | |
| | date | ngay | Ngày | |
| | time | gio | Giờ | |
| | dateTime | luc | Lúc | |
| | geopoint | cho | Chỗ | |
| | image | anh | Ảnh | |
| | begin_group | nhom | Nhóm | |
| | select_one ab | mot | Một | |
| | select_multiple ab | nhieu | Nhiều | |
| | begin_repeat | nguoi | Người | |
| | text | ten | Tên | |
| | integer | tuoi | Tuổi | |
| | image | anh_nguoi | Ảnh | |
| | begin_repeat | viec | Việc | |
| | text | ten_viec | Tên việc | |
| | end_repeat | | | |
| | end_repeat | | | |
| | end_group | | | |
| | note | loi | Lời | |
| | calculate | tong | | ${so} + 1 |

| choices |
| | list_name | name | label |
| | ab | a | A |
| | ab | b | B |
""")
META = {"instanceID": "uuid:11111111-1111-4111-8111-111111111111"}


def through(answers: dict[str, Any]) -> dict[str, Any]:
    return read(parse(write(FORM, answers, META)), FORM).answers


def xml(inside: str, meta: str = "<meta><instanceID>uuid:1</instanceID></meta>") -> bytes:
    return f'<data id="moi_kieu" version="1">{inside}{meta}</data>'.encode()


def answers_of(inside: str) -> dict[str, Any]:
    return read(parse(xml(inside)), FORM).answers


LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]) | st.sampled_from("\t\n\r<>&'\"]")
TEXT = st.text(LETTERS, min_size=1, max_size=30)
NUMBER = st.integers(-(10**15), 10**15)
DECIMAL = st.floats(-1e12, 1e12, allow_nan=False, allow_infinity=False)
NAME = st.text(string.ascii_letters + string.digits, min_size=1, max_size=12)
PERSON = st.fixed_dictionaries(
    {},
    optional={
        "ten": TEXT, "tuoi": NUMBER, "anh_nguoi": NAME,
        "viec": st.lists(st.fixed_dictionaries({}, optional={"ten_viec": TEXT}), min_size=1, max_size=3),
    },
)  # fmt: skip
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "chu": TEXT, "so": NUMBER, "le": DECIMAL, "anh": NAME,
        "ngay": st.dates().map(str), "gio": st.just("08:30:00.000+07:00"),
        "luc": st.just("2026-11-22T08:10:00.000+07:00"),
        "cho": st.just("21.3 103.9 600.0 4.5"),
        "nhom": st.fixed_dictionaries(
            {"mot": st.sampled_from("ab")},
            optional={"nhieu": st.sampled_from(["a", "a b", "b a"]), "nguoi": st.lists(PERSON, min_size=1, max_size=4)},
        ),
    },
)  # fmt: skip


@pytest.mark.thorough
@settings(max_examples=examples(100), deadline=None)
@given(ANSWERS)
def test_answers_go_through_xml_and_come_back(answers: dict[str, Any]) -> None:
    def same(value: Any) -> Any:
        """One spelling of letters (NFC); a whole number is whole."""
        if isinstance(value, dict):
            return {key: same(one) for key, one in value.items()}
        if isinstance(value, list):
            return [same(one) for one in value]
        if isinstance(value, float) and value == int(value):
            return int(value)
        return through({"chu": value})["chu"] if isinstance(value, str) else value

    once = through(answers)
    assert once == same(answers)
    assert through(once) == once


def test_groups_repeats_notes_calculations_and_metadata() -> None:
    reading = read(
        parse(
            xml(
                "<so>3</so><loi/><tong>4</tong><nhom><mot>a</mot><nguoi><ten>Lò</ten><tuoi>41</tuoi></nguoi>"
                "<nguoi><anh_nguoi>1.jpg</anh_nguoi></nguoi></nhom><odk_so_ho><odk_so_ho_chon>x</odk_so_ho_chon></odk_so_ho>"
            )
        ),
        FORM,
    )
    assert reading.answers == {
        "so": 3, "nhom": {"mot": "a", "nguoi": [{"ten": "Lò", "tuoi": 41}, {"anh_nguoi": "1.jpg"}]},
    }  # fmt: skip
    assert reading.calculated == {"tong": "4"}
    assert reading.files == [Named("nhom/nguoi[2]/anh_nguoi", "1.jpg")]
    assert named_files(reading, {"1.jpg": "f" * 64})["nhom"]["nguoi"][1] == {"anh_nguoi": "f" * 64}


def test_what_the_form_does_not_know_stays_where_evaluation_names_it() -> None:
    assert answers_of("<la>1</la><la>2</la><lo><trong>x</trong></lo><so><a>1</a></so><chu>một</chu><chu>hai</chu>") == {
        "la": ["1", "2"], "lo": {"trong": "x"}, "so": {"a": "1"}, "chu": "một", "chu#2": "hai",
    }  # fmt: skip
    assert read(parse(xml("<a>1</a><b><c>2</c></b>")), None).answers == {"a": "1", "b": {"c": "2"}}


def test_numbers_as_java_writes_them() -> None:
    so, le, chu = FORM.node("so"), FORM.node("le"), FORM.node("chu")
    assert [typed(le, text) for text in ("1.0E-5", "-.5", "3.0", "1e400", "NaN", "1,5")] == [
        1e-05, -0.5, 3, "1e400", "NaN", "1,5",
    ]  # fmt: skip
    assert (typed(so, " 7 "), typed(so, "bảy"), typed(chu, " 7 ")) == (7, "bảy", " 7 ")


def test_names_are_one_spelling_and_no_path() -> None:
    reading = read(parse(xml("<anh>../../etc/a\u0309nh.jpg</anh>")), FORM)
    assert reading.files == [Named("anh", "ảnh.jpg")]


BOMB = '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "malformed"),
        (b"\x00\xff", "malformed"),
        (b"<data", "malformed"),
        (BOMB.encode() + xml("<chu>&b;</chu>"), "malformed"),
        (b'<!DOCTYPE d SYSTEM "http://example.org/x.dtd">' + xml(""), "malformed"),
        (b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + xml("<chu>&x;</chu>"), "malformed"),
        (b'<?xml version="1.0" encoding="x-la"?>' + xml(""), "malformed"),
        (xml("<chu>\x00</chu>"), "malformed"),
        (xml("<a>" * (MAX_DEPTH + 1) + "</a>" * (MAX_DEPTH + 1)), "too_large"),
        (xml("<a/>" * 60_000), "too_large"),
        (b" " * (MAX_XML + 1), "too_large"),
        (xml("", meta=""), "no_instance_id"),
        (xml("", meta="<meta><instanceID> </instanceID></meta>"), "no_instance_id"),
        (xml("", meta=f"<meta><instanceID>{'x' * 300}</instanceID></meta>"), "no_instance_id"),
    ],
)
def test_what_is_no_submission_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(RefusedXml, match=f"^{why}$"):
        parse(data)


@settings(max_examples=examples(70), deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=200).map(xml))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(RefusedXml):
        read(parse(data), FORM)


def test_other_encodings_are_read() -> None:
    text = '<?xml version="1.0" encoding="UTF-16"?>' + xml("<chu>Bản Nà Ca</chu>").decode()
    assert read(parse(text.encode("utf-16")), FORM).answers == {"chu": "Bản Nà Ca"}
