"""What `mpitb`, another program for the same indices, finds on invented households: recorded for the tests.

    python -m venv /tmp/v && /tmp/v/bin/pip install -r bench/mpitb_requirements.txt
    /tmp/v/bin/python -m bench.mpitb_figures > tests/cases/mpitb.json

It needs pandas, numpy and scipy, which nothing else here does: so its figures are kept and not the program. `svy=True`,
else it leaves out the persons. Complete households alone (it counts one with a gap as not poor), point estimates alone
(its standard errors know nothing of how a sample was drawn), and none that stands exactly on a cut-off (it compares
floats), but for a quarter of twelve equal weights, where these are right.
`tests/poverty/test_indices.py` holds ours against them.
"""

from __future__ import annotations

import json
import random
from fractions import Fraction
from importlib.metadata import version
from typing import Any

import pandas
from mpitb.core import MPIToolbox

EQUAL = ["1/12"] * 12
NESTED = ["1/12"] * 4 + ["1/18"] * 6 + ["1/6"] * 2
UNEQUAL = ["0.2", "0.05", "0.15", "0.1", "0.5", "0"]
CASES = [
    ("equal weights, a quarter", EQUAL, 25, 400),
    ("equal weights, a third and more", EQUAL, 34, 300),
    ("nested weights, a fifth", NESTED, 20, 300),
    ("nested weights, near a half", NESTED, 51, 300),
    ("decimal weights, one of nothing", UNEQUAL, 33, 200),
]
Figures = dict[str, dict[str, float]]


def main() -> None:
    chance = random.Random(20261130)
    found = {"program": f"mpitb {version('mpitb')}", "cases": [_case(chance, *case) for case in CASES]}
    print(json.dumps(found, separators=(",", ":")))


def _case(chance: random.Random, name: str, weights: list[str], k: int, number: int) -> dict[str, Any]:
    names = [f"i{at}" for at in range(len(weights))]
    exact = {key: Fraction(weight) for key, weight in zip(names, weights, strict=True)}
    households: list[tuple[str, int, str]] = []
    while len(households) < number:
        likely = chance.choice([0.1, 0.3, 0.6])
        lacks = [chance.random() < likely for _ in names]
        score = sum(weight for weight, lack in zip(exact.values(), lacks, strict=True) if lack)
        if weights is EQUAL or score != Fraction(k, 100):
            households.append(("".join(str(int(lack)) for lack in lacks), chance.randint(1, 11), chance.choice("abc")))
    table = pandas.DataFrame([[*map(int, lacks), persons, group] for lacks, persons, group in households])
    table.columns = [*names, "persons", "group"]
    asked = [key for key in names if exact[key]]
    program = MPIToolbox()
    program.svyset(weight="persons")
    program.set(name="x", dimensions=[([key], key) for key in asked])
    weighed = {key: float(exact[key]) for key in asked}
    figures: Figures = {}
    for row in program.est(table, "x", [k], weights=weighed, over=["group"], svy=True):
        key = f"{row['measure']} {row['indicator']}" if row.get("indicator") else row["measure"]
        if row["measure"] != "actb":
            figures.setdefault(row.get("subg", ""), {})[key] = round(float(row["b"]), 12)
    return {
        "name": name, "weights": dict(zip(names, weights, strict=True)), "k_percent": k, "households": households,
        "figures": figures,
    }  # fmt: skip


if __name__ == "__main__":
    main()
