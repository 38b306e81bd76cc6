"""A JPEG that would be held in memory as a whole is judged by its markers, whatever its few bytes say."""

from __future__ import annotations

import io
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from survey.files.jpeg import BUFFERED_BYTES, cost_of
from survey.files.media_types import judge, judge_small
from tests.pictures import picture

LARGE = (8000, 8000)


def jpeg(size: tuple[int, int], **how: Any) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", size, (160, 110, 60)).save(held, "JPEG", **how)
    return held.getvalue()


def with_scans(data: bytes, more: int) -> bytes:
    """The last scan `more` times again."""
    start, end = data.rfind(b"\xff\xda"), data.rfind(b"\xff\xd9")
    return data[:end] + data[start:end] * more + data[end:]


@pytest.mark.parametrize(
    ("data", "held"),
    [
        (jpeg((4000, 3000)), 0),  # row by row
        (jpeg((4000, 3000), progressive=True), 36_000_000),  # 12 million, and twice a quarter of it, of two bytes each
        (jpeg((4000, 3000), progressive=True, subsampling=0), 72_000_000),
        (jpeg(LARGE, progressive=True), 192_000_000),
    ],
)
def test_what_is_held_is_read_from_the_frame(data: bytes, held: int) -> None:
    assert cost_of(data).held == held
    assert cost_of(data).is_small == (held <= BUFFERED_BYTES)
    assert cost_of(data).is_whole


def test_each_scan_goes_over_all_of_it() -> None:
    small, many = jpeg((4000, 3000), progressive=True), with_scans(jpeg((4000, 3000), progressive=True), 500)
    assert cost_of(small).work == 18_000_000 * small.count(b"\xff\xda") == 180_000_000
    assert cost_of(many).work == 18_000_000 * 510
    assert len(many) < 100_000 and cost_of(small).is_small and not cost_of(many).is_small


@pytest.mark.parametrize("data", [jpeg(LARGE, progressive=True), with_scans(jpeg((4000, 3000), progressive=True), 500)])
def test_a_large_progressive_picture_is_kept_in_little_time(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a").write_bytes(data)
    before = time.process_time()
    assert judge(tmp_path / "a", "image/jpeg") == "image/jpeg"
    assert time.process_time() - before < 0.2
    (tmp_path / "a").write_bytes(data[:-2])  # no end
    assert judge(tmp_path / "a", "image/jpeg") is None
    (tmp_path / "a").write_bytes(data[: len(data) // 2])
    assert judge(tmp_path / "a", "image/jpeg") is None


def test_a_progressive_picture_of_a_camera_is_looked_through(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(jpeg((4000, 3000), progressive=True))
    assert judge(tmp_path / "a", "image/jpeg") == "image/jpeg"
    assert judge_small(jpeg((200, 100), progressive=True), "image/jpeg")


def test_a_frame_that_lies_is_not_unpacked(tmp_path: Path) -> None:
    """After the first frame another one counts for nothing, and a length that runs out ends it."""
    data = jpeg(LARGE, progressive=True)
    small = jpeg((8, 8), progressive=True)
    frame = small[small.find(b"\xff\xc2") : small.find(b"\xff\xc2") + 19]
    end = data.rfind(b"\xff\xd9")
    for lying in (data[:end] + frame + data[end:], data[:end] + b"\xff\xe5\xff\xff"):
        assert cost_of(lying).held == 192_000_000
        (tmp_path / "a").write_bytes(lying)
        tracemalloc.start()
        judge(tmp_path / "a", "image/jpeg")
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
        tracemalloc.stop()


def test_words_of_a_png_are_not_unpacked_without_bound(tmp_path: Path) -> None:
    said, held = PngImagePlugin.PngInfo(), io.BytesIO()
    for number in range(60):
        said.add_text(f"k{number}", " " * 1_000_000, zip=True)
    Image.new("1", (5, 5)).save(held, "PNG", pnginfo=said)
    (tmp_path / "a").write_bytes(held.getvalue())
    assert len(held.getvalue()) < 100_000
    assert judge(tmp_path / "a", "image/png") is None


@pytest.mark.parametrize("data", [b"", b"\xff", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"\xff" * 1000, picture("PNG")])
def test_what_has_no_frame_is_not_whole(data: bytes) -> None:
    assert not cost_of(data).is_whole
