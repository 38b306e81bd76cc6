"""What the phone tests stand on: the world of tests/world.py, the real questionnaire, households in two villages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from survey.questionnaires.published import Given, publish
from survey.register.entries import import_household
from survey.rounds.rounds import open_round
from survey.terms import HouseholdClass, SourceKind
from survey.xlsform.compile import compile_workbook
from tests import world
from tests.poverty.households import BESIDE, WORKBOOK

ROUND = "dot-2026"
HEADS = ["Lò Văn Đức", "Cà Thị Đôi", "Quàng Văn Pâng", "Tòng Thị Hương", "Lường Văn Xuân", "Vì Thị Ánh"]


def person(name: str, sex: str, relation: str, born: int, **answers: Any) -> dict[str, Any]:
    identity = {"ho_ten": name, "gioi_tinh": sex, "quan_he": relation, "nam_sinh": born, "dan_toc": "thai"}
    return {"ma_nk": f"nk-{name}-{born}", **identity, **answers}


def last_year(head: str) -> dict[str, Any]:
    """Six members, some of last year's answers."""
    return {
        "thong_tin_ho": {"dong_y": "co", "dia_chi": "Cạnh nhà văn hoá", "so_khau_khai": 6},
        "thanh_vien": [
            person(head, "nam", "chu_ho", 1979, the_bhyt="co", tro_cap_xa_hoi="khong"),
            person("Quàng Thị Xuân", "nu", "vo_chong", 1982, the_bhyt="khong", tro_cap_xa_hoi="khong"),
            person("Lò Văn Minh", "nam", "con", 2004, the_bhyt="co"),
            person("Lò Thị Hoa", "nu", "con", 2011, the_bhyt="co"),
            person("Lò Văn An", "nam", "con", 2016, the_bhyt="co"),
            person("Lò Thị Bua", "nu", "bo_me", 1951, the_bhyt="co", tro_cap_xa_hoi="cao_tuoi"),
        ],
        "nha_o": {"tuong": "go", "dien_tich": 45},
    }


def build(session: Session) -> None:
    """Everything: accounts, the published questionnaire, an open round over six households of two villages."""
    world.build(session)
    now = datetime.now(UTC)
    source = WORKBOOK.read_text(encoding="utf-8")
    given = Given(WORKBOOK.name, SourceKind.MARKDOWN, source.encode(), BESIDE)
    form = publish(session, compile_workbook(source, BESIDE), source, now, given=given)
    for number, head in enumerate(HEADS):
        import_household(
            session,
            commune_id=world.COMMUNE,
            household_id=f"ho-{number}",
            village_id=world.VILLAGE if number < 4 else world.VILLAGE_2,
            head_name=head,
            now=now,
            base_class=HouseholdClass.POOR,
            base_answers=last_year(head),
        )
    open_round(
        session,
        round_id=ROUND,
        title="Rà soát định kỳ 2026",
        year=2026,
        form=form,
        **world.season(session, now),
        now=now,
    )
