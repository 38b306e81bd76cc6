"""What changed since an earlier export: the rows of the households that are other than they were, and who is gone.

A cursor is a file that goes out with an export: of each household, and each file, a digest of its rows as they were
written. What would be written today is held against it, so nothing is missed whatever changed it: an interview, a
correction, another reading of the law, a village's name. So that this costs as much as changed and not as much as there
is, the cursor tells two things more, by which most need not be read again:

- of each commune its seal: whose turn it was last (`commune_counter.turns`, which every writer of it moves on), where
  the round stands there and which forms were answered. While the seal is the same its lines are copied;
- of each household its stamp: all of what its rows are made of, in few letters, from its narrow row. In a commune with
  another seal only households with another stamp are read.

Where the program, a reading, a column or an account is another, or the cursor is one of before there were stamps, all
is read. To bring an old copy up to date: of each file take out the rows of the households that `gone.csv` names for it
and of those that come again, then put the new rows to it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import secrets
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import IO, Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from models import (
    Account,
    CommuneCounter,
    Household,
    HouseholdFact,
    RegisterEntry,
    Round,
    RoundCommune,
    SubmissionStatus,
)
from models.database import chunks
from survey.evidence.lineage import generation, generations
from survey.exports import datapackage, rows
from survey.exports.files import DATA, DataFile, Kind, data_files
from survey.exports.rows import Choice
from survey.problems import Problem
from survey.questionnaires.readings import unconfirmed
from survey.reports.csvfile import Cell, as_it_is, raw, zipped

NAME, CURSOR, GONE = "so-ho-changes.zip", "cursor.gz", "gone.csv"
_FORMATS = ("so-ho-cursor-1", "so-ho-cursor-2")  # the first has no seals and stamps
_SEALS, _STAMPS = "seals", "stamps"  # sections of a cursor, before those of the files
_COMMUNE, _HOUSEHOLD, _ENTRY = 3, 7, 9  # where they stand in IDENTITY
_LONGEST = 64 * 1024  # bytes of a line: the head names the communes
_MOST = 8_000_000  # lines
_NOBODY: frozenset[str] = frozenset()
_SINGLY = 500  # households of a commune that are read by themselves; with more all of it is read


@dataclass(frozen=True)
class Cursor:
    """A cursor that was read: whole, of this server, of the same choice."""

    path: Path

    head: dict[str, Any]

    def lines(self, section: str) -> Iterator[bytes]:
        """Those of a section, as they stand there."""
        inside = False
        with gzip.open(self.path, "rb") as lines:
            for line in lines:
                if line.startswith(b"{"):
                    if inside:
                        return
                    inside = json.loads(line).get("kind") == section
                elif inside:
                    yield line

    def said(self, section: str) -> dict[str, Any]:
        """By commune, or by commune and household ("03757 <id>"), what it says there."""
        return dict(map(json.loads, self.lines(section)))


def cursor_in(session: Session, path: Path, choice: Choice) -> Cursor:
    """Raises `cursor_unreadable`, `cursor_foreign` (of another server, or of another choice), and `cursor_before` for
    one from before this server came back from a backup: what it was given since may be lost here."""
    head = _checked(path)
    if head.get("generation") != generation(session):
        raise Problem("cursor_before" if head.get("generation") in generations(session) else "cursor_foreign")
    if head.get("of") != _of(choice):
        raise Problem("cursor_foreign")
    return Cursor(path, head)


def _checked(path: Path) -> dict[str, Any]:
    """Its head, once it was read to its end."""
    sha256, last, head = hashlib.sha256(), b"", None
    try:
        with gzip.open(path, "rb") as lines:
            for number in range(_MOST):
                line = lines.readline(_LONGEST)
                head = json.loads(line) if number == 0 else head
                if not line or (line and not line.endswith(b"\n")):
                    break
                sha256.update(last)
                last = line
        whole = not line and json.loads(last) == {"sha256": sha256.hexdigest()}
    except (OSError, EOFError, ValueError, zlib.error, RecursionError):
        raise Problem("cursor_unreadable") from None
    if not whole or not isinstance(head, dict) or head.get("format") not in _FORMATS:
        raise Problem("cursor_unreadable")
    return head


def _of(choice: Choice) -> dict[str, Any]:
    return {"round": choice.round_id, "communes": sorted(choice.communes), "everything": choice.everything}


def pieces(
    session: Session, choice: Choice, names: dict[str, str], since: Cursor | None, language: str, title: str,
    at: datetime, folder: Path, watch: Any = lambda file: file,
) -> Iterator[bytes]:  # fmt: skip
    """The zip of `files`, made while it is read."""
    with ExitStack() as waiting:
        yield from zipped(files(session, choice, names, since, language, title, at, folder, waiting, watch))


def files(
    session: Session, choice: Choice, names: dict[str, str], since: Cursor | None, language: str, title: str,
    at: datetime, folder: Path, waiting: ExitStack, watch: Any = lambda file: file,
) -> Iterator[tuple[str, Iterator[bytes]]]:  # fmt: skip
    """Name and bytes of each file, to be read one after the other: the data package, of which `since` leaves what is
    other than it was, who is gone, and the next cursor. `folder`: where these wait, in files without a name."""
    nameless = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed with `waiting`
    following = _Following(waiting.enter_context(nameless))
    found = _Found(session, choice, names, since)
    data = data_files(session, DATA, choice, names, found.answered)
    found.look(data)
    following.line(
        {"format": _FORMATS[-1], "generation": generation(session), "of": _of(choice), "made_at": at.isoformat(),
         "wrote": found.wrote, "called": found.called}
    )  # fmt: skip
    found.tell(following)
    gone: list[list[str]] = []
    changed = [watch(replace(file, rows=partial(_changed, file, found, following, gone))) for file in data]
    yield from datapackage.written(changed, language, title, at, whole=since is None)
    yield GONE, raw(["file", "commune_id", "household_id"], gone)
    yield CURSOR, following.read()


class _Found:
    """What is other than the cursor says: `touched`, the communes of which something may be, in each the households
    that are to be read (`wanted`; None: all), and who was there and is not (`left`). `answered`: forms, versions."""

    def __init__(self, session: Session, choice: Choice, names: dict[str, str], since: Cursor | None) -> None:
        self.session, self.choice, self.names, self.since = session, choice, names, since
        self.communes = sorted(choice.communes)
        self.called = _hash(sorted(names.items()))
        self.states = self._states()
        kept = since.said(_SEALS) if since is not None else {}
        renamed = since is None or since.head.get("called") != self.called
        self.seals: dict[str, list[Any]] = {}
        self.touched: set[str] = set()
        self.is_all = True
        turns = _turns(session, self.communes)
        for one in self.communes:
            seal = [turns.get(one, 0), self.states.get(one)]
            known = kept.get(one, [None, None, []])
            if renamed or known[:2] != seal:
                self.touched.add(one)
                of_it = replace(choice, communes=(one,))
                self.seals[one] = [*seal, [list(pair) for pair in rows.versions_of(session, of_it)]]
            else:
                self.seals[one] = known
        self.answered = sorted({(pair[0], pair[1]) for *_, pairs in self.seals.values() for pair in pairs})
        self.wrote = ""
        self.wanted: dict[str, set[str] | None] = {}
        self.left: set[str] = set()

    def _states(self) -> dict[str, str]:
        of = RoundCommune
        states = select(of.commune_id, of.state).where(of.round_id == self.choice.round_id)
        return {commune_id: state for commune_id, state in self.session.execute(states)}  # noqa: C416 - dict() needs tuples

    def look(self, data: Sequence[DataFile]) -> None:
        """Whether files with these columns are written as they were."""
        self.wrote = _wrote(self.session, self.choice, data, self.answered)
        self.is_all = self.since is None or self.since.head.get("wrote") != self.wrote
        self.touched = set(self.communes) if self.is_all else self.touched

    def tell(self, following: _Following) -> None:
        """Seals and stamps, for the next time; and by these, which households are to be read now."""
        following.line({"kind": _SEALS})
        for one, seal in self.seals.items():
            following.line([one, seal])
        following.line({"kind": _STAMPS})
        unseen = set(self.touched)
        for one, lines in groupby(self.since.lines(_STAMPS) if self.since is not None else (), key=_commune_in):
            if one in unseen:
                unseen.remove(one)
                self._compare(one, dict(map(json.loads, lines)), following)
            else:
                for line in lines:
                    following.raw(line)
        for one in sorted(unseen):
            self._compare(one, {}, following)

    def _compare(self, commune_id: str, known: dict[str, str], following: _Following) -> None:
        wanted = set[str]()
        for key, stamp in self._stamps(commune_id):
            following.line([key, stamp])
            if known.pop(key, None) != stamp:
                wanted.add(key)
        self.wanted[commune_id] = None if self.is_all or len(wanted) > _SINGLY else wanted
        self.left |= known.keys()

    def _stamps(self, commune_id: str) -> Iterator[tuple[str, str]]:
        """Key and stamp of each household; of one of which nothing is kept narrowly another each time, so that it is
        read."""
        entry, fact, status = RegisterEntry, HouseholdFact, SubmissionStatus
        of_fact = (fact.commune_id == entry.commune_id, fact.round_id == entry.round_id,
                   fact.household_id == entry.household_id)  # fmt: skip
        of_status = status.commune_id == entry.commune_id, status.submission_id == entry.submission_id
        of_house = Household.commune_id == entry.commune_id, Household.id == entry.household_id
        narrow = (
            select(entry.household_id, entry.village_id, entry.state, entry.submission_id, entry.opening_class,
                   Household.code, status.updated_at, fact.digest)
            .join(Household, and_(*of_house)).join(status, and_(*of_status)).outerjoin(fact, and_(*of_fact))
            .where(entry.commune_id == commune_id, entry.round_id == self.choice.round_id,
                   entry.state.in_(self.choice.states))
        )  # fmt: skip
        around = self.names.get(commune_id), self.states.get(commune_id)
        for row in self.session.execute(narrow):
            stamp = _hash([*row, self.names.get(row.village_id), *around])
            yield f"{commune_id} {row.household_id}", stamp if row.digest is not None else secrets.token_hex(8)

    def is_read(self, key: str, kind: Kind) -> bool:
        """Whether the household's rows of a file are read now, or it has none any more."""
        wanted = self.wanted.get(key.split(" ", 1)[0], _NOBODY)
        return (
            key in self.left or wanted is None or key in wanted or (kind is Kind.NO_INTERVIEW and wanted is not _NOBODY)
        )

    def parts(self, kind: Kind) -> Iterator[Choice]:
        """What is to be read, commune by commune. Who was not interviewed is few, and read anew."""
        for one in sorted(self.touched):
            wanted = None if kind is Kind.NO_INTERVIEW else self.wanted[one]
            if wanted is None:
                yield replace(self.choice, communes=(one,))
            else:
                ids = sorted(key.split(" ", 1)[1] for key in wanted)
                for chunk in chunks(ids):
                    yield replace(self.choice, communes=(one,), households=tuple(chunk))


def _wrote(session: Session, choice: Choice, data: Sequence[DataFile], answered: Sequence[tuple[str, str]]) -> str:
    """Of all that every row is made by, whatever household it is of."""
    survey_round = session.get_one(Round, choice.round_id)
    accounts = session.execute(select(Account.id, Account.username).order_by(Account.id)).all()
    readings = [[one.name for one in unconfirmed(session, form)] for form in rows.forms_of(session, choice, answered)]
    columns = [file.header for file in data]
    return _hash(
        [_program(), survey_round.year, survey_round.trial, [tuple(one) for one in accounts], readings, columns]
    )


@cache
def _program() -> str:
    """Of the sources that make rows: another version may write them otherwise."""
    hashed = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        hashed.update(path.read_bytes())
    return hashed.hexdigest()


def _turns(session: Session, communes: Sequence[str]) -> dict[str, int]:
    of = CommuneCounter
    found = session.execute(select(of.commune_id, of.turns).where(of.commune_id.in_(communes)))
    return {commune_id: turns for commune_id, turns in found}  # noqa: C416 - dict() needs tuples


def _hash(said: Any) -> str:
    return hashlib.blake2b(repr(said).encode("utf-8", "replace"), digest_size=8).hexdigest()


def _commune_in(line: bytes) -> str:
    """Of a line that begins with a household's key."""
    return line[2 : line.index(b" ")].decode()


def _changed(file: DataFile, found: _Found, following: _Following, gone: list[list[str]]) -> Iterator[Sequence[Cell]]:
    """The rows of households of which they are not as they were."""
    section = file.kind.value
    following.line({"kind": section})
    before, header = {}, "\x1f".join(file.header)
    for line in found.since.lines(section) if found.since is not None else ():
        if _commune_in(line) in found.touched:
            key, digest = json.loads(line)
            if found.is_read(key, file.kind):
                before[key] = digest
                continue
        following.raw(line)
    assert file.rows_of is not None
    for part in found.parts(file.kind):
        for key, those in groupby(file.rows_of(part), key=_key):
            written = list(those)
            digest = _digest(header, written)
            following.line([key, digest])
            if before.pop(key, None) != digest:
                yield from written
    gone.extend([section, *key.split(" ", 1)] for key in before)


def _key(row: Sequence[Cell]) -> str:
    """Of a household, or of the entry that said something of none of ours."""
    return f"{row[_COMMUNE]} {row[_HOUSEHOLD] or row[_ENTRY]}"


def _digest(header: str, written: Iterable[Sequence[Cell]]) -> str:
    """Of the columns' names as well: where they change, every household comes again."""
    hashed = hashlib.blake2b(header.encode(), digest_size=8)
    for row in written:
        hashed.update(b"\x1e" + "\x1f".join(map(as_it_is, row)).encode("utf-8", "replace"))
    return hashed.hexdigest()


class _Following:
    """The next cursor, written line by line."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._sha256 = file, hashlib.sha256()
        self._lines = gzip.GzipFile(fileobj=file, mode="wb", mtime=0)

    def line(self, said: Any) -> None:
        self.raw(json.dumps(said, separators=(",", ":")).encode() + b"\n")

    def raw(self, line: bytes) -> None:
        self._sha256.update(line)
        self._lines.write(line)

    def read(self) -> Iterator[bytes]:
        self._lines.write(json.dumps({"sha256": self._sha256.hexdigest()}).encode() + b"\n")
        self._lines.close()
        self._file.seek(0)
        while piece := self._file.read(65536):
            yield piece
