"""What is told of the members of a household by its answers."""

from __future__ import annotations

from typing import Any

import pytest

from survey.members import steady_work_in

FARM = {"tuoi_ld": 1, "tinh_trang_viec_lam": "dang_lam", "loai_viec_lam": "khac"}
HIRED = {"tuoi_ld": 1, "tinh_trang_viec_lam": "dang_lam", "loai_viec_lam": "thue_ho"}
OUT = {"tuoi_ld": 1, "tinh_trang_viec_lam": "khong_viec"}
CHILD, STUDENT = {"tuoi_ld": 0}, {"tuoi_ld": 1, "tinh_trang_viec_lam": "di_hoc"}
UNABLE = {"tuoi_ld": 1.0, "tinh_trang_viec_lam": "khong_kha_nang"}


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ([], None),
        ([CHILD, STUDENT, UNABLE], None),
        ([FARM, OUT], "1"),
        ([HIRED | {"hop_dong": "co"}], "1"),
        ([HIRED | {"loai_viec_lam": "cong_chuc", "hop_dong": "quyet_dinh"}], "1"),
        ([HIRED | {"hop_dong": "khong"}, CHILD], "0"),
        ([HIRED | {"hop_dong": "khong_cong_an_luong"}], "0"),
        ([OUT | {"tinh_trang_viec_lam": "huu_noi_tro"}], "0"),
        ([HIRED], "-"),  # whether by a contract is not answered
        ([{"tuoi_ld": 1}, OUT], "-"),
        ([{"tuoi_ld": "", "tinh_trang_viec_lam": "dang_lam"}], "-"),
        ([{}, FARM], "1"),  # one is enough
    ],
)
def test_steady_work_is_a_contract_an_appointment_or_ones_own(members: list[dict[str, Any]], told: str | None) -> None:
    assert steady_work_in(members) == told
