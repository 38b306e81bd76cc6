"""Every page of the desk, as each role meets it."""

from __future__ import annotations

from typing import Any

import pytest

from survey.terms import Action
from tests.web.desk.field import CASES
from tests.world import COMMUNE, OTHER_COMMUNE

PAGES = [
    "",
    "queue",
    "households",
    "report",
    "report.csv",
    "exports",
    "exports/households.csv",
    "exports/so-ho.zip",
    "phones",
]


@pytest.mark.parametrize("page", PAGES)
def test_a_supervisor_opens_every_page_of_the_own_commune_and_none_of_another(
    page: str, field: Any, login_as: Any
) -> None:
    work = field(6)
    for number in range(4):
        work.send(work.entry(number, CASES[number]))
    work.decide(work.sent[0], Action.ACCEPT)
    work.decide(work.sent[1], Action.RETURN)
    supervisor = login_as("supervisor")
    assert supervisor.get(f"/desk/{COMMUNE}/{page}").status_code == 200
    assert supervisor.get(f"/desk/{OTHER_COMMUNE}/{page}").status_code == 404
    assert login_as("supervisor-other").get(f"/desk/{COMMUNE}/{page}").status_code == 404
    assert login_as("enumerator").get(f"/desk/{COMMUNE}/{page}").status_code == 403
    assert login_as("province").get(f"/desk/{COMMUNE}/{page}").status_code == 200
    assert login_as("province-other").get(f"/desk/{COMMUNE}/{page}").status_code == 404
