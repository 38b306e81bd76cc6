"""Which questionnaires Collect is offered, each in its edition for it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    FormVersion,
    Round,
)
from survey.collect import xform
from survey.questionnaires.published import as_xlsx, given_of
from survey.terms import RoundState, SourceKind


def open_forms(session: Session) -> list[FormVersion]:
    """The questionnaires of the open rounds, in the version that each round asks."""
    used_now = select(Round.form_id, Round.form_version).where(Round.state == RoundState.OPEN.value).distinct()
    keys = sorted(tuple(key) for key in session.execute(used_now))
    return [session.get_one(FormVersion, key) for key in keys]


def xform_of(session: Session, stored: FormVersion, *, keep: bool) -> str | None:
    """The version's XForm: made once and then the same for good, since its hash is what phones compare; None when
    pyxform makes none of it. `keep`: in a transaction that may write."""
    if stored.xform is not None:
        return stored.xform
    given = given_of(session, stored)
    try:
        source = as_xlsx(given) if given.kind is SourceKind.XLSX else given.content.decode("utf-8-sig")
        text = xform.collect_edition(source)
    except (xform.EditionError, UnicodeDecodeError):
        return None
    if keep:
        stored.xform = text
    return text


def asks_household(text: str) -> bool:
    """Whether an XForm takes its household from the list."""
    return f"jr://file-csv/{xform.LIST}.csv" in text
