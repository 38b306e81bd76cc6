"""Keys are changed while phones, receipts and workers' numbers of before live on; what is written is its owner's."""

from __future__ import annotations

import hashlib
import os
from base64 import b64encode
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key
from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from models import Device
from survey.accounts.accounts import find_account
from survey.accounts.escrow import blind, vault_label
from survey.operations import keys, rotation
from tests.conftest import Browser, browser_of
from tests.interviews import entry, envelope, push
from tests.recipients import name_recipients
from tests.world import COMMUNE, NOW

ROTATED = ("session", "receipt", "escrow")


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=list(words))


def started_again(app: Flask) -> Flask:
    made = create_app({key: app.config[key] for key in ("DATABASE_URL", "INSTANCE", "CLOCK", "TESTING")})
    made.test_client_class = Browser
    return made


def signed_in(app: Flask, username: str = "enumerator") -> Any:
    with Session(app.extensions["reading_engine"]) as session:
        account = find_account(session, username)
        assert account is not None
    return browser_of(app, account, NOW)


def wrapped_to(instance: Path, account_id: str) -> bytes:
    """A phone's key as it is wrapped to the office's key in use."""
    key = load_der_private_key((instance / "escrow.key").read_bytes(), None).public_key()
    padding = OAEP(MGF1(SHA256()), SHA256(), vault_label(account_id).encode())
    return key.encrypt(b"k" * 32, padding)  # type: ignore[union-attr,call-arg,arg-type]


def recovered(browser: Any, wrapped: bytes) -> int:
    asked = {"wrapped": b64encode(wrapped).decode(), "vault": str(uuid4())}
    return int(browser.post("/api/v1/vault/recover", json=asked).status_code)


@pytest.mark.thorough
def test_a_former_key_to_phones_locks_opens_until_no_phone_needs_it(
    app: Flask, small_round: str, login_as: Any
) -> None:
    instance = Path(app.config["INSTANCE"])
    browser = login_as("enumerator")
    account = browser.get("/api/v1/hello").json["account"]["id"]
    wrapped, former = wrapped_to(instance, account), app.extensions["escrow"].key_id
    numbers = app.config["INDEX_KEY"]
    said = envelope(entry("ho-1"))
    said["device"] |= {"escrow": former}
    assert browser.post("/api/v1/push", json=said).status_code == 200
    assert run(app, "migrate").exit_code == 0

    done = run(app, "keys", "rotate", "escrow")
    assert done.exit_code == 0, done.output
    assert (instance / f"escrow-{former}.key").stat().st_mode & 0o777 == 0o600
    again = started_again(app)
    assert run(again, "migrate").exit_code == 0
    newer = again.extensions["escrow"].key_id
    assert newer != former
    browser = signed_in(again)
    assert browser.get("/api/v1/hello").json["escrow"]["id"] == newer
    assert recovered(browser, wrapped) == 200
    assert again.config["INDEX_KEY"] == numbers, "numbers that were hashed before are known again"

    listed = run(again, "keys", "list").output
    assert f"escrow-{former}.key\t{former}\tcũ; 1 điện thoại" in listed, listed
    refused = run(again, "keys", "forget", former)
    assert (refused.exit_code, "--anyway" in refused.output) == (1, True), refused.output
    assert run(again, "keys", "forget", newer).exit_code == 1
    assert run(again, "keys", "forget", "../receipt").exit_code == 1
    # An earlier release does not say with which key its phone is locked: it may be the former one.
    for escrow, code in ((None, 1), (newer, 0)):
        said = envelope(entry("ho-2"))
        said["device"] |= {"escrow": escrow} if escrow else {}
        assert browser.post("/api/v1/push", json=said).status_code == 200
        assert run(again, "keys", "forget", former).exit_code == code
    assert not (instance / f"escrow-{former}.key").exists()
    last = started_again(app)
    assert recovered(signed_in(last), wrapped) == 409
    for one in (again, last):
        one.extensions["engine"].dispose()


@pytest.mark.thorough
def test_a_withdrawn_phone_keeps_no_former_key(app: Flask, small_round: str, login_as: Any) -> None:
    instance = Path(app.config["INSTANCE"])
    former = app.extensions["escrow"].key_id
    push(login_as("enumerator"), entry("ho-1"))
    assert run(app, "keys", "rotate", "escrow").exit_code == 0
    with Session(app.extensions["engine"]) as session:
        [found] = rotation.former_escrows(session, instance)
        assert (found.key_id, len(found.silent), found.is_needed) == (former, 1, True)
        [device] = session.query(Device)
        device.revoked_at = NOW
        [found] = rotation.former_escrows(session, instance)
        assert not found.is_needed


@pytest.mark.thorough
def test_a_session_key_that_is_changed_ends_every_cookie(app: Flask, login_as: Any) -> None:
    copied = login_as("admin").get_cookie("so_ho").value
    assert run(app, "migrate").exit_code == 0
    assert run(app, "keys", "rotate", "session").exit_code == 0
    again = started_again(app)
    assert run(again, "migrate").exit_code == 0, "the database knows the new key"
    thief: Any = again.test_client()
    thief.set_cookie("so_ho", copied)
    assert thief.get("/api/v1/hello").status_code == 401
    assert signed_in(again).get("/api/v1/hello").status_code == 200
    again.extensions["engine"].dispose()


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ROTATED)
def test_a_change_that_is_cut_off_leaves_a_key_that_the_database_knows(
    app: Flask, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    instance = Path(app.config["INSTANCE"])
    assert run(app, "migrate").exit_code == 0
    before = (instance / f"{kind}.key").read_bytes()

    def killed(path: Path, _content: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("survey.commands.installation.put", killed)
    run(app, "keys", "rotate", kind)
    monkeypatch.undo()
    assert (instance / f"{kind}.key").read_bytes() == before
    again = started_again(app)
    assert run(again, "migrate").exit_code == 0
    assert run(again, "keys", "rotate", kind).exit_code == 0
    assert (instance / f"{kind}.key").read_bytes() != before
    last = started_again(app)
    assert run(last, "migrate").exit_code == 0
    for one in (again, last):
        one.extensions["engine"].dispose()


def test_a_place_of_before_goes_on_with_the_hashes_that_it_has(tmp_path: Path, escrow_key: bytes) -> None:
    (tmp_path / "escrow.key").write_bytes(escrow_key)
    keys.make_missing(tmp_path)
    index = (tmp_path / "index.key").read_bytes()
    assert index == hashlib.sha256(b"so-ho numbers" + escrow_key).digest()
    assert blind(index, "014099123456") == blind(index, "014099123456") != blind(b"x" * 32, "014099123456")
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    keys.make_missing(fresh)
    of_escrow = hashlib.sha256(b"so-ho numbers" + (fresh / "escrow.key").read_bytes()).digest()
    assert (fresh / "index.key").read_bytes() != of_escrow


def open_to_others(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.stat().st_mode & 0o077]


@pytest.mark.thorough
def test_what_is_written_can_be_read_by_its_owner_alone(
    app: Flask, small_round: str, login_as: Any, tmp_path: Path
) -> None:
    """Whatever umask the operator's shell has: exports, backups, and all that the server puts into its folder."""
    push(login_as("enumerator"), entry())
    out = tmp_path / "out"
    out.mkdir(mode=0o700)
    before = os.umask(0o022)
    try:
        again = started_again(app)
        assert os.umask(0o077) == 0o077
        name_recipients(Path(app.config["INSTANCE"]))
        for words in (
            ["migrate"],
            ["backup", "make", str(out / "backups" / "1")],
            ["export", "csv", str(out / "csv"), "--state", "all"],
            ["export", "xlsx", str(out / "xlsx"), "--state", "all"],
            ["export", "geojson", str(out / "geojson"), "--state", "all"],
            ["export", "changes", str(out / "changes")],
            ["audit", "list", "--csv", str(out / "acts.csv")],
            ["proof-keys", "list", "--out", str(out / "keys.json")],
            ["register", "export", str(out / "list.xlsx"), "--commune", COMMUNE],
            ["register", "police-list", "--out", str(out / "police.xlsx"), "--commune", COMMUNE],
        ):
            done = run(again, *words)
            assert done.exit_code == 0, (words, done.output)
        again.extensions["engine"].dispose()
        assert len(list(out.rglob("*"))) > 15
        assert open_to_others(out) == []
        fresh = tmp_path / "fresh"
        made = create_app({"INSTANCE": fresh})  # SQLite: the database lies there too
        assert run(made, "migrate").exit_code == 0
        made.extensions["engine"].dispose()
        assert (fresh / "so-ho.sqlite3").exists()
        assert open_to_others(tmp_path / "fresh") == []
    finally:
        os.umask(before)


def test_a_folder_that_others_could_read_is_closed_by_migrate(tmp_path: Path) -> None:
    place = tmp_path / "place"
    made = create_app({"INSTANCE": place})
    assert run(made, "migrate").exit_code == 0
    database = place / "so-ho.sqlite3"
    place.chmod(0o755)
    database.chmod(0o644)
    assert run(made, "migrate").exit_code == 0
    made.extensions["engine"].dispose()
    assert (place.stat().st_mode & 0o777, database.stat().st_mode & 0o777) == (0o700, 0o600)
