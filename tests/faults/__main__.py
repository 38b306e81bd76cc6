"""`python -m tests.faults SEED COUNT`: that many seeds from SEED on. Exit code 1 when a promise broke.

`--few`: those of `make test`, `--others`: those that `make further` adds.
`--only SEED …` runs these until one breaks. `--template FOLDER`: an office that `office.build` made before.
VERBOSE=1 prints what happened in each.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults.office import build
from tests.faults.schedule import FEW, FIRST
from tests.faults.simulation import simulate


class Run:
    """`seeds`, some at a time; `broken` are those in which a promise broke."""

    def __init__(self, seeds: list[int], stops: bool) -> None:
        self.seeds, self.stops = seeds, stops
        self.broken: list[int] = []
        self.happened: Counter[str] = Counter()

    async def work(self, template: Path) -> None:
        while self.seeds and not (self.stops and self.broken):
            seed = self.seeds.pop(0)
            again = f"  again: make faults SEED={seed} COUNT=1"
            try:
                wrong, log = await simulate(seed, template)
            except Exception as error:  # not a broken promise but a fault of these tests: it too names its seed
                error.add_note(f"seed {seed}\n{again}")
                raise
            self.happened.update(log.happened)
            if wrong:
                self.broken.append(seed)
            if wrong or os.environ.get("VERBOSE"):
                print(f"\nseed {seed}: {wrong or 'nothing is lost'}", *log.lines, again, sep="\n", flush=True)


async def main(seeds: list[int], stops: bool, jobs: int, template: Path | None) -> int:
    began, count = time.monotonic(), len(seeds)
    run = Run(seeds, stops)
    with tempfile.TemporaryDirectory(prefix="so-ho-faults-") as folder:
        if template is None:
            template = Path(folder) / "template"
            build(template)
        await asyncio.gather(*(run.work(template) for _ in range(jobs)))
    print(", ".join(f"{times} {name}" for name, times in run.happened.most_common()))
    which = f": {sorted(run.broken)}" if run.broken else ""
    print(f"{count} seeds of faults, {len(run.broken)} broken{which} ({time.monotonic() - began:.0f} s)")
    return 1 if run.broken else 0


if __name__ == "__main__":
    asks = argparse.ArgumentParser(prog="python -m tests.faults")
    asks.add_argument("first", nargs="?", type=int, default=1)
    asks.add_argument("count", nargs="?", type=int, default=50)
    asks.add_argument("--few", action="store_true")
    asks.add_argument("--others", action="store_true")
    asks.add_argument("--only", nargs="+", type=int)
    asks.add_argument("--template", type=Path)
    told = asks.parse_args()
    named = FEW if told.few else sorted({*FIRST} - {*FEW}) if told.others else ()
    wanted = told.only or list(named) or list(range(told.first, told.first + told.count))
    sys.exit(asyncio.run(main(wanted, bool(told.only), int(os.environ.get("JOBS", "2")), told.template)))
