"""How much memory each export takes, and how long: `python -m bench.exports [HOUSEHOLDS…]`, else 20,000 and 60,000.

For each number a place of its own is filled with so many invented households (`flask --app app simulate`: about four
persons and 240 answers each), and each command writes its files, in a process whose memory is this and nothing else.
The limit is 256 MB at any number of households, so what is printed must be flat: a second number may not take more
than a tenth more than the first.

INSTANCE names a place that is there, as `bench.pages` keeps one: then its largest round is exported, and nothing is
filled or changed but the record of who exported. FORMATS="csv xlsx" names some of them, FOLDER where the files wait
(each goes before the next comes; a province of 300,000 takes 2 to 5 GB). Of each file the first rows are read back by
pyreadstat, pyarrow, openpyxl or csv, and must be the households that the database has. Printed with the load of the
machine, since seconds say little on a busy one. Ends with 1 where the limit is passed, or a file is not what it was.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pyarrow.parquet  # type: ignore[import-untyped]
import pyreadstat
from openpyxl import load_workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import create_app
from models import OF_COUNTED, Assessment, HouseholdFact, RegisterEntry
from survey.exports.fixed_columns import IDENTITY
from survey.terms import HouseholdClass, RegisterState

MEGABYTES, MORE, SAMPLE = 256, 1.1, 1000
FORMATS = ("csv", "xlsx", "stata", "spss", "parquet", "datapackage", "geojson", "ddi", "research", "changes")
CLASSES = {one.vi: one.value for one in HouseholdClass}  # by the words that Stata, SPSS and Excel show
Known = Mapping[str, tuple[str, str]]  # by household, its head and class
Rows = Iterator[tuple[str, str | None, str]]  # household, head (None: not in this file), class


class Took(NamedTuple):
    """Seconds, seconds of the processor, and the most megabytes of a command."""

    seconds: float
    processor: float
    megabytes: float


# A child's peak begins with what its parent had when it was started, so a small process stands in between.
WATCH = """
import json, os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
print(json.dumps([status, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


def run(place: Path, *words: str) -> Took:
    begun = time.monotonic()
    command = [sys.executable, "-c", WATCH, sys.executable, "-m", "flask", "--app", "app", *words]
    said = subprocess.run(command, env=os.environ | {"INSTANCE": str(place)}, stdout=subprocess.PIPE, check=True).stdout
    status, processor, megabytes = json.loads(said)
    if status:
        raise SystemExit(f"{' '.join(words)} failed")
    return Took(time.monotonic() - begun, processor, megabytes)


def largest_round(session: Session) -> tuple[str, int]:
    """The round with the most accepted households, and how many these are."""
    accepted = select(HouseholdFact.round_id, func.count()).where(HouseholdFact.state == RegisterState.ACCEPTED.value)
    found = session.execute(accepted.group_by(HouseholdFact.round_id).order_by(func.count().desc()).limit(1)).one()
    return found[0], found[1]


def accepted_in(session: Session, round_id: str) -> dict[str, tuple[str, str]]:
    named = select(RegisterEntry.household_id, Assessment.head_name, Assessment.household_class).join(
        Assessment, OF_COUNTED
    )
    named = named.where(RegisterEntry.round_id == round_id, RegisterEntry.state == RegisterState.ACCEPTED.value)
    return {id: (head, name or "") for id, head, name in session.execute(named)}


def told(columns: Mapping[str, Sequence[Any]]) -> Rows:
    """Of columns by their names, of whatever reader."""
    heads = columns.get("head_name") or [None] * SAMPLE
    for id, head, name in zip(columns["household_id"], heads, columns["household_class"], strict=False):
        yield id, head, name or ""


def in_csv(folder: Path) -> Rows:
    with (folder / "households.csv").open(encoding="utf-8-sig", newline="") as lines:
        for row in islice(csv.DictReader(lines), SAMPLE):
            yield row["household_id"], row["head_name"], row["household_class"]


def in_stata(folder: Path) -> Rows:
    return _coded(*pyreadstat.read_dta(folder / "households.dta", row_limit=SAMPLE, output_format="dict"))


def in_spss(folder: Path) -> Rows:
    return _coded(*pyreadstat.read_sav(folder / "households.sav", row_limit=SAMPLE, output_format="dict"))


def _coded(columns: Any, about: Any) -> Rows:
    """Classes are numbers there, with their Vietnamese words."""
    labels = about.variable_value_labels["household_class"]
    classes = [CLASSES.get(labels.get(number, ""), "") for number in columns["household_class"]]
    return told({name: list(columns[name]) for name in ("household_id", "head_name")} | {"household_class": classes})


def in_parquet(folder: Path) -> Rows:
    names = ["household_id", "head_name", "household_class"]
    batches = pyarrow.parquet.ParquetFile(folder / "households.parquet").iter_batches(SAMPLE, columns=names)
    return told(next(batches).to_pydict())


def in_workbook(folder: Path) -> Rows:
    """Its sheet has words above and in the columns, which stand where they stand in every file."""
    lines = load_workbook(folder / "so-ho.xlsx", read_only=True).worksheets[0].iter_rows(values_only=True)
    header = [column.name for column in IDENTITY] + ["head_name"]
    places = [header.index(name) for name in ("household_id", "head_name", "household_class")]
    for line in islice(lines, 1, SAMPLE):
        id, head, name = (str(line[place] or "") for place in places)
        yield id, head, CLASSES.get(name, "")


def in_geojson(folder: Path) -> Rows:
    """A line a house."""
    with (folder / "households.geojson").open(encoding="utf-8") as lines:
        for line in islice(lines, 1, SAMPLE):
            if line.startswith("{"):
                about = json.loads(line.rstrip(",\n"))["properties"]
                yield about["household_id"], None, about["household_class"] or ""


READERS: dict[str, Callable[[Path], Rows]] = {
    "csv": in_csv, "datapackage": in_csv, "changes": in_csv, "xlsx": in_workbook, "stata": in_stata, "spss": in_spss,
    "parquet": in_parquet, "geojson": in_geojson,
}  # fmt: skip


def read_back(format: str, folder: Path, known: Known) -> str:
    """In words, how much of it was found as the database has it. Raises SystemExit where something was not."""
    if format == "ddi":
        return f"{sum(1 for _ in ElementTree.parse(folder / 'codebook.xml').iter())} elements read back"
    if format == "research":
        with (folder / "households.csv").open(encoding="utf-8-sig", newline="") as lines:
            number = sum(1 for _ in csv.DictReader(lines))
        return f"{number} rows read back, which lead to nobody"
    number = 0
    for id, head, name in READERS[format](folder):
        if id not in known or known[id][1] != name or (head is not None and known[id][0] != head):
            raise SystemExit(f"{format}: household {id} is not what the database has")
        number += 1
    if not number and format != "geojson":  # invented households have no position
        raise SystemExit(f"{format}: nothing was read back")
    return f"{number} households read back as they are"


def measure(place: Path, out: Path, formats: tuple[str, ...]) -> Iterator[tuple[str, Took]]:
    """Each export by itself, its files read back and gone before the next."""
    with Session(create_app({"INSTANCE": str(place)}).extensions["engine"]) as session:
        round_id, households = largest_round(session)
        known = accepted_in(session, round_id)
    for format in formats:
        with tempfile.TemporaryDirectory(dir=out) as folder:
            took = run(place, "export", format, folder, "--round", round_id)
            size = sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6
            found = read_back(format, Path(folder), known)
        print(
            f"{households} households, {format}: at most {took.megabytes:.0f} MB, {took.megabytes / MEGABYTES:.0%} of "
            f"{MEGABYTES}; {took.seconds:.0f} s (processor {took.processor:.0f} s, "
            f"{households / took.processor:.0f} households a second of it; load {os.getloadavg()[0]:.1f}), "
            f"{size:.0f} MB of files; {found}",
            flush=True,
        )
        yield format, took


def main() -> int:
    formats = tuple(os.environ.get("FORMATS", " ".join(FORMATS)).split())
    with tempfile.TemporaryDirectory(dir=os.environ.get("FOLDER")) as folder:
        out = Path(folder)
        if kept := os.environ.get("INSTANCE"):
            return max(took.megabytes > MEGABYTES for _, took in measure(Path(kept), out, formats))
        first: dict[str, float] = {}
        good = True
        for households in [int(word) for word in sys.argv[1:]] or [20_000, 60_000]:
            place = out / str(households)
            create_app({"NEW": True, "INSTANCE": str(place)})
            run(place, "simulate", "--communes", str(max(2, households // 4000)), "--households", str(households))
            for format, took in measure(place, out, formats):
                good &= took.megabytes <= min(MEGABYTES, MORE * first.setdefault(format, took.megabytes))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
