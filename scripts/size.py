"""What a phone downloads before its first interview, gzipped, against the budget.

The list is the service worker's own: whatever /sw.js says it keeps, and /sw.js, and the household form's bundle in its
first language (the others follow after the first sync). Icons are printed and not counted: they never change, and the
app works before they arrive.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import tempfile
from pathlib import Path

from flask import Flask

from app import ROOT, create_app
from survey.web.release import MODULES
from survey.xlsform.compile import compile_workbook
from survey.xlsform.tables import beside

BUDGET = 120_000  # bytes
COUNTED = {"HTML", "CSS", "JavaScript", "form"}
QUESTIONNAIRES = ROOT / "survey" / "form" / "questionnaires"


def kind_of(path: str, media_type: str) -> str:
    kinds = {"text/html": "HTML", "text/css": "CSS", "text/javascript": "JavaScript"}
    return "JavaScript" if path == MODULES else kinds.get(media_type, "icons and manifest")


def gzipped(body: bytes) -> int:
    return len(gzip.compress(body, 9))


def shell(app: Flask) -> list[tuple[str, str, int]]:
    """(path, kind, bytes gzipped) of each file that the worker keeps, and of the worker."""
    client = app.test_client()
    listed = re.search(r"^const FILES = (.*)$", client.get("/sw.js").text, re.MULTILINE)
    if listed is None:
        raise LookupError("/sw.js names no FILES")
    found = []
    for path in ["/sw.js", *json.loads(listed[1])]:
        with client.get(path) as answer:
            if answer.status_code != 200:
                raise LookupError(f"the worker keeps {path}, which answers {answer.status_code}")
            found.append((path, kind_of(path, answer.mimetype), gzipped(answer.data)))
    return found


def bundle() -> tuple[str, str, int]:
    source = QUESTIONNAIRES / "ra_soat_ho.md"
    form = compile_workbook(source.read_text(encoding="utf-8"), beside(source))
    first = form.in_first_language(form.for_phones(form.for_engine(form.as_json())))
    body = json.dumps(first, ensure_ascii=False, separators=(",", ":")).encode()
    return f"{form.id} {form.version}", "form", gzipped(body)


def measure() -> list[tuple[str, str, int]]:
    with tempfile.TemporaryDirectory() as folder:
        app = create_app({"INSTANCE": Path(folder), "DATABASE_URL": f"sqlite:///{folder}/db", "TESTING": True})
        return [*shell(app), bundle()]


def total(files: list[tuple[str, str, int]]) -> int:
    return sum(size for _, kind, size in files if kind in COUNTED)


def main(arguments: list[str]) -> int:
    files = measure()
    if "--files" in arguments:
        for path, _, size in sorted(files, key=lambda file: -file[2]):
            print(f"{size:8} {path}")
    kinds = sorted({kind for _, kind, _ in files})
    parts = [f"{kind} {sum(size for _, its, size in files if its == kind) / 1000:.1f}" for kind in kinds]
    print(f"size: {total(files) / 1000:.1f} kB gzipped of {BUDGET / 1000:.0f} ({', '.join(parts)})")
    return 0 if total(files) <= BUDGET else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
