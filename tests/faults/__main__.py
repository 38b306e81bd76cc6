"""`python -m tests.faults SEED COUNT`: that many seeds from SEED on. Exit code 1 when a promise broke."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.office import build
from tests.faults.simulation import simulate


async def worker(seeds: list[int], template: Path, broken: list[int]) -> None:
    while seeds:
        seed = seeds.pop(0)
        wrong, said = await simulate(seed, template)
        if wrong:
            broken.append(seed)
            print(f"\nseed {seed}: {wrong}", *said, f"  again: make faults SEED={seed} COUNT=1", sep="\n", flush=True)
        elif os.environ.get("VERBOSE"):
            print(f"\nseed {seed}", *said, sep="\n", flush=True)


async def main(first: int, count: int, jobs: int) -> int:
    began = time.monotonic()
    broken: list[int] = []
    with tempfile.TemporaryDirectory(prefix="so-ho-faults-") as folder:
        template = Path(folder) / "template"
        build(template)
        seeds = list(range(first, first + count))
        await asyncio.gather(*(worker(seeds, template, broken) for _ in range(min(jobs, count))))
    took = time.monotonic() - began
    which = f": {sorted(broken)}" if broken else ""
    print(f"{count} seeds of faults from {first} on, {len(broken)} broken{which} ({took:.0f} s)")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), int(os.environ.get("JOBS", "2")))))
