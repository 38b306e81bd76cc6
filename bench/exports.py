"""How much memory each export takes, and how long: `python -m bench.exports [HOUSEHOLDS…]`, else 20,000 and 60,000.

For each number a place of its own is filled with so many invented households (`flask --app app simulate`: about four
persons and 240 answers each), and each command writes its files, in a process whose memory is this and nothing else.
The limit is 256 MB at any number of households, so what is printed must be flat: a second number may not take more
than a tenth more than the first. Ends with 1 where it does, or where the limit is passed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app import create_app

MEGABYTES, MORE = 256, 1.1
FORMATS = ("csv", "xlsx", "stata", "spss", "parquet", "datapackage", "geojson", "ddi", "research", "changes")


def run(place: Path, *words: str) -> tuple[float, float, float]:
    """Seconds, seconds of the processor, and the most megabytes of the command."""
    begun = time.monotonic()
    environment = os.environ | {"INSTANCE": str(place)}
    child = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "app", *words], env=environment, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(words)} failed")
    return time.monotonic() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> int:
    sizes = [int(word) for word in sys.argv[1:]] or [20_000, 60_000]
    first: dict[str, float] = {}
    good = True
    for households in sizes:
        with tempfile.TemporaryDirectory() as folder:
            place, out = Path(folder, "place"), Path(folder, "out")
            create_app({"NEW": True, "INSTANCE": str(place)})
            run(place, "simulate", "--communes", str(max(2, households // 4000)), "--households", str(households))
            for format in FORMATS:
                took, processor, most = run(place, "export", format, str(out / format))
                size = sum(path.stat().st_size for path in (out / format).iterdir()) / 1e6
                good &= most <= MEGABYTES and most <= MORE * first.setdefault(format, most)
                print(
                    f"{households} households, {format}: at most {most:.0f} MB of {MEGABYTES}; "
                    f"{took:.0f} s (processor {processor:.0f} s), {size:.0f} MB of files",
                    flush=True,
                )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
