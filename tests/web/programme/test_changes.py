"""What changed since an export: applied to the old copy it gives the new one."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import AuditEvent, Household, PlacePeriod
from models.commune_counter import lock_commune
from survey.evidence.lineage import renew_generation
from survey.exports import changes
from survey.exports.rows import Choice
from survey.problems import Problem
from survey.register.entries import leave_register
from survey.terms import Action
from tests.data_files import package_faults
from tests.pages import text_of
from tests.web.desk.field import Field, three_accepted
from tests.working import work
from tests.world import COMMUNE, NOW, VILLAGE

PAGE = f"/desk/{COMMUNE}/exports"
KINDS = ("households", "members", "deprivations", "no_interview")
Rows = list[dict[str, str]]
Copy = dict[str, Rows]


@pytest.fixture
def accepted(field: Any) -> Field:
    """Six households: three accepted, two received, one not visited."""
    made: Field = field(6, done=three_accepted)
    return made


class Office:
    """Exports by command, each into a folder of its own."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self.app, self.folder, self.number = app, folder, 0

    def export(self, since: Path | None = None, *more: str) -> Path:
        self.number += 1
        out = self.folder / f"export-{self.number}"
        words = ["export", "changes", str(out), *(["--since", str(since / changes.CURSOR)] if since else []), *more]
        done = self.app.test_cli_runner().invoke(args=words)
        assert done.exit_code == 0, done.output
        return out


@pytest.fixture
def office(app: Flask, tmp_path: Path) -> Office:
    return Office(app, tmp_path)


def table(path: Path) -> Rows:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))


def read(folder: Path) -> Copy:
    return {kind: table(folder / f"{kind}.csv") for kind in KINDS}


def household(row: dict[str, str]) -> tuple[str, str]:
    return row["commune_id"], row["household_id"] or row["entry_id"]


def applied(old: Copy, folder: Path) -> Copy:
    """As docs/data.md says it: who is gone and who comes again goes out, the new rows come in."""
    came, gone = read(folder), table(folder / changes.GONE)
    found = {}
    for kind in KINDS:
        out = {household(row) for row in came[kind]}
        out |= {(row["commune_id"], row["household_id"]) for row in gone if row["file"] == kind}
        found[kind] = [row for row in old[kind] if household(row) not in out] + came[kind]
    return found


def in_order(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: sorted(row.items()))


def same(one: Copy, other: Copy) -> bool:
    return all(in_order(one[kind]) == in_order(other[kind]) for kind in KINDS)


def accept_another(work: Field) -> None:
    work.decide(work.sent[3], Action.ACCEPT)


def take_one_back(work: Field) -> None:
    work.decide(work.sent[0], Action.REOPEN, comments=[{"path": None, "text": "Xem lại"}])


def one_leaves(work: Field) -> None:
    leave_register(work.session, work.register(1))
    work.session.commit()


def a_village_is_renamed(work: Field) -> None:
    named = update(PlacePeriod).where(PlacePeriod.place_id == VILLAGE)
    work.session.execute(named.values(name="Bản Nà Ca mới"))
    work.session.commit()


def a_code_changes(work: Field) -> None:
    lock_commune(work.session, COMMUNE)  # as whoever writes of a commune
    work.session.execute(update(Household).where(Household.id == work.households[2]).values(code="03757-01-099"))
    work.session.commit()


def nothing(work: Field) -> None:
    pass


@pytest.mark.parametrize(
    ("happens", "come", "go"),
    [(accept_another, 1, 0), (take_one_back, 0, 1), (one_leaves, 0, 1), (a_village_is_renamed, 3, 0),
     (a_code_changes, 1, 0), (nothing, 0, 0)],
)  # fmt: skip
def test_applied_to_the_old_copy_the_changes_give_the_new_one(
    accepted: Field, office: Office, happens: Any, come: int, go: int
) -> None:
    first = office.export()
    happens(accepted)
    changed, now = office.export(first), office.export()
    assert same(applied(read(first), changed), read(now))
    assert len(read(changed)["households"]) == come
    assert [row["file"] for row in table(changed / changes.GONE)].count("households") == go
    assert package_faults(changed) == []
    again = office.export(changed)  # the cursor that came along goes on from there
    assert not any(read(again)[kind] for kind in KINDS)
    assert table(again / changes.GONE) == []


def test_one_change_after_another_is_followed(accepted: Field, office: Office) -> None:
    cursor = office.export(None, "--state", "all")
    copy = read(cursor)
    for happens in (accept_another, a_code_changes, take_one_back, one_leaves):
        happens(accepted)
        cursor = office.export(cursor, "--state", "all")
        copy = applied(copy, cursor)
        assert same(copy, read(office.export(None, "--state", "all")))


def refused(app: Flask, cursor: Path, folder: Path, *more: str) -> str:
    done = app.test_cli_runner().invoke(args=["export", "changes", str(folder), "--since", str(cursor), *more])
    assert done.exit_code == 1, done.output
    assert not folder.exists()
    return done.output


def test_a_cursor_of_another_choice_server_or_time_is_refused_in_words(
    app: Flask, accepted: Field, session: Session, office: Office, tmp_path: Path
) -> None:
    cursor = office.export() / changes.CURSOR
    assert "máy chủ khác hoặc lựa chọn khác" in refused(app, cursor, tmp_path / "x", "--state", "all")
    renew_generation(session, NOW, None)
    session.commit()
    assert "trước lần khôi phục" in refused(app, cursor, tmp_path / "x")
    lines = gzip.decompress(cursor.read_bytes()).replace(b'"generation":"', b'"generation":"x')
    foreign = tmp_path / "foreign.gz"
    foreign.write_bytes(gzip.compress(with_its_hash(lines)))
    assert "máy chủ khác hoặc lựa chọn khác" in refused(app, foreign, tmp_path / "x")


def with_its_hash(lines: bytes) -> bytes:
    kept = lines.splitlines(keepends=True)[:-1]
    said = {"sha256": hashlib.sha256(b"".join(kept)).hexdigest()}
    return b"".join(kept) + json.dumps(said).encode() + b"\n"


def test_a_damaged_cursor_is_refused_in_words(
    accepted: Field, session: Session, office: Office, tmp_path: Path
) -> None:
    good = (office.export() / changes.CURSOR).read_bytes()
    lines = gzip.decompress(good)
    half = b"".join(lines.splitlines(keepends=True)[:-2])
    for bad in (b"", b"so", good[:-20], good[:40], gzip.compress(b""), gzip.compress(half), gzip.compress(b"[1]\n" * 3),
                gzip.compress(lines.replace(b"households", b"househalds")), gzip.compress(lines + b"[]\n"),
                gzip.compress(b"[" * 100_000)):  # fmt: skip
        path = tmp_path / "bad.gz"
        path.write_bytes(bad)
        with pytest.raises(Problem) as raised:
            changes.cursor_in(session, path, Choice(accepted.round_id, (COMMUNE,)))
        assert raised.value.code == "cursor_unreadable"


def test_on_the_page_the_cursor_is_brought_and_the_next_one_taken(
    app: Flask, accepted: Field, session: Session, login_as: Any
) -> None:
    browser = login_as("supervisor")

    def made(cursor: bytes | None = None) -> zipfile.ZipFile:
        data = {"cursor": (io.BytesIO(cursor), "cursor.gz")} if cursor is not None else {}
        answer = browser.post(f"{PAGE}/changes", data=data, content_type="multipart/form-data")
        assert answer.status_code == 303, answer.text
        work(app)
        with browser.get(f"/desk/exports/made/{answer.location.rsplit('/', 1)[1]}", buffered=True) as got:
            return zipfile.ZipFile(io.BytesIO(got.get_data()))

    first = made()
    assert first.read("households.csv").count(b"\r\n") == 1 + 3
    accept_another(accepted)
    changed = made(first.read(changes.CURSOR))
    assert changed.read("households.csv").count(b"\r\n") == 1 + 1
    bad = browser.post(
        f"{PAGE}/changes", data={"cursor": (io.BytesIO(b"x"), "c.gz")}, content_type="multipart/form-data"
    )
    assert bad.status_code == 400
    assert "Đây không phải tệp con trỏ nguyên vẹn." in text_of(bad)
    asked = [one.detail for one in session.scalars(select(AuditEvent).where(AuditEvent.verb == "export.asked"))]
    assert sorted(one["since"] for one in asked) == [False, True]
