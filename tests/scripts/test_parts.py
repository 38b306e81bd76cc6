"""`make test` says how long each part took, ends at the first that fails, and shows what parts side by side said."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from scripts.parts import run

SAYS = "import sys; print('this is', sys.argv[1], flush=True); sys.exit(sys.argv[1] == 'wrong')"
LINE = r"^  (.+?) +\d+ min +\d+ s +\d+ s of processor$"


@pytest.mark.parametrize(
    ("parts", "code", "lines", "said"),
    [
        (["lint", "unit"], 0, ["lint", "unit", "all"], ["lint", "unit"]),
        (["lint+size", "unit"], 0, ["lint+size", "unit", "all"], ["lint", "size", "unit"]),
        (["lint", "wrong", "unit"], 1, ["lint", "wrong failed", "until then"], ["lint", "wrong"]),
        (["wrong+size", "unit"], 1, ["wrong+size failed", "until then"], ["wrong", "size"]),
        (["size+wrong"], 1, ["size+wrong failed", "until then"], ["size", "wrong"]),
    ],
)
def test_the_first_that_fails_ends_it_and_each_has_its_time(
    capfd: pytest.CaptureFixture[str], parts: list[str], code: int, lines: list[str], said: list[str]
) -> None:
    assert run([sys.executable, "-c", SAYS], parts) == code
    out = capfd.readouterr().out
    assert re.findall(LINE, out, re.MULTILINE) == lines
    assert re.findall(r"^this is (.+)$", out, re.MULTILINE) == said


def test_what_make_test_and_make_quick_run_are_targets() -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text("utf-8")
    asked = re.findall(r"^\t@\$\(PARTS\) (.+)$", makefile, re.MULTILINE)
    assert len(asked) == 2
    for name in re.split(r"[+ ]", " ".join(asked)):
        assert re.search(rf"^{name}:", makefile, re.MULTILINE), name
