"""A backup is made while the server runs, holds what a restore needs, and a damaged one is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.interviews import entry, push


@pytest.mark.usefixtures("small_round")
def test_a_backup_is_whole_is_not_written_over_and_damage_is_named(app: Any, login_as: Any, tmp_path: Path) -> None:
    push(login_as("enumerator"), entry())
    run, target = app.test_cli_runner().invoke, tmp_path / "copies" / "one"
    made = run(args=["backup", "make", str(target)])
    assert made.exit_code == 0, made.output
    assert (target / "receipt.key").stat().st_mode & 0o777 == 0o600
    assert (target / "escrow.key").read_bytes() == (app.config["INSTANCE"] / "escrow.key").read_bytes()
    assert run(args=["backup", "verify", str(target)]).exit_code == 0
    again = run(args=["backup", "make", str(target)])
    assert again.exit_code == 1 and "đã có" in again.output
    assert [path.name for path in target.parent.iterdir()] == ["one"]
    database = next(target.glob("so-ho.*"))
    content = bytearray(database.read_bytes())
    content[len(content) // 2] ^= 1
    database.write_bytes(content)
    damaged = run(args=["backup", "verify", str(target)])
    assert damaged.exit_code == 1 and database.name in damaged.output
    foreign = run(args=["backup", "verify", str(tmp_path)])
    assert foreign.exit_code == 1 and "Traceback" not in foreign.output
