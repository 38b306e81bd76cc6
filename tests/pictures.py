"""Pictures as cameras make them, small, and pictures that are none."""

from __future__ import annotations

import io
import random
import struct
import zlib

from PIL import Image


def picture(kind: str, width: int = 40, height: int = 30) -> bytes:
    """A whole picture: kind is JPEG, PNG, WEBP or another that Pillow writes."""
    held = io.BytesIO()
    Image.new("RGB", (width, height), (160, 110, 60)).save(held, kind)
    return held.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is this large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def noise(kind: str, width: int, height: int) -> bytes:
    """A whole picture as large as a camera's: the same one each time, and nothing in it to be packed."""
    held = io.BytesIO()
    pixels = random.Random(width * height).randbytes(3 * width * height)
    Image.frombytes("RGB", (width, height), pixels).save(held, kind, quality=60)
    return held.getvalue()
