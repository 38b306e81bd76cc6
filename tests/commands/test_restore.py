"""The restore drill: a copy made under load, work after it, the machine lost, the copy put back, phones send again."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import MetaData, make_url, select, text
from sqlalchemy.orm import Session

from app import create_app
from models import Account, Attachment, ServerState, Submission
from models.database import open_engine
from survey.evidence.signing import Signer, key_id
from survey.files.store import path_of
from survey.operations.backup import Copy, hash_of
from survey.operations.opening import look_into
from survey.operations.restore import UNFINISHED
from survey.operations.sealing import required_recipients, unsealed
from tests.conftest import Browser, browser_of
from tests.interviews import HOUSEHOLDS, entry, envelope, push
from tests.pictures import picture
from tests.recipients import OPERATOR, identity_file, name_recipients
from tests.world import COMMUNE

pytestmark = pytest.mark.thorough


class Protocol:
    """A phone as docs/sync.md describes it: it keeps everything, and starts over under another generation."""

    def __init__(self, browser: Any, device: str) -> None:
        self.browser, self.device = browser, device
        self.generation: str | None = None
        self.entries: dict[str, Any] = {}
        self.files: dict[str, bytes] = {}
        self.receipts: dict[str, Any] = {}

    def interview(self, household_id: str, photo: bytes | None = None) -> None:
        files = []
        answers = {}
        if photo:
            sha256 = hashlib.sha256(photo).hexdigest()
            self.files[sha256] = photo
            answers = {"anh_nha": sha256}
            files = [{"path": "anh_nha", "sha256": sha256, "size": len(photo), "type": "image/jpeg"}]
        made = entry(household_id, answers, files=files)
        self.entries[made["id"]] = made

    def sync(self) -> None:
        greeting = self.browser.get("/api/v1/hello").json
        if self.generation not in (None, greeting["generation"]):
            self.receipts.clear()
        self.generation = greeting["generation"]
        waiting = [one for key, one in self.entries.items() if key not in self.receipts]
        unsent = [{"id": one["id"], "household_id": one["household_id"]} for one in waiting]
        for number, one in enumerate(waiting):
            sent = envelope(one, unsent=unsent[number + 1 :])
            sent["device"] |= {"id": self.device}
            answer = self.browser.post("/api/v1/push", json=sent)
            assert answer.status_code == 200, answer.text
            [result] = answer.json["results"]
            for sha256 in result["missing_files"]:
                address = f"/api/v1/files/{sha256}?commune={COMMUNE}"
                stored = self.browser.put(address, data=self.files[sha256], content_type="image/jpeg")
                assert stored.status_code == 200, stored.text
            self.receipts[one["id"]] = result["receipt"]


def photo(number: int) -> bytes:
    return picture("JPEG", 40 + number, 30)


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=list(words))


def put_back(app: Flask, copy: Path, *words: str) -> Any:
    return run(app, "backup", "restore", str(copy), "--identity", identity_file(copy.parent), *words)


def destroyed(app: Flask) -> dict[str, Any]:
    """The machine is lost: no database, no files, no keys; what a new one is set up with."""
    settings = {key: app.config[key] for key in ("DATABASE_URL", "INSTANCE", "CLOCK", "TESTING")}
    engine = app.extensions["engine"]
    if engine.dialect.name == "sqlite":
        engine.dispose()
        for suffix in ("", "-wal", "-shm"):
            Path(settings["DATABASE_URL"].removeprefix("sqlite:///") + suffix).unlink(missing_ok=True)
    else:
        with engine.begin() as connection:
            tables = MetaData()
            tables.reflect(connection)
            tables.drop_all(connection)
        engine.dispose()
    shutil.rmtree(settings["INSTANCE"])
    return settings


def started(settings: dict[str, Any]) -> Flask:
    made = create_app(settings)
    made.test_client_class = Browser
    return made


def test_the_drill(app: Flask, small_round: str, login_as: Any, clock: Any, tmp_path: Path) -> None:
    first, second = Protocol(login_as("enumerator"), "may-1"), Protocol(login_as("enumerator-2"), "may-2")
    first.interview("ho-1", photo(1))
    first.sync()
    name_recipients(Path(app.config["INSTANCE"]))
    # While phones go on sending, a copy is made.
    copying = Event()

    def send() -> None:
        for number, household in enumerate(HOUSEHOLDS[1:3]):
            first.interview(household, photo(2 + number))
            copying.wait()
            first.sync()

    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send)
        copying.set()
        made = run(app, "backup", "make", str(tmp_path / "copy"))
        sending.result()
    assert made.exit_code == 0, made.output
    clock.advance(hours=3)
    second.interview("ho-4", photo(9))
    second.sync()
    before = dict(first.receipts | second.receipts)
    accounts = {one: one.browser.get("/api/v1/hello").json["account"]["id"] for one in (first, second)}
    generation = first.browser.get("/api/v1/hello").json["generation"]

    settings = destroyed(app)
    fresh = started(settings)
    clock.advance(hours=1)
    restored = put_back(fresh, tmp_path / "copy")
    assert restored.exit_code == 0, restored.output
    assert not (Path(settings["INSTANCE"]) / UNFINISHED).exists()
    fresh.extensions["engine"].dispose()

    again = started(settings)
    assert run(again, "migrate").exit_code == 0
    lost = list(second.entries)
    with Session(again.extensions["reading_engine"]) as reading:
        assert not reading.scalars(select(Submission).where(Submission.entry_id.in_(lost))).all()
        people = {one: reading.get_one(Account, accounts[one]) for one in accounts}
    for one, account in people.items():
        one.browser = browser_of(again, account, clock.now)
        assert one.browser.get("/api/v1/hello").json["generation"] != generation
        one.sync()
    with Session(again.extensions["reading_engine"]) as reading:
        here = sorted(reading.scalars(select(Submission.entry_id)))
        assert here == sorted([*first.entries, *second.entries])
        names = sorted(reading.scalars(select(Attachment.sha256)))
        assert names == sorted([*first.files, *second.files])
        for sha256 in names:
            assert hash_of(path_of(Path(settings["INSTANCE"]) / "files", sha256)) == sha256
    for receipts in (before, first.receipts | second.receipts):
        (tmp_path / "bien-nhan.json").write_text(json.dumps(list(receipts.values())), "utf-8")
        verified = run(again, "receipts", "verify", str(tmp_path / "bien-nhan.json"))
        assert verified.exit_code == 0, verified.output
    state = contents(again)
    assert run(again, "rebuild").exit_code == 0
    assert contents(again) == state
    again.extensions["engine"].dispose()


def contents(app: Flask) -> dict[str, list[Any]]:
    """Every row of every table, but for the log and the jobs."""
    tables = MetaData()
    with app.extensions["reading_engine"].connect() as connection:
        tables.reflect(connection)
        return {
            name: sorted(tuple(map(str, row)) for row in connection.execute(table.select()))
            for name, table in tables.tables.items()
            if name not in ("audit_event", "job", "commune_counter")  # who wrote last, how often turns were taken
        }


@pytest.fixture
def copy(app: Flask, small_round: str, login_as: Any, tmp_path: Path) -> Path:
    """A backup of one interview; the server has another one since."""
    browser = login_as("enumerator")
    push(browser, entry("ho-1"))
    name_recipients(Path(app.config["INSTANCE"]))
    assert run(app, "backup", "make", str(tmp_path / "copy")).exit_code == 0
    push(browser, entry("ho-2"))
    app.extensions["engine"].dispose()
    return tmp_path / "copy"


def entries_in(app: Flask) -> int:
    with app.extensions["reading_engine"].connect() as connection:
        found = connection.scalar(text("SELECT count(*) FROM submission"))
    app.extensions["engine"].dispose()
    return int(found or 0)


def test_where_data_stands_a_restore_says_so_and_with_replace_puts_it_aside(app: Flask, copy: Path) -> None:
    refused = put_back(app, copy)
    assert (refused.exit_code, "--replace" in refused.output, entries_in(app)) == (1, True, 2)
    instance = Path(app.config["INSTANCE"])
    done = put_back(app, copy, "--replace")
    assert done.exit_code == 0, done.output
    assert entries_in(app) == 1
    [aside] = instance.parent.glob("instance.before-*")
    assert str(aside) in done.output
    assert "điện thoại đã thu hồi" in done.output, "what the phones cannot bring back"
    assert {path.name for path in aside.iterdir()} >= {"receipt.key.age", "manifest.json"}
    assert any(path.name.startswith("so-ho.") for path in aside.iterdir())
    assert not any("session" in path.name for path in aside.rglob("*"))
    assert aside.stat().st_mode & 0o777 == 0o700
    app.extensions["engine"].dispose()
    back = put_back(app, aside, "--replace")
    assert (back.exit_code, entries_in(app)) == (0, 2), back.output


def test_a_restore_under_a_running_server_is_refused(app: Flask, copy: Path) -> None:
    other = open_engine(app.config["DATABASE_URL"])
    with other.connect() as at_work:
        at_work.execute(text("SELECT 1"))
        refused = put_back(app, copy, "--replace")
        assert (refused.exit_code, "dừng dịch vụ" in refused.output) == (1, True), refused.output
    other.dispose()
    assert entries_in(app) == 2


def test_a_damaged_or_foreign_copy_changes_nothing(app: Flask, copy: Path, tmp_path: Path) -> None:
    instance = Path(app.config["INSTANCE"])
    key = (instance / "receipt.key").read_bytes()
    (copy / "receipt.key.age").write_bytes(b"x" * 32)
    damaged = put_back(app, copy, "--replace")
    assert (damaged.exit_code, "receipt.key.age" in damaged.output) == (1, True)
    foreign = put_back(app, tmp_path, "--replace")
    assert (foreign.exit_code, "Traceback" in foreign.output) == (1, False)
    assert (entries_in(app), (instance / "receipt.key").read_bytes()) == (2, key)
    assert sorted(path.name for path in instance.parent.glob("instance*")) == ["instance"]


def contents_of(instance: Path) -> list[tuple[str, bytes]]:
    return sorted((path.name, path.read_bytes()) for path in instance.iterdir() if path.is_file())


def test_a_dump_that_does_not_load_leaves_everything_as_it_was(app: Flask, copy: Path) -> None:
    instance = Path(app.config["INSTANCE"])
    before = contents_of(instance)
    with forged(app, copy) as parts:
        parts[next(name for name in parts if name.startswith("so-ho."))] = b"khong phai co so du lieu"
    refused = put_back(app, copy, "--replace")
    assert (refused.exit_code, "Traceback" in refused.output) == (1, False), refused.output
    assert entries_in(app) == 2
    assert contents_of(instance) == before
    assert not list(instance.glob(".*"))


@pytest.mark.parametrize("name", ["../ngoai", "/ngoai", "files/../../ngoai", "a\\b", ""])
def test_names_that_lead_out_of_the_folder_are_refused(app: Flask, copy: Path, name: str) -> None:
    with forged(app, copy) as parts:
        parts[name] = b"x"
    refused = put_back(app, copy, "--replace")
    assert (refused.exit_code, "không dùng được" in refused.output, entries_in(app)) == (1, True, 2)


@contextmanager
def forged(app: Flask, folder: Path) -> Iterator[dict[str, bytes]]:
    """A backup sealed and signed like any other, with what is put into its parts by plain name."""
    backup = look_into(folder, [OPERATOR], None)
    parts = {name: unsealed(folder / said["in"], [OPERATOR]) for name, said in backup.parts.items()}
    yield parts
    shutil.rmtree(folder)
    folder.mkdir()
    instance = Path(app.config["INSTANCE"])
    made = Copy(folder, required_recipients(instance), b"k")
    for number, (name, content) in enumerate(parts.items()):
        made.add(f"{number}", io.BytesIO(content))
        made.parts[name] = made.parts.pop(f"{number}")
    told = {"made_at": backup.made_at, "files": backup.files, "damaged": 0}
    signer = Signer((instance / "receipt.key").read_bytes())
    made.close(signer, told, {"damaged": [], "lost": [], "damaged_answers": []})


def test_a_server_does_not_start_on_half_a_restore(app: Flask, copy: Path) -> None:
    (Path(app.config["INSTANCE"]) / UNFINISHED).touch()
    refused = run(app, "migrate")
    assert (refused.exit_code, "backup restore" in refused.output) == (1, True)
    assert put_back(app, copy, "--replace").exit_code == 0
    again = started({key: app.config[key] for key in ("DATABASE_URL", "INSTANCE", "CLOCK", "TESTING")})
    assert run(again, "migrate").exit_code == 0
    again.extensions["engine"].dispose()


def test_a_restore_from_before_a_change_of_keys_lets_the_newer_key_introduce_the_older(
    app: Flask, copy: Path, session: Any
) -> None:
    old = app.extensions["signer"].public_key
    assert run(app, "receipts", "rotate").exit_code == 0
    app.extensions["engine"].dispose()
    done = put_back(app, copy, "--replace")
    assert done.exit_code == 0, done.output
    [value] = session.scalars(select(ServerState.value).where(ServerState.key.startswith("succession:")))
    assert value.split(" ")[1] == key_id(old)
    session.rollback()


def test_a_copy_of_the_other_kind_of_database_is_named(app: Flask, copy: Path) -> None:
    with forged(app, copy) as parts:
        name = next(name for name in parts if name.startswith("so-ho."))
        parts["so-ho.pgdump" if name == "so-ho.sqlite3" else "so-ho.sqlite3"] = parts.pop(name)
    refused = put_back(app, copy, "--replace")
    assert (refused.exit_code, "DATABASE_URL" in refused.output) == (1, True), refused.output
    assert make_url(app.config["DATABASE_URL"]).database
