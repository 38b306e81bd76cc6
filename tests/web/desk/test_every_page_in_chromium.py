"""Every page of desk and office without a violation of WCAG 2.2 A and AA, on a phone's and on a desk's width.

Whoever signs in follows the links; a page that one of them has seen is not looked at again by the next, who reads the
same words with other buttons. Pages that only another state of the work leads to are named in `ELSEWHERE`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from models import HouseholdOutcome
from survey.plan.tasks import Paper, WantedTask, give
from survey.programmes import funds, shipped, versions
from survey.programmes.funds import Movement, WantedFund
from survey.programmes.versions import WantedProject
from survey.support_terms import FundAct, ProjectKind, Provenance
from survey.terms import Action
from tests.axe import violations
from tests.chromium import page_of
from tests.interviews import outcome, push
from tests.programmes.test_shipped import done
from tests.serving import serving
from tests.web.desk.field import CASES, Field
from tests.web.phone.test_proposals import proposal
from tests.world import COMMUNE

pytestmark = [pytest.mark.phone, pytest.mark.further]
# Answers that are no page: files, pictures, what phones and other programs read.
NO_PAGE = {
    "audit.as_csv", "capture.kinds", "capture.later", "capture.manifest", "capture.module", "capture.modules",
    "capture.other_language", "capture.rest", "capture.style", "capture.worker", "check", "corrections.download",
    "corrections.made", "coverage.as_csv", "exports.download", "exports.made_file", "healthz", "layouts.download",
    "layouts.public_file", "member_lists.download", "needs.as_csv", "points.agreed_csv", "points.blank",
    "police.download", "police.left", "police.made", "proofs.file", "questionnaires.draft_bundle",
    "questionnaires.draft_file", "questionnaires.draft_source", "questionnaires.source",
    "questionnaires.source_xlsx", "questionnaires.version_bundle", "questionnaires.version_file",
    "register.example", "register_table.as_csv", "reports.as_csv", "residents.pattern", "review.photo",
    "review.thumbnail", "static", "support_lists.left", "support_lists.pattern", "supports.as_csv", "tasks.paper",
    "villages.as_csv",
}  # fmt: skip
# The phone's own (tests/phone/test_every_screen.py), and pages that another state of the work leads to.
ELSEWHERE = {
    "capture.page", "capture.plain", "compare.page", "corrections.seen", "corrections.undoing", "enrolment.page",
    "flows.page",
    "held.attach", "household.person", "jobs.page", "layout_days.page", "layouts.flow", "login.code",
    "points.table", "points.type_in", "police.seen", "proofs.sheet", "questionnaires.draft",
    "questionnaires.draft_preview", "questionnaires.version_preview", "readings.confirm", "register.seen",
    "round_steps.request_list", "rounds.changes", "support_lists.result", "support_lists.seen", "supports.held",
    "supports.one",
}  # fmt: skip


@pytest.fixture
def work(field: Any, login_as: Any, session: Session) -> Field:
    """Something on every shelf."""
    made: Field = field(8)
    made.send_two()
    for number in range(1, 4):
        made.send(made.entry(number, CASES[number]))
    made.decide(made.sent[2], Action.ACCEPT)
    made.decide(made.sent[3], Action.RETURN)
    made.send(made.entry(5, CASES[0], round_id="dot-nao"))
    phone = login_as("enumerator")
    own = {"round_id": made.round_id}
    push(phone, outcome(made.households[4], **own), outcome(made.households[6], "died_out", **own))
    address = {"given": {"address": "Nhà số 4"}, "base": {}}
    push(
        phone,
        proposal(made.households[1], "correct", None, said=address, **own),
        proposal(made.households[5], "died", "Ai Đó", **own),
    )
    session.rollback()
    assert session.scalars(select(HouseholdOutcome)).all()
    programmes(session)
    return made


def programmes(session: Session) -> None:
    """What is shipped of them, with money and a model in the commune, and a task of the plan."""
    by = done(session)
    shipped.load(session, "14", by)
    fund = funds.open_fund(session, WantedFund(COMMUNE, "14", "qd90", "2", "Vốn sự nghiệp", 2026, "QĐ giao vốn"), by)
    funds.move(session, fund.id, Movement(FundAct.ALLOCATE, 5_000_000, date(2026, 10, 1), "QĐ 12"), by)
    model = WantedProject(
        province_id="14", programme="kh287", code="de", name="Nuôi dê", kind=ProjectKind.LIVESTOCK, commune_id=COMMUNE,
        status=Provenance.DECIDED, source="Kế hoạch của xã",
    )  # fmt: skip
    versions.write(session, [model], by)
    paper = Paper("Hướng dẫn.pdf", b"%PDF-1.7")
    give(session, WantedTask("14", "Rà soát hộ thiếu nước", "", date(2026, 12, 31), (COMMUNE,), more=(paper,)), by)
    session.commit()


@pytest.fixture
def windows(app: Flask, work: Field, chromium: Browser) -> Iterator[dict[str, Page]]:
    with serving(app) as port:
        made = {}
        for username in ("supervisor", "province", "admin"):
            context = chromium.new_context(base_url=f"http://localhost:{port}")
            made[username] = page_of(context, username, [])
        yield made
        for page in made.values():
            page.context.close()


def pages_of(app: Flask) -> set[str]:
    """What is a page, by the endpoint: whatever is read with GET and answers in HTML."""
    rules = app.url_map.iter_rules()
    found = {rule.endpoint for rule in rules if "GET" in (rule.methods or ()) and not rule.rule.startswith("/api/")}
    return {one for one in found if one not in NO_PAGE and not one.startswith(("openrosa", "collect.", "feed."))}


def walk(app: Flask, page: Page, start: list[str], seen: set[str]) -> Iterator[str]:
    """The address of each page that links lead to, one of a kind, but for kinds that were `seen`; the page stands when
    it is given."""
    adapter, pages, waiting, gone_to = app.url_map.bind("localhost"), pages_of(app), list(start), set()
    while waiting:
        address = waiting.pop(0)
        try:
            endpoint, _ = adapter.match(urlsplit(address).path, "GET")
        except (HTTPException, RequestRedirect):
            continue
        if endpoint in gone_to | ELSEWHERE or endpoint not in pages:
            continue
        gone_to.add(endpoint)
        answer = page.goto(address)
        assert answer is not None
        assert answer.status < 500, address
        if answer.status >= 400:
            continue  # another one sees it
        if endpoint not in seen:
            seen.add(endpoint)
            yield address
        hrefs = page.eval_on_selector_all("a[href^='/']", "all => all.map((one) => one.getAttribute('href'))")
        waiting += [one for one in hrefs if one not in waiting]


def test_no_page_has_a_violation(app: Flask, windows: dict[str, Page]) -> None:
    starts = ["/desk/", "/accounts/", "/rounds/", "/questionnaires/", "/points/", "/readings/", "/audit/", "/jobs/"]
    starts += ["/exchange/", "/login", "/account/password", f"/desk/{COMMUNE}/", "/register/import/"]
    starts += [f"/desk/{COMMUNE}/four-eyes", "/accounts/hand-overs"]  # led to while something waits there
    seen: set[str] = set()
    found = [
        f"{username} {address}: {one}"
        for username, page in windows.items()
        for address in walk(app, page, starts, seen)
        for one in violations(page)
    ]
    assert found == [], "\n".join(found)
    assert pages_of(app) - seen == ELSEWHERE
