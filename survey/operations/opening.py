"""A backup looked into: where an identity of one of its recipients is, or one of before 0.3, which lies in plain."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyrage.x25519 import Identity

from survey.evidence.signing import key_id
from survey.files.store import sync_to_disk
from survey.operations.backup import (
    CONTENT,
    FORMAT,
    MANIFEST,
    NAMED,
    POSTGRESQL,
    SQLITE,
    check,
    hash_of,
    is_plain_name,
    run_client,
)
from survey.operations.keys import SESSION, read_keys
from survey.operations.sealing import BackupFailed, Bytes, unseal, unsealed
from survey.text import N_

PLAIN_FORMAT = "so-ho-backup-1"


@dataclass(frozen=True)
class Backup:
    """A backup whose parts are whole. `parts`: by their plain name {"sha256", "size"} of what they hold, and "in":
    under what they lie; `key`: by what the key that signed it is known, None of a plain one."""

    folder: Path
    made_at: str
    files: int
    damaged: list[str]
    damaged_answers: list[Any]
    parts: dict[str, dict[str, Any]]
    key: str | None
    demo: bool = False  # of before it was said, too

    @property
    def is_plain(self) -> bool:
        return self.key is None


def is_plain(folder: Path) -> bool:
    """Whether a folder is a backup that anybody can read. Raises BackupFailed for what is none at all."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("ascii"))
        said = manifest["format"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as fault:
        raise BackupFailed(N_("%(folder)s is no whole backup of Sổ Hộ."), folder=folder) from fault
    if said not in (FORMAT, PLAIN_FORMAT):
        raise BackupFailed(N_("%(folder)s is no backup of Sổ Hộ."), folder=folder)
    return bool(said == PLAIN_FORMAT)


def look_into(folder: Path, identities: Sequence[Identity], trusted: Collection[str] | None) -> Backup:
    """Verify a backup and read what it holds. `trusted`: the names of the keys that may have signed it, None when
    nobody can say. Raises BackupFailed."""
    if is_plain(folder):
        return verify_plain(folder)
    if not identities:
        said = N_("This backup is sealed. Give the identity of one of its recipients: --identity FILE, or --identity - "
                  "to hand it over without leaving it here.")  # fmt: skip
        raise BackupFailed(said)
    manifest = check(folder)
    require_trusted(manifest["key"], trusted)
    try:
        content = json.loads(unsealed(folder / CONTENT, identities))
        parts: dict[str, dict[str, Any]] = content["parts"]
        same = content["made_at"] == manifest["made_at"]
        if not same or {one["in"] for one in parts.values()} | {CONTENT} != set(manifest["parts"]):
            raise BackupFailed(N_("%(name)s in the backup is damaged."), name=CONTENT)
        found = Backup(
            folder, content["made_at"], content["files"], content["damaged"], content["damaged_answers"], parts,
            key_id(manifest["key"]), content.get("demo") is True,
        )  # fmt: skip
    except OSError as fault:
        said = N_("%(folder)s cannot be read: %(fault)s")
        raise BackupFailed(said, folder=folder, fault=fault.strerror) from fault
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise BackupFailed(N_("%(name)s in the backup is damaged."), name=CONTENT) from fault
    _check_names(parts)
    return found


def require_trusted(key: str, trusted: Collection[str] | None) -> None:
    """Refuse what a key that nobody here knows has signed: who knows the recipients can seal a forged backup to them,
    but cannot sign it."""
    name = key_id(key)
    if trusted is not None and name not in trusted:
        said = N_(
            "This backup was signed with the key %(key)s, which this place does not know: it is another server's or "
            "forged. If it is the key that you noted for the server that made it, add --key %(key)s."
        )
        raise BackupFailed(said, key=name)


def verify_plain(folder: Path) -> Backup:
    """A backup of before 0.3, of which every part is whole. Raises BackupFailed."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("ascii"))
        parts = {name: dict(said) | {"in": name} for name, said in manifest["parts"].items()}
        _check_names(parts)
        for name, said in parts.items():
            if hash_of(folder / name) != said["sha256"]:
                raise BackupFailed(N_("%(name)s in the backup is damaged."), name=name)
        lost = manifest.get("damaged", [])
        answers = manifest.get("damaged_answers") or lost
        return Backup(folder, manifest["made_at"], manifest["files"], lost, answers, parts, None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise BackupFailed(N_("%(folder)s is no whole backup of Sổ Hộ."), folder=folder) from fault


def copy_out(backup: Backup, identities: Sequence[Identity], work: Path) -> None:
    """Write every part into `work` under its plain name; not a key of sessions, with which a thief of an old backup
    could still sign in. Raises BackupFailed, OSError."""
    for name, said in backup.parts.items():
        if name != SESSION:
            _copy_part(backup, identities, name, said, work / name)


def _copy_part(backup: Backup, identities: Sequence[Identity], name: str, said: dict[str, Any], target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source = backup.folder / said["in"]
    if backup.is_plain:
        shutil.copyfile(source, target)
        whole = hash_of(target) == said["sha256"]
    else:
        with target.open("xb") as file:
            whole = unseal(source, file, identities) == Bytes(said["sha256"], said["size"])
    target.chmod(0o600)
    if not whole:
        raise BackupFailed(N_("%(name)s in the backup is damaged."), name=name)
    sync_to_disk(target)


def drill(folder: Path, identities: Sequence[Identity], trusted: Collection[str] | None) -> Backup:
    """Open a backup wholly and try whether a server could be made of it: every part, the keys, the database. Nothing of
    it stays; the database lies in a folder for temporary things meanwhile. Raises BackupFailed."""
    backup = look_into(folder, identities, trusted)
    try:
        with tempfile.TemporaryDirectory(prefix="so-ho-drill-") as name:
            work = Path(name)
            for part, said in backup.parts.items():
                if part.startswith("files/"):
                    _try_part(backup, identities, part, said)
                else:
                    _copy_part(backup, identities, part, said, work / part)
            _try_keys(work)
            _try_database(backup, work)
    except (OSError, sqlite3.Error) as fault:
        raise BackupFailed(N_("The backup cannot be tried: %(fault)s"), fault=fault) from fault
    return backup


def _try_part(backup: Backup, identities: Sequence[Identity], name: str, said: dict[str, Any]) -> None:
    if not backup.is_plain and unseal(backup.folder / said["in"], None, identities) != Bytes(
        said["sha256"], said["size"]
    ):
        raise BackupFailed(N_("%(name)s in the backup is damaged."), name=name)


def _try_keys(work: Path) -> None:
    try:
        keys = read_keys(work)
    except ValueError as name:
        raise BackupFailed(N_("%(name)s in the backup is damaged."), name=name) from None
    if keys.signer is None or keys.escrow is None:
        raise BackupFailed(N_("The backup lacks keys. No server can be made of it."))


def _try_database(backup: Backup, work: Path) -> None:
    if POSTGRESQL in backup.parts:
        run_client(None, "pg_restore", "-f", "-", str(work / POSTGRESQL))
        return
    with closing(sqlite3.connect(work / SQLITE)) as database:
        [said] = database.execute("PRAGMA integrity_check(1)").fetchone()
        named = {row[0] for row in database.execute(NAMED)}
    held = {name.rpartition("/")[2] for name in backup.parts if name.startswith("files/")}
    if said != "ok" or named - held - set(backup.damaged):
        raise BackupFailed(N_("%(name)s in the backup is damaged."), name=SQLITE)


def _check_names(names: Collection[str]) -> None:
    for name in names:
        if not is_plain_name(name):
            raise BackupFailed(N_("The name %(name)s in the backup cannot be used."), name=repr(name))
