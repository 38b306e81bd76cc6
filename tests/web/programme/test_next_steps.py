"""Pages of the programme lead on: an empty plan says who enters targets, what followed leads to what has changed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.pages import text_of
from tests.web.desk.field import Field
from tests.web.programme.test_coverage import NEXT, a_year_later, work
from tests.world import COMMUNE

__all__ = ["work"]


def test_an_empty_plan_says_what_to_do_to_whoever_reads_it(login_as: Any, session: Session) -> None:
    here = f"/desk/{COMMUNE}/plan"
    told = text_of(login_as("supervisor").get(here))
    assert "Chỉ tiêu giao cho xã, phường do tỉnh nhập: xin gửi tỉnh con số và văn bản giao." in told
    assert "Nhập chỉ tiêu đầu tiên" not in told
    of_commune = login_as("province").get(here).text
    for words in ('<a href="#set">Nhập chỉ tiêu đầu tiên</a>', 'id="set"'):
        assert words in of_commune
    of_province = login_as("province").get("/desk/plan").text
    for words in ('<a href="#load">Nạp kế hoạch có sẵn trong phần mềm</a>', 'id="load"'):
        assert words in of_province


@pytest.mark.miscounts
def test_what_followed_leads_to_what_has_changed(work: Field, login_as: Any) -> None:
    a_year_later(work)
    work.session.commit()
    page = login_as("supervisor").get(f"/desk/{COMMUNE}/coverage?round={work.round_id}").text
    address = f"/desk/{COMMUNE}/dashboard?round={NEXT}"
    assert f'href="{address}"' in page
    assert login_as("supervisor").get(address).status_code == 200
