"""How long a province's list is looked through for persons in two households, and in how much memory.

`python -m bench.duplicates [communes] [households]`: 75 communes of 4,000 invented households each unless told, with 60
persons planted in each; the limit is ten minutes and 1 GB.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time

from survey.register.likeness import pairs
from tests.register.alike_people import province


def look(communes: int, households: int) -> None:
    """In a process of its own, whose memory is this and nothing else; the list comes a person at a time."""
    begun = time.monotonic()
    found = pairs(province(communes, households, 60, 1))
    took = time.monotonic() - begun
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{communes} communes, {communes * households} households: {len(found)} pairs, "
        f"{took:.0f} s of 600 with inventing them, at most {most / 1024:.0f} MB of 1,024"
    )


def main() -> None:
    communes, households = (*map(int, sys.argv[1:]), *(75, 4000)[len(sys.argv) - 1 :])
    child = multiprocessing.get_context("spawn").Process(target=look, args=(communes, households))
    child.start()
    child.join()
    sys.exit(child.exitcode)


if __name__ == "__main__":
    main()
