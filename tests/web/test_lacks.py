"""What the machine lacks (memory, room, handles, a database) is told: 503 or 507, nothing kept, nobody judged."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from argon2.exceptions import HashingError, VerificationError, VerifyMismatchError
from flask import Flask
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from models import AuditEvent, Receipt, SignInTries, Submission
from survey.accounts import accounts
from survey.collect.keys import make_token
from survey.files.media_types import judge
from survey.lacks import lack_of
from survey.problems import Problem
from tests.interviews import entry, envelope, name_files, push
from tests.pictures import picture
from tests.world import COMMUNE, NOW

FULL, BUSY = "storage_full", "busy"
AS_SQLITE_SAYS_IT = {"full": "database or disk is full", "locked": "database is locked"}
NO_MEMORY = VerificationError("Memory allocation error")


def rows(session: Any, table: Any) -> int:
    session.rollback()
    return int(session.scalar(select(func.count()).select_from(table)))


def fault(databases: Any, kind: str) -> Exception:
    """What the driver raises; `kind`: full, locked."""
    if databases.name == "sqlite":
        return sqlite3.OperationalError(AS_SQLITE_SAYS_IT[kind])
    return psycopg.errors.DiskFull("no room") if kind == "full" else psycopg.errors.TooManyConnections("sorry")


@pytest.fixture
def failing_commit(app: Flask, databases: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`with failing_commit("full"):` each commit of the app's database fails so."""

    @contextmanager
    def failing(kind: str) -> Iterator[None]:
        def do_commit(_connection: Any) -> None:
            raise fault(databases, kind)

        with monkeypatch.context() as patch:
            patch.setattr(app.extensions["engine"].dialect, "do_commit", do_commit)
            yield

    return failing


@pytest.mark.parametrize(("kind", "status", "code"), [("full", 507, FULL), ("locked", 503, BUSY)])
@pytest.mark.usefixtures("small_round")
def test_a_push_whose_commit_fails_says_why_and_is_not_acknowledged(
    login_as: Any, session: Any, failing_commit: Any, kind: str, status: int, code: str
) -> None:
    browser, sent = login_as("enumerator"), entry()
    with failing_commit(kind):
        answer = browser.post("/api/v1/push", json=envelope(sent))
    assert (answer.status_code, answer.json["problem"]["code"]) == (status, code)
    assert answer.headers["Retry-After"] and answer.headers["X-So-Ho"] == "1"
    assert answer.headers["Content-Security-Policy"]
    assert rows(session, Submission) == rows(session, Receipt) == 0
    [again] = push(browser, sent)
    assert again["outcome"] == "stored"


def test_a_file_whose_commit_fails_is_not_acknowledged(login_as: Any, failing_commit: Any) -> None:
    photo = picture("JPEG")
    name = hashlib.sha256(photo).hexdigest()
    address = f"/api/v1/files/{name}?commune={COMMUNE}"
    browser = login_as("enumerator")
    name_files(browser, photo)
    with failing_commit("full"):
        assert browser.put(address, data=photo, content_type="image/jpeg").status_code == 507
    assert browser.head(address).status_code == 404
    assert browser.put(address, data=photo, content_type="image/jpeg").status_code == 200


def test_a_page_whose_commit_fails_says_so_in_words_and_signs_nobody_in(client: Any, failing_commit: Any) -> None:
    client.get("/login")
    with failing_commit("full"):
        answer = client.post("/login", data={"username": "supervisor", "password": "mat-khau-thu"} | token(client))
    assert answer.status_code == 507 and "đầy" in answer.text
    assert client.get("/desk/").status_code == 302  # to the page of signing in


def token(client: Any) -> dict[str, str]:
    page = client.get("/login").text
    return {"csrf_token": page.split('name="csrf_token" type="hidden" value="')[1].split('"')[0]}


def sign_in(client: Any, password: str) -> Any:
    return client.post("/login", data={"username": "supervisor", "password": password} | token(client))


@pytest.fixture
def right(app: Flask, session: Any) -> str:
    """The supervisor's password."""
    account = accounts.find_account(session, "supervisor")
    assert account is not None
    accounts.set_password(account, "mot cau that dai")
    session.commit()
    return "mot cau that dai"


@pytest.mark.thorough
@pytest.mark.parametrize("lack", [NO_MEMORY, MemoryError(), HashingError("Threading failure")], ids=str)
def test_a_password_that_could_not_be_checked_is_no_wrong_one(
    client: Any, session: Any, right: str, monkeypatch: pytest.MonkeyPatch, lack: Exception
) -> None:
    def no_memory(*_: Any) -> None:
        raise lack

    with monkeypatch.context() as patch:
        patch.setattr(type(accounts._hasher), "verify", no_memory)
        for _ in range(8):  # five wrong ones would lock the name
            answer = sign_in(client, right)
            assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
            assert "không tính là nhập sai" in answer.text and "chưa đúng" not in answer.text
    session.rollback()
    [tries] = session.scalars(select(SignInTries)).all()
    assert (tries.failures, tries.last, tries.untold) == (0, None, 0)
    assert "sign_in_failed" not in session.scalars(select(AuditEvent.verb)).all()
    assert sign_in(client, right).status_code == 303


def test_ones_own_password_that_could_not_be_checked_is_not_called_wrong(
    login_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_: Any) -> None:
        raise NO_MEMORY

    monkeypatch.setattr(type(accounts._hasher), "verify", no_memory)
    asked = {"current": "x" * 12, "password": "y" * 12, "again": "y" * 12}
    answer = login_as("supervisor").post("/account/password", data=asked)
    assert answer.status_code == 503 and answer.headers["Retry-After"]


WITH_LITTLE_MEMORY = """
import resource
from survey.accounts import accounts
from survey.collect import submissions
from survey.lacks import lack_of
hashed = accounts.hash_password("mot cau that dai")
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + (8 << 20), resource.RLIM_INFINITY))
try:
    print("told", accounts.password_matches(hashed, "mot cau that dai"))
except Exception as error:
    print("lacks", lack_of(error).code)
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(accounts.password_matches(hashed, "mot cau that dai"), accounts.password_matches(hashed, "another"))
"""


@pytest.mark.thorough
def test_argon2_with_little_memory_is_busy() -> None:
    root = Path(__file__).resolve().parents[2]
    ran = [sys.executable, "-c", WITH_LITTLE_MEMORY]
    said = subprocess.run(ran, cwd=root, capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == ["lacks busy", "True False"]


def test_few_passwords_are_worked_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = accounts.hash_password("mot cau that dai")
    entered, leave = threading.Semaphore(0), threading.Event()

    def slow(*_: Any) -> bool:
        entered.release()
        return leave.wait(30)

    monkeypatch.setattr(type(accounts._hasher), "verify", slow)
    monkeypatch.setattr(accounts, "PATIENCE", 0)
    busy = [threading.Thread(target=accounts.password_matches, args=(hashed, "x")) for _ in range(accounts.AT_ONCE)]
    for one in busy:
        one.start()
        assert entered.acquire(timeout=30)
    with pytest.raises(Problem, match="busy"):
        accounts.password_matches(hashed, "x")
    leave.set()
    for one in busy:
        one.join()
    assert accounts.password_matches(hashed, "x")  # their turns were given back


@pytest.mark.parametrize("lack", [MemoryError(), OSError(errno.EMFILE, "Too many open files")], ids=["memory", "files"])
@pytest.mark.usefixtures("small_round")
def test_an_entry_is_not_held_for_what_the_machine_lacks(
    login_as: Any, session: Any, monkeypatch: pytest.MonkeyPatch, lack: Exception
) -> None:
    def no_memory(*_: Any, **__: Any) -> None:
        raise lack

    browser, sent = login_as("enumerator"), entry()
    with monkeypatch.context() as patch:
        patch.setattr("survey.intake.triage.Judge.judge", no_memory)
        answer = browser.post("/api/v1/push", json=envelope(sent))
    assert (answer.status_code, answer.json["problem"]["code"]) == (503, BUSY)
    assert rows(session, Submission) == 0
    assert push(browser, sent)[0]["outcome"] == "stored"


@pytest.mark.parametrize(
    "lack",
    [OSError(errno.EMFILE, "no handle"), MemoryError(), OSError("out of memory error when reading image file")],
    ids=["files", "memory", "pillow"],
)
def test_a_picture_is_not_damaged_for_what_the_machine_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lack: Exception
) -> None:
    photo = tmp_path / "photo"
    photo.write_bytes(picture("JPEG"))

    def lacking(*_: Any, **__: Any) -> None:
        raise lack

    monkeypatch.setattr(Image, "open", lacking)
    with pytest.raises(type(lack)):
        judge(photo, "image/jpeg")


def test_a_descriptor_that_is_lacking_is_told(login_as: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the real limit: no handle is free when the file is to be kept."""
    browser, photo = login_as("enumerator"), picture("JPEG")
    name = hashlib.sha256(photo).hexdigest()
    name_files(browser, photo)
    real = os.open

    def none_left(path: Any, *more: Any, **named: Any) -> int:
        if "files" in str(path):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return real(path, *more, **named)

    monkeypatch.setattr(os, "open", none_left)
    answer = browser.put(f"/api/v1/files/{name}?commune={COMMUNE}", data=photo, content_type="image/jpeg")
    assert (answer.status_code, answer.json["problem"]["code"]) == (503, BUSY)


def said_by(driver: Exception) -> Exception:
    try:
        raise OperationalError("COMMIT", {}, driver) from driver
    except OperationalError as error:
        return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, ""), FULL),
        (OSError(errno.EDQUOT, ""), FULL),
        (OSError(errno.EMFILE, ""), BUSY),
        (OSError(errno.ENOENT, ""), None),
        (MemoryError(), BUSY),
        (RuntimeError("can't start new thread"), BUSY),
        (RuntimeError("another"), None),
        (NoConnectionFree(), BUSY),
        (VerifyMismatchError(), None),
        (said_by(sqlite3.OperationalError("database or disk is full")), FULL),
        (said_by(sqlite3.OperationalError("database is locked")), BUSY),
        (said_by(sqlite3.OperationalError("no such table: account")), None),
        (said_by(psycopg.errors.DiskFull()), FULL),
        (said_by(psycopg.errors.OutOfMemory()), BUSY),
        (said_by(psycopg.errors.TooManyConnections()), BUSY),
        (said_by(psycopg.errors.AdminShutdown()), BUSY),
        (said_by(psycopg.errors.DeadlockDetected()), BUSY),
        (said_by(psycopg.OperationalError("connection refused")), BUSY),
        (said_by(psycopg.errors.UndefinedTable()), None),
        (Problem("busy"), BUSY),
        (Problem("conflict"), None),
        (ValueError(), None),
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_lacking_is_told_apart(error: Exception, code: str | None) -> None:
    lack = lack_of(error)
    assert (lack and lack.code) == code
    assert lack is None or lack.retry_after


def test_a_true_full_disk_at_the_commit(tmp_path: Path) -> None:
    """A database on a disk of 1 MB, filled: SQLite says it only as it commits."""
    room = tmp_path / "disk"
    room.mkdir()
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(room)], check=False, capture_output=True
    ).returncode == 0  # fmt: skip
    if not mounted:
        pytest.skip("only root may make a small disk")
    try:
        database = sqlite3.connect(room / "x.sqlite3", isolation_level=None)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE t (x)")
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO t VALUES (?)", [("x" * 1000,)] * 900)
        with pytest.raises(sqlite3.OperationalError) as caught:
            database.execute("COMMIT")
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO t VALUES (?)", [("x" * 1000,)] * 900)
            database.execute("COMMIT")
        database.close()
        lack = lack_of(caught.value)
        assert lack is not None and lack.code == FULL
    finally:
        subprocess.run(["umount", str(room)], check=True)


@pytest.mark.parametrize(("kind", "status"), [("full", 507), ("locked", 503)])
@pytest.mark.usefixtures("small_round")
def test_a_collect_is_told_in_its_own_words_and_sends_again(
    app: Flask, session: Any, failing_commit: Any, kind: str, status: int
) -> None:
    account = accounts.find_account(session, "enumerator")
    assert account is not None
    _, key = make_token(session, account, account, NOW)
    session.commit()
    xml = b'<data id="phieu_thu" version="1"><meta><instanceID>uuid:1</instanceID></meta></data>'

    def send() -> Any:
        parts = {"xml_submission_file": (io.BytesIO(xml), "submission.xml")}
        return app.test_client().post(f"/collect/{key}/submission", data=parts)

    with failing_commit(kind):
        answer = send()
    assert answer.status_code == status and answer.headers["Retry-After"]
    assert answer.headers["X-OpenRosa-Version"] == "1.0" and b"submit_error" in answer.data
    assert rows(session, Submission) == 0
    assert send().status_code in (201, 202)
    assert rows(session, Submission) == 1
