"""A data file as Parquet (Apache Parquet 2, read by pandas, R's arrow, DuckDB, Spark), written while its rows are read.

The library for it, pyarrow, is 50 MB to download, 170 MB on the disk and 54 MB in the memory of each process; what a
flat table needs of the format is small: OPTIONAL columns, plain values, one page a column and row group, gzip, and a
footer in Thrift's compact protocol (`parquet.thrift`; its names of structures stand beside what writes them). Codes
stay texts; their words are in the footer as a Table Schema. pyarrow reads it back in the tests.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from survey.exports.columns import Holds
from survey.exports.datapackage import field, is_whole
from survey.exports.files import DataFile
from survey.exports.measured import Stored, batches, in_bytes, measured

_MAGIC = b"PAR1"
_GROUP_ROWS, _GROUP_BYTES = 5_000, 16_000_000  # a row group is held in memory
_BOOLEAN, _INT32, _INT64, _DOUBLE, _BYTE_ARRAY = 0, 1, 2, 5, 6  # Type
_UTF8, _DATE, _TIMESTAMP_MILLIS = 0, 6, 9  # ConvertedType
_OPTIONAL, _PLAIN, _RLE, _GZIP, _DATA_PAGE = 1, 0, 3, 2, 0
_DAY_0, _MOMENT_0 = date(1970, 1, 1), datetime(1970, 1, 1, tzinfo=UTC)
_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12  # types of Thrift's compact protocol


def written(file: DataFile, language: str) -> Iterator[bytes]:
    """The file in pieces. `language`: of the words of its columns."""
    found = measured(file)
    columns = [_Column(stored) for stored in found.columns]
    yield _MAGIC
    at, groups, rows, pending = len(_MAGIC), [], 0, 0
    for batch in batches(file.rows()):
        for column, cells in zip(columns, zip(*batch, strict=True), strict=True):
            column.take(cells)
        pending += len(batch)
        if pending >= _GROUP_ROWS or sum(column.size for column in columns) >= _GROUP_BYTES:
            pieces, group = _row_group(columns, pending, at)
            yield pieces
            groups.append(group)
            at, rows, pending = at + len(pieces), rows + pending, 0
    if pending:
        pieces, group = _row_group(columns, pending, at)
        yield pieces
        groups.append(group)
        rows += pending
    if rows != found.rows:
        raise RuntimeError("the rows changed while they were written")
    footer = _file_metadata(columns, rows, groups, language)
    yield footer + struct.pack("<L", len(footer)) + _MAGIC


class _Column:
    """How one column stands in the file, and what is collected of it for the row group: whether each cell has a value,
    and the values that there are."""

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self.type, self.converted, self._encoded = _encoding(stored)
        self.read: Callable[[Any], Any] = in_bytes if self.type == _BYTE_ARRAY else stored.reader()
        self.present, self.values, self._flags = bytearray(), bytearray(), bytearray()  # of the first and last 0 and 1

    @property
    def size(self) -> int:
        """Bytes that are held."""
        return len(self.present) + len(self.values) + len(self._flags)

    def take(self, cells: Iterable[Any]) -> None:
        for cell in cells:
            value = self.read(cell)
            is_there = value is not None and value != b""
            self.present.append(is_there)
            if not is_there:
                continue
            if self.type == _BOOLEAN:
                self._flags.append(bool(value))
            else:
                self.values += self._encoded(value)

    def page(self) -> bytes:
        """What a data page holds: the definition levels, each a bit, then the values; and a fresh start."""
        levels = _bits(self.present)
        levels = _varint(-(-len(self.present) // 8) << 1 | 1) + levels
        values = _bits(self._flags) if self.type == _BOOLEAN else bytes(self.values)
        self.present, self.values, self._flags = bytearray(), bytearray(), bytearray()
        return struct.pack("<L", len(levels)) + levels + values


def _encoding(stored: Stored) -> tuple[int, int | None, Callable[[Any], bytes]]:
    """Type, converted type, and the plain encoding of a value."""
    match stored.holds:
        case Holds.FLAG:
            return _BOOLEAN, None, bytes
        case Holds.DATE:
            return _INT32, _DATE, lambda day: struct.pack("<l", (day - _DAY_0).days)
        case Holds.MOMENT:
            return (
                _INT64,
                _TIMESTAMP_MILLIS,
                lambda at: struct.pack("<q", round((at - _MOMENT_0).total_seconds() * 1000)),
            )
        case Holds.NUMBER if is_whole(stored):
            return _INT64, None, lambda number: struct.pack("<q", int(number))
        case Holds.NUMBER:
            return _DOUBLE, None, lambda number: struct.pack("<d", number)
        case _:
            return _BYTE_ARRAY, _UTF8, lambda text: struct.pack("<L", len(text)) + text


def _bits(flags: Sequence[int]) -> bytes:
    """Eight to a byte, the first the lowest."""
    number = int("".join("1" if flag else "0" for flag in reversed(flags)) or "0", 2)
    return number.to_bytes(-(-len(flags) // 8), "little")


def _row_group(columns: Sequence[_Column], rows: int, at: int) -> tuple[bytes, bytes]:
    """The bytes of a row group that begins at `at`, and its RowGroup for the footer."""
    pieces, chunks, plain_size = [], [], 0
    for column in columns:
        page = column.page()
        squeezer = zlib.compressobj(wbits=31)
        squeezed = squeezer.compress(page) + squeezer.flush()
        head = _struct(  # PageHeader
            (1, _I32, _DATA_PAGE), (2, _I32, len(page)), (3, _I32, len(squeezed)),
            (5, _STRUCT, _struct((1, _I32, rows), (2, _I32, _PLAIN), (3, _I32, _RLE), (4, _I32, _RLE))),
        )  # fmt: skip
        name = in_bytes(column.stored.column.name)
        metadata = _struct(  # ColumnMetaData
            (1, _I32, column.type), (2, _LIST, (_I32, [_PLAIN, _RLE])), (3, _LIST, (_BINARY, [name])), (4, _I32, _GZIP),
            (5, _I64, rows), (6, _I64, len(head) + len(page)), (7, _I64, len(head) + len(squeezed)), (9, _I64, at),
        )  # fmt: skip
        chunks.append(_struct((2, _I64, at), (3, _STRUCT, metadata)))  # ColumnChunk
        pieces += [head, squeezed]
        at += len(head) + len(squeezed)
        plain_size += len(head) + len(page)
    group = _struct((1, _LIST, (_STRUCT, chunks)), (2, _I64, plain_size), (3, _I64, rows))
    return b"".join(pieces), group


def _file_metadata(columns: Sequence[_Column], rows: int, groups: Sequence[bytes], language: str) -> bytes:
    """FileMetaData."""
    schema = [_struct((4, _BINARY, b"schema"), (5, _I32, len(columns)))]  # SchemaElement
    for column in columns:
        name = in_bytes(column.stored.column.name)
        converted = [] if column.converted is None else [(6, _I32, column.converted)]
        schema.append(_struct((1, _I32, column.type), (3, _I32, _OPTIONAL), (4, _BINARY, name), *converted))
    said = json.dumps({"fields": [field(column.stored, language) for column in columns]}, ensure_ascii=False)
    words = _struct((1, _BINARY, b"tableschema"), (2, _BINARY, in_bytes(said)))  # KeyValue
    return _struct(
        (1, _I32, 1), (2, _LIST, (_STRUCT, schema)), (3, _I64, rows), (4, _LIST, (_STRUCT, groups)),
        (5, _LIST, (_STRUCT, [words])), (6, _BINARY, b"So Ho"),
    )  # fmt: skip


def _struct(*fields: tuple[int, int, Any]) -> bytes:
    """A structure of Thrift's compact protocol from (number, type, value), the numbers rising; a structure within is
    handed in as its bytes, a list as (type, values)."""
    found, before = bytearray(), 0
    for number, type, value in fields:
        assert 0 < number - before < 16
        found.append((number - before) << 4 | type)
        found += _value(type, value)
        before = number
    return bytes(found) + b"\x00"


def _value(type: int, value: Any) -> bytes:
    match type:
        case 5 | 6:
            return _varint(value << 1 if value >= 0 else (-value << 1) - 1)
        case 8:
            return _varint(len(value)) + value
        case 9:
            of_type, values = value
            head = (
                bytes([len(values) << 4 | of_type])
                if len(values) < 15
                else bytes([0xF0 | of_type]) + _varint(len(values))
            )
            return head + b"".join(_value(of_type, one) for one in values)
        case _:
            return bytes(value)


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
