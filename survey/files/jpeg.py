"""What a JPEG costs to unpack, read from its markers alone (ITU-T T.81, annex B), in one pass over its bytes.

A picture in one scan is unpacked row by row. One in several (progressive, or a scan for each component) is held whole
as coefficients, two bytes each, and each scan goes over all of it: 751 kB took half a second and 369 MB.
"""

from __future__ import annotations

from typing import NamedTuple

BUFFERED_BYTES = 40 * 1024 * 1024  # of coefficients: 12 megapixels as cameras part them (4:2:0) take 36
MOST_WORK = 16 * 12_000_000  # coefficients, once for each scan that goes over them; encoders make about ten scans
_ALONE = {0x01, *range(0xD0, 0xD8)}  # TEM, RSTn: markers without a length
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_IN_ONE_SCAN = {0xC0, 0xC1}  # baseline, extended sequential (Huffman)


class Cost(NamedTuple):
    """`is_whole`: its markers follow one another to the end of a picture; `held`: bytes of coefficients that are held;
    `work`: coefficients that its scans go over."""

    is_whole: bool
    held: int
    work: int

    @property
    def is_small(self) -> bool:
        """Whether it may be unpacked."""
        return self.held <= BUFFERED_BYTES and self.work <= MOST_WORK


def cost_of(data: bytes) -> Cost:
    """What the first picture in `data` costs; of one that breaks off, what it would as far as it goes."""
    at, coefficients, parts, scans, first = 2, 0, 0, 0, 0
    is_sequential, is_whole = True, False
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        mark = data[at + 1]
        if mark == 0xFF:  # a fill byte
            at += 1
        elif mark == 0xD9:
            is_whole = data.startswith(b"\xff\xd8") and scans > 0 and coefficients > 0
            break
        elif mark == 0 or mark in _ALONE:
            at += 2
        else:
            length = int.from_bytes(data[at + 2 : at + 4], "big")
            if length < 2 or at + 2 + length > len(data):
                break
            body = data[at + 4 : at + 2 + length]
            if mark in _FRAMES and not coefficients:
                is_sequential = mark in _IN_ONE_SCAN
                coefficients, parts = _frame(body)
            elif mark == 0xDA:
                scans += 1
                first = first or (body[0] if body else 0)
            at += 2 + length
    in_rows = is_sequential and first == parts
    return Cost(is_whole, 0 if in_rows else 2 * coefficients, coefficients * (1 if in_rows else scans))


def _frame(body: bytes) -> tuple[int, int]:
    """(coefficients, components) of a frame's header; (0, 0) for one that cannot be."""
    if len(body) < 6:
        return 0, 0
    height, width, parts = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big"), body[5]
    sampling = [(one >> 4, one & 15) for one in body[7 : 6 + 3 * parts : 3]]
    if len(sampling) != parts or not parts or not all(1 <= each <= 4 for pair in sampling for each in pair):
        return 0, 0
    most = max(across for across, _ in sampling) * max(down for _, down in sampling)
    return sum(width * height * across * down // most for across, down in sampling), parts
