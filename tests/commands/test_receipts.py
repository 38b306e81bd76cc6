"""Receipts: proved at the keeper's terminal and at the desk, over changes of keys and restores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask

from survey.evidence.signing import Signer
from tests.interviews import content_hash, entry, lose, push


def run(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=list(words))
    return result.exit_code, result.output


def verified(app: Flask, tmp_path: Path, document: Any) -> tuple[int, str]:
    file = tmp_path / "bien-nhan.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return run(app, "receipts", "verify", str(file))


def test_a_receipt_is_genuine_and_names_what_is_here(
    app: Flask, small_round: str, login_as: Any, tmp_path: Path
) -> None:
    sent = entry()
    [result] = push(login_as("enumerator"), sent)
    code, said = verified(app, tmp_path, result["receipt"])
    assert code == 0, said
    assert f"thật\tphiếu {sent['id']}\t2026-11-23T02:00:00.000Z\t{content_hash(sent)}\tcòn trên máy chủ" in said
    code, said = verified(app, tmp_path, {"outbox": [{"entry": sent, "receipt": result["receipt"]}]})
    assert (code, "1 thật và còn trên máy chủ, 0 cần xem" in said) == (0, True)
    code, said = verified(app, tmp_path, {"entry": sent | {"answers": {}}, "receipt": result["receipt"]})
    assert (code, "KHÔNG KHỚP" in said) == (1, True)


def test_what_is_not_of_this_server_is_told(app: Flask, small_round: str, login_as: Any, tmp_path: Path) -> None:
    [result] = push(login_as("enumerator"), entry())
    receipt = result["receipt"]
    body = json.loads(receipt["body"])
    changed = receipt | {"body": receipt["body"].replace(body["entry_id"], "e-khac")}
    stranger = Signer(Ed25519PrivateKey.generate().private_bytes_raw())
    other = stranger.sign(body | {"generation": "may-chu-khac"}).as_json()
    odd: list[Any] = [{"body": "x", "signature": "y"}, {"body": 1, "signature": None}, receipt | {"signature": "é"}]
    code, said = verified(app, tmp_path, [receipt, changed, stranger.sign(body).as_json(), other, *odd])
    lines = said.split("\n")
    assert code == 1
    assert [line.split("\t")[1].split(":")[0].split(" (")[0] for line in lines[:7]] == [
        "thật", "GIẢ", "GIẢ", "không phải của máy chủ này", "không phải biên nhận", "không phải biên nhận", "GIẢ",
    ]  # fmt: skip
    for document in ("", "không phải JSON", "[]", "[" * 100_000, "{}", '{"body": 1}'):
        code, said = verified(app, tmp_path, document)
        assert (code, "Không thấy biên nhận nào" in said) == (1, True), document[:20]
    assert "Tệp quá lớn" in verified(app, tmp_path, "x" * (4 * 1024 * 1024 + 1))[1]


@pytest.mark.miscounts
def test_a_receipt_of_what_is_gone_stays_genuine(
    app: Flask, small_round: str, login_as: Any, session: Any, tmp_path: Path
) -> None:
    sent = entry()
    [result] = push(login_as("enumerator"), sent)
    lose(session, sent["id"])
    assert run(app, "restored")[0] == 0
    code, said = verified(app, tmp_path, result["receipt"])
    assert (code, "thật\t" in said, "KHÔNG CÒN trên máy chủ" in said) == (3, True, True)
    forged = result["receipt"] | {"signature": "A" * 86 + "=="}
    assert "GIẢ" in verified(app, tmp_path, forged)[1]  # its generation is a former one of this server


def test_after_a_change_of_keys_older_receipts_are_genuine_and_come_again_under_the_new_key(
    app: Flask, small_round: str, login_as: Any, tmp_path: Path
) -> None:
    browser, sent = login_as("enumerator"), entry()
    [before] = push(browser, sent)
    key = Path(app.config["INSTANCE"]) / "receipt.key"
    assert run(app, "migrate")[0] == 0
    code, said = run(app, "receipts", "rotate")
    assert (code, "Hãy khởi động lại dịch vụ" in said) == (0, True)
    assert key.stat().st_mode & 0o777 == 0o600
    app.extensions["signer"] = Signer(key.read_bytes())  # the restart
    code, said = verified(app, tmp_path, before["receipt"])
    assert (code, "khoá cũ của máy chủ này" in said) == (0, True)
    [again] = push(browser, sent)
    assert again["receipt"]["body"] == before["receipt"]["body"]
    assert again["receipt"]["signature"] != before["receipt"]["signature"]
    code, said = verified(app, tmp_path, again["receipt"])
    assert (code, "\tthật\t" in said) == (0, True)
    assert [line.split("\t")[2] for line in run(app, "receipts", "keys")[1].splitlines()] == ["đang dùng", "cũ"]
    assert push(browser, sent) == [again]


@pytest.mark.parametrize("lines", [1, 3])
def test_receipts_one_a_line_are_read_too(
    app: Flask, small_round: str, login_as: Any, tmp_path: Path, lines: int
) -> None:
    results = push(login_as("enumerator"), *(entry(f"ho-{number}") for number in range(1, lines + 1)))
    text = "\n\n".join(json.dumps(result["receipt"]) for result in results)
    code, said = verified(app, tmp_path, text)
    assert (code, f"{lines} biên nhận" in said) == (0, True)
