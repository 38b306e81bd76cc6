"""`flask --app app backup make FOLDER`, `backup verify FOLDER` and `backup restore FOLDER`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from survey.operations.backup import BackupFailed, back_up, verify
from survey.operations.restore import restore
from survey.web.installation import require_place, require_tables, tell_where
from survey.web.session import get_engine, now

LOST_FILES = 3  # the exit code of a backup that is whole but for files that the server itself has lost
backup_group = AppGroup("backup", help="Backups: make one while the server runs, verify one, put one back.")


@backup_group.command("make")
@click.argument("folder", type=click.Path(path_type=Path))
@with_appcontext
def make(folder: Path) -> None:
    """Copy database, files and keys into FOLDER, which must not exist.

    Exit code: 0 all of it, 1 nothing was kept, 3 kept without files that the server has lost: they are named.
    """
    require_place()
    try:
        manifest = back_up(get_engine(), Path(current_app.config["INSTANCE"]), folder.absolute(), now())
    except BackupFailed as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(f"Đã sao lưu vào {folder}: cơ sở dữ liệu, {manifest['files']} tệp, khoá.")
    click.echo("Bản sao có khoá ký biên nhận và thông tin của hộ: cất nơi chỉ người phụ trách mở được.")
    _say_lost(manifest)


@backup_group.command("verify")
@click.argument("folder", type=click.Path(path_type=Path))
def check(folder: Path) -> None:
    """Say whether every part of a backup is whole. Exit code as of `make`."""
    try:
        manifest = verify(folder)
    except BackupFailed as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(f"Bản sao lưu nguyên vẹn: {len(manifest['parts'])} phần, lập lúc {manifest['made_at']}.")
    _say_lost(manifest)


@backup_group.command("restore")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Data stands here: put it aside and take the backup's in its place.")
@with_appcontext
def put_back(folder: Path, replace: bool) -> None:
    """Put a backup back, with the service stopped. Phones then send again what the backup did not have."""
    instance = Path(current_app.config["INSTANCE"])
    tell_where()
    if get_engine().dialect.name != "sqlite":
        require_tables(new=True)
    try:
        done = restore(get_engine(), instance, folder.absolute(), now(), replace=replace)
    except BackupFailed as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(f"Đã phục hồi từ bản sao lập lúc {done['made_at']}: cơ sở dữ liệu, {done['files']} tệp, khoá.")
    if done["damaged"]:
        click.echo(f"{len(done['damaged'])} tệp không có trong bản sao: các điện thoại sẽ được hỏi lại.")
    if done["aside"] is not None:
        click.echo(f"Dữ liệu trước đó cất ở {done['aside']}.")
    click.echo(f"Thế hệ mới: {done['generation']}. Khởi động dịch vụ; các điện thoại sẽ gửi lại phiếu còn thiếu.")
    click.echo("Việc làm sau lúc ấy không còn: xem lại điện thoại đã thu hồi, tài khoản đã khoá, phiếu đã duyệt.")


def _say_lost(manifest: dict[str, Any]) -> None:
    """Name what the backup could not hold, and end with an exit code that a timer sees: whole, but not all."""
    if not manifest["damaged"]:
        return
    click.echo(f"THIẾU {len(manifest['damaged'])} tệp: hỏng hoặc mất trên máy chủ, không có trong bản sao.", err=True)
    for line in manifest.get("damaged_answers") or manifest["damaged"]:
        click.echo(f"  {line}", err=True)
    raise SystemExit(LOST_FILES)
