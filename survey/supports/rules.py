"""The rules that hold of a support wherever it is told: its days, its subject, that the same is given once. Pure.

Asked before it is saved on a phone as well (static/app/interview/support.lazy.js): tests/cases/supports.json binds
both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from survey.support_terms import SupportSubject, SupportWindow

LIFE = "life"


@dataclass(frozen=True)
class Rule:
    """Of a kind: `benefit_group` is given to one subject once in a window, whatever kind of the group it comes by and
    under whichever programme, in whichever commune."""

    benefit_group: str
    subject: SupportSubject
    window: SupportWindow


@dataclass(frozen=True)
class Days:
    """Both included; `until` None: not known."""

    since: date
    until: date | None = None


@dataclass(frozen=True)
class Claim:
    """That a benefit group was given to a household (`person` None) or to one of its members in a window."""

    benefit_group: str
    household_id: str | None
    person: str | None
    window_key: str


def window_key(window: SupportWindow, given_on: date, programme: str) -> str | None:
    """By what two supports of a group lie in one window; None where a kind is given as often as it is needed."""
    if window is SupportWindow.NONE:
        return None
    if window is SupportWindow.MONTH:
        return f"{given_on.year:04d}-{given_on.month:02d}"
    if window is SupportWindow.YEAR:
        return f"{given_on.year:04d}"
    return LIFE if window is SupportWindow.LIFE else programme


def against_days(given_on: date, project: Days, today: date) -> str | None:
    """What stands against the day, as a code of `survey.problems`."""
    if given_on > today:
        return "register_future"
    if given_on < project.since:
        return "support_before_project"
    if project.until is not None and given_on > project.until:
        return "support_after_project"
    return None


def against_subject(rule: Rule, person: str | None) -> str | None:
    """Whether it is told of whom a kind is given to."""
    if rule.subject is SupportSubject.PERSON:
        return "support_person_needed" if not person else None
    return "support_whole_household" if person else None


def claim_of(rule: Rule, household_id: str | None, person: str | None, given_on: date, programme: str) -> Claim | None:
    """What a support takes up; None where its kind is given as often as it is needed."""
    key = window_key(rule.window, given_on, programme)
    if key is None:
        return None
    is_person = rule.subject is SupportSubject.PERSON
    return Claim(rule.benefit_group, None if is_person else household_id, person if is_person else None, key)


def given_before(claim: Claim, known: Iterable[Claim]) -> bool:
    """Whether just that was given already: of a household by the household, of a person by the person alone, wherever
    they lived then."""
    return claim in {
        Claim(one.benefit_group, one.household_id if one.person is None else None, one.person, one.window_key)
        for one in known
    }
