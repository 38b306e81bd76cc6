"""Programmes, projects and kinds of support for the tests of what is given, and supports as a phone tells of them."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from survey.accounts.accounts import find_account
from survey.programmes import funds, versions
from survey.programmes.versions import WantedKind, WantedProgramme, WantedProject
from survey.register.event_log import Done
from survey.support_terms import (
    FundAct,
    ProgrammeKind,
    Provenance,
    SupportSubject,
    SupportWindow,
)
from tests.gates.sources import ROOT
from tests.world import COMMUNE, NOW

CASES = json.loads((ROOT / "tests/cases/supports.json").read_text(encoding="utf-8"))
PROVINCE = "14"
SAID: dict[str, Any] = {"status": Provenance.DECIDED, "source": "QĐ 12/QĐ-UBND", "province_id": PROVINCE}


def blind(number: str) -> str:
    """In the place of the keyed hash of an identity number: a reader knows it again."""
    return f"băm-{number[-1]}"


def by(session: Session, username: str = "supervisor", reason: str | None = "theo văn bản") -> Done:
    account = find_account(session, username)
    assert account is not None
    return Done(account.id, NOW, reason)


def enter_catalogue(session: Session) -> None:
    """The kinds and projects of tests/cases/supports.json."""
    programmes = {one["programme"]: one for one in CASES["projects"]}
    wanted: list[Any] = [
        WantedProgramme(
            code=code, name=one["programme_name"], kind=ProgrammeKind.PROVINCE, since=_day(one["since"]),
            until=_day(one["until"]), legal_basis="QĐ 12/QĐ-UBND", **SAID,
        )
        for code, one in programmes.items()
    ]  # fmt: skip
    wanted += [
        WantedProject(programme=one["programme"], code=one["project"], name=one["name"], **SAID)
        for one in CASES["projects"]
    ]
    wanted += [
        WantedKind(
            code=one["code"], label=one["label"], benefit_group=one["benefit_group"],
            subject=SupportSubject(one["subject"]), once_in=SupportWindow(one["window"]), **SAID,
        )
        for one in CASES["kinds"]
    ]  # fmt: skip
    versions.write(session, wanted, by(session, "province"))
    session.commit()


def _day(said: str | None) -> Any:
    return date.fromisoformat(said) if said else None


def open_fund(session: Session, millions: int, place_id: str = COMMUNE, project: str = "1") -> str:
    """A fund of 2026 with so much in it; its id."""
    done = by(session, "province")
    wanted = funds.WantedFund(place_id, PROVINCE, "ct2026", project, "Vốn 2026", 2026, "QĐ giao vốn")
    fund = funds.open_fund(session, wanted, done).id
    movement = funds.Movement(FundAct.ALLOCATE, millions * 1_000_000, date(2026, 1, 15), "QĐ giao vốn")
    funds.move(session, fund, movement, done)
    session.commit()
    return fund


def support(household_id: str = "ho-1", kind: str = "nha_o", **changes: Any) -> dict[str, Any]:
    """As a phone tells of it."""
    said = {
        "kind": kind, "programme": "ct2026", "project": "1", "person": None, "day": "2026-11-20", "amount": 40_000_000,
        "quantity": None, "document": "QĐ 15/QĐ-UBND", "note": "",
    }  # fmt: skip
    return {
        "id": str(uuid4()),
        "commune_id": COMMUNE,
        "household_id": household_id,
        "support": said | changes.pop("said", {}),
        "files": [],
        "finalised_at": "2026-11-22T03:21:00.000Z",
    } | changes
