"""Which questionnaires Collect is offered, each in its edition for it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from models import FormVersion
from survey.calendar.standing import open_in
from survey.collect import xform
from survey.collect.apart import collect_edition
from survey.questionnaires.published import as_xlsx, given_of
from survey.terms import SourceKind


def open_forms(session: Session, commune_id: str | None) -> list[FormVersion]:
    """The questionnaires of the rounds that are open in a commune, in the version that each round asks."""
    keys = sorted({(one.form_id, one.form_version) for one in open_in(session, commune_id or "")})
    return [session.get_one(FormVersion, key) for key in keys]


def xform_of(session: Session, stored: FormVersion) -> str | None:
    """The version's XForm: made once and kept (`keep_xform`), then the same for good, since its hash is what phones
    compare; None when pyxform makes none of it."""
    if stored.xform is not None:
        return stored.xform
    given = given_of(session, stored)
    try:
        source = as_xlsx(given) if given.kind is SourceKind.XLSX else given.content.decode("utf-8-sig")
        return collect_edition(source)
    except (xform.EditionError, UnicodeDecodeError):
        return None


def keep_xform(session: Session, form_id: str, version: str, text: str) -> None:
    """Keep the XForm that was made of a version, unless another was kept meanwhile."""
    stored = session.get_one(FormVersion, (form_id, version))
    if stored.xform is None:
        stored.xform = text


def asks_household(text: str) -> bool:
    """Whether an XForm takes its household from the list."""
    return f"jr://file-csv/{xform.LIST}.csv" in text
