"""A data file as Stata's .dta, format 118 (Stata 14 and later), written while its rows are read.

The format: `help dta` (file format .dta 118), whose section numbers stand beside what they rule. Its map names the
place of every part, so all lengths are known before the first byte; texts longer than `_LONGEST_STR` stand behind the
data, for which the rows are read once more. Numbers are little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from survey.exports.columns import LONGEST_LABEL, Codes, Holds
from survey.exports.files import DataFile
from survey.exports.measured import Measured, Stored, batches, cut, in_bytes, label_sets, measured

# 5.3: a str# may have 2,045 bytes and takes them in each row; beyond what Stata's older commands took it is a strL.
_LONGEST_STR = 244
_STRL, _DOUBLE, _LONG, _INT, _BYTE = 32768, 65526, 65528, 65529, 65530
_NO_DOUBLE = 2.0**1023  # 4: the missing value "."
# 4: type, format of struct, least and greatest value that is not a missing one, the missing value ".", display format.
_WHOLE = (
    (_BYTE, "b", -127, 100, 101, "%8.0g"),
    (_INT, "h", -32767, 32740, 32741, "%8.0g"),
    (_LONG, "l", -2147483647, 2147483620, 2147483621, "%12.0g"),
)
_DAY_0, _MOMENT_0 = date(1960, 1, 1), datetime(1960, 1, 1, tzinfo=UTC)
_NAME, _FORMAT, _LABEL = 129, 57, 321  # bytes of a name, a format, a label with its closing zero
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_CHUNK = 64 * 1024
_Value = Callable[[Any], Any]


def written(file: DataFile, language: str, title: str, at: datetime) -> Iterator[bytes]:
    """The file in pieces. `language`: of the labels; `title`: of the data set; `at`: when it is written."""
    found = measured(file)
    columns = [_Column(stored, place) for place, stored in enumerate(found.columns, start=1)]
    parts = _before_data(columns, found.rows, language, title, at)
    labels = _tagged("value_labels", b"".join(_value_labels(columns, language)))
    row = struct.Struct("<" + "".join(column.struct for column in columns))
    strls = sum(column.strl_bytes for column in columns)
    lengths = [len(part) for part in parts]
    lengths += [found.rows * row.size + len("<data></data>"), strls + len("<strls></strls>"), len(labels)]
    yield b"".join(_with_map(parts, lengths))
    yield b"<data>"
    yield from _data(file, found, columns, row)
    yield b"</data><strls>"
    if strls:
        yield from _strls(file, columns)
    yield b"</strls>" + labels + b"</stata_dta>"


class _Column:
    """How one column stands in the file. 5.3, 5.6, 4."""

    def __init__(self, stored: Stored, place: int) -> None:
        self.stored, self.place, self.name = stored, place, stored.column.short_name
        self.read, self.is_strl = stored.reader(), False
        self.missing: float = _NO_DOUBLE
        self.of_number: Callable[[float], float] = float
        match stored.holds:
            case Holds.TEXT if stored.width > _LONGEST_STR:
                self.type, self.struct, self.format, self.is_strl = _STRL, "HHL", "%9s", True
            case Holds.TEXT:
                self.type = max(stored.width, 1)
                self.struct, self.format = f"{self.type}s", f"%-{self.type}s"
            case Holds.DATE:
                self._whole(-200_000, 200_000)
                self.format = "%td"
                self.value: _Value = lambda day: self.missing if day is None else (day - _DAY_0).days
            case Holds.MOMENT:
                self.type, self.struct, self.format = _DOUBLE, "d", "%tc"
                self.value = lambda moment: (
                    _NO_DOUBLE if moment is None else (moment - _MOMENT_0).total_seconds() * 1000
                )
            case _:
                self._whole(stored.low, stored.high) if stored.whole else self._double()
                self.value = lambda number: self.missing if number is None else self.of_number(number)

    def _whole(self, low: float, high: float) -> None:
        for type, code, least, greatest, missing, shown in _WHOLE:
            if least <= low and high <= greatest:
                self.type, self.struct, self.missing, self.format, self.of_number = type, code, missing, shown, int
                return
        self._double()

    def _double(self) -> None:
        self.type, self.struct, self.missing, self.format, self.of_number = _DOUBLE, "d", _NO_DOUBLE, "%10.0g", float

    @property
    def strl_bytes(self) -> int:
        """5.11.2: what its GSOs take: a head of 20 bytes and a closing zero each."""
        return self.stored.total + self.stored.texts * 21 if self.is_strl else 0


def _tagged(tag: str, content: bytes) -> bytes:
    return f"<{tag}>".encode() + content + f"</{tag}>".encode()


def _filled(text: str, size: int, most: int) -> bytes:
    """`text` and zeros; `most` characters and what is left of `size`."""
    return cut(in_bytes(text[:most]), size - 1).ljust(size, b"\x00")


def _before_data(
    columns: Sequence[_Column], rows: int, language: str, title: str, at: datetime
) -> list[bytes]:  # fmt: skip
    """The parts between the map and the data; the first stands before the map. 5.1, 5.3-5.9."""
    label = in_bytes(title[:LONGEST_LABEL])
    stamp = f"{at.day:02} {_MONTHS[at.month - 1]} {at.year} {at.hour:02}:{at.minute:02}".encode()
    header = b"".join((
        b"<release>118</release><byteorder>LSF</byteorder>",
        _tagged("K", struct.pack("<H", len(columns))),
        _tagged("N", struct.pack("<Q", rows)),
        _tagged("label", struct.pack("<H", len(label)) + label),
        _tagged("timestamp", bytes([len(stamp)]) + stamp),
    ))  # fmt: skip
    sets = [""] * len(columns)  # 5.7
    for _codes, places in label_sets([column.stored for column in columns]):
        for place in places:
            sets[place] = columns[places[0]].name
    return [
        b"<stata_dta>" + _tagged("header", header),
        _tagged("variable_types", b"".join(struct.pack("<H", column.type) for column in columns)),
        _tagged("varnames", b"".join(_filled(column.name, _NAME, 32) for column in columns)),
        _tagged("sortlist", bytes(2 * (len(columns) + 1))),
        _tagged("formats", b"".join(_filled(column.format, _FORMAT, 56) for column in columns)),
        _tagged("value_label_names", b"".join(_filled(name, _NAME, 32) for name in sets)),
        _tagged(
            "variable_labels",
            b"".join(_filled(column.stored.column.short_label(language), _LABEL, LONGEST_LABEL) for column in columns),
        ),
        _tagged("characteristics", b"".join(_characteristics(columns, language))),
    ]


def _characteristics(columns: Sequence[_Column], language: str) -> Iterator[bytes]:
    """Names and labels that were too long for Stata, whole: `char list`. 5.9."""
    for column in columns:
        described = column.stored.column
        whole = {"name": described.name, "label": described.words(language)}
        short = {"name": column.name, "label": described.short_label(language)}
        for key, text in whole.items():
            if text != short[key]:
                content = in_bytes(text) + b"\x00"
                body = _filled(column.name, _NAME, 32) + _filled(key, _NAME, 32) + content
                yield _tagged("ch", struct.pack("<L", len(body)) + body)


def _with_map(parts: Sequence[bytes], lengths: Sequence[int]) -> Iterator[bytes]:
    """5.2: where each of the 14 parts begins, the file itself and its end among them."""
    size = len("<map></map>") + 14 * 8
    places = [0, lengths[0]]
    at = lengths[0] + size
    for length in lengths[1:]:
        places.append(at)
        at += length
    places += [at, at + len("</stata_dta>")]
    yield parts[0]
    yield _tagged("map", struct.pack("<14Q", *places))
    yield from parts[1:]


def _data(file: DataFile, found: Measured, columns: Sequence[_Column], row: struct.Struct) -> Iterator[bytes]:
    """5.10. A row that was not there when they were counted would make the whole file unreadable."""
    number, pieces = 0, []
    for batch in batches(file.rows()):
        for cells in batch:
            number += 1
            values: list[Any] = []
            for column, cell in zip(columns, cells, strict=True):
                value = column.read(cell)
                if column.is_strl:  # 5.11.1: which text it is, the variable's number in two bytes and the row's in six
                    values += [column.place, number & 0xFFFF, number >> 16] if value else [0, 0, 0]
                elif column.stored.holds is Holds.TEXT:
                    values.append(value)
                else:
                    values.append(column.value(value))
            pieces.append(row.pack(*values))
        if len(pieces) * row.size >= _CHUNK:
            yield b"".join(pieces)
            pieces = []
    if number != found.rows:
        raise RuntimeError("the rows changed while they were written")
    yield b"".join(pieces)


def _strls(file: DataFile, columns: Sequence[_Column]) -> Iterator[bytes]:
    """5.11.2: the long texts, by row and then by variable."""
    long = [(place, column) for place, column in enumerate(columns) if column.is_strl]
    number = 0
    for batch in batches(file.rows()):
        pieces = []
        for cells in batch:
            number += 1
            for place, column in long:
                if text := column.read(cells[place]):
                    pieces.append(
                        b"GSO" + struct.pack("<LQBL", column.place, number, 130, len(text) + 1) + text + b"\x00"
                    )
        yield b"".join(pieces)


def _value_labels(columns: Sequence[_Column], language: str) -> Iterator[bytes]:
    """5.12: the sets of labels, each with the name of the first column that has it."""
    for codes, places in label_sets([column.stored for column in columns]):
        table = _table(codes, language)
        name = _filled(columns[places[0]].name, _NAME, 32)
        yield _tagged("lbl", struct.pack("<L", len(table)) + name + bytes(3) + table)


def _table(codes: Codes, language: str) -> bytes:
    texts = [cut(in_bytes(code.words(language)), 32_000) + b"\x00" for code in codes]
    offsets, size = [], 0
    for text in texts:
        offsets.append(size)
        size += len(text)
    count = len(codes)
    numbers = [code.number for code in codes]
    return struct.pack(f"<LL{count}L{count}l", count, size, *offsets, *numbers) + b"".join(texts)
