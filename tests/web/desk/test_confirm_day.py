"""An interview whose day cannot be right waits, at every door, until a person says on which day it was; a server whose
own clock is wrong blames no phone."""

from __future__ import annotations

import copy
import json
from datetime import date, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from flask import Flask
from sqlalchemy import select

from models import Assessment, Device, Submission, SubmissionEvent, SubmissionStatus
from survey import terms
from survey.clocks import instant
from survey.submissions import derive, evaluated_first
from survey.submissions.derive import rebuild
from survey.terms import Action
from tests.carry.carrying import bring, hello, sealed
from tests.interviews import ANSWERS, entry, envelope, push
from tests.web.desk.field import CASES, Field
from tests.world import COMMUNE, NOW

OFF = [-11 * 365, -365, -92, -31, 2, 31, 365, 11 * 365]  # days
EARLY = {"started_at": "2015-01-01T01:10:00.000Z", "finalised_at": "2015-01-01T01:42:00.000Z"}


@pytest.fixture
def work(field: Any) -> Field:
    made: Field = field(3)
    return made


def moved(sent: dict[str, Any], days: int) -> dict[str, Any]:
    """The same interview by a clock that is off by so many days."""
    made = copy.deepcopy(sent)
    for key in ("started_at", "finalised_at"):
        made[key] = instant(datetime.fromisoformat(made[key]) + timedelta(days=days))
    day = date.fromisoformat(made["answers"]["ngay_ra_soat"])
    made["answers"]["ngay_ra_soat"] = (day + timedelta(days=days)).isoformat()
    return made


def code_of(result: dict[str, Any]) -> str | None:
    return (result["reason"] or {}).get("code")


def sent_by(browser: Any, clock: datetime, *entries: Any, device: str = "may-1") -> list[dict[str, Any]]:
    """A push of a phone whose clock says `clock`."""
    body = envelope(*entries)
    body["device"] |= {"clock": instant(clock), "id": device}
    results: list[dict[str, Any]] = browser.post("/api/v1/push", json=body).json["results"]
    return results


# -- every door


@pytest.mark.usefixtures("small_round")
@pytest.mark.parametrize("days", OFF)
def test_a_phone_whose_clock_is_off_is_never_taken_silently(login_as: Any, days: int) -> None:
    browser = login_as("enumerator")
    [held] = sent_by(browser, NOW + timedelta(days=days), moved(entry(), days))
    assert held["outcome"] == "held"
    assert code_of(held) == ("future_date" if days > 2 else "doubtful_date")
    assert held["reason"]["title"] and held["reason"]["next"]
    [sound] = push(browser, entry("ho-2"))
    assert sound["outcome"] == "stored"


@pytest.mark.usefixtures("small_round")
@pytest.mark.parametrize(
    "changes",
    [
        EARLY,
        {"started_at": "2015-01-01T01:10:00.000Z"},  # the clock was set right in the middle
        {"answers": {**ANSWERS, "ngay_ra_soat": "2015-01-01"}},  # what ages are counted from
        {"date_doubted": "behind"},  # the phone said so, and its owner went on
    ],
)
def test_each_trace_of_a_wrong_clock_in_an_entry_holds_it(login_as: Any, session: Any, changes: dict[str, Any]) -> None:
    [held] = push(login_as("enumerator"), entry() | changes)
    assert code_of(held) == "doubtful_date"
    found = json.loads(session.scalars(select(Submission.content)).one())
    assert {key: found[key] for key in changes} == changes  # it stays as it came


@pytest.mark.usefixtures("small_round")
def test_what_was_made_before_the_clock_fell_back_is_not_blamed_for_it(login_as: Any) -> None:
    [stored] = sent_by(login_as("enumerator"), NOW - timedelta(days=4000), entry())
    assert stored["outcome"] == "stored"


@pytest.mark.usefixtures("small_round")
def test_what_is_carried_in_by_hand_is_held_too(login_as: Any, session: Any) -> None:
    data = sealed(hello(login_as("enumerator")), entry() | EARLY, entry("ho-2"))
    assert bring(login_as("supervisor"), data).status_code == 200
    session.rollback()
    assert sorted(session.execute(select(SubmissionStatus.state, SubmissionStatus.reason)).all(), key=str) == [
        ("quarantined", "doubtful_date"),
        ("submitted", None),
    ]


# -- a person finds the day


def record(work: Field, entry_id: str) -> str:
    return f"/desk/{COMMUNE}/records/{work.submission(entry_id).id}"


def confirmed(work: Field, browser: Any, entry_id: str, day: str, **changes: Any) -> Any:
    seen = work.seen(work.submission(entry_id).id)
    work.session.rollback()
    return browser.post(f"{record(work, entry_id)}/day", data={"day": day, "seen": seen} | changes)


def stands(work: Field, entry_id: str) -> tuple[str, str | None]:
    work.session.rollback()
    work.session.expire_all()
    status = work.session.get_one(SubmissionStatus, (COMMUNE, work.submission(entry_id).id))
    return status.state, status.reason


def judged(work: Field, entry_id: str) -> Assessment:
    work.session.expire_all()
    return work.session.get_one(Assessment, (COMMUNE, work.submission(entry_id).id))


def held_from(work: Field, day: str = "2015-01-01") -> dict[str, Any]:
    """An interview of CASES[0] made by a phone that fell back to 2015, held."""
    sent = work.entry(0, CASES[0], **EARLY)
    sent["answers"]["ngay_ra_soat"] = day
    assert str(work.send(sent).reason) == "doubtful_date"
    return sent


def test_nobody_reads_a_class_that_was_worked_out_by_a_day_in_doubt(work: Field, login_as: Any) -> None:
    held, sound = held_from(work), work.entry(0, CASES[0])
    work.send(sound)
    desk = login_as("supervisor")
    class_then = terms.HouseholdClass(str(judged(work, held["id"]).household_class)).label("vi")
    page = desk.get(record(work, held["id"])).text
    assert 'class="verdict" data-class=""' in page
    verdict = page.split('class="verdict"')[1].split("</div>")[0]
    assert "<b>Chưa xếp loại: chờ xác nhận ngày phỏng vấn</b>" in verdict
    assert f"Theo ngày ghi trong phiếu thì là: {class_then}" in verdict and "chắc chắn" not in verdict
    assert 'class="change"' not in verdict  # nothing is said to have changed by it
    pair = desk.get(f"{record(work, held['id'])}/beside/{work.submission(sound['id']).id}").text
    assert pair.count("Chưa xếp loại: chờ xác nhận ngày phỏng vấn") == 1
    assert confirmed(work, desk, held["id"], "2026-11-20").status_code == 303
    assert "chờ xác nhận ngày" not in desk.get(record(work, held["id"])).text


def test_the_confirmed_day_decides_ages_and_class_and_nothing_of_the_entry_changes(work: Field, login_as: Any) -> None:
    right = work.entry(1, CASES[0])
    work.send(right)
    wanted = judged(work, right["id"])
    sent = held_from(work)
    before, content = judged(work, sent["id"]), work.submission(sent["id"]).content
    ages = [one["tuoi"] for one in wanted.values["thanh_vien"]]
    assert [one["tuoi"] for one in before.values["thanh_vien"]] != ages
    page = login_as("supervisor").get(record(work, sent["id"])).text
    assert "Ngày phỏng vấn đáng ngờ" in page
    assert 'name="day"' in page
    day = right["answers"]["ngay_ra_soat"]
    answer = confirmed(work, login_as("supervisor"), sent["id"], day, words="Trưởng bản nói")
    assert answer.status_code == 303
    assert stands(work, sent["id"]) == ("submitted", None)
    found = judged(work, sent["id"])
    assert [one["tuoi"] for one in found.values["thanh_vien"]] == ages
    assert (found.household_class, found.b1_points, found.b2_points) == (
        wanted.household_class, wanted.b1_points, wanted.b2_points,
    )  # fmt: skip
    assert work.submission(sent["id"]).content == content
    [step] = work.session.scalars(select(SubmissionEvent).where(SubmissionEvent.action == Action.DATE.value))
    assert (str(step.visited_on), step.account_id) == (day, work.account("supervisor").id)
    assert step.comments == [{"path": None, "text": "Trưởng bản nói"}]
    values = found.values
    rebuild(work.session)
    work.session.commit()
    assert stands(work, sent["id"]) == ("submitted", None)
    assert judged(work, sent["id"]).values == values
    shown = login_as("supervisor").get(record(work, sent["id"])).text
    assert "Trưởng bản nói" in shown and "15/10/2026" in shown


def test_what_follows_from_a_confirmed_day_is_derived_once_for_each_step(work: Field, login_as: Any) -> None:
    sent = held_from(work)
    before = work.seen(work.submission(sent["id"]).id)
    with (
        mock.patch.object(derive, "_write_state", wraps=derive._write_state) as places,
        mock.patch.object(derive, "derive_household", wraps=derive.derive_household) as households,
        mock.patch.object(evaluated_first, "evaluate", wraps=evaluated_first.evaluate) as evaluated,
    ):
        assert confirmed(work, login_as("supervisor"), sent["id"], "2026-10-15").status_code == 303
    assert stands(work, sent["id"]) == ("submitted", None)
    steps = work.seen(work.submission(sent["id"]).id) - before
    assert steps == 2  # of that day, and released
    assert (places.call_count, evaluated.call_count) == (steps, 1)
    assert households.call_count == 0  # it waits, and its household is what it was


def test_it_is_released_by_nothing_but_its_day(work: Field, login_as: Any) -> None:
    sent = held_from(work)
    supervisor = login_as("supervisor")
    seen = work.seen(work.submission(sent["id"]).id)
    work.session.rollback()
    refused = supervisor.post(record(work, sent["id"]), data={"action": "release", "seen": seen})
    assert refused.status_code == 409
    assert "đáng ngờ" in refused.text
    ids = {"entry": work.submission(sent["id"]).id}
    work.session.rollback()
    held = f"/desk/{COMMUNE}/held?reason=doubtful_date"
    supervisor.post(held, data=ids | {"action": "release"})
    supervisor.post(held, data=ids | {"action": "judge"})
    assert stands(work, sent["id"]) == ("quarantined", "doubtful_date")


@pytest.mark.parametrize("day", ["2015-01-01", "2026-11-24", "2026-08-01", "hôm qua", ""])
def test_a_day_that_cannot_be_is_refused_in_words(work: Field, login_as: Any, day: str) -> None:
    sent = held_from(work)
    refused = confirmed(work, login_as("supervisor"), sent["id"], day)
    assert refused.status_code == 409
    assert "Không thể phỏng vấn vào ngày đó" in refused.text
    assert stands(work, sent["id"]) == ("quarantined", "doubtful_date")


def test_who_may_confirm_a_day(work: Field, login_as: Any) -> None:
    sent = held_from(work)
    assert confirmed(work, login_as("province"), sent["id"], "2026-10-15").status_code == 409  # somebody here may
    assert confirmed(work, login_as("supervisor-other"), sent["id"], "2026-10-15").status_code == 404
    assert confirmed(work, login_as("supervisor"), sent["id"], "2026-10-15", seen=9).status_code == 409
    own = work.entry(1, CASES[1], **EARLY)
    work.send(own, by="supervisor")
    assert confirmed(work, login_as("supervisor"), own["id"], "2026-10-15").status_code == 409
    work.send(sound := work.entry(2, CASES[2]))
    assert confirmed(work, login_as("supervisor"), sound["id"], "2026-10-15").status_code == 409


def test_it_can_be_returned_to_be_mended_instead(work: Field, login_as: Any) -> None:
    sent = held_from(work)
    work.decide(sent["id"], Action.RETURN)
    assert stands(work, sent["id"]) == ("returned", None)
    mended = work.entry(0, CASES[0], replaces=sent["id"])
    assert work.send(mended).reason is None
    assert stands(work, sent["id"]) == ("superseded", None)


def test_confirmed_it_is_judged_beside_others_and_put_together_by_its_day(work: Field, login_as: Any) -> None:
    sent = held_from(work)
    other = work.entry(0, CASES[0])
    other["answers"]["nha_o"]["dien_tich"] += 7
    assert work.send(other).reason is None
    day = other["answers"]["ngay_ra_soat"]
    assert confirmed(work, login_as("supervisor"), sent["id"], day).status_code == 303
    assert stands(work, sent["id"]) == ("quarantined", "two_interviews")
    ids = [work.submission(one["id"]).id for one in (sent, other)]
    seen = {f"seen_{key}": str(work.seen(one)) for key, one in zip("ab", ids, strict=True)}
    work.session.rollback()
    answer = login_as("supervisor").post(
        f"/desk/{COMMUNE}/records/{ids[0]}/beside/{ids[1]}/merge", data=seen | {"take:nha_o/dien_tich": "b"}
    )
    assert answer.status_code == 303, answer.text[-2000:]
    work.session.rollback()
    [made] = [one for one in work.session.scalars(select(Submission)) if one.id not in ids]
    content = json.loads(made.content)
    assert content["answers"]["ngay_ra_soat"] == day
    assert str(work.session.get_one(SubmissionStatus, (COMMUNE, made.id)).state) == "submitted"


# -- the server's own clock


@pytest.mark.usefixtures("small_round")
@pytest.mark.parametrize("wrong", [-365, 365])
def test_a_server_whose_clock_is_wrong_blames_no_phone_and_judges_again_when_it_is_set(
    app: Flask, login_as: Any, session: Any, clock: Any, wrong: int
) -> None:
    true = clock.now
    clock.advance(days=wrong)
    for name in ("enumerator", "enumerator-2", "enumerator-other"):
        sent_by(login_as(name), true, device=f"may-{name}")
    browser = login_as("enumerator")
    assert browser.get("/api/v1/hello").json["clock_doubted"] is True
    [held] = sent_by(browser, true, entry(), device="may-enumerator")
    assert code_of(held) == "server_clock"
    supervisor = login_as("supervisor")
    for page in (f"/desk/{COMMUNE}/", f"/desk/{COMMUNE}/phones"):
        shown = supervisor.get(page).text
        assert 'data-notice="server-clock"' in shown, page
        assert "đồng hồ lệch" not in shown
    clock.now = true + timedelta(hours=1)
    for name in ("enumerator", "enumerator-2", "enumerator-other"):
        sent_by(login_as(name), clock.now, device=f"may-{name}")
    browser, supervisor = login_as("enumerator"), login_as("supervisor")
    assert browser.get("/api/v1/hello").json["clock_doubted"] is False
    assert 'data-notice="server-clock"' not in supervisor.get(f"/desk/{COMMUNE}/").text
    assert supervisor.post(f"/desk/{COMMUNE}/held/judge").status_code == 303
    session.rollback()
    assert session.execute(select(SubmissionStatus.state, SubmissionStatus.reason)).all() == [("submitted", None)]
    rebuild(session)
    session.rollback()
    assert sent_by(browser, clock.now, entry("ho-2"))[0]["outcome"] == "stored"


@pytest.mark.usefixtures("small_round")
def test_one_wrong_phone_is_named_and_the_server_is_not_doubted(login_as: Any, session: Any) -> None:
    for name in ("enumerator", "enumerator-2", "enumerator-other"):
        off = 365 if name == "enumerator" else 0
        sent_by(login_as(name), NOW + timedelta(days=off), device=f"may-{name}")
    assert login_as("enumerator").get("/api/v1/hello").json["clock_doubted"] is False
    shown = login_as("supervisor").get(f"/desk/{COMMUNE}/phones").text
    assert 'data-notice="server-clock"' not in shown
    assert "đồng hồ" in shown
    session.rollback()
    assert session.scalars(select(Device.id)).all()
