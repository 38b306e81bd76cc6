"""A questionnaire is published by two: one proposes a draft, another sees what changed and its hash, and confirms.

Whoever could sign in as the other is one person with them (`accounts/four_eyes.py`). At the server the operator is the
first of the two and names the second; docs/security.md says what that is worth.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from models import Account, FormDraft, FormVersion
from survey.access import has_verb
from survey.accounts import four_eyes
from survey.accounts.accounts import find_account
from survey.evidence import audit
from survey.problems import Problem
from survey.questionnaires.belonging import reaches
from survey.questionnaires.drafts import publish_draft
from survey.questionnaires.versions import latest


def propose(session: Session, draft: FormDraft, by: Account, now: datetime) -> None:
    """Say that a draft is to be published. `form_has_faults` while it has any, `not_allowed_now` when it is proposed
    already."""
    if draft.hash is None or draft.faults:
        raise Problem("form_has_faults")
    if draft.proposed_by is not None:
        raise Problem("not_allowed_now")
    draft.proposed_by, draft.proposed_at = by.id, now
    audit.record(session, now, by.id, "form_proposed", draft.id, _named(draft))


def withdraw(session: Session, draft: FormDraft, by: Account, now: datetime) -> None:
    """It is proposed no more. `not_proposed` when it was not."""
    if draft.proposed_by is None:
        raise Problem("not_proposed")
    audit.record(session, now, by.id, "form_proposal_ended", draft.id, {**_named(draft), "proposed": draft.proposed_by})
    draft.proposed_by = draft.proposed_at = None


def objection(session: Session, draft: FormDraft, by: Account, now: datetime) -> str | None:
    """What stands against `by` confirming it, as a code of `survey.problems`."""
    if draft.proposed_by is None or draft.proposed_at is None:
        return "not_proposed"
    if draft.proposed_by == by.id:
        return "own_proposal"
    one = four_eyes.are_one(session, by.id, draft.proposed_by, now, acted=draft.proposed_at)
    return "same_hands" if one else None


def seen_of(session: Session, draft: FormDraft) -> str:
    """What the second person looks at: the draft's hash, and that of the version with which it is compared."""
    before = latest(session, draft.form_id)
    return f"{draft.hash} {before.hash if before else '-'}"


def confirm(session: Session, draft: FormDraft, by: Account, seen: str, now: datetime) -> FormVersion:
    """Publish what another proposed, as `by` saw it (`seen_of`). Raises what `objection` says, `form_seen_other`, and
    what `publish_draft` does."""
    against = objection(session, draft, by, now)
    if against is not None or draft.proposed_by is None:
        raise Problem(against or "not_proposed")
    if seen != seen_of(session, draft):
        raise Problem("form_seen_other")
    return publish_draft(session, draft, now, by.id, {"proposed": draft.proposed_by})


def second_person(session: Session, username: str, draft: FormDraft | None = None) -> dict[str, str] | None:
    """Whom the operator names as the second person, as `publish_given` takes it; None for nobody who may publish (this
    draft)."""
    account = find_account(session, username)
    if account is None or not account.active or not has_verb(account.role, "form.manage"):
        return None
    if draft is not None and not reaches(session, account, draft):
        return None
    return {"second": account.id}


def _named(draft: FormDraft) -> dict[str, str | None]:
    return {"form": draft.form_id, "version": draft.version, "hash": draft.hash}
