"""`flask --app app receipts …`: is a receipt genuine, is what it speaks of still here; and a new key to sign with."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import BinaryIO

import click
from flask import current_app
from flask.cli import AppGroup

from survey.clocks import instant
from survey.devices.receipt_check import MAX_BYTES, Finding, Presence, Verdict, examine, read_claims
from survey.evidence import audit
from survey.evidence.lineage import remembered_keys, succeed
from survey.evidence.signing import Signer, key_id
from survey.operations.keys import MAKE, RECEIPT
from survey.problems import Problem
from survey.web.session import now, transaction

receipts_group = AppGroup("receipts", help="Receipts: verify some, change the key that signs them.")
VERDICTS = {
    Verdict.GENUINE: "thật",
    Verdict.FORMER_KEY: "thật (ký bằng khoá cũ của máy chủ này)",
    Verdict.FORGED: "GIẢ: ghi là của máy chủ này nhưng chữ ký không đúng",
    Verdict.OTHER_SERVER: "không phải của máy chủ này: của máy chủ khác, hoặc giả",
    Verdict.UNREADABLE: "không phải biên nhận",
}
PLACES = {
    Presence.HERE: "còn trên máy chủ",
    Presence.FILES_MISSING: "phiếu còn trên máy chủ, thiếu {files} tệp kèm theo",
    Presence.GONE: "KHÔNG CÒN trên máy chủ",
    Presence.UNKNOWN: "không tra",
}
FAULTS = {
    "malformed": "Không thấy biên nhận nào trong tệp này. Tệp đã mã hoá của điện thoại phải được nhập vào trước.",
    "too_large": "Tệp quá lớn: nhiều nhất 4 MB, 2.000 biên nhận một lần.",
}


@receipts_group.command("verify")
@click.argument("file", type=click.File("rb"))
def verify(file: BinaryIO) -> None:
    """Say of each receipt in FILE ("-": standard input) whether it is genuine and what it speaks of still here.

    Exit code: 0 all genuine and here, 1 some not genuine or no receipt found, 3 genuine but something is not here.
    """
    try:
        claims = read_claims(file.read(MAX_BYTES + 1))
    except Problem as problem:
        raise click.ClickException(FAULTS[problem.code]) from None
    folder = Path(current_app.config["INSTANCE"]) / "files"
    with transaction() as session:
        found = examine(session, current_app.extensions["signer"], claims, folder)
    for number, one in enumerate(found, 1):
        click.echo("\t".join([str(number), *_told(one)]))
    good = sum(one.well for one in found)
    click.echo(f"{len(found)} biên nhận: {good} thật và còn trên máy chủ, {len(found) - good} cần xem.")
    if not all(one.genuine and one.matches_entry is not False for one in found):
        raise SystemExit(1)
    if good < len(found):
        raise SystemExit(3)


def _told(one: Finding) -> list[str]:
    if one.verdict is Verdict.UNREADABLE:
        return [VERDICTS[one.verdict]]
    kind = "phiếu" if one.kind == "entry" else "tệp"
    words = [
        VERDICTS[one.verdict],
        f"{kind} {one.entry_id or ''}".rstrip(),
        instant(one.server_time) if one.server_time else "–",
        one.content_hash or "–",
        PLACES[one.place].format(files=one.missing_files),
    ]
    return [*words, "PHIẾU KÈM THEO KHÔNG KHỚP"] if one.matches_entry is False else words


@receipts_group.command("keys")
def keys() -> None:
    """The public keys (base64) that this server signs, and signed, receipts with."""
    with transaction() as session:
        current: Signer = current_app.extensions["signer"]
        former = [key for key in remembered_keys(session) if key != current.public_key]
    for key, state in [(current.public_key, "đang dùng"), *((key, "cũ") for key in former)]:
        click.echo(f"{key_id(key)}\t{key}\t{state}")


@receipts_group.command("rotate")
def rotate() -> None:
    """Sign with a new key from the next start on. What was signed with the former stays verifiable, and phones that
    trust the former come to trust the new one."""
    path = Path(current_app.config["INSTANCE"]) / RECEIPT
    made = MAKE[RECEIPT]()
    with transaction() as session:
        former = Signer(path.read_bytes())
        succeed(session, former, Signer(made), now())
        audit.record(session, now(), None, "receipt_key_rotated", key_id(Signer(made).public_key))
    _replace(path, made)  # only after the former is kept: a crash between the two loses nothing
    click.echo(f"Khoá mới {key_id(Signer(made).public_key)}. Hãy khởi động lại dịch vụ.")
    click.echo("Khoá cũ đã giới thiệu khoá mới cho các điện thoại.")
    click.echo("Hãy lập bản sao lưu mới ngay: bản cũ không có khoá này.")


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all, readable by its owner only."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
