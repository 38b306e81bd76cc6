"""A backup put back: everything of it, under a new generation and with nobody signed in, or nothing.

Every part is verified, opened and copied beside its place before anything is touched. What stood there before is sealed
to the recipients first, as a backup is, and put aside. While the places are changed a marker lies in the instance: a
server does not start on half a restore.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from pyrage.x25519 import Identity
from sqlalchemy import Engine, create_engine, delete, inspect, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models import Attachment, CollectToken
from models.database import reading_engine
from survey.accounts.escrow import Escrow
from survey.clocks import instant
from survey.evidence import audit
from survey.evidence.lineage import renew_generation, succeed
from survey.evidence.signing import Signer
from survey.files.store import sync_to_disk
from survey.operations.backup import BEGUN, POSTGRESQL, SQLITE, Copy, add_dump, is_demo_place, new_folder, run_client
from survey.operations.keys import ESCROW, INDEX, RECEIPT, SESSION, end_sessions, make_one, put
from survey.operations.opening import Backup, copy_out, look_into
from survey.operations.sealing import RECIPIENTS, BackupFailed, required_recipients, write_recipients
from survey.text import N_

UNFINISHED = "restore.unfinished"  # lies in the instance while its parts are being changed
_WORK, _FORMER = ".restoring-", ".former"
_JOBS = "jobs"  # files made for a day, of what the database holds: in no backup
_PATIENCE = 3.0  # seconds until connections that were just closed are gone from PostgreSQL's list


def restore(
    engine: Engine,
    instance: Path,
    folder: Path,
    now: datetime,
    *,
    identities: Sequence[Identity] = (),
    trusted: Collection[str] | None = None,
    recipients: Mapping[str, str] | None = None,
    replace: bool = False,
) -> dict[str, Any]:
    """Put the backup `folder` into `instance` and the database of `engine`, which must both be empty unless `replace`.
    `identities` open it; `trusted`: the names of the keys that may have signed it, where data is held; `recipients`: to
    whom copies are sealed, where neither this place nor the backup says it.

    The database has a new generation before anybody can ask it, all sessions are ended, and keys of ODK Collect only
    deliver. Returns {"made_at", "files", "damaged": hashes of those it lacks, "generation", "plain", "aside": where the
    old state lies, sealed, or None}. Raises BackupFailed, with everything as it was."""
    held = _holds_data(engine, instance)
    backup = look_into(folder, identities, trusted if held else None)
    source = _database_in(backup, engine)
    if held and not replace:
        said = N_("There is data here. Add --replace to replace it; the old data is sealed and put aside, not deleted.")
        raise BackupFailed(said)
    if backup.demo and held and not is_demo_place(engine):
        said = N_(
            "This is the backup of a demo, whose passwords everybody knows, and the data here is none. Restore it into "
            "an empty place of its own (another INSTANCE and database)."
        )
        raise BackupFailed(said)
    _refuse_while_served(engine)
    with _beside(instance) as work:
        copy_out(backup, identities, work)
        _complete_keys(instance, work)
        if recipients and not (work / RECIPIENTS).exists():
            write_recipients(work, recipients)
        keys = (_key_in(instance) if held else None, _key_in(work))
        if source == SQLITE:
            generation = _renew(f"sqlite:///{work / SQLITE}", work, backup, keys, now)
        aside = _put_aside(engine, instance, work, now) if held or _things_in(instance) else None
        marker = instance / UNFINISHED
        marker.touch()
        with _exchanged_files(instance, work):
            if source == SQLITE:
                _exchange_sqlite(Path(str(engine.url.database)), work)
            else:
                _load_postgresql(engine, work / POSTGRESQL)
        if source == POSTGRESQL:
            address = engine.url.render_as_string(hide_password=False)
            generation = _renew(address, instance, backup, keys, now)  # the marker lies there until it has one
        marker.unlink()
        sync_to_disk(instance)
    return {
        "made_at": backup.made_at,
        "files": backup.files,
        "damaged": backup.damaged,
        "generation": generation,
        "plain": backup.is_plain,
        "aside": aside,
    }


def _database_in(backup: Backup, engine: Engine) -> str:
    wanted = SQLITE if engine.dialect.name == "sqlite" else POSTGRESQL
    if wanted not in backup.parts:
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
def _beside(instance: Path) -> Iterator[Path]:
    """A folder on the same disk as the instance's things, so that a move is a rename. What it holds lies in plain: it
    goes at the end, and so does that of a restore that was cut off."""
    try:
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in (*instance.glob(f"{_WORK}*"), *instance.glob(f"{BEGUN}*")):
            _take_back_keys(left, instance)
            shutil.rmtree(left)
        work = Path(tempfile.mkdtemp(prefix=_WORK, dir=instance))
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


def _take_back_keys(left: Path, instance: Path) -> None:
    """The keys that a restore that was cut off had moved out of the way: in the place it stood at half there may be
    none, or the backup's."""
    for path in sorted((left / _FORMER).glob("*.key")):
        if not (instance / path.name).exists():
            os.rename(path, instance / path.name)
        elif path.name == ESCROW:
            _keep_escrow(path.read_bytes(), instance)


def _keep_escrow(content: bytes, folder: Path) -> None:
    """Let a key go on opening what phones locked with it, beside another one in use."""
    with suppress(OSError, ValueError, TypeError):  # no key, or a damaged one
        name = Escrow(content).key_id
        if name != Escrow((folder / ESCROW).read_bytes()).key_id:
            put(folder / f"escrow-{name}.key", content)


def _complete_keys(instance: Path, work: Path) -> None:
    """What the backup lacks: a key that its time did not know, and the lock of phones that came into use since it was
    made: it goes on opening what they locked with it."""
    make_one(work, INDEX)
    if (instance / ESCROW).is_file():
        _keep_escrow((instance / ESCROW).read_bytes(), work)


def _key_in(folder: Path) -> Signer | None:
    path = folder / RECEIPT
    return Signer(path.read_bytes()) if path.is_file() else None


def _renew(url: str, folder: Path, backup: Backup, keys: tuple[Signer | None, Signer | None], now: datetime) -> str:
    """The restored database says that it is one, before anybody asks it. When phones may have come to trust another key
    since the backup, that one introduces the key of the backup. Files that the backup could not hold are asked for
    again. What was ended since the backup must not be open again: so nobody is signed in (`folder` gets another key of
    sessions), keys to the feed end with the generation, and those of ODK Collect deliver what their phones hold, into
    quarantine, and give nothing any more."""
    engine = create_engine(url, hide_parameters=True)
    former, key = keys
    try:
        with Session(engine) as session, session.begin():
            generation = renew_generation(session, now, backup.made_at)
            audit.record(session, now, None, "restored", backup.made_at)
            session_key = end_sessions(session, now)
            if inspect(engine).has_table("collect_token"):  # not in the first databases
                in_use = CollectToken.revoked_at.is_(None)
                session.execute(update(CollectToken).where(in_use).values(revoked_at=now))
            for sha256 in backup.damaged:
                session.execute(delete(Attachment).where(Attachment.sha256 == sha256))
            if former is not None and key is not None and former.public_key != key.public_key:
                succeed(session, former, key, now)
        put(folder / SESSION, session_key)
        return generation
    finally:
        engine.dispose()


def _things_in(instance: Path) -> list[Path]:
    """What belongs to the instance; not what earlier or this restore left there."""
    ours = (UNFINISHED, "before-", _WORK, BEGUN, ".backup-")
    return sorted(path for path in instance.iterdir() if not path.name.startswith(ours))


def _put_aside(engine: Engine, instance: Path, work: Path, now: datetime) -> Path:
    """Seal what stands here: the database as it is, damaged or not, and whatever lies in the instance, but for the key
    of sessions and files that are made anew. Whom it is sealed to says this place, else the backup."""
    try:
        recipients = required_recipients(instance, work)
    except BackupFailed as nobody:
        said = N_(
            "What stands here is sealed before it is replaced, and nobody is named to whom. Name at least two: "
            "--recipient operator=age1… --recipient province=age1…"
        )
        raise BackupFailed(said) from nobody
    signer = None
    with suppress(OSError, ValueError):  # a damaged key: what is put aside is signed with the backup's
        signer = _key_in(instance)
    signer = signer or _key_in(work)
    assert signer is not None, "the backup has one"
    target = _name_aside(instance, now)
    with new_folder(target) as folder:
        copy = Copy(folder, recipients, secrets.token_bytes(32))
        for thing in _things_in(instance):
            inside = sorted(thing.rglob("*")) if thing.is_dir() else [thing]
            for path in inside:
                if path.is_file() and thing.name not in (SESSION, _JOBS) and not thing.name.startswith(SQLITE):
                    _add(copy, str(path.relative_to(instance)), path)
        if engine.dialect.name == "sqlite":
            for suffix in ("", "-wal", "-shm"):
                path = Path(str(engine.url.database) + suffix)
                if path.exists():
                    _add(copy, SQLITE + suffix, path)
        elif _has_tables(engine):
            add_dump(engine, copy)
        files = sum(name.startswith("files/") for name in copy.parts)
        inside_only: dict[str, Any] = {"damaged": [], "lost": [], "damaged_answers": [], "demo": is_demo_place(engine)}
        copy.close(signer, {"made_at": instant(now), "files": files, "damaged": 0}, inside_only)
    return target


def _add(copy: Copy, name: str, path: Path) -> None:
    with path.open("rb") as source:
        copy.add(name, source)


def _has_tables(engine: Engine) -> bool:
    try:
        return bool(inspect(reading_engine(engine)).get_table_names())
    finally:
        engine.dispose()


def _name_aside(instance: Path, now: datetime) -> Path:
    """Where the old state goes: beside the instance, or in it when its user may not write there (systemd's case)."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    beside = os.access(instance.parent, os.W_OK)
    for number in range(1, 100):
        suffix = stamp if number == 1 else f"{stamp}-{number}"
        found = instance.with_name(f"{instance.name}.before-{suffix}") if beside else instance / f"before-{suffix}"
        if not found.exists():
            return found
    raise BackupFailed(N_("No folder can be made for the old data of %(folder)s."), folder=instance)


@contextmanager
def _exchanged_files(instance: Path, work: Path) -> Iterator[None]:
    """The backup's things take the place of the instance's, which go with `work`; back again when what follows fails.
    Who the recipients are is said by this place, if it was said."""
    done: list[tuple[Path, Path]] = []
    former = work / _FORMER
    former.mkdir(mode=0o700)

    def move(path: Path, target: Path) -> None:
        os.rename(path, target)
        done.append((path, target))

    try:
        if (instance / RECIPIENTS).exists():
            (work / RECIPIENTS).unlink(missing_ok=True)
        for path in _things_in(instance):
            stays = path.suffix in (".key", ".recipients") and not (work / path.name).exists()
            if not stays and not path.name.startswith(SQLITE):
                move(path, former / path.name)
        for path in sorted(work.iterdir()):
            if path != former and not path.name.startswith((SQLITE, POSTGRESQL)):
                move(path, instance / path.name)
        yield
    except BaseException:
        for path, target in reversed(done):
            os.rename(target, path)
        (instance / UNFINISHED).unlink(missing_ok=True)
        raise


def _exchange_sqlite(database: Path, work: Path) -> None:
    """One rename: the old file stands until then. What belongs to the old one only (-wal, -shm) goes first."""
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = database.with_name(f".{database.name}.restoring")
    shutil.copyfile(work / SQLITE, new)
    new.chmod(0o600)
    sync_to_disk(new)
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    os.replace(new, database)
    sync_to_disk(database.parent)


def _load_postgresql(engine: Engine, dump: Path) -> None:
    """Drop what is there and load the dump, in one transaction of psql."""
    script, drop = dump.with_suffix(".pgdump.sql"), dump.with_suffix(".pgdump.drop.sql")
    run_client(engine, "pg_restore", "--no-owner", "--no-privileges", "-f", str(script), str(dump))
    quote = engine.dialect.identifier_preparer.quote
    tables = [f"DROP TABLE IF EXISTS {quote(name)} CASCADE;" for name in inspect(engine).get_table_names()]
    drop.write_text("\n".join(tables), "utf-8")
    engine.dispose()
    quietly = ("-X", "-q", "--no-password", "-v", "ON_ERROR_STOP=1", "--single-transaction")
    run_client(engine, "psql", *quietly, "-f", str(drop), "-f", str(script))
