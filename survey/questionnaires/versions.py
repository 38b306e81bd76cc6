"""Published versions of a questionnaire: listed, found, compared, retired and restored; what is published is logged."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from models import FormVersion, Round, StoredFile, Submission
from survey.evidence import audit
from survey.form.form import Form
from survey.problems import Problem
from survey.questionnaires.published import Given, files_of, given_of, load_form, publish
from survey.questionnaires.workbooks import read_sheets
from survey.terms import FormState, RoundState
from survey.xlsform.changes import Changes, compare
from survey.xlsform.tables import shipped


@dataclass(frozen=True)
class Version:
    """A published version as a list shows it."""

    stored: FormVersion
    title: str
    entries: int
    rounds: tuple[Round, ...]

    @property
    def state(self) -> FormState:
        return FormState.PUBLISHED if self.stored.retired_at is None else FormState.RETIRED


def publish_given(
    session: Session, form: Form, given: Given, now: datetime, account_id: str | None, people: dict[str, str]
) -> FormVersion:
    """Publish a checked workbook with its files. `people`: the other of the two by id, as the log of acts has it: who
    `proposed` it, or at the server (`account_id` None) whom the operator named as the `second`."""
    known = session.get(FormVersion, (form.id, form.version)) is not None
    made = publish(
        session, form, "", now, given=given, account_id=account_id or people.get("second"),
        proposed_by=people.get("proposed"),
    )  # fmt: skip
    if not known:
        detail = {"hash": made.hash, "tables": sorted(form.tables), **people}
        audit.record(session, now, account_id, "form_published", f"{made.form_id} {made.version}", detail)
    return made


def versions(session: Session) -> list[Version]:
    """Every published version, by questionnaire, the newest first, with what rests on it."""
    light = (defer(FormVersion.bundle), defer(FormVersion.source), defer(FormVersion.xform))
    query = select(FormVersion).options(*light).order_by(FormVersion.form_id, FormVersion.published_at.desc())
    counted = select(Submission.form_id, Submission.form_version, func.count()).group_by(
        Submission.form_id, Submission.form_version
    )
    entries = {(form_id, version): number for form_id, version, number in session.execute(counted)}
    rounds: dict[tuple[str, str], list[Round]] = {}
    for one in session.scalars(select(Round).order_by(Round.year.desc(), Round.opens_on.desc())):
        rounds.setdefault((one.form_id, one.form_version), []).append(one)
    found = []
    for stored in session.scalars(query):
        key = stored.form_id, stored.version
        form = load_form(session, *key)
        title = form.title if form else stored.form_id
        found.append(Version(stored, title, entries.get(key, 0), tuple(rounds.get(key, ()))))
    return found


def hashes(session: Session) -> set[str]:
    """Of everything that is published."""
    return set(session.scalars(select(FormVersion.hash)))


def find_version(session: Session, form_id: str, version: str) -> FormVersion:
    """Raises `not_found`."""
    found = session.get(FormVersion, (form_id, version))
    if found is None:
        raise Problem("not_found")
    return found


def latest(session: Session, form_id: str | None, before: FormVersion | None = None) -> FormVersion | None:
    """The version published last (of those before `before`)."""
    query = select(FormVersion).where(FormVersion.form_id == form_id)
    if before is not None:
        query = query.where(FormVersion.published_at < before.published_at)
    return session.scalars(query.order_by(FormVersion.published_at.desc(), FormVersion.version.desc())).first()


def retire(session: Session, stored: FormVersion, now: datetime, account_id: str | None = None) -> None:
    """No new round may use this version; what is being asked with it goes on. `form_in_use` while an open round is
    asked with it."""
    session.refresh(stored, with_for_update=True)
    if stored.retired_at is not None:
        return
    using = select(Round.id).where(
        Round.form_id == stored.form_id, Round.form_version == stored.version, Round.state == RoundState.OPEN.value
    )
    if session.scalars(using.limit(1)).first() is not None:
        raise Problem("form_in_use")
    stored.retired_at = now
    audit.record(session, now, account_id, "form_retired", f"{stored.form_id} {stored.version}")


def restore(session: Session, stored: FormVersion, now: datetime, account_id: str | None = None) -> None:
    """Let new rounds use a retired version again."""
    if stored.retired_at is not None:
        stored.retired_at = None
        audit.record(session, now, account_id, "form_restored", f"{stored.form_id} {stored.version}")


def changes(session: Session, given: Given, against: FormVersion) -> Changes | None:
    """What a workbook has otherwise than a published version; None when one of the two cannot be read as sheets."""
    old = given_of(session, against)
    try:
        before, after = read_sheets(old.content), read_sheets(given.content)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - the readers under pyxform raise whatever their file format does
        return None
    ours = {name: content for name, content in shipped().items() if name in old.files}  # need not be brought again
    return compare(before, after, _hashes(old.files), _hashes(ours | given.files))


def _hashes(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def attachments_of(session: Session, stored: FormVersion) -> list[tuple[str, str, int]]:
    """(name, media type, size) of each file that came with a version."""
    files = files_of(session, stored)
    rows = select(StoredFile.sha256, StoredFile.size).where(StoredFile.sha256.in_([file.sha256 for file in files]))
    sizes = {sha256: size for sha256, size in session.execute(rows)}  # noqa: C416 - dict() needs tuples
    return [(file.name, file.media_type, sizes[file.sha256]) for file in files]
