"""Copies that only their recipients can open: age, https://age-encryption.org/v1, to X25519 keys.

The recipients are at least two people, so that one lost key loses no backup. What opens their copies (the identities)
never lies on the server: whoever takes the server's backups takes nothing that can be read.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyrage
from pyrage.x25519 import Identity, Recipient

from survey.files.store import sync_to_disk
from survey.operations.keys import put
from survey.text import N_

RECIPIENTS = "backup.recipients"  # lies in the instance: `age -R` reads it too
AT_LEAST = 2
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # faults of the place that is written to
_BLOCK = 1 << 16
_NAME = re.compile(r"[^\s=#][^=#\n]{0,59}\Z")


class BackupFailed(Exception):
    """Nothing was kept; `template` (English, translated where it is shown) and its `values` say why."""

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template % values if values else template)
        self.template, self.values = template, values


class Unreadable(OSError):
    """What was to be sealed could not be read to its end."""


@dataclass(frozen=True)
class Bytes:
    """What is known of a run of bytes."""

    sha256: str
    size: int

    def as_json(self) -> dict[str, str | int]:
        return {"sha256": self.sha256, "size": self.size}


class Counted:
    """A file that is read or written through here: what passed is hashed, and its fault is kept, since age's library
    tells it as words."""

    def __init__(self, file: BinaryIO | None) -> None:
        self._file, self._hash, self.size = file, hashlib.sha256(), 0
        self.fault: OSError | None = None

    def read(self, count: int = -1) -> bytes:
        with self._heard() as file:
            found = file.read(count) if file else b""
        self._hash.update(found)
        self.size += len(found)
        return found

    def write(self, content: bytes) -> int:
        with self._heard() as file:
            if file:
                file.write(content)
        self._hash.update(content)
        self.size += len(content)
        return len(content)

    def flush(self) -> None:
        with self._heard() as file:
            if file:
                file.flush()

    @contextmanager
    def _heard(self) -> Iterator[BinaryIO | None]:
        try:
            yield self._file
        except OSError as fault:
            self.fault = fault
            raise

    @property
    def passed(self) -> Bytes:
        return Bytes(self._hash.hexdigest(), self.size)


def seal(source: BinaryIO, target: Path, recipients: Sequence[Recipient]) -> tuple[Bytes, Bytes]:
    """Write what `source` holds into the new file `target`, for the recipients alone; (what was read, what was
    written). Raises Unreadable, or OSError of the place that is written to; nothing is left then."""
    with target.open("xb", buffering=_BLOCK) as file:
        read, written = Counted(source), Counted(file)
        try:
            pyrage.encrypt_io(read, written, recipients)
            file.flush()
        except (pyrage.EncryptError, OSError) as fault:
            target.unlink()
            if read.fault:
                raise Unreadable(*read.fault.args) from fault
            raise written.fault or OSError(str(fault)) from fault
    target.chmod(0o600)
    sync_to_disk(target)
    return read.passed, written.passed


def unseal(source: Path, target: BinaryIO | None, identities: Sequence[Identity]) -> Bytes:
    """Write what a sealed file holds into `target`, or nowhere; what it was. Raises BackupFailed for another's identity
    and for a damaged file, OSError of the place that is written to."""
    with source.open("rb", buffering=_BLOCK) as file:
        read, written = Counted(file), Counted(target)
        try:
            pyrage.decrypt_io(read, written, identities)
        except (pyrage.DecryptError, OSError) as fault:
            if read.fault or written.fault:
                raise (read.fault or written.fault or fault) from fault
            if "No matching keys" in str(fault):
                said = N_("This identity does not open the backup: it was sealed to others. Take the identity of one "
                          "of its recipients.")  # fmt: skip
                raise BackupFailed(said) from None
            raise BackupFailed(N_("%(name)s in the backup is damaged."), name=source.name) from None
    return written.passed


def unsealed(source: Path, identities: Sequence[Identity]) -> bytes:
    """What a small sealed file holds."""
    content = io.BytesIO()
    unseal(source, content, identities)
    return content.getvalue()


def read_identities(text: str) -> list[Identity]:
    """The identities in a file of `age-keygen`. Raises BackupFailed."""
    if text.startswith(("age-encryption.org/", "-----BEGIN AGE ENCRYPTED FILE")):
        said = N_("This identity is locked by a passphrase. Open it and hand it over: age -d FILE | … --identity -")
        raise BackupFailed(said)
    lines = [line.strip() for line in text.splitlines()]
    try:
        found = [Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError:
        found = []
    if not found:
        said = N_("This is no identity. It is the file that age-keygen wrote, with a line AGE-SECRET-KEY-1….")
        raise BackupFailed(said)
    return found


def check_recipients(given: Sequence[str]) -> dict[str, str]:
    """By their names, the public keys of at least two recipients; `given` as name=age1…. Raises BackupFailed."""
    named: dict[str, str] = {}
    for one in given:
        name, _, key = (part.strip() for part in one.partition("="))
        if key.upper().startswith("AGE-SECRET-KEY-") or name.upper().startswith("AGE-SECRET-KEY-"):
            said = N_("This is an identity, the secret half: it must never lie on the server. Make a new pair with "
                      "age-keygen on your own machine and give the line that begins with age1.")  # fmt: skip
            raise BackupFailed(said)
        if not _NAME.match(name) or not name.isprintable():
            raise BackupFailed(N_("Give each recipient as NAME=age1…, with a name of up to 60 characters."))
        try:
            key = str(Recipient.from_str(key))
        except pyrage.RecipientError:
            said = N_("The key of %(name)s is no public key of age. It begins with age1; copy all 62 characters.")
            raise BackupFailed(said, name=name) from None
        if name in named or key in named.values():
            said = N_("%(name)s is there twice. Each recipient needs a key of their own.")
            raise BackupFailed(said, name=name)
        named[name] = key
    if len(named) < AT_LEAST:
        said = N_("At least two recipients are needed, so that a lost key does not lose the backups: the operator and "
                  "the province, say.")  # fmt: skip
        raise BackupFailed(said)
    return named


def write_recipients(instance: Path, named: Mapping[str, str]) -> None:
    """From now on copies are sealed to these."""
    text = "".join(f"# {name}\n{key}\n" for name, key in named.items())
    put(instance / RECIPIENTS, text.encode())


def read_recipients(folder: Path) -> dict[str, str]:
    """To whom copies of this instance are sealed, by name; nobody when that was never said. Raises BackupFailed for a
    file that is damaged."""
    try:
        text = (folder / RECIPIENTS).read_text("utf-8")
    except FileNotFoundError:
        return {}
    except ValueError:
        text = "?"
    lines = [line for line in text.splitlines() if line.strip()]
    names = [line.removeprefix("#").strip() for line in lines[::2]]
    try:
        return check_recipients([f"{name}={key}" for name, key in zip(names, lines[1::2], strict=True)])
    except (BackupFailed, ValueError):
        said = N_("%(file)s cannot be used. Say again who the recipients are: flask --app app backup recipients set "
                  "NAME=age1… NAME=age1…")  # fmt: skip
        raise BackupFailed(said, file=folder / RECIPIENTS) from None


def required_recipients(*folders: Path) -> list[Recipient]:
    """Those of the first folder that names any. Raises BackupFailed with the next step when none does."""
    for folder in folders:
        if named := read_recipients(folder):
            return [Recipient.from_str(key) for key in named.values()]
    said = N_(
        "Nobody is named who can open a backup, so none is made. Each of at least two people makes a pair of keys on "
        "their own machine with age-keygen; then, here, with the public ones: flask --app app backup recipients set "
        "operator=age1… province=age1…"
    )
    raise BackupFailed(said)


def keyed(key: bytes, text: str) -> str:
    """A name that tells nothing of `text` without the key, and is the same each time."""
    return hmac.new(key, f"so-ho backup\n{text}".encode(), hashlib.sha256).hexdigest()
