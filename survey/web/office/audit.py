"""The log of acts, readable: who did what to what and when, by person, household, act and day; and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, stream_with_context
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models import Account, Place
from survey.access import VERBS, Scope
from survey.accounts.accounts import communes_of, names_of
from survey.evidence import acts
from survey.evidence.acts import Wanted
from survey.evidence.openings import OPENED
from survey.problems import Problem
from survey.reports.csvfile import Style, written
from survey.terms import Role
from survey.web.audit_words import HEADER, act_in_words, csv_rows, detail_in_words, household_ids, subjects_in_words
from survey.web.security import current_account, permitted, put_on_record
from survey.web.session import get_session

blueprint = Blueprint("audit", __name__, url_prefix="/audit")
PAGE_SIZE = 100


@blueprint.get("/")
@permitted("audit.read")
def page() -> str:
    """A page of the log, the newest first."""
    session, number = get_session(), _page_number()
    reach = _reach(session)
    wanted = _wanted(session, reach)
    total = acts.count(session, wanted)
    lines = acts.listed(session, wanted, (number - 1) * PAGE_SIZE, PAGE_SIZE)
    return render_template(
        "office/audit.html",
        lines=lines,
        people=names_of(session, {one.account_id for one in lines}),
        subjects=subjects_in_words(session, lines),
        total=total,
        page=number,
        pages=-(-total // PAGE_SIZE),
        everybody=_everybody(session, reach),
        verbs=sorted((act_in_words(verb), verb) for verb in acts.verbs(session)),
        asked={name: request.args.get(name, "") for name in ("person", "household", "act", "since", "until")},
        act_in_words=act_in_words,
        detail_in_words=detail_in_words,
    )


@blueprint.get("/audit.csv")
@permitted("audit.read")
def as_csv() -> Response:
    """The same lines, all of them, as a file; that is put on record itself."""
    session = get_session()
    wanted = _wanted(session, _reach(session))
    detail: dict[str, Any] = {name: request.args[name] for name in ("act", "since", "until") if request.args.get(name)}
    put_on_record("audit_exported", "", detail | {"lines": acts.count(session, wanted)})
    style = Style.SEMICOLON if request.args.get("style") == Style.SEMICOLON else Style.COMMA
    engine = current_app.extensions["reading_engine"]

    def pieces() -> Iterator[bytes]:
        # The request's own transaction ends before the first piece is sent.
        with Session(engine) as reading:
            yield from written(HEADER, csv_rows(reading, wanted), style)

    response = Response(stream_with_context(pieces()), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="nhat-ky.csv"'
    return response


def _wanted(session: Session, reach: list[str] | None) -> Wanted:
    """What the address asks for, within what the reader may see. Raises `day_out_of_range`."""
    asked = request.args
    since, until = _day(asked.get("since")), _day(asked.get("until"))
    code = asked.get("household", "")
    return Wanted(
        accounts=reach,
        person=asked.get("person") or None,
        subjects=household_ids(session, code) if code.strip() else None,
        verb=asked.get("act") or None,
        openings=bool(code.strip()) or asked.get("act") == OPENED,
        since=since,
        until=until,
    )


def _reach(session: Session) -> list[str] | None:
    """The accounts whose acts the reader may see (None: all): a province officer those of the province."""
    account = current_account()
    if VERBS["audit.read"][Role(account.role)] is Scope.ALL:
        return None
    communes = communes_of(session, account, "audit.read")
    of_communes = select(Place.id).where(Place.id.in_(communes))
    query = select(Account.id).where(or_(Account.place_id.in_(of_communes), Account.place_id == account.place_id))
    return list(session.scalars(query))


def _everybody(session: Session, reach: list[str] | None) -> list[tuple[str, str]]:
    """The people whose acts the reader may ask for."""
    query = select(Account.id, Account.display_name, Account.username).order_by(Account.display_name)
    rows: Any = session.execute(query if reach is None else query.where(Account.id.in_(reach)))
    return [(id, f"{name} ({username})") for id, name, username in rows]


def _day(said: str | None) -> date | None:
    """A day as the form sends it; None for what is none. Raises `day_out_of_range`."""
    try:
        found = date.fromisoformat(said) if said else None
    except ValueError:
        return None
    if found is not None and not acts.FIRST <= found <= acts.LAST:
        raise Problem("day_out_of_range")
    return found


def _page_number() -> int:
    return min(max(request.args.get("page", 1, int), 1), 100_000)
