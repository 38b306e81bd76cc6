"""What comes with the product: the programmes that were read of, their projects and what those serve, and kinds of
support with rules that are proposals. Four tables beside this file, each row with its source and status.

Loading writes what is not there yet and changes nothing. Five of the twelve indicators have no project in them, since
none was found: none is made up.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from survey.programmes.versions import Wanted, WantedKind, WantedProgramme, WantedProject, WantedServes, latest, write
from survey.register.event_log import Done
from survey.support_terms import ProgrammeKind, Provenance, SupportCount, SupportSubject, SupportWindow
from survey.terms import HouseholdClass, Indicator

_HERE = Path(__file__).parent


class Loaded(NamedTuple):
    """How many were not there yet."""

    programmes: int
    projects: int
    serves: int
    kinds: int


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_HERE / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def shipped_programmes(province_id: str) -> list[WantedProgramme]:
    return [
        WantedProgramme(
            province_id=province_id, code=row["code"], name=row["name"], kind=ProgrammeKind(row["kind"]),
            since=date.fromisoformat(row["since"]), until=date.fromisoformat(row["until"]),
            legal_basis=row["legal_basis"], status=Provenance(row["status"]), source=row["source"],
        )
        for row in _rows("programmes.csv")
    ]  # fmt: skip


def shipped_projects(province_id: str) -> list[WantedProject]:
    return [
        WantedProject(
            province_id=province_id, programme=row["programme"], code=row["code"], number=row["number"],
            sub_number=row["sub_number"], name=row["name"], place_set=row["place_set"],
            status=Provenance(row["status"]), source=row["source"],
        )
        for row in _rows("projects.csv")
    ]  # fmt: skip


def shipped_serves(province_id: str) -> list[WantedServes]:
    return [
        WantedServes(
            province_id=province_id, programme=row["programme"], project=row["project"],
            indicator=Indicator(row["indicator"]), place_set=row["place_set"],
            classes=tuple(HouseholdClass(one) for one in row["classes"].split()), note=row["note"],
            status=Provenance(row["status"]), source=row["source"],
        )
        for row in _rows("serves.csv")
    ]  # fmt: skip


def shipped_kinds(province_id: str) -> list[WantedKind]:
    """Their labels were read, their rules were not: each is a proposal."""
    return [
        WantedKind(
            province_id=province_id, code=row["code"], label=row["label"], benefit_group=row["benefit_group"],
            subject=SupportSubject(row["subject"]), once_in=SupportWindow(row["once_in"]),
            counts_as=SupportCount(row["counts_as"]) if row["counts_as"] else None, status=Provenance.PROPOSAL,
            source=row["source"],
        )
        for row in _rows("kinds.csv")
    ]  # fmt: skip


def load(session: Session, province_id: str, by: Done) -> Loaded:
    """Write down what of it is not there yet, by an account. Raises `not_found` where the province is not in the
    register."""
    rows: list[list[Wanted]] = [
        list(each(province_id)) for each in (shipped_programmes, shipped_projects, shipped_serves, shipped_kinds)
    ]
    fresh = [[one for one in each if latest(session, one.model, one.key) is None] for each in rows]
    for each in fresh:
        for one in each:
            write(session, [one], replace(by, reason=by.reason or one.source), shipped=True)
    return Loaded(*(len(each) for each in fresh))
