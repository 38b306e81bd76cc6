"""A backup is made while the server runs, holds what a restore needs, and a damaged one is named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from survey.files.store import path_of
from survey.operations.opening import look_into
from survey.operations.sealing import unsealed
from tests.interviews import entry, push
from tests.pictures import picture
from tests.recipients import OPERATOR, PROVINCE, identity_file, name_recipients
from tests.world import COMMUNE

pytestmark = pytest.mark.thorough


@pytest.mark.usefixtures("small_round")
def test_a_backup_is_whole_is_not_written_over_and_damage_is_named(app: Any, login_as: Any, tmp_path: Path) -> None:
    push(login_as("enumerator"), entry())
    name_recipients(app.config["INSTANCE"])
    run, target = app.test_cli_runner().invoke, tmp_path / "copies" / "one"
    made = run(args=["backup", "make", str(target)])
    assert made.exit_code == 0, made.output
    assert (target / "receipt.key.age").stat().st_mode & 0o777 == 0o600
    for identity in (OPERATOR, PROVINCE):
        assert unsealed(target / "escrow.key.age", [identity]) == (app.config["INSTANCE"] / "escrow.key").read_bytes()
    for name in ("check", "verify"):
        assert run(args=["backup", name, str(target)]).exit_code == 0
    again = run(args=["backup", "make", str(target)])
    assert again.exit_code == 1 and "đã có" in again.output
    assert [path.name for path in target.parent.iterdir()] == ["one"]
    database = next(target.glob("so-ho.*"))
    content = bytearray(database.read_bytes())
    content[len(content) // 2] ^= 1
    database.write_bytes(content)
    damaged = run(args=["backup", "check", str(target)])
    assert damaged.exit_code == 1 and database.name in damaged.output
    foreign = run(args=["backup", "check", str(tmp_path)])
    assert foreign.exit_code == 1 and "Traceback" not in foreign.output


def spoil(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.usefixtures("small_round")
@pytest.mark.parametrize("lose", [Path.unlink, spoil, replace_by_a_folder])
def test_a_backup_without_a_photo_that_the_server_lost_says_which_and_ends_as_a_fault(
    app: Any, login_as: Any, tmp_path: Path, lose: Callable[[Path], None]
) -> None:
    photos = [picture("JPEG", 40, 30), picture("JPEG", 41, 30)]
    kept, lost = (hashlib.sha256(photo).hexdigest() for photo in photos)
    browser, sent = login_as("enumerator"), []
    for number, (sha256, photo) in enumerate(zip((kept, lost), photos, strict=True), 1):
        files = [{"path": "anh_nha", "sha256": sha256, "size": len(photo), "type": "image/jpeg"}]
        sent.append(entry(f"ho-{number}", {"anh_nha": sha256}, files=files))
        push(browser, sent[-1])
        put = browser.put(f"/api/v1/files/{sha256}?commune={COMMUNE}", data=photo, content_type="image/jpeg")
        assert put.status_code == 200, put.text
    name_recipients(app.config["INSTANCE"])
    lose(path_of(app.config["INSTANCE"] / "files", lost))
    run, copy, identity = app.test_cli_runner().invoke, tmp_path / "copy", ["--identity", identity_file(tmp_path)]
    for words in (["make", str(copy)], ["drill", str(copy), *identity]):
        done = run(args=["backup", *words])
        assert done.exit_code == 3, done.output
        assert lost in done.output and "anh_nha" in done.output and sent[1]["id"] in done.output
        assert f"  {lost}: hộ " in done.output and f", câu anh_nha, phiếu {sent[1]['id']}\n" in done.output
        assert kept not in done.output and sent[0]["id"] not in done.output
    checked = run(args=["backup", "check", str(copy)])  # whose it is stands in the sealed part
    assert (checked.exit_code, "1 tệp" in checked.output, lost in checked.output) == (3, True, False), checked.output
    parts = look_into(copy, [OPERATOR], None).parts
    assert unsealed(copy / parts[f"files/{kept[:2]}/{kept}"]["in"], [OPERATOR]) == photos[0]
    assert not any(lost in name for name in parts)
    app.extensions["engine"].dispose()
    back = run(args=["backup", "restore", str(copy), "--replace", *identity])
    assert (back.exit_code, "1 tệp không có trong bản sao" in back.output) == (0, True), back.output
