"""Writes every script of the phone as it goes out, small, below a folder: `python -m scripts.small FOLDER`.

`make node` runs those (tests/node/as_served.mjs): what is tested is what phones run.
"""

from __future__ import annotations

import sys
from pathlib import Path

from app import ROOT
from survey.web.capture import small


def write(folder: Path) -> None:
    """static/app/**/*.js → the same paths below `folder`."""
    for source in (ROOT / "static" / "app").rglob("*.js"):
        target = folder / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(small(source), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
