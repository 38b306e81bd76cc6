"""A copy of the whole instance while it serves: database, files, keys, and a manifest with every hash.

The folder is laid out as an instance folder is. The database is copied in one snapshot; files are never changed once
they stand under their hash, so those that the snapshot names are copied after it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, and_, select, text
from sqlalchemy.orm import Session

from models import Household, Submission, SubmissionFile
from models.database import chunks, reading_engine
from survey.clocks import instant
from survey.files.store import path_of, sync_to_disk
from survey.text import N_

MANIFEST, KEYS = "manifest.json", ("receipt.key", "escrow.key", "session.key", "proof.key")
SQLITE, POSTGRESQL = "so-ho.sqlite3", "so-ho.pgdump"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # faults of the place that is written to
_NAMED = "SELECT DISTINCT sha256, size FROM attachment ORDER BY sha256"


class BackupFailed(Exception):
    """Nothing was kept; `template` (English, translated where it is shown) and its `values` say why."""

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template % values if values else template)
        self.template, self.values = template, values


def back_up(engine: Engine, instance: Path, target: Path, now: datetime) -> dict[str, Any]:
    """Write the backup folder `target`, which must not exist; it appears whole or not at all. Returns its manifest."""
    if target.exists():
        raise BackupFailed(N_("%(folder)s is there already. Choose another name."), folder=target)
    work = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".backup-", dir=target.parent))
        named = _sqlite(engine, work) if engine.dialect.name == "sqlite" else _postgresql(engine, work)
        damaged = [sha256 for sha256, size in named if not _copy_file(instance, work, sha256, size)]
        for key in KEYS:
            shutil.copyfile(instance / key, work / key)
        held = sorted(path for path in work.rglob("*") if path.is_file())
        for path in held:
            path.chmod(0o600)
        parts = {str(path.relative_to(work)): {"sha256": hash_of(path), "size": path.stat().st_size} for path in held}
        manifest = {
            "format": "so-ho-backup-1",
            "made_at": instant(now),
            "files": len(named) - len(damaged),
            "damaged": damaged,  # named by the database, and not whole on the server: not in the backup
            "damaged_answers": _answers_with(engine, damaged),
            "parts": parts,
        }
        (work / MANIFEST).write_text(json.dumps(manifest, indent=1), "ascii")
        for path in (*held, work / MANIFEST, *(one for one in work.rglob("*") if one.is_dir()), work):
            sync_to_disk(path)
        os.rename(work, target)
        sync_to_disk(target.parent)
    except (OSError, sqlite3.Error) as fault:
        raise BackupFailed(N_("The backup cannot be written: %(fault)s"), fault=fault) from fault
    finally:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)
    return manifest


def verify(folder: Path) -> dict[str, Any]:
    """The manifest of a backup of which every part is whole. Raises BackupFailed otherwise."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("ascii"))
        if manifest["format"] != "so-ho-backup-1":
            raise BackupFailed(N_("%(folder)s is no backup of Sổ Hộ."), folder=folder)
        for name, said in manifest["parts"].items():
            if hash_of(folder / name) != said["sha256"]:
                raise BackupFailed(N_("%(name)s in the backup is damaged."), name=name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise BackupFailed(N_("%(folder)s is no whole backup of Sổ Hộ."), folder=folder) from fault
    return manifest


def _copy_file(instance: Path, work: Path, sha256: str, size: int) -> bool:
    """Copy a file of an answer; False when it is not whole: one lost photo must not keep the rest from being saved."""
    copy = path_of(work / "files", sha256)
    copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        shutil.copyfile(path_of(instance / "files", sha256), copy)
        whole = (hash_of(copy), copy.stat().st_size) == (sha256, size)
    except OSError as fault:
        if fault.errno in _FULL:
            raise
        whole = False
    if not whole:
        copy.unlink(missing_ok=True)
    return whole


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


def _sqlite(engine: Engine, work: Path) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(str(engine.url.database), timeout=60)) as live:
        live.execute("VACUUM INTO ?", (str(work / SQLITE),))
    with closing(sqlite3.connect(work / SQLITE)) as made:
        return [(row[0], row[1]) for row in made.execute(_NAMED)]


def _postgresql(engine: Engine, work: Path) -> list[tuple[str, int]]:
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        named = [(row[0], row[1]) for row in connection.execute(text(_NAMED))]
        dump_postgresql(engine, work / POSTGRESQL, f"--snapshot={snapshot}")
    return named


def dump_postgresql(engine: Engine, target: Path, *options: str) -> None:
    """The database as pg_restore reads it."""
    run_client(engine, "pg_dump", "-Fc", "--no-owner", "--no-password", *options, "-f", str(target))


def run_client(engine: Engine, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL's client on the database of `engine`. Raises BackupFailed."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(  # noqa: S603 - a fixed program; nobody outside says its arguments
                [program, *arguments],
                env=os.environ | _way_in(engine, Path(folder)),
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError as missing:
            said = N_("There is no program %(program)s: install the package postgresql-client.")
            raise BackupFailed(said, program=program) from missing
    if done.returncode:  # its first line: those that follow may quote rows
        raise BackupFailed("%(program)s: %(said)s", program=program, said=done.stderr.strip().partition("\n")[0][:300])


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


def hash_of(path: Path) -> str:
    """The SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
