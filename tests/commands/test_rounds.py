"""Rounds by command: what it says, how it ends, and that a dry run changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Job, Round, RoundCommune
from models.base import Base
from survey.jobs import queue
from survey.jobs.worker import Lost
from survey.rounds import closing, rounds
from survey.work import REOPEN
from tests.commands.test_commands import run
from tests.interviews import ROUND, accept_all, entry, push
from tests.working import work
from tests.world import COMMUNE, NOW, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
DAYS = ("--opens", "2026-11-15", "--closes", "2026-11-30", "--form", "phieu_thu", "--version", "1", "--year", "2026")


def state(session: Any, commune_id: str = COMMUNE) -> str:
    session.rollback()
    return str(session.get_one(RoundCommune, (commune_id, ROUND)).state)


def said(app: Flask, *words: str) -> tuple[int, Any]:
    code, output = run(app, "round", *words, "--json")
    return code, json.loads(output.splitlines()[0])  # what is said to people follows


def test_the_list_says_where_each_round_stands(app: Flask) -> None:
    code, [only] = said(app, "list")
    assert (code, only["id"], only["communes"], only["households"]["to_visit"]) == (0, ROUND, {"open": 120}, 5)
    assert "Đang mở 120" in run(app, "round", "list")[1]


def test_the_steps_of_a_commune_by_command(app: Flask, session: Any, login_as: Any) -> None:
    code, refused = said(app, "close", ROUND, "--commune", COMMUNE)
    assert (code, refused["problem"], refused["obstacles"]) == (1, "round_not_ready", [["not_visited", 4]])
    assert [one["number"] for one in refused["breaks"]] == [
        "03757-01-001", "03757-01-002", "03757-01-003", "03757-02-001",
    ]  # fmt: skip
    assert "4 hộ chưa đến: 03757-01-001, 03757-01-002" in run(app, "round", "close", ROUND, "--commune", COMMUNE)[1]
    assert said(app, "close", ROUND, "--commune", COMMUNE, "--dry-run")[0] == 1
    accept_all(session, login_as, COMMUNE, OTHER_COMMUNE)
    for dry, after in ((["--dry-run"], "open"), ([], "closed")):
        assert said(app, "close", ROUND, "--commune", COMMUNE, *dry)[0] == 0
        assert state(session) == after
    for dry, after in ((["--dry-run"], "closed"), ([], "accepted")):
        assert said(app, "accept", ROUND, *dry) == (0, {"id": ROUND, "communes": [COMMUNE]})
        assert state(session) == after
    assert said(app, "accept", ROUND, "--commune", OTHER_COMMUNE)[0] == 1
    for dry, after in ((["--dry-run"], "accepted"), ([], "open")):
        assert said(app, "reopen", ROUND, COMMUNE, "--reason", "sót hộ", *dry)[0] == 0
        assert state(session) == after
    assert said(app, "reopen", ROUND, COMMUNE, "--reason", "sót hộ")[0] == 1
    assert run(app, "round", "reopen", ROUND, COMMUNE)[0] == 2  # without a reason
    assert said(app, "close", ROUND, "--ready") == (0, {"id": ROUND, "communes": [OTHER_COMMUNE, COMMUNE]})
    assert state(session, OTHER_COMMUNE) == "closed"
    assert state(session, "03646") == "open"  # nobody was imported there yet


def test_only_communes_where_something_is_left_are_read_household_by_household(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, breaks = [], closing.breaks

    def noted(session: Session, survey_round: Round, commune_id: str, most: int | None = None) -> list[closing.Break]:
        read.append(commune_id)
        return breaks(session, survey_round, commune_id, most)

    monkeypatch.setattr(closing, "breaks", noted)
    assert said(app, "close", ROUND)[0] == 1
    assert sorted(read) == sorted((COMMUNE, OTHER_COMMUNE))  # of 120


def test_a_mistake_is_cancelled_by_command(app: Flask, session: Any, login_as: Any) -> None:
    push(login_as("enumerator"), entry("ho-1"))
    for dry, after in ((["--dry-run"], "open"), ([], "cancelled")):
        code, done = said(app, "cancel", ROUND, "--reason", "mở nhầm", *dry)
        assert (code, done["held"], len(done["communes"])) == (0, 1, 120)
        assert state(session) == after
    assert said(app, "cancel", ROUND, "--reason", "mở nhầm")[0] == 1


def test_a_round_is_opened_in_chosen_communes_and_started_later(app: Flask, session: Any) -> None:
    ad_hoc = ("open", "Thường xuyên", *DAYS, "--kind", "thuong_xuyen", "--commune", COMMUNE)
    assert said(app, *ad_hoc, "--dry-run") == (0, {"communes": 1, "households": 0})
    assert len(said(app, "list")[1]) == 1
    code, opened = said(app, *ad_hoc, "--plan")
    assert code == 0
    assert [one["id"] for one in said(app, "list")[1]] == [ROUND, opened["id"]]  # beside, never instead
    assert said(app, "start", opened["id"], "--dry-run") == (0, {"id": opened["id"], "communes": [COMMUNE]})
    assert said(app, "start", opened["id"])[0] == 0
    assert said(app, "start", opened["id"], "--commune", COMMUNE)[0] == 1
    assert said(app, *ad_hoc)[1]["problem"] == "round_exists"
    assert said(app, "open", "X", *DAYS, "--kind", "thuong_xuyen", "--commune", "99999")[1]["problem"] == "not_found"


def stop_at_second(monkeypatch: pytest.MonkeyPatch, happens: Any) -> None:
    """Something happens when a round is opened in the second group of communes: the first is without households."""
    start, calls = rounds.start, []

    def start_or_not(session: Session, *given: Any) -> list[str]:
        calls.append(given)
        if len(calls) == 2:
            happens(session)
        return start(session, *given)

    monkeypatch.setattr(rounds, "start", start_or_not)


NEXT_YEAR = ("Rà soát 2027", *DAYS[:-1], "2027", "--form", "phieu_thu", "--version", "1")


def test_a_command_that_dies_while_it_opens_a_round_is_followed_by_a_worker(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch, login_as: Any
) -> None:
    def die(_session: Session) -> None:
        raise SystemExit(9)

    stop_at_second(monkeypatch, die)
    assert run(app, "round", "open", *NEXT_YEAR)[0] == 9
    [job] = json.loads(run(app, "jobs", "list", "--json")[1])
    assert (job["kind"], job["state"], job["account"], job["done"], job["total"]) == (
        "open_round", "queued", None, 118, 120,
    )  # fmt: skip
    page = login_as("admin").get("/jobs/").text
    assert "Mở đợt rà soát" in page
    assert "người quản trị, trên máy chủ" in page
    work(app)
    opened = next(one for one in said(app, "list")[1] if one["year"] == 2027)
    assert (opened["communes"], opened["households"]["to_visit"]) == ({"open": 120}, 5)


def test_an_opening_that_somebody_stops_says_so_and_is_gone_on_with_by_start(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_at_second(monkeypatch, lambda writing: queue.ask_to_stop(writing, writing.scalars(select(Job)).one(), NOW))
    code, refused = said(app, "open", *NEXT_YEAR)
    assert (code, refused["rule"], refused["done"]) == (1, "stopped", False)
    stands = {one["id"]: one["communes"] for one in said(app, "list")[1]}
    assert stands[refused["id"]] == {"planned": 1, "open": 119}
    code, started = said(app, "start", refused["id"])
    assert (code, started["communes"]) == (0, [COMMUNE])
    assert said(app, "start", refused["id"])[1]["rule"] == "nothing_planned"


def test_a_command_that_another_worker_overtook_says_where_to_look(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def overtaken(_session: Session) -> None:
        raise Lost

    stop_at_second(monkeypatch, overtaken)
    code, refused = said(app, "open", *NEXT_YEAR)
    [job] = json.loads(run(app, "jobs", "list", "--json")[1])
    assert (code, refused["rule"], refused["job"]) == (1, "goes_on_elsewhere", job["id"])
    assert job["ended_at"] is None


def test_a_commune_is_opened_again_as_a_job_that_a_worker_goes_on_with(
    app: Flask, session: Session, login_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept_all(session, login_as, COMMUNE)
    assert said(app, "close", ROUND, "--commune", COMMUNE)[0] == 0
    before = closing.catch_up

    def die(*_given: Any) -> None:
        raise SystemExit(9)

    monkeypatch.setattr(closing, "catch_up", die)
    assert run(app, "round", "reopen", ROUND, COMMUNE, "--reason", "sót hộ")[0] == 9
    assert state(session) == "open"
    monkeypatch.setattr(closing, "catch_up", before)
    work(app)
    session.rollback()
    job = session.scalars(select(Job).where(Job.kind == REOPEN)).one()
    assert (job.state, job.done, job.total) == ("done", 8, 8)


def everything(session: Session) -> dict[str, list[str]]:
    """Every row of every table, as the database hands it out."""
    session.rollback()
    ask = session.connection().exec_driver_sql
    found = {name: sorted(map(repr, ask(f'SELECT * FROM "{name}"'))) for name in Base.metadata.tables}
    session.rollback()
    return found


def both(app: Flask, session: Session, *words: str) -> str | None:
    """Try a command, then do it: the trial writes nothing and ends as the deed does. Returns the rule that refused."""
    before = everything(session)
    tried = said(app, *words, "--dry-run")
    assert everything(session) == before, words
    done = said(app, *words)
    of_deed = {"id", "to_sign"} if words[0] in ("open", "prove") else set()
    code, refused = done
    assert tried[0] == code, words
    for key in (tried[1].keys() | refused.keys()) - of_deed:
        assert tried[1].get(key) == refused.get(key), (words, key)
    if code == 0:
        return None
    assert (code, refused["done"], refused["rule"]) == (1, False, refused["problem"])
    assert refused["title"]
    assert everything(session) == before, words  # a refusal leaves nothing half done
    return str(refused["rule"])


@pytest.mark.thorough
def test_a_trial_of_any_step_of_a_round_is_refused_exactly_when_the_step_is(
    app: Flask, session: Any, login_as: Any, tmp_path: Path
) -> None:
    empty, third = "03646", "03670"  # nobody lives there yet
    reason, blank = ("--reason", "sót hộ"), ("--reason", " ")

    def tried(*words: str) -> str | None:
        return both(app, session, *words)

    again, ad_hoc = ("open", "Lại", *DAYS), ("open", "Thường xuyên", *DAYS, "--kind", "thuong_xuyen")
    assert tried(*again) == "round_exists"
    assert tried("open", " ", *DAYS, "--kind", "thuong_xuyen") == "bad_request"
    assert tried(*ad_hoc, "--commune", "99999") == "not_found"
    assert tried(*ad_hoc, "--form", "khac") == "form_unknown"
    assert tried(*ad_hoc, "--commune", COMMUNE, "--plan") is None
    planned = said(app, "list")[1][1]["id"]
    assert tried("start", "khong-co") == "round_unknown"
    assert tried("start", ROUND, "--commune", COMMUNE) == "round_step"
    assert tried("start", planned, "--commune", "99999") == "not_found"
    assert tried("start", planned) is None
    assert tried("start", planned) == "nothing_planned"

    assert tried("close") == "round_unnamed"
    assert tried("close", ROUND) == tried("close", ROUND, "--commune", COMMUNE) == "round_not_ready"
    assert tried("close", ROUND, "--commune", "99999") == "not_found"
    assert tried("close", ROUND, "--ready") == "round_not_ready"
    assert tried("accept", ROUND) == "nothing_closed"
    assert tried("accept", ROUND, "--commune", COMMUNE) == "round_step"
    target = ("--out", str(tmp_path / "chung-thuc.json"))
    assert tried("prove", ROUND, *target) == "round_step"
    accept_all(session, login_as, COMMUNE, OTHER_COMMUNE)
    assert tried("close", ROUND, "--commune", COMMUNE) is None
    assert tried("close", ROUND, "--commune", COMMUNE) == "round_step"
    assert tried("close", ROUND, "--commune", empty) is None
    assert tried("prove", ROUND, "--out", str(tmp_path / "khong-co" / "x.json")) == "file_not_written"
    assert tried("accept", ROUND, "--commune", "99999") == "not_found"
    assert tried("accept", ROUND) is None
    assert tried("accept", ROUND) == "nothing_closed"

    assert tried("reopen", ROUND, OTHER_COMMUNE, *reason) == "round_step"
    assert tried("reopen", ROUND, COMMUNE, *blank) == "reason_needed"
    assert tried("reopen", ROUND, "99999", *reason) == "not_found"
    assert said(app, "open", "Thử", *DAYS, "--trial", "--commune", COMMUNE)[0] == 0
    assert tried("reopen", ROUND, COMMUNE, *reason) == "round_exists"
    trial = next(one["id"] for one in said(app, "list")[1] if one["trial"])
    assert tried("cancel", trial, *blank) == "reason_needed"
    assert tried("cancel", trial, *reason) is None
    assert tried("cancel", trial, *reason) == "round_step"
    assert tried("reopen", ROUND, COMMUNE, *reason) is None
    assert tried("cancel", ROUND, *reason, "--commune", OTHER_COMMUNE) == "round_has_accepted"
    assert tried("cancel", ROUND, *reason, "--commune", third) is None
    # What is finished everywhere is refused in words of the round.
    assert tried("close", trial) == "not_allowed_now"
    assert "Đợt không mở ở xã, phường nào" in run(app, "round", "close", trial)[1]


def test_a_trial_of_a_proof_says_what_would_be_signed_and_signs_nothing(
    app: Flask, session: Any, login_as: Any, tmp_path: Path
) -> None:
    accept_all(session, login_as, COMMUNE)
    found = session.get_one(Round, ROUND)
    closing.close_communes(session, found, [COMMUNE], NOW)  # as before there were proofs
    session.commit()
    target = tmp_path / "chung-thuc.json"
    before = everything(session)
    code, tried = said(app, "prove", ROUND, "--out", str(target), "--dry-run")
    assert (code, tried["to_sign"], tried["communes"]) == (0, [COMMUNE], {})
    assert (everything(session), target.exists()) == (before, False)
    assert COMMUNE in run(app, "round", "prove", ROUND, "--out", str(target), "--dry-run")[1]
    assert said(app, "prove", ROUND, "--out", str(target))[0] == 0
    code, again = said(app, "prove", ROUND, "--out", str(tmp_path / "khac.json"), "--dry-run")
    assert (code, again["to_sign"], list(again["communes"])) == (0, [], [COMMUNE])
    assert [one.name for one in tmp_path.glob("*.json")] == [target.name]


def test_a_call_that_is_wrong_is_said_as_json_too(app: Flask) -> None:
    for name, rule in (("reopen", "reason_needed"), ("cancel", "reason_needed"), ("prove", "called_wrongly")):
        code, wrong = said(app, name, ROUND, *([COMMUNE] if name == "reopen" else []))
        assert (code, wrong["rule"]) == (2, rule), name


def test_the_help_says_how_each_ends(app: Flask) -> None:
    for name in ("open", "start", "close", "accept", "reopen", "cancel"):
        said = " ".join(run(app, "round", name, "--help")[1].split())
        assert "Ends with 0 when done" in said, name
        assert "1 when refused" in said
