"""The keys of an instance: files that only their owner reads, and what the database knows of them.

Phones trust the receipt key that they met first, and wrap their own keys to the escrow key; whoever checks a proof
trusts the proof key whose fingerprint was published. A key made anew because the
old one was not where it was looked for would be of no use to any of them: so the database keeps the name of each key
that it was served with, and a key that it does not know is refused until a person says that it is right.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Receipt, ServerState
from survey.accounts.escrow import Escrow, index_of_before, make_key
from survey.accounts.sessions import end_everybodys
from survey.evidence.lineage import KEY, remember_key
from survey.evidence.signing import Signer, key_id

RECEIPT, ESCROW, SESSION, PROOF = "receipt.key", "escrow.key", "session.key", "proof.key"
INDEX = "index.key"  # of keyed hashes and small boxes: identity numbers, names of files in backups, second factors
FORMER_ESCROW = "escrow-*.key"  # phones may still lock their keys with it: it opens, and is handed to nobody
MAKE: dict[str, Callable[[], bytes]] = {
    RECEIPT: lambda: Ed25519PrivateKey.generate().private_bytes_raw(),
    ESCROW: make_key,
    SESSION: lambda: secrets.token_bytes(32),
    PROOF: lambda: Ed25519PrivateKey.generate().private_bytes_raw(),
    INDEX: lambda: secrets.token_bytes(32),
}
_ROWS = {
    RECEIPT: KEY,
    ESCROW: "escrow_key:",
    SESSION: "session_key:",
    PROOF: "proof_key:",
    INDEX: "index_key:",
}  # of ServerState: the key's name after


@dataclass(frozen=True)
class Keys:
    """The keys that lie in a folder. `content`: the bytes of each, by the name of its file."""

    content: dict[str, bytes]
    signer: Signer | None
    escrow: Escrow | None
    prover: Signer | None

    @property
    def missing(self) -> list[str]:
        return [name for name in MAKE if name not in self.content]

    @property
    def names(self) -> dict[str, str]:
        """By what each is known, by the name of its file. What is random has a hash that tells nothing of it."""
        session, index = self.content.get(SESSION), self.content.get(INDEX)
        made = {
            RECEIPT: self.signer and key_id(self.signer.public_key),
            ESCROW: self.escrow and self.escrow.key_id,
            PROOF: self.prover and key_id(self.prover.public_key),
            SESSION: session and _name_of_session(session),
            INDEX: index and hashlib.sha256(b"so-ho index key" + index).hexdigest()[:16],
        }
        return {file: str(name) for file, name in made.items() if name}


def _name_of_session(content: bytes) -> str:
    return hashlib.sha256(b"so-ho session key" + content).hexdigest()[:16]


def read_keys(folder: Path) -> Keys:
    """Raises ValueError with the name of a file that holds no key."""
    content = {name: (folder / name).read_bytes() for name in MAKE if (folder / name).is_file()}
    reading = SESSION
    try:
        for reading in (SESSION, INDEX):
            if len(content.get(reading, bytes(32))) < 32:
                raise ValueError
        reading = RECEIPT
        signer = Signer(content[RECEIPT]) if RECEIPT in content else None
        reading = PROOF
        prover = Signer(content[PROOF]) if PROOF in content else None
        reading = ESCROW
        escrow = Escrow(content[ESCROW]) if ESCROW in content else None
        for path in sorted(folder.glob(FORMER_ESCROW)):
            reading = path.name
            if escrow:
                escrow.takes_over(Escrow(path.read_bytes()))
    except (ValueError, TypeError):
        raise ValueError(reading) from None
    return Keys(content, signer, escrow, prover)


def make_missing(folder: Path) -> None:
    """Make the keys that a folder lacks."""
    for name in (INDEX, *MAKE):  # of a new place before there is an escrow key
        make_one(folder, name)


def make_one(folder: Path, name: str) -> None:
    """Make a key, unless it is there. Before there was an index key its hashes were made with the escrow key: beside
    one that was in use already it is the very key that those hashes have."""
    before = (folder / ESCROW).read_bytes() if name == INDEX and (folder / ESCROW).exists() else None
    secret(folder / name, (lambda: index_of_before(before)) if before else MAKE[name])


def secret(path: Path, make: Callable[[], bytes]) -> bytes:
    """A secret in a file that only its owner reads, made if it is not there. It appears whole or not at all: neither a
    crash nor a second process that starts beside this one meets half a key."""
    if not path.exists():
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(make())
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # another process was first: its secret counts
                os.link(temporary, path)
        finally:
            os.unlink(temporary)
    return path.read_bytes()


def put(path: Path, content: bytes) -> None:
    """Another key in the place of one, whole or not at all, readable by its owner only."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def end_sessions(session: Session, now: datetime) -> bytes:
    """Nobody is signed in any more, whatever cookie they hold: the rows of all sessions are ended, and once the key
    that is returned lies in the place of `session.key` and the service starts, what is signed with another key is no
    cookie here."""
    end_everybodys(session, now)
    made = MAKE[SESSION]()
    know(session, SESSION, _name_of_session(made))
    return made


def know(session: Session, file: str, name: str) -> None:
    """From now on the database knows a key of this name in a file."""
    session.merge(ServerState(key=_ROWS[file] + name, value=""))


def wanted(session: Session) -> set[str]:
    """The files of which this database knows a key: each must be there."""
    signed = session.scalar(select(Receipt.entry_id).limit(1)) is not None
    return {file for file in MAKE if _known(session, file)} | ({RECEIPT} if signed else set())


def strangers(session: Session, keys: Keys) -> list[str]:
    """The files with a key that this database does not know although it knows another of its kind."""
    known = {file: _known(session, file) for file in MAKE}
    said = [file for file, name in keys.names.items() if known[file] and name not in known[file]]
    if keys.signer is None or known[RECEIPT]:
        return said
    # A database of before keys were remembered is asked for a receipt: the same text and key give the same signature.
    signed = session.scalar(select(Receipt).limit(1))
    genuine = signed is None or keys.signer.sign_text(signed.body).signature == signed.signature
    return said if genuine else [RECEIPT, *said]


def remember(session: Session, keys: Keys, files: Iterable[str] = MAKE) -> None:
    """From now on the database knows the keys in these files."""
    for file in set(files) & set(keys.names):
        if file == RECEIPT and keys.signer:
            remember_key(session, keys.signer.public_key)
        else:
            know(session, file, keys.names[file])


def _known(session: Session, file: str) -> set[str]:
    rows = session.scalars(select(ServerState.key).where(ServerState.key.startswith(_ROWS[file])))
    return {row.removeprefix(_ROWS[file]) for row in rows}
