"""Whatever stands in an entry, it is stored and answered, and the good one beside it goes on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from models import Receipt, Submission
from tests.examples import examples
from tests.interviews import ANSWERS, entry, envelope
from tests.world import COMMUNE, VILLAGE

TEXT = st.text(max_size=6) | st.sampled_from(
    ["\u0000", "\ud83d", "x" * 70, "2026-11-22", "ho-1", COMMUNE, VILLAGE, "1e5"]
)
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
JSON = st.recursive(LEAF, lambda one: st.lists(one, max_size=3) | st.dictionaries(TEXT, one, max_size=3), max_leaves=8)
KEYS = sorted(entry())
QUESTIONS = [*ANSWERS, "ghi_chu", "anh_nha", "cau_la"]


@st.composite
def damaged(draw: Any) -> Any:
    """An entry with some of its fields, or some of its answers, replaced by anything."""
    if draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    answers = draw(st.dictionaries(st.sampled_from(QUESTIONS), JSON, max_size=2))
    members = draw(
        st.none() | st.lists(st.dictionaries(st.sampled_from(["ho_ten", "tuoi", "the_bhyt"]), JSON), max_size=3)
    )
    changes = draw(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=2))
    return entry(answers=answers | ({"thanh_vien": members} if members is not None else {})) | changes


@pytest.mark.thorough
@pytest.mark.usefixtures("small_round")
@settings(
    max_examples=examples(8),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(entries=st.lists(damaged(), min_size=4, max_size=8))
def test_anything_is_stored_and_answered(login_as: Any, session: Any, entries: list[Any]) -> None:
    browser, good = login_as("enumerator"), entry("ho-3")
    browser.is_of_a_phone = False
    body = json.dumps(envelope(*entries, good))
    counts = []
    for _ in range(2):
        answer = browser.post("/api/v1/push", data=body, content_type="application/json")
        assert answer.status_code == 200, answer.text
        results = json.loads(answer.text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))["results"]
        assert len(results) == len(entries) + 1
        assert all(json.loads(result["receipt"]["body"])["entry_id"] for result in results)
        assert results[-1]["id"] == good["id"]
        session.rollback()
        counts.append([session.scalar(select(func.count()).select_from(table)) for table in (Submission, Receipt)])
    assert counts[0] == counts[1]


@pytest.mark.parametrize("odd", ["%00", "%E2%80%AE", "%0d%0aX:1"])
def test_an_address_with_a_character_that_no_name_has_is_not_found(login_as: Any, odd: str) -> None:
    office, phone = login_as("supervisor"), login_as("enumerator")
    for address in (f"/desk/{COMMUNE}/records/{odd}", f"/desk/{COMMUNE}/photos/{odd}", f"/accounts/{odd}"):
        assert office.get(address).status_code == 404, address
    photo = f"/api/v1/files/{'0' * 64}?commune={odd}"
    assert phone.put(photo, data=b"\xff\xd8\xff", content_type="image/jpeg").status_code == 404
    assert phone.head(photo).status_code == 404
    assert phone.get(f"/api/v1/forms/phieu_thu/{odd}").status_code == 404
