"""Rows as the bytes of a CSV that Excel opens rightly: UTF-8 with a byte order mark, CRLF, no cell that is a formula;
and, for programs, of one that holds the cells as they are (`raw`).

Excel in Vietnamese splits at the semicolon and writes 12,5: `Style.SEMICOLON` is for opening by a double click there,
`Style.COMMA` (RFC 4180) for every program.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any

Cell = str | int | float | bool | None
BOM = b"\xef\xbb\xbf"
# What a spreadsheet may take for a formula (OWASP, "CSV injection"), the full-width signs included.
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_CHUNK = 64 * 1024


class Style(StrEnum):
    COMMA = "comma"
    SEMICOLON = "semicolon"


def as_text(cell: Cell, style: Style = Style.COMMA) -> str:
    """`cell` as it is written: a whole number without .0, a text that looks like a formula with ' before it."""
    text = as_it_is(cell, style)
    risky = isinstance(cell, str) and text.startswith(_RISKY) and not _NUMBER.fullmatch(text)
    return f"'{text}" if risky else text


def as_it_is(cell: Cell, style: Style = Style.COMMA) -> str:
    """`cell` as text, nothing put before it."""
    if cell is None:
        return ""
    if isinstance(cell, bool | int):
        return str(int(cell))
    if isinstance(cell, float):
        written = str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        return written.replace(".", ",") if style is Style.SEMICOLON else written
    return cell.replace("\x00", "")


class _Pen(io.RawIOBase):
    """A file to write to whose ink is taken away as it comes."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def write(self, data: Any) -> int:
        self.parts.append(bytes(data))
        self.size += len(data)
        return len(data)

    def take(self) -> bytes:
        taken, self.parts, self.size = b"".join(self.parts), [], 0
        return taken


class _Line:
    def write(self, line: str) -> str:
        return line


def written(header: Sequence[str], rows: Iterable[Sequence[Cell]], style: Style = Style.COMMA) -> Iterator[bytes]:
    """The file in pieces of about 64 kB; only one piece is in memory at a time."""
    yield BOM
    delimiter = ";" if style is Style.SEMICOLON else ","
    yield from _pieces(delimiter, header, ([as_text(cell, style) for cell in row] for row in rows))


def _pieces(delimiter: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    writer = csv.writer(_Line(), lineterminator="\r\n", delimiter=delimiter)
    pen = _Pen()
    pen.write(writer.writerow(header).encode("utf-8"))
    for row in rows:
        # A lone surrogate may have come from a phone; it has no UTF-8.
        pen.write(writer.writerow(row).encode("utf-8", "replace"))
        if pen.size >= _CHUNK:
            yield pen.take()
    yield pen.take()


def raw(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The same for programs (RFC 4180): no byte order mark, and the cells as they are."""
    return _pieces(",", header, ([as_it_is(cell) for cell in row] for row in rows))


def zipped(files: Iterable[tuple[str, Iterable[bytes]]], zip64: bool = True) -> Iterator[bytes]:
    """A zip of `files` (name, pieces), made while it is read. Without `zip64` each must be smaller than 2 GB."""
    pen = _Pen()
    with zipfile.ZipFile(pen, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, pieces in files:
            with archive.open(name, "w", force_zip64=zip64) as member:
                for piece in pieces:
                    member.write(piece)
                    if pen.size >= _CHUNK:
                        yield pen.take()
    yield pen.take()
