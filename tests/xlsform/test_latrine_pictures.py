"""Every kind of latrine has a picture of its own, small, ours, and there without being attached."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops

from scripts.latrines import KINDS, Drawing, picture
from survey.xlsform.compile import WorkbookError, compile_workbook
from survey.xlsform.tables import shipped
from tests.poverty.households import household_form

FORM = household_form()
LATRINES = {choice["name"]: choice["media"]["image"] for choice in FORM.choices["loai_nha_tieu"]}


def test_each_kind_of_latrine_has_its_picture_in_every_language() -> None:
    assert set(LATRINES) == set(KINDS)
    for name, files in LATRINES.items():
        assert files == dict.fromkeys(FORM.languages, f"nha_tieu_{name}.png")
    assert FORM.files.keys() == {f"nha_tieu_{name}.png" for name in KINDS} == shipped().keys()
    assert len({one["sha256"] for one in FORM.files.values()}) == len(KINDS)
    assert max(len(content) for content in shipped().values()) <= 6000


@pytest.mark.parametrize("name", KINDS)
def test_a_picture_is_what_its_script_draws(name: str) -> None:
    drawing = Drawing()
    KINDS[name](drawing)
    kept = Image.open(io.BytesIO(shipped()[f"nha_tieu_{name}.png"])).convert("RGB")
    assert ImageChops.difference(kept, picture(drawing).convert("RGB")).getbbox() is None


def test_a_picture_that_is_not_ours_must_still_be_attached() -> None:
    sheet = """
| survey |
| | type | name | label | media::image |
| | note | a | A | {file} |
"""
    assert compile_workbook(sheet.format(file="nha_tieu_tu_hoai.png")).files.keys() == {"nha_tieu_tu_hoai.png"}
    with pytest.raises(WorkbookError, match="not attached"):
        compile_workbook(sheet.format(file="nha_tieu_la.png"))


def test_a_first_interview_waits_for_no_picture() -> None:
    whole = FORM.for_phones(FORM.as_json())
    first = FORM.in_first_language(whole)
    assert first["files"] == {} and "nha_tieu_tu_hoai.png" not in str(first["choices"])
    assert "nha_tieu_tu_hoai.png" in str(whole["choices"]) and whole["files"] == FORM.files
    assert [choice["name"] for choice in first["choices"]["loai_nha_tieu"]] == list(LATRINES)
