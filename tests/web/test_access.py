"""Who may do what where: every route × every role × their own area and another's. A new route without a row fails."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from survey.access import VERBS
from survey.review import requests
from survey.terms import Role
from survey.web.security import check_marks
from survey.web.strangers import Buckets
from tests.world import COMMUNE, OTHER_COMMUNE

PUBLIC, SELF, OFFICE, SUPERVISOR = "public", "self", "office", "supervisor"
ACCOUNTS, ADMIN, FORMS, FIELD, REGISTER = "accounts", "admin", "forms", "field", "register"
PROVINCIAL, PAPERS = "provincial", "papers"
VERBS_OF = {
    PUBLIC: {"public"},
    SELF: {"self.manage", "sync.use"},
    OFFICE: {
        "desk.read",
        "review.read",
        "report.read",
        "support.read",
        "export.read",
        "round.read",
        "device.read",
        "form.read",
        "round.close",
        "job.follow",
        "account.read",
        "account.manage",
    },
    SUPERVISOR: {"register.correct", "register.police", "model.enter"},
    ACCOUNTS: {"register.import", "bundle.import", "work.manage"},
    ADMIN: {"round.manage"},
    PROVINCIAL: {"export.research", "round.accept", "audit.read", "plan.set", "programme.set"},
    PAPERS: {"round.ask"},
    FIELD: {"interview.submit"},
    FORMS: {"form.manage"},
    REGISTER: {
        "review.decide",
        "register.change",
        "request.ask",
        "place.change",
        "resident.enter",
        "fund.enter",
        "support.give",
        "support.names",
        "report.members",
        "scenario.keep",
        "plan.enter",
    },
}
ROLES_OF = {
    SELF: set(Role),
    OFFICE: {Role.SUPERVISOR, Role.PROVINCE, Role.ADMIN},
    SUPERVISOR: {Role.SUPERVISOR},
    ACCOUNTS: {Role.SUPERVISOR, Role.ADMIN},
    ADMIN: {Role.ADMIN},
    PROVINCIAL: {Role.PROVINCE, Role.ADMIN},
    PAPERS: {Role.SUPERVISOR, Role.ADMIN},
    FIELD: {Role.ENUMERATOR, Role.SUPERVISOR},
    FORMS: {Role.PROVINCE, Role.ADMIN},
    REGISTER: {Role.SUPERVISOR, Role.PROVINCE},
}
# Every route of the product and whom it is for.
ROUTES = {
    "exports.make_research": PROVINCIAL,
    "static": PUBLIC,
    "healthz": PUBLIC,
    "check": PUBLIC,  # says yes or no and nothing else (tests/web/test_strangers.py)
    "capture.page": PUBLIC,
    "capture.worker": PUBLIC,
    "capture.modules": PUBLIC,
    "capture.module": PUBLIC,
    "capture.style": PUBLIC,
    "capture.kinds": PUBLIC,
    "capture.later": PUBLIC,
    "capture.rest": PUBLIC,
    "capture.plain": PUBLIC,
    "capture.other_language": PUBLIC,
    "capture.manifest": PUBLIC,
    "language.switch": PUBLIC,
    "login.page": PUBLIC,
    "login.submit": PUBLIC,
    "login.out": PUBLIC,
    "sync.description": PUBLIC,
    "sync.hello": SELF,
    "sync.form": SELF,
    "sync.form_file": SELF,
    "sync.register": SELF,
    "sync.households": SELF,
    "sync.supports": SELF,
    "sync.push": SELF,
    "sync.receipts": SELF,
    "sync.put_file": SELF,
    "sync.has_file": SELF,
    "vault.recovered": SELF,
    "vault.bind": SELF,
    "vault.prove": SELF,
    "vault.lock": SELF,
    "uploads.options": PUBLIC,
    "uploads.begin": SELF,
    "uploads.go_on": SELF,
    "uploads.offset": SELF,
    "uploads.thumbnail": SELF,
    "openrosa.form_list": PUBLIC,  # the key in the address is looked at instead (tests/web/collect/test_collect.py)
    "openrosa.form": PUBLIC,
    "openrosa.manifest": PUBLIC,
    "openrosa.medium": PUBLIC,
    "openrosa.household_list": PUBLIC,
    "openrosa.integrity": PUBLIC,
    "openrosa.submission": PUBLIC,
    "openrosa.nothing": PUBLIC,
    "collect_keys.of_account": OFFICE,
    "collect_keys.revoke": OFFICE,
    "collect_keys.own": FIELD,
    "collect_keys.revoke_own": FIELD,
    "feed.service": PUBLIC,  # the key is looked at instead, and each table's verb (tests/web/feed/test_door.py)
    "feed.describe": PUBLIC,
    "feed.batch": PUBLIC,
    "feed.table": PUBLIC,
    "feed.nothing": PUBLIC,
    "feed_keys.own": OFFICE,
    "feed_keys.revoke_own": OFFICE,
    "feed_keys.of_account": OFFICE,
    "feed_keys.revoke": OFFICE,
    "accounts.own_password": SELF,
    "accounts.tries_read": SELF,
    "enrolment.page": PUBLIC,  # for who has typed the code of the first sign-in (tests/web/desk/test_hand_over.py)
    "hand_overs.page": OFFICE,
    "hand_overs.confirm": OFFICE,
    "hand_overs.set_rule": OFFICE,
    "blocked.page": OFFICE,
    "login.code": PUBLIC,
    "factor.own": SELF,
    "factor.enrol": SELF,
    "factor.make_codes": SELF,
    "factor.remove": SELF,
    "factor.reset": OFFICE,
    "sign_ins.own": SELF,
    "sign_ins.end_own": SELF,
    "sign_ins.end_others": SELF,
    "sign_ins.of_account": OFFICE,
    "sign_ins.end_one": OFFICE,
    "sign_ins.end_all": OFFICE,
    "rounds.listing": OFFICE,
    "round_steps.page": OFFICE,
    "round_steps.commune": OFFICE,
    "audit.page": PROVINCIAL,
    "audit.as_csv": PROVINCIAL,
    "flows.page": OFFICE,
    "proofs.sheet": OFFICE,
    "proofs.file": OFFICE,
    "proofs.make": OFFICE,
    "round_steps.close": OFFICE,
    "round_steps.close_ready": OFFICE,
    "round_steps.accept": PROVINCIAL,
    "round_steps.reopen": PROVINCIAL,
    "round_steps.start": ADMIN,
    "round_steps.cancel": ADMIN,
    "round_steps.edit": ADMIN,
    "round_steps.commune_days": ADMIN,
    "round_steps.request_list": OFFICE,
    "round_steps.ask": PAPERS,
    "round_steps.identify": PAPERS,
    "round_steps.take_back": PAPERS,
    "rounds.new": ADMIN,
    "rounds.close": ADMIN,
    "rounds.move": ADMIN,
    "rounds.changes": OFFICE,
    "rounds.other_standard": OFFICE,
    "rounds.standard_list": OFFICE,
    "rounds.new_standard": ADMIN,
    "questionnaires.listing": OFFICE,
    "questionnaires.new": FORMS,
    "questionnaires.draft": OFFICE,
    "questionnaires.change": FORMS,
    "questionnaires.propose": FORMS,
    "questionnaires.withdraw": FORMS,
    "questionnaires.publish": FORMS,
    "questionnaires.delete": FORMS,
    "questionnaires.draft_bundle": OFFICE,
    "questionnaires.draft_preview": OFFICE,
    "questionnaires.draft_file": OFFICE,
    "questionnaires.draft_source": OFFICE,
    "questionnaires.version": OFFICE,
    "questionnaires.retire": FORMS,
    "questionnaires.restore": FORMS,
    "questionnaires.next_draft": FORMS,
    "questionnaires.version_bundle": OFFICE,
    "questionnaires.version_preview": OFFICE,
    "questionnaires.version_file": OFFICE,
    "questionnaires.source": OFFICE,
    "questionnaires.source_xlsx": OFFICE,
    "points.listing": OFFICE,
    "points.start": FORMS,
    "points.table": OFFICE,
    "points.begin": FORMS,
    "points.type_in": FORMS,
    "points.typed": FORMS,
    "points.upload": FORMS,
    "points.blank": FORMS,
    "points.hand_in": FORMS,
    "points.correct": FORMS,
    "points.withdraw": FORMS,
    "points.drop": FORMS,
    "points.agreed_csv": OFFICE,
    "points.make_draft": FORMS,
    "readings.listing": OFFICE,
    "readings.confirm": FORMS,
    "readings.make_draft": FORMS,
    "household.page": OFFICE,
    "household.person": OFFICE,
    "household.act": REGISTER,
    "household.undo": REGISTER,
    "workload.page": OFFICE,
    "workload.village": OFFICE,
    "workload.give": ACCOUNTS,
    "outcomes.listing": OFFICE,
    "outcomes.one": OFFICE,
    "outcomes.decide": REGISTER,
    "villages.listing": OFFICE,
    "villages.as_csv": OFFICE,
    "villages.page": OFFICE,
    "villages.act": REGISTER,
    "villages.undo": REGISTER,
    "villages.enter_former": REGISTER,
    "register_table.page": OFFICE,
    "register_table.as_csv": OFFICE,
    "residents.page": OFFICE,
    "residents.pattern": OFFICE,
    "residents.enter": REGISTER,
    "residents.decide": REGISTER,
    "residents.confirm": REGISTER,
    "residents.declare": REGISTER,
    "residents.preview": REGISTER,
    "residents.enter_list": REGISTER,
    "what_if.keep": REGISTER,
    "what_if.take_back": REGISTER,
    "plan.page": OFFICE,
    "plan.enter": REGISTER,
    "plan.decide": REGISTER,
    "plan.set_target": PROVINCIAL,
    "plan.set_places": PROVINCIAL,
    "plan.load": PROVINCIAL,
    "tasks.listing": OFFICE,
    "tasks.page": OFFICE,
    "tasks.paper": OFFICE,
    "tasks.give": PROVINCIAL,
    "tasks.change": PROVINCIAL,
    "tasks.report": REGISTER,
    "supports.page": OFFICE,
    "supports.as_csv": REGISTER,
    "supports.form": REGISTER,
    "supports.enter": REGISTER,
    "supports.one": OFFICE,
    "supports.reverse": REGISTER,
    "supports.held": OFFICE,
    "supports.decide": REGISTER,
    "supports.worker_form": REGISTER,
    "supports.enter_worker": REGISTER,
    "support_lists.page": REGISTER,
    "support_lists.pattern": REGISTER,
    "support_lists.bring": REGISTER,
    "support_lists.seen": REGISTER,
    "support_lists.enter": REGISTER,
    "support_lists.result": REGISTER,
    "support_lists.left": REGISTER,
    "programmes.page": OFFICE,
    "programmes.row": PROVINCIAL,
    "programmes.write": PROVINCIAL,
    "programmes.load": PROVINCIAL,
    "funds.page": OFFICE,
    "funds.open_one": REGISTER,
    "funds.fund": OFFICE,
    "funds.move": REGISTER,
    "funds.reverse": REGISTER,
    "needs.page": OFFICE,
    "needs.listed": OFFICE,
    "needs.as_csv": OFFICE,
    "coverage.page": OFFICE,
    "coverage.as_csv": OFFICE,
    "models.page": OFFICE,
    "models.model": OFFICE,
    "models.join": SUPERVISOR,
    "models.tell_of": SUPERVISOR,
    "layouts.page": OFFICE,
    "layouts.download": OFFICE,
    "layouts.flow": OFFICE,
    "layouts.public_page": OFFICE,
    "layouts.public_file": OFFICE,
    "layout_days.ask": OFFICE,
    "layout_days.page": OFFICE,
    "member_lists.page": REGISTER,
    "member_lists.download": REGISTER,
    "requests.listing": OFFICE,
    "requests.page": OFFICE,
    "requests.decide": REGISTER,
    "requests.proposal": OFFICE,
    "requests.answer": REGISTER,
    "held.page": OFFICE,
    "held.together": REGISTER,
    "held.judge_all": REGISTER,
    "held.judge": REGISTER,
    "held.attach": REGISTER,
    "held.find": REGISTER,
    "held.confirm": REGISTER,
    "held.confirm_day": REGISTER,
    "compare.page": OFFICE,
    "compare.merge": REGISTER,
    "duplicates.listing": OFFICE,
    "duplicates.across": OFFICE,
    "duplicates.search": REGISTER,
    "duplicates.search_across": REGISTER,
    "duplicates.decide": REGISTER,
    "duplicates.decide_across": REGISTER,
    "register.page": ACCOUNTS,
    "register.preview": ACCOUNTS,
    "register.answers": ACCOUNTS,
    "register.confirm": ACCOUNTS,
    "register.example": ACCOUNTS,
    "register.seen": ACCOUNTS,
    "corrections.page": SUPERVISOR,
    "corrections.download": SUPERVISOR,
    "corrections.make": SUPERVISOR,
    "corrections.made": SUPERVISOR,
    "corrections.preview": SUPERVISOR,
    "corrections.seen": SUPERVISOR,
    "corrections.answers": SUPERVISOR,
    "corrections.confirm": SUPERVISOR,
    "corrections.look_at_undoing": SUPERVISOR,
    "corrections.undoing": SUPERVISOR,
    "corrections.undo": SUPERVISOR,
    "police.page": SUPERVISOR,
    "police.download": SUPERVISOR,
    "police.make": SUPERVISOR,
    "police.made": SUPERVISOR,
    "police.left": SUPERVISOR,
    "police.bring": SUPERVISOR,
    "police.seen": SUPERVISOR,
    "police.ask": SUPERVISOR,
    "jobs.listing": OFFICE,
    "jobs.page": OFFICE,
    "jobs.stop": OFFICE,
    "devices.listing": OFFICE,
    "devices.one": OFFICE,
    "devices.holes": OFFICE,
    "devices.receipts": OFFICE,
    "devices.show_receipt": OFFICE,
    "devices.revoke": OFFICE,
    "devices.settle": ACCOUNTS,
    "exchange.begin": ACCOUNTS,
    "exchange.go_on": ACCOUNTS,
    "exchange.page": ACCOUNTS,
    "exchange.bring_in": ACCOUNTS,
    "accounts.listing": OFFICE,
    "accounts.new": OFFICE,
    "accounts.one": OFFICE,
    "accounts.reset_password": OFFICE,
    "accounts.set_active": OFFICE,
    "accounts.let_in": OFFICE,
}
OWN = {
    Role.ENUMERATOR: ("enumerator", None),
    Role.SUPERVISOR: ("supervisor", "supervisor-other"),
    Role.PROVINCE: ("province", "province-other"),
    Role.ADMIN: ("admin", None),
}


def walked(app: Flask) -> list[tuple[str, str, str]]:
    """(endpoint, method, address) of every route, its placeholders filled with what exists or could."""
    values = {
        "commune_id": COMMUNE,
        "filename": "style.css",
        "form_id": "phieu_thu",
        "version": "1",
        "sha256": "0" * 64,
    }
    found = []
    for rule in app.url_map.iter_rules():
        address = rule.rule
        for name in rule.arguments:
            for written in (f"<{name}>", f"<path:{name}>", f"<int:{name}>"):
                address = address.replace(written, str(values.get(name, "khong-co")))
        found += [(rule.endpoint, method, address) for method in sorted((rule.methods or set()) - {"OPTIONS"})]
    return found


def verb_of(app: Flask, endpoint: str) -> str:
    return str(getattr(app.view_functions[endpoint], "verb"))  # noqa: B009


def test_every_route_is_in_the_table_and_names_a_verb_of_its_audience(app: Flask) -> None:
    desk = {name: verb_of(app, name) for name in app.view_functions if name not in ROUTES}
    for name, verb in desk.items():  # the desk's routes: for the office, decisions for the supervisor
        assert name.split(".")[0] in ("desk", "review", "reports", "dashboard", "what_if", "house_map", "exports"), (
            f"{name} is not in the table"
        )
        assert verb in VERBS_OF[OFFICE] | VERBS_OF[REGISTER], name
    for name, audience in ROUTES.items():
        assert verb_of(app, name) in VERBS_OF[audience], name


def test_the_verbs_are_those_of_the_table() -> None:
    assert {role for audience in (OFFICE,) for role in ROLES_OF[audience]} == set(VERBS["desk.read"])
    assert set(VERBS["register.correct"]) == ROLES_OF[SUPERVISOR]
    assert set(VERBS["review.decide"]) == ROLES_OF[REGISTER]  # the province, where nobody in the commune may
    assert set(VERBS["register.police"]) == ROLES_OF[SUPERVISOR]
    assert set(VERBS["account.manage"]) == ROLES_OF[OFFICE]
    assert set(VERBS["round.manage"]) == ROLES_OF[ADMIN]
    assert set(VERBS["round.close"]) == ROLES_OF[OFFICE]
    assert set(VERBS["round.accept"]) == set(VERBS["audit.read"]) == ROLES_OF[PROVINCIAL]
    assert set(VERBS["export.research"]) == ROLES_OF[PROVINCIAL]
    assert set(VERBS["round.ask"]) == ROLES_OF[PAPERS]
    assert set(VERBS["form.manage"]) == ROLES_OF[FORMS]
    assert set(VERBS["request.ask"]) == ROLES_OF[REGISTER]
    for verb in requests.ROUTES.values():
        assert set(VERBS[verb]) == ROLES_OF[REGISTER]
    assert set(VERBS[requests.IDENTITY]) == set(VERBS[requests.ACROSS]) == {Role.PROVINCE}


def test_a_stranger_is_asked_to_sign_in_everywhere_but_on_public_pages(app: Flask, client: Any) -> None:
    app.extensions["strangers"] = Buckets(burst=10_000)  # more at once than a stranger is answered
    for endpoint, method, address in walked(app):
        if verb_of(app, endpoint) == PUBLIC:
            continue
        answer = client.open(address, method=method)
        if address.startswith("/api/"):
            assert answer.status_code == 401, (method, address)
        elif method in ("GET", "HEAD"):
            assert (answer.status_code, answer.location.split("?")[0]) == (302, "/login"), (method, address)
        else:
            assert answer.status_code == 401, (method, address)


@pytest.mark.parametrize("role", Role)
def test_a_role_reaches_what_is_its_own_and_nothing_else(
    app: Flask, login_as: Any, small_round: str, role: Role
) -> None:
    browser = login_as(OWN[role][0])
    for endpoint, method, address in walked(app):
        verb = verb_of(app, endpoint)
        if verb == PUBLIC:
            continue
        status = browser.open(address, method=method).status_code
        if role in VERBS[verb]:
            assert status not in (401, 403) and status < 500, (endpoint, method, status)
        else:
            assert status == 403, (endpoint, method, status)


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.PROVINCE])
def test_another_areas_rows_do_not_exist(app: Flask, login_as: Any, small_round: str, role: Role) -> None:
    stranger = login_as(OWN[role][1])
    addresses = [(e, m, a) for e, m, a in walked(app) if COMMUNE in a and role in VERBS.get(verb_of(app, e), {})]
    assert addresses
    for endpoint, method, address in addresses:
        assert stranger.open(address, method=method).status_code == 404, (endpoint, method)
        own = login_as(OWN[role][0])
        assert own.open(address.replace(COMMUNE, OTHER_COMMUNE), method=method).status_code == (
            404 if role is Role.SUPERVISOR else own.open(address, method=method).status_code
        ), (endpoint, method)


def test_a_route_that_names_no_verb_stops_the_app_from_starting(app: Flask) -> None:
    app.view_functions["forgotten"] = lambda: "x"
    with pytest.raises(RuntimeError, match="forgotten"):
        check_marks(app)


def test_every_page_carries_the_strict_policy(app: Flask, client: Any) -> None:
    for address in ("/", "/login", "/nothing", "/api/v1/hello", "/sw.js", "/static/style.css"):
        with client.get(address) as answer:
            headers = answer.headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
