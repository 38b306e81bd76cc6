"""`flask --app app backup make FOLDER` and `backup verify FOLDER`."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from survey.submissions.backup import BackupFailed, back_up, verify
from survey.web.session import get_engine, now

backup_group = AppGroup("backup", help="Backups: make one while the server runs, verify one.")


@backup_group.command("make")
@click.argument("folder", type=click.Path(path_type=Path))
@with_appcontext
def make(folder: Path) -> None:
    """Copy database, files and keys into FOLDER, which must not exist."""
    try:
        manifest = back_up(get_engine(), Path(current_app.config["INSTANCE"]), folder.absolute(), now())
    except BackupFailed as refusal:
        raise click.ClickException(str(refusal)) from None
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
