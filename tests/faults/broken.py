"""Deliberately broken builds: a copy of the product with one promise taken out of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("app.py", "pyproject.toml", "survey", "models", "migrations", "translations", "static", "scripts", "tests")


@dataclass(frozen=True)
class Fault:
    """What is broken: in `file` the text `old`, which stands there once, becomes `new`."""

    name: str
    file: str
    old: str
    new: str


def build(folder: Path, fault: Fault) -> Path:
    """The broken product in `folder`."""
    folder.mkdir(parents=True)
    for part in PARTS:
        whole = ROOT / part
        if whole.is_dir():
            shutil.copytree(whole, folder / part, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
        else:
            shutil.copy(whole, folder / part)
    (folder / "tests/faults/node_modules").symlink_to(ROOT / "tests/faults/node_modules")
    path = folder / fault.file
    text = path.read_text(encoding="utf-8")
    times = text.count(fault.old)
    assert times == 1, f"{fault.name}: {fault.file} says {fault.old!r} {times} times, not once"
    path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
    return folder


def run(folder: Path, *asked: str) -> tuple[int, str]:
    """The suite (`python -m tests.faults`) on the product in `folder`: its exit code and what it printed."""
    return python(folder, "-m", "tests.faults", *asked)


def python(folder: Path, *asked: str) -> tuple[int, str]:
    """Python with the modules of the product in `folder`: its exit code and what it printed."""
    environment = os.environ | {"PYTHONPATH": str(folder), "VENV": os.environ.get("VENV", str(ROOT / ".venv"))}
    done = subprocess.run(
        [sys.executable, *asked], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr
