"""Runs targets of the Makefile and says how long each took: `python -m scripts.parts lint+size unit …`.

One after the other, those joined by + side by side (what these say is shown when they have ended); the first that fails
ends it. A time is the clock's, and what the processors spent on programs that ended and were waited for.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from typing import IO, NamedTuple


class Spent(NamedTuple):
    """Seconds: on the clock, and of the processors by this process's children and theirs."""

    clock: float
    processor: float

    @classmethod
    def until_now(cls) -> Spent:
        times = os.times()
        return cls(time.monotonic(), times.children_user + times.children_system)

    def told_since(self, earlier: Spent, name: str) -> str:
        minutes, seconds = divmod(round(self.clock - earlier.clock), 60)
        processor = round(self.processor - earlier.processor)
        return f"  {name:<20}{minutes:>3} min {seconds:>2} s{processor:>8} s of processor"


def run(make: list[str], parts: list[str]) -> int:
    """1 when a part failed, else 0. `make` is the command that the names are given to."""
    begun = Spent.until_now()
    lines, failed = [], False
    for part in parts:
        before = Spent.until_now()
        failed = not _passes(make, part.split("+"))
        lines.append(Spent.until_now().told_since(before, part + (" failed" if failed else "")))
        if failed:
            break
    lines.append(Spent.until_now().told_since(begun, "until then" if failed else "all"))
    print(*lines, sep="\n", flush=True)
    return int(failed)


def _passes(make: list[str], names: list[str]) -> bool:
    if len(names) == 1:
        return subprocess.run([*make, *names], check=False).returncode == 0
    with ExitStack() as kept:
        outputs: list[IO[bytes]] = [kept.enter_context(tempfile.TemporaryFile()) for _ in names]
        started = [
            subprocess.Popen([*make, name], stdout=output, stderr=output)
            for name, output in zip(names, outputs, strict=True)
        ]
        codes = [one.wait() for one in started]
        for output in outputs:
            output.seek(0)
            sys.stdout.buffer.write(output.read())
        sys.stdout.flush()
    return not any(codes)


if __name__ == "__main__":
    sys.exit(run([os.environ.get("MAKE", "make"), "--no-print-directory"], sys.argv[1:]))
