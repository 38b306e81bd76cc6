"""An interview for whose answers the rules of its form take too much is held for that, with its answers."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Assessment, Submission
from survey.form.form import Form
from survey.questionnaires.published import publish
from tests.interviews import entry, push, small_form
from tests.world import COMMUNE, NOW


def bomb() -> Form:
    """The round's form as an older release might have published it: three predicates within one another."""
    tree: Any = ["=", ["one", ".", ["child", "tuoi"]], 41]
    for _ in range(3):
        tree = [">", ["call", "count", ["path", "/", ["child", "thanh_vien", tree]]], 0]
    bundle = copy.deepcopy(small_form().as_json())
    for row in bundle["children"]:
        if row["name"] == "b2":
            row["calculate"] = ["call", "if", tree, 20, 0]
    return Form.from_json(bundle | {"version": "bom"})


@pytest.mark.usefixtures("small_round")
def test_what_takes_too_much_is_held_for_that_and_its_neighbours_go_on(login_as: Any, session: Session) -> None:
    publish(session, bomb(), "", NOW)
    session.commit()
    asked_with = {"id": "phieu_thu", "version": "bom"}
    many = [{"ho_ten": f"Lò Văn {at}", "tuoi": 41, "the_bhyt": "co"} for at in range(100)]
    large, small = entry("ho-1", {"thanh_vien": many}, form=asked_with), entry("ho-2", form=asked_with)
    held, stored = push(login_as("enumerator"), large, small)
    assert (held["reason"]["code"], stored["reason"]) == ("too_much", None)
    assert held["reason"]["next"]
    kept = session.scalars(select(Submission).where(Submission.entry_id == large["id"])).one()
    found = session.get_one(Assessment, (COMMUNE, kept.id))
    assert (found.household_class, found.problems[0]["kind"]) == (None, "too_much")
    assert found.values["thanh_vien"][99]["ho_ten"] == "Lò Văn 99"  # the answers stand

    page = login_as("supervisor").get(f"/desk/{COMMUNE}/records/{kept.id}").text
    assert "Quy tắc của phiếu tính quá nhiều với phiếu này" in page
    assert "xin báo người soạn phiếu hỏi" in page
    assert "Câu trả lời thiếu hoặc không hợp lệ" not in page
