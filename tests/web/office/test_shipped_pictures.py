"""The pictures that come with the product reach phones and Collect with whatever names them, brought along or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from survey.questionnaires.published import Given, files_of, given_of, publish
from survey.questionnaires.versions import changes
from survey.terms import SourceKind
from survey.xlsform.tables import shipped
from tests import world
from tests.poverty.households import BESIDE, WORKBOOK, household_form
from tests.web.office.test_questionnaires import drafted

FORM = household_form()
SOURCE = WORKBOOK.read_bytes()
BROUGHT = Given(WORKBOOK.name, SourceKind.MARKDOWN, SOURCE, BESIDE)


@pytest.mark.parametrize("given", [None, BROUGHT], ids=["bundle only", "with its files"])
def test_a_phone_gets_every_picture(session: Session, login_as: Callable[[str], Any], given: Given | None) -> None:
    stored = publish(session, FORM, SOURCE.decode(), world.NOW, given=given)
    session.commit()
    assert shipped().keys() <= {file.name for file in files_of(session, stored)}
    browser = login_as("enumerator")
    bundle = browser.get(f"/api/v1/forms/{FORM.id}/{FORM.version}").json
    assert bundle["files"].keys() == shipped().keys()
    for name, content in shipped().items():
        answer = browser.get(f"/api/v1/forms/{FORM.id}/{FORM.version}/files/{name}")
        assert (answer.status_code, answer.mimetype, answer.data) == (200, "image/png", content)
    assert given_of(session, stored).files.keys() == {*shipped(), *BESIDE}


def test_a_picture_that_is_not_brought_again_is_no_change(session: Session) -> None:
    stored = publish(session, FORM, "", world.NOW, given=BROUGHT)
    found = changes(session, BROUGHT, stored)
    assert found is not None and not found


def test_the_preview_of_a_draft_has_them_before_it_is_published(login_as: Callable[[str], Any]) -> None:
    office = login_as("province")
    address = drafted(office, SOURCE.decode(), *BESIDE.items())
    answer = office.get(f"{address}/files/nha_tieu_tu_hoai.png")
    assert (answer.mimetype, answer.data) == ("image/png", shipped()["nha_tieu_tu_hoai.png"])
    assert office.get(f"{address}/files/nha_tieu_la.png").status_code == 404
