"""How much a workbook may hold, counted as it is unpacked and before anything reads it as one. Pure.

What a file says of its own size counts for nothing: parts of the zip are unpacked with a counter, rows and cells are
those that stand there, and a text that a thousand cells share counts a thousand times, for each reader makes it anew
(one text in 18,000 cells: 22 kB on the disk, 6 GB in memory).
"""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.parsers import expat

PART_BYTES = 50 * 1024 * 1024  # of a part, unpacked
MOST_GROWTH = 200  # times what a part was packed in: sheets of one repeated cell reach 100
SMALL = 20_000  # bytes that a part may have whatever it was packed in
MOST_PARTS = 500
_CHUNK = 64 * 1024


class Bounds(NamedTuple):
    """What a kind of workbook may hold at most, all sheets together. `letters`: of all cells, each for itself."""

    rows: int
    cells: int
    columns: int
    letters: int


# A questionnaire: ours has 700 rows of 20 columns and 90,000 letters.
QUESTIONNAIRE = Bounds(60_000, 200_000, 256, 8_000_000)
# A list of a commune: 5,000 households are 22,500 people, a row each of 30 columns and some 300 letters.
LIST = Bounds(60_000, 1_500_000, 256, 24_000_000)
# A points table: 10,000 figures at most, a row each of four columns, and the words beside them.
POINTS = Bounds(10_001, 200_000, 256, 4_000_000)
# An official table: a commune's is 100 rows of 60 columns, the lists of members 20,000 rows of 25.
OFFICIAL = Bounds(60_000, 600_000, 256, 12_000_000)


class TooMuch(ValueError):
    """`args[0]`: rows, cells, columns, letters, part (a part unpacks to too much), parts, entities (of XML,
    which grow); `args[1]`: the limit."""


def refuse_too_much(data: bytes, bounds: Bounds) -> None:
    """Raise `TooMuch` for a workbook (.xlsx, CSV, Markdown) that holds more than `bounds`. What is no such file passes:
    what it is instead its reader tells."""
    if data.startswith(b"PK"):
        _refuse_workbook(data, bounds)
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return
    refuse_text(text, bounds)


def refuse_text(text: str, bounds: Bounds) -> None:
    """The same of a text: lines of Markdown, or CSV."""
    if len(text) > bounds.letters:
        raise TooMuch("letters", bounds.letters)
    count = _Count(bounds)
    for line in text.split("\n"):
        count.row(line.count("|") + 1)
    count = _Count(bounds)
    first = text.partition("\n")[0]
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count)):
            count.row(len(row))
    except csv.Error:
        return


class _Count:
    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.rows = self.cells = self.letters = 0

    def row(self, cells: int) -> None:
        self.rows += 1
        self.cell(cells)
        self.refuse("rows", self.rows)
        self.refuse("columns", cells)

    def cell(self, cells: int = 1) -> None:
        self.cells += cells
        self.refuse("cells", self.cells)

    def text(self, letters: int) -> None:
        self.letters += letters
        self.refuse("letters", self.letters)

    def refuse(self, what: str, number: int) -> None:
        limit: int = getattr(self.bounds, what)
        if number > limit:
            raise TooMuch(what, limit)


def _refuse_workbook(data: bytes, bounds: Bounds) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise TooMuch("parts", MOST_PARTS)
            texts = [one for one in parts if one.filename.lower().rpartition("/")[2].startswith("sharedstrings")]
            sheets = [one for one in parts if one not in texts]
            count, shared = _Count(bounds), list[int]()
            for part in texts:
                shared += _Texts().lengths(unpacked(archive, part))
            for part in sheets:
                is_xml = part.filename.lower().endswith((".xml", ".rels"))
                _Sheet(count, shared).read(unpacked(archive, part), is_xml=is_xml)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as error:
        if isinstance(error, TooMuch):
            raise


def unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The bytes of a part as they come out of it. Raises `TooMuch`."""
    most = min(PART_BYTES, max(SMALL, part.compress_size * MOST_GROWTH))
    size = 0
    with archive.open(part) as opened:
        while chunk := opened.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise TooMuch("part", PART_BYTES)
            yield chunk


def _parse(parser: Any, chunks: Iterator[bytes]) -> None:
    """What is no XML, or ends early, is its reader's to tell; a part is unpacked to its end all the same."""
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_entities
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
    except expat.ExpatError:
        for _ in chunks:
            pass


def _refuse_entities(*_: Any) -> None:
    raise TooMuch("entities", 0)


class _Texts:
    """The texts that cells share: how long each is."""

    def lengths(self, chunks: Iterator[bytes]) -> list[int]:
        self.found: list[int] = []
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.CharacterDataHandler = self._text
        _parse(parser, chunks)
        return self.found

    def _start(self, name: str, _: Any) -> None:
        if name.rpartition(":")[2] == "si":
            self.found.append(0)

    def _text(self, text: str) -> None:
        if self.found:
            self.found[-1] += len(text)


class _Sheet:
    """Rows, cells and letters of a sheet, counted as its reader will see them."""

    def __init__(self, count: _Count, shared: list[int]) -> None:
        self.count, self.shared = count, shared
        self.in_row = 0
        self.is_shared = self.is_value = False
        self.value = ""

    def read(self, chunks: Iterator[bytes], *, is_xml: bool) -> None:
        if not is_xml:
            for _ in chunks:  # a picture; unpacked within its limit
                pass
            return
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        _parse(parser, chunks)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "row":
            self.in_row = 0
            self.count.row(0)
        elif name == "c":
            self.in_row += 1
            self.count.cell()
            self.count.refuse("columns", max(self.in_row, _column(attributes.get("r", ""))))
            self.is_shared = attributes.get("t") == "s"
        elif name == "v":
            self.is_value, self.value = self.is_shared, ""

    def _end(self, name: str) -> None:
        if self.is_value and name.rpartition(":")[2] == "v":
            self.is_value = False
            at = int(self.value) if self.value.isascii() and self.value.isdigit() and len(self.value) < 9 else -1
            self.count.text(self.shared[at] if 0 <= at < len(self.shared) else 0)

    def _text(self, text: str) -> None:
        if self.is_value:
            self.value = (self.value + text)[:9]
        else:
            self.count.text(len(text))


def _column(place: str) -> int:
    """The number of a cell's column: of "AB12" 28."""
    number = 0
    for letter in place[:4].upper():
        if not "A" <= letter <= "Z":
            break
        number = number * 26 + ord(letter) - 64
    return number
