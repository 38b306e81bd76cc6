"""`expressions.md` and `expressions/` → one compiled form a case, as JSON: what the JavaScript test runner reads."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from survey.xlsform.compile import compile_workbook

HERE = Path(__file__).parent
TABLE = b"ma,vung,diem,so\na,x,10,1\na,y,20,2\nxe,y,30,7\n"
TODAY, NOW = "2026-11-23", "2026-11-23T01:30:00.000+00:00"
ANSWERS: dict[str, Any] = {
    "so": 7, "le": 2.5, "am": -3, "chu": "Bản Nà Cá", "ngay": "2026-01-31", "luc": "2026-01-31T06:00:00.000Z",
    "mot": "xe", "nhieu": "ti_vi xe tu_lanh", "an": 9, "nhom": {"trong_nhom": 4},
    "tv": [
        {"ten": "An", "tuoi": 5, "gioi": "nu", "luong": 99},
        {"ten": "Bình", "tuoi": 40, "gioi": "nam", "biet_chu": 1, "luong": 12.5},
        {"ten": "Cả", "tuoi": 16, "gioi": "nam", "biet_chu": 1, "luong": 7.5},
    ],
}  # fmt: skip


def cases() -> list[dict[str, Any]]:
    """Each row of the tables: expression, inside, gives, section."""
    rows = [
        [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for path in [HERE / "expressions.md", *sorted((HERE / "expressions").glob("*.md"))]
        for line in path.read_text().splitlines()
        if line.startswith("|") and not line.startswith(("|---", "| expression "))
    ]
    return [{"expression": e, "inside": i, "gives": json.loads(g), "section": s} for e, i, g, s in rows]


def workbook(expression: str, inside: str = "") -> str:
    """The form of `expressions_form.md` with the expression as the calculation `ket_qua` and the table `bang`."""
    row = f"|  | calculate | ket_qua |  |  | {expression.replace('|', chr(92) + '|')} |  |"
    table = "|  | csv-external | bang |  |  |  |  |"
    lines = []
    for line in (HERE / "expressions_form.md").read_text().splitlines():
        if line.startswith("|  | end_repeat") and inside:
            lines.append(row)
        if line.startswith("| choices"):
            lines += [table, *([] if inside else [row])]
        lines.append(line)
    return "\n".join(lines)


def compiled(case: dict[str, Any]) -> dict[str, Any]:
    form = compile_workbook(workbook(case["expression"], case["inside"]), {"bang.csv": TABLE})
    return {**case, "bundle": form.as_json(), "answers": ANSWERS, "clock": {"today": TODAY, "now": NOW}}


if __name__ == "__main__":
    json.dump([compiled(case) for case in cases()], sys.stdout)
