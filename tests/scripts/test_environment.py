"""`scripts/environment` makes the folder that it was asked for, and touches none that it did not make."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import small
from tests.gates.sources import ROOT

pytestmark = pytest.mark.thorough

SCRIPT, MAKEFILE = ROOT / "scripts" / "environment", ROOT / "Makefile"


def run(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("VENV", "MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd, env=environment | {"PYTHON": sys.executable}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Somebody's own environment, and what they keep in it."""
    made = tmp_path / "elsewhere"
    (made / "lib").mkdir(parents=True)
    (made / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (made / "lib" / "thesis.py").write_text("three years of work\n")
    return made


@pytest.mark.parametrize("command", ["run", "run-https", "env", "unit", "lint", "clean"])
def test_make_leaves_a_folder_of_somebody_else_alone(elsewhere: Path, command: str) -> None:
    done = run("make", command, f"VENV={elsewhere}")
    assert done.returncode != 0
    assert f"{elsewhere} is not empty, and scripts/environment did not make it: nothing was touched." in done.stderr
    assert sorted(path.name for path in elsewhere.rglob("*")) == ["lib", "pyvenv.cfg", "thesis.py"]


@pytest.mark.parametrize("asked", [(), ("--clear",)])
@pytest.mark.parametrize("kept", ["notes.txt", ".hidden", ".made"])
def test_any_file_that_is_not_ours_holds_it_back(tmp_path: Path, asked: tuple[str, ...], kept: str) -> None:
    (tmp_path / kept).write_text("mine")
    assert run(SCRIPT, *asked, tmp_path).returncode == 1
    assert (tmp_path / kept).read_text() == "mine"


def test_an_environment_is_made_anew_when_the_script_says_something_else_and_not_when_it_is_younger(
    tmp_path: Path,
) -> None:
    work = tmp_path / "a checkout"
    (work / "scripts").mkdir(parents=True)
    shutil.copy(MAKEFILE, work)
    script = Path(shutil.copy(SCRIPT, work / "scripts"))
    script.write_text(script.read_text().replace('-m venv "$folder"', '-m venv --without-pip "$folder"'))  # quicker
    ours = work / "ours"
    ours.mkdir()  # an empty folder is nobody's
    stamp = ours / ".made"

    def make() -> str:
        done = run("make", "VENV=ours", "ours/.made", cwd=work)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "Making ours with Python 3" in make()
    assert run(ours / "bin" / "python", "-c", "import sys; print(sys.prefix)").stdout.strip() == str(ours)

    (ours / "installed").touch()
    stamped = stamp.stat().st_mtime_ns
    os.utime(script, ns=(stamped + 10**12,) * 2)
    make()
    assert (ours / "installed").exists(), "a younger checkout makes nothing anew"
    assert stamp.stat().st_mtime_ns == stamped, "nor is anything installed again"

    script.write_text(script.read_text() + "# and more\n")
    os.utime(script, ns=(stamped + 10**12,) * 2)
    assert "Making ours" in make()
    assert not (ours / "installed").exists()
    assert run(ours / "bin" / "python", "-c", "").returncode == 0

    (ours / ".so-ho").write_text("begun\n")  # the power went while it was made
    (ours / "half").touch()
    assert run(script, "ours", cwd=work).returncode == 0
    assert not (ours / "half").exists()

    assert run(script, "--clear", "ours", cwd=work).returncode == 0
    assert not ours.exists()


def test_the_small_modules_are_written_over_nothing_of_somebody_else(elsewhere: Path) -> None:
    with pytest.raises(SystemExit, match="nothing was touched"):
        small.write(elsewhere)
    assert (elsewhere / "lib" / "thesis.py").exists()


def test_the_small_modules_are_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small, "small", lambda script: script.read_text("utf-8"))
    for _ in range(2):
        small.write(tmp_path / "served")
        (tmp_path / "served" / "static" / "gone.js").touch()
    small.write(tmp_path / "served")
    assert not (tmp_path / "served" / "static" / "gone.js").exists()


def test_an_environment_from_before_the_mark_is_ours(tmp_path: Path) -> None:
    (tmp_path / "pyvenv.cfg").touch()
    (tmp_path / ".made").touch()
    assert run(SCRIPT, "--clear", tmp_path).returncode == 0
    assert not tmp_path.exists()
