"""The Collect edition of a workbook is an XForm with a household to choose, soft warnings and a closing result."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from survey.collect.xform import EditionError, collect_edition, of_question
from survey.form import form
from tests.interviews import SOURCE

HOUSEHOLDS = Path(form.__file__).parent / "questionnaires" / "ra_soat_ho.md"
X = "{http://www.w3.org/2002/xforms}"
GENERIC = """
| settings |
| | form_id | version |
| | ao_ca | 1 |

| survey |
| | type | name | label | warning | warning_message | relevant |
| | integer | so_ao | Mấy ao? | . < 20 | Nhiều ao hơn thường gặp. | |
| | begin_repeat | ao | Ao | | | |
| | decimal | rong | Rộng | . >= 10 and count(../../ao[rong = current()/.]) = 1 | Nhỏ. | ${so_ao} > 0 |
| | end_repeat | | | | | |
"""


def binds(text: str) -> dict[str, dict[str, str]]:
    return {bind.attrib["nodeset"]: bind.attrib for bind in fromstring(text).iter(f"{X}bind")}


def texts(text: str, language: str) -> dict[str, str]:
    [found] = [one for one in fromstring(text).iter(f"{X}translation") if one.attrib["lang"] == language]
    return {one.attrib["id"]: "".join(one.itertext()).strip() for one in found}


def primary(text: str) -> Element:
    found = next(fromstring(text).iter(f"{X}instance"))[0]
    assert isinstance(found, Element)
    return found


@pytest.fixture(scope="module")
def households() -> str:
    return collect_edition(HOUSEHOLDS.read_text())


def test_the_same_workbook_gives_the_same_bytes(households: str) -> None:
    assert collect_edition(HOUSEHOLDS.read_text()) == households


def test_the_household_is_chosen_first_and_its_context_looked_up(households: str) -> None:
    rules = binds(households)
    chosen = "instance('households')/root/item[name= /data/odk_so_ho/odk_so_ho_chon ]"
    for name in ("ma_ho", "khu_vuc", "vung", "cach_b1", "phan_loai_nam_truoc"):
        assert rules[f"/data/{name}"]["calculate"].strip() == f"{chosen}/{name}"
    assert rules["/data/odk_so_ho/odk_so_ho_household_id"]["calculate"].strip() == f"{chosen}/household_id"
    assert "jr://file-csv/households.csv" in households
    assert "jr://file-csv/diem_b1.csv" in households
    first = next(child for child in fromstring(households)[1] if child.tag != f"{X}model")
    assert first.attrib["ref"] == "/data/odk_so_ho"
    assert "form_id = 'ra_soat_ho'" in households


def test_collect_marks_the_household_in_its_own_list(households: str) -> None:
    assert 'entities:entities-version="2024.1.0"' in households
    assert re.search(r'<entity[^>]* dataset="households"[^>]* update="1"', households)
    assert (
        binds(households)["/data/odk_so_ho/odk_so_ho_da_gui"]["{http://www.opendatakit.org/xforms/entities}saveto"]
        == "state"
    )
    for attribute in ("baseVersion", "trunkVersion", "branchId"):
        assert f"/data/meta/entity/@{attribute}" in binds(households)


def test_vietnamese_first_and_both_languages_whole(households: str) -> None:
    vi, en = texts(households, "Tiếng Việt (vi)"), texts(households, "English (en)")
    assert 'lang="Tiếng Việt (vi)" default="true()"' in households
    ours = {key for key in vi if "odk_so_ho" in key}
    assert ours
    assert ours == {key for key in en if "odk_so_ho" in key}
    assert vi["/data/odk_so_ho_kq/odk_so_ho_ho_ngheo:label"] == "Kết quả tạm tính: **Hộ nghèo**"
    assert en["/data/odk_so_ho_kq/odk_so_ho_ho_ngheo:label"] == "Provisional result: **Poor household**"


def test_our_columns_do_not_leave_the_house(households: str) -> None:
    assert "verified" not in households  # the column law
    for word in (" preload=", "outcome", "because", "member_label"):
        assert word not in households


def test_a_warning_is_a_note_under_its_question(households: str) -> None:
    rules = binds(households)
    assert (
        rules["/data/dien_nuoc/odk_so_ho_w_dien_kwh"]["relevant"].split()
        == (
            "( /data/dien_nuoc/nguon_dien = 'luoi') and /data/dien_nuoc/dien_kwh != '' "
            "and not( /data/dien_nuoc/dien_kwh <= 600)"
        ).split()
    )
    said = texts(households, "Tiếng Việt (vi)")["/data/dien_nuoc/odk_so_ho_w_dien_kwh:label"]
    assert said == "⚠ Số điện cao hơn thường gặp. Có ghi nhầm số tiền không?"
    inside = [child.tag.rpartition("}")[2] for child in primary(households).iter() if "odk_so_ho_w_" in child.tag]
    assert "odk_so_ho_w_cccd" in inside  # in the repeat, beside its question


def test_a_form_without_context_asks_for_no_household() -> None:
    text = collect_edition(GENERIC)
    assert "households" not in text
    assert "entities:" not in text.replace("xmlns:entities", "")
    relevant = binds(text)["/data/ao/odk_so_ho_w_rong"]["relevant"]
    assert "current()/../rong" in relevant
    assert "kq" not in text


def test_the_small_form_of_the_tests_has_an_edition() -> None:
    assert "odk_so_ho_kq" in collect_edition(SOURCE)


@pytest.mark.parametrize(
    ("rule", "beside"),
    [
        (". > 3", "${q} > 3"),
        (". = '.' or regex(., '^.$')", "${q} = '.' or regex(${q}, '^.$')"),
        ("count(../tv[. != '']) > .5", "count(../tv[. != '']) > .5"),
        ("count(../tv[x = current()/.]) = 1", "count(../tv[x = current()/../q]) = 1"),
        ("${a} >= . and ../b < .", "${a} >= ${q} and ../b < ${q}"),
    ],
)
def test_a_rule_about_the_question_holds_beside_it(rule: str, beside: str) -> None:
    assert of_question(rule, "q") == beside


def test_a_workbook_without_an_edition_says_why() -> None:
    with pytest.raises(EditionError, match="la_gi"):
        collect_edition(GENERIC.replace("| integer |", "| la_gi |"))
