"""`make fuzz SECONDS=60`: what strangers send, bent and repeated, against bounds of processor time and memory.

Each input is made of a seed (`targets.py`, and what `kept/` holds of earlier finds) by a generator that begins with
SEED, so the same words make the same inputs. An input that takes too long or holds too much is written to `kept/`
and named;
from then on it is tried first, each time.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.fuzz.running import Found, run

KEPT = Path(__file__).parent / "kept"


def main(seconds: float, seed: int) -> int:
    reports = run(seconds, seed, KEPT)
    print(f"{'':12} {'inputs':>8} {'worst ms':>9} {'worst MB':>9}   seed {seed}")
    for name, report in reports.items():
        print(f"{name:12} {report.inputs:8} {report.worst_ms:9.1f} {report.worst_mb:9.1f}")
    found: list[Found] = [one for report in reports.values() for one in report.found]
    for one in found:
        print(f"{one.family}: {one.why}; kept as {one.path}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
