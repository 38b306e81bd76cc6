"""Old backups go: whoever was erased, or left the program, is in them until then."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from survey.files.store import sync_to_disk
from survey.operations.backup import MANIFEST, check
from survey.operations.opening import is_plain, verify_plain
from survey.operations.sealing import BackupFailed
from survey.text import N_

LONGEST = 90  # days
_GOING, _BEGUN = ".pruned-", ".backup-"  # a backup on its way out; one that was not finished
_ABANDONED = 24 * 3600  # seconds after which nobody goes on with one


@dataclass(frozen=True)
class Kept:
    """A backup in a folder of them."""

    path: Path
    made_at: datetime
    plain: bool


def backups_in(folder: Path) -> list[Kept]:
    """The backups that lie in a folder, the oldest first. What is none is passed over. Raises BackupFailed."""
    found = []
    try:
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.is_symlink() or not (path / MANIFEST).is_file():
                continue
            try:
                plain = is_plain(path)
                made_at = datetime.fromisoformat(json.loads((path / MANIFEST).read_text("ascii"))["made_at"])
                if made_at.tzinfo is None:
                    continue
            except (BackupFailed, ValueError, KeyError, TypeError):
                continue
            found.append(Kept(path, made_at, plain))
    except OSError as fault:
        said = N_("%(folder)s cannot be read: %(fault)s")
        raise BackupFailed(said, folder=folder, fault=fault.strerror) from fault
    return sorted(found, key=lambda one: one.made_at)


def prune(folder: Path, days: int, now: datetime, *, dry_run: bool = False) -> list[Kept]:
    """Delete the backups in `folder` that are older than `days`; those that went, or would go. The newest stays however
    old it is, and nothing goes while that one is not whole. Raises BackupFailed."""
    found = backups_in(folder)
    if not found:
        raise BackupFailed(N_("There is no backup in %(folder)s."), folder=folder)
    *others, newest = found
    old = [one for one in others if now - one.made_at > timedelta(days=days)]
    if old:
        try:
            verify_plain(newest.path) if newest.plain else check(newest.path)
        except BackupFailed as refusal:
            said = N_("Nothing was deleted: the newest backup, %(folder)s, is not whole. Make a new one first.")
            raise BackupFailed(said, folder=newest.path) from refusal
    if not dry_run:
        try:
            for one in old:
                going = one.path.with_name(f"{_GOING}{one.path.name}")
                os.rename(one.path, going)  # no half of it is ever taken for a backup
            sync_to_disk(folder)
            _remove_leftovers(folder, now)
        except OSError as fault:
            said = N_("%(folder)s cannot be written to: %(fault)s")
            raise BackupFailed(said, folder=folder, fault=fault.strerror) from fault
    return old


def _remove_leftovers(folder: Path, now: datetime) -> None:
    for path in folder.glob(f"{_GOING}*"):
        shutil.rmtree(path)
    for path in folder.glob(f"{_BEGUN}*"):
        if now.timestamp() - path.stat().st_mtime > _ABANDONED:
            shutil.rmtree(path, ignore_errors=True)


def plain_copies(instance: Path) -> list[Path]:
    """What restores of earlier releases put aside beside or in the instance: whole places in plain."""
    beside = [*instance.parent.glob(f"{instance.name}.before-*"), *instance.glob("before-*")]
    return sorted(path for path in beside if path.is_dir() and not _is_sealed(path))


def _is_sealed(path: Path) -> bool:
    try:
        return not is_plain(path)
    except BackupFailed:
        return False
