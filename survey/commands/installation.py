"""`flask --app app migrate` and `keys accept`: what makes a place, or brings it to today's program."""

from __future__ import annotations

from pathlib import Path

import click
from alembic.util import CommandError
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from migrations.upgrade import upgrade
from survey.evidence import audit
from survey.files.store import sweep
from survey.files.uploads import clean
from survey.operations.keys import ESCROW, MAKE, RECEIPT, SESSION, Keys, remember, secret, strangers, wanted
from survey.web import installation
from survey.web.session import get_engine, now, transaction

keys_group = AppGroup("keys", help="The keys in INSTANCE: go on without one that is lost.")
CONSEQUENCES = {
    RECEIPT: "Các điện thoại sẽ báo khoá lạ và giữ phiếu chưa gửi cho đến khi người dùng xác nhận đúng dãy số này.",
    ESCROW: "Mã mở khoá của điện thoại bị quên trước khi máy liên lạc lại thì không lấy lại được nữa.",
    SESSION: "Mọi người phải đăng nhập lại.",
}


@click.command()
@click.option("--new", is_flag=True, help="The place may be new: make its tables and its keys.")
@with_appcontext
def migrate(new: bool) -> None:
    """Bring the database to the newest schema. An empty one is refused: a misspelt place looks like that."""
    bring_up(new=new or current_app.config["NEW"])
    click.echo("Cơ sở dữ liệu đã cập nhật.")


def bring_up(*, new: bool) -> None:
    """The place as today's program needs it; an empty one only when it may be `new`. Done at each start."""
    installation.require_whole_restore()
    if new:
        _make_folder()
    installation.require_tables(new=new)
    empty = installation.is_empty()
    if not empty:
        installation.require_known_keys()
    _make_keys(new=new or (not empty and RECEIPT not in _keys().missing))
    try:
        upgrade(get_engine())
    except (CommandError, SQLAlchemyError) as fault:
        said = f"Không cập nhật được cơ sở dữ liệu: {installation.first_line(fault)}."
        raise SystemExit(f"{said} Nếu nó do bản chương trình mới hơn lập, hãy dùng bản ấy.") from None
    instance = Path(current_app.config["INSTANCE"])
    with transaction() as session:
        remember(session, _keys())  # whatever is signed from now on stays provable
        clean(session, instance / "uploads", now())
    sweep(instance / "files")


def _make_keys(*, new: bool) -> None:
    """What the database knows of is there already. Of an older release one kind may be missing."""
    missing, folder = _keys().missing, Path(current_app.config["INSTANCE"])
    if missing and not new:
        raise SystemExit(f"Thiếu khoá {', '.join(missing)} trong {folder}. {installation.NEW_OR_WRONG}")
    for name in missing:
        secret(folder / name, MAKE[name])
    if missing:
        installation.take_keys(_app())
        click.echo(f"Đã lập khoá mới trong {folder}: {', '.join(missing)}.", err=True)


def _make_folder() -> None:
    folder = Path(current_app.config["INSTANCE"])
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise SystemExit(f"Không lập được thư mục {folder}: {fault.strerror}") from None


@keys_group.command("accept")
@click.argument("name", type=click.Choice(list(MAKE)))
@with_appcontext
def accept(name: str) -> None:
    """The former key NAME is lost for good: go on with the one that lies in INSTANCE, or with a new one."""
    installation.require_tables()
    folder = Path(current_app.config["INSTANCE"])
    if not folder.is_dir():
        raise click.ClickException(f"Không có thư mục {folder}.")
    with installation.in_one_sentence(), Session(get_engine()) as session, session.begin():
        missing = name in _keys().missing
        if not (missing and name in wanted(session)) and name not in strangers(session, _keys()):
            raise click.ClickException(f"{name}: cơ sở dữ liệu không biết khoá nào khác. Không cần làm gì.")
        if missing:
            secret(folder / name, MAKE[name])
            installation.take_keys(_app())
        remember(session, _keys(), [name])
        audit.record(session, now(), None, "key_accepted", f"{name} {_keys().names[name]}")
    click.echo(f"{name}: từ nay dùng khoá {_keys().names[name]}. Hãy khởi động lại dịch vụ và lập bản sao lưu mới.")
    click.echo(CONSEQUENCES[name])


def _keys() -> Keys:
    keys: Keys = current_app.extensions["keys"]
    return keys


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app
