"""What `pycanon`, another program for the same measures, finds in a research file: `bench.anonymity FOLDER`.

    python -m venv /tmp/v && /tmp/v/bin/pip install -r bench/pycanon_requirements.txt
    /tmp/v/bin/python -m bench.anonymity FOLDER

It needs older numpy and pandas than the tests have, hence an environment of its own. k is of all rows; l of each
sensitive column is of the rows that say something there, for a hidden cell is no answer. Ends with 1 where a figure is
below what report.json promises.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas
from pycanon import anonymity


def main() -> int:
    folder = Path(sys.argv[1])
    report = json.loads((folder / "report.json").read_text("utf-8"))
    promised, good = report["promised"], True
    for name, said in report["files"].items():
        table = pandas.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        apart = said["told_apart_by"]
        k = anonymity.k_anonymity(table, apart)
        good &= k >= promised["k"] and k == said["k"]
        print(f"{name}: {len(table)} rows, k = {k} (the report: {said['k']})")
        for column in said["sensitive"]:
            telling = table[~table[column].isin(["", "*"])].reset_index(drop=True)
            if len(telling):
                found = anonymity.l_diversity(telling, apart, [column])
                good &= found >= promised["l"]
                print(f"{name}: {column}: {len(telling)} answers, l = {found}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
