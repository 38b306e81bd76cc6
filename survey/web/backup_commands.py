"""`flask --app app backup make FOLDER`, `backup verify FOLDER` and `backup restore FOLDER`."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from survey.submissions.backup import BackupFailed, back_up, verify
from survey.submissions.restore import restore
from survey.web.session import get_engine, now, require_database

backup_group = AppGroup("backup", help="Backups: make one while the server runs, verify one, put one back.")


@backup_group.command("make")
@click.argument("folder", type=click.Path(path_type=Path))
@with_appcontext
def make(folder: Path) -> None:
    """Copy database, files and keys into FOLDER, which must not exist."""
    try:
        manifest = back_up(get_engine(), Path(current_app.config["INSTANCE"]), folder.absolute(), now())
    except BackupFailed as refusal:
        raise click.ClickException(str(refusal)) from None
    for sha256 in manifest["damaged"]:
        click.echo(f"CẢNH BÁO: tệp {sha256} trên máy chủ đã hỏng hoặc mất, không có trong bản sao.", err=True)
    click.echo(f"Đã sao lưu vào {folder}: cơ sở dữ liệu, {manifest['files']} tệp, khoá.")
    click.echo("Bản sao có khoá ký biên nhận và thông tin của hộ: cất nơi chỉ người phụ trách mở được.")


@backup_group.command("verify")
@click.argument("folder", type=click.Path(path_type=Path))
def check(folder: Path) -> None:
    """Say whether every part of a backup is whole."""
    try:
        manifest = verify(folder)
    except BackupFailed as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(f"Bản sao lưu nguyên vẹn: {len(manifest['parts'])} phần, lập lúc {manifest['made_at']}.")


@backup_group.command("restore")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Data stands here: put it aside and take the backup's in its place.")
@with_appcontext
def put_back(folder: Path, replace: bool) -> None:
    """Put a backup back, with the service stopped. Phones then send again what the backup did not have."""
    instance = Path(current_app.config["INSTANCE"])
    if get_engine().dialect.name != "sqlite":
        require_database()
    try:
        done = restore(get_engine(), instance, folder.absolute(), now(), replace=replace)
    except BackupFailed as refusal:
        raise click.ClickException(str(refusal)) from None
    click.echo(f"Đã phục hồi từ bản sao lập lúc {done['made_at']}: cơ sở dữ liệu, {done['files']} tệp, khoá.")
    if done["aside"] is not None:
        click.echo(f"Dữ liệu trước đó cất ở {done['aside']}.")
    click.echo(f"Thế hệ mới: {done['generation']}. Khởi động dịch vụ; các điện thoại sẽ gửi lại phiếu còn thiếu.")
    click.echo("Việc làm sau lúc ấy không còn: xem lại điện thoại đã thu hồi, tài khoản đã khoá, phiếu đã duyệt.")
