"""What no entry of its sender names is not kept, and no answer tells whether the office has somebody else's file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from models import Attachment, Thumbnail, Upload
from survey.files.store import DAY
from survey.files.uploads import KEPT
from tests.carry.carrying import bring, counts, hello
from tests.interviews import entry, name_files
from tests.pictures import noise, picture
from tests.web.desk import test_carried_rows as rows_of
from tests.web.desk.test_carried import NAMED as CARRIED
from tests.web.phone.test_uploads import TUS, begin, lying, receipt, rows, send, sha
from tests.world import COMMUNE, OTHER_COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
PHOTO, OTHER = noise("JPEG", 400, 300), noise("JPEG", 300, 400)


def put(browser: Any, data: bytes = PHOTO, commune: str = COMMUNE) -> Any:
    return browser.put(f"/api/v1/files/{sha(data)}?commune={commune}", data=data, content_type="image/jpeg")


def has(browser: Any, data: bytes = PHOTO) -> int:
    return int(browser.head(f"/api/v1/files/{sha(data)}?commune={COMMUNE}").status_code)


def told(answer: Any) -> tuple[int, str, str]:
    """All of an answer that may tell something: status, words, headers but the upload's random address."""
    said = {key: text for key, text in answer.headers.items() if key not in ("Location", "Set-Cookie", "Date")}
    return answer.status_code, answer.text, json.dumps(said, sort_keys=True)


# Not kept


def test_a_whole_file_that_no_entry_names_is_refused_and_leaves_nothing(
    app: Flask, login_as: Any, session: Any
) -> None:
    for role in ("enumerator", "supervisor", "province", "admin"):
        for commune in (COMMUNE, OTHER_COMMUNE):
            answer = put(login_as(role), commune=commune)
            assert (answer.status_code, answer.json["problem"]["code"]) == (409, "not_named")
            assert answer.json["problem"]["title"] and answer.json["problem"]["next"]
    assert rows(session, Attachment) == 0
    assert lying(app, "files") == []


def test_it_is_kept_once_the_entry_is_there(app: Flask, login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    assert put(browser).status_code == 409
    assert name_files(browser, PHOTO) == [sha(PHOTO)]
    assert put(browser).json["receipt"]["body"]
    assert (rows(session, Attachment), has(browser)) == (1, 200)


def test_an_entry_names_its_file_in_its_own_commune_alone(login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    name_files(browser, PHOTO)
    assert put(browser, commune=OTHER_COMMUNE).status_code == 409
    assert put(browser, commune="khong-co").status_code == 404
    assert rows(session, Attachment) == 0


def test_a_held_entry_names_its_files_too(login_as: Any) -> None:
    """What is held waits for a person, who wants to see its photos."""
    browser = login_as("enumerator")
    assert name_files(browser, PHOTO, household_id="khong-co", answers={"chu_ho": ""}) == [sha(PHOTO)]
    assert put(browser).status_code == 200


def test_parts_that_no_entry_names_are_held_without_a_receipt_and_end_when_one_does(
    app: Flask, login_as: Any, session: Any
) -> None:
    browser = login_as("enumerator")
    address = begin(browser).headers["Location"]
    send(browser, address, 0, PHOTO[:500])
    last = send(browser, address, 500, PHOTO[500:])
    assert (last.status_code, last.json["problem"]["code"]) == (409, "not_named")
    asked = browser.head(address, headers=TUS)
    assert (asked.headers["Upload-Offset"], "Upload-Receipt" in asked.headers) == (str(len(PHOTO)), False)
    assert (rows(session, Attachment), lying(app, "files")) == (0, [])
    assert [path.read_bytes() for path in lying(app, "uploads")] == [PHOTO]
    name_files(browser, PHOTO)
    again = begin(browser)  # as every phone does: it begins anew, hears how much is there, and sends the rest
    assert (again.headers["Location"], again.headers["Upload-Offset"]) == (address, str(len(PHOTO)))
    assert "Upload-Receipt" not in again.headers
    ended = send(browser, address, len(PHOTO), b"")
    assert receipt(ended) == put(browser).json["receipt"]
    assert [path.read_bytes() for path in lying(app, "files")] == [PHOTO]


def test_a_question_ends_what_was_held(app: Flask, login_as: Any, session: Any) -> None:
    browser = login_as("enumerator")
    address = begin(browser).headers["Location"]
    send(browser, address, 0, PHOTO)
    name_files(browser, PHOTO)
    assert receipt(browser.head(address, headers=TUS))["body"]
    assert rows(session, Attachment) == 1


def test_what_is_held_goes_after_its_time_and_counts_as_unfinished(
    app: Flask, login_as: Any, session: Any, clock: Any
) -> None:
    browser = login_as("enumerator")
    send(browser, begin(browser).headers["Location"], 0, PHOTO)
    clock.advance(seconds=KEPT.total_seconds() - 1)
    run = app.test_cli_runner().invoke
    assert run(args=["clean-uploads"]).output.startswith("0 ")
    assert len(lying(app, "uploads")) == 1
    clock.advance(seconds=2)
    assert run(args=["clean-uploads"]).output.startswith("1 ")
    assert (lying(app, "uploads"), rows(session, Upload)) == ([], 0)


# Nobody hears of another's


def tried(app: Flask, stranger: Any) -> list[Any]:
    """Each way in which a hash can be tried, and the bytes too."""
    begun = begin(stranger)
    address = begun.headers["Location"]
    small = f"/api/v1/files/{sha(PHOTO)}/thumbnail?commune={COMMUNE}"
    answers = [
        begun,
        stranger.head(f"/api/v1/files/{sha(PHOTO)}?commune={COMMUNE}"),
        put(stranger),
        stranger.put(small, data=picture("JPEG"), content_type="image/jpeg"),
        stranger.head(address, headers=TUS),
        send(stranger, address, 0, PHOTO[:100]),
        begin(stranger),
        send(stranger, address, 100, PHOTO[100:]),
        stranger.head(address, headers=TUS),
        begin(stranger),
    ]
    app.test_cli_runner().invoke(args=["clean-uploads"])
    answers.append(stranger.head(address, headers=TUS))
    assert [answer.status_code for answer in answers] == [201, 404, 409, 404, 200, 204, 201, 409, 200, 201, 200]
    return answers


def test_no_answer_tells_whether_the_office_has_anothers_file(app: Flask, login_as: Any, session: Any) -> None:
    """Word for word alike, before a colleague's photo is there and after."""
    colleague, stranger = login_as("enumerator"), login_as("enumerator-2")
    before = tried(app, stranger)
    session.rollback()
    session.execute(delete(Upload))  # as if it was never asked
    session.commit()
    app.test_cli_runner().invoke(args=["clean-uploads"])
    name_files(colleague, PHOTO)
    assert put(colleague).status_code == 200
    after = tried(app, stranger)
    assert [told(answer) for answer in before] == [told(answer) for answer in after]
    assert rows(session, Thumbnail) == 0


def test_who_names_a_file_hears_of_it(login_as: Any, session: Any) -> None:
    """Two of a commune may have the same file: it is kept once, and each has its receipt."""
    first, second = login_as("enumerator"), login_as("enumerator-2")
    name_files(first, PHOTO)
    mine = put(first).json["receipt"]
    assert begin(second).headers["Upload-Offset"] == "0"
    assert name_files(second, PHOTO) == []
    begun = begin(second)
    assert (receipt(begun), begun.headers["Upload-Offset"]) == (mine, str(len(PHOTO)))
    assert put(second).json["receipt"] == mine
    assert rows(session, Attachment) == 1


def test_a_stranger_puts_no_picture_in_the_place_of_anothers(login_as: Any, session: Any) -> None:
    name_files(login_as("enumerator"), PHOTO)
    address = f"/api/v1/files/{sha(PHOTO)}/thumbnail?commune={COMMUNE}"
    stranger = login_as("enumerator-2")
    assert stranger.put(address, data=picture("JPEG"), content_type="image/jpeg").status_code == 404
    assert rows(session, Thumbnail) == 0


# A day


def test_an_account_brings_so_many_bytes_a_day_and_goes_on_the_next(
    app: Flask, login_as: Any, session: Any, clock: Any
) -> None:
    browser, other = login_as("enumerator"), login_as("enumerator-2")
    app.config["FILE_QUOTA"] = len(PHOTO) + len(OTHER) - 1
    name_files(browser, PHOTO, OTHER)
    name_files(other, OTHER)
    assert put(browser).status_code == 200
    assert put(browser).status_code == 200  # again: nothing more is kept
    for answer in (put(browser, OTHER), begin(browser, OTHER)):
        assert (answer.status_code, answer.json["problem"]["code"]) == (429, "file_quota")
        assert answer.headers["Retry-After"] == "3600"
    assert receipt(begin(browser))["body"]  # of what is here it hears all the same
    assert put(other, OTHER).status_code == 200  # nobody pays for another
    assert rows(session, Attachment) == 2
    clock.advance(seconds=DAY.total_seconds())
    assert put(login_as("enumerator")).status_code == 200
    third = noise("JPEG", 200, 200)
    name_files(login_as("enumerator"), third)
    assert put(login_as("enumerator"), third).status_code == 200


def test_the_quota_is_many_times_what_a_busy_day_brings(app: Flask) -> None:
    busy = 40 * 5 * 500_000  # interviews, photos, bytes of each as the phone makes it smaller
    assert app.config["FILE_QUOTA"] >= 14 * busy  # two weeks without network, sent at once


# By hand


@pytest.mark.parametrize("named", ["by nothing", "by an interview of the file", "by one that nobody finished"])
def test_of_a_carried_file_only_what_something_names_is_kept(login_as: Any, session: Any, named: str) -> None:
    """The answers of an interview that nobody finished are read by a person, with their photos."""
    greeting = hello(login_as("enumerator"))
    files = CARRIED if named == "by an interview of the file" else []
    lines = [rows_of.outbox(entry("ho-1", files=files))]
    if named == "by one that nobody finished":
        draft = rows_of.row("drafts", "d-1", {"name": "Cà Thị Đôi"}, id="d-1", household_id="ho-3", state="open")
        step = {"events": [{"op": "set", "path": "anh_nha", "value": rows_of.NAME}]}
        lines += [draft, rows_of.row("journal", ["d-1", 1], step, draft="d-1", seq=1)]
    photo = rows_of.box("bytes", rows_of.NAME, rows_of.PHOTO)
    page = bring(login_as("supervisor"), rows_of.carried(greeting, rows_of.ring(greeting), *lines, photo=photo))
    assert counts(page.text)["new"] == 1
    assert rows(session, Attachment) == (0 if named == "by nothing" else 1)
