"""What a phone sealed for this server, so-ho-bundle-1 (docs/exchange.md): opened, checked, bounded.

    so-ho-bundle-1 ⏎ | header: a line of JSON ⏎ | AES-256-GCM in chunks of 256 KiB, of a gzip stream (or as it is) of:
    lines of JSON, and files' bytes behind their lines

Anybody may have written the bytes: the escrow's public key is no secret. What is known after opening is that nobody
changed them since they were sealed; whose they are only the pass inside says (`exchange.py`). Chunks have numbered
nonces and the last one is marked (STREAM, Hoang, Reyhanitabar, Rogaway, Vizár 2015), the head is authenticated with
each: nothing can be cut off, swapped or lent from another bundle.
"""

from __future__ import annotations

import io
import json
import zlib
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from survey.accounts.escrow import BUNDLE, Escrow
from survey.carry.phone_rows import OVERHEAD, PhoneRows
from survey.intake.envelope import Entry, read_entries
from survey.problems import Problem

FORMAT = b"so-ho-bundle-1\n"
GZIP = b"\x1f\x8b"
CHUNK = 256 * 1024
TAG = 16
MAX_HEADER = 8 * 1024
MAX_LINE = 4 * 1024 * 1024  # an entry: as large as a whole push
MAX_ENTRIES, MAX_ENTRY_BYTES = 1000, 64 * 1024 * 1024
MAX_FILES, MAX_FILE_BYTES = 5000, 1024 * 1024 * 1024


@dataclass(frozen=True)
class Enclosed:
    """A file of an answer: what the phone says of it, and where its bytes lie now."""

    sha256: str
    media_type: str
    commune_id: str
    path: Path


@dataclass(frozen=True)
class Bundle:
    """What was sealed. `account_id` and `device_id` are as said; `vouched`: the pass, as it came."""

    account_id: str
    device_id: str
    vouched: Any = None
    entries: list[Entry] = field(default_factory=list)
    files: list[Enclosed] = field(default_factory=list)
    rows: PhoneRows = field(default_factory=PhoneRows)

    @property
    def passed(self) -> Any:
        """The pass that speaks for all of the entries; None without one."""
        return self.vouched or (self.rows.vouched if self.rows.sealed == len(self.entries) else None)


def open_bundle(stream: IO[bytes], escrow: Escrow, folder: Path, file_limit: int) -> Bundle:
    """Open a bundle; its files are put into `folder`, which must be there and empty.

    Raises `bundle_unreadable` (no bundle, damaged, cut off), `bundle_other_server`, `too_large`. All of it is read
    before anything is returned: a bundle is whole or is refused.
    """
    head, header = _read_head(stream)
    key = _unwrap(header, escrow)
    inside = _inside(_decrypted(stream, key, head))
    bundle = Bundle(_text(header, "account", 64), _text(header, "device", 64), _pass(inside))
    _read_parts(inside, bundle, escrow, folder, file_limit)
    return bundle


def _read_head(stream: IO[bytes]) -> tuple[bytes, dict[str, Any]]:
    if stream.read(len(FORMAT)) != FORMAT:
        raise Problem("bundle_unreadable")
    line = stream.readline(MAX_HEADER)
    return FORMAT + line, _object(line)


def _unwrap(header: dict[str, Any], escrow: Escrow) -> bytes:
    if header.get("escrow") not in escrow.key_ids:
        raise Problem("bundle_other_server")
    try:
        key = escrow.open(b64decode(_text(header, "key", 1024), validate=True), BUNDLE)
    except (ValueError, Problem):
        raise Problem("bundle_unreadable") from None
    if len(key) != 32:
        raise Problem("bundle_unreadable")
    return key


def _decrypted(stream: IO[bytes], key: bytes, head: bytes) -> Iterator[bytes]:
    cipher, number = AESGCM(key), 0
    chunk = _exactly(stream, CHUNK + TAG)
    while True:
        following = _exactly(stream, CHUNK + TAG)
        nonce = number.to_bytes(11, "big") + (b"\0" if following else b"\1")
        try:
            yield cipher.decrypt(nonce, chunk, head)
        except (InvalidTag, ValueError):
            raise Problem("bundle_unreadable") from None
        if not following:
            return
        chunk, number = following, number + 1


def _exactly(stream: IO[bytes], size: int) -> bytes:
    """`size` bytes, fewer only at the end: a stream may give what it has."""
    parts = []
    while size and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _inside(chunks: Iterator[bytes]) -> IO[bytes]:
    """What was sealed, unpacked where it is packed."""
    first = next(chunks, b"")
    given = chain([first], chunks)
    return io.BufferedReader(_Inflated(given) if first.startswith(GZIP) else _Joined(given), CHUNK)


class _Joined(io.RawIOBase):
    """The chunks one behind the other."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._left = self._left or next(self._chunks, b"")
        data, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


class _Inflated(io.RawIOBase):
    """The gzip stream (RFC 1952) in `chunks`, unpacked no further than is asked for: a bomb never goes off."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._gzip = zlib.decompressobj(wbits=31)
        self._packed = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._next(len(buffer))
        except zlib.error:
            raise Problem("bundle_unreadable") from None
        buffer[: len(data)] = data
        return len(data)

    def _next(self, size: int) -> bytes:
        while not self._gzip.eof:
            packed = self._packed or next(self._chunks, None)
            if packed is None:
                raise Problem("bundle_unreadable")
            data = self._gzip.decompress(packed, size)
            self._packed = self._gzip.unconsumed_tail
            if data:
                return data
        if self._gzip.unused_data or any(self._chunks):  # read to its end: the last chunk is the proof of the whole
            raise Problem("bundle_unreadable")
        return b""


def _pass(inside: IO[bytes]) -> Any:
    return _object(inside.readline(MAX_HEADER)).get("pass")


def _read_parts(inside: IO[bytes], bundle: Bundle, escrow: Escrow, folder: Path, file_limit: int) -> None:
    size = weight = 0
    while line := inside.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise Problem("too_large")
        if line.startswith(b'{"file":'):
            said: Any = _object(line).get("file")
            enclosed, length = _enclosed(said, folder / str(len(bundle.files)))
            is_sealed = said.get("sealed") is True
            weight += length
            if length > file_limit + OVERHEAD * is_sealed or weight > MAX_FILE_BYTES or len(bundle.files) == MAX_FILES:
                raise Problem("too_large")
            _copy(inside, enclosed.path, length)
            if is_sealed:
                _unseal(enclosed, bundle.rows)
            bundle.files.append(enclosed)
        else:
            size += len(line)
            if size > MAX_ENTRY_BYTES:
                raise Problem("too_large")
            bundle.entries.extend(_entries_in(line, bundle, escrow))


def _entries_in(line: bytes, bundle: Bundle, escrow: Escrow) -> list[Entry]:
    """The entries of a line: as they were finished, or in a row as it lies on the phone."""
    most = MAX_ENTRIES - len(bundle.entries)
    if line.startswith(b'{"ring":'):
        bundle.rows.open_ring(_object(line).get("ring"), escrow, bundle.account_id)
    elif line.startswith(b'{"row":'):
        entry = bundle.rows.read(_object(line).get("row"))
        return [] if entry is None else _entries(json.dumps({"entries": [entry]}).encode(), most)
    else:
        return _entries(line, most)
    return []


def _unseal(enclosed: Enclosed, rows: PhoneRows) -> None:
    """The bytes of a file in place of their box; of one that does not open, the box, which has another hash."""
    with suppress(InvalidTag):
        enclosed.path.write_bytes(rows.unsealed("bytes", enclosed.sha256, enclosed.path.read_bytes()))


def _entries(line: bytes, most: int) -> list[Entry]:
    try:
        return read_entries(line, most)
    except Problem as problem:
        raise Problem("too_large" if problem.code == "too_large" else "bundle_unreadable") from None


def _enclosed(said: Any, path: Path) -> tuple[Enclosed, int]:
    length = said.get("size") if isinstance(said, dict) else None
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        raise Problem("bundle_unreadable")
    names = (_text(said, "sha256", 64), _text(said, "type", 200), _text(said, "commune_id", 16))
    return Enclosed(*names, path), length


def _copy(inside: IO[bytes], path: Path, length: int) -> None:
    with path.open("wb") as file:
        while length:
            part = inside.read(min(length, CHUNK))
            if not part:
                raise Problem("bundle_unreadable")
            file.write(part)
            length -= len(part)


def _object(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        said = None
    if not line.endswith(b"\n") or not isinstance(said, dict):
        raise Problem("bundle_unreadable")
    return said


def _text(said: dict[str, Any], key: str, length: int) -> str:
    """A text that a column or an answer may hold; "" for what is none."""
    value = said.get(key)
    return value[:length] if isinstance(value, str) and value.isascii() and value.isprintable() else ""
