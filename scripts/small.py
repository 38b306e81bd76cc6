"""The phone's modules as they go out, small, with the tests beside them: `python -m scripts.small FOLDER`.

`make node` runs the tests there: what is tested is what phones run. Everything else of the repository is linked.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from app import ROOT
from survey.web.release import small

COPIED = {"static", "tests"}


def write(folder: Path) -> None:
    """Makes `folder` anew: static/app small, the tests as they are (Node follows links, and would test the sources).
    SystemExit for a folder with anything in it that was not made here."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "app.py").is_symlink():
        raise SystemExit(f"{folder} is not empty, and scripts/small.py did not make it: nothing was touched.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in (path.name for path in ROOT.iterdir() if path.name not in COPIED and not path.name.startswith(".")):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    (folder / "tests" / "faults" / "node_modules").symlink_to(ROOT / "tests" / "faults" / "node_modules")
    shutil.copytree(ROOT / "static", folder / "static")
    for script in (folder / "static" / "app").rglob("*.js"):
        script.write_text(small(ROOT / script.relative_to(folder)), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
