"""The table tests/cases/clocks.md, for both runners; `python -m tests.cases.clocks` prints it and a grid as JSON."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

from survey.clocks import Bounds, doubt, read_said

TABLE = Path(__file__).with_name("clocks.md")


def cases() -> list[dict[str, str]]:
    """Each row of the table."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    names, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(names, row, strict=True)) for row in rows]


def decided(case: dict[str, str]) -> str:
    """What the server says of a case: "behind", "ahead" or ""."""
    said = read_said(case["said"].replace("Z", "+00:00"))
    assert said is not None
    day = {name: date.fromisoformat(case[name]) if case[name] else None for name in ("opens", "closes")}
    moment = {name: datetime.fromisoformat(case[name]) if case[name] else None for name in ("since", "until")}
    return doubt(said, Bounds(**day, **moment, skew=timedelta(hours=float(case["skew"])))) or ""


def grid() -> list[dict[str, str]]:
    """Clocks that are off by seconds to years, around midnights and the turn of a year, at each door."""
    true = [datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC), datetime(2026, 12, 31, 17, tzinfo=UTC),
            datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 11, 23, 2, tzinfo=UTC)]  # fmt: skip
    off = [timedelta(**{unit: sign * number}) for sign in (1, -1) for unit, number in
           (("seconds", 1), ("hours", 7), ("hours", 24), ("hours", 25), ("days", 2), ("days", 31), ("days", 92),
            ("days", 365), ("days", 3653))] + [timedelta(0)]  # fmt: skip
    rounds = [("2026-09-01", "2026-12-14"), ("2027-01-01", "2027-03-31"), ("", "")]
    found = []
    for now, wrong, (opens, closes), later, door in product(true, off, rounds, (0, 1, 30), ("phone", "push", "bundle")):
        said = (now + wrong).isoformat()
        as_day = (now + wrong + timedelta(hours=7)).date().isoformat()
        met = now + timedelta(days=later)
        around = {"since": "", "until": met.isoformat()} if door != "phone" else {"since": met.isoformat(), "until": ""}
        skew = str(wrong / timedelta(hours=1)) if door != "bundle" else "0"
        for one in (said, as_day):
            found.append({"said": one, "opens": opens, "closes": closes, **around, "skew": skew})
    return found


if __name__ == "__main__":
    every: list[dict[str, Any]] = [*cases(), *grid()]
    print(json.dumps([case | {"doubt": decided(case)} for case in every]))
