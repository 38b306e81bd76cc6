"""The place that a command or a server works on is told, and refused when it is empty, broken or another's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import FlaskGroup
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import create_app
from migrations.upgrade import upgrade
from models.database import open_engine
from models.schema import differences
from survey.evidence.lineage import remembered_keys
from survey.evidence.receipts import file_receipt
from survey.evidence.signing import Signer
from survey.operations.keys import MAKE
from tests.models.test_histories import made_as
from tests.recipients import RECIPIENTS
from tests.world import NOW

# Each command that works on data, with what it must be given; and those that need none.
ON_DATA = {
    "account add": ["a", "--role", "admin", "--name", "A", "--password", "0123456789"],
    "account password": ["a", "--password", "0123456789"],
    "account factor-reset": ["a"],
    "account hand-over": ["a"],
    "account sessions": ["a"],
    "account end-sessions": ["a"],
    "account let-in": ["a"],
    "audit list": [],
    "backup make": ["FOLDER"],
    "backup recipients list": [],
    "backup recipients set": [f"{name}={key}" for name, key in RECIPIENTS.items()],
    "clean-uploads": [],
    "export csv": ["FOLDER"],
    "export stata": ["FOLDER"],
    "export spss": ["FOLDER"],
    "export xlsx": ["FOLDER"],
    "export datapackage": ["FOLDER"],
    "export ddi": ["FOLDER"],
    "export parquet": ["FOLDER"],
    "export geojson": ["FOLDER"],
    "export research": ["FOLDER"],
    "export changes": ["FOLDER"],
    "form add": ["WORKBOOK"],
    "form list": [],
    "form publish": ["WORKBOOK"],
    "form retire": ["phieu", "1"],
    "form source": ["phieu", "1"],
    "import-bundle": ["WORKBOOK"],
    "jobs cancel": ["j"],
    "jobs list": [],
    "jobs show": ["j"],
    "jobs work": ["--until-empty"],
    "keys forget": ["x"],
    "keys list": [],
    "keys rotate": ["session"],
    "migrate": [],
    "mpi": ["r"],
    "places former": ["WORKBOOK", "--province", "14"],
    "places former-of": "03757-01 --former 03760 --reason x".split(),
    "places history": "--commune 03757".split(),
    "places merge": "03757-01 03757-02 --reason x".split(),
    "places rename": "03757-01 --name A --reason x".split(),
    "places rezone": "03757-01 --commune 03664 --reason x".split(),
    "places split": "03757-01 --name A --household 03757-01-001 --reason x".split(),
    "places undo": "1 --commune 03757 --reason x".split(),
    "places villages": ["WORKBOOK", "--commune", "03757"],
    "plan load": ["--by", "a"],
    "plan show": [],
    "plan tasks": ["--place", "14"],
    "proof-keys compromised": ["0", "--since", "2026-11-01"],
    "proof-keys list": [],
    "proof-keys rotate": [],
    "recount": [],
    "rebuild": [],
    "receipts keys": [],
    "receipts rotate": [],
    "receipts verify": ["RECEIPT"],
    "register area": "03757-01 --commune 03757 --area thanh_thi --reason x".split(),
    "register correct": "03757-01-001 --commune 03757 --head A --reason x".split(),
    "register correct-list": "RECEIPT --commune 03757 --reason x".split(),
    "register duplicates": "--commune 03757".split(),
    "register end": "03757-01-001 --commune 03757 --as test --reason x".split(),
    "register export": ["RECEIPT", "--commune", "03757"],
    "register history": "03757-01-001 --commune 03757".split(),
    "register import": ["EXISTING", "--commune", "03757"],
    "register merge": "03757-01-001 03757-01-002 --commune 03757 --reason x".split(),
    "register move": "03757-01-001 --commune 03757 --village 03757-02 --reason x".split(),
    "register person add": "03757-01-001 A --commune 03757 --reason x".split(),
    "register person correct": "03757-01-001 A --commune 03757 --year 1990 --reason x".split(),
    "register person head": "03757-01-001 A --commune 03757 --reason x".split(),
    "register person history": "03757-01-001 A --commune 03757".split(),
    "register person identify": "03757-01-001 A --commune 03757 --reason x".split(),
    "register person leave": "03757-01-001 A --commune 03757 --how died --reason x".split(),
    "register person transfer": "03757-01-001 A 03757-01-002 --commune 03757 --reason x".split(),
    "register request accept": "x --commune 03757 --by a".split(),
    "register request list": "--commune 03757".split(),
    "register request refuse": "x --commune 03757 --by a --reason x".split(),
    "register request withdraw": "x --commune 03757 --by a".split(),
    "register restore": "03757-01-001 --commune 03757 --reason x".split(),
    "register split": "03757-01-001 --commune 03757 --member A --reason x".split(),
    "register police-check": "WORKBOOK --commune 03757 --by a".split(),
    "register police-list": "--commune 03757 --out NEW.xlsx".split(),
    "register residents confirm": ["14", "1", "--by", "a"],
    "register residents confirm-list": ["x", "--by", "a"],
    "register residents enter": "14 --day 2026-11-01 --households 1 --status estimated --source x --by a".split(),
    "register residents import": ["WORKBOOK", "--province", "14", "--by", "a"],
    "register residents list": ["14"],
    "register residents refuse": ["14", "1", "--by", "a"],
    "register residents revoke": ["14", "1", "--by", "a"],
    "register residents withdraw": ["14", "1", "--by", "a"],
    "register table": ["--commune", "03757"],
    "register undo-list": "j --reason x".split(),
    "register undo": "1 --commune 03757 --reason x".split(),
    "register unmerge": "03757-01-001 --commune 03757 --reason x".split(),
    "register verify": "--commune 03757".split(),
    "register words": "--commune 03757".split(),
    "report members": ["r", "03757", "--out", "FOLDER"],
    "report tables": ["r", "--out", "FOLDER"],
    "report verify": ["WORKBOOK"],
    "restored": [],
    "round accept": ["r"],
    "round cancel": ["r", "--reason", "x"],
    "round changes": ["1"],
    "round close": [],
    "round compare": ["r", "--standard", "x"],
    "round flow": ["r"],
    "round list": [],
    "round move": ["1"],
    "round open": "T --year 2026 --version 1 --opens 2026-09-01 --closes 2026-12-14".split(),
    "round prove": ["r", "--out", "FOLDER"],
    "round reopen": ["r", "03757", "--reason", "x"],
    "round start": [],
    "what-if": ["r"],
}
FREE = {
    "backup check", "backup drill", "backup prune", "backup verify", "form check", "form bundle", "form evaluate",
    "round verify", "routes", "run", "shell",
}  # fmt: skip
NEW = {"demo", "simulate", "backup restore"}  # a new place is what they are for
OF_KEYS = {"keys accept"}
SOME = ("backup make", "migrate", "rebuild")  # they ask in three ways; the rest ask as `rebuild` does
QUESTIONNAIRE = Path(__file__).parents[2] / "survey" / "form" / "questionnaires" / "ra_soat_ho.md"


def leaves(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, (*words, name))
        else:
            yield " ".join((*words, name))


def given(command: str, folder: Path) -> list[str]:
    receipt = folder / "receipt.json"
    receipt.write_text('{"body": "{}", "signature": ""}')
    places = {"FOLDER": folder / "out", "EXISTING": folder, "WORKBOOK": QUESTIONNAIRE, "RECEIPT": receipt}
    return [*command.split(), *(str(places.get(word, word)) for word in ON_DATA[command])]


@pytest.fixture
def place(databases: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The environment names an instance that is not there and an empty database; the folder of the instance."""
    url, instance = databases.empty(), tmp_path / "instance"
    if databases.name == "sqlite":
        url = f"sqlite:///{tmp_path}/kho/so-ho.sqlite3"
        (tmp_path / "kho").mkdir()
    monkeypatch.setenv("INSTANCE", str(instance))
    monkeypatch.setenv("DATABASE_URL", url)
    yield instance
    if databases.name != "sqlite":
        databases.drop(url)


@pytest.fixture
def database(place: Path) -> Iterator[Engine]:
    url = create_app({"INSTANCE": place.parent / "spare"}).config["DATABASE_URL"]
    engine = open_engine(url)
    yield engine
    engine.dispose()


def flask(*words: str) -> tuple[int, str]:
    """A command as it is typed: the app is made from the environment."""
    made: list[Flask] = []

    def make() -> Flask:
        made.append(create_app())
        return made[-1]

    result = CliRunner().invoke(FlaskGroup(create_app=make), list(words))
    for app in made:
        app.extensions["engine"].dispose()
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result.exit_code, result.output


def serve() -> None:
    """What `waitress-serve --call app:create_app` does first."""
    create_app().extensions["engine"].dispose()


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_every_command_is_of_one_kind(app: Flask) -> None:
    assert sorted(leaves(app.cli)) == sorted(({*ON_DATA} | FREE | NEW | OF_KEYS) - {"routes", "run", "shell"})  # type: ignore[arg-type]


@pytest.mark.thorough
@pytest.mark.parametrize("command", [*ON_DATA, "keys accept"])
def test_on_an_empty_place_a_command_says_where_it_is_makes_nothing_and_ends_as_a_fault(
    place: Path, tmp_path: Path, command: str
) -> None:
    words = ["keys", "accept", "receipt.key"] if command == "keys accept" else given(command, tmp_path)
    before = files(tmp_path)
    code, said = flask(*words)
    assert (code, "Traceback" in said) == (1, False), said
    assert str(place) in said and "migrate --new" in said
    assert len(said.splitlines()) == 2, said  # where, and why not
    assert files(tmp_path) == before


def test_a_server_does_not_start_on_an_empty_place(place: Path, tmp_path: Path) -> None:
    before = files(tmp_path)
    with pytest.raises(SystemExit, match="chưa có bảng"):
        serve()
    assert files(tmp_path) == before


@pytest.mark.thorough
def test_a_new_place_is_made_when_that_is_said_in_one_go(place: Path, database: Engine) -> None:
    code, said = flask("migrate", "--new")
    assert (code, "Đã lập khoá mới" in said) == (0, True), said
    assert sorted(path.name for path in place.iterdir()) == sorted(MAKE)
    assert place.stat().st_mode & 0o777 == 0o700
    serve()
    assert flask("migrate")[0] == 0
    assert flask("account", "add", "a", "--role", "admin", "--name", "A", "--password", "chiều nay nắng to")[0] == 0
    assert differences(database) == []


def test_where_a_command_works_is_told_without_a_password(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in (
        "postgresql://so_ho:mat%40khau@127.0.0.1:1/so_ho",
        "postgresql:///so_ho?host=/khong-co&password=mat@khau",
    ):
        monkeypatch.setenv("DATABASE_URL", url)
        code, said = flask("rebuild")
        assert (code, "so_ho" in said, str(place) in said) == (1, True, True), said
        assert "khau" not in said


@pytest.mark.parametrize(
    "url", ["postgresql://so_ho:mat@khau@127.0.0.1:1/so_ho", "postgresql://so_ho@may:khau/so_ho", "khong://a:khau@b/c"]
)
def test_an_address_that_cannot_be_read_is_not_repeated(place: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    code, said = flask("rebuild")
    assert (code, "DATABASE_URL" in said, "khau" in said) == (1, True, False), said


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("hurt", "named"),
    [
        ("DROP TABLE register_gone", "register_gone"),
        ("ALTER TABLE assessment DROP COLUMN refused", "assessment.refused"),
        ("DROP INDEX ix_device_account", "ix_device_account"),
        ("ALTER TABLE device ADD COLUMN more INTEGER NOT NULL DEFAULT 1", None),
    ],
)
def test_tables_that_are_not_those_of_the_models_are_named_and_nothing_is_served(
    place: Path, database: Engine, tmp_path: Path, hurt: str, named: str | None
) -> None:
    assert flask("migrate", "--new")[0] == 0
    with database.begin() as connection:
        connection.execute(text(hurt))
    database.dispose()
    if named is None:
        serve()
        return
    for command in SOME:
        code, said = flask(*given(command, tmp_path))
        assert (code, named in said, len(said.splitlines())) == (1, True, 2), said
    with pytest.raises(SystemExit, match=named):
        serve()
    assert not (tmp_path / "out").exists()


@pytest.mark.thorough
@pytest.mark.parametrize(("first", "later"), [("36b3700", "at once"), ("7da6b06", "7195d78"), ("9f35a7f", "99019f6")])
def test_an_old_database_is_refused_until_it_was_migrated_and_then_served(
    place: Path, database: Engine, first: str, later: str
) -> None:
    made_as(database, first, later)
    with database.begin() as connection:
        connection.execute(text("DELETE FROM receipt"))  # nobody has the key that would have signed it
    create_app({"INSTANCE": place})  # its keys
    with pytest.raises(SystemExit, match="migrate"):
        serve()
    code, said = flask("migrate")
    assert code == 0, said
    serve()


@pytest.mark.thorough
def test_a_database_of_a_newer_program_is_said_in_one_sentence(place: Path, database: Engine) -> None:
    assert flask("migrate", "--new")[0] == 0
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    code, said = flask("migrate")
    assert (code, "mới hơn" in said, len(said.splitlines())) == (1, True, 2), said


def lost(path: Path) -> None:
    path.unlink()


def exchanged(path: Path) -> None:
    path.write_bytes(MAKE[path.name]())


@pytest.mark.thorough
@pytest.mark.parametrize("harm", [lost, exchanged])
@pytest.mark.parametrize("name", MAKE)
def test_a_key_that_the_database_does_not_know_is_refused_until_somebody_accepts_it(
    place: Path, database: Engine, tmp_path: Path, name: str, harm: Any
) -> None:
    assert flask("migrate", "--new")[0] == 0
    known = {key: (place / key).read_bytes() for key in MAKE}
    harm(place / name)
    before = files(place)
    for command in SOME:
        code, said = flask(*given(command, tmp_path))
        assert (code, name in said, f"keys accept {name}" in said, len(said.splitlines())) == (1, True, True, 2), said
    assert flask("migrate", "--new")[0] == 1
    with pytest.raises(SystemExit, match=name):
        serve()
    assert files(place) == before
    assert not (tmp_path / "out").exists()

    (place / name).write_bytes(known[name])  # the way out that is named first
    serve()
    harm(place / name)
    code, said = flask("keys", "accept", name)
    assert code == 0, said
    assert (place / name).stat().st_mode & 0o777 in (0o600, 0o644)
    serve()
    assert flask("migrate")[0] == 0
    assert [key for key in MAKE if (place / key).read_bytes() != known[key]] == [name]
    code, said = flask("keys", "accept", name)
    assert (code, "Không cần làm gì" in said) == (1, True), said


@pytest.mark.thorough
def test_a_database_of_before_keys_were_remembered_knows_its_key_by_a_receipt(place: Path, database: Engine) -> None:
    upgrade(database)
    create_app({"INSTANCE": place})
    right = (place / "receipt.key").read_bytes()
    with Session(database) as session, session.begin():
        session.execute(text("INSERT INTO place VALUES ('14', 'province', NULL)"))
        file_receipt(session, Signer(right), NOW, "14", "0" * 64, 1)
    for wrong in (MAKE["receipt.key"](), None):
        (place / "receipt.key").unlink()
        if wrong:
            (place / "receipt.key").write_bytes(wrong)
        code, said = flask("migrate")
        assert (code, "receipt.key" in said) == (1, True), said
        with Session(database) as session:
            assert remembered_keys(session) == []
        (place / "receipt.key").write_bytes(right)
    assert flask("migrate")[0] == 0
    with Session(database) as session:
        assert remembered_keys(session) == [Signer(right).public_key]


@pytest.mark.thorough
def test_an_instance_of_a_release_without_an_escrow_key_gets_one_and_is_told(place: Path, database: Engine) -> None:
    assert flask("migrate", "--new")[0] == 0
    with database.begin() as connection:
        connection.execute(text("DELETE FROM server_state WHERE key LIKE 'escrow_key:%'"))
    (place / "escrow.key").unlink()
    code, said = flask("migrate")
    assert (code, "Đã lập khoá mới" in said, "escrow.key" in said) == (0, True, True), said
    serve()


@pytest.mark.thorough
@pytest.mark.parametrize("name", MAKE)
def test_a_key_file_that_holds_no_key_is_named(place: Path, name: str) -> None:
    assert flask("migrate", "--new")[0] == 0
    (place / name).write_bytes(b"x")
    code, said = flask("rebuild")
    assert (code, f"{name} đã hỏng" in said, len(said.splitlines())) == (1, True, 1), said


def test_a_database_that_fails_in_the_middle_of_a_command_ends_it_with_a_sentence(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert flask("migrate", "--new")[0] == 0

    def fail(_session: Session, _now: Any) -> str:
        raise OperationalError("UPDATE", None, Exception("could not extend file\nDETAIL: Cà Văn Chính"))

    monkeypatch.setattr("survey.commands.server.renew_generation", fail)
    code, said = flask("restored")
    assert (code, "could not extend file" in said, len(said.splitlines())) == (1, True, 2), said
    assert "Chính" not in said


@pytest.mark.thorough
def test_a_demo_is_a_new_place(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("survey.demo.commands.load_demo", lambda *_: type("Loaded", (), {"households": 0}))
    assert flask("demo")[0] == 0
    serve()
