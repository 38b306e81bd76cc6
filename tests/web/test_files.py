"""Files of answers: what is no picture is refused, what could run is never shown, sound is never lost."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from models import Attachment
from survey.files.media_types import MOST_PIXELS, ending, judge, kind_of
from tests.interviews import name_files
from tests.pictures import huge_png, picture
from tests.world import COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
JPEG, PNG = picture("JPEG", 400, 300), picture("PNG", 400, 300)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
WEBM = b"\x1aE\xdf\xa3" + b"\0" * 40
OFFICE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def put(browser: Any, data: bytes, media_type: str) -> tuple[Any, str]:
    name = hashlib.sha256(data).hexdigest()
    name_files(browser, data)
    return browser.put(f"/api/v1/files/{name}?commune={COMMUNE}", data=data, content_type=media_type), name


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (SVG, "image/svg+xml"),
        (SVG, "image/png"),
        (HTML, "image/jpeg"),
        (PNG, "image/jpeg"),
        (JPEG[: len(JPEG) // 2], "image/jpeg"),
        (JPEG[:3] + b"x" * 500, "image/jpeg"),
        (PNG[:-20], "image/png"),
        (picture("WEBP")[:-9], "image/webp"),
        (b"RIFF\x10\0\0\0WEBP", "image/webp"),
        (huge_png(60_000, 60_000), "image/png"),
        (huge_png(0, 5), "image/png"),
        (picture("GIF"), "image/gif"),
        (b"x", "image/jpeg"),
    ],
)
def test_what_is_no_picture_is_refused_in_words_and_leaves_nothing(
    app: Any, login_as: Any, session: Any, data: bytes, said: str
) -> None:
    answer, _ = put(login_as("enumerator"), data, said)
    assert (answer.status_code, answer.json["problem"]["code"]) == (415, "media_type")
    assert answer.json["problem"]["title"] and answer.json["problem"]["next"]
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Attachment)) == 0
    assert not [path for path in (app.config["INSTANCE"] / "files").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("data", "said", "given_as", "shown"),
    [
        (JPEG, "image/jpeg", "image/jpeg", True),
        (PNG, "image/png", "image/png", True),
        (picture("WEBP"), "image/webp", "image/webp", True),
        (JPEG, "application/octet-stream", "image/jpeg", True),
        (WEBM, "audio/webm;codecs=opus", "audio/webm", True),
        (WEBM, "video/webm", "video/webm", True),
        (b"\0\0\0\x20ftypisom" + b"\0" * 20, "video/mp4", "video/mp4", True),
        (b"\0\0\0\x20ftypM4A " + b"\0" * 20, "audio/x-m4a", "audio/mp4", True),
        (b"OggS" + b"\0" * 20, "audio/ogg", "audio/ogg", True),
        (b"#!AMR\n" + b"\0" * 20, "audio/amr", "audio/amr", True),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav", "audio/wav", True),
        (HTML, "audio/mpeg", "application/octet-stream", False),
        (HTML, "video/mp4", "application/octet-stream", False),
        (HTML, "text/html", "application/octet-stream", False),
        (HTML, "application/octet-stream", "application/octet-stream", False),
        (SVG, "application/xml", "application/octet-stream", False),
        (b"%PDF-1.7\n", "application/pdf", "application/octet-stream", False),
        (b"event,node\n", "text/csv", "application/octet-stream", False),
        (b"PK\3\4" + b"\0" * 20, OFFICE, "application/octet-stream", False),
        (b"?", "", "application/octet-stream", False),
        (b"?", "x" * 300, "application/octet-stream", False),
    ],
)
def test_sound_films_and_files_are_kept_and_only_what_is_safe_is_shown(
    login_as: Any, data: bytes, said: str, given_as: str, shown: bool
) -> None:
    answer, name = put(login_as("enumerator"), data, said)
    assert answer.status_code == 200
    with login_as("supervisor").get(f"/desk/{COMMUNE}/photos/{name}") as given_back:
        assert (given_back.data, given_back.mimetype) == (data, given_as)
        assert given_back.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in given_back.headers["Content-Security-Policy"]
        assert given_back.headers["Content-Disposition"].startswith("attachment" if not shown else "inline")


def test_a_saved_file_has_the_ending_of_its_kind(login_as: Any) -> None:
    browser, desk = login_as("enumerator"), login_as("supervisor")
    kinds = {"application/pdf": (b"%PDF-1.7", ".pdf"), OFFICE: (b"PK\3\4", ".docx"), "text/html": (HTML, ".bin")}
    for said, (data, wanted) in kinds.items():
        _, name = put(browser, data, said)
        with desk.get(f"/desk/{COMMUNE}/photos/{name}") as answer:
            told = answer.headers["Content-Disposition"]
        assert told == f"attachment; filename={name[:12]}{wanted}"
    assert (ending("image/jpeg"), ending("video/mp4"), ending("audio/mp4")) == (".jpg", ".mp4", ".m4a")
    assert (kind_of("text/html"), kind_of("image/svg+xml"), kind_of("audio/ogg")) == ("file", "file", "audio")


def test_a_film_is_given_in_parts_to_a_player(login_as: Any) -> None:
    _, name = put(login_as("enumerator"), WEBM, "video/webm")
    address = f"/desk/{COMMUNE}/photos/{name}"
    with login_as("supervisor").get(address, headers={"Range": "bytes=0-3"}) as part:
        assert (part.status_code, part.data) == (206, WEBM[:4])


def test_a_large_camera_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(picture("JPEG", 8000, 6000))
    assert MOST_PIXELS > 8000 * 6000
    assert judge(tmp_path / "a", "image/jpeg") == "image/jpeg"


@given(data=st.binary(max_size=200), kind=st.sampled_from(["JPEG", "PNG", "WEBP"]), at=st.integers(0, 300))
def test_bytes_of_any_kind_are_judged_without_a_fault(tmp_path_factory: Any, data: bytes, kind: str, at: int) -> None:
    whole = picture(kind)
    path = tmp_path_factory.getbasetemp() / "judged"
    for content in (data or b"x", whole[:at] + data + whole[at:], whole[: at + 1]):
        path.write_bytes(content)
        for said in ("image/jpeg", "application/octet-stream", "audio/ogg"):
            judge(path, said)
