"""Bytes as a sequence of short texts, each a QR code or a line that somebody types (docs/exchange.md):

    SHB1:<id>:<index>/<total>:<check>:<payload>

The other half of `static/app/carry/frames.lazy.js`. `id`: the first 40 bits of the SHA-256 of all bytes, `check`:
CRC-32 of the line without it, `payload`: RFC 4648 Base32 without padding.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib

from survey.problems import Problem

BUNDLE, RECEIPTS = "SHB1", "SHR1"
MAX_TOTAL = 999
MAX_TEXT = 2 * 1024 * 1024
_OVERHEAD = len("SHB1:::/::") + 8 + 6 + 8
_FRAME = re.compile(r"(SH[BR]1):([A-Z2-7]{8}):([1-9]\d{0,2})/([1-9]\d{0,2}):([0-9A-F]{8}):([A-Z2-7]+)\Z")


def written(kind: str, data: bytes, size: int) -> list[str]:
    """`data` as frames of at most `size` letters. Raises `too_large` when they would be too many."""
    text, name = _base32(data), _id(data)
    room = size - _OVERHEAD
    payloads = [text[at : at + room] for at in range(0, len(text), room)] or [""]
    if len(payloads) > MAX_TOTAL:
        raise Problem("too_large")
    frames = []
    for number, payload in enumerate(payloads, 1):
        place = f"{number}/{len(payloads)}"
        frames.append(":".join([kind, name, place, _check(kind, name, place, payload), payload]))
    return frames


def read(kind: str, text: str) -> list[bytes]:
    """Every sequence of frames in `text`, a frame a line, in any order and as often as they like.

    Raises `frames_unreadable` (detail: which lines) when a line is no frame of this kind or is damaged, and
    `frames_missing` (detail: which codes, of how many) when a sequence is not whole.
    """
    if len(text) > MAX_TEXT:
        raise Problem("too_large")
    found: dict[tuple[str, int], dict[int, str]] = {}
    bad = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = "".join(line.split()).upper()
        if not bare:
            continue
        match = _FRAME.match(bare)
        if match is None or match[1] != kind or int(match[3]) > int(match[4]) or match[5] != _check(
            kind, match[2], f"{match[3]}/{match[4]}", match[6]
        ):  # fmt: skip
            bad.append(number)
        else:
            found.setdefault((match[2], int(match[4])), {})[int(match[3])] = match[6]
    if bad or not found:
        raise Problem("frames_unreadable", detail={"lines": bad[:20]})
    return [_joined(name, total, payloads) for (name, total), payloads in found.items()]


def _joined(name: str, total: int, payloads: dict[int, str]) -> bytes:
    missing = [number for number in range(1, total + 1) if number not in payloads]
    if missing:
        raise Problem("frames_missing", detail={"missing": missing, "total": total})
    text = "".join(payloads[number] for number in range(1, total + 1))
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8))
    except ValueError:
        data = b""
    if _id(data) != name:
        raise Problem("frames_unreadable", detail={"lines": []})
    return data


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=")


def _id(data: bytes) -> str:
    return _base32(hashlib.sha256(data).digest()[:5])


def _check(kind: str, name: str, place: str, payload: str) -> str:
    return f"{zlib.crc32(f'{kind}:{name}:{place}:{payload}'.encode()):08X}"
