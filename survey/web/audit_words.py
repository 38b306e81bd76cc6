"""The log of acts as people read it, on the page, by the command and in a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Household, Round
from models.database import chunks
from survey.accounts.accounts import names_of
from survey.clocks import instant
from survey.evidence import acts
from survey.evidence.acts import REVIEW, Act, Wanted
from survey.terms import Action, LikenessVerdict, OutcomeAction, PlaceChange, RegisterKind, RequestVerdict, Term
from survey.web.language import current_language

HEADER = ("at", "person", "act", "act_in_words", "subject", "subject_in_words", "detail")
AT_ONCE = 200

ACTS = {
    "account_changed": _("An account was changed"),
    "account_closed": _("An account was closed"),
    "account_created": _("An account was added"),
    "account_enrolled": _("An owner chose the first password of an account"),
    "account_handed_over": _("An account was confirmed to be its owner's"),
    "account_opened": _("An account was opened again"),
    "audit_exported": _("The log of acts was downloaded"),
    "bundle_imported": _("A file carried by hand was brought in"),
    "collect_key_made": _("A key for ODK Collect was made"),
    "collect_key_revoked": _("A key for ODK Collect was ended"),
    "collect_key_used": _("A key for ODK Collect was used for the first time"),
    "device_allowed": _("A phone was allowed again"),
    "device_revoked": _("A phone was withdrawn"),
    "duplicates.searched": _("Households that may be one were searched for"),
    "export.asked": _("A large data file was asked for"),
    "export.made": _("A large data file was made"),
    "export.removed": _("A large data file was removed"),
    "export.read": _("Data files were downloaded"),
    "factor_failed": _("A wrong code of the second factor was typed"),
    "factor_made": _("A second factor was set up"),
    "factor_recovered": _("A recovery code was used"),
    "factor_removed": _("A second factor was taken off by its owner"),
    "factor_reset": _("A second factor was taken off an account"),
    "feed.read": _("The feed was read by Excel or a program"),
    "feed_key_made": _("A key to the feed was made"),
    "feed_key_revoked": _("A key to the feed was ended"),
    "feed_refused": _("The feed was asked with a wrong key"),
    "four_eyes_set": _("A province said what four eyes block"),
    "form_draft_changed": _("A draft questionnaire was changed"),
    "form_draft_deleted": _("A draft questionnaire was deleted"),
    "form_proposal_ended": _("A questionnaire was proposed for publication no more"),
    "form_proposed": _("A questionnaire was proposed for publication"),
    "form_published": _("A questionnaire was published"),
    "form_restored": _("A questionnaire was taken into use again"),
    "form_retired": _("A questionnaire was retired"),
    "form_uploaded": _("A questionnaire was uploaded"),
    "household.opened": _("A household was opened"),
    "key_accepted": _("A key of the server was accepted"),
    "households_assigned": _("Households were given to interviewers"),
    "job_stopped": _("Long work was stopped"),
    "loss_settled": _("A lost record was settled"),
    "password_changed": _("A password was changed by its owner"),
    "password_reset": _("A password was set anew"),
    "points_agreed": _("A points table was agreed by two people"),
    "points_begun": _("Somebody began to type a points table"),
    "points_differ": _("Two typings of a points table differ"),
    "points_dropped": _("A points table was dropped"),
    "points_handed_in": _("A typed points table was handed in"),
    "points_started": _("A points table was started"),
    "points_typed": _("Points were typed"),
    "points_withdrawn": _("A typed points table was taken back"),
    "places.former": _("A table of former communes was loaded"),
    "village.former": _("Former communes of villages were entered from a list"),
    "proof_handed_out": _("A proof was downloaded"),
    "proof_key_compromised": _("A key of proofs was named as compromised"),
    "proof_key_rotated": _("The key of proofs was changed"),
    "reading_confirmed": _("A reading of the texts was confirmed"),
    "receipt_key_rotated": _("The key of receipts was changed"),
    "escrow_key_forgotten": _("A former key to locked phones was deleted"),
    "escrow_key_rotated": _("The key to locked phones was changed"),
    "session_key_rotated": _("The key of sessions was changed: everybody signs in again"),
    "backup_recipients_set": _("Who can open the backups was changed"),
    "register.imported": _("A list of households was imported"),
    "register.corrected_by_list": _("A list of corrections was written into the register"),
    "register.police_left": _("Rows of a list of the commune police that were left out were downloaded"),
    "register.police_list": _("A list for the commune police was downloaded"),
    "register.police_asked": _("Requests were made from a list that the police checked"),
    "register.exported": _("The register was downloaded as a list"),
    "request.asked": _("A change of the register was asked for"),
    "proposal.set_aside": _("What a phone proposed was set aside"),
    "plan.loaded": _("The plan that comes with the program was loaded"),
    "programme.loaded": _("The programmes that come with the program were loaded"),
    "programme.set": _("A programme, project or kind of support was written down"),
    "plan.set": _("A target of a plan was written down"),
    "plan.task": _("A task of a plan was given or changed"),
    "support.exported": _("A list of supports with names was downloaded"),
    "support.given": _("A support was written down"),
    "support.held_accepted": _("A support that a phone told of was written down"),
    "support.held_refused": _("A support that a phone told of was not written down"),
    "support.left_out_taken": _("Rows of a list of supports that were left out were downloaded"),
    "support.listed": _("A list of supports was written down"),
    "support.reversed": _("A support was taken back"),
    "residents.listed": _("A list of residents was entered"),
    "scenario.kept": _("A scenario of another standard was kept"),
    "scenario.taken_back": _("A scenario of another standard was taken back"),
    "report.members": _("Lists of members were looked at or made"),
    "report.signed": _("Official tables were made and signed"),
    "restored": _("The server was restored from a backup"),
    "round_accepted": _("The province accepted results"),
    "round_asked": _("A request for a review was entered"),
    "round_cancelled": _("A round was cancelled"),
    "round_closed": _("A round was closed"),
    "round_edited": _("Title or days of a round were changed"),
    "round_identified": _("A quick identification was entered"),
    "round_moved": _("A round got another version of its questionnaire"),
    "round_opened": _("A round was opened or planned"),
    "round_reopened": _("A round was opened again in a commune"),
    "round_request_taken_back": _("A request for a review was taken back"),
    "round_started": _("A planned round was opened"),
    "session_ended": _("A sign-in was ended from another place"),
    "session_narrowed": _("A phone called itself by many names and may only deliver"),
    "session_replaced": _("Somebody signed in again on the same device"),
    "sessions_ended": _("All sign-ins and keys of an account were ended"),
    "session_tried_out": _("A sign-in was ended after five wrong tries within it"),
    "new_devices_let_in": _("New devices may sign in to an account again"),
    "new_devices_refused": _("New devices are refused after a hundred wrong passwords"),
    "sign_in_failed": _("A sign-in failed"),
    "signed_in": _("Somebody signed in"),
    "signed_out": _("Somebody signed out"),
    "standard_added": _("A poverty standard was entered"),
    "storage_cleared": _("A phone's storage was cleared"),
    "vault_not_recovered": _("A forgotten PIN could not be helped with"),
    "vault_recovered": _("A forgotten PIN was helped with"),
    "village.area": _("A village became urban or rural"),
}

# Acts that are steps of a table of their own: what comes before the dot, and the terms of what comes after.
ROOMS: dict[str, tuple[LazyString, type[Term]]] = {
    REVIEW: (_("Interview"), Action),
    "register.": (_("Register of households"), RegisterKind),
    "village.": (_("Village"), PlaceChange),
    "request.": (_("Request for a change of the register"), RequestVerdict),
    "outcome.": (_("Household not interviewed"), OutcomeAction),
    "duplicates.": (_("Possible duplicates"), LikenessVerdict),
}


def is_act(verb: str) -> bool:
    """Whether this program knows an act of this code."""
    room, dot, name = verb.partition(".")
    _words, terms = ROOMS.get(room + dot, (None, None))
    return verb in ACTS or (terms is not None and name in list(terms))


def act_in_words(verb: str) -> str:
    """An act as a person reads it; one that a later program wrote keeps its own name."""
    language = current_language()
    if verb in ACTS:
        return str(ACTS[verb])
    room, dot, name = verb.partition(".")
    words, terms = ROOMS.get(room + dot, (None, None))
    return f"{words}: {terms(name).label(language)}" if terms is not None and name in list(terms) else verb


def detail_in_words(detail: Any) -> str:
    """The small facts of an act, as they were noted down: codes and counts, nothing about anybody."""
    if not isinstance(detail, dict):
        return "" if detail is None else json.dumps(detail, ensure_ascii=False)
    return "; ".join(
        f"{key}: {said if isinstance(said, str | int) else json.dumps(said, ensure_ascii=False)}"
        for key, said in detail.items()
    )


def household_ids(session: Session, code: str) -> list[str]:
    """The households of this printed number."""
    return list(session.scalars(select(Household.id).where(Household.code == code.strip()[:20])))


def subjects_in_words(session: Session, lines: Sequence[Act]) -> dict[str, str]:
    """What acts were about, where an id has a name: a household its number, a round its title, an account its name."""
    found: dict[str, str] = {}
    for chunk in chunks({one.subject for one in lines if one.subject}):
        households = select(Household.id, Household.code).where(Household.id.in_(chunk))
        rounds = select(Round.id, Round.title).where(Round.id.in_(chunk))
        for query in (households, rounds):
            found |= {key: name for key, name in session.execute(query)}  # noqa: C416 - dict() needs tuples
        found |= names_of(session, chunk)
    return found


def csv_rows(session: Session, wanted: Wanted) -> Iterator[list[Any]]:
    """The lines as cells (`HEADER`), read a few hundred at a time."""
    waiting: list[Act] = []
    for one in acts.every(session, wanted):
        waiting.append(one)
        if len(waiting) == AT_ONCE:
            yield from _cells(session, waiting)
            waiting = []
    yield from _cells(session, waiting)


def _cells(session: Session, lines: Sequence[Act]) -> Iterator[list[Any]]:
    people, subjects = names_of(session, {one.account_id for one in lines}), subjects_in_words(session, lines)
    for one in lines:
        yield [
            instant(one.at), people.get(one.account_id or "", ""), one.verb, act_in_words(one.verb), one.subject,
            subjects.get(one.subject, ""), detail_in_words(one.detail),
        ]  # fmt: skip
