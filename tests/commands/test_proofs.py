"""Proofs by command: how each ends, and what it says of a good file, a wrong one and one that is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from models import AuditEvent, Deprivation
from survey.canonical import canonical_text
from survey.evidence.proof_keys import fingerprint, grouped
from survey.operations.keys import read_keys
from tests.commands.test_commands import run
from tests.databases import once
from tests.interviews import ROUND, accept_all
from tests.world import COMMUNE

pytestmark = pytest.mark.usefixtures("small_round")
STRANGER = "0123456789abcdef" * 2


def said(app: Flask, *words: str) -> tuple[int, Any]:
    code, output = run(app, *words, "--json")
    return code, json.loads(output.split("\nError:")[0])


def key_of(app: Flask) -> str:
    return fingerprint(app.extensions["prover"].public_key)


@pytest.fixture
def file(app: Flask, login_as: Any, session: Any, tmp_path: Path) -> Path:
    def close() -> None:
        accept_all(session, login_as, COMMUNE)
        assert run(app, "round", "close", ROUND, "--commune", COMMUNE)[0] == 0

    once(app, session, "a commune closed by command", close)
    target = tmp_path / "chung-thuc.json"
    assert run(app, "round", "prove", ROUND, "--out", str(target))[0] == 0
    return target


def test_a_closed_commune_is_proved_and_the_file_holds(app: Flask, session: Any, file: Path, tmp_path: Path) -> None:
    again = tmp_path / "lan-nua.json"
    code, done = said(app, "round", "prove", ROUND, "--commune", COMMUNE, "--out", str(again))
    assert (code, list(done["communes"]), done["keys"]) == (0, [COMMUNE], [key_of(app)])
    assert again.read_bytes() == file.read_bytes()  # handed out, not signed again
    root = done["communes"][COMMUNE]["root"]
    code, found = said(app, "round", "verify", str(file))
    assert (code, found["holds"], found["key"], found["broken"]) == (0, True, "unchecked", [])
    assert "khoá" in run(app, "round", "verify", str(file))[1]  # says that nobody checked the key
    for key in (key_of(app), grouped(key_of(app)).upper()):
        code, found = said(app, "round", "verify", str(file), "--key", key, "--root", root, "--against-database")
        assert (code, found["key"], found["differs"]) == (0, "known", [])
    code, found = said(app, "round", "verify", str(file), "--key", STRANGER)
    assert (code, found["key"], found["broken"][0]["code"]) == (1, "unknown", "key_unknown")
    assert said(app, "round", "verify", str(file), "--root", "0" * 64)[1]["broken"][0]["code"] == "other_root"
    qr = f"SOHO1:{ROUND}:{COMMUNE}:1:{root}:{key_of(app)}"
    assert said(app, "round", "verify", str(file), "--root", qr)[0] == 0
    assert run(app, "round", "verify", str(file), "--key", "khong-phai")[0] == 2
    assert run(app, "round", "verify", str(tmp_path / "khong-co.json"))[0] == 2


def test_what_is_broken_is_named_and_the_command_ends_with_1(app: Flask, file: Path, tmp_path: Path) -> None:
    good = file.read_bytes()
    for content, code in (
        (good[:-20], "not_json"), (b"", "not_json"), (b"{}", "misshapen"),
        (good.replace(b'"trial":false', b'"trial":true'), "signature"),
    ):  # fmt: skip
        wrong = tmp_path / "sai.json"
        wrong.write_bytes(content)
        status, found = said(app, "round", "verify", str(wrong), "--against-database")
        assert (status, found["holds"]) == (1, False)
        assert code in [one["code"] for one in found["broken"]]
        status, output = run(app, "round", "verify", str(wrong))
        assert (status, "Error" in output, "Traceback" in output) == (1, False, False)


def test_nothing_that_a_file_or_a_word_says_ends_in_a_crash(app: Flask, file: Path, tmp_path: Path) -> None:
    assert run(app, "round", "verify", str(file), "--key", "a" * 400)[0] == 2
    read = json.loads(file.read_bytes())
    there = read["proofs"][0]["body"]["round"]
    wrong = tmp_path / "sai.json"
    for other in ({"title": 5}, {"title": "\x1b[2J xoá màn hình\x07"}, {"id": "a\x00"}, {"title": "đ"}):
        read["proofs"][0]["body"]["round"] = there | other
        wrong.write_bytes(canonical_text(read).encode())
        status, output = run(app, "round", "verify", str(wrong), "--against-database")
        assert (status, "Traceback" in output) == (1, False)
        assert not [one for one in output if not (one.isprintable() or one in "\n\t")]


@pytest.mark.miscounts
def test_the_database_is_held_against_the_file_row_by_row(app: Flask, session: Any, file: Path) -> None:
    row = session.scalars(select(Deprivation)).first()
    key = f"{row.commune_id}|{row.submission_id}|{row.indicator}"
    session.delete(row)
    session.commit()
    assert run(app, "round", "verify", str(file))[0] == 0  # the file by itself holds
    code, found = said(app, "round", "verify", str(file), "--against-database")
    assert (code, found["holds"], found["broken"]) == (1, False, [])
    assert found["differs"] == [
        {"commune": COMMUNE, "table": "deprivation", "kind": "missing", "rows": [key], "number": 1}
    ]
    assert f"deprivation: 1 bị thiếu: {key}" in run(app, "round", "verify", str(file), "--against-database")[1]
    for table in ("proof_leaf", "round_proof"):
        session.execute(delete(__import__("models").Base.metadata.tables[table]))
    session.commit()
    code, found = said(app, "round", "verify", str(file), "--against-database")
    assert (code, [one["code"] for one in found["broken"]]) == (1, ["not_stored"])


def test_what_is_not_closed_is_not_proved(app: Flask, tmp_path: Path) -> None:
    target = tmp_path / "x.json"
    for more in ([], ["--commune", COMMUNE]):
        code, refused = said(app, "round", "prove", ROUND, "--out", str(target), *more)
        assert (code, refused["problem"], target.exists()) == (1, "round_step", False)
    assert said(app, "round", "prove", ROUND, "--out", str(target), "--commune", "99999")[0] == 1
    assert run(app, "round", "prove", ROUND)[0] == 2


def test_a_file_that_cannot_be_written_is_said(app: Flask, file: Path) -> None:
    code, output = run(app, "round", "prove", ROUND, "--out", "/khong-co/x.json")
    assert (code, "/khong-co/x.json" in output) == (1, True)


def test_keys_are_listed_changed_and_named_as_compromised(app: Flask, session: Any, file: Path, tmp_path: Path) -> None:
    first = key_of(app)
    assert grouped(first) in run(app, "proof-keys", "list")[1]
    code, refused = run(app, "proof-keys", "compromised", first, "--since", "2027-01-01")
    assert (code, "rotate" in refused) == (1, True)  # the one in use is changed first
    assert run(app, "proof-keys", "rotate")[0] == 0
    keys = read_keys(Path(app.config["INSTANCE"]))
    assert keys.prover is not None
    app.extensions.update(prover=keys.prover, keys=keys)  # as after the next start
    app.extensions.pop("place_seen", None)
    assert key_of(app) != first
    for key in (first, key_of(app)):  # the old proof, under the old and the new fingerprint
        assert run(app, "round", "prove", ROUND, "--out", str(file))[0] == 0
        assert said(app, "round", "verify", str(file), "--key", key)[0] == 0
    assert run(app, "proof-keys", "compromised", STRANGER, "--since", "2026-11-01")[0] == 1
    assert run(app, "proof-keys", "compromised", grouped(first), "--since", "2027-01-01")[0] == 0
    assert run(app, "proof-keys", "compromised", first, "--since", "2027-02-01")[0] == 1  # an earlier word stands
    newest = tmp_path / "khoa.json"
    code, listed = said(app, "proof-keys", "list", "--out", str(newest))
    assert (code, [one["fingerprint"] for one in listed]) == (0, [first, key_of(app)])
    assert said(app, "round", "verify", str(file))[0] == 0  # that file was made before anybody said so
    code, found = said(app, "round", "verify", str(file), "--key", str(newest))
    assert (code, found["broken"][0]["code"], found["broken"][0]["what"]) == (1, "key_stolen", "2027-01-01")
    root = found["proofs"][0]["root"]
    assert said(app, "round", "verify", str(file), "--key", str(newest), "--root", root)[0] == 0
    for content in (b"", b"{}", b'{"keys":[]}', b'{"keys":[3]}', b'{"keys":[{"key":"x"}]}'):
        newest.write_bytes(content)
        assert run(app, "round", "verify", str(file), "--key", str(newest))[0] == 2
    verbs = set(session.scalars(select(AuditEvent.verb)))
    assert {"proof_key_rotated", "proof_key_compromised"} <= verbs
