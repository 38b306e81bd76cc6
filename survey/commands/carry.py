"""`flask --app app import-bundle FILE…`: interviews that were carried from a phone to the server by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

import click
from flask.cli import with_appcontext

from survey.accounts.accounts import find_account
from survey.problems import Problem
from survey.web.carrying import bring_in_bundle, reasons_of, receipts_file
from survey.web.session import transaction

FAULTS = {
    "bundle_unreadable": "không phải tệp niêm phong của điện thoại, hoặc tệp hỏng. Hãy chép lại từ điện thoại.",
    "bundle_other_server": "tệp niêm phong cho máy chủ khác, máy chủ này không mở được.",
    "bundle_of_nobody": "máy chủ không biết tài khoản lập tệp này. Hãy ghi người mang tệp: --carrier TÊN_TÀI_KHOẢN.",
    "too_large": "tệp quá lớn. Hãy xuất ít phiếu hơn một lần.",
}


@click.command("import-bundle")
@click.argument("file", type=click.File("rb"))
@click.option("--receipts", type=click.Path(path_type=Path), help="Write the receipts to carry back into this file.")
@click.option("--begun", type=click.Path(path_type=Path), help="Write interviews that nobody finished into this file.")
@click.option("--carrier", help="Account name of who brought the file: stands in the log.")
@with_appcontext
def import_bundle(file: BinaryIO, receipts: Path | None, begun: Path | None, carrier: str | None) -> None:
    """Take in a phone's sealed FILE (docs/exchange.md). Twice, or after the phone sent the same, changes nothing."""
    with transaction() as session:
        who = find_account(session, carrier) if carrier else None
        if carrier and who is None:
            raise click.ClickException(f"Không có tài khoản {carrier}.")
        try:
            taken = bring_in_bundle(session, file, who)
        except Problem as problem:
            raise click.ClickException(f"Không nhận gì: {FAULTS[problem.code]}") from None
        back = receipts_file(session, taken)
    if receipts:
        receipts.write_bytes(back)  # after the commit: a receipt never comes before what it speaks of
    rows = taken.bundle.rows
    if begun:
        begun.write_text(json.dumps(rows.begun, ensure_ascii=False, indent=1), encoding="utf-8")
    held = len(taken.held)
    click.echo(
        f"{taken.new} phiếu mới, {taken.known} phiếu đã có, {held} phiếu chờ xem lại, "
        f"{taken.incomplete} phiếu còn chờ ảnh."
    )
    for words, count in reasons_of(taken):
        click.echo(f"  chờ xem lại: {words}: {count}")
    if not taken.vouched:
        click.echo("Tệp không chứng minh được là của ai: các phiếu mới chờ xem lại.")
    if taken.refused_files:
        click.echo(f"{taken.refused_files} ảnh hỏng, không nhận.")
    if rows.begun:
        click.echo(f"{len(rows.begun)} phiếu đang làm dở, không nhập được: xem bằng --begun TỆP (có dữ liệu của hộ).")
    if rows.damaged:
        click.echo(f"{rows.damaged} dòng hỏng trong máy, không đọc được.")
