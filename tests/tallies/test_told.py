"""What a poor household tells the tables: groups in three values, reasons, children, peoples; by hand, for anything."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey.tallies.told import WHO, counted, told_of

HEAD = {"ho_ten": "A", "quan_he": "chu_ho", "gioi_tinh": "nu", "dan_toc": "thai", "tuoi": 40, "tuoi_ld": 1,
        "tinh_trang_viec_lam": "dang_lam", "luong_huu": "khong"}  # fmt: skip
WIFE = HEAD | {"ho_ten": "B", "quan_he": "vo_chong", "dan_toc": "kinh"}
OLD = HEAD | {"ho_ten": "C", "quan_he": "bo_me", "tuoi": 80, "tuoi_ld": 0, "luong_huu": "nguoi_co_cong"}
CHILD = {"ho_ten": "D", "quan_he": "con", "dan_toc": "thai", "tuoi": 4, "tuoi_ld": 0, "the_bhyt": "khong",
         "suy_dinh_duong": "khong_biet", "m_gd_tre_em": 1}  # fmt: skip


def words(*members: dict[str, Any], **values: Any) -> dict[str, str]:
    """By word its number, "" where it is of the whole household."""
    told = told_of({"thanh_vien": list(members), "xac_nhan": values})
    return {one.partition(":")[0]: one.partition(":")[2] for one in told.split()}


def who(*members: dict[str, Any]) -> dict[str, str]:
    [letters] = [word.removeprefix("who.") for word in words(*members) if word.startswith("who.")]
    return dict(zip(WHO, letters, strict=True))


def test_a_family_by_hand() -> None:
    found = words(HEAD, WIFE, OLD, CHILD, nguyen_nhan="von dat von la_lung")
    assert found == {
        "who.110011": "",  # Thái head, able to work, somebody with merit, a woman
        "reason.dat": "", "reason.von": "", "reason.khac": "",  # another than those of the list is another
        "own.thai": "3", "own.kinh": "1",
        "child.all": "1", "child.bhyt_young": "1", "child.thin_unknown": "1", "child.school": "1",
    }  # fmt: skip


UNABLE = {"tinh_trang_viec_lam": "khong_kha_nang"}


@pytest.mark.parametrize(
    ("members", "unable", "some_unable"),
    [
        ([OLD, CHILD], "1", "1"),  # nobody is of working age
        ([HEAD | UNABLE, WIFE | UNABLE], "1", "1"),
        ([HEAD | UNABLE, WIFE], "0", "1"),
        ([HEAD, WIFE], "0", "0"),
        ([HEAD | {"tinh_trang_viec_lam": ""}, WIFE | UNABLE], "-", "1"),
        ([HEAD | {"tinh_trang_viec_lam": ""}, WIFE], "0", "-"),
        ([OLD | {"tuoi_ld": ""}], "-", "-"),  # whether of working age is not known
        ([OLD | UNABLE | {"tuoi_ld": ""}], "1", "-"),  # of working age or not: nobody who could work
    ],
)
def test_who_cannot_work(members: list[dict[str, Any]], unable: str, some_unable: str) -> None:
    found = who(*members)
    assert (found["unable"], found["some_unable"]) == (unable, some_unable)


def test_what_nobody_said_is_not_known_and_never_no() -> None:
    silent = who({"ho_ten": "A", "quan_he": "chu_ho"})
    assert silent == dict.fromkeys(WHO, "-")
    assert who(HEAD | {"luong_huu": ""})["merit"] == "-"
    assert who(HEAD, CHILD)["merit"] == "0"  # a child is not asked
    assert who(HEAD | {"dan_toc": "kinh"}, WIFE | {"dan_toc": "mong"})["couple"] == "1"
    assert who(HEAD | {"dan_toc": "kinh"}, WIFE | {"dan_toc": ""})["couple"] == "-"
    assert set(words()) == {"who.------", "reason.-"}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("aàđ 0-\x00", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*HEAD, *CHILD]), inner, max_size=6),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["thanh_vien", "nguyen_nhan", "x"]), ANYTHING))
def test_whatever_an_old_phone_sent_is_a_few_words_that_are_read_back(values: dict[str, Any]) -> None:
    told = told_of(values)
    assert all(word and number >= 0 for word, number in counted(told, 3))
    assert sum(word.startswith("who.") for word, _ in counted(told, 3)) == 1
