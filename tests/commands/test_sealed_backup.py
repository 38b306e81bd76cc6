"""Backups as the burglar has them, as their recipients have them, and as they came before they were sealed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import subprocess
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from pyrage.x25519 import Identity
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from models import Account, CollectToken, FeedKey, Household, Submission
from survey.accounts import sessions
from survey.accounts.accounts import find_account
from survey.collect.keys import make_token
from survey.feed import keys as feed_keys
from survey.files.store import path_of
from survey.operations import backup as backups
from survey.operations import keys as instance_keys
from survey.operations import sealing
from survey.operations.backup import MANIFEST, SIGNATURE, back_up, bytes_of, check, read_manifest
from survey.operations.opening import PLAIN_FORMAT, copy_out, look_into
from survey.operations.sealing import RECIPIENTS, BackupFailed, read_recipients, unsealed
from tests.interviews import entry, push
from tests.pictures import picture
from tests.recipients import OPERATOR, PROVINCE, STRANGER, identity_file, name_recipients
from tests.world import COMMUNE, NOW

pytestmark = pytest.mark.thorough
SECRETS = ("Lò Văn Bí Mật", "014099123456", "bệnh nan y không ai được biết")


def run(app: Flask, *words: str, given: str | None = None) -> Any:
    return app.test_cli_runner().invoke(args=list(words), input=given)


@pytest.fixture
def instance(app: Flask, small_round: str) -> Path:
    folder = Path(app.config["INSTANCE"])
    name_recipients(folder)
    return folder


@pytest.fixture
def interview(instance: Path, login_as: Any) -> dict[str, Any]:
    """An interview with what nobody may read, and a photo."""
    photo = picture("JPEG", 40, 30)
    sha256 = hashlib.sha256(photo).hexdigest()
    name, number, told = SECRETS
    answers = {
        "anh_nha": sha256,
        "ghi_chu": f"{told} {number}",
        "thanh_vien": [{"ho_ten": name, "tuoi": 33, "the_bhyt": "co"}],
    }
    files = [{"path": "anh_nha", "sha256": sha256, "size": len(photo), "type": "image/jpeg"}]
    made = entry("ho-1", answers, files=files)
    browser = login_as("enumerator")
    push(browser, made)
    stored = browser.put(f"/api/v1/files/{sha256}?commune={COMMUNE}", data=photo, content_type="image/jpeg")
    assert stored.status_code == 200, stored.text
    return {"entry": made["id"], "photo": photo, "sha256": sha256}


def made(app: Flask, folder: Path) -> Path:
    done = run(app, "backup", "make", str(folder))
    assert done.exit_code == 0, done.output
    app.extensions["engine"].dispose()
    return folder


def planted(app: Flask, instance: Path, interview: dict[str, Any]) -> dict[str, bytes]:
    """What a burglar would be glad of, by what it is."""
    with Session(app.extensions["reading_engine"]) as session:
        accounts = session.scalars(select(Account)).all()
        names = [*session.scalars(select(Household.head_name)), *(one.display_name for one in accounts), *SECRETS]
        others = [interview["entry"], interview["sha256"], *session.scalars(select(Household.code))]
        hashes = [one.password_hash for one in accounts] + list(session.scalars(select(Submission.content_hash)))
    app.extensions["engine"].dispose()
    words = {word: word.encode() for word in [*names, *others, *hashes] if len(word) > 4}
    keys = {path.name: path.read_bytes() for path in instance.glob("*.key")}
    return words | keys | {"the photo": interview["photo"], "of the photo": interview["photo"][100:140]}


def written_as(content: bytes) -> set[bytes]:
    """The same bytes as hexadecimal, base64, UTF-16 and JSON, too; JSON in a dump has its backslashes doubled."""
    found = {content, content.hex().encode(), b64encode(content).rstrip(b"=")}
    with suppress(UnicodeDecodeError):
        escaped = json.dumps(content.decode())[1:-1]
        found |= {content.decode().encode("utf-16-le"), escaped.encode(), escaped.replace("\\", "\\\\").encode()}
    return found


def found_in(folder: Path, wanted: dict[str, bytes]) -> set[str]:
    """What stands in any byte of any file below, or in a name."""
    bytes_there = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    bytes_there.append("\n".join(str(path.relative_to(folder)) for path in folder.rglob("*")).encode())
    return {
        what for what, content in wanted.items()
        if any(form in there for form in written_as(content) for there in bytes_there)
    }  # fmt: skip


def opened(folder: Path, to: Path) -> Path:
    """All of it in plain, the database of PostgreSQL as text."""
    to.mkdir()
    copy_out(look_into(folder, [OPERATOR], None), [OPERATOR], to)
    for dump in to.glob("*.pgdump"):
        subprocess.run(["pg_restore", "-f", str(dump.with_suffix(".sql")), str(dump)], check=True)
    return to


def test_a_backup_alone_names_nobody_and_holds_no_key(
    app: Flask, instance: Path, interview: dict[str, Any], tmp_path: Path
) -> None:
    wanted = planted(app, instance, interview)
    copy = made(app, tmp_path / "copies" / "1")
    back = run(app, "backup", "restore", str(copy), "--replace", "--identity", identity_file(tmp_path))
    assert back.exit_code == 0, back.output
    [aside] = instance.parent.glob("instance.before-*")
    for folder in (copy, aside):
        assert found_in(folder, wanted) == set()
        assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.rglob("*")))
    # The same look finds everything in what its recipients read, but the key of sessions, which is in no backup.
    seen = found_in(opened(copy, tmp_path / "opened"), wanted)
    assert set(wanted) - seen == {"session.key"}
    # The plain copies that were made on the way are gone.
    assert not [path.name for path in instance.iterdir() if path.name.startswith(".")]


def session_text(app: Flask) -> str:
    """What lies in the cookie of an administrator who has just signed in."""
    with Session(app.extensions["engine"]) as writing, writing.begin():
        admin = writing.scalars(select(Account).where(Account.role == "admin")).first()
        assert admin is not None
        return sessions.begin(writing, admin, NOW)[1]


def signed_in_by(app: Flask, key: bytes | str, text: str) -> int:
    """What the server says to the cookie with the text of a session that is signed with `key`."""
    browser: Any = app.test_client()
    maker = Flask("burglar")
    maker.secret_key = key
    serializer: URLSafeTimedSerializer = maker.session_interface.get_signing_serializer(maker)  # type: ignore[attr-defined]
    browser.set_cookie(app.config["SESSION_COOKIE_NAME"], serializer.dumps({"sid": text, "csrf_token": "0" * 40}))
    return int(browser.get("/desk/").status_code)


def test_nobody_is_signed_in_by_what_a_backup_holds(
    app: Flask, instance: Path, interview: dict[str, Any], client: Any, tmp_path: Path
) -> None:
    text = session_text(app)
    copy = made(app, tmp_path / "copy")
    signed_in = signed_in_by(app, (instance / "session.key").read_bytes(), text)
    assert signed_in == 200, "whoever has the key and the text of a session is who signed in"
    guessed = signed_in_by(app, (instance / "session.key").read_bytes(), "0" * len(text))
    assert guessed == 302, "the key alone is nobody's session"
    texts = [path.read_text("ascii") for path in (copy / MANIFEST, copy / SIGNATURE)]
    words = sorted({word for text in texts for word in re.findall(r"[\w+/=.-]{8,}", text)})
    outer = [path.read_bytes() for path in sorted(copy.rglob("*.age"))]
    raw = [piece for content in outer for piece in (content[:32], content[len(content) // 2 :][:32], content[-32:])]
    assert len(words) > 10 and len(raw) > 15
    assert {signed_in_by(app, key, text) for key in [*words, *raw]} == {302}
    for word in words[:4]:  # after five wrong tries nobody is let in at all
        answer = client.post("/login", data={"username": "admin", "password": word})
        assert answer.status_code != 303
    for word in words:
        # A signature may have two slashes beside each other, which the router makes one.
        assert client.get(f"/collect/{word}/formList", follow_redirects=True).status_code in (401, 404)
    # Who opens it with an identity has the keys of the office, but is not signed in by them either.
    inside = [path.read_bytes() for path in opened(copy, tmp_path / "opened").glob("*.key")]
    assert len(inside) == 4
    assert {signed_in_by(app, key, text) for key in inside} == {302}


def test_a_restore_ends_sessions_and_keys(app: Flask, instance: Path, client: Any, tmp_path: Path) -> None:
    with Session(app.extensions["engine"]) as writing, writing.begin():
        account, admin = find_account(writing, "enumerator"), find_account(writing, "admin")
        assert account and admin
        token, text = make_token(writing, account, admin, NOW)
        wanted = feed_keys.Wanted("Excel", None, list(feed_keys.tables_of(admin))[:1], 30)
        feed_key, _ = feed_keys.make(writing, admin, wanted, admin, NOW)
        token_id, feed_id, admin_id = token.id, feed_key.id, admin.id
    assert client.get(f"/collect/{text}/formList").status_code == 200
    signed_in = session_text(app)
    copy = made(app, tmp_path / "copy")
    former = (instance / "session.key").read_bytes()
    assert run(app, "backup", "restore", str(copy), "--replace", "--identity", identity_file(tmp_path)).exit_code == 0
    again = create_app({key: app.config[key] for key in ("DATABASE_URL", "INSTANCE", "CLOCK", "TESTING")})
    assert run(again, "migrate").exit_code == 0
    anew = (instance / "session.key").read_bytes()
    assert (signed_in_by(again, former, signed_in), signed_in_by(again, anew, signed_in)) == (302, 302)
    assert signed_in_by(again, former, session_text(again)) == 302
    assert signed_in_by(again, anew, session_text(again)) == 200
    with Session(again.extensions["reading_engine"]) as reading:
        assert reading.get_one(CollectToken, token_id).revoked_at is not None  # it delivers, and gives nothing
        key, admin = reading.get_one(FeedKey, feed_id), reading.get_one(Account, admin_id)
        assert feed_keys.state_of(reading, key, admin, NOW) is feed_keys.State.ENDED
    assert again.test_client().get(f"/collect/{text}/formList").status_code == 403
    again.extensions["engine"].dispose()


def test_without_recipients_nothing_is_made_and_the_next_step_is_said(
    app: Flask, instance: Path, tmp_path: Path
) -> None:
    (instance / RECIPIENTS).unlink()
    for words in (["make", str(tmp_path / "copy")], ["recipients", "list"]):
        refused = run(app, "backup", *words)
        assert (refused.exit_code, "backup recipients set" in refused.output) == (1, True), refused.output
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([f"operator={OPERATOR.to_public()}"], "ít nhất hai"),
        ([f"operator={OPERATOR.to_public()}", f"province={OPERATOR.to_public()}"], "lặp lại"),
        ([f"a={OPERATOR.to_public()}", f"a={PROVINCE.to_public()}"], "lặp lại"),
        ([f"operator={OPERATOR.to_public()}", "province=age1qqqq"], "không phải khoá công khai"),
        ([f"operator={OPERATOR.to_public()}", f"province={str(PROVINCE.to_public())[:-1]}b"], "không phải khoá"),
        ([f"operator={OPERATOR.to_public()}", f"province={PROVINCE}"], "nửa bí mật"),
        ([f"operator={OPERATOR.to_public()}", str(PROVINCE)], "nửa bí mật"),
        ([str(OPERATOR.to_public()), str(PROVINCE.to_public())], "TÊN=age1"),
        ([f"={OPERATOR.to_public()}", f"#={PROVINCE.to_public()}"], "TÊN=age1"),
        ([f"a\n={OPERATOR.to_public()}", f"b={PROVINCE.to_public()}"], None),
    ],
)
def test_recipients_are_checked_before_they_count(app: Flask, instance: Path, given: list[str], said: str) -> None:
    before = (instance / RECIPIENTS).read_bytes()
    done = run(app, "backup", "recipients", "set", *given)
    if said is None:
        assert done.exit_code == 0, "blank around a name is not part of it"
        return
    assert (done.exit_code, said in done.output, (instance / RECIPIENTS).read_bytes()) == (1, True, before), done.output
    assert str(PROVINCE) not in done.output


def test_recipients_are_set_and_listed_and_age_reads_them(app: Flask, instance: Path) -> None:
    keys = [str(Identity.generate().to_public()) for _ in range(3)]
    words = [f"{name}={key}" for name, key in zip(("vận hành", "tỉnh", "Sở"), keys, strict=True)]
    done = run(app, "backup", "recipients", "set", *words)
    assert done.exit_code == 0, done.output
    listed = run(app, "backup", "recipients", "list").output
    assert [line.split("\t") for line in listed.splitlines()] == [word.split("=") for word in words]
    lines = (instance / RECIPIENTS).read_text("utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == keys  # as `age -R` takes them
    assert (instance / RECIPIENTS).stat().st_mode & 0o777 == 0o600
    (instance / RECIPIENTS).write_text("# tỉnh\nage1hong\n")
    for words in (["make", "/khong/co"], ["recipients", "list"]):
        damaged = run(app, "backup", *words)
        assert (damaged.exit_code, "backup.recipients" in damaged.output) == (1, True), damaged.output


def test_files_of_an_earlier_backup_are_kept_over_while_recipients_stay(
    app: Flask, instance: Path, interview: dict[str, Any], tmp_path: Path
) -> None:
    first, second, third, fourth = (tmp_path / "copies" / str(number) for number in range(4))
    made(app, first)
    [photo] = first.glob("files/*/*.age")
    assert interview["sha256"] not in photo.name
    name = photo.relative_to(first)
    made(app, second)
    assert (second / name).stat().st_ino == photo.stat().st_ino
    assert (second / "receipt.key.age").read_bytes() != (first / "receipt.key.age").read_bytes()
    # A damaged one is not kept over, but sealed anew.
    (second / name).unlink()
    (second / name).write_bytes(photo.read_bytes()[:-1] + b"x")
    made(app, third)
    assert bytes_of(third / name) != bytes_of(second / name)
    assert run(app, "backup", "check", str(second)).exit_code == 1
    assert run(app, "backup", "check", str(third)).exit_code == 0
    # What the server has lost since is still there, and is said.
    path_of(instance / "files", interview["sha256"]).unlink()
    done = run(app, "backup", "make", str(fourth))
    assert (done.exit_code, interview["entry"] in done.output, "bản trước" in done.output) == (3, True, True)
    assert unsealed(fourth / name, [PROVINCE]) == interview["photo"]
    # Somebody else opens the next one: nothing of before is kept over, so it is truly for them.
    sealing.write_recipients(instance, {"a": str(OPERATOR.to_public()), "b": str(STRANGER.to_public())})
    fifth = tmp_path / "copies" / "5"
    done = run(app, "backup", "make", str(fifth))
    assert (done.exit_code, interview["sha256"] in done.output) == (3, True)
    assert not list(fifth.glob("files/*/*"))


def test_a_backup_is_tried_where_its_identity_is_and_nothing_of_it_stays(
    app: Flask, instance: Path, interview: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = made(app, tmp_path / "copy")
    (tmp_path / "tam").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tam"))
    done = run(app, "backup", "drill", str(copy), "--identity", "-", given=f"# khoá\n{PROVINCE}\n")
    assert (done.exit_code, "Dựng lại được" in done.output, "của máy chủ này" in done.output) == (0, True, True)
    assert list((tmp_path / "tam").iterdir()) == []
    for identity, said in [
        (str(STRANGER), "niêm phong cho người khác"),
        ("xin chào", "không phải khoá giải mã"),
        ("", "không phải khoá giải mã"),
        ("age-encryption.org/v1\n-> scrypt", "khoá bằng mật khẩu"),
    ]:
        refused = run(app, "backup", "drill", str(copy), "--identity", "-", given=identity)
        assert (refused.exit_code, said in refused.output) == (1, True), refused.output
    none = run(app, "backup", "drill", str(copy))
    assert (none.exit_code, "--identity" in none.output) == (1, True)
    # On another machine nobody knows the key that signed it: it is said, to be compared with the note.
    elsewhere = create_app({"INSTANCE": tmp_path / "may-khac", "DATABASE_URL": f"sqlite:///{tmp_path}/may-khac/x"})
    shutil.rmtree(tmp_path / "may-khac")
    elsewhere.extensions["signer"] = None
    done = run(elsewhere, "backup", "drill", str(copy), "--identity", identity_file(tmp_path))
    key = run(app, "receipts", "keys").output.split("\t")[0]
    assert (done.exit_code, key in done.output, "đã ghi lại" in done.output) == (0, True, True), done.output
    assert run(elsewhere, "backup", "check", str(copy), "--key", key).exit_code == 0
    assert run(elsewhere, "backup", "check", str(copy), "--key", "0" * 16).exit_code == 1


def changed(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()  # it may be linked
    path.write_bytes(bytes(content))


def test_any_changed_byte_is_found_without_an_identity_and_nothing_is_restored(
    app: Flask, instance: Path, interview: dict[str, Any], tmp_path: Path
) -> None:
    copy, identity = made(app, tmp_path / "copy"), identity_file(tmp_path)
    names = sorted(path.relative_to(copy) for path in copy.rglob("*") if path.is_file())
    assert len(names) >= 8
    before = sorted((path.name, path.read_bytes()) for path in instance.iterdir() if path.is_file())
    for name in names:
        for harm in (changed, Path.unlink):
            hurt = shutil.copytree(copy, tmp_path / "hurt")
            harm(hurt / name)
            for words in (["check", str(hurt)], ["restore", str(hurt), "--replace", "--identity", identity]):
                done = run(app, "backup", *words)
                said = (done.exit_code, "Traceback" in done.output, len(done.output.splitlines()))
                assert said == (1, False, 1), (name, words, done.output)
            shutil.rmtree(hurt)
    assert sorted((path.name, path.read_bytes()) for path in instance.iterdir() if path.is_file()) == before
    assert [path.name for path in instance.parent.glob("instance*")] == ["instance"]


def test_a_backup_that_somebody_else_signed_is_refused_where_data_stands(
    app: Flask, instance: Path, tmp_path: Path
) -> None:
    """Who knows the recipients can seal a whole place to them, with accounts of their own in it."""
    other = tmp_path / "nguoi-khac"
    shutil.copytree(instance, other)
    (other / "receipt.key").write_bytes(instance_keys.MAKE["receipt.key"]())
    engine = app.extensions["engine"]
    back_up(engine, other, tmp_path / "forged", NOW)
    engine.dispose()
    for words in (["check"], ["restore", "--replace", "--identity", identity_file(tmp_path)]):
        done = run(app, "backup", words[0], str(tmp_path / "forged"), *words[1:])
        assert (done.exit_code, "--key" in done.output) == (1, True), done.output
    _, key = read_manifest(tmp_path / "forged")
    signature = json.loads((tmp_path / "forged" / SIGNATURE).read_text())
    ours = run(app, "receipts", "keys").output.split("\t")[1]
    (tmp_path / "forged" / SIGNATURE).write_text(json.dumps(signature | {"key": ours}))
    with pytest.raises(BackupFailed):
        check(tmp_path / "forged")
    assert key != ours


def as_of_an_earlier_release(app: Flask, folder: Path) -> Path:
    """A backup as releases before it was sealed made it: all of it in plain, the key of sessions too."""
    sealed = made(app, folder.with_name("sealed"))
    opened(sealed, folder)
    for name in ("index.key", RECIPIENTS):
        (folder / name).unlink()
    for text in folder.glob("*.sql"):
        text.unlink()
    shutil.copyfile(Path(app.config["INSTANCE"]) / "session.key", folder / "session.key")
    held = [path for path in folder.rglob("*") if path.is_file()]
    parts = {str(path.relative_to(folder)): bytes_of(path).as_json() for path in held}
    said = {
        "format": PLAIN_FORMAT, "made_at": "2026-11-23T02:00:00.000Z", "files": 1, "damaged": ["0" * 64],
        "damaged_answers": ["tệp ấy: hộ MAU-2"], "parts": parts,
    }  # fmt: skip
    (folder / MANIFEST).write_text(json.dumps(said), "ascii")
    return folder


def test_a_plain_backup_of_an_earlier_release_is_restored_with_a_warning(
    app: Flask, instance: Path, interview: dict[str, Any], tmp_path: Path
) -> None:
    plain, former = as_of_an_earlier_release(app, tmp_path / "cu"), (instance / "session.key").read_bytes()
    index = hashlib.sha256(b"so-ho numbers" + (instance / "escrow.key").read_bytes()).digest()
    checked = run(app, "backup", "check", str(plain))
    assert (checked.exit_code, "bản phần mềm trước" in checked.output) == (3, True), checked.output
    assert "  tệp ấy: hộ MAU-2\n" in checked.output
    (instance / RECIPIENTS).unlink()
    refused = run(app, "backup", "restore", str(plain), "--replace")
    assert (refused.exit_code, "--recipient operator=age1" in refused.output) == (1, True), refused.output
    named = [f"--recipient={name}={one.to_public()}" for name, one in (("a", OPERATOR), ("b", PROVINCE))]
    done = run(app, "backup", "restore", str(plain), "--replace", *named)
    assert (done.exit_code, "bản phần mềm trước" in done.output) == (0, True), done.output
    assert (instance / "session.key").read_bytes() != former
    assert (instance / "index.key").read_bytes() == index, "numbers that were hashed before are known again"
    assert list(read_recipients(instance)) == ["a", "b"]
    [aside] = instance.parent.glob("instance.before-*")
    assert found_in(aside, {"name": SECRETS[0].encode(), "key": former}) == set()
    photo = path_of(instance / "files", interview["sha256"])
    assert photo.read_bytes() == interview["photo"]
    again = create_app({key: app.config[key] for key in ("DATABASE_URL", "INSTANCE")})
    assert former != (instance / "session.key").read_bytes()
    again.extensions["engine"].dispose()


def test_a_plain_copy_of_the_past_beside_the_instance_is_named(app: Flask, instance: Path, tmp_path: Path) -> None:
    left = instance.with_name("instance.before-20260101T000000Z")
    left.mkdir()
    (left / "session.key").write_bytes(b"x" * 32)
    done = run(app, "backup", "make", str(tmp_path / "copy"))
    assert (done.exit_code, str(left) in done.output) == (0, True)


class FullDisk:
    """Writes of this many bytes fit, then there is no room."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
        self.left = room
        write = sealing.Counted.write

        def limited(counted: Any, content: bytes) -> int:
            self.left -= len(content)
            if self.left < 0:
                counted.fault = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                raise counted.fault
            return write(counted, content)

        monkeypatch.setattr(sealing.Counted, "write", limited)


@pytest.mark.parametrize("room", [0, 1_000, 30_000, 200_000])
def test_a_full_disk_is_said_and_leaves_nothing_half(
    app: Flask, instance: Path, interview: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    copy = made(app, tmp_path / "copies" / "1")
    before = {path: path.read_bytes() for path in sorted(instance.rglob("*")) if path.is_file()}
    FullDisk(monkeypatch, room)
    second = tmp_path / "copies" / "2"
    identity = identity_file(tmp_path)
    for words in (["make", str(second)], ["restore", str(copy), "--replace", "--identity", identity]):
        done = run(app, "backup", *words)
        said = (done.exit_code, "No space left" in done.output, len(done.output.splitlines()))
        assert said == (1, True, 1), (words, done.output)
    assert sorted(path.name for path in second.parent.iterdir()) == ["1"]
    assert {path: path.read_bytes() for path in sorted(instance.rglob("*")) if path.is_file()} == before
    assert not list(instance.parent.glob("instance.before-*"))


class Killed(BaseException):
    """As SIGKILL: nothing more of the command runs, what is done stays."""


class DiesAt:
    """The so-manyth step that changes a place on the disk is not done, and nothing after it; nothing is tidied up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
        self.left = step
        for name in ("rename", "replace", "fsync"):
            monkeypatch.setattr(os, name, self._counting(getattr(os, name)))
        tidy = shutil.rmtree
        monkeypatch.setattr(shutil, "rmtree", lambda *given, **how: None if self.left <= 0 else tidy(*given, **how))

    def _counting(self, real: Any) -> Any:
        def step(*given: Any, **named: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                raise Killed
            return real(*given, **named)

        return step


def test_a_restore_that_is_cut_off_anywhere_is_run_again_and_loses_no_key(
    app: Flask, instance: Path, interview: dict[str, Any], tmp_path: Path
) -> None:
    copy = made(app, tmp_path / "copy")
    assert run(app, "keys", "rotate", "escrow").exit_code == 0  # phones may use this one already
    newest = instance_keys.read_keys(instance).names["escrow.key"]
    app.extensions["engine"].dispose()
    words = ["backup", "restore", str(copy), "--replace", "--identity", identity_file(tmp_path)]
    cut, killed = 1, 0
    while True:
        with pytest.MonkeyPatch.context() as killing:
            dies = DiesAt(killing, cut)
            with suppress(Killed):
                run(app, *words)
        app.extensions["engine"].dispose()
        if dies.left > 0:
            break
        killed += 1
        done = run(app, *words)
        assert done.exit_code == 0, (cut, done.output)
        app.extensions["engine"].dispose()
        assert newest in escrow_ids(instance), cut
        assert not list(instance.glob(".*")), cut
        for aside in instance.parent.glob("instance.before-*"):
            assert found_in(aside, {"a name": SECRETS[0].encode()}) == set()
            shutil.rmtree(aside)
        cut += 5
    assert killed > 4


def escrow_ids(folder: Path) -> list[str]:
    escrow = instance_keys.read_keys(folder).escrow
    assert escrow is not None
    return escrow.key_ids


def test_old_backups_go_and_never_the_last_whole_one(app: Flask, instance: Path, clock: Any, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    for name, days in (("1", 0), ("2", 60), ("3", 31), ("4", 30)):
        clock.advance(days=days)
        made(app, folder / name)
    (folder / "ghi-chu.txt").write_text("không phải bản sao lưu")
    (folder / "khac").mkdir()
    planned = run(app, "backup", "prune", str(folder), "--dry-run")
    assert (planned.exit_code, str(folder / "1") in planned.output, (folder / "1").exists()) == (0, True, True)
    changed(folder / "4" / "receipt.key.age")
    refused = run(app, "backup", "prune", str(folder))
    assert (refused.exit_code, "không còn nguyên vẹn" in refused.output, (folder / "1").exists()) == (1, True, True)
    made(app, folder / "5")
    done = run(app, "backup", "prune", str(folder))
    assert done.exit_code == 0, done.output
    left = sorted(path.name for path in folder.iterdir())
    assert left == ["2", "3", "4", "5", "ghi-chu.txt", "khac"], "of 121, 61, 30 and 0 days"
    clock.advance(days=4000)
    assert run(app, "backup", "prune", str(folder), "--days", "1").exit_code == 0
    assert (folder / "5").exists() and not (folder / "4").exists()
    empty = run(app, "backup", "prune", str(tmp_path / "khong-co"))
    assert (empty.exit_code, len(empty.output.splitlines())) == (1, 1)


def test_the_database_of_a_backup_never_lies_in_plain_where_backups_lie(
    app: Flask, instance: Path, interview: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()
    seal = backups.seal

    def watched(*given: Any) -> Any:
        seen.update(found_in(tmp_path / "copies", {"a name": SECRETS[0].encode(), "a photo": interview["photo"]}))
        return seal(*given)

    monkeypatch.setattr(backups, "seal", watched)
    left = instance / ".backing-up-abc"  # by a backup that was killed
    left.mkdir()
    (left / "so-ho.sqlite3").write_text(SECRETS[0])
    made(app, tmp_path / "copies" / "1")
    assert seen == set()
    assert not list(instance.glob(".*"))
    beside = instance / f".backing-up-{os.getppid()}-abc"  # of one that is being made
    beside.mkdir()
    made(app, tmp_path / "copies" / "2")
    assert list(instance.glob(".*")) == [beside]
