"""A copy of the whole instance while it serves, sealed to its recipients: database, files, keys.

What lies in the folder names nobody: `manifest.json` has the hash of every sealed part, signed with the receipt key, so
that the server can say whether a backup is whole without being able to read it; what each part is stands in
`content.age`, sealed like the rest. Files are never changed once they stand under their hash, so those that the
database's snapshot names are copied after it, and a file that an earlier backup beside it holds is not sealed again: it
is linked. Its name is a keyed hash, the same each time.

The key of sessions is left out: nobody who takes a backup is signed in by it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from pyrage.x25519 import Recipient
from sqlalchemy import Engine, and_, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models import Household, Submission, SubmissionFile
from models.database import chunks, reading_engine
from survey.accounts.demo import is_demo
from survey.clocks import instant
from survey.evidence.signing import Signer, is_signed
from survey.files.store import path_of, sync_to_disk
from survey.operations.keys import ESCROW, FORMER_ESCROW, INDEX, PROOF, RECEIPT
from survey.operations.sealing import (
    FULL,
    RECIPIENTS,
    BackupFailed,
    Bytes,
    Unreadable,
    keyed,
    required_recipients,
    seal,
)
from survey.text import N_

FORMAT = "so-ho-backup-2"
MANIFEST, SIGNATURE, CONTENT = "manifest.json", "manifest.sig", "content.age"
KEYS = (RECEIPT, ESCROW, PROOF, INDEX)
SQLITE, POSTGRESQL = "so-ho.sqlite3", "so-ho.pgdump"
BEGUN = ".backing-up-"  # in the instance: the plain copy of a database while it is sealed
NAMED = "SELECT DISTINCT sha256, size FROM attachment ORDER BY sha256"


@dataclass
class Copy:
    """A backup that is being written into the folder `work`. `parts`: what it holds, by its plain name; `written`: the
    sealed files by theirs; `kept`: those of an earlier backup, of which the same can be taken over."""

    work: Path
    recipients: Sequence[Recipient]
    naming: bytes
    kept: Mapping[str, Bytes] = field(default_factory=dict)
    earlier: Path | None = None
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)
    written: dict[str, Bytes] = field(default_factory=dict)

    def sealed_name(self, name: str) -> str:
        """Under what a part lies. The name of a file of an answer is its hash, which confirms a guess: it is keyed."""
        if "/" not in name:
            return f"{name}.age"
        hidden = keyed(self.naming, name)
        return f"files/{hidden[:2]}/{hidden}.age"

    def add(self, name: str, source: BinaryIO) -> Bytes:
        """Seal a part; what was read."""
        sealed = self.sealed_name(name)
        target = self.work / sealed
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        read, written = seal(source, target, self.recipients)
        self.parts[name], self.written[sealed] = read.as_json() | {"in": sealed}, written
        return read

    def take_over(self, name: str, content: Bytes) -> bool:
        """Link a part of the earlier backup, when it lies there whole."""
        sealed = self.sealed_name(name)
        known = self.kept.get(sealed)
        if known is None or self.earlier is None:
            return False
        source, target = self.earlier / sealed, self.work / sealed
        try:
            if source.is_symlink() or bytes_of(source) != known:
                return False
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.link(source, target)
        except OSError:
            return False  # a disk without links: it is sealed anew
        self.parts[name], self.written[sealed] = content.as_json() | {"in": sealed}, known
        return True

    def drop(self, name: str) -> None:
        """The part that was just sealed turned out not to be whole."""
        sealed = self.parts.pop(name)["in"]
        del self.written[sealed]
        (self.work / sealed).unlink()

    def close(self, signer: Signer, manifest: dict[str, Any], inside: dict[str, Any]) -> None:
        """Write what it holds: sealed, and for the server signed."""
        told = {"format": FORMAT, **manifest}
        content = json.dumps(told | inside | {"parts": self.parts}, ensure_ascii=False).encode()
        _, self.written[CONTENT] = seal(io.BytesIO(content), self.work / CONTENT, self.recipients)
        parts = {name: written.as_json() for name, written in sorted(self.written.items())}
        said = json.dumps(told | {"recipients": self.sealed_to, "parts": parts}, indent=1).encode("ascii")
        (self.work / MANIFEST).write_bytes(said)
        signature = {"key": signer.public_key, "signature": signer.sign_text(_signed_text(said)).signature}
        (self.work / SIGNATURE).write_text(json.dumps(signature), "ascii")
        for path in (self.work / MANIFEST, self.work / SIGNATURE):
            path.chmod(0o600)
            sync_to_disk(path)
        for folder in (*(one for one in self.work.rglob("*") if one.is_dir()), self.work):
            sync_to_disk(folder)

    @property
    def sealed_to(self) -> str:
        """Whether two backups have the same recipients can be seen, who they are cannot."""
        return keyed(self.naming, "\n".join(sorted(str(one) for one in self.recipients)))


def back_up(engine: Engine, instance: Path, target: Path, now: datetime) -> dict[str, Any]:
    """Write the backup folder `target`, which must not exist; it appears whole or not at all. Returns what it holds
    (`content_of` a sealed one), with `lost`: files that only an earlier backup still had. Raises BackupFailed."""
    recipients = required_recipients(instance)
    _clear_begun(instance)
    with new_folder(target) as work:
        signer = Signer((instance / RECEIPT).read_bytes())
        copy = Copy(work, recipients, (instance / INDEX).read_bytes())
        copy.earlier, copy.kept = _earlier(target.parent, copy.sealed_to, signer)
        named = _sqlite(engine, instance, copy) if engine.dialect.name == "sqlite" else _postgresql(engine, copy)
        damaged, lost = _add_files(copy, instance, named)
        _add_keys(copy, instance)
        manifest = {"made_at": instant(now), "files": len(named) - len(damaged), "damaged": len(damaged)}
        inside = {
            "damaged": damaged,  # named by the database, and nowhere whole: not in the backup
            "lost": lost,  # not whole on the server: from an earlier backup
            "damaged_answers": _answers_with(engine, [*damaged, *lost]),
            "demo": is_demo_place(engine),
        }
        copy.close(signer, manifest, inside)
    return manifest | inside | {"parts": copy.parts}


def is_demo_place(engine: Engine) -> bool:
    """Whether the database is a demo's; one that is missing or cannot be asked is none."""
    if engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).exists():
        return False
    try:
        with Session(reading_engine(engine)) as session:
            return is_demo(session)
    except SQLAlchemyError:
        return False
    finally:
        engine.dispose()


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder that takes the name `target` when it is written whole, and is gone when it is not."""
    if target.exists():
        raise BackupFailed(N_("%(folder)s is there already. Choose another name."), folder=target)
    work = None
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".backup-", dir=target.parent))
        yield work
        os.rename(work, target)
        sync_to_disk(target.parent)
    except (OSError, sqlite3.Error) as fault:
        raise BackupFailed(N_("The backup cannot be written: %(fault)s"), fault=fault) from fault
    finally:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)


def _add_keys(copy: Copy, folder: Path) -> None:
    """The keys in use, the former ones to phones' locks, and who the recipients are; never the key of sessions."""
    former = sorted(path.name for path in folder.glob(FORMER_ESCROW))
    for name in (*KEYS, *former, RECIPIENTS):
        with (folder / name).open("rb") as source:
            copy.add(name, source)


def check(folder: Path) -> dict[str, Any]:
    """The manifest of a sealed backup of which every part is whole, with `key`: the public key that signed it, which
    the caller compares with those it knows. Needs no identity. Raises BackupFailed."""
    manifest, key = read_manifest(folder)
    for name, said in manifest["parts"].items():
        if not is_plain_name(name):
            raise BackupFailed(N_("The name %(name)s in the backup cannot be used."), name=repr(name))
        try:
            whole = bytes_of(folder / name).as_json() == said
        except OSError:
            whole = False
        if not whole:
            raise BackupFailed(N_("%(name)s in the backup is damaged."), name=name)
    return manifest | {"key": key}


def read_manifest(folder: Path) -> tuple[dict[str, Any], str]:
    """The manifest of a sealed backup, and the public key that signed it. Raises BackupFailed."""
    try:
        said = (folder / MANIFEST).read_bytes()
        manifest: dict[str, Any] = json.loads(said)
        if manifest["format"] != FORMAT:
            raise BackupFailed(N_("%(folder)s is no backup of Sổ Hộ."), folder=folder)
        signature = json.loads((folder / SIGNATURE).read_text("ascii"))
        whole = CONTENT in manifest["parts"] and datetime.fromisoformat(manifest["made_at"]).tzinfo is not None
        if not whole or not is_signed(signature["key"], _signed_text(said), signature["signature"]):
            raise BackupFailed(N_("%(name)s in the backup is damaged."), name=MANIFEST)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise BackupFailed(N_("%(folder)s is no whole backup of Sổ Hộ."), folder=folder) from fault
    return manifest, signature["key"]


def is_plain_name(name: str) -> bool:
    """Whether a name that a backup says stays within its folder."""
    parts = name.split("/")
    return name.isprintable() and not any(part in ("", ".", "..") or "\\" in part for part in parts)


def _signed_text(manifest: bytes) -> str:
    """What is signed of a manifest; no receipt and no introduction of a key begins like this."""
    return f"so-ho backup manifest\n{hashlib.sha256(manifest).hexdigest()}"


def _earlier(folder: Path, sealed_to: str, signer: Signer) -> tuple[Path | None, dict[str, Bytes]]:
    """The newest backup in a folder that is ours and sealed to the same recipients, and the sealed files in it."""
    for path in sorted(folder.glob(f"[!.]*/{MANIFEST}"), key=lambda one: one.stat().st_mtime, reverse=True):
        with suppress(BackupFailed):
            manifest, key = read_manifest(path.parent)
            if key == signer.public_key and manifest["recipients"] == sealed_to:
                parts = manifest["parts"].items()
                return path.parent, {name: Bytes(said["sha256"], said["size"]) for name, said in parts}
    return None, {}


def _add_files(copy: Copy, instance: Path, named: Iterable[tuple[str, int]]) -> tuple[list[str], list[str]]:
    """Copy the files of answers. (Those that are not whole anywhere: one lost photo must not keep the rest from being
    saved; those that only the earlier backup still has)."""
    damaged, lost = [], []
    for sha256, size in named:
        wanted, name = Bytes(sha256, size), f"files/{sha256[:2]}/{sha256}"
        path = path_of(instance / "files", sha256)
        if copy.take_over(name, wanted):
            if not _is_whole(path, wanted):
                lost.append(sha256)
        elif not _add_file(copy, name, path, wanted):
            damaged.append(sha256)
    return damaged, lost


def _add_file(copy: Copy, name: str, path: Path, wanted: Bytes) -> bool:
    try:
        source = path.open("rb")
    except OSError as fault:
        if fault.errno in FULL:
            raise
        return False
    with source:
        try:
            read = copy.add(name, source)
        except Unreadable:
            return False
    if read != wanted:
        copy.drop(name)
    return read == wanted


def _is_whole(path: Path, wanted: Bytes) -> bool:
    try:
        return bytes_of(path) == wanted
    except OSError:
        return False


def _answers_with(engine: Engine, files: list[str]) -> list[dict[str, str]]:
    """The answers that these files (by their SHA-256) belong to, without the name of anybody."""
    query = (
        select(SubmissionFile.sha256, Household.code, SubmissionFile.path, Submission.entry_id)
        .join(
            Submission,
            and_(Submission.commune_id == SubmissionFile.commune_id, Submission.id == SubmissionFile.submission_id),
        )
        .outerjoin(
            Household, and_(Household.commune_id == Submission.commune_id, Household.id == Submission.household_id)
        )
        .order_by(Submission.commune_id, Household.code, SubmissionFile.path)
    )
    answers: list[dict[str, str]] = []
    with Session(reading_engine(engine)) as session:
        for lost in chunks(files):
            found = session.execute(query.where(SubmissionFile.sha256.in_(lost)))
            answers += [
                {"sha256": sha256, "household": code or "–", "path": path, "entry": entry}
                for sha256, code, path, entry in found
            ]
    return answers


def _clear_begun(instance: Path) -> None:
    """What a backup that was cut off left in plain; not that of one which is being made beside this one."""
    for path in instance.glob(f"{BEGUN}*"):
        if not _is_at_work(path.name.removeprefix(BEGUN).partition("-")[0]):
            shutil.rmtree(path, ignore_errors=True)


def _is_at_work(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:  # another user's
        return True
    return True


def _sqlite(engine: Engine, instance: Path, copy: Copy) -> list[tuple[str, int]]:
    """The plain copy lies in the instance, never on the disk of backups: what was deleted there could be read."""
    plain = Path(tempfile.mkdtemp(prefix=f"{BEGUN}{os.getpid()}-", dir=instance))
    try:
        with closing(sqlite3.connect(str(engine.url.database), timeout=60)) as live:
            live.execute("VACUUM INTO ?", (str(plain / SQLITE),))
        with closing(sqlite3.connect(plain / SQLITE)) as made:
            named = [(row[0], row[1]) for row in made.execute(NAMED)]
        with (plain / SQLITE).open("rb") as source:
            copy.add(SQLITE, source)
    finally:
        shutil.rmtree(plain, ignore_errors=True)
    return named


def _postgresql(engine: Engine, copy: Copy) -> list[tuple[str, int]]:
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        named = [(row[0], row[1]) for row in connection.execute(text(NAMED))]
        add_dump(engine, copy, f"--snapshot={snapshot}")
    return named


def add_dump(engine: Engine, copy: Copy, *options: str) -> None:
    """Seal the database as pg_restore reads it, as it comes: it lies nowhere in plain."""
    with _client(engine, "pg_dump", "-Fc", "--no-owner", "--no-password", *options) as running:
        assert running.stdout is not None
        copy.add(POSTGRESQL, running.stdout)  # type: ignore[arg-type]


def run_client(engine: Engine | None, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL's client, on the database of `engine` if there is one. Raises BackupFailed."""
    with _client(engine, program, *arguments) as running:
        assert running.stdout is not None
        while running.stdout.read(1 << 16):
            pass


@contextmanager
def _client(engine: Engine | None, program: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of PostgreSQL's client that runs, until it has ended well. Raises BackupFailed."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as faults:
        try:
            running = subprocess.Popen(  # noqa: S603 - a fixed program; nobody outside says its arguments
                [program, *arguments],
                env=os.environ | (_way_in(engine, Path(folder)) if engine else {}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=faults,
            )
        except FileNotFoundError as missing:
            said = N_("There is no program %(program)s: install the package postgresql-client.")
            raise BackupFailed(said, program=program) from missing
        with running:
            try:
                yield running
            except BaseException:
                running.kill()
                raise
        if running.returncode:  # its first line: those that follow may quote rows
            faults.seek(0)
            first = faults.read(4096).decode("utf-8", "replace").strip().partition("\n")[0]
            raise BackupFailed("%(program)s: %(said)s", program=program, said=first[:300])


def _way_in(engine: Engine, folder: Path) -> dict[str, str]:
    """Where the database is and the password to it, as libpq reads them from the environment: whoever lists processes
    reads their arguments. What libpq has no variable for goes by a service file in `folder`."""
    given = engine.dialect.create_connect_args(engine.url)[1]
    known = engine.dialect.loaded_dbapi.pq.Conninfo.get_defaults()
    options = [(one, str(given[one.keyword.decode()])) for one in known if one.keyword.decode() in given]
    environment = {one.envvar.decode(): value for one, value in options if one.envvar}
    others = [f"{one.keyword.decode()}={value}\n" for one, value in options if not one.envvar]
    if others:
        service = folder / "pg_service.conf"
        service.touch(mode=0o600)
        service.write_text("".join(["[so_ho]\n", *others]), "utf-8")
        environment |= {"PGSERVICEFILE": str(service), "PGSERVICE": "so_ho"}
    return environment


def bytes_of(path: Path) -> Bytes:
    """What a file holds."""
    with path.open("rb") as file:
        return Bytes(hashlib.file_digest(file, "sha256").hexdigest(), file.tell())


def hash_of(path: Path) -> str:
    """The SHA-256 (hex) of a file."""
    return bytes_of(path).sha256
