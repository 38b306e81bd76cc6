"""A backup put back: everything of it, under a new generation, or nothing.

Every part is verified and copied beside its place before anything is touched. What stood there before is put aside, not
deleted. While the places are changed a marker lies in the instance: a server does not start on half a restore.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Engine, create_engine, delete, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models import Attachment
from models.database import reading_engine
from survey.evidence import audit
from survey.evidence.lineage import renew_generation, succeed
from survey.evidence.signing import Signer
from survey.files.store import sync_to_disk
from survey.operations.backup import POSTGRESQL, SQLITE, BackupFailed, dump_postgresql, hash_of, run_client, verify
from survey.text import N_

UNFINISHED = "restore.unfinished"  # lies in the instance while its parts are being changed
_RECEIPT_KEY = "receipt.key"
_PATIENCE = 3.0  # seconds until connections that were just closed are gone from PostgreSQL's list


def restore(engine: Engine, instance: Path, folder: Path, now: datetime, *, replace: bool = False) -> dict[str, Any]:
    """Put the backup `folder` into `instance` and the database of `engine`, which must both be empty unless `replace`.
    The database has a new generation before anybody can ask it. Returns {"made_at", "files", "damaged": hashes of
    those it lacks, "generation", "aside": where the old state lies, or None}. Raises BackupFailed, with everything as
    it was."""
    manifest = verify(folder)
    _check_names(manifest["parts"])
    source = _database_in(manifest, engine)
    held = _holds_data(engine, instance)
    if held and not replace:
        raise BackupFailed(
            N_("There is data here. Add --replace to replace it; the old data is put aside, not deleted.")
        )
    _refuse_while_served(engine)
    with _beside(instance, ".restoring-") as work:
        _copy(folder, manifest, work)
        keys = (_key_in(instance) if held else None, _key_in(work))
        if source == SQLITE:
            generation = _renew(f"sqlite:///{work / SQLITE}", manifest, keys, now)
        aside = _make_aside(instance, now) if held or _things_in(instance) else None
        if source == POSTGRESQL and held and aside is not None:
            dump_postgresql(engine, aside / POSTGRESQL)
        marker = instance / UNFINISHED
        marker.touch()
        if source == SQLITE:
            with _exchanged_files(instance, work, aside):
                _exchange_sqlite(Path(str(engine.url.database)), work / SQLITE, aside)
        else:
            with _exchanged_files(instance, work, aside):
                _load_postgresql(engine, work / POSTGRESQL)
            address = engine.url.render_as_string(hide_password=False)
            generation = _renew(address, manifest, keys, now)  # the marker lies there until it has one
        marker.unlink()
        sync_to_disk(instance)
    return {
        "made_at": manifest["made_at"],
        "files": manifest["files"],
        "damaged": manifest.get("damaged", []),
        "generation": generation,
        "aside": aside,
    }


def _check_names(names: Iterable[str]) -> None:
    for name in names:
        parts = PurePosixPath(name).parts
        if not parts or PurePosixPath(name).is_absolute() or ".." in parts:
            raise BackupFailed(N_("The name %(name)s in the backup cannot be used."), name=repr(name))


def _database_in(manifest: dict[str, Any], engine: Engine) -> str:
    wanted = SQLITE if engine.dialect.name == "sqlite" else POSTGRESQL
    if wanted not in manifest["parts"]:
        other = {SQLITE: "PostgreSQL", POSTGRESQL: "SQLite"}[wanted]
        raise BackupFailed(
            N_("This backup is one of %(other)s. Set DATABASE_URL to that kind of database."), other=other
        )
    return wanted


def _holds_data(engine: Engine, instance: Path) -> bool:
    if any((instance / "files").glob("*/*")):
        return True
    if engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).exists():
        return False
    try:
        return bool(inspect(reading_engine(engine)).get_table_names())  # a server at work is not waited for
    except SQLAlchemyError:  # a damaged database is data too
        return True
    finally:
        engine.dispose()


def _refuse_while_served(engine: Engine) -> None:
    """Other connections to the database mean that a server, or another command, is at work."""
    engine.dispose()
    busy = BackupFailed(N_("A server is at work on this database. Stop the service, then restore."))
    if engine.dialect.name == "sqlite":
        path = Path(str(engine.url.database))
        if not path.exists():
            return
        with closing(sqlite3.connect(path, timeout=0.2)) as alone, suppress(sqlite3.DatabaseError):
            try:
                alone.execute("PRAGMA journal_mode = DELETE")  # SQLite lets only the last connection leave WAL
            except sqlite3.OperationalError as locked:
                if "locked" in str(locked):
                    raise busy from None
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    until = time.monotonic() + _PATIENCE
    with engine.connect() as connection:
        while connection.scalar(others):
            if time.monotonic() > until:
                raise busy
            time.sleep(0.1)
            connection.rollback()  # the list is one snapshot a transaction
    engine.dispose()


@contextmanager
def _beside(instance: Path, prefix: str) -> Iterator[Path]:
    """A folder on the same disk as the instance's things, so that a move is a rename."""
    try:
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=prefix, dir=instance))
    except OSError as fault:
        raise BackupFailed(
            N_("%(folder)s cannot be written to: %(fault)s"), folder=instance, fault=fault.strerror
        ) from fault
    try:
        yield work
    except (OSError, sqlite3.Error, SQLAlchemyError) as fault:
        raise BackupFailed(N_("This cannot be restored: %(fault)s"), fault=fault) from fault
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _copy(folder: Path, manifest: dict[str, Any], work: Path) -> None:
    for name, said in manifest["parts"].items():
        copy = work / name
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(folder / name, copy)
        copy.chmod(0o600)
        if hash_of(copy) != said["sha256"]:
            raise BackupFailed(N_("%(name)s in the backup is damaged."), name=name)
        sync_to_disk(copy)


def _key_in(folder: Path) -> Signer | None:
    path = folder / _RECEIPT_KEY
    return Signer(path.read_bytes()) if path.is_file() else None


def _renew(url: str, manifest: dict[str, Any], keys: tuple[Signer | None, Signer | None], now: datetime) -> str:
    """The restored database says that it is one, before anybody asks it. When phones may have come to trust another key
    since the backup, that one introduces the key of the backup. Files that the backup could not hold are asked for
    again."""
    engine = create_engine(url, hide_parameters=True)
    former, key = keys
    try:
        with Session(engine) as session, session.begin():
            generation = renew_generation(session, now, manifest["made_at"])
            audit.record(session, now, None, "restored", manifest["made_at"])
            for sha256 in manifest.get("damaged", []):
                session.execute(delete(Attachment).where(Attachment.sha256 == sha256))
            if former is not None and key is not None and former.public_key != key.public_key:
                succeed(session, former, key, now)
        return generation
    finally:
        engine.dispose()


def _things_in(instance: Path) -> list[Path]:
    """What belongs to the instance; not what earlier or this restore left there."""
    ours = (UNFINISHED, "before-", ".restoring-")
    return sorted(path for path in instance.iterdir() if not path.name.startswith(ours))


def _make_aside(instance: Path, now: datetime) -> Path:
    """Where the old state goes: beside the instance, or in it when its user may not write there (systemd's case)."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    for number in range(1, 100):
        suffix = stamp if number == 1 else f"{stamp}-{number}"
        for made in (instance.with_name(f"{instance.name}.before-{suffix}"), instance / f"before-{suffix}"):
            try:
                made.mkdir(mode=0o700)
            except FileExistsError:
                break
            except OSError:
                continue
            if made.stat().st_dev == instance.stat().st_dev:
                return made
            made.rmdir()  # another disk: a move would not be a rename
    raise BackupFailed(N_("No folder can be made for the old data of %(folder)s."), folder=instance)


@contextmanager
def _exchanged_files(instance: Path, work: Path, aside: Path | None) -> Iterator[None]:
    """The instance's things go aside and the backup's take their place; back again when what follows fails."""
    done: list[tuple[Path, Path]] = []

    def move(path: Path, target: Path) -> None:
        os.rename(path, target)
        done.append((path, target))

    try:
        for path in _things_in(instance):
            stays = path.suffix == ".key" and not (work / path.name).exists()  # an older backup did not know it
            if aside is not None and not stays and not path.name.startswith(SQLITE):
                move(path, aside / path.name)
        for path in sorted(work.iterdir()):
            if path.name not in (SQLITE, POSTGRESQL):
                move(path, instance / path.name)
        yield
    except BaseException:
        for path, target in reversed(done):
            os.rename(target, path)
        (instance / UNFINISHED).unlink(missing_ok=True)
        if aside is not None:
            with suppress(OSError):
                aside.rmdir()  # what was copied there stays
        raise


def _exchange_sqlite(database: Path, restored: Path, aside: Path | None) -> None:
    """One rename: the old file stands until then. What belongs to the old one only (-wal, -shm) goes first."""
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = database.with_name(f".{database.name}.restoring")
    shutil.copyfile(restored, new)
    new.chmod(0o600)
    sync_to_disk(new)
    for suffix in ("", "-wal", "-shm"):
        old = database.with_name(database.name + suffix)
        if old.exists() and aside is not None:
            shutil.copyfile(old, aside / (SQLITE + suffix))
            sync_to_disk(aside / (SQLITE + suffix))
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    os.replace(new, database)
    sync_to_disk(database.parent)


def _load_postgresql(engine: Engine, dump: Path) -> None:
    """Drop what is there and load the dump, in one transaction of psql."""
    script, drop = dump.with_suffix(".sql"), dump.with_suffix(".drop.sql")
    run_client(engine, "pg_restore", "--no-owner", "--no-privileges", "-f", str(script), str(dump))
    quote = engine.dialect.identifier_preparer.quote
    tables = [f"DROP TABLE IF EXISTS {quote(name)} CASCADE;" for name in inspect(engine).get_table_names()]
    drop.write_text("\n".join(tables), "utf-8")
    engine.dispose()
    quietly = ("-X", "-q", "--no-password", "-v", "ON_ERROR_STOP=1", "--single-transaction")
    run_client(engine, "psql", *quietly, "-f", str(drop), "-f", str(script))
