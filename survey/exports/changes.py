"""What changed since an earlier export: the rows of the households that are other than they were, and who is gone.

A cursor is a file that goes out with an export: of each household, and each file, a digest of its rows as they were
written. Held against it is what would be written today, so nothing is missed whatever changed it: an interview, a
correction, another reading of the law, a village's name. To bring an old copy up to date: of each file take out the
rows of the households that `gone.csv` names for it and of those that come again, then put the new rows to it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import IO, Any

from sqlalchemy.orm import Session

from survey.evidence.lineage import generation, generations
from survey.exports import datapackage
from survey.exports.files import DATA, DataFile, data_files
from survey.exports.rows import Choice
from survey.problems import Problem
from survey.reports.csvfile import Cell, as_it_is, raw, zipped

NAME, CURSOR, GONE = "so-ho-changes.zip", "cursor.gz", "gone.csv"
_FORMAT = "so-ho-cursor-1"
_COMMUNE, _HOUSEHOLD, _ENTRY = 3, 7, 9  # where they stand in IDENTITY
_LONGEST = 64 * 1024  # bytes of a line: the head names the communes
_MOST = 8_000_000  # lines
Digests = dict[str, str]  # by commune and household, "03757 <id>"


@dataclass(frozen=True)
class Cursor:
    """A cursor that was read: whole, of this server, of the same choice."""

    path: Path

    def digests(self, kind: str) -> Digests:
        """What was written of each household in the file of that kind."""
        found, inside = {}, False
        with gzip.open(self.path, "rb") as lines:
            for line in lines:
                said = json.loads(line)
                if isinstance(said, dict):
                    if inside:
                        break
                    inside = said.get("kind") == kind
                elif inside:
                    found[said[0]] = said[1]
        return found


def cursor_in(session: Session, path: Path, choice: Choice) -> Cursor:
    """Raises `cursor_unreadable`, `cursor_foreign` (of another server, or of another choice), and `cursor_before` for
    one from before this server came back from a backup: what it was given since may be lost here."""
    head = _checked(path)
    if head.get("generation") != generation(session):
        raise Problem("cursor_before" if head.get("generation") in generations(session) else "cursor_foreign")
    if head.get("of") != _of(choice):
        raise Problem("cursor_foreign")
    return Cursor(path)


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
    if not whole or not isinstance(head, dict) or head.get("format") != _FORMAT:
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
    following.line({"format": _FORMAT, "generation": generation(session), "of": _of(choice), "made_at": at.isoformat()})
    gone: list[list[str]] = []
    data = [watch(file) for file in data_files(session, DATA, choice, names)]
    changed = [replace(file, rows=partial(_changed, file, since, following, gone)) for file in data]
    yield from datapackage.written(changed, language, title, at, whole=since is None)
    yield GONE, raw(["file", "commune_id", "household_id"], gone)
    yield CURSOR, following.read()


def _changed(
    file: DataFile, since: Cursor | None, following: _Following, gone: list[list[str]]
) -> Iterator[Sequence[Cell]]:
    """The rows of households of which they are not as they were."""
    before = since.digests(file.kind.value) if since is not None else {}
    following.line({"kind": file.kind.value})
    header = "\x1f".join(file.header)
    for key, found in groupby(file.rows(), key=_key):
        rows = list(found)
        digest = _digest(header, rows)
        following.line([key, digest])
        if before.pop(key, None) != digest:
            yield from rows
    gone.extend([file.kind.value, *key.split(" ", 1)] for key in before)


def _key(row: Sequence[Cell]) -> str:
    """Of a household, or of the entry that said something of none of ours."""
    return f"{row[_COMMUNE]} {row[_HOUSEHOLD] or row[_ENTRY]}"


def _digest(header: str, rows: Iterable[Sequence[Cell]]) -> str:
    """Of the columns' names as well: where they change, every household comes again."""
    hashed = hashlib.blake2b(header.encode(), digest_size=8)
    for row in rows:
        hashed.update(b"\x1e" + "\x1f".join(map(as_it_is, row)).encode("utf-8", "replace"))
    return hashed.hexdigest()


class _Following:
    """The next cursor, written line by line."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._sha256 = file, hashlib.sha256()
        self._lines = gzip.GzipFile(fileobj=file, mode="wb", mtime=0)

    def line(self, said: Any) -> None:
        line = json.dumps(said, separators=(",", ":")).encode() + b"\n"
        self._sha256.update(line)
        self._lines.write(line)

    def read(self) -> Iterator[bytes]:
        self._lines.write(json.dumps({"sha256": self._sha256.hexdigest()}).encode() + b"\n")
        self._lines.close()
        self._file.seek(0)
        while piece := self._file.read(65536):
            yield piece
