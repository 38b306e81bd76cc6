"""A data file as SPSS's .sav, written while its rows are read.

The format: "System File Format" of PSPP's developers' guide; its names of records stand beside what they rule. Cases
are compressed by bytecode, so that a column with one long text costs everybody else a byte in eight. Numbers are
little-endian doubles; a text takes slots of the same eight bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from survey.exports.columns import Holds
from survey.exports.files import DataFile
from survey.exports.measured import Measured, Stored, batches, cut, in_bytes, label_sets, measured

LONGEST_TEXT = 32_767  # bytes; a longer one is cut, and the file's document says so
_SEGMENT, _OF_SEGMENT = 255, 252  # "Very Long String Record": bytes that a segment takes, and by how many it is counted
_LONGEST_LABEL, _LONGEST_CODE_LABEL = 255, 120  # bytes
_MISSING = -1.7976931348623157e308  # SYSMIS
_HIGHEST, _LOWEST = 1.7976931348623157e308, -1.7976931348623155e308
_BIAS = 100
_DAY_0, _MOMENT_0 = date(1582, 10, 14), datetime(1582, 10, 14, tzinfo=UTC)
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_A, _F, _DATETIME, _EDATE = 1, 5, 22, 38  # print formats; EDATE: dd.mm.yyyy
_NOMINAL, _SCALE = 1, 3  # measurement levels
_CHUNK = 64 * 1024
# "Data Record": the codes of the compression.
_PADDING, _LITERAL, _SPACES, _NONE = 0, 253, 254, 255
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_Element = tuple[int, bytes]  # a code of the compression, and the eight bytes that follow a _LITERAL


def written(file: DataFile, language: str, title: str, at: datetime) -> Iterator[bytes]:
    """The file in pieces. `language`: of the labels; `title`: of the file; `at`: when it is written."""
    found = measured(file)
    columns = _placed(found.columns)
    case_size = sum(column.slots for column in columns)
    yield b"".join((
        _header(found.rows, case_size, title, at),
        *(_variable(column, language) for column in columns),
        *_value_labels(columns, language),
        _document(columns),
        *_extensions(columns, found.rows),
        struct.pack("<ll", 999, 0),  # "Dictionary Termination Record"
    ))  # fmt: skip
    yield from _compressed(_elements(file, found, columns))


class _Column:
    """How one column stands in the file: its short name, its first slot of eight bytes, its segments."""

    def __init__(self, stored: Stored, place: int, slot: int) -> None:
        self.stored, self.slot, self.read = stored, slot, stored.reader()
        self.key = f"V{_base36(place, 4)}"
        self.is_text = stored.holds is Holds.TEXT
        self.width = min(max(stored.width, 1), LONGEST_TEXT) if self.is_text else 0
        self.widths = _segments(self.width) if self.is_text else [0]
        self.slots = sum(max(-(-width // 8), 1) for width in self.widths)

    @property
    def format(self) -> int:
        """Print format: type, width and digits behind the point in a byte each."""
        match self.stored.holds:
            case Holds.TEXT:
                return _A << 16 | self.widths[0] << 8
            case Holds.DATE:
                return _EDATE << 16 | 10 << 8
            case Holds.MOMENT:
                return _DATETIME << 16 | 20 << 8
            case _:
                return _F << 16 | (8 << 8 if self.stored.whole else 12 << 8 | 2)

    def elements(self, cell: Any) -> Iterable[_Element]:
        value = self.read(cell)
        if self.is_text:
            return self._of_text(value)
        if value is None:
            return ((_NONE, b""),)
        if isinstance(value, datetime):
            value = (value - _MOMENT_0).total_seconds()
        elif isinstance(value, date):
            value = (value - _DAY_0).days * 86_400
        if -_BIAS < value <= 251 - _BIAS and value == int(value):
            return ((int(value) + _BIAS, b""),)
        return ((_LITERAL, struct.pack("<d", value)),)

    def _of_text(self, text: bytes) -> list[_Element]:
        if not text:
            return [(_SPACES, b"")] * self.slots
        text, found = cut(text, self.width), []
        for place, width in enumerate(self.widths):
            part = text[place * _SEGMENT : (place + 1) * _SEGMENT]
            slots = max(-(-width // 8), 1)
            used = -(-len(part) // 8)
            padded = part.ljust(used * 8)
            found += [_of_eight(padded[at : at + 8]) for at in range(0, used * 8, 8)]
            found += [(_SPACES, b"")] * (slots - used)
        return found


def _of_eight(part: bytes) -> _Element:
    return (_SPACES, b"") if part == b"        " else (_LITERAL, part)


def _base36(number: int, digits: int) -> str:
    found = ""
    for _ in range(digits):
        number, last = divmod(number, 36)
        found = _DIGITS[last] + found
    return found


def _segments(width: int) -> list[int]:
    """The "Very Long String Record": a text of more than 255 bytes is several variables, each full of 255 of its bytes
    but declared so that each counts for 252."""
    if width <= _SEGMENT:
        return [width]
    count = -(-width // _OF_SEGMENT)
    return [_SEGMENT] * (count - 1) + [width - (count - 1) * _OF_SEGMENT]


def _placed(stored: Iterable[Stored]) -> list[_Column]:
    columns: list[_Column] = []
    for place, one in enumerate(stored):
        slot = columns[-1].slot + columns[-1].slots if columns else 0
        columns.append(_Column(one, place, slot))
    return columns


def _header(rows: int, case_size: int, title: str, at: datetime) -> bytes:
    """The "File Header Record"."""
    day, time = f"{at.day:02} {_MONTHS[at.month - 1]} {at.year % 100:02}", f"{at.hour:02}:{at.minute:02}:{at.second:02}"
    product, label = b"@(#) SPSS DATA FILE - So Ho".ljust(60), cut(in_bytes(title), 64).ljust(64)
    head = (b"$FL2", product, 2, case_size, 1, 0, rows, _BIAS, day.encode(), time.encode(), label)
    return struct.pack("<4s60sllllld9s8s64s3x", *head)


def _variable(column: _Column, language: str) -> bytes:
    """The "Variable Record": of the column, of each segment that follows, and a blank one for each further slot."""
    label = cut(in_bytes(column.stored.column.short_label(language)), _LONGEST_LABEL)
    parts = []
    for place, width in enumerate(column.widths):
        shown = column.format if place == 0 else _A << 16 | width << 8
        name = column.key if place == 0 else f"{column.key}{_base36(place, 3)}"
        has_label = place == 0 and label != b""
        parts.append(struct.pack("<llllll8s", 2, width, has_label, 0, shown, shown, name.encode().ljust(8)))
        if has_label:
            parts.append(struct.pack("<l", len(label)) + label.ljust(-(-len(label) // 4) * 4))
        blank = struct.pack("<llllll8s", 2, -1, 0, 0, 0x011D01, 0x011D01, b" " * 8)
        parts.append(blank * (max(-(-width // 8), 1) - 1))
    return b"".join(parts)


def _value_labels(columns: Sequence[_Column], language: str) -> Iterator[bytes]:
    """The "Value Labels Records": a set of labels, then which variables it is of, by their first slot."""
    for codes, places in label_sets([column.stored for column in columns]):
        slots = [columns[place].slot + 1 for place in places]
        yield struct.pack("<ll", 3, len(codes))
        for code in codes:
            label = cut(in_bytes(code.words(language)), _LONGEST_CODE_LABEL)
            yield struct.pack("<dB", code.number, len(label)) + label.ljust(-(-(len(label) + 1) // 8) * 8 - 1)
        yield struct.pack(f"<ll{len(slots)}l", 4, len(slots), *slots)


def _document(columns: Sequence[_Column]) -> bytes:
    """The "Document Record", lines of 80 bytes: which texts are cut, and which column a short name stands for."""
    said = [
        f"{column.stored.column.short_name}: a text is cut at {LONGEST_TEXT} bytes; the CSV has it whole"
        for column in columns if column.stored.width > LONGEST_TEXT
    ]  # fmt: skip
    for column in columns:
        described = column.stored.column
        if described.name != described.short_name:
            said.append(f"{described.short_name}: {described.name}")
    lines = [cut(line.encode("utf-8", "replace"), 80).ljust(80) for line in said]
    return struct.pack("<ll", 6, len(lines)) + b"".join(lines) if lines else b""


def _extensions(columns: Sequence[_Column], rows: int) -> Iterator[bytes]:
    """The informational records that SPSS writes, by their numbers."""
    # "Machine Integer Info Record": version, machine, IEEE 754, compression, little-endian, UTF-8
    yield _extension(3, 4, struct.pack("<8l", 20, 0, 0, -1, 1, 1, 2, 65001))
    yield _extension(4, 8, struct.pack("<3d", _MISSING, _HIGHEST, _LOWEST))
    shown = bytearray()
    for column in columns:
        level = _SCALE if column.stored.holds in (Holds.NUMBER, Holds.DATE, Holds.MOMENT) else _NOMINAL
        for _ in column.widths:  # "Variable Display Parameter Record": level, width in letters, alignment
            shown += struct.pack("<3l", level, min(max(column.width, 8), 40), 0 if column.is_text else 1)
    yield _extension(11, 4, bytes(shown))
    names = "\t".join(f"{column.key}={column.stored.column.short_name}" for column in columns)
    yield _extension(13, 1, names.encode())
    long = "".join(f"{column.key}={column.width}\x00\t" for column in columns if len(column.widths) > 1)
    if long:
        yield _extension(14, 1, long.encode())
    yield _extension(16, 8, struct.pack("<QQ", 1, rows))
    yield _extension(20, 1, b"UTF-8")


def _extension(number: int, size: int, content: bytes) -> bytes:
    return struct.pack("<llll", 7, number, size, len(content) // size) + content


def _elements(file: DataFile, found: Measured, columns: Sequence[_Column]) -> Iterator[_Element]:
    """The cases, slot after slot. A row that was not there when they were counted would make the file unreadable."""
    number = 0
    for batch in batches(file.rows()):
        for cells in batch:
            number += 1
            for column, cell in zip(columns, cells, strict=True):
                yield from column.elements(cell)
    if number != found.rows:
        raise RuntimeError("the rows changed while they were written")


def _compressed(elements: Iterable[_Element]) -> Iterator[bytes]:
    """The "Data Record": eight codes, then what the _LITERALs among them stand for; the last ones are padded."""
    codes, literals, written = bytearray(), bytearray(), bytearray()
    for code, literal in elements:
        codes.append(code)
        literals += literal
        if len(codes) == 8:
            written += codes + literals
            codes.clear()
            literals.clear()
            if len(written) >= _CHUNK:
                yield bytes(written)
                written.clear()
    if codes:
        written += bytes(codes).ljust(8, bytes([_PADDING])) + literals
    yield bytes(written)
