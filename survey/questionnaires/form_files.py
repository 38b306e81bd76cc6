"""What may come with a questionnaire: tables, maps, pictures, sounds; judged by name, size and first bytes.

A name is a bare file name: what a workbook writes in a cell. Nothing is ever written to a path made of it.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from survey.terms import SourceKind
from survey.workbook_bounds import TooMuch, unpacked

SOURCE_LIMIT = 4 * 1024 * 1024
FILE_LIMIT = 8 * 1024 * 1024
ALL_LIMIT = 30 * 1024 * 1024
MOST_FILES = 60
UNPACKED_LIMIT = 30 * 1024 * 1024  # of an .xlsx, which is a zip
MOST_ROWS = 10_000  # of a workbook, all sheets together: ours has 700; a long list belongs into an attached CSV
LONGEST_TABLE = 50_000  # rows of a CSV: a phone holds the whole table in memory
_ROW = re.compile(rb"<(?:\w+:)?row\b")
_NAME = re.compile(r"[^\W_][\w .()+\-]{0,98}\Z")


class GivenFile(NamedTuple):
    name: str
    content: bytes


class FileRefusal(NamedTuple):
    """Why a file is not taken: a code (its sentence stands in web/questionnaire_words.py) and what it speaks of."""

    code: str
    values: dict[str, Any]


class Refused(ValueError):
    """Files that cannot be kept, each with its reason; nothing was."""

    def __init__(self, refusals: Sequence[FileRefusal]) -> None:
        super().__init__("; ".join(f"{one.code} {one.values}" for one in refusals))
        self.refusals = list(refusals)


def _starts(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(beginnings)


def _at(offset: int, *marks: bytes) -> Callable[[bytes], bool]:
    return lambda content: content[offset : offset + 16].startswith(marks)


def _is_text(content: bytes) -> bool:
    try:
        return "\x00" not in content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False


# Ending: (media type, whether these bytes can be that).
KINDS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    "csv": ("text/csv", _is_text),
    "geojson": ("application/geo+json", _is_text),
    "xml": ("text/xml", _is_text),
    "jpg": ("image/jpeg", _starts(b"\xff\xd8\xff")),
    "jpeg": ("image/jpeg", _starts(b"\xff\xd8\xff")),
    "png": ("image/png", _starts(b"\x89PNG\r\n\x1a\n")),
    "gif": ("image/gif", _starts(b"GIF87a", b"GIF89a")),
    "webp": ("image/webp", lambda content: content.startswith(b"RIFF") and content[8:12] == b"WEBP"),
    "mp3": ("audio/mpeg", _starts(b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
    "wav": ("audio/wav", lambda content: content.startswith(b"RIFF") and content[8:12] == b"WAVE"),
    "ogg": ("audio/ogg", _starts(b"OggS")),
    "oga": ("audio/ogg", _starts(b"OggS")),
    "m4a": ("audio/mp4", _at(4, b"ftyp")),
    "mp4": ("video/mp4", _at(4, b"ftyp")),
    "3gp": ("video/3gpp", _at(4, b"ftyp")),
    "webm": ("video/webm", _starts(b"\x1aE\xdf\xa3")),
}


def ending(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def media_type(name: str) -> str:
    """By its ending; the name has been judged."""
    return KINDS[ending(name)][0]


def check_files(files: Sequence[GivenFile], already: Sequence[str] = ()) -> dict[str, bytes]:
    """The files by name. `already`: names that are attached and stay. Raises `Refused` with every reason."""
    refusals = []
    names = Counter(file.name.casefold() for file in files)
    for file in files:
        shown = {"name": file.name[:100]}
        if not _NAME.match(file.name) or file.name.endswith((" ", ".")) or ".." in file.name:
            refusals.append(FileRefusal("name", shown))
        elif names[file.name.casefold()] > 1:
            refusals.append(FileRefusal("twice", shown))
        elif ending(file.name) not in KINDS:
            refusals.append(FileRefusal("kind", shown | {"known": ", ".join(f".{one}" for one in KINDS)}))
        elif not file.content:
            refusals.append(FileRefusal("empty", shown))
        elif len(file.content) > FILE_LIMIT:
            refusals.append(FileRefusal("too_large", shown | {"limit": FILE_LIMIT // 1024 // 1024}))
        elif not KINDS[ending(file.name)][1](file.content):
            refusals.append(FileRefusal("not_that", shown | {"ending": f".{ending(file.name)}"}))
        elif ending(file.name) == "csv" and _lines(file.content) > LONGEST_TABLE:
            refusals.append(FileRefusal("long_table", shown | {"limit": LONGEST_TABLE}))
    if len({*already, *(file.name for file in files)}) > MOST_FILES:
        refusals = [FileRefusal("too_many", {"limit": MOST_FILES})]
    elif sum(len(file.content) for file in files) > ALL_LIMIT:
        refusals.append(FileRefusal("all_too_large", {"limit": ALL_LIMIT // 1024 // 1024}))
    if refusals:
        raise Refused(list({(one.code, str(one.values)): one for one in refusals}.values()))
    return {file.name: file.content for file in files}


def check_source(source: GivenFile) -> SourceKind:
    """The kind of a workbook. Raises `Refused` when it is none that could be read."""
    kind = {"xlsx": SourceKind.XLSX, "csv": SourceKind.CSV, "md": SourceKind.MARKDOWN}.get(ending(source.name))
    shown = {"name": source.name[:100]}
    if kind is None:
        raise Refused([FileRefusal("source_kind", shown)])
    if len(source.name) > 100 or not source.name.isprintable():
        raise Refused([FileRefusal("name", shown)])
    if not source.content:
        raise Refused([FileRefusal("empty", shown)])
    if len(source.content) > SOURCE_LIMIT:
        raise Refused([FileRefusal("too_large", shown | {"limit": SOURCE_LIMIT // 1024 // 1024})])
    if kind is SourceKind.XLSX and not _is_workbook(source.content):
        raise Refused([FileRefusal("not_a_workbook", shown)])
    if kind is not SourceKind.XLSX and not _is_text(source.content):
        raise Refused([FileRefusal("not_text", shown)])
    try:
        rows = _rows(source.content, kind)
    except TooMuch:
        raise Refused([FileRefusal("too_many_rows", shown | {"limit": MOST_ROWS})]) from None
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, OSError, EOFError):
        raise Refused([FileRefusal("not_a_workbook", shown)]) from None  # damaged inside, or locked with a password
    if rows > MOST_ROWS:
        raise Refused([FileRefusal("too_many_rows", shown | {"limit": MOST_ROWS})])
    return kind


def _lines(content: bytes) -> int:
    """How many lines a text has at most, whichever of the two characters ends them."""
    return max(content.count(b"\n"), content.count(b"\r"))


def _rows(content: bytes, kind: SourceKind) -> int:
    """How many rows a workbook has at most, counted without reading it as one."""
    if kind is not SourceKind.XLSX:
        return _lines(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [part for part in archive.infolist() if part.filename.startswith("xl/worksheets/")]
        count = 0
        for part in sheets:
            rest = b""
            for chunk in unpacked(archive, part):
                seen = rest + chunk
                end = seen.rfind(b"<")  # a tag may go on in the next one
                end = end if end >= len(seen) - 80 else len(seen)
                for _ in _ROW.finditer(seen, 0, end):
                    count += 1
                    if count > MOST_ROWS:
                        return count
                rest = seen[end:]
        return count


def _is_workbook(content: bytes) -> bool:
    """A zip that holds a workbook and does not unpack to something huge."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        return False
    small = len(parts) <= 2000 and sum(part.file_size for part in parts) <= UNPACKED_LIMIT
    return small and any(part.filename == "xl/workbook.xml" for part in parts)
