"""Files in parts: what came stays, what is not whole is never an answer's file, and any tus client can send."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from psycopg.errors import DiskFull
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from models import Attachment, Receipt, Thumbnail, Upload
from survey.files import uploads
from survey.files.uploads import MOST_UNFINISHED
from tests.interviews import entry, envelope, name_files, push
from tests.pictures import noise, picture
from tests.serving import serving
from tests.world import COMMUNE, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round", "named_photo")
PHOTO = noise("JPEG", 400, 300)
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = "application/offset+octet-stream"


@pytest.fixture
def named_photo(small_round: str, login_as: Any) -> None:
    """An interview of the enumerator names the photo: what no entry names is not kept (test_named_files.py)."""
    name_files(login_as("enumerator"), PHOTO, household_id="ho-2")


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def metadata(**pairs: str) -> dict[str, str]:
    return {"Upload-Metadata": ",".join(f"{key} {b64encode(text.encode()).decode()}" for key, text in pairs.items())}


def begin(browser: Any, data: bytes = PHOTO, kind: str = "image/jpeg", commune: str = COMMUNE, **headers: Any) -> Any:
    said = metadata(sha256=sha(data), commune=commune, filetype=kind)
    return browser.post("/api/v1/uploads", headers=TUS | said | {"Upload-Length": str(len(data))} | headers)


def send(browser: Any, address: str, at: int, part: bytes, **headers: Any) -> Any:
    said = TUS | {"Upload-Offset": str(at)} | headers
    answer = browser.patch(address, data=part, content_type=BYTES, headers=said)
    answer.close()  # a phone has read it to its end
    return answer


def offset(browser: Any, address: str) -> int:
    answer = browser.head(address, headers=TUS)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"])


def receipt(answer: Any) -> Any:
    return json.loads(b64decode(answer.headers["Upload-Receipt"]))


def rows(session: Any, table: Any) -> int:
    session.rollback()
    return int(session.scalar(select(func.count()).select_from(table)))


def lying(app: Flask, folder: str) -> list[Path]:
    return [path for path in (app.config["INSTANCE"] / folder).rglob("*") if path.is_file()]


def test_a_file_in_parts_becomes_an_answers_file_with_the_receipt_that_it_had_as_a_whole(
    app: Flask, login_as: Any, session: Any
) -> None:
    browser = login_as("enumerator")
    begun = begin(browser)
    address = begun.headers["Location"]
    assert (begun.status_code, begun.headers["Tus-Resumable"]) == (201, "1.0.0")
    half = len(PHOTO) // 2
    first = send(browser, address, 0, PHOTO[:half])
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, str(half))
    assert "Upload-Receipt" not in first.headers and "GMT" in first.headers["Upload-Expires"]
    assert offset(browser, address) == half
    assert rows(session, Attachment) == 0
    last = send(browser, address, half, PHOTO[half:])
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(PHOTO)))
    whole = browser.put(f"/api/v1/files/{sha(PHOTO)}?commune={COMMUNE}", data=PHOTO, content_type="image/jpeg")
    assert receipt(last) == whole.json["receipt"] == receipt(browser.head(address, headers=TUS))
    assert lying(app, "uploads") == [] and [path.read_bytes() for path in lying(app, "files")] == [PHOTO]
    assert (rows(session, Attachment), rows(session, Receipt)) == (1, 2)  # of the interview, of its photo
    again = begin(browser)  # whoever asks once more sends nothing
    assert (again.headers["Location"], again.headers["Upload-Offset"]) == (address, str(len(PHOTO)))
    assert receipt(again) == receipt(last)


def test_one_file_of_one_account_is_gone_on_with_and_never_doubled(app: Flask, login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    address = begin(browser).headers["Location"]
    send(browser, address, 0, PHOTO[:100])
    again = begin(browser)
    assert (again.headers["Location"], again.headers["Upload-Offset"]) == (address, "100")
    assert begin(login_as("enumerator-2")).headers["Location"] != address  # another's bytes are not to be taken over
    assert begin(browser, commune=OTHER_COMMUNE).headers["Location"] != address
    assert rows(session, Upload) == 3
    said = metadata(sha256=sha(PHOTO), commune=COMMUNE) | {"Upload-Length": str(len(PHOTO) + 1)}
    other_size = browser.post("/api/v1/uploads", headers=TUS | said)
    assert (other_size.headers["Location"], other_size.headers["Upload-Offset"]) == (address, "0")


def test_another_accounts_upload_does_not_exist(login_as: Any) -> None:
    address = begin(login_as("enumerator")).headers["Location"]
    stranger = login_as("enumerator-2")
    assert stranger.head(address, headers=TUS).status_code == 404
    assert send(stranger, address, 0, PHOTO).status_code == 404


def test_a_kill_between_the_parts_loses_nothing_that_was_acknowledged(app: Flask, login_as: Any) -> None:
    browser = login_as("enumerator")
    address = begin(browser).headers["Location"]
    send(browser, address, 0, PHOTO[:300])
    partial = lying(app, "uploads")[0]
    partial.write_bytes(PHOTO[:310])  # ten more came, and then the server was killed before it said so
    assert offset(browser, address) == 310
    assert send(browser, address, 310, PHOTO[310:]).headers["Upload-Receipt"]


def test_a_kill_before_the_last_part_was_recorded_is_made_good_by_the_next_question(
    app: Flask, login_as: Any, session: Any
) -> None:
    browser = login_as("enumerator")
    address = begin(browser).headers["Location"]
    send(browser, address, 0, PHOTO[:300])
    lying(app, "uploads")[0].write_bytes(PHOTO)
    answer = browser.head(address, headers=TUS)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (200, str(len(PHOTO)))
    assert receipt(answer)["body"] and rows(session, Attachment) == 1


def test_a_backup_that_lacks_the_parts_begins_at_nothing(app: Flask, login_as: Any) -> None:
    browser = login_as("enumerator")
    address = begin(browser).headers["Location"]
    send(browser, address, 0, PHOTO[:300])
    lying(app, "uploads")[0].unlink()
    assert offset(browser, address) == 0
    assert send(browser, address, 0, PHOTO).headers["Upload-Receipt"]


@pytest.mark.parametrize("at", [0, 99, 101, len(PHOTO)])
def test_bytes_for_another_place_are_refused(login_as: Any, at: int) -> None:
    browser = login_as("enumerator")
    address = begin(browser).headers["Location"]
    send(browser, address, 0, PHOTO[:100])
    answer = send(browser, address, at, PHOTO[at : at + 50])
    assert (answer.status_code, answer.json["problem"]["code"]) == (409, "upload_offset")
    assert answer.json["problem"]["detail"] == {"offset": 100}
    assert offset(browser, address) == 100


@pytest.mark.parametrize(
    ("arrived", "said", "code"),
    [
        (bytes(len(PHOTO)), "image/jpeg", "hash_mismatch"),
        (PHOTO[:-1] + b"?", "image/jpeg", "hash_mismatch"),
        (PHOTO, "image/png", "media_type"),
    ],
    ids=["zeroed", "one byte wrong", "no such picture"],
)
def test_what_is_not_the_file_is_refused_and_its_parts_go(
    app: Flask, login_as: Any, session: Any, arrived: bytes, said: str, code: str
) -> None:
    browser = login_as("enumerator")
    address = begin(browser, kind=said).headers["Location"]
    send(browser, address, 0, arrived[:500])
    answer = send(browser, address, 500, arrived[500:])
    assert (answer.status_code, answer.json["problem"]["code"]) == (400 if code == "hash_mismatch" else 415, code)
    assert answer.json["problem"]["title"] and answer.json["problem"]["next"]
    assert [rows(session, table) for table in (Upload, Attachment, Receipt)] == [0, 0, 1]
    assert lying(app, "uploads") + lying(app, "files") == []
    assert browser.head(address, headers=TUS).status_code == 404
    assert send(browser, begin(browser).headers["Location"], 0, PHOTO).headers["Upload-Receipt"]


def test_a_truncated_file_is_never_whole(login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    address = begin(browser).headers["Location"]
    send(browser, address, 0, PHOTO[:-1])
    assert (offset(browser, address), rows(session, Attachment)) == (len(PHOTO) - 1, 0)
    assert send(browser, address, len(PHOTO) - 1, PHOTO[-1:] + b"x").status_code == 413
    assert offset(browser, address) == len(PHOTO) - 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload-Length": ""}, 400),
        ({"Upload-Length": "-5"}, 400),
        ({"Upload-Length": "٣"}, 400),
        ({"Upload-Length": "0"}, 400),
        ({"Upload-Length": str(8 * 1024 * 1024 + 1)}, 413),
        ({"Upload-Metadata": ""}, 400),
        ({"Upload-Metadata": "sha256 ???"}, 400),
        ({"Upload-Metadata": "sha256 /w=="}, 400),
        (metadata(sha256="x" * 64, commune=COMMUNE), 400),
        (metadata(sha256="0" * 64, commune="khong-co"), 404),
        (metadata(sha256="0" * 64, commune="14"), 404),
        (metadata(sha256="0" * 64, commune="\0"), 400),
        (metadata(sha256="0" * 64), 404),
        ({"Tus-Resumable": "0.2.2"}, 412),
        ({"Tus-Resumable": ""}, 412),
    ],
)
def test_a_beginning_that_makes_no_sense_is_refused_in_words(
    login_as: Any, session: Any, headers: dict[str, str], status: int
) -> None:
    answer = begin(login_as("enumerator"), **{key: value.encode().decode("latin-1") for key, value in headers.items()})
    assert answer.status_code == status
    assert answer.json["problem"]["title"] and answer.json["problem"]["next"]
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers.get("Tus-Version") == ("1.0.0" if status == 412 else None)
    assert rows(session, Upload) == 0


def test_a_part_that_makes_no_sense_is_refused(login_as: Any) -> None:
    browser = login_as("enumerator")
    address = begin(browser).headers["Location"]
    assert send(browser, address, 0, b"x", **{"Upload-Offset": "x"}).status_code == 400
    assert send(browser, address, 0, b"x", **{"Tus-Resumable": "2.0.0"}).status_code == 412
    assert browser.patch(address, data=b"x", headers=TUS | {"Upload-Offset": "0"}).status_code == 415
    assert send(browser, address, 0, PHOTO + b"x").status_code == 413
    assert browser.post(address, data=b"x", content_type=BYTES, headers=TUS).status_code == 405
    assert offset(browser, address) == 0


def test_a_proxy_that_knows_no_patch_is_no_hindrance(login_as: Any) -> None:
    browser = login_as("enumerator")
    address = begin(browser).headers["Location"]
    said = TUS | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert browser.post(address, data=PHOTO, content_type=BYTES, headers=said).headers["Upload-Receipt"]


def test_a_stranger_and_a_forged_page_send_nothing(app: Flask, login_as: Any, session: Any) -> None:
    assert begin(app.test_client()).json["problem"]["code"] == "not_signed_in"
    browser = login_as("enumerator")
    browser.csrf = None
    assert begin(browser).json["problem"]["code"] == "csrf"
    assert rows(session, Upload) == 0


def test_options_say_what_is_spoken(app: Flask) -> None:
    told = app.test_client().options("/api/v1/uploads")
    assert (told.status_code, told.headers["Tus-Version"], told.headers["Tus-Max-Size"]) == (204, "1.0.0", "8388608")
    assert told.headers["Tus-Extension"] == "creation,expiration,checksum"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_part_is_kept_only_with_its_checksum(login_as: Any, algorithm: str) -> None:
    browser = login_as("enumerator")
    address = begin(browser).headers["Location"]
    part = PHOTO[:1000]
    good = f"{algorithm} {b64encode(hashlib.new(algorithm, part).digest()).decode()}"
    bad = send(browser, address, 0, part[:-1] + b"?", **{"Upload-Checksum": good})
    assert (bad.status_code, bad.json["problem"]["code"]) == (460, "checksum_mismatch")
    assert offset(browser, address) == 0
    assert send(browser, address, 0, part, **{"Upload-Checksum": good}).status_code == 204
    rest = b64encode(hashlib.new(algorithm, PHOTO[1000:]).digest()).decode()
    assert send(browser, address, 1000, PHOTO[1000:], **{"Upload-Checksum": f"{algorithm} {rest}"}).status_code == 204
    for nonsense in ("md5 AAAA", "sha1", "sha1 ?", ""):
        assert send(browser, address, 1000, b"x", **{"Upload-Checksum": nonsense}).status_code == 400


def test_two_windows_that_send_one_file_do_not_mix(app: Flask, login_as: Any) -> None:
    browser = login_as("enumerator")
    address = begin(browser).headers["Location"]
    send(browser, address, 0, PHOTO[:100])
    with lying(app, "uploads")[0].open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        busy = send(browser, address, 100, PHOTO[100:])
    assert (busy.status_code, busy.json["problem"]["code"], busy.headers["Retry-After"]) == (423, "upload_busy", "2")
    assert send(browser, address, 100, PHOTO[100:]).headers["Upload-Receipt"]


def test_ten_at_once_make_one_file(app: Flask, login_as: Any, session: Any) -> None:
    browsers = [login_as("enumerator") for _ in range(10)]

    def all_the_way(browser: Any) -> int:
        return int(send(browser, begin(browser).headers["Location"], 0, PHOTO).status_code)

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(all_the_way, browsers))
    assert 204 in answers and answers <= {204, 409, 423}
    assert [rows(session, table) for table in (Upload, Attachment, Receipt)] == [1, 1, 2]
    assert [path.read_bytes() for path in lying(app, "files")] == [PHOTO]


def full(*_arguments: Any) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_told_and_nothing_is_half_there(
    app: Flask, login_as: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = login_as("enumerator")
    address = begin(browser).headers["Location"]
    send(browser, address, 0, PHOTO[:100])
    real, calls = os.write, []

    def half(file: int, data: Any) -> int:
        calls.append(file)
        return real(file, bytes(data)[:50]) if len(calls) == 1 else full()

    monkeypatch.setattr(uploads.os, "write", half)
    answer = send(browser, address, 100, PHOTO[100:])
    monkeypatch.undo()
    assert (answer.status_code, answer.json["problem"]["code"]) == (507, "storage_full")
    assert offset(browser, address) == 100
    assert send(browser, address, 100, PHOTO[100:]).headers["Upload-Receipt"]


def test_a_whole_file_on_a_full_disk_is_told_too(
    app: Flask, login_as: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = login_as("enumerator")
    monkeypatch.setattr("survey.files.store.shutil.copyfileobj", full)
    answer = browser.put(f"/api/v1/files/{sha(PHOTO)}?commune={COMMUNE}", data=PHOTO, content_type="image/jpeg")
    assert (answer.status_code, answer.json["problem"]["code"]) == (507, "storage_full")
    assert lying(app, "files") == [] and rows(session, Attachment) == 0


def test_a_database_that_is_full_is_told_too(app: Flask, login_as: Any, databases: Any) -> None:
    if databases.name != "sqlite":
        return  # PostgreSQL says it by its code: below
    browser = login_as("enumerator")
    with app.extensions["engine"].connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    app.extensions["engine"].dispose()
    with app.extensions["engine"].connect() as connection:
        raw = connection.connection.driver_connection
        raw.execute(f"PRAGMA max_page_count = {pages}")
    notes = [entry(answers={"ghi_chu": "x" * 30_000}) for _ in range(10)]
    answers = [browser.post("/api/v1/push", json=envelope(note)) for note in notes]
    assert {answer.status_code for answer in answers} <= {200, 507} and answers[-1].status_code == 507
    assert answers[-1].json["problem"]["code"] == "storage_full"


def test_a_full_postgresql_is_told_by_its_code(app: Flask, login_as: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_arguments: Any, **_more: Any) -> None:
        full = DiskFull("could not extend file")
        raise OperationalError("COMMIT", {}, full) from full

    monkeypatch.setattr("survey.web.phone.sync.receive", no_room)
    answer = login_as("enumerator").post("/api/v1/push", json=envelope(entry()))
    assert (answer.status_code, answer.json["problem"]["code"]) == (507, "storage_full")


def test_what_nobody_goes_on_with_is_given_up(app: Flask, login_as: Any, session: Any, clock: Any) -> None:
    browser = login_as("enumerator")
    old = begin(browser).headers["Location"]
    send(browser, old, 0, PHOTO[:100])
    (app.config["INSTANCE"] / "uploads" / "khong-cua-ai").write_bytes(b"x")
    clock.advance(days=13)
    young = PHOTO + b"2"
    send(browser, begin(browser, young, "").headers["Location"], 0, young[:50])
    run = app.test_cli_runner().invoke
    assert run(args=["clean-uploads"]).output.startswith("0 ")
    assert sorted(path.stat().st_size for path in lying(app, "uploads")) == [50, 100]
    clock.advance(days=2)
    assert run(args=["migrate"]).exit_code == 0
    assert [path.stat().st_size for path in lying(app, "uploads")] == [50]
    assert rows(session, Upload) == 1


@pytest.mark.thorough
def test_an_account_never_holds_the_disk_full_of_beginnings(
    app: Flask, login_as: Any, session: Any, clock: Any
) -> None:
    browser = login_as("enumerator")
    for number in range(MOST_UNFINISHED + 3):
        send(browser, begin(browser, b"%d" % number, "").headers["Location"], 0, b"")
        clock.advance(seconds=1)
    assert rows(session, Upload) == MOST_UNFINISHED == len(lying(app, "uploads"))
    assert sha(b"0") not in set(session.scalars(select(Upload.sha256)))


def test_unfinished_uploads_of_an_account_hold_200_mb_and_another_accounts_are_left(
    login_as: Any, session: Any, clock: Any
) -> None:
    other, browser = login_as("enumerator-2"), login_as("enumerator")
    begin(other, b"x")
    large = 8 * 1024 * 1024
    for number in range(26):
        begin(browser, b"%d" % number, "", **{"Upload-Length": str(large)})
        clock.advance(seconds=1)
    session.rollback()
    kept = set(session.scalars(select(Upload.sha256)))
    assert kept == {sha(b"x"), *(sha(b"%d" % number) for number in range(26 - 200_000_000 // large, 26))}


# Thumbnails


def named(browser: Any, data: bytes) -> str:
    push(browser, entry(files=[{"path": "anh_nha", "sha256": sha(data), "size": len(data)}]))
    return f"/api/v1/files/{sha(data)}/thumbnail?commune={COMMUNE}"


def record_page(desk: Any) -> Any:
    queue = desk.get(f"/desk/{COMMUNE}/queue").text
    start = queue.index(f"/desk/{COMMUNE}/records/")
    return desk.get(queue[start : queue.index('"', start)]).text


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_thumbnail_stands_for_a_picture_until_it_comes(login_as: Any, session: Any, kind: str) -> None:
    browser, desk = login_as("enumerator"), login_as("supervisor")
    address, small = named(browser, PHOTO), picture(kind)
    shown = f"/desk/{COMMUNE}/photos/{sha(PHOTO)}/thumbnail"
    assert "chưa về" not in record_page(desk) and desk.get(shown).status_code == 404
    assert browser.put(address, data=small, content_type=f"image/{kind.lower()}").status_code == 204
    assert shown in record_page(desk) and "ảnh thu nhỏ" in record_page(desk)
    with desk.get(shown) as answer:
        assert (answer.data, answer.mimetype) == (small, f"image/{kind.lower()}")
    assert send(browser, begin(browser).headers["Location"], 0, PHOTO).headers["Upload-Receipt"]
    assert shown not in record_page(desk) and "ảnh thu nhỏ" not in record_page(desk)
    assert browser.put(address, data=small, content_type=f"image/{kind.lower()}").status_code == 204
    assert rows(session, Thumbnail) == 0
    with desk.get(f"/desk/{COMMUNE}/photos/{sha(PHOTO)}") as answer:
        assert answer.data == PHOTO


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (picture("JPEG")[:-30], "image/jpeg", 415),
        (picture("PNG"), "image/png", 415),
        (picture("JPEG"), "image/webp", 415),
        (b"", "image/jpeg", 415),
        (picture("JPEG") + bytes(40_000), "image/jpeg", 413),
    ],
)
def test_no_thumbnail_is_kept_that_is_none(login_as: Any, session: Any, data: bytes, kind: str, status: int) -> None:
    browser = login_as("enumerator")
    assert browser.put(named(browser, PHOTO), data=data, content_type=kind).status_code == status
    assert rows(session, Thumbnail) == 0


def test_a_thumbnail_of_nothing_is_not_kept(login_as: Any, session: Any) -> None:
    address = f"/api/v1/files/{sha(PHOTO + b'2')}/thumbnail?commune={COMMUNE}"
    assert login_as("enumerator").put(address, data=picture("JPEG"), content_type="image/jpeg").status_code == 404
    assert rows(session, Thumbnail) == 0


# A client that is not ours


@pytest.fixture
def stock(app: Flask, login_as: Any) -> Iterator[TusClient]:
    """The client library of the protocol's authors, signed in as a phone is."""
    browser = login_as("enumerator")
    cookie = browser.get_cookie(app.config["SESSION_COOKIE_NAME"])
    headers = {"X-CSRF-Token": browser.csrf, "Cookie": f"{cookie.key}={cookie.value}"}
    with serving(app) as port:
        yield TusClient(f"http://localhost:{port}/api/v1/uploads", headers=headers)


def of_ours(stock: TusClient, data: bytes, **more: Any) -> Any:
    said = {"sha256": sha(data), "commune": COMMUNE, "filetype": "image/jpeg"}
    return stock.uploader(file_stream=BytesIO(data), chunk_size=1000, metadata=said, **more)


@pytest.mark.thorough
def test_a_stock_tus_client_uploads_and_resumes(app: Flask, stock: TusClient, session: Any) -> None:
    first = of_ours(stock, PHOTO)
    first.upload(stop_at=2000)
    again = of_ours(stock, PHOTO, retries=1, retry_delay=0)  # knows no address: asks for one, and is given the same
    again.upload_chunk()  # begins at nothing, is refused, and asks how much is there
    assert (again.url, again.offset) == (first.url, 3000)
    third = of_ours(stock, PHOTO, url=first.url)
    assert third.offset == 3000
    third.upload()
    assert rows(session, Attachment) == 1
    assert [path.read_bytes() for path in lying(app, "files")] == [PHOTO]


@pytest.mark.thorough
def test_a_stock_tus_client_may_ask_for_checksums(stock: TusClient, session: Any) -> None:
    of_ours(stock, PHOTO, upload_checksum=True).upload()
    assert rows(session, Attachment) == 1


def test_a_stock_tus_client_hears_that_its_file_is_not_what_it_said(stock: TusClient, session: Any) -> None:
    said = {"sha256": sha(PHOTO), "commune": COMMUNE, "filetype": "image/jpeg"}
    wrong = stock.uploader(file_stream=BytesIO(bytes(len(PHOTO))), chunk_size=10**6, metadata=said)
    with pytest.raises(TusCommunicationError):
        wrong.upload()
    assert (rows(session, Attachment), rows(session, Upload)) == (0, 0)
