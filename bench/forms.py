"""The two questionnaires of the benchmarks, as XLSForm text, and answers to them.

S is an ordinary survey: 60 questions in 6 groups and 5 members × 12 questions, with 30 calculates.
L is where web form engines fail: 30 members × 12 questions and 300 calculates over them.
"""

from __future__ import annotations

from typing import Any

COLUMNS = ["type", "name", "label", "relevant", "constraint", "calculation"]
FIELDS = ["ten", "tuoi", "gioi", "hoc", "viec", "luong", "the", "benh", "cao", "nang", "net", "ghi_chu"]
SIZES = {"S": 5, "L": 30}


def workbook(name: str) -> str:
    """The form "S" or "L" in pyxform's Markdown."""
    rows = _members() + (_small() if name == "S" else _large())
    lines = ["| survey |" + " |" * len(COLUMNS), "| | " + " | ".join(COLUMNS) + " |"]
    lines += ["| | " + " | ".join(row.get(column, "") for column in COLUMNS) + " |" for row in rows]
    lines += ["| choices |", "| | list_name | name | label |"]
    lines += [f"| | co_khong | {value} | {label} |" for value, label in (("co", "Có"), ("khong", "Không"))]
    return "\n".join([*lines, "| settings |", "| | form_id | version |", f"| | bench_{name} | 1 |"])


def answers(name: str) -> dict[str, Any]:
    """Every question answered, the same every time."""
    members = [
        {
            "ten": f"Người {number}", "tuoi": (number * 7) % 80, "gioi": "nam" if number % 2 else "nu",
            "hoc": "co" if number % 3 else "khong", "viec": "co" if number % 4 else "khong", "luong": number * 100,
            "the": "co" if number % 5 else "khong", "benh": "khong", "cao": 90 + number, "nang": 20 + number,
            "net": "co", "ghi_chu": "",
        }
        for number in range(1, SIZES[name] + 1)
    ]  # fmt: skip
    if name == "L":
        return {"tv": members}
    groups = {f"g{g}": {f"q{g}_{q}": (g * 10 + q) if q % 2 else "co" for q in range(1, 11)} for g in range(1, 7)}
    return {"tv": members, **groups}


def edits(name: str, count: int = 60) -> list[tuple[str, Any]]:
    """Answers given one after another: paths with instance numbers."""
    size = SIZES[name]
    fields = ["tuoi", "luong", "the", "cao"]
    found = []
    for number in range(count):
        field = fields[number % len(fields)]
        value: Any = (number * 13) % 80 if field in ("tuoi", "cao") else number * 50 if field == "luong" else "khong"
        found.append((f"tv[{number % size + 1}]/{field}", value))
    return found


def _row(type: str, name: str, **cells: str) -> dict[str, str]:
    return {"type": type, "name": name, "label": cells.pop("label", f"Câu {name}?"), **cells}


def _members() -> list[dict[str, str]]:
    return [
        _row("begin_repeat", "tv", label="Thành viên"),
        _row("text", "ten"),
        _row("integer", "tuoi", constraint=". >= 0 and . < 130"),
        _row("text", "gioi"),
        _row("select_one co_khong", "hoc", relevant="${tuoi} < 31"),
        _row("select_one co_khong", "viec", relevant="${tuoi} >= 16"),
        _row("integer", "luong", relevant="${viec} = 'co'", constraint=". >= 0"),
        _row("select_one co_khong", "the"),
        _row("select_one co_khong", "benh"),
        _row("integer", "cao", constraint=". > 20 and . < 230"),
        _row("integer", "nang", constraint=". > 0 and . < 200"),
        _row("select_one co_khong", "net", relevant="${tuoi} >= 6"),
        _row("text", "ghi_chu", relevant="${benh} = 'co'"),
        {"type": "end_repeat", "name": "", "label": ""},
    ]


def _small() -> list[dict[str, str]]:
    rows = []
    for group in range(1, 7):
        rows.append(_row("begin_group", f"g{group}", label=f"Nhóm {group}"))
        for question in range(1, 11):
            name = f"q{group}_{question}"
            cells = {}
            if question in (3, 5, 7, 9, 10) or (question == 2 and group <= 4):  # 34 here, 5 in a member
                cells["relevant"] = f"${{q{group}_{question - 1}}} != ''"
            if question % 2:
                if len([r for r in rows if r.get("constraint")]) < 25:
                    cells["constraint"] = ". >= 0 and . < 1000"
                rows.append(_row("integer", name, **cells))
            else:
                rows.append(_row("select_one co_khong", name, **cells))
        rows.append({"type": "end_group", "name": "", "label": ""})
    for number in range(30):
        group = number % 6 + 1
        text = [
            f"coalesce(${{q{group}_1}}, 0) + coalesce(${{q{group}_3}}, 0)",
            f"count(${{tv}}[./tuoi < {number + 10}])",
        ][number % 2]
        rows.append({"type": "calculate", "name": f"c{number}", "calculation": text})
    return rows


def _large() -> list[dict[str, str]]:
    kinds = [
        "count(${{tv}}[./tuoi >= {a}])",
        "count(${{tv}}[./tuoi >= {a} and ./the = 'khong'])",
        "sum(${{tv}}[./tuoi < {a}]/cao)",
        "count(${{tv}}[./luong > {b}])",
        "max(${{tv}}/tuoi) + {a}",
        "if(count(${{tv}}[./tuoi < {a}]) * 2 > count(${{tv}}), 1, 0)",
    ]
    return [
        {
            "type": "calculate",
            "name": f"c{number}",
            "calculation": kinds[number % 6].format(a=number % 70, b=number * 10),
        }
        for number in range(300)
    ]
