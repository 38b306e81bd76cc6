"""`expressions.md` and `expressions/` → one compiled form a case, as JSON: what the JavaScript test runner reads."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from survey.form.form import Form
from survey.xlsform.compile import compile_workbook

HERE = Path(__file__).parent
TABLE = b"ma,vung,diem,so\na,x,10,1\na,y,20,2\nxe,y,30,7\n"
TOGETHER = 50
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
    return _workbook([expression], inside)


def _workbook(expressions: list[str], inside: str) -> str:
    rows = [
        f"|  | calculate | {_named(number)} |  |  | {expression.replace('|', chr(92) + '|')} |  |"
        for number, expression in enumerate(expressions)
    ]
    table = "|  | csv-external | bang |  |  |  |  |"
    lines = []
    for line in (HERE / "expressions_form.md").read_text().splitlines():
        if line.startswith("|  | end_repeat") and inside:
            lines += rows
        if line.startswith("| choices"):
            lines += [table, *([] if inside else rows)]
        lines.append(line)
    return "\n".join(lines)


def _named(number: int) -> str:
    return f"ket_qua_{number}" if number else "ket_qua"


def compiled(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each case with its own form; compiled TOGETHER at a time, because one by one takes three times as long. That this
    is the same is held by tests/form/test_expressions.py."""
    made: dict[int, dict[str, Any]] = {}
    for inside in {case["inside"] for case in cases}:
        numbers = [number for number, case in enumerate(cases) if case["inside"] == inside]
        for some in (numbers[at : at + TOGETHER] for at in range(0, len(numbers), TOGETHER)):
            source = _workbook([cases[number]["expression"] for number in some], inside)
            bundle = compile_workbook(source, {"bang.csv": TABLE}).as_json()
            for place, number in enumerate(some):
                form = {**_only(bundle, _named(place)), "hash": f"{bundle['hash']} {place}"}
                more = {"answers": ANSWERS, "clock": {"today": TODAY, "now": NOW}}
                made[number] = {**cases[number], "bundle": form, **more}
    return [made[number] for number in range(len(cases))]


def _only(bundle: dict[str, Any], name: str) -> dict[str, Any]:
    """The form as if of all calculations only this one stood in it, and were called `ket_qua`."""

    def is_another(said: str) -> bool:
        return said.startswith("ket_qua") and said != name

    def renamed(said: str) -> str:
        return "ket_qua" if said == name else said

    def group(children: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {**child, "name": renamed(child["name"])}
            | ({"children": group(child["children"])} if child.get("children") else {})
            for child in children
            if not is_another(child["name"])
        ]

    order = []
    for path, *needs in bundle["order"]:
        above, slash, last = path.rpartition("/")
        if not is_another(last):
            order.append([f"{above}{slash}{renamed(last)}", *needs])
    return {**bundle, "children": group(bundle["children"]), "order": order}


if __name__ == "__main__":
    json.dump([{**case, "bundle": Form.for_engine(case["bundle"])} for case in compiled(cases())], sys.stdout)
