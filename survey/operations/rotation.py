"""A key changed for another while phones, receipts and proofs of the former live on.

Each change is first written down in the database and then, after the commit, put in the place of the former: a crash
between the two leaves a key in use that the database still knows.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Device
from survey.accounts.escrow import Escrow
from survey.evidence import audit
from survey.evidence.lineage import succeed
from survey.evidence.signing import Signer, key_id
from survey.files.store import sync_to_disk
from survey.operations.keys import ESCROW, FORMER_ESCROW, MAKE, RECEIPT, SESSION, end_sessions, know, put


@dataclass(frozen=True)
class FormerEscrow:
    """A former key to phones' locks. `devices`: phones that said that they are still locked with it; `silent`: those
    that never said with which, since they have an earlier release or were not heard of since."""

    key_id: str
    path: Path
    devices: list[Device]
    silent: list[Device]

    @property
    def is_needed(self) -> bool:
        return bool(self.devices or self.silent)


def change(session: Session, folder: Path, file: str, now: datetime) -> bytes:
    """Let the database know a new key of the kind `file` (RECEIPT, ESCROW or SESSION), to be put there after the
    commit. The former receipt key introduces the new one; the former escrow key is kept beside it."""
    if file == SESSION:
        made = end_sessions(session, now)
        audit.record(session, now, None, "session_key_rotated")
    elif file == ESCROW:
        made = MAKE[ESCROW]()
        _keep_former(folder)
        know(session, ESCROW, Escrow(made).key_id)
        audit.record(session, now, None, "escrow_key_rotated", Escrow(made).key_id)
    else:
        made = MAKE[RECEIPT]()
        succeed(session, Signer((folder / RECEIPT).read_bytes()), Signer(made), now)
        audit.record(session, now, None, "receipt_key_rotated", key_id(Signer(made).public_key))
    return made


def _keep_former(folder: Path) -> None:
    content = (folder / ESCROW).read_bytes()
    put(folder / f"escrow-{Escrow(content).key_id}.key", content)
    sync_to_disk(folder)


def former_escrows(session: Session, folder: Path) -> list[FormerEscrow]:
    """The former keys that lie in a folder, with the phones that may still need them: a withdrawn phone does not."""
    in_use = Escrow((folder / ESCROW).read_bytes()).key_id
    devices = session.scalars(select(Device).where(Device.revoked_at.is_(None)).order_by(Device.last_contact_at)).all()
    silent = [one for one in devices if one.escrow_id is None]
    found = []
    for path in sorted(folder.glob(FORMER_ESCROW)):
        name = Escrow(path.read_bytes()).key_id
        if name != in_use:
            found.append(FormerEscrow(name, path, [one for one in devices if one.escrow_id == name], silent))
    return found


def forget(session: Session, former: FormerEscrow, now: datetime) -> None:
    """Delete a former key: what is still locked with it opens with its owner's code alone from now on."""
    audit.record(session, now, None, "escrow_key_forgotten", former.key_id)
    os.unlink(former.path)
    sync_to_disk(former.path.parent)
