"""Two interviews of one household: compared, decided between, put together; nothing of either changes."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any

import pytest
from sqlalchemy import select

from models import Receipt, Submission, SubmissionStatus
from survey.form.reading import Instance, ReadRow
from survey.review.pair import matched
from survey.submissions.derive import rebuild
from tests.web.desk.field import CASES, Field
from tests.world import COMMUNE, OTHER_COMMUNE


@pytest.fixture
def two(field: Any) -> Field:
    """Two interviews of one household that differ in the floor area."""
    work: Field = field(2, done=Field.send_two)
    return work


def address(work: Field, first: int = 0, second: int = 1, commune_id: str = COMMUNE) -> str:
    a, b = (work.submission(work.sent[number]).id for number in (first, second))
    return f"/desk/{commune_id}/records/{a}/beside/{b}"


def states(work: Field) -> dict[str, str]:
    work.session.rollback()
    work.session.expire_all()
    return {
        submission.entry_id: work.session.get_one(SubmissionStatus, (COMMUNE, submission.id)).state
        for submission in work.session.scalars(select(Submission))
    }


def merge(browser: Any, work: Field, **fields: str) -> Any:
    ids = [work.submission(work.sent[number]).id for number in (0, 1)]
    seen = {"seen_a": str(work.seen(ids[0])), "seen_b": str(work.seen(ids[1]))} | fields
    work.session.rollback()
    return browser.post(address(work) + "/merge", data=seen)


def test_only_what_differs_is_shown_first_then_all(two: Field, login_as: Any) -> None:
    browser = login_as("supervisor")
    page = browser.get(address(two)).get_data(as_text=True)
    body = page[page.index('id="answers"') :]
    assert body.count('class="change-changed"') == 1
    assert 'name="take:nha_o/dien_tich"' in body
    assert "B1" in page
    everything = browser.get(address(two) + "?show=all").get_data(as_text=True)
    assert everything.count("<tr") > page.count("<tr") + 10
    swapped = browser.get(address(two, 1, 0))
    assert swapped.status_code == 200


def test_who_may_look_and_who_may_decide(two: Field, login_as: Any) -> None:
    looking = login_as("province").get(address(two)).get_data(as_text=True)
    assert 'name="action"' not in looking
    assert 'name="take:' not in looking
    assert login_as("supervisor-other").get(address(two)).status_code == 404
    assert login_as("supervisor-other").get(address(two, commune_id=OTHER_COMMUNE)).status_code == 404
    assert merge(login_as("province"), two).status_code == 409  # somebody in the commune may
    assert merge(login_as("supervisor-other"), two).status_code == 404
    two.send(two.entry(1, CASES[1]))
    assert login_as("supervisor").get(address(two, 0, 2)).status_code == 404  # of another household


def test_what_is_put_together_is_an_entry_like_another_and_changes_neither(two: Field, login_as: Any) -> None:
    before = {one.entry_id: one.content for one in two.session.scalars(select(Submission))}
    answer = merge(login_as("supervisor"), two, **{"take:nha_o/dien_tich": "b"})
    assert answer.status_code == 303, answer.get_data(as_text=True)[-3000:]
    two.session.rollback()
    after = {one.entry_id: one for one in two.session.scalars(select(Submission))}
    assert {key: after[key].content for key in before} == before
    [made] = [one for key, one in after.items() if key not in before]
    content = json.loads(made.content)
    wanted = json.loads(before["phieu-hai"])["answers"]["nha_o"]["dien_tich"]
    assert content["answers"]["nha_o"]["dien_tich"] == wanted
    assert {one["id"]: one["content_hash"] for one in content["merges"]} == {
        key: after[key].content_hash for key in before
    }
    assert two.session.get(Receipt, (COMMUNE, made.entry_id, made.content_hash)) is not None
    found = states(two)
    assert {found[key] for key in before} == {"superseded"}
    assert found[made.entry_id] == "submitted"
    assert two.register(0).submission_id == made.id
    rebuild(two.session)
    two.session.commit()
    assert states(two) == found
    # Who put it together does not accept it.
    seen = {"action": "accept", "seen": str(two.seen(made.id))}
    two.session.rollback()
    record = f"/desk/{COMMUNE}/records/{made.id}"
    assert login_as("supervisor").post(record, data=seen).status_code == 409
    assert login_as("supervisor-2").post(record, data=seen).status_code == 303


def test_what_would_not_pass_its_checks_is_told_and_nothing_is_stored(field: Any, login_as: Any) -> None:
    work: Field = field(1)
    first = work.entry(0, CASES[0])
    second = deepcopy(first) | {"id": "phieu-hai"}
    head, other = second["answers"]["thanh_vien"][:2]
    head["quan_he"], other["quan_he"] = other["quan_he"], head["quan_he"]
    work.send(first)
    held = work.send(second)
    assert held.reason is not None
    assert held.reason.value == "two_interviews"  # sound by itself
    page = login_as("supervisor").get(address(work)).get_data(as_text=True)
    relations = {name for name in re.findall(r'name="take:([^"]+)"', page) if name.endswith("/quan_he")}
    assert len(relations) == 2
    # A household with two heads: the questionnaire's own check refuses that.
    answer = merge(login_as("supervisor"), work, **{f"take:{max(relations)}": "b"})
    assert answer.status_code == 422
    assert "chưa lưu gì" in answer.get_data(as_text=True)
    assert sorted(states(work).values()) == ["quarantined", "quarantined"]


def test_nobody_puts_together_their_own_or_on_a_stale_page(field: Any, login_as: Any) -> None:
    work: Field = field(1)
    work.send(work.entry(0, CASES[0]))
    work.send(work.entry(0, CASES[1]), by="supervisor")
    assert merge(login_as("supervisor"), work).status_code == 409
    assert merge(login_as("supervisor-2"), work, seen_a="99").status_code == 409
    assert sorted(states(work).values()) == ["quarantined", "quarantined"]


def test_members_are_matched_by_what_stays_the_same_of_a_person() -> None:
    def member(number: int, name: str, **answers: str) -> Instance:
        rows = [ReadRow(f"m[{number}]/{key}", key, key, value, value) for key, value in answers.items()]
        return Instance(f"m[{number}]", name, rows)

    ours = [
        member(1, "Lò Văn A", cccd="014085000001"),
        member(2, "Lò Thị B", nam_sinh="1990"),
        member(3, "Lò Thị B", nam_sinh="2015"),
        member(4, "Lò Văn C"),
        member(5, "Viết khác"),
        member(6, "Chỉ bên này"),
    ]
    theirs = [
        member(1, "lo thi b", nam_sinh="2015"),
        member(2, "Tên khác hẳn", cccd="014085000001"),
        member(3, "LÒ VĂN C"),
        member(4, "Lò Thị B", nam_sinh="1990"),
        member(5, "Viết sai"),
    ]
    pairs = [(a.path if a else None, b.path if b else None) for a, b in matched(ours, theirs)]
    assert pairs == [
        ("m[1]", "m[2]"), ("m[2]", "m[4]"), ("m[3]", "m[1]"), ("m[4]", "m[3]"), ("m[5]", "m[5]"), ("m[6]", None),
    ]  # fmt: skip
