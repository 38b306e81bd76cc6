"""What people were told, and whether it holds."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    Assessment,
    Deprivation,
    Household,
    HouseholdFact,
    Member,
    PlaceTally,
    RegisterEntry,
    SubmissionStatus,
)
from survey.canonical import canonical
from survey.devices.receipt_check import examine, read_claims
from survey.evidence.signing import Signer
from survey.files.store import path_of
from survey.review import outcomes
from survey.review.queue import Shelf, page
from survey.submissions.derive import rebuild
from survey.terms import OutcomeState, SubmissionState
from tests.faults.office import Office
from tests.interviews import ROUND
from tests.world import COMMUNE

PHOTO = "anh_nha"
DERIVED = (SubmissionStatus, Assessment, Deprivation, Household, Member, RegisterEntry, HouseholdFact, PlaceTally)
TABLES = ("submission", "household_outcome")  # where entries lie
FULL = (": the disk is full", ": OperationalError")  # how a server says that its disk is full


class Broken(AssertionError):
    """A promise that does not hold."""


def hold(promise: bool, said: str) -> None:
    if not promise:
        raise Broken(said)


class Ledger:
    """Kept outside of phones and office, as a person's memory is."""

    def __init__(self) -> None:
        self.finished: dict[str, dict[str, Any]] = {}  # entry id: {phone, content_hash, entry}
        self.answers: dict[tuple[int, str], dict[str, Any]] = {}  # (phone, draft): {path: value} said to be saved
        self.given: dict[tuple[int, str, str], set[Any]] = {}  # (phone, draft, path): values given since that one
        self.closed: set[str] = set()  # drafts that may have been finished

    # What people are told

    def finish(self, phone: int, item: dict[str, Any]) -> None:
        said = {"phone": phone, "content_hash": item["content_hash"], "entry": item["entry"]}
        before = self.finished.setdefault(item["id"], said)
        hold(before == said, f"the finished record {item['id']} is another one than before")

    def give(self, phone: int, draft: str, answers: dict[str, Any]) -> None:
        """They are typed: until the app says that they are saved, these may be on the disk or those before."""
        for path, value in answers.items():
            self.given.setdefault((phone, draft, path), set()).add(value)

    def saved(self, phone: int, draft: str, answers: dict[str, Any]) -> None:
        for path in answers:
            self.given.pop((phone, draft, path), None)
        self.answers.setdefault((phone, draft), {}).update(answers)

    # What the phone must hold at any time

    def check_phone(self, phone: int, seen: dict[str, Any]) -> None:
        """`seen` is what the app itself finds on its disk after it was opened again."""
        outbox = {item["id"]: item for item in seen["outbox"]}
        for item in seen["outbox"]:  # also those whose tab died before it could say so
            self.finish(phone, item)
            same = canonical(item["entry"]).hash == item["content_hash"]
            hold(same, f"the hash of {item['id']} is not that of its content")
        twice = [draft for draft, times in Counter(item["draft_id"] for item in seen["outbox"]).items() if times > 1]
        hold(not twice, f"one interview was finished twice: {twice}")
        for entry_id, said in self.finished.items():
            if said["phone"] == phone:
                hold(entry_id in outbox, f"phone {phone} lost the finished record {entry_id}")
        drafts = {draft["id"]: draft["answers"] for draft in seen["drafts"]}
        for (where, draft), answers in self.answers.items():
            if where != phone or draft not in drafts:
                continue
            for path, value in answers.items():
                kept = drafts[draft].get(path)
                may = {value} | self.given.get((phone, draft, path), set())
                hold(kept in may, f"phone {phone} lost a saved answer: {path} is {kept!r}, was {value!r}")
        finished = {item["draft_id"] for item in seen["outbox"]}
        gone = {draft for where, draft in self.answers if where == phone} - set(drafts) - finished
        hold(not gone, f"phone {phone} lost the open interview {gone}")
        named = {file["sha256"] for item in seen["outbox"] for file in item["entry"]["files"]}
        named |= {answers[PHOTO] for answers in drafts.values() if answers.get(PHOTO)}
        hold(named <= set(seen["files"]), f"phone {phone} lost a photo: {sorted(named - set(seen['files']))}")

    # What must hold when the line is good again and every phone has called

    def check_office(self, office: Office) -> None:
        columns = "id, commune_id, entry_id, content_hash, content, household_id"
        rows = [row for table in TABLES for row in office.ask(f"SELECT {columns} FROM {table}")]
        times = Counter(row["entry_id"] for row in rows)
        for entry_id, said in self.finished.items():
            hold(times[entry_id] > 0, f"the office lacks {entry_id} of phone {said['phone']}")
            hold(times[entry_id] == 1, f"the office has {entry_id} {times[entry_id]} times")
        for row in rows:
            said = self.finished.get(row["entry_id"])
            hold(said is not None, f"the office has {row['entry_id']}, which nobody finished")
            assert said is not None
            hold(row["content_hash"] == said["content_hash"], f"the office has other content of {row['entry_id']}")
            same = json.loads(row["content"]) == said["entry"]
            hold(same, f"the office's content of {row['entry_id']} is not what was said")
            hold(row["commune_id"] and row["household_id"], f"{row['entry_id']} has no place")
        self._check_files(office)
        gone = office.gone() - set(times)
        hold(not gone, f"the office calls {gone} lost, and no phone was cleared")

        crashes = [line for line in office.log().splitlines() if " ERROR " in line and not line.endswith(FULL)]
        hold(not crashes, f"the server crashed: {crashes}")

    def _check_files(self, office: Office) -> None:
        named = {file["sha256"] for said in self.finished.values() for file in said["entry"]["files"]}
        known = [row["sha256"] for row in office.ask("SELECT sha256 FROM attachment")]
        hold(len(known) == len(set(known)), "a file is there twice")
        hold(named <= set(known), f"the office lacks photos: {sorted(named - set(known))}")
        hold(set(known) <= named, f"the office has photos that no record names: {sorted(set(known) - named)}")
        folder = office.folder / "files"
        for sha256 in known:
            path = path_of(folder, sha256)
            whole = path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
            hold(whole, f"the office's file {sha256} is damaged or gone")
        lying = {path.name for path in _files(folder)}
        hold(lying <= set(known), f"files lie in the office that nothing names: {sorted(lying - set(known))}")

    def check_receipts(self, phone: int, seen: dict[str, Any], office: Office) -> None:
        """Every record of this phone has a genuine receipt, which is the one that the office keeps."""
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(office.receipt_key))
        kept = {(row["entry_id"], row["content_hash"]): row["body"] for row in office.ask("SELECT * FROM receipt")}
        for item in seen["outbox"]:
            where = f"{item['id']} on phone {phone}"
            hold(item["state"] == "received" and not item["missing"], f"{where} is not received: {item['problem']}")
            receipt = item["receipt"]
            hold(bool(receipt), f"{where} has no receipt")
            try:
                public.verify(base64.b64decode(receipt["signature"]), receipt["body"].encode())
            except (InvalidSignature, ValueError):  # ValueError: no base64 even
                raise Broken(f"the receipt of {where} is forged") from None
            body = json.loads(receipt["body"])
            named = item["id"], item["content_hash"]
            hold((body["entry_id"], body["content_hash"]) == named, f"the receipt of {where} speaks of another")
            hold(kept.get(named) == receipt["body"], f"the office does not know the receipt of {where}")
            outcome, reason = item["result"]["outcome"], item["result"]["reason"]
            hold(outcome in ("stored", "held"), f"{where} has no outcome")
            hold((outcome == "held") == bool(reason), f"{where} is held for no reason")
        self._check_with_the_office(phone, seen, office)

    def _check_with_the_office(self, phone: int, seen: dict[str, Any], office: Office) -> None:
        """The office says the same of every receipt (`flask receipts verify`), and its desk shows what is held."""
        claims = [item["receipt"] | {"entry": None} for item in seen["outbox"]] + seen["receipts"]
        if not claims:
            return
        held = {item["id"] for item in seen["outbox"] if item["result"]["outcome"] == "held"}
        with office.changes() as session:
            signer = Signer((office.folder / "receipt.key").read_bytes())
            found = examine(session, signer, read_claims(json.dumps(claims).encode()), office.folder / "files")
            shelf = Shelf(COMMUNE, ROUND, SubmissionState.QUARANTINED)
            waiting = {one.submission_id: one for one in page(session, shelf, 0, 1000)}
            shelved = outcomes.shelf(session, COMMUNE, ROUND, OutcomeState.WAITING).found
            said = {one.row.entry_id: one.row.held_for for one in shelved}  # read here: what is committed is let go
        ill = [(one.verdict, one.place, one.entry_id) for one in found if not one.well]
        hold(not ill, f"the office does not stand by receipts of phone {phone}: {ill}")
        for entry_id in held & set(said):
            hold(bool(said[entry_id]), f"the desk does not show that {entry_id} is held")
        for entry_id in held - set(said):
            [row] = office.ask("SELECT id FROM submission WHERE entry_id = ?", entry_id)
            shown = waiting.get(row["id"])
            hold(shown is not None and bool(shown.reason), f"the desk does not show that {entry_id} is held")
            hold(bool(shown and shown.village_id), f"the desk does not say where {entry_id} is from")

    def check_derived(self, office: Office) -> None:
        """What is derived from the submissions can be derived again: the same comes of it."""
        with office.changes() as session:
            before = _derived(session)
            rebuild(session)
            session.flush()
            hold(_derived(session) == before, "rebuilding changes what was derived")
            session.rollback()


def _derived(session: Session) -> dict[str, list[Any]]:
    session.expire_all()
    return {
        table.__tablename__: sorted(map(tuple, session.execute(select(*table.__table__.columns))), key=repr)
        for table in (
            SubmissionStatus,
            Assessment,
            Deprivation,
            Household,
            Member,
            RegisterEntry,
            HouseholdFact,
            PlaceTally,
        )
    }


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
