"""Loads the demo: Sơn La's communes; in one, villages, accounts, last year's households, a round with work begun."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, FormVersion, Round, Standard
from survey.accounts.accounts import create_account
from survey.accounts.demo import DEMO, PASSWORD, mark
from survey.clocks import day_of
from survey.demo.accounts import ACCOUNTS, COMMUNE, PROVINCE, REGION, VILLAGES, DemoAccount, title_of
from survey.demo.answers import DemoHousehold, context_of, interview
from survey.demo.households import households
from survey.demo.work import FieldWork
from survey.evidence.signing import Signer
from survey.form.form import Form
from survey.poverty.assess import assess
from survey.problems import Problem
from survey.questionnaires.published import Given, publish
from survey.questionnaires.standards import objection
from survey.register.entries import import_household
from survey.register.places import add_village, load_province
from survey.rounds.rounds import open_round
from survey.terms import B1Method, SourceKind
from survey.xlsform.compile import compile_workbook
from survey.xlsform.tables import beside

QUESTIONNAIRES = Path(__file__).resolve().parents[1] / "form" / "questionnaires"
LAST_YEAR = date(2025, 10, 15)
SEASON = date(2026, 9, 1), date(2026, 12, 14)
ROUND = "019a0000-0000-7000-8000-000000002026"


@dataclass
class Loaded:
    """What was loaded; `work`: how many interviews of this round ended in which state."""

    accounts: tuple[DemoAccount, ...]
    password: str
    households: int
    work: dict[str, int] = field(default_factory=dict)


def load_demo(session: Session, now: datetime, signer: Signer) -> Loaded:
    """Load everything at `now`. Raises `conflict` where anybody has an account already: the demo's passwords are known
    to all, they must never stand beside real ones. Does not commit."""
    if session.scalar(select(Account.id).limit(1)) is not None:
        raise Problem("conflict")
    mark(session)
    load_province(session, PROVINCE, region=REGION)
    villages = [
        add_village(session, COMMUNE, number, village.name, village.division, village.area)
        for number, village in enumerate(VILLAGES, 1)
    ]
    accounts = {account.username: _account(session, account, villages, now) for account in ACCOUNTS}
    form, version = questionnaire(session, now)
    by_village: dict[int, list[DemoHousehold]] = {}
    for village_number, household in households(LAST_YEAR):
        by_village.setdefault(village_number, []).append(household)
        _register(session, form, villages[village_number - 1], village_number, household, now)
    survey_round = _round(session, form, version, now)
    work = FieldWork(session, form, survey_round, accounts, signer, now)
    return Loaded(ACCOUNTS, PASSWORD, sum(map(len, by_village.values())), work.begin(by_village))


def _account(session: Session, account: DemoAccount, villages: list[str], now: datetime) -> Account:
    made = create_account(
        session,
        username=account.username,
        display_name=account.display_name,
        role=account.role,
        password=PASSWORD,
        now=now,
        place_id=account.place_id,
        villages=[villages[number - 1] for number in account.villages],
    )
    made.demo = DEMO
    return made


def questionnaire(session: Session, now: datetime) -> tuple[Form, FormVersion]:
    """The questionnaire that ships with the product, published."""
    workbook = QUESTIONNAIRES / "ra_soat_ho.md"
    source, files = workbook.read_bytes(), beside(workbook)
    form = compile_workbook(source, files)
    given = Given(workbook.name, SourceKind.MARKDOWN, source, files)
    return form, publish(session, form, "", now, given=given)


def _register(
    session: Session, form: Form, village_id: str, village_number: int, household: DemoHousehold, now: datetime
) -> None:
    """A household as last year left it; its class is what the questionnaire's rules make of last year's answers."""
    context = context_of(village_number, household)
    answers, evaluation = interview(form, household, context, LAST_YEAR)
    import_household(
        session,
        commune_id=COMMUNE,
        household_id=household.id,
        village_id=village_id,
        head_name=household.head.name,
        now=now,
        code=context["ma_ho"],
        base_class=assess(form, evaluation).household_class,
        base_answers=answers,
    )


def _round(session: Session, form: Form, version: FormVersion, now: datetime) -> Round:
    """The season of 2026; a demo that is loaded later has one around its day, a trial once the standard is over."""
    opens, closes = SEASON
    if day_of(now) > closes:
        opens, closes = day_of(now) - timedelta(days=60), day_of(now) + timedelta(days=30)
    standard = session.get(Standard, form.standard)
    return open_round(
        session,
        title=title_of(opens.year),
        year=opens.year,
        form=version,
        opens_on=opens,
        closes_on=closes,
        trial=standard is not None and objection(standard, opens, closes, [PROVINCE]) is not None,
        now=now,
        b1_method=B1Method.TABLE,
        round_id=ROUND,
    )
